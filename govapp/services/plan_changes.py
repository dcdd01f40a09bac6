"""Change requests for a frozen plan: opened with a reason, asked, approved or refused, withdrawn (issue: Freeze)."""

from dataclasses import dataclass
from typing import Any

from govapp.data.ledger import PlanChange, PlanChangeVote
from govapp.data.plan_queries import draft_changes, hands_on_change, votes_of
from govapp.data.snapshots import Loaded
from govapp.domain.deputies import DECIDE
from govapp.domain.duties import VOTE
from govapp.domain.errors import Invalid, NotFound, Refused, Stale
from govapp.domain.events import Event
from govapp.domain.measures import text_fault
from govapp.domain.permissions import Permission
from govapp.domain.plan_changes import (
    APPROVE,
    ASKED,
    DRAFT,
    FROZEN,
    REFUSE,
    REFUSED,
    WITHDRAWN,
    still_open,
)
from govapp.domain.plan_versions import CHANGED, OPENED
from govapp.services._absent import deputies_now
from govapp.services._belongs import (
    _locked_for,
    _refuse_cancelled,
    _same_version,
    _settle_again,
    _where,
    visible,
)
from govapp.services._freezing import Freeze, _end_change, _freeze_plan, _restore_draft
from govapp.services._keys import writing_once
from govapp.services._plan_drafts import measured, part_of, part_right, who_must
from govapp.services._work import Origin, Work
from govapp.services.duties import _speak

REASON, LIMIT = 3, 2000


@dataclass(frozen=True, slots=True)
class OpenPlanChange:
    """Open the working plan of a measure whose plan is frozen."""

    key: str
    reason: str
    origin: Origin
    action_key: str = ""


@dataclass(frozen=True, slots=True)
class AskPlanChange:
    """Ask for the draft as it is; from then on nobody edits it until this is decided."""

    key: str
    change_id: int
    seen_version: int
    origin: Origin
    action_key: str = ""


@dataclass(frozen=True, slots=True)
class VotePlanChange:
    """Approve or refuse a change that was asked for. `digest` is that of the draft that was seen."""

    key: str
    change_id: int
    verdict: str
    digest: str
    origin: Origin
    reason: str = ""
    action_key: str = ""


@dataclass(frozen=True, slots=True)
class WithdrawPlanChange:
    """Take a change request back; the draft returns to the plan in force."""

    key: str
    change_id: int
    origin: Origin
    reason: str = ""
    action_key: str = ""


def open_plan_change(command: OpenPlanChange) -> int:
    """Open a change request; returns its number. Needs finance:plan.

    A plan that stands frozen without a version (from before plans had versions) becomes version 1 first. Raises
    NotFound, Refused, KeyReused, and Invalid: `reason`; plan_open where the plan is not frozen, change_open where a
    request is open, measure_closed, plan_rate_missing.
    """
    return int(writing_once(command, lambda work: _open(work, command))["change"])


def _open(work: Work, command: OpenPlanChange) -> dict[str, Any]:
    loaded, right = _locked_for(work, command.key, Permission.FINANCE_PLAN)
    reason = _reason(command.reason, needed=True)
    stage = loaded.rules.frozen_in(loaded.snapshot.stage)
    if stage is None:
        raise Invalid("plan_open")
    if loaded.plan_change is not None:
        raise Invalid("change_open")
    if loaded.rules.stage(loaded.snapshot.stage or "").terminal:
        raise Invalid("measure_closed")
    if not loaded.plan_number:
        _freeze_plan(work, loaded, Freeze(OPENED, right))
    change = PlanChange(
        measure_id=loaded.measure.id, state=DRAFT, reason=reason, needs=[], delta={}, asked_by=work.actor.id,
        on_behalf_of=work.on_behalf_of, asked_at=work.at,
    )  # fmt: skip
    work.session.add(change)
    work.session.flush()
    _log(work, loaded, Event.PLAN_CHANGE_OPENED, change, right, reason=reason)
    _settle_again(work, loaded.measure.id)
    return {"change": change.id}


def _reason(said: str, *, needed: bool) -> str:
    reason = said.strip()
    fault = text_fault(reason, LIMIT) or ("reason_needed" if needed and len(reason) < REASON else "")
    if fault:
        raise Invalid("not_saved", {"reason": [fault]})
    return reason


def _log(
    work: Work,
    loaded: Loaded,
    event: Event,
    change: PlanChange,
    right: str,
    made: tuple[Any, ...] = (),
    **said: Any,
) -> None:
    work.log(
        event, {"change": change.id, **said}, made=made, right=right, object_type="plan_change",
        object_id=str(change.id), **_where(loaded),
    )  # fmt: skip


def _change(work: Work, loaded: Loaded, change_id: int, *states: str) -> PlanChange:
    """The request, in one of these states. Raises NotFound, and Stale when it has gone on meanwhile."""
    change = work.session.get(PlanChange, change_id)
    if change is None or change.measure_id != loaded.measure.id:
        raise NotFound("not_found")
    if change.state not in states:
        raise Stale("stale_change", state=change.state)
    return change


def ask_plan_change(command: AskPlanChange) -> str:
    """Ask for a change; returns its state: frozen at once below the threshold, else asked. Needs finance:plan.

    Raises NotFound, Refused, Stale, KeyReused, and Invalid: plan_unchanged, plan_rate_missing (`currencies`).
    """
    return str(writing_once(command, lambda work: _ask(work, command))["state"])


def _ask(work: Work, command: AskPlanChange) -> dict[str, Any]:
    loaded, right = _locked_for(work, command.key, Permission.FINANCE_PLAN)
    change = _change(work, loaded, command.change_id, DRAFT)
    _same_version(command.seen_version, change.version, "stale_change")
    found = measured(work.session, loaded, work.today(loaded.timezone))
    if not found.differs:
        raise Invalid("plan_unchanged")
    lines = draft_changes(work.session, loaded.measure.id, found.before, found.draft, loaded.plan_number)
    change.delta, change.needs = found.change.delta, found.needs
    change.asked_by, change.on_behalf_of, change.asked_at = work.actor.id, work.on_behalf_of, work.at
    change.state = ASKED
    change.version += 1
    loaded.plan_change = (change.id, ASKED)
    _log(
        work, loaded, Event.PLAN_CHANGE_ASKED, change, right,
        delta=change.delta, needs=change.needs, digest=found.digest, size=str(found.change.size),
        lines=[each.said() for each in lines],
    )  # fmt: skip
    if not change.needs:
        _freeze(work, loaded, change, right)
    else:
        _tell(work, loaded, change)
    _settle_again(work, loaded.measure.id)
    return {"state": change.state}


def _freeze(work: Work, loaded: Loaded, change: PlanChange, right: str) -> None:
    """The draft becomes the next version, in this transaction."""
    _freeze_plan(work, loaded, Freeze(CHANGED, right, change_id=change.id))
    _end_change(work, loaded, change, FROZEN, right, "")
    if change.asked_by is not None:
        payload = {"change": change.id, "number": loaded.plan_number}
        work.tell(change.asked_by, "plan_change_done", measure_id=loaded.measure.id, payload=payload)


def _tell(work: Work, loaded: Loaded, change: PlanChange) -> None:
    """Whoever must approve learns of it, and who decides in their place today."""
    payload = {"change": change.id, "reason": change.reason}
    holders = who_must(loaded, change.needs)
    for person in holders:
        work.tell(person, "plan_change_waits", measure_id=loaded.measure.id, payload=payload)
    for deputy, absent in deputies_now(work, loaded, holders):
        if deputy not in holders:
            work.tell(
                deputy,
                "plan_change_waits",
                measure_id=loaded.measure.id,
                payload=payload,
                on_behalf_of=absent,
            )


def vote_plan_change(command: VotePlanChange) -> str:
    """Approve or refuse as the holder of a part whose approval is missing, or as their deputy; returns the state then.

    The last approval freezes the next version in the same transaction; a refusal, which needs a reason, brings the
    draft back to the plan in force. Where the part controller is vacant, a controller of the branch decides. Raises
    NotFound, KeyReused, Stale (another draft was seen, or it is decided), Invalid (`reason`, `verdict`), and Refused:
    not_an_approver, approved_already (N approvals are N people), barred_edited (who asked or edited),
    barred_owner_votes, duty_forbids.
    """
    return str(writing_once(command, lambda work: _vote(work, command))["state"])


def _vote(work: Work, command: VotePlanChange) -> dict[str, Any]:
    loaded = visible(work, command.key)
    _refuse_cancelled(work, loaded)
    change = _change(work, loaded, command.change_id, ASKED)
    if command.verdict not in {APPROVE, REFUSE}:
        raise Invalid("not_saved", {"verdict": ["unknown_choice"]})
    reason = _reason(command.reason, needed=command.verdict == REFUSE)
    found = measured(work.session, loaded, work.today(loaded.timezone))
    if command.digest != found.digest:
        raise Stale("stale_change", state=change.state)
    votes = [vote for vote in votes_of(work.session, change.id) if vote.asked_digest == found.digest]
    open_parts = still_open(change.needs, [vote.part for vote in votes])
    right = _speak(work, loaded, DECIDE, lambda voice: part_right(voice, loaded, open_parts), act=VOTE)
    if right is None:
        raise Refused("not_an_approver")
    people = {person for person in (work.actor.id, work.on_behalf_of) if person is not None}
    if loaded.place.parts.get("owner") in people:
        raise Refused("barred_owner_votes")
    if people & hands_on_change(work.session, change):
        raise Refused("barred_edited")
    if any(people & {vote.person_id, vote.on_behalf_of} for vote in votes):
        raise Refused("approved_already")
    part = part_of(work.voice, loaded, open_parts)
    vote = PlanChangeVote(
        change_id=change.id, part=part, verdict=command.verdict, reason=reason, asked_digest=found.digest,
        person_id=work.actor.id, on_behalf_of=work.on_behalf_of, right_used=right, at=work.at,
    )  # fmt: skip
    work.session.add(vote)
    _log(
        work, loaded, Event.PLAN_CHANGE_VOTED, change, right, (vote,),
        part=part, verdict=command.verdict, reason=reason, digest=found.digest,
    )  # fmt: skip
    if command.verdict == REFUSE:
        _end_change(work, loaded, change, REFUSED, right, reason, _restore_draft(work, loaded))
        if change.asked_by is not None:
            payload = {"change": change.id, "reason": reason}
            work.tell(change.asked_by, "plan_change_refused", measure_id=loaded.measure.id, payload=payload)
    elif open_parts == [part]:
        _freeze(work, loaded, change, right)
    _settle_again(work, loaded.measure.id)
    return {"state": change.state}


def withdraw_plan_change(command: WithdrawPlanChange) -> None:
    """Take an open request back; the draft returns to the plan in force. Needs finance:plan.

    Raises NotFound, Refused, Stale, KeyReused, Invalid (`reason`).
    """
    writing_once(command, lambda work: _withdraw(work, command))


def _withdraw(work: Work, command: WithdrawPlanChange) -> None:
    loaded, right = _locked_for(work, command.key, Permission.FINANCE_PLAN)
    change = _change(work, loaded, command.change_id, DRAFT, ASKED)
    reason = _reason(command.reason, needed=False)
    _end_change(work, loaded, change, WITHDRAWN, right, reason, _restore_draft(work, loaded))
    _settle_again(work, loaded.measure.id)
