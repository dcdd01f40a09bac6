"""Measures that nobody can move as things stand, and why: found before a deadline tells (issue: bad input)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sqlalchemy.orm import Session

from govapp.data import dead_ends as queries
from govapp.data.dead_ends import Edge, OpenStep
from govapp.data.deputy_queries import organizations_of_branches
from govapp.data.duties import duties_of
from govapp.data.rulebook import rules_for
from govapp.domain.approvals import defect_of, tally
from govapp.domain.deputies import DECIDE
from govapp.domain.duties import Standing, forbidding, pair_conflicts
from govapp.domain.rights import Actor

NOBODY, TOO_FEW, MEMBER_BARRED, ALL_BARRED = "nobody", "too_few", "member_barred", "all_barred"
ROLE_ENDED, ABSENT, VACANT = "role_ended", "absent", "vacant"
CANCELLED, CIRCLE, SMALL_GROUP = "predecessor_cancelled", "circle", "small_group"


@dataclass(frozen=True, slots=True)
class DeadEnd:
    """Something that keeps a measure (or, for a group, every measure it decides) from moving, with codes and values."""

    code: str
    measure: str = ""
    title: str = ""
    review_id: int | None = None
    values: Mapping[str, Any] = field(default_factory=dict)


def dead_ends(session: Session, actor: Actor, today: date) -> list[DeadEnd]:
    """Every dead end the actor may see, in a fixed number of statements whatever the number of measures."""
    organizations = organizations_of_branches(session, [grant.branch_id for grant in actor.grants])
    return [
        *_steps(session, actor, today),
        *_vacant(session, actor, today),
        *_edges(session, actor),
        *(
            DeadEnd(
                SMALL_GROUP,
                values={
                    "group": each.name,
                    "place": each.organization,
                    "have": each.members,
                    "need": each.quorum,
                },
            )
            for each in queries.small_groups(session, organizations)
        ),
    ]


def _steps(session: Session, actor: Actor, today: date) -> list[DeadEnd]:
    steps = queries.open_steps(session, actor, today)
    holders = {person for step in steps for person, _part in step.by_part}
    roles = queries.roles_of(session, holders, today)
    away = _Away(session, today, steps)
    found = []
    for step in steps:
        lost = _lost_roles(session, step, roles)
        left = queries.without(step, lost)
        defect = defect_of(left.fact, left.basis)
        values: dict[str, Any] = {"step": step.fact.name}
        if defect is not None:
            values |= {"have": defect.have, "need": defect.need}
            code = defect.code
            if code == NOBODY:
                code = ROLE_ENDED if lost else ALL_BARRED if step.fact.named else NOBODY
            found.append(DeadEnd(code, step.measure, step.title, step.review_id, values))
        elif away.leaves_nobody(left):
            found.append(DeadEnd(ABSENT, step.measure, step.title, step.review_id, values))
    return found


def _lost_roles(session: Session, step: OpenStep, roles: Mapping[tuple[int, str], list[str]]) -> set[int]:
    """Holders named by a part whose role has ended on the branch: the part gives no voice without it."""
    needs = rules_for(session, step.version_id).roles_of_parts if step.by_part else {}
    return {
        person
        for person, part in step.by_part
        if part in needs
        and not any(step.path.startswith(path) for path in roles.get((person, needs[part]), ()))
    }


class _Away:
    """Who is absent today, and which deputies may act for them."""

    def __init__(self, session: Session, today: date, steps: Iterable[OpenStep]) -> None:
        rows = queries.absences_in_force(session, today)
        self._session = session
        self._absent = {person for person, _deputy, _kinds in rows}
        self._deputies: dict[int, set[int]] = {}
        for person, deputy, kinds in rows:
            if deputy and (not kinds or DECIDE in kinds):
                self._deputies.setdefault(person, set()).add(deputy)
        touched = {step.measure_id for step in steps if step.fact.electors & self._absent}
        self._parts = queries.parts_on(session, touched)

    def leaves_nobody(self, step: OpenStep) -> bool:
        """True when everybody who may still decide a step is away and no deputy may act for any of them."""
        left = tally(step.fact, step.basis).pending
        return (
            bool(left) and left <= self._absent and not any(self._covered(step, each, left) for each in left)
        )

    def _covered(self, step: OpenStep, person: int, left: frozenset[int]) -> bool:
        parts = self._parts.get(step.measure_id, {})
        barred = step.fact.named - step.fact.electors
        duties = duties_of(self._session, step.version_id)

        def standing(who: int) -> Standing:
            return Standing(who, frozenset(part for part, holder in parts.items() if holder == who))

        return any(
            deputy not in barred | left
            and parts.get("owner") != deputy
            and not forbidding(pair_conflicts(duties, standing(deputy), standing(person)))
            for deputy in self._deputies.get(person, ())
        )


def _vacant(session: Session, actor: Actor, today: date) -> list[DeadEnd]:
    rows = queries.vacant_parts(session, actor)
    paths = tuple(queries.assigning_paths(session, today)) if rows else ()
    return [
        DeadEnd(VACANT, row.measure, row.title, values={"parts": row.parts})
        for row in rows
        if not row.path.startswith(paths)
    ]


def _edges(session: Session, actor: Actor) -> list[DeadEnd]:
    edges = queries.edges_of(session, actor)
    found = [
        DeadEnd(CANCELLED, edge.measure, edge.title, values={"on": edge.on, "needs": edge.needs})
        for edge in edges
        if edge.readable
        and edge.on_state == "cancelled"
        and not rules_for(session, edge.version_id).reached(edge.on_stage, edge.needs)
    ]
    for circle in circles(edges):
        first = next((edge for edge in edges if edge.measure in circle and edge.readable), None)
        if first is not None:
            found.append(DeadEnd(CIRCLE, first.measure, first.title, values={"way": circle}))
    return found


def circles(edges: Iterable[Edge]) -> list[list[str]]:
    """Circles of dependencies, each once, as the measures on the way round (the first again at its end)."""
    needs: dict[str, list[str]] = {}
    for edge in edges:
        needs.setdefault(edge.measure, []).append(edge.on)
    done: set[str] = set()
    found = []
    for start in sorted(needs):
        way, place = [start], {start: 0}
        rest = [iter(needs.get(start, ()))]
        while rest and start not in done:
            following = next(rest[-1], None)
            if following is None:
                rest.pop()
                done.add(last := way.pop())
                del place[last]
            elif following in place:
                found.append([*way[place[following] :], following])
            elif following not in done:
                place[following] = len(way)
                way.append(following)
                rest.append(iter(needs.get(following, ())))
    return found
