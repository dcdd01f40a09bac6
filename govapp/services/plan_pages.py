"""The plan of a measure for its finance page: versions, change requests, and what somebody may do about them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy.orm import Session

from govapp.data.ledger import PlanChange
from govapp.data.plan_pages import ChangeShown, VersionShown, changes_of, versions_of
from govapp.data.plan_queries import changes_between, draft_changes, hands_on_change
from govapp.data.snapshots import Loaded
from govapp.domain.deputies import DECIDE
from govapp.domain.duties import VOTE
from govapp.domain.errors import Invalid, NotFound, Refused
from govapp.domain.permissions import Permission
from govapp.domain.plan_changes import ASKED, DRAFT, still_open
from govapp.domain.plan_differences import LineChange, Misfit, misfits
from govapp.domain.plan_versions import PlanLine
from govapp.domain.rights import Actor, right_of
from govapp.services._plan_drafts import Measured, measured, part_of, part_right
from govapp.services.duties import voice_for


@dataclass(frozen=True, slots=True)
class PlanPage:
    """What the page shows, by `kinds` in the order of the rules.

    `vote_as` is the part in whose name the person may approve, `vote_for` whose deputy they are then, `barred` a code
    why they may not.
    `held` is what the draft of an open request changes; None without one, or where a currency has no plan rate
    (`unrated`). `lines` is the same by line and month; `misfits` are lines whose plan, or its draft, no longer gives
    their run rate. `frozen` tells whether the plan is frozen at this stage.
    """

    kinds: Sequence[str]
    versions: Sequence[VersionShown]
    changes: Sequence[ChangeShown]
    change: ChangeShown | None
    held: Measured | None
    unrated: str
    missing: Sequence[str]
    frozen: bool
    may_open: bool
    may_ask: bool
    may_withdraw: bool
    vote_as: str
    vote_for: str
    barred: str
    lines: Sequence[LineChange] = ()
    misfits: Sequence[Misfit] = ()


def plan_page(session: Session, loaded: Loaded, actor: Actor, day: date) -> PlanPage:
    """Everything about the plan of a measure, as of a day in its organization."""
    versions, changes = versions_of(session, loaded.measure.id), changes_of(session, loaded.measure.id)
    change = next((each for each in changes if each.state in {DRAFT, ASKED}), None)
    stage = loaded.rules.frozen_in(loaded.snapshot.stage)
    goes_on = loaded.snapshot.state != "cancelled" and not loaded.measure.archived
    plans = goes_on and right_of(actor, Permission.FINANCE_PLAN, loaded.place) is not None
    terminal = stage is not None and loaded.rules.stage(loaded.snapshot.stage or "").terminal
    held, unrated = _held(session, loaded, day) if change else (None, "")
    missing = still_open(change.needs, [vote.part for vote in change.votes]) if change else []
    part, voice, barred = "", "", ""
    if change is not None and change.state == ASKED and goes_on:
        part, voice, barred = _vote(session, loaded, actor, change, missing)
    known = list(loaded.rules.effects.kinds)
    kinds = [
        *known,
        *sorted({kind for each in versions for kind in (*each.totals, *each.run_rates)} - {*known}),
    ]
    return PlanPage(
        kinds, versions, changes, change, held, unrated, missing, stage is not None,
        may_open=plans and stage is not None and change is None and not terminal,
        may_ask=plans and change is not None and change.state == DRAFT and bool(held and held.differs),
        may_withdraw=plans and change is not None,
        vote_as=part, vote_for=voice, barred=barred,
        lines=draft_changes(session, loaded.measure.id, held.before, held.draft, loaded.plan_number) if held else (),
        misfits=misfits(held.draft if held else _as_gates_read(loaded)),
    )  # fmt: skip


def _as_gates_read(loaded: Loaded) -> list[PlanLine]:
    """The plan in force, or the draft where none is frozen, from the snapshot."""
    return [
        PlanLine(
            line.id, line.name, line.kind, line.timing, line.category, "", line.currency, line.run_rate,
            {date.fromisoformat(f"{month}-01") if month else None: amount for month, amount in line.plan},
        )
        for line in loaded.snapshot.lines
    ]  # fmt: skip


@dataclass(frozen=True, slots=True)
class VersionPage:
    """A frozen version held against the one before it (None: it is the first), and the request that led to it."""

    version: VersionShown
    before: VersionShown | None
    change: ChangeShown | None
    lines: Sequence[LineChange]


def version_page(session: Session, loaded: Loaded, number: int) -> VersionPage:
    """A version with what it changed. Raises NotFound."""
    versions = {each.number: each for each in versions_of(session, loaded.measure.id)}
    if number not in versions:
        raise NotFound("not_found")
    version, before = versions[number], versions.get(number - 1)
    asked = changes_of(session, loaded.measure.id) if version.change_id else []
    lines = changes_between(session, loaded.measure.id, number - 1, number)
    return VersionPage(
        version, before, next((each for each in asked if each.id == version.change_id), None), lines
    )


def _held(session: Session, loaded: Loaded, day: date) -> tuple[Measured | None, str]:
    try:
        return measured(session, loaded, day), ""
    except Invalid as error:
        return None, str(error.values.get("currencies", ""))


def _vote(
    session: Session, loaded: Loaded, actor: Actor, change: ChangeShown, missing: list[str]
) -> tuple[str, str, str]:
    """The part somebody may approve as, for whom they do so, and a code why they may not although a part names them."""
    try:
        found = voice_for(
            actor,
            loaded.rules,
            loaded.place,
            DECIDE,
            lambda voice: part_right(voice, loaded, missing),
            act=VOTE,
        )
    except Refused as refused:
        return "", "", refused.code
    if found is None:
        return "", "", ""
    voice = found[0]
    part = part_of(voice, loaded, missing)
    people = {person for person in (actor.id, voice.id) if person is not None}
    row = session.get_one(PlanChange, change.id)
    if loaded.place.parts.get("owner") in people:
        return "", "", "barred_owner_votes"
    if people & hands_on_change(session, row):
        return "", "", "barred_edited"
    if any(people & vote.people for vote in change.votes):
        return "", "", "approved_already"
    return part, "" if voice is actor else voice.name, ""
