"""Figures of a view by group: branches, measures, units, functions, services, vendors, kinds, categories."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from sqlalchemy.orm import Session

from govapp.data import rollup_queries as queries
from govapp.data.rollup_lines import measures_page
from govapp.data.rollup_queries import BRANCH, KIND, MEASURE
from govapp.domain.rollups import Rows, of_kinds
from govapp.services.finance_views import PAGE, Frame, Standing, of_branches, rows_by, standing

_CHUNK = 500


@dataclass(frozen=True, slots=True)
class Group:
    """One group: its key (a branch's id, a measure's key, or the value), its title, its figures."""

    key: object
    title: str
    standing: Standing


def groups(session: Session, frame: Frame, page: int) -> tuple[list[Group], int]:
    """A page of the groups of the view, and how many there are. Measures come in order of their numbers.

    Other groups are sorted by plan, the largest first.
    """
    if frame.query.by == MEASURE:
        return _measures(session, frame, PAGE, (page - 1) * PAGE)
    found = _values(session, frame)
    return found[(page - 1) * PAGE : page * PAGE], len(found)


def every_group(session: Session, frame: Frame) -> Iterator[Group]:
    """All groups of the view, in the same order."""
    if frame.query.by != MEASURE:
        yield from _values(session, frame)
        return
    offset = 0
    while chunk := _measures(session, frame, _CHUNK, offset)[0]:
        yield from chunk
        offset += _CHUNK


def _values(session: Session, frame: Frame) -> list[Group]:
    rows = rows_by(session, frame, frame.query.by)
    if frame.query.by == BRANCH:
        rows = of_branches(frame, rows)
    kinds = (
        {key.kind for of_group in rows.values() for key, _ in of_group}
        if frame.query.by == KIND
        else frame.kinds
    )
    found = [_group(frame, key, "", of_kinds(of_group, kinds)) for key, of_group in rows.items()]
    found = [each for each in found if each.standing.figures or each.standing.run_rate]
    found.sort(key=lambda each: (-max(each.standing.figures.plan.by.values(), default=0), str(each.key)))
    return found


def _group(frame: Frame, key: object, title: str, rows: Rows) -> Group:
    return Group(key, title, standing(frame, rows))


def _measures(session: Session, frame: Frame, limit: int, offset: int) -> tuple[list[Group], int]:
    wanted = replace(frame.wanted, kinds=frame.kinds)
    named, total = measures_page(session, frame.reach, wanted, limit, offset)
    if not named:
        return [], total
    rows = queries.year_rows(session, frame.reach, replace(wanted, ids=tuple(named)), frame.own, MEASURE)
    return [_group(frame, key, title, rows.get(number, [])) for number, (key, title) in named.items()], total
