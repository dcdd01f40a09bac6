"""Figures of a view by group: branches, measures, units, functions, services, vendors, kinds, categories."""

from dataclasses import dataclass, replace

from sqlalchemy.orm import Session

from govapp.data import rollup_queries as queries
from govapp.data.rollup_lines import measures_page
from govapp.data.rollup_queries import BRANCH, KIND, MEASURE
from govapp.domain.rollups import AT_BOOKED, Rows, without
from govapp.services.finance_views import (
    PAGE,
    Frame,
    Standing,
    merged,
    of_branches,
    rows_by,
    standing,
    standing_rounding,
)

_CHUNK = 500
MOST = 10_000


@dataclass(frozen=True, slots=True)
class Group:
    """One group: its key (a branch's id, a measure's key, or the value), its title, its figures."""

    key: object
    title: str
    standing: Standing


@dataclass(frozen=True, slots=True)
class Groups:
    """Groups of a view beside what they add up to: shown groups + `others` + `rounding` make `whole`, to the cent.

    `count` is the number of all groups; `others`: those on other pages together. By kind there is no whole.
    """

    shown: list[Group]
    count: int
    others: Standing | None
    rounding: Standing | None
    whole: Standing | None


_Found = list[tuple[Group, Rows]]


def groups(session: Session, frame: Frame, page: int) -> Groups:
    """A page of the groups of the view. Measures come in order of their numbers, others by plan, the largest first."""
    if frame.query.by == MEASURE:
        found, count = _measures(session, frame, PAGE, (page - 1) * PAGE)
        rows = merged(rows_by(session, frame, kinds=frame.kinds)) if count else []
        return _with_whole(frame, found, count, rows)
    every, rows = _values(session, frame)
    return _with_whole(frame, every[(page - 1) * PAGE : page * PAGE], len(every), rows)


def every_group(session: Session, frame: Frame) -> Groups:
    """Groups of the view in the same order: all, of measures at most `MOST`; the rest of them stands together."""
    if frame.query.by != MEASURE:
        every, rows = _values(session, frame)
        return _with_whole(frame, every, len(every), rows)
    every, count = _measures(session, frame, _CHUNK, 0)
    while len(every) < min(count, MOST):
        every += _measures(session, frame, _CHUNK, len(every))[0]
    rows = merged(rows_by(session, frame, kinds=frame.kinds)) if every else []
    return _with_whole(frame, every, count, rows)


def _with_whole(frame: Frame, found: _Found, count: int, rows: Rows) -> Groups:
    shown = [group for group, _rows in found]
    if frame.query.by == KIND or not shown:
        return Groups(shown, count, None, None, None)
    whole = standing(frame, rows)
    elsewhere = count > len(shown)
    others = standing(frame, without(rows, [part for _group, part in found])) if elsewhere else None
    parts = [*(group.standing for group in shown), *([others] if others else [])]
    return Groups(shown, count, others, standing_rounding(whole, parts), whole)


def _values(session: Session, frame: Frame) -> tuple[_Found, Rows]:
    by = frame.query.by
    rows = rows_by(session, frame, by, kinds=() if by == KIND else frame.kinds)
    if by == BRANCH:
        rows = of_branches(frame, rows)
    found = [(_group(frame, key, "", of_group), of_group) for key, of_group in rows.items()]
    found = [each for each in found if each[0].standing]
    found.sort(
        key=lambda each: (-max(each[0].standing.figures.plan.by.values(), default=0), str(each[0].key))
    )
    return found, merged(rows)


def _group(frame: Frame, key: object, title: str, rows: Rows) -> Group:
    return Group(key, title, standing(frame, rows))


def _measures(session: Session, frame: Frame, limit: int, offset: int) -> tuple[_Found, int]:
    wanted = replace(frame.wanted, kinds=frame.kinds)
    named, total = measures_page(session, frame.reach, wanted, limit, offset)
    if not named:
        return [], total
    some = replace(wanted, ids=tuple(named))
    monthly = frame.basis.how == AT_BOOKED
    rows = queries.year_rows(session, frame.reach, some, frame.own, MEASURE, frame.series, monthly=monthly)
    return [
        (_group(frame, key, title, of_group), of_group)
        for number, (key, title) in named.items()
        for of_group in [rows.get(number, [])]
    ], total
