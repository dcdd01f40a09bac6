"""The gate board as a read model: branches, heads, cards and what one may do. Only frozen values leave."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from sqlalchemy.orm import Session

from govapp.data.board_cards import IN_COLUMNS, PROPOSED, CardRow, Column, Reach, cards, pick, workflows_in
from govapp.data.board_filters import MOST_SUMMED, Filters, Picked, pick_filtered
from govapp.data.board_queries import (
    BranchRow,
    Total,
    branches_by_part,
    counted_everywhere,
    moments,
    newest_version,
    only_active_workflow,
    parts_held,
    readable_branches,
    totals,
)
from govapp.data.engine import reading
from govapp.data.measures import WAITING
from govapp.data.rulebook import rules_for
from govapp.domain.errors import NotFound
from govapp.domain.permissions import PART_PERMISSIONS, Permission
from govapp.domain.rights import Actor
from govapp.domain.rules import Rules
from govapp.domain.table import path_of
from govapp.services.board_amounts import with_amounts

A_COLUMN = 25
MOST_CARDS = 500
_DENSE_FROM = 200
_DENSE_REACH = 20_000
_ON_BOARD = (*IN_COLUMNS, PROPOSED)
_MOVING = (Permission.MEASURE_MOVE, Permission.MEASURE_RECYCLE)


@dataclass(frozen=True, slots=True)
class BoardQuery:
    """What the address asks for: branch and workflow by key or id, filters, how many cards of a stage."""

    branch: str = ""
    workflow: int | None = None
    filters: Filters = field(default_factory=Filters)
    stage: str = ""
    more: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Head:
    """What a column's head says; values in minor units by currency. `more`: there are more than were counted.

    Not `priced`: money may not be seen in all that is counted, so there are no values.
    """

    stage: str
    count: int = 0
    waiting: int = 0
    values: Mapping[str, int] = field(default_factory=dict)
    more: bool = False
    priced: bool = True


@dataclass(frozen=True, slots=True)
class Place:
    """The chosen branch: what of it may be read (`reach`), whether that is the whole, and its money to be seen."""

    branch: BranchRow
    crumbs: tuple[BranchRow, ...]
    reach: Reach
    whole: bool
    priced: bool = True


@dataclass(frozen=True, slots=True)
class Board:
    """A board: place, branches to choose, rules of the columns, heads and cards by stage, what one may do."""

    place: Place | None
    branches: tuple[BranchRow, ...]
    workflows: tuple[tuple[int, str], ...]
    workflow_id: int | None
    rules: Rules | None
    heads: Mapping[str, Head]
    cards: Mapping[str, tuple[CardRow, ...]]
    held_since: Mapping[int, datetime]
    movable: frozenset[int]
    acceptable: frozenset[int]
    since: int
    reads_nothing: bool = False


def _viewing(actor: Actor) -> list[str]:
    return [grant.path for grant in actor.grants if Permission.MEASURE_VIEW in grant.permissions]


def _known(session: Session, actor: Actor) -> list[BranchRow]:
    """Branches of the reader with counts rolled up; those known only through a part come last."""
    paths = _viewing(actor)
    return readable_branches(session, paths) + branches_by_part(session, actor.id or 0, paths)


def _choose(branches: Sequence[BranchRow], key: str) -> BranchRow | None:
    """The branch asked for, else the highest and oldest one with measures. Raises NotFound for an unknown one."""
    if key:
        found = next((row for row in branches if row.key == key), None)
        if found is None:
            raise NotFound("not_found")
        return found
    return min(
        branches, key=lambda row: (not row.whole, not row.count, row.path.count("/"), row.id), default=None
    )


def _place(actor: Actor, branches: Sequence[BranchRow], chosen: BranchRow) -> Place:
    under = {row.id: row.path for row in branches if row.whole and row.path.startswith(chosen.path)}
    crumbs = tuple(
        row for row in branches if row.whole and chosen.path.startswith(row.path) and row.id != chosen.id
    )
    whole = any(chosen.path.startswith(path) for path in _viewing(actor))
    priced = all(actor.grant_for(Permission.FINANCE_VIEW, path) for path in under.values())
    return Place(chosen, crumbs, Reach(tuple(under), chosen.path, None if whole else actor.id), whole, priced)


def place_for(session: Session, actor: Actor, key: str) -> tuple[Place | None, list[BranchRow]]:
    """The place of a board by the key of its branch, and all branches to choose from. Raises NotFound."""
    branches = _known(session, actor)
    chosen = _choose(branches, key)
    return (None if chosen is None else _place(actor, branches, chosen)), branches


def without_amounts(heads: Mapping[str, Head]) -> dict[str, Head]:
    """Heads for who may not see money in all they count: a sum of a part would pass for the whole."""
    return {stage: replace(head, values={}, priced=False) for stage, head in heads.items()}


def heads_of(
    rows: Sequence[Total], workflow_id: int | None, filters: Filters | None = None
) -> dict[str, Head]:
    """Heads by stage from maintained totals: of what stands on the board, or of what such a filter lets through."""
    states = (*filters.states, *filters.states_in(PROPOSED)) if filters else _ON_BOARD
    standing = filters.standing if filters else ""
    found: dict[str, Head] = {}
    for row in rows:
        if row.workflow_id != workflow_id or row.state not in states or not (row.count or row.value):
            continue
        if standing and row.standing != standing:
            continue
        head = found.setdefault(row.stage, Head(row.stage, values={}))
        if row.currency:
            values = {**head.values, row.currency: head.values.get(row.currency, 0) + row.value}
            found[row.stage] = replace(head, values=values)
        else:
            waiting = head.waiting + (row.count if row.standing == WAITING else 0)
            found[row.stage] = replace(head, count=head.count + row.count, waiting=waiting)
    return found


def in_totals(place: Place, filters: Filters) -> bool:
    """True when the heads of this filter come from the maintained totals."""
    return filters.in_totals and place.reach.part_of is None


def pick_heads(
    session: Session, place: Place, rows: Sequence[Total], filters: Filters, limits: Mapping[str, int]
) -> tuple[Picked, dict[str, Head]]:
    """What a filter finds, and its heads: from the maintained totals where they know, which also rule stages out."""
    coarse = replace(filters, owner=None, text="")
    known = None
    if in_totals(place, coarse):
        workflows = (
            [filters.workflow_id] if filters.workflow_id is not None else {row.workflow_id for row in rows}
        )
        known = {stage: head for key in workflows for stage, head in heads_of(rows, key, coarse).items()}
        limits = {stage: limit for stage, limit in limits.items() if stage in known}
    exact = known if coarse == filters else None
    dense = sum(row.count for row in rows if not row.currency) >= _DENSE_REACH
    picked = pick_filtered(session, place.reach, filters, limits, held=exact, dense=dense)
    return picked, heads_of_picked(picked) if exact is None else exact


def heads_of_picked(picked: Picked) -> dict[str, Head]:
    """Heads by stage of what a filter found."""
    return {
        stage: Head(
            stage, min(count, MOST_SUMMED), waiting, picked.values.get(stage, {}), count > MOST_SUMMED
        )
        for stage, (count, waiting) in picked.counts.items()
    }


def shown_workflow(
    session: Session, place: Place, rows: Sequence[Total], wanted: int | None
) -> tuple[list[int], int | None]:
    """Workflows of the measures here, and the one shown: the one asked for, else the one with most measures."""
    counts: dict[int, int] = {}
    for row in rows:
        if not row.currency and row.count:
            counts[row.workflow_id] = counts.get(row.workflow_id, 0) + row.count
    here = sorted(counts, key=lambda key: (-counts[key], key))
    if place.reach.part_of is not None:
        here += [key for key in workflows_in(session, place.reach) if key not in here]
    if wanted in here:
        return here, wanted
    inherited = next(
        (row.workflow_id for row in (place.branch, *reversed(place.crumbs)) if row.workflow_id), None
    )
    return here, here[0] if here else inherited or only_active_workflow(session)


def _columns(session: Session, rules: Rules, rows: Sequence[Total], more: Mapping[str, int]) -> list[Column]:
    here: dict[str, int] = {}
    for row in rows:
        if not row.currency:
            here[row.stage] = here.get(row.stage, 0) + row.count
    everywhere = counted_everywhere(session) if max(here.values(), default=0) >= _DENSE_FROM else here
    columns = []
    for stage in (PROPOSED, *(stage.key for stage in rules.stages)):
        count = here.get(stage, 0)
        if count:
            dense = count >= _DENSE_FROM and count * 4 >= everywhere.get(stage, 0)
            columns.append(Column(None if stage == PROPOSED else stage, more.get(stage, A_COLUMN), dense))
    return columns


def grouped(rows: Sequence[CardRow], more: Mapping[str, int]) -> dict[str, tuple[CardRow, ...]]:
    """Cards by column, each cut to what is shown of it; on-hold cards stand in their column."""
    by_stage: dict[str, list[CardRow]] = {}
    for row in rows:
        by_stage.setdefault(row.stage or PROPOSED, []).append(row)
    return {stage: tuple(found[: more.get(stage, A_COLUMN)]) for stage, found in by_stage.items()}


def _movable(
    session: Session, actor: Actor, rows: Sequence[CardRow], paths: Mapping[int, str]
) -> frozenset[int]:
    """Measures for which the reader may ask for a move, forward or back: by a grant, else by a part."""
    granted: dict[int, bool] = {}
    by_part = [part for part, acts in PART_PERMISSIONS.items() if acts & set(_MOVING)]
    found, unsure = set(), []
    for row in rows:
        if row.branch_id not in granted:
            path = paths.get(row.branch_id, "")
            granted[row.branch_id] = bool(path) and any(
                actor.grant_for(permission, path) for permission in _MOVING
            )
        if granted[row.branch_id] or row.owner_id == actor.id:
            found.add(row.id)
        else:
            unsure.append(row.id)
    held = parts_held(session, actor.id or 0, unsure) if unsure else {}
    return frozenset(found | {measure for measure, parts in held.items() if parts & set(by_part)})


def _acceptable(
    actor: Actor, rows: Sequence[CardRow], paths: Mapping[int, str], rules: Rules
) -> frozenset[int]:
    """Proposals this reader is named to accept, and does not own."""
    first = path_of(rules, rules.stages[0].key, {"stage": rules.stages[0].key})
    roles = {role for chosen in first for role in chosen.step.deciders.get("roles", ())}
    return frozenset(
        row.id
        for row in rows
        if row.owner_id != actor.id
        and actor.roles_on(paths.get(row.branch_id, "")) & roles
        and actor.grant_for(Permission.REVIEW_DECIDE, paths.get(row.branch_id, ""))
    )


def rights_on(
    session: Session, actor: Actor, rows: Sequence[CardRow], paths: Mapping[int, str], rules: Rules
) -> tuple[frozenset[int], frozenset[int], dict[int, datetime]]:
    """Which of these cards the reader may move and accept, and since when the held ones are on hold (by sequence)."""
    in_columns = [row for row in rows if row.stage]
    held = moments(session, [row.seq for row in rows if row.state in {"on_hold", "cancelled"}])
    proposed = [row for row in rows if not row.stage]
    return (
        _movable(session, actor, [*in_columns, *proposed], paths),
        _acceptable(actor, proposed, paths, rules),
        held,
    )


def board(actor: Actor, query: BoardQuery) -> Board:
    """The board of a branch for a reader. Raises NotFound for a branch the reader may not know of."""
    with reading() as session:
        place, branches = place_for(session, actor, query.branch)
        if place is None:
            return _nothing(branches)
        rows = totals(session, place.reach.branch_ids)
        workflows, workflow_id = shown_workflow(session, place, rows, query.workflow)
        if workflow_id is None:
            return replace(_nothing(branches), place=place, reads_nothing=False)
        version_id, digest, since = newest_version(session, workflow_id)
        rules = rules_for(session, version_id, digest)
        names = [
            (key, rules_for(session, *newest_version(session, key)[:2]).name)
            for key in workflows
            if key != workflow_id
        ]
        filters = replace(query.filters, workflow_id=workflow_id if names else None)
        if filters.narrow or place.reach.part_of is not None:
            picked, heads = pick_heads(session, place, rows, filters, limits_of(rules, query.more))
            ids = list(picked.ids)
        else:
            heads = heads_of(rows, workflow_id)
            columns = _columns(session, rules, rows, query.more)
            ids = pick(session, place.reach, columns, filters.workflow_id) if columns else []
        paths = {row.id: row.path for row in branches if row.whole}
        shown = with_amounts(session, actor, cards(session, ids), paths)
        movable, acceptable, held = rights_on(session, actor, shown, paths, rules)
    return Board(
        place=place,
        branches=tuple(branches),
        workflows=((workflow_id, rules.name), *names),
        workflow_id=workflow_id,
        rules=rules,
        heads=heads if place.priced else without_amounts(heads),
        cards=grouped(shown, query.more),
        held_since=held,
        movable=movable,
        acceptable=acceptable,
        since=since,
    )


def limits_of(rules: Rules, more: Mapping[str, int], least: int = A_COLUMN) -> dict[str, int]:
    """How many cards each column shows."""
    return {stage: more.get(stage, least) for stage in (PROPOSED, *(stage.key for stage in rules.stages))}


def _nothing(branches: Sequence[BranchRow]) -> Board:
    return Board(
        None,
        tuple(branches),
        (),
        None,
        None,
        {},
        {},
        {},
        frozenset(),
        frozenset(),
        0,
        reads_nothing=not branches,
    )
