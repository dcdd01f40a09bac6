"""The branch report: stage funnel, what waits for whom, all measures, as PDF or printable page."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal

from govapp.present.chart_funnel import FunnelStage, funnel
from govapp.present.charts import listed
from govapp.present.language import gettext as _
from govapp.present.language import ngettext
from govapp.reports._render import Sheet, render, render_page
from govapp.reports.paper import LogHead, Progress, RenderedPdf, content_hash, for_paper, unhashed

_MOST_GROUPS, _MOST_WAITS = 30, 10
_NEVER = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class StageRow:
    """A stage: measures in it (on hold included), how many of them are on hold, their value a year by
    currency."""

    name: str
    count: int
    on_hold: int = 0
    values: tuple[tuple[str, Decimal], ...] = ()


@dataclass(frozen=True, slots=True)
class Wait:
    """What something waits for, whom (names, or a party), since when; `due` is the end of the target time."""

    what: str
    whom: tuple[str, ...]
    since: datetime | None = None
    due: datetime | None = None


@dataclass(frozen=True, slots=True)
class MeasureRow:
    """One measure of the branch.

    Statuses are colours: green, amber, red, none. `values`: worth a year by currency.
    """

    key: str
    title: str
    owner: str
    stage: str
    state: str
    implementation: str = "none"
    potential: str = "none"
    values: tuple[tuple[str, Decimal], ...] = ()
    wait: Wait | None = None


@dataclass(frozen=True, slots=True)
class WaitingMeasure:
    """A measure in the list of one person or party."""

    key: str
    title: str
    what: str
    since: datetime | None = None
    due: datetime | None = None


@dataclass(frozen=True, slots=True)
class WaitGroup:
    """Everything that waits for one person or party. `more`: how many are not listed one by one."""

    whom: str
    waiting: tuple[WaitingMeasure, ...]
    more: int = 0


@dataclass(frozen=True, slots=True)
class BranchData:
    """All a branch report shows. `partial`: the reader may not read the whole branch, and the figures say so.

    `frozen_from` names the stage from which the plan is frozen. `base_url` only makes links, unhashed.
    """

    name: str
    organization: str
    branch_path: str
    rules: str
    as_of: datetime
    zone: str
    log_head: LogHead
    stages: tuple[StageRow, ...] = ()
    measures: tuple[MeasureRow, ...] = ()
    waits: tuple[WaitGroup, ...] = ()
    proposed: int = 0
    cancelled: int = 0
    partial: bool = False
    frozen_from: str = ""
    base_url: str = unhashed()


def render_branch(data: BranchData, progress: Progress | None = None) -> RenderedPdf:
    """The branch report as PDF/UA-1; equal data gives equal bytes.

    Raises RenderError (Pango missing, nesting).
    """
    return render(_sheet(data), progress)


def branch_page(data: BranchData, stylesheet: str) -> str:
    """The report as a printable HTML page for where PDF cannot be made; `stylesheet` is the address of
    print.css."""
    return render_page(_sheet(data), stylesheet)


def currencies_of(data: BranchData) -> tuple[str, ...]:
    """The currencies in which measures of the branch have a value, the one with the largest sum first."""
    totals = _totals(row.values for row in data.measures) or _totals(row.values for row in data.stages)
    return tuple(sorted(totals, key=lambda code: (-abs(totals[code]), code)))


def _totals(values: Iterable[tuple[tuple[str, Decimal], ...]]) -> dict[str, Decimal]:
    sums: dict[str, Decimal] = {}
    for pairs in values:
        for currency, value in pairs:
            sums[currency] = sums.get(currency, Decimal(0)) + value
    return sums


def _oldest(group: WaitGroup) -> WaitGroup:
    """The oldest of a long list: the table of all measures holds every one, and the front stays short."""
    rows = sorted(group.waiting, key=lambda row: (row.since is None, row.since or _NEVER, row.key))
    return WaitGroup(group.whom, tuple(rows[:_MOST_WAITS]), group.more + max(0, len(rows) - _MOST_WAITS))


def _waits_finding(groups: tuple[WaitGroup, ...]) -> str:
    if not groups:
        return ""
    most = max(len(group.waiting) for group in groups)
    first = [group.whom for group in groups if len(group.waiting) == most]
    if len(groups) == 1:
        return _("All that waits, waits for %(who)s", who=first[0])
    if len(first) > 3:
        return ngettext(
            "Nobody holds up more than %(num)s measure", "Nobody holds up more than %(num)s measures", most
        )
    names = listed(first)
    return ngettext(
        "Most waits for %(who)s: %(num)s measure", "Most waits for %(who)s: %(num)s measures", most, who=names
    )


def _sheet(data: BranchData) -> Sheet:
    shown = for_paper(data)
    codes = currencies_of(data)
    charts = [
        funnel(
            [FunnelStage(s.name, s.count, dict(s.values).get(code), s.on_hold) for s in data.stages],
            code,
            data.frozen_from,
        )
        for code in codes or ("",)
    ]
    groups = sorted(shown.waits, key=lambda group: (-len(group.waiting), group.whom))
    waiting = [row.wait for row in data.measures if row.wait]
    return Sheet(
        template="branch",
        data=shown,
        rows=shown.measures,
        content_hash=content_hash("branch", data),
        extra={
            "charts": charts if data.stages else [],
            "currency": codes[0] if len(codes) == 1 else "",
            "totals": _totals(row.values for row in data.measures),
            "waiting": len(waiting),
            "late": sum(w.due is not None and w.due < data.as_of for w in waiting),
            "groups": [_oldest(group) for group in groups[:_MOST_GROUPS]],
            "more_groups": max(0, len(groups) - _MOST_GROUPS),
            "waits_finding": _waits_finding(shown.waits),
            "oldest": min((w.since for w in waiting if w.since), default=None),
        },
    )
