"""Costs and benefits of the government's major projects: whole-life figures in no month, equal to those of the file."""

import csv
import gzip
import io
from decimal import Decimal

import yaml
from sqlalchemy import func, select

from govapp.config import ROOT
from govapp.data.engine import reading
from govapp.data.finance import DRAFT, EffectLine, EffectValue
from govapp.data.money_totals import MoneyLine
from govapp.domain.money import from_minor
from govapp.services.imports import ImportMeasures, import_measures
from govapp.services.structure import AddOrganization, add_organization
from tests.cast import SYSTEM

FILE = ROOT / "demo" / "uk-gmpp" / "uk_2023.csv.gz"
# line, series, column of the file, and by what the mapping multiplies it (costs are negative here; millions)
FIGURES = (
    ("In-year cost 2023", "baseline", "total_baseline", -1_000_000),
    ("In-year cost 2023", "forecast", "forecast_incl_NGC", -1_000_000),
    ("Whole life cost", "plan", "wlc_baseline_incl_NCG", -1_000_000),
    ("Whole life benefits", "plan", "TOTAL Baseline Benefits (£m)", 1_000_000),
)


def column_total(column: str) -> tuple[Decimal, int]:
    """Total and number of the amounts of a column, counted another way than the import does."""
    rows = list(
        csv.reader(io.StringIO(gzip.decompress(FILE.read_bytes()).decode("cp1252", "replace")), delimiter=";")
    )
    place, total, count = rows[0].index(column), Decimal(0), 0
    for row in rows[1:]:
        cell = row[place].replace("£", "").replace(",", "").strip() if len(row) > place else ""
        if cell and cell.replace(".", "").replace("-", "").isdigit():
            total, count = total + Decimal(cell), count + 1
    return total, count


def test_whole_life_costs_and_benefits_come_in_as_undated_lines_equal_to_the_file(database):
    add_organization(AddOrganization(SYSTEM, "Government", "GMPP", "GBP", 4, "Europe/London", "G"))
    mapping = yaml.safe_load((ROOT / "demo" / "mappings" / "gmpp-2023.yaml").read_text(encoding="utf-8"))
    data = gzip.decompress(FILE.read_bytes())
    assert import_measures(ImportMeasures(SYSTEM, "uk_2023.csv", data, "GMPP", mapping)).refused == 0
    with reading() as session:
        for line, series, column, factor in FIGURES:
            of = (EffectLine.name == line, EffectValue.series == series, EffectValue.plan_version == DRAFT)
            held = select(func.sum(EffectValue.amount), func.count()).join(EffectLine).where(*of)
            amount, count = session.execute(held.where(EffectValue.month.is_(None))).one()
            total, cells = column_total(column)
            assert total
            assert (from_minor(int(amount), "GBP"), count) == (total * factor, cells), column
            kept = select(func.sum(MoneyLine.total)).join(EffectLine, EffectLine.id == MoneyLine.line_id)
            undated = kept.where(EffectLine.name == line, MoneyLine.series == series, MoneyLine.year == 0)
            assert session.scalar(undated) == amount
        assert not session.scalar(select(func.count()).where(EffectValue.month.is_not(None)))
        assert not session.scalar(select(func.count()).select_from(MoneyLine).where(MoneyLine.year > 0))
