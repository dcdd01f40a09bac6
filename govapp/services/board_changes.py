"""What the board answers after a move and to a poll: heads, more cards of a column, cards that others changed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from sqlalchemy.orm import Session

from govapp.data.board_cards import PROPOSED, CardRow, Column, cards, changed_cards, pick
from govapp.data.board_filters import matching, pick_filtered
from govapp.data.board_queries import changed_at_all, newest_version, stage_totals, totals
from govapp.data.engine import reading
from govapp.data.rulebook import rules_for
from govapp.domain.errors import NotFound
from govapp.domain.permissions import Permission
from govapp.domain.rights import Actor
from govapp.domain.rules import Rules
from govapp.services.board import (
    A_COLUMN,
    BoardQuery,
    Head,
    Place,
    heads_of,
    in_totals,
    limits_of,
    pick_heads,
    place_for,
    rights_on,
    shown_workflow,
    without_amounts,
)
from govapp.services.board_amounts import with_amounts

MOST_CHANGES = 60


@dataclass(frozen=True, slots=True)
class Cards:
    """Cards to be put where they belong, heads of columns, and what the reader may do with them."""

    rows: tuple[CardRow, ...] = ()
    heads: Mapping[str, Head] = field(default_factory=dict)
    rules: Rules | None = None
    movable: frozenset[int] = frozenset()
    acceptable: frozenset[int] = frozenset()
    held_since: Mapping[int, datetime] = field(default_factory=dict)
    update_only: frozenset[int] = frozenset()
    since: int = 0
    too_many: bool = False
    left: int = 0


def heads_after(
    actor: Actor, query: BoardQuery, workflow_id: int | None, stages: Sequence[str]
) -> dict[str, Head]:
    """The heads of these columns on the board the reader has open; without a filter from maintained totals."""
    with reading() as session:
        if query.branch and not query.filters.narrow:
            path, rows = stage_totals(session, query.branch, stages)
            if path and actor.grant_for(Permission.MEASURE_VIEW, path):
                found = heads_of(rows, workflow_id)
                if not actor.grant_for(Permission.FINANCE_VIEW, path):
                    found = without_amounts(found)
                return {stage: found.get(stage, Head(stage)) for stage in stages}
        try:
            place, _ = place_for(session, actor, query.branch)
        except NotFound:
            return {}
        if place is None:
            return {}
        found = _heads(session, place, query, workflow_id)
    return {stage: found.get(stage, Head(stage)) for stage in stages}


def _heads(session: Session, place: Place, query: BoardQuery, workflow_id: int | None) -> dict[str, Head]:
    found = _counted(session, place, query, workflow_id)
    return found if place.priced else without_amounts(found)


def _counted(session: Session, place: Place, query: BoardQuery, workflow_id: int | None) -> dict[str, Head]:
    rows = totals(session, place.reach.branch_ids)
    filters = replace(query.filters, workflow_id=workflow_id)
    if workflow_id is None or in_totals(place, filters):
        return heads_of(rows, workflow_id, filters)
    rules = rules_for(session, *newest_version(session, workflow_id)[:2])
    return pick_heads(session, place, rows, filters, limits_of(rules, {}, 0))[1]


def more_cards(actor: Actor, query: BoardQuery, stage: str, after: tuple[int, int]) -> Cards:
    """The next cards of a column below one; `left` counts what still lies below them. Raises NotFound."""
    with reading() as session:
        place, branches = place_for(session, actor, query.branch)
        if place is None:
            raise NotFound("not_found")
        rows = totals(session, place.reach.branch_ids)
        here, workflow_id = shown_workflow(session, place, rows, query.workflow)
        if workflow_id is None:
            raise NotFound("not_found")
        rules = rules_for(session, *newest_version(session, workflow_id)[:2])
        of_one = workflow_id if len(here) > 1 else None
        if query.filters.narrow or place.reach.part_of is not None:
            filters = replace(query.filters, workflow_id=of_one)
            picked = pick_filtered(
                session, place.reach, filters, {stage: A_COLUMN + 1}, after=(stage, *after)
            )
            ids, left = list(picked.ids), picked.counts.get(stage, (0, 0))[0] - A_COLUMN
        else:
            column = Column(None if stage == PROPOSED else stage, A_COLUMN + 1, after=after)
            ids = pick(session, place.reach, [column], of_one)
            left = -1
        paths = {row.id: row.path for row in branches if row.whole}
        shown = with_amounts(session, actor, cards(session, ids), paths)
        left = len(shown) - A_COLUMN if left < 0 else left
        shown = shown[:A_COLUMN]
        movable, acceptable, held = rights_on(session, actor, shown, paths, rules)
    return Cards(tuple(shown), {}, rules, movable, acceptable, held, left=max(left, 0))


def changes(actor: Actor, query: BoardQuery, since: int) -> Cards | None:
    """Cards of this board that changed after `since`, with all heads; None when nothing did. Raises NotFound."""
    with reading() as session:
        newest = changed_at_all(session)
        if newest <= since:
            return None
        place, branches = place_for(session, actor, query.branch)
        if place is None:
            return None
        found = changed_cards(session, place.reach, since, MOST_CHANGES + 1)
        if not found:
            return Cards(since=newest)
        if len(found) > MOST_CHANGES:
            return Cards(since=newest, too_many=True)
        _, workflow_id = shown_workflow(
            session, place, totals(session, place.reach.branch_ids), query.workflow
        )
        if workflow_id is None:
            return Cards(since=newest)
        rules = rules_for(session, *newest_version(session, workflow_id)[:2])
        fitting = matching(
            session, place.reach, replace(query.filters, workflow_id=workflow_id), [row.id for row in found]
        )
        heads = _heads(session, place, query, workflow_id)
        paths = {row.id: row.path for row in branches if row.whole}
        found = with_amounts(session, actor, found, paths)
        movable, acceptable, held = rights_on(session, actor, found, paths, rules)
    columns = [PROPOSED, *(stage.key for stage in rules.stages)]
    return Cards(
        rows=tuple(found),
        heads={stage: heads.get(stage, Head(stage)) for stage in columns},
        rules=rules,
        movable=movable,
        acceptable=acceptable,
        held_since=held,
        update_only=frozenset(row.id for row in found if row.id not in fitting),
        since=newest,
    )
