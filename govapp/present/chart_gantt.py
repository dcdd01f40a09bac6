"""The milestone plan: planned, expected and actual days of milestones on one line of time."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from govapp.present import charts
from govapp.present.dates import day, month
from govapp.present.language import gettext as _
from govapp.present.language import ngettext

_LEFT, _RIGHT, _TOP, _STEP, _MOST_ROWS, _MOST_TICKS = 262.0, 596.0, 34.0, 22.0, 28, 7
_STEPS = (1, 2, 3, 6, 12, 24, 60, 120, 240, 600)


@dataclass(frozen=True, slots=True)
class GanttMilestone:
    """One milestone. `actual` is the day it was reached; `forecast` the day it is expected now."""

    name: str
    plan: date | None
    forecast: date | None = None
    actual: date | None = None

    @property
    def current(self) -> date | None:
        """The day that counts now: actual, else forecast, else plan."""
        return self.actual or self.forecast or self.plan

    def late(self, today: date) -> bool:
        """Not reached although its day has passed."""
        return self.actual is None and self.current is not None and self.current < today


@dataclass(frozen=True, slots=True)
class GanttRow:
    """A milestone in place. `plan_x` is empty where the plan still is what is expected."""

    name: str
    y: float
    plan_x: float | None
    x: float | None
    done: bool
    moved: bool
    late: bool
    label: str


@dataclass(frozen=True, slots=True)
class Tick:
    """A mark on the line of time."""

    x: float
    label: str


@dataclass(frozen=True, slots=True)
class Gantt:
    """One drawing of at most 28 milestones; long plans get several with the same line of time."""

    caption: str
    note: str
    alternative: str
    rows: tuple[GanttRow, ...]
    ticks: tuple[Tick, ...]
    today_x: float | None
    today_label: str
    today_anchor: str
    height: float
    width: int = charts.WIDTH


def gantt(milestones: Sequence[GanttMilestone], today: date) -> tuple[Gantt, ...]:
    """Place the milestones in their order; none, or none with a date, gives no drawing.

    `today` is the as-of day.
    """
    days = [d for m in milestones for d in (m.plan, m.current) if d]
    if not days:
        return ()
    start, end, step = _span(min(days), max(days))
    ticks = _ticks(start, end, step)
    shown = _x(today, start, end) if start <= today <= end else None
    drawings = []
    for first in range(0, len(milestones), _MOST_ROWS):
        part = milestones[first : first + _MOST_ROWS]
        rows = tuple(_row(m, _TOP + i * _STEP, start, end, today) for i, m in enumerate(part))
        drawings.append(
            Gantt(
                caption=_finding(milestones, today) if not first else _("Milestones, continued"),
                note=_("Filled: reached. Hollow: expected. Small mark: the plan, where it has moved since."),
                alternative=_("Milestone plan. %(rows)s.", rows="; ".join(_sentence(m, today) for m in part)),
                rows=rows,
                ticks=ticks,
                today_x=shown,
                today_label=_("as of %(day)s", day=day(today)),
                today_anchor="end" if shown is not None and shown > _RIGHT - 70 else "start",
                height=_TOP + len(part) * _STEP + 14,
            )
        )
    return tuple(drawings)


def _span(first: date, last: date) -> tuple[date, date, int]:
    months = (last.year - first.year) * 12 + last.month - first.month + 1
    step = next((s for s in _STEPS if months / s <= _MOST_TICKS), _STEPS[-1])
    index = first.year * 12 + first.month - 1
    start = _month(index - index % step)
    end_index = last.year * 12 + last.month
    return start, _month(end_index + (-end_index) % step if step > 1 else end_index), step


def _month(index: int) -> date:
    index = max(12, min(index, 9999 * 12 + 11))
    return date(index // 12, index % 12 + 1, 1)


def _x(when: date, start: date, end: date) -> float:
    share = (when - start) / ((end - start) or timedelta(1))
    return round(_LEFT + share * (_RIGHT - _LEFT), 1)


def _ticks(start: date, end: date, step: int) -> tuple[Tick, ...]:
    first = start.year * 12 + start.month - 1
    last = end.year * 12 + end.month - 1
    marks = [_month(index) for index in range(first, max(last, first + 1), step)]
    names = [_tick(mark, step, mark is marks[0]) for mark in marks]
    return tuple(Tick(_x(mark, start, end), name) for mark, name in zip(marks, names, strict=True))


def _tick(mark: date, step: int, first: bool) -> str:
    if step >= 12:
        return str(mark.year)
    return month(mark) if first or mark.month == 1 else month(mark).split(" ")[0]


def _row(milestone: GanttMilestone, y: float, start: date, end: date, today: date) -> GanttRow:
    current = milestone.current
    moved = milestone.plan is not None and current is not None and milestone.plan != current
    late = milestone.late(today)
    label = day(current) if current else _("no date")
    return GanttRow(
        name=charts.shortened(milestone.name, _LEFT - 14, 10.5),
        y=y,
        plan_x=_x(milestone.plan, start, end) if moved and milestone.plan else None,
        x=_x(current, start, end) if current else None,
        done=milestone.actual is not None,
        moved=moved,
        late=late,
        label=_("%(day)s, late", day=label) if late else label,
    )


def _finding(milestones: Sequence[GanttMilestone], today: date) -> str:
    done = sum(m.actual is not None for m in milestones)
    late = [m for m in milestones if m.late(today)]
    if done == len(milestones):
        return ngettext("The milestone is reached", "All %(num)s milestones are reached", done)
    text = _("%(done)s of %(count)s milestones reached", done=done, count=len(milestones))
    if late:
        return text + ngettext(
            "; %(name)s is late", "; %(num)s are late", len(late), name=charts.shortened(late[0].name, 300)
        )
    ahead = sorted(
        (m for m in milestones if m.actual is None and m.current), key=lambda m: m.current or today
    )
    if not ahead:
        return text
    return text + _(
        "; next: %(name)s, %(day)s", name=charts.shortened(ahead[0].name, 300), day=day(ahead[0].current)
    )


def _sentence(milestone: GanttMilestone, today: date) -> str:
    name, when = milestone.name, day(milestone.current)
    if milestone.actual:
        return _("%(name)s: reached %(day)s", name=name, day=when)
    if milestone.late(today):
        return _("%(name)s: was due %(day)s, late", name=name, day=when)
    if milestone.current:
        return _("%(name)s: expected %(day)s", name=name, day=when)
    return _("%(name)s: no date", name=name)
