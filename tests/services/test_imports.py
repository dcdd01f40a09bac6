"""Import of measures: added, changed, refused; the same file twice; a killed import; the three portfolio files."""

import csv
import gzip
import io
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml
from sqlalchemy import func, select

from govapp.config import ROOT
from govapp.data.audit import AuditLog
from govapp.data.engine import reading
from govapp.data.finance import EffectLine, EffectValue
from govapp.data.imports import BatchRow
from govapp.data.measures import Measure, Milestone, StagePassage, StageTotal, StatusEntry
from govapp.domain.errors import NotFound, Refused
from govapp.domain.money import from_minor
from govapp.services import imports
from govapp.services.audit import verify
from govapp.services.imports import ImportMeasures, ImportResult, import_measures
from govapp.services.settling import settle_all
from govapp.services.structure import AddOrganization, add_organization
from tests.cast import SYSTEM, Cast
from tests.factories import make_measure, measure_row, stage_of

pytestmark = pytest.mark.usefixtures("database")
GMPP = {2019: 133, 2020: 125, 2023: 244}
MAPPING: dict[str, Any] = {
    "name": "Plain list",
    "source": "list",
    "encoding": "utf-8",
    "delimiter": "comma",
    "match": "key_then_name",
    "key": "id",
    "title": "name",
    "fields": {"problem": {"column": "problem"}, "description": {"column": "note"}},
    "amounts": [
        {"line": "Saving", "kind": "ebitda", "category": "licences", "timing": "one_off", "series": "plan",
         "column": "saving", "scale": 1000, "currency": "EUR", "sign": 1}
    ],
    "milestones": [{"name": "End", "which": "plan", "column": "end"}],
    "dates": {"date_forms": ["yyyy-mm-dd"]},
    "amount_style": {"decimal": "point", "thousands": "comma"},
}  # fmt: skip
ROWS = (
    "id,name,problem,note,saving,end\n"
    "A1,First measure,Too slow,one,1.5,2026-05-01\n"
    'A2,Second measure,Too dear,two,"2,000",2026-06-01\n'
)


def run(
    text: str, *, mapping: dict[str, Any] | None = None, under: str = "service-desk", **more: Any
) -> ImportResult:
    command = ImportMeasures(
        more.pop("origin", SYSTEM), "list.csv", text.encode(), under, mapping or MAPPING, **more
    )
    return import_measures(command)


def counts(result: ImportResult) -> tuple[int, int, int, int]:
    return result.added, result.changed, result.unchanged, result.refused


def rows_in_log() -> int:
    with reading() as session:
        return (
            session.scalar(select(func.count()).select_from(AuditLog).where(AuditLog.measure_id.is_not(None)))
            or 0
        )


def imported(external_key: str) -> Measure:
    with reading() as session:
        row = session.scalars(select(Measure).where(Measure.external_key == external_key)).one()
        session.expunge(row)
        return row


def test_rows_become_proposals_with_amounts_in_minor_units_and_milestones(cast: Cast) -> None:
    assert counts(run(ROWS)) == (2, 0, 0, 0)
    first = imported("A1")
    assert (first.state, first.stage, first.title) == ("proposed", None, "First measure")
    with reading() as session:
        amount = session.scalar(select(EffectValue.amount).where(EffectValue.measure_id == imported("A2").id))
        planned = session.scalar(select(Milestone.first_plan_date).where(Milestone.measure_id == first.id))
    assert amount == 2_000_000_00
    assert str(planned) == "2026-05-01"


def test_the_same_file_twice_changes_nothing(cast: Cast) -> None:
    run(ROWS)
    before = rows_in_log()
    assert counts(run(ROWS)) == (0, 0, 2, 0)
    assert rows_in_log() == before


def test_next_years_file_updates_by_key_and_says_what_changed(cast: Cast) -> None:
    run(ROWS)
    result = run(ROWS.replace("Too slow", "Far too slow").replace("1.5", "1.25"))
    assert counts(result) == (0, 1, 1, 0)
    assert [change[:4] for change in result.shown[0].changes] == [
        ["field", "problem", "Too slow", "Far too slow"],
        ["amount", "Saving", 150_000, 125_000],
    ]
    assert imported("A1").version == 2


def test_a_measure_whose_key_changed_is_found_by_its_name(cast: Cast) -> None:
    run(ROWS)
    assert counts(run(ROWS.replace("A1", "Z9"))) == (0, 1, 1, 0)
    assert imported("Z9").title == "First measure"


def test_a_dry_run_writes_nothing_and_says_the_same(cast: Cast) -> None:
    before = rows_in_log()
    dry = run(ROWS, dry_run=True)
    assert counts(dry) == (2, 0, 0, 0)
    assert rows_in_log() == before
    with reading() as session:
        assert session.scalar(select(func.count()).select_from(BatchRow)) == 0
    run(ROWS)
    again = run(ROWS.replace("one", "uno"), dry_run=True)
    assert counts(again) == (0, 1, 1, 0)
    assert imported("A1").description == "one"


def test_a_bad_row_is_refused_by_row_column_and_value_and_the_others_come_in(cast: Cast) -> None:
    result = run(ROWS.replace("1.5", "a lot"))
    assert counts(result) == (1, 0, 0, 1)
    problem = result.shown[0].problems[0]
    assert (problem[0], problem[1], problem[2]) == (2, "saving", "a lot")


def test_an_update_never_changes_a_stage(cast: Cast) -> None:
    opened = MAPPING | {"open_at": {"stage": "decided"}}
    run(ROWS, mapping=opened)
    assert stage_of(imported("A1").key) == "decided"
    run(ROWS.replace("one", "uno"), mapping=MAPPING | {"open_at": {"stage": "identified"}})
    assert stage_of(imported("A1").key) == "decided"


def test_a_measure_opened_at_a_stage_says_so_in_log_passage_and_row(cast: Cast) -> None:
    run(ROWS, mapping=MAPPING | {"open_at": {"stage": "implemented"}})
    measure = imported("A1")
    assert measure.opened_at_stage == "implemented"
    with reading() as session:
        passage = session.scalars(select(StagePassage).where(StagePassage.measure_id == measure.id)).one()
        event = session.scalar(
            select(AuditLog.payload).where(
                AuditLog.event == "measure:opened-at", AuditLog.measure_id == measure.id
            )
        )
    assert passage.how == "opened_at"
    assert event and '"file":"list.csv"' in event and '"row":2' in event


def test_an_unknown_stage_refuses_the_row(cast: Cast) -> None:
    result = run(ROWS, mapping=MAPPING | {"open_at": {"stage": "flying"}})
    assert counts(result) == (0, 0, 0, 2)
    assert result.shown[0].problems[0][3] == "unknown_stage"


def test_import_needs_its_right_and_opening_at_a_stage_another(cast: Cast) -> None:
    with pytest.raises(Refused):
        run(ROWS, origin=cast.owner.origin)
    with pytest.raises(NotFound):
        run(ROWS, origin=cast.stranger.origin)
    with pytest.raises(NotFound):
        run(ROWS, under="nowhere")


def test_a_killed_import_goes_on_where_it_stopped(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(imports, "CHUNK", 10)
    many = "id,name,problem,note,saving,end\n" + "".join(
        f"K{n},Measure number {n},p,n,1,2026-05-01\n" for n in range(45)
    )
    command = ImportMeasures(SYSTEM, "list.csv", many.encode(), "service-desk", MAPPING)

    class Killed(BaseException):
        pass

    def die(phase: str, done: int, total: int, refused: int) -> None:
        if phase == "importing" and done >= 20:
            raise Killed

    with pytest.raises(Killed):
        import_measures(command, die)
    with reading() as session:
        assert (
            session.scalar(select(func.count()).select_from(Measure).where(Measure.external_source == "list"))
            == 20
        )
    result = import_measures(command)
    assert result.resumed
    assert counts(result) == (45, 0, 0, 0)
    with reading() as session:
        assert (
            session.scalar(select(func.count()).select_from(Measure).where(Measure.external_source == "list"))
            == 45
        )
    assert settle_all(SYSTEM) == 0
    assert verify(state=True).ok


def test_import_leaves_measures_of_other_sources_alone(cast: Cast) -> None:
    own = make_measure(cast, None, title="First measure")
    run(ROWS)
    assert measure_row(own).external_key == ""


def _portfolio(year: int) -> ImportMeasures:
    data = gzip.decompress((ROOT / "demo" / "uk-gmpp" / f"uk_{year}.csv.gz").read_bytes())
    mapping = yaml.safe_load((ROOT / "demo" / "mappings" / f"gmpp-{year}.yaml").read_text(encoding="utf-8"))
    return ImportMeasures(SYSTEM, f"uk_{year}.csv", data, "GMPP", mapping)


def _column_total(path: Path, year: int, column: str) -> Decimal:
    """The total of an amount column in pounds, counted another way: csv, latin-1, digits only."""
    text = gzip.decompress(path.read_bytes()).decode("latin-1")
    rows = list(csv.reader(io.StringIO(text), delimiter=";" if year == 2023 else ","))
    place = [name.encode("latin-1").decode("cp1252", "replace") for name in rows[0]].index(column)
    total = Decimal(0)
    for row in rows[1:]:
        cell = row[place].replace(chr(163), "").replace(",", "").strip() if len(row) > place else ""
        if cell and cell.replace(".", "").replace("-", "").isdigit():
            total += Decimal(cell)
    return total * 1_000_000


def test_the_three_portfolio_files_come_in_with_counts_and_totals(cast: Cast) -> None:
    add_organization(AddOrganization(SYSTEM, "Government", "GMPP", "GBP", 4, "Europe/London", "G"))
    for year, count in GMPP.items():
        result = import_measures(_portfolio(year))
        assert (result.rows, result.refused) == (count, 0)
        assert result.added + result.changed + result.unchanged == count
    path = ROOT / "demo" / "uk-gmpp"
    with reading() as session:
        sums = dict(
            session.execute(
                select(EffectLine.name, func.sum(EffectValue.amount))
                .join(EffectValue, EffectValue.line_id == EffectLine.id)
                .where(EffectValue.series == "baseline", EffectLine.name.like("In-year cost%"))
                .group_by(EffectLine.name)
            ).all()
        )
        benefits = session.scalar(
            select(func.sum(EffectValue.amount))
            .join(EffectLine)
            .where(EffectLine.name == "Whole life benefits")
        )
        total = session.scalar(
            select(func.sum(StageTotal.count)).where(
                StageTotal.currency == "", StageTotal.stage != "proposed"
            )
        )
    for year, column in ((2019, "yearly_budget"), (2020, "yearly_budget"), (2023, "total_baseline")):
        assert -from_minor(int(sums[f"In-year cost {year}"]), "GBP") == _column_total(
            path / f"uk_{year}.csv.gz", year, column
        )
    expected = _column_total(path / "uk_2023.csv.gz", 2023, "TOTAL Baseline Benefits (£m)")
    assert from_minor(int(benefits or 0), "GBP") == expected
    assert total == 338
    again = import_measures(_portfolio(2023))
    assert (again.added, again.changed, again.unchanged) == (0, 0, 244)
    with reading() as session:
        assert session.scalar(select(func.count()).select_from(StatusEntry)) or 0
    assert verify(state=True).ok
    assert settle_all(SYSTEM) == 0
