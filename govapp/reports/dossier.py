"""Dossiers as PDF or printable page: all on record about a measure, or what a gate was decided on and how."""

from decimal import Decimal

from govapp.present.chart_gantt import GanttMilestone, gantt
from govapp.present.charts import listed
from govapp.present.dates import local
from govapp.present.kpi_words import check_state
from govapp.present.language import gettext as _
from govapp.present.language import ngettext
from govapp.present.report_words import part_word
from govapp.reports._render import Sheet, render, render_page
from govapp.reports.dossier_data import DossierData, EffectLine, Milestone, Review
from govapp.reports.figure_data import figure_sheets
from govapp.reports.money_data import money_charts
from govapp.reports.paper import Progress, RenderedPdf, content_hash, for_paper

_LONG_FACT = 40
_ALL_SERIES = ("run_rate", "plan", "forecast", "actual", "confirmed")
_FROZEN_SERIES = _ALL_SERIES[:2]  # what a dossier freezes


def render_dossier(data: DossierData, progress: Progress | None = None) -> RenderedPdf:
    """The dossier as PDF/UA-1; equal data gives equal bytes.

    Raises RenderError (Pango missing, nesting).
    """
    return render(_sheet(data), progress)


def dossier_page(data: DossierData, stylesheet: str) -> str:
    """The dossier as a printable HTML page for where PDF cannot be made; `stylesheet` is the address of
    print.css."""
    return render_page(_sheet(data), stylesheet)


def _sheet(data: DossierData) -> Sheet:
    shown = for_paper(data)
    facts = [(part_word(held.part), held.name) for held in shown.parts if held.name]
    facts += [(fact.label, fact.value) for fact in shown.facts]
    return Sheet(
        template="gate" if data.gate else "dossier",
        data=shown,
        rows=shown.history,
        content_hash=content_hash("gate" if data.gate else "dossier", data),
        extra={
            "plans": gantt(tuple(_marked(m) for m in data.milestones), local(data.as_of, data.zone).date()),
            "places": _places(data.effects),
            "net": _net(data.effects),
            "money": money_charts(data.money),
            "figure_sheets": figure_sheets(data.kpis),
            "check_states": {check.state: check_state(check.state) for check in data.checks},
            "series": _FROZEN_SERIES if data.gate else _ALL_SERIES,
            "money_finding": _money_finding(data.effects, frozen=data.gate is not None),
            "reviews_finding": _reviews_finding(data.reviews),
            "unmet": sum(not finding.met for finding in data.findings),
            "pairs": _pairs(facts),
            "vacant": [part_word(held.part) for held in data.parts if not held.name],
            "nothing": _nothing(data),
            "entered": max(
                (r.ended_at for r in data.reviews if _led_here(r, data) and r.ended_at), default=None
            ),
        },
    )


def _led_here(review: Review, data: DossierData) -> bool:
    return review.state == "passed" and review.into == data.stage


def _pairs(facts: list[tuple[str, str]]) -> list[list[tuple[str, str]]]:
    """Short facts two to a line, a long one on a line of its own."""
    lines: list[list[tuple[str, str]]] = []
    for label, value in facts:
        long = len(value) > _LONG_FACT
        open_line = lines and len(lines[-1]) == 1 and len(lines[-1][0][1]) <= _LONG_FACT
        if open_line and not long:
            lines[-1].append((label, value))
        else:
            lines.append([(label, value)])
    return lines


def _nothing(data: DossierData) -> list[str]:
    """One sentence for each section of which nothing is on record, so that empty ones need no heading."""
    empty = (
        (data.reviews or "reviews" in data.unseen, _("No review has been asked for yet.")),
        (data.effects or "finance" in data.unseen, _("No effect line has been entered.")),
        (data.milestones, _("No milestone has been entered.")),
        (data.risks, _("No risk has been entered.")),
        (data.evidence or "evidence" in data.unseen, _("No evidence has been submitted.")),
    )
    return [sentence for filled, sentence in empty if not filled]


def _reviews_finding(reviews: tuple[Review, ...]) -> str:
    passed = sum(review.state == "passed" for review in reviews)
    text = ngettext("%(num)s review passed", "%(num)s reviews passed", passed)
    back = sum(review.state == "sent_back" for review in reviews)
    if back:
        text += _(", %(n)s sent back", n=back)
    for review in reviews:
        waiting = [step.name for step in review.steps if step.state == "open"]
        if review.state == "open" and waiting:
            text += _("; %(stage)s waits for: %(steps)s", stage=review.into, steps=listed(waiting))
        elif review.state == "open":
            text += _("; %(stage)s is approved and not yet entered", stage=review.into)
    return text


def _series(line: EffectLine) -> tuple[Decimal | None, ...]:
    return tuple(getattr(line, name) for name in _ALL_SERIES)


def _net(lines: tuple[EffectLine, ...]) -> list[tuple[str, list[Decimal | None]]]:
    """Sums by currency where all its lines are of one kind, since EBITDA and cash are never added, and one recurs.

    Imported whole-life and in-year costs overlap, so lines that only stand beside each other get no sum.
    """
    sums = []
    for code in dict.fromkeys(line.currency for line in lines if line.currency):
        mine = [line for line in lines if line.currency == code]
        if len(mine) > 1 and len({line.kind for line in mine}) == 1 and any(line.recurring for line in mine):
            columns = zip(*(_series(line) for line in mine), strict=True)
            filled = [[amount for amount in column if amount is not None] for column in columns]
            sums.append((code, [sum(each, Decimal(0)) if each else None for each in filled]))
    return sums


def _money_finding(lines: tuple[EffectLine, ...], *, frozen: bool) -> str:
    """How much of what was planned is confirmed; several currencies and kinds are only counted.

    A dossier that was frozen holds the plan alone.
    """
    text = ngettext("%(num)s effect line", "%(num)s effect lines", len(lines))
    if frozen:
        return text
    confirmed = sum(line.confirmed is not None for line in lines)
    if confirmed:
        return text + _(", %(n)s with confirmed amounts", n=confirmed)
    if any(line.actual is not None for line in lines):
        return text + _(", actual amounts not confirmed yet")
    return text + _(", no actual amounts yet")


def _places(lines: tuple[EffectLine, ...]) -> int:
    """Equal decimals for all amounts of the table: none unless one has cents."""
    amounts = [a for x in lines if x.currency for a in _series(x) if a]
    return 0 if all(a == a.to_integral_value() for a in amounts) else 2


def _marked(milestone: Milestone) -> GanttMilestone:
    return GanttMilestone(milestone.name, milestone.plan, milestone.forecast, milestone.actual)
