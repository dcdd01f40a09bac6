"""Closing of months for a whole organization: from then on only controllers add to them, as dated late entries."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from govapp.data.ledger import PeriodLock
from govapp.data.period_queries import awaiting_by_month, locked_until
from govapp.domain.errors import Invalid
from govapp.domain.events import Event
from govapp.domain.measures import date_fault
from govapp.domain.periods import closing_fault, first_of, month_after
from govapp.domain.permissions import Permission
from govapp.services._keys import writing_once
from govapp.services._organizations import _locked_organization
from govapp.services._work import Origin, Work

NOTE = 500


@dataclass(frozen=True, slots=True)
class ClosePeriod:
    """Close a month (any day of it) of an organization, by its key."""

    origin: Origin
    organization: str
    month: date
    note: str = ""
    action_key: str = ""


def close_period(command: ClosePeriod) -> int:
    """Close the next month for good; returns how many actual amounts of it still await confirmation.

    Needs `finance:confirm` on the organization's root. The first month that is closed closes all before it. Raises
    NotFound, Refused, KeyReused, and Invalid on `month`: period_closed, period_not_next, period_not_over.
    """
    return int(writing_once(command, lambda work: _close_period(work, command))["awaiting"])


def _close_period(work: Work, command: ClosePeriod) -> dict[str, Any]:
    organization, root, right = _locked_organization(work, command.organization, Permission.FINANCE_CONFIRM)
    month, closed = first_of(command.month), locked_until(work.session, organization.id)
    fault = date_fault(month) or closing_fault(month, closed, work.today(organization.timezone))
    if fault:
        following = month_after(closed).isoformat()[:7] if closed else ""
        raise Invalid("not_saved", {"month": [fault]}, month=month.isoformat()[:7], next=following)
    note = command.note.strip()
    if len(note) > NOTE:
        raise Invalid("not_saved", {"note": ["too_long"]})
    awaiting = awaiting_by_month(work.session, organization.id).get(month, 0)
    lock = PeriodLock(
        organization_id=organization.id, month=month, note=note, person_id=work.actor.id,
        on_behalf_of=work.on_behalf_of, right_used=right, at=work.at,
    )  # fmt: skip
    work.session.add(lock)
    work.log(
        Event.PERIOD_LOCKED, {"month": month.isoformat()[:7], "awaiting": awaiting, "note": note},
        made=(lock,), right=right, object_type="organization", object_id=organization.key, branch_id=root.id,
    )  # fmt: skip
    return {"awaiting": awaiting}
