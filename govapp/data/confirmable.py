"""Whose amounts await confirmation is asked live, in clauses that any list or count of amounts joins (R05, R07).

They are those of measures on which the person, or somebody whose deputy they are, is controller with that role in
force; of measures without a controller in branches where they may confirm; and there what the controller of a measure
added late.
"""

from datetime import date
from typing import Any

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    String,
    Text,
    and_,
    bindparam,
    cast,
    exists,
    false,
    func,
    literal,
    literal_column,
    or_,
    select,
    text,
    type_coerce,
    union_all,
)
from sqlalchemy.orm import Session

from govapp.data.actors import above, in_force
from govapp.data.finance import EffectValue
from govapp.data.measures import VACANT, Card, Measure, Part
from govapp.data.people import Grant, Person, Role, RolePermission
from govapp.data.structure import Branch
from govapp.domain.deputies import CONFIRM
from govapp.domain.ledger import AWAITS
from govapp.domain.permissions import Permission
from govapp.domain.rights import Actor

CONTROLLER = "controller"
Shape = tuple[
    tuple[int, int], ...
]  # of each voice: branches where it is a controller, and where it may confirm


def confirming_values(actor: Actor) -> tuple[Shape, dict[str, Any]]:
    """In how many branches each voice confirms, one's own first, and the values of `confirmable`.

    No shape at all for who confirms nothing anywhere.
    """
    voices = [actor, *actor.absent_for(CONFIRM)]
    bound = {actor.id, *(each.actor.id for each in actor.stands_in)}
    values: dict[str, Any] = {
        "confirmers": [voice.id for voice in voices if voice.id is not None],
        "bound": sorted(person for person in bound if person is not None),
    }
    shape = []
    for v, voice in enumerate(voices):
        held = [grant.path for grant in voice.grants if grant.role == CONTROLLER]
        may = [grant.path for grant in voice.grants if Permission.FINANCE_CONFIRM in grant.permissions]
        shape.append((len(held), len(may)))
        values[f"confirmer_{v}"] = voice.id
        # ids in paths are digits: LIKE needs no escape
        values |= {f"held_{v}_{n}": f"{path}%" for n, path in enumerate(held)}
        values |= {f"may_{v}_{n}": f"{path}%" for n, path in enumerate(may)}
    return (tuple(shape) if any(held or may for held, may in shape) else ()), values


def confirmable(shape: Shape, *, late: bool = False) -> ColumnElement[bool]:
    """Clause on Measure joined with its Branch: amounts the actor confirms, for themselves or as a deputy.

    `late`: also on EffectValue, what the controller of a measure added late and another one of the branch confirms.
    """
    people: BindParameter[Any] = bindparam("confirmers", expanding=True)
    bound: BindParameter[Any] = bindparam("bound", expanding=True)
    owned = exists().where(Part.measure_id == Measure.id, Part.part == "owner", Part.person_id.in_(bound))
    found = [each for v, (held, may) in enumerate(shape) for each in (_held(v, held), _vacant(v, may))]
    found += [_late(v, may) for v, (_, may) in enumerate(shape) if late]
    alive = and_(Measure.archived.is_(False), Measure.state != "cancelled")
    return and_(Measure.id.in_(_candidates(people, late=late)), or_(false(), *found), alive, ~owned)


def confirmers_on(session: Session, path: str, today: date) -> list[tuple[int, str]]:
    """Active people who hold a role that confirms amounts on the branch at `path`: id and name, by name."""
    rows = session.execute(
        select(Person.id, Person.name)
        .join(Grant, Grant.person_id == Person.id)
        .join(Role, Role.id == Grant.role_id)
        .join(RolePermission, (RolePermission.role_id == Role.id) & (RolePermission.version == Role.version))
        .join(Branch, Branch.id == Grant.branch_id)
        .where(
            RolePermission.permission == str(Permission.FINANCE_CONFIRM), Branch.path.in_(above(path)), Person.active,
            *in_force(today),
        )
        .distinct()
        .order_by(Person.name, Person.id)
    )  # fmt: skip
    return [(row.id, row.name) for row in rows]


def awaits() -> ColumnElement[bool]:
    """To the letter as in the partial index: a parameter would keep the planner off it."""
    return EffectValue.standing == literal_column(f"'{AWAITS}'")


def _candidates(people: BindParameter[Any], *, late: bool) -> Any:
    """Measures with one of these people as controller, or with nobody active: a superset that is quick to find.

    `late`: with those on which late entries await somebody.
    """
    held = select(Part.measure_id).where(Part.person_id.in_(people), Part.part == CONTROLLER)
    vacant = select(Card.measure_id).where(text(VACANT))
    left = (
        select(Part.measure_id)
        .join(Person, Person.id == Part.person_id)
        .where(Part.part == CONTROLLER, Person.active.is_(False))
    )
    added = select(EffectValue.measure_id).where(awaits(), EffectValue.late_on.is_not(None))
    return union_all(held, vacant, left, *([added] if late else []))


def _inside(name: str, count: int) -> ColumnElement[bool]:
    return or_(false(), *(Branch.path.like(bindparam(f"{name}_{n}")) for n in range(count)))


def _held(v: int, paths: int) -> ColumnElement[bool]:
    mine: BindParameter[Any] = bindparam(f"confirmer_{v}")
    held = exists().where(Part.measure_id == Measure.id, Part.part == CONTROLLER, Part.person_id == mine)
    return and_(held, _inside(f"held_{v}", paths))


def _vacant(v: int, paths: int) -> ColumnElement[bool]:
    held = (
        select(Part.id)
        .join(Person, Person.id == Part.person_id)
        .where(Part.measure_id == Measure.id, Part.part == CONTROLLER, Person.active.is_(True))
    )
    return and_(~held.correlate(Measure).exists(), _inside(f"may_{v}", paths))


def _late(v: int, paths: int) -> ColumnElement[bool]:
    """Late entries with the measure's controller among their hands, for who holds no part of the measure."""
    voice: BindParameter[Any] = bindparam(f"confirmer_{v}")
    takes_part = exists().where(Part.measure_id == Measure.id, Part.person_id == voice)
    # ids of a canonical list stand between commas once its brackets are commas, too
    hands = func.replace(func.replace(type_coerce(EffectValue.hands, Text), "[", ","), "]", ",")
    entered = exists().where(
        Part.measure_id == Measure.id,
        Part.part == CONTROLLER,
        hands.contains(literal(",") + cast(Part.person_id, String) + literal(",")),
    )
    return and_(EffectValue.late_on.is_not(None), entered, ~takes_part, _inside(f"may_{v}", paths))
