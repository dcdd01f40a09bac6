"""The branch report: stage funnel, what waits for whom, all measures, as PDF or printable page."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal

from govapp.present.chart_funnel import Funnel, FunnelStage, funnel
from govapp.present.charts import listed
from govapp.present.language import gettext as _
from govapp.present.language import ngettext
from govapp.reports._render import Sheet, render, render_page
from govapp.reports.money_data import MoneyShown, money_charts
from govapp.reports.paper import LogHead, Progress, RenderedPdf, content_hash, for_paper, unhashed

_MOST_GROUPS, _MOST_WAITS, _FEW_WAITS, _MOST_STAGES = 30, 10, 5, 8
_KEY, _TITLE, _WIDEST_TITLE = 6, 22, 44
_WIDTHS = {"branch": 14, "owner": 13, "implementation": 8, "potential": 8, "value": 9, "waits": 20}
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
    """What something waits for, whom (names, or a party), since when; target and time passed in working hours."""

    what: str
    whom: tuple[str, ...]
    since: datetime | None = None
    hours: int | None = None
    worked: Decimal | None = None

    @property
    def late(self) -> bool:
        """Whether more working time has passed than the target."""
        return bool(self.hours) and (self.worked or 0) > (self.hours or 0)


@dataclass(frozen=True, slots=True)
class MeasureRow:
    """One measure of the branch.

    Statuses are colours: green, amber, red, none. `values`: worth a year by currency. `branch` names where it lies,
    '' when that is the branch of the report itself.
    """

    key: str
    title: str
    owner: str
    stage: str
    state: str
    implementation: str = "none"
    potential: str = "none"
    values: tuple[tuple[str, Decimal], ...] = ()
    waits: tuple[Wait, ...] = ()
    branch: str = ""


@dataclass(frozen=True, slots=True)
class WaitingMeasure:
    """A measure in the list of one person or party."""

    key: str
    title: str
    what: str
    since: datetime | None = None
    hours: int | None = None
    worked: Decimal | None = None
    late: bool = False


@dataclass(frozen=True, slots=True)
class WaitGroup:
    """Everything that waits for one person or party. `more`: how many are not listed one by one."""

    whom: str
    waiting: tuple[WaitingMeasure, ...]
    more: int = 0


@dataclass(frozen=True, slots=True)
class BranchData:
    """All a branch report shows. `partial`: the reader may not read the whole branch, and the figures say so.

    Not `priced`: the reader may not see money in all that is read, so no amounts stand in it, and it says so.

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
    priced: bool = True
    frozen_from: str = ""
    money: MoneyShown | None = None
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
    if most == 1:
        return _("Nobody holds up more than one measure")
    if len(first) > 3:
        return _("Nobody holds up more than %(num)s measures", num=most)
    names = listed(first)
    if len(first) > 1:
        return ngettext(
            "Most waits for %(who)s: %(num)s measure each",
            "Most waits for %(who)s: %(num)s measures each",
            most,
            who=names,
        )
    return ngettext(
        "Most waits for %(who)s: %(num)s measure", "Most waits for %(who)s: %(num)s measures", most, who=names
    )


def _stage_totals(data: BranchData) -> dict[str, tuple[int, dict[str, Decimal]]]:
    """Per stage how many measures the table holds, and what they are worth."""
    found: dict[str, tuple[int, dict[str, Decimal]]] = {}
    for row in data.measures:
        count, sums = found.setdefault(row.stage, (0, {}))
        for currency, value in row.values:
            sums[currency] = sums.get(currency, Decimal(0)) + value
        found[row.stage] = count + 1, sums
    return found


def _first_of_stages(rows: Iterable[MeasureRow]) -> frozenset[str]:
    """Keys of the rows before which the table names the stage."""
    keys, before = [], None
    for row in rows:
        if row.stage != before:
            keys.append(row.key)
        before = row.stage
    return frozenset(keys)


def _columns(rows: Iterable[MeasureRow]) -> dict[str, int]:
    """The columns of the table of all measures with their widths, adding up to 100; 0 where no row has anything."""
    used: set[str] = set()
    for row in rows:
        used |= {"branch"} if row.branch else set()
        used |= {"owner"} if row.owner else set()
        used |= {"implementation"} if row.implementation != "none" else set()
        used |= {"potential"} if row.potential != "none" else set()
        used |= {"value"} if row.values else set()
        used |= {"waits"} if row.waits else set()
    widths = {"key": _KEY, "title": _TITLE} | {name: w for name, w in _WIDTHS.items() if name in used}
    left = 100 - sum(widths.values())
    wider = min(left, _WIDEST_TITLE - _TITLE)
    widths["title"] += wider
    widths[list(widths)[-1]] += left - wider
    return {name: widths.get(name, 0) for name in ("key", "title", *_WIDTHS)}


def _rated(rows: Iterable[MeasureRow]) -> dict[str, int]:
    """How many measures have an implementation status, and how many of each colour; empty where none has one."""
    colours = Counter(row.implementation for row in rows if row.implementation != "none")
    return {"all": colours.total(), "red": colours["red"], "amber": colours["amber"]} if colours else {}


def _chart(data: BranchData, codes: tuple[str, ...]) -> Funnel:
    """The funnel in the currency with the largest sum; the others stand beside it in the table."""
    code = codes[0] if codes else ""
    stages = []
    for s in data.stages:
        values = dict(s.values)
        more = tuple(values.get(other) for other in codes[1:])
        stages.append(FunnelStage(s.name, s.count, values.get(code), s.on_hold, more))
    return funnel(stages, code, data.frozen_from, codes[1:])


def _sheet(data: BranchData) -> Sheet:
    shown = for_paper(data)
    codes = currencies_of(data)
    groups = sorted(shown.waits, key=lambda group: (-len(group.waiting), group.whom))
    waiting = [row.waits for row in data.measures if row.waits]
    since = [wait.since for waits in waiting for wait in waits if wait.since]
    own_page = sum(len(group.waiting) for group in groups) > _FEW_WAITS
    room = own_page or not groups  # on the first page, below the funnel
    return Sheet(
        template="branch",
        data=shown,
        rows=shown.measures,
        content_hash=content_hash("branch", data),
        extra={
            "money": money_charts(data.money),
            "chart": _chart(data, codes) if any(stage.count for stage in data.stages) else None,
            "currency": codes[0] if len(codes) == 1 else "",
            "columns": _columns(data.measures),
            "stage_totals": _stage_totals(shown),
            "first_of_stage": _first_of_stages(shown.measures),
            "rated": _rated(data.measures),
            "totals": _totals(row.values for row in data.measures),
            "waiting": len(waiting),
            "late": sum(any(wait.late for wait in waits) for waits in waiting),
            "groups": [_oldest(group) for group in groups[:_MOST_GROUPS]],
            "more_groups": max(0, len(groups) - _MOST_GROUPS),
            "waits_finding": _waits_finding(shown.waits),
            "own_page": own_page,
            "proof_in_front": not data.measures or (room and len(data.stages) <= _MOST_STAGES),
            "oldest": min(since, default=None),
        },
    )
