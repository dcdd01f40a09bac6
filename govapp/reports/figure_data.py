"""What a dossier shows of operating figures, checks after closing and published status reports."""

from dataclasses import dataclass
from datetime import date, datetime

from govapp.present.chart_kpi import KpiChart, kpi_chart
from govapp.present.kpi_words import better_word, value


@dataclass(frozen=True, slots=True)
class KpiShown:
    """An operating figure with its readings by month; values in 1/10,000 of the unit. `since`: when implemented.

    `explained`: why the target is missed, `signed`: by whom and when that was signed, in words.
    """

    name: str
    unit: str
    source: str
    better: str
    baseline: int | None
    target: int | None
    readings: tuple[tuple[date, int], ...] = ()
    since: date | None = None
    explained: str = ""
    signed: str = ""


@dataclass(frozen=True, slots=True)
class CheckShown:
    """A check after closing: when it is due, and its state (due, kept, partly, lost, void)."""

    months: int
    due: date
    state: str


@dataclass(frozen=True, slots=True)
class StatusReportShown:
    """A published status report with both colours as they were shown then."""

    month: date
    number: int
    text: str
    reason: str
    implementation: str
    potential: str
    person: str
    at: datetime


@dataclass(frozen=True, slots=True)
class FigureSheet:
    """A figure as a report draws it."""

    chart: KpiChart
    baseline: str
    target: str
    direction: str
    source: str
    explained: str
    signed: str


def figure_sheets(shown: tuple[KpiShown, ...]) -> list[FigureSheet]:
    """Figures with their charts, for a template."""
    return [
        FigureSheet(
            kpi_chart(each.name, each.unit, each.better, each.readings, each.baseline, each.target, each.since),
            value(each.baseline, each.unit), value(each.target, each.unit), better_word(each.better), each.source,
            each.explained, each.signed,
        )
        for each in shown
    ]  # fmt: skip
