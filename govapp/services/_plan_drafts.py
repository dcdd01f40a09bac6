"""What the draft of a frozen plan changes, who must approve that, and in whose name somebody does; writes nothing."""

from dataclasses import dataclass
from datetime import date

from sqlalchemy.orm import Session

from govapp.data.plan_queries import frozen_plan, working_plans
from govapp.data.rate_queries import rate_table
from govapp.data.snapshots import Loaded
from govapp.domain.errors import Invalid
from govapp.domain.money import to_minor
from govapp.domain.permissions import Permission
from govapp.domain.plan_changes import Change, change_between, draft_digest, needs_approval
from govapp.domain.plan_versions import lacking_rates
from govapp.domain.rights import Actor, right_of

CONTROLLER = "controller"


@dataclass(frozen=True, slots=True)
class Measured:
    """What the draft of a measure changes, the parts that must approve it, and the digest they are bound to.

    It `differs` also where months change places within a year: such a change has no size.
    """

    change: Change
    needs: list[str]
    digest: str
    differs: bool


def measured(session: Session, loaded: Loaded, day: date) -> Measured:
    """Hold the draft against the plan in force, at the plan rates of a day in the organization.

    Raises Invalid (rate_missing, `currencies`).
    """
    rule, own = loaded.rules.effects.plan_change, loaded.currency
    draft = working_plans(session, [loaded.measure.id])[loaded.measure.id]
    in_force = frozen_plan(session, loaded.measure.id, loaded.plan_number)
    table = rate_table(session, loaded.measure.organization_id)
    lacking = lacking_rates([*in_force, *draft], table, day)
    if lacking:
        raise Invalid("rate_missing", {}, currencies=list(lacking))
    change = change_between(in_force, draft, table, day)
    currency, threshold = loaded.rules.currency or own, None
    if table.knows(currency, day):
        minor = to_minor(rule.approval_from, currency)
        threshold = table.exact(minor, currency, table.plan_rate(currency, day))
    needs = list(rule.by_parts) if needs_approval(change, rule, threshold) else []
    digest = draft_digest(draft)
    return Measured(change, needs, digest, digest != draft_digest(in_force))


def part_of(voice: Actor, loaded: Loaded, parts: list[str]) -> str:
    """The first of the parts in whose name somebody decides, or none; for a vacant controller by the role (R05)."""
    for part in parts:
        holder = loaded.place.parts.get(part)
        if holder is not None and holder == voice.id:
            return part
        if (
            holder is None
            and part == CONTROLLER
            and right_of(voice, Permission.FINANCE_CONFIRM, loaded.place)
        ):
            return part
    return ""


def part_right(voice: Actor, loaded: Loaded, parts: list[str]) -> str | None:
    """The right by which somebody decides in the name of one of the parts."""
    part = part_of(voice, loaded, parts)
    if not part:
        return None
    if part in loaded.place.parts:
        return f"part:{part}"
    return right_of(voice, Permission.FINANCE_CONFIRM, loaded.place)
