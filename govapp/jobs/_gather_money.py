"""Gathers what a report shows of money, from the record as of a log sequence."""

from collections.abc import Collection, Iterable, Sequence
from datetime import date
from decimal import Decimal

from sqlalchemy.orm import Session

from govapp.data.ledger import PlanVersion
from govapp.data.money_then import ledger_then, rates_then, rows_then, versions_then
from govapp.data.report_queries import OrganizationThen, Recorded
from govapp.domain.finance import SAVING_KINDS
from govapp.domain.money import from_minor
from govapp.domain.money_rows import FIRST_PLAN, PLAN, RUN_RATE, UNDATED, fiscal_place
from govapp.domain.rollups import (
    SAVINGS,
    Basis,
    Figures,
    Rows,
    Sum,
    figures,
    figures_rounding,
    of_kinds,
    of_year,
    shown_kinds,
    total,
)
from govapp.domain.rules import Rules
from govapp.present import dates
from govapp.present.finance import basis_sentence, kind_word, lacking_sentences, sum_text
from govapp.present.finance_charts import left_out, way_of, year_points
from govapp.present.language import gettext as _
from govapp.present.measures import word
from govapp.present.plan_differences import category_word
from govapp.reports.dossier_data import EffectLine
from govapp.reports.money_data import MoneyRow, MoneyShown


def measure_money(
    session: Session, seq: int, measure_id: int, organization: OrganizationThen, rules: Rules, today: date
) -> MoneyShown | None:
    """Money of a measure; the plan columns name the version in force and the first."""
    versions = versions_then(session, seq, [measure_id]).get(measure_id, [])
    return _shown(
        session, seq, [measure_id], organization, rules.effects.saving_kinds, today, _plan_words(versions)
    )


def branch_money(
    session: Session, seq: int, measures: Sequence[int], organization: OrganizationThen, rules: Collection[Rules],
    today: date,
) -> MoneyShown | None:  # fmt: skip
    """Money of the measures of a branch that are read, each with its plan in force and as first frozen."""
    saving = frozenset().union(*(each.effects.saving_kinds for each in rules)) or SAVING_KINDS
    words = _(
        "Plan: of each measure the version in force, or the draft where nothing is frozen yet. Run rate: of lines with "
        "plan amounts, at frozen rates; the value on the cards counts rough run rates of early stages, too."
    )
    return _shown(session, seq, measures, organization, saving, today, words)


def effects_shown(session: Session, seq: int, recorded: Recorded, rules: Rules) -> tuple[EffectLine, ...]:
    """Effect lines with their whole-life amounts, their meaning as the plan in force kept it."""
    found = []
    for line_id, months in ledger_then(session, seq, [recorded.measure["id"]]).items():
        recorded.sums[line_id, "confirmed"] = sum(amount for amount, _booked in months.values())
    for line in recorded.lines:
        amounts: dict[str, Decimal | None] = {}
        for series in ("plan", "forecast", "actual", "confirmed"):
            minor = recorded.sums.get((line["id"], series))
            amounts[series] = None if minor is None else from_minor(minor, line["currency"])
        run_rate = None if line["run_rate"] is None else from_minor(line["run_rate"], line["currency"])
        found.append(
            EffectLine(
                line["name"], word("effect_kind", line["kind"]), line["timing"] == "recurring", line["currency"],
                run_rate, **amounts, category=category_word(line["category"], rules), cost_object=line["cost_object"],
            )
        )  # fmt: skip
    return tuple(found)


def _plan_words(versions: Sequence[PlanVersion]) -> str:
    if not versions:
        return _("Plan: the draft, nothing is frozen yet.")
    first, current = versions[0], versions[-1]
    said = _("Plan: version %(n)s, frozen on %(day)s", n=current.number, day=dates.day(current.at))
    if first is current:
        return said + "."
    return said + _(
        "; first plan: version %(n)s, frozen on %(day)s.", n=first.number, day=dates.day(first.at)
    )


def _shown(
    session: Session, seq: int, measures: Sequence[int], organization: OrganizationThen, saving: frozenset[str],
    today: date, words: str,
) -> MoneyShown | None:  # fmt: skip
    own, first_month = organization.currency, organization.fiscal_month
    rows = rows_then(session, seq, measures, own, first_month)
    if not rows:
        return None
    basis = Basis(rates_then(session, seq, organization.id, own), today, first_month)
    savings = of_kinds(rows, saving)
    amounts = [row for row in savings if row[0].series != RUN_RATE]
    year, months = fiscal_place(today, first_month)
    whole = figures(savings, basis)
    years = sorted({key.year for key, _months in amounts})
    lacking = [
        lack for kinds in _kinds(rows, saving).values() for lack in _lacking(of_kinds(rows, kinds), basis)
    ]
    return MoneyShown(
        currency=own,
        plan=words,
        basis=basis_sentence(basis.how, own),
        kinds=tuple(
            _row(kind_word(name), of_kinds(rows, kinds), basis, own)
            for name, kinds in _kinds(rows, saving).items()
        ),
        years=(
            *(_row(_named(each, first_month), of_year(amounts, each), basis, own) for each in years),
            *_sum_of_years(amounts, years, basis, own),
        ),
        period=_("the whole life"),
        way=way_of(whole, own),
        points=year_points(of_year(savings, year), basis, PLAN, year, months, own),
        lacking=tuple(lacking_sentences(lacking)),
        left=tuple(sorted({code for each in left_out(whole, basis, own).all for code in each.by})),
    )


def _kinds(rows: Rows, saving: frozenset[str]) -> dict[str, frozenset[str]]:
    """Savings and every other kind that holds anything."""
    present = {key.kind for key, _months in rows}
    shown = shown_kinds(sorted(present), saving)
    return {name: kinds for name, kinds in shown.items() if name != SAVINGS or present & saving}


def _named(year: int, first_month: int) -> str:
    if year == UNDATED:
        return _("Undated")
    return str(year) if first_month == 1 else f"{year}/{(year + 1) % 100:02}"


def _figures(rows: Rows, basis: Basis) -> tuple[Figures, Figures]:
    return figures(rows, basis), figures(rows, basis, FIRST_PLAN)


def _lacking(rows: Rows, basis: Basis) -> list[tuple[str, str, str]]:
    now, first = _figures(rows, basis)
    return [lack for each in (*now.all, first.plan) for lack in each.lacking]


def _sum_of_years(rows: Rows, years: Sequence[int], basis: Basis, own: str) -> Iterable[MoneyRow]:
    """The whole life below its years, and before it what rounding leaves between; nothing for a single year."""
    if len(years) < 2:
        return
    (now, first), parts = _figures(rows, basis), [_figures(of_year(rows, year), basis) for year in years]
    apart = figures_rounding(now, [part[0] for part in parts])
    apart_first = figures_rounding(first, [part[1] for part in parts])
    if apart or apart_first:
        yield _told(_("Rounding"), Sum(), apart, apart_first, own)
    yield _told(_("Whole life"), Sum(), now, first, own)


def _row(name: str, rows: Rows, basis: Basis, own: str) -> MoneyRow:
    return _told(name, total(rows, RUN_RATE, basis), *_figures(rows, basis), own)


def _told(name: str, run_rate: Sum, now: Figures, first: Figures, own: str) -> MoneyRow:
    unit = "" if any("" in each.by for each in (run_rate, *now.all)) else own
    texts = (
        sum_text(each, unit)
        for each in (run_rate, now.target, first.plan, now.plan, now.forecast, now.actual, now.confirmed)
    )
    return MoneyRow(name, *texts)
