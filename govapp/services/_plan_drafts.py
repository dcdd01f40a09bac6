"""What the draft of a frozen plan changes, who must approve that, and in whose name somebody does; writes nothing."""

from dataclasses import dataclass
from datetime import date

from sqlalchemy.orm import Session

from govapp.data.plan_queries import approved_number, frozen_plan, working_plans
from govapp.data.rate_queries import rate_table
from govapp.data.snapshots import Loaded
from govapp.domain.errors import Invalid
from govapp.domain.money import to_minor
from govapp.domain.permissions import Permission
from govapp.domain.plan_changes import Change, change_between, draft_digest, needs_approval
from govapp.domain.plan_versions import PlanLine, lacking_rates
from govapp.domain.rights import Actor, Place, right_of, with_voice

CONTROLLER = "controller"


@dataclass(frozen=True, slots=True)
class Measured:
    """What the draft of a measure changes, the parts that must approve it, and the digest they are bound to.

    `change` is held against the plan in force. What it `needs` follows from all that has changed since somebody last
    approved a version: many small changes are one large one. It `differs` also where months change places within a
    year, or a line its category or cost object: such a change has no size. `before` and `draft` are the two plans.
    """

    change: Change
    needs: list[str]
    digest: str
    differs: bool
    before: tuple[PlanLine, ...] = ()
    draft: tuple[PlanLine, ...] = ()


def measured(session: Session, loaded: Loaded, day: date) -> Measured:
    """Hold the draft against the plan in force, at the plan rates of a day in the organization.

    Raises Invalid (plan_rate_missing, `currencies`).
    """
    rule, own = loaded.rules.effects.plan_change, loaded.currency
    draft = working_plans(session, [loaded.measure.id])[loaded.measure.id]
    in_force = frozen_plan(session, loaded.measure.id, loaded.plan_number)
    table = rate_table(session, loaded.measure.organization_id)
    approved = frozen_plan(session, loaded.measure.id, approved_number(session, loaded.measure.id))
    lacking = lacking_rates([*in_force, *draft, *approved], table, day)
    if lacking:
        raise Invalid("plan_rate_missing", {}, currencies=", ".join(lacking))
    change = change_between(in_force, draft, table, day)
    currency, threshold = loaded.rules.currency or own, None
    if table.knows(currency, day):
        minor = to_minor(rule.approval_from, currency)
        threshold = table.exact(minor, currency, table.plan_rate(currency, day))
    since = change_between(approved, draft, table, day)
    needs = list(rule.by_parts) if needs_approval(since, rule, threshold) else []
    digest = draft_digest(draft)
    return Measured(change, needs, digest, digest != draft_digest(in_force), tuple(in_force), tuple(draft))


def part_of(voice: Actor, loaded: Loaded, parts: list[str]) -> str:
    """The first of the parts in whose name somebody decides, or none; for a vacant controller by the role (R05).

    A part whose role has ended, or whose holder is no longer active, gives nothing (R06, R07).
    """
    place = with_voice(loaded.place, voice, loaded.rules.roles_of_parts)
    for part in parts:
        held = loaded.snapshot.parts.get(part)
        if held is not None and held.active:
            if place.parts.get(part) == voice.id:
                return part
        elif part == CONTROLLER and _controls(voice, place):
            return part
    return ""


def _controls(voice: Actor, place: Place) -> str:
    """The role by which somebody is a controller of the branch; empty for none."""
    right = right_of(voice, Permission.FINANCE_CONFIRM, place)
    return right if right and right.startswith("role:") else ""


def part_right(voice: Actor, loaded: Loaded, parts: list[str]) -> str | None:
    """The right by which somebody decides in the name of one of the parts."""
    part = part_of(voice, loaded, parts)
    held = loaded.snapshot.parts.get(part)
    if part and (held is None or not held.active):
        return _controls(voice, with_voice(loaded.place, voice, loaded.rules.roles_of_parts))
    return f"part:{part}" if part else None


def who_must(loaded: Loaded, parts: list[str]) -> list[int]:
    """Active holders of these parts."""
    held = [loaded.snapshot.parts[part] for part in parts if part in loaded.snapshot.parts]
    return list(dict.fromkeys(each.person_id for each in held if each.active))
