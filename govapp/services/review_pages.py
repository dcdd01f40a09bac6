"""What the page of a review shows: its dossier, what changed, the votes, and whether the reader may vote."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from govapp.data import review_queries as queries
from govapp.data.actors import groups_of
from govapp.data.measure_queries import choices_of
from govapp.data.measure_records import names_of
from govapp.data.snapshots import Loaded, load_measure
from govapp.domain.approvals import COMMENT, barred_holders, standings
from govapp.domain.clocks import Clock, clock_of
from govapp.domain.differences import Change, differences, people_in, unchanged
from govapp.domain.errors import NotFound, Refused
from govapp.domain.permissions import Permission
from govapp.domain.rights import Actor, may
from govapp.services._dossier import dossier_content
from govapp.services._voting import Ballot, ballot_for
from govapp.services.asking import right_to_ask_people
from govapp.services.reviews import withdrawing_as


@dataclass(frozen=True, slots=True)
class Compared:
    """What differs from an earlier dossier: which one, since when, the changes, how much stayed the same."""

    review_id: int
    number: int
    at: datetime
    changes: tuple[Change, ...]
    same: int


@dataclass(frozen=True, slots=True)
class ReviewPage:
    """A review as one person sees it."""

    head: queries.ReviewHead
    title: str
    question: str
    loaded: Loaded
    dossiers: tuple[queries.DossierHead, ...]
    shown: queries.DossierHead
    content: Mapping[str, Any]
    steps: tuple[queries.StepRow, ...]
    states: Mapping[int, str]
    since_decision: Compared | None
    since_seen: Compared | None
    live: tuple[Change, ...]
    choices: Mapping[str, list[tuple[str, str]]]
    people: Mapping[int, str]
    stuck: Mapping[int, str]
    clocks: Mapping[int, Clock | None]
    my_step: int | None
    absent: Actor | None
    why_not: str
    withdraws: bool
    reminds: bool

    @property
    def latest(self) -> bool:
        """True when the newest dossier is shown."""
        return self.shown.number == self.dossiers[-1].number

    @property
    def unmet(self) -> list[Mapping[str, Any]]:
        """Findings of the shown dossier that are not met."""
        return [finding for finding in self.content["findings"] if not finding["met"]]


def review_page(
    session: Session,
    actor: Actor,
    review_id: int,
    at: datetime,
    *,
    number: int | None = None,
    seen: int | None = None,
) -> ReviewPage:
    """The review with its newest dossier, or the numbered one; `seen` adds what changed since that dossier.

    Raises NotFound, also for a measure the reader may not know of.
    """
    head = queries.review_head(session, review_id)
    loaded = load_measure(session, head.key) if head else None
    if head is None or loaded is None:
        raise NotFound("not_found")
    may(actor, Permission.REVIEW_VIEW, loaded.place)
    every = queries.dossiers(session, [review_id, *([head.previous_id] if head.previous_id else [])])
    own = tuple(one for one in every if one.review_id == review_id)
    shown = next((one for one in own if one.number == (number or own[-1].number)), None)
    if shown is None:
        raise NotFound("not_found")
    steps = tuple(queries.steps(session, review_id))
    before = next((one for one in reversed(every) if one.review_id == head.previous_id), None)
    earlier = _seen_before(actor, own, shown, steps, seen)
    wanted = [one.id for one in (shown, before, earlier) if one is not None]
    found = queries.contents(session, wanted)
    content = found[shown.id]
    fresh = _live(session, loaded, head, at) if shown is own[-1] else None
    why_not, ballot = _voting(session, actor, loaded, head)
    return ReviewPage(
        head=head,
        title=loaded.measure.title,
        question=loaded.rules.gates[head.into].question if head.into in loaded.rules.gates else "",
        loaded=loaded,
        dossiers=own,
        shown=shown,
        content=content,
        steps=steps,
        states=_states(loaded, head, steps),
        since_decision=_compared(before, found, content),
        since_seen=_compared(earlier, found, content),
        live=differences(content, fresh) if fresh else (),
        choices=choices_of(session, loaded.measure.organization_id),
        people=names_of(session, people_in(*found.values(), fresh)),
        stuck=_stuck(loaded),
        clocks={s.id: clock_of(loaded.clock.calendar, s.target_hours, s.target_at, at) for s in steps},
        my_step=ballot.step.id if ballot else None,
        absent=ballot.voice if ballot and ballot.voice.id != actor.id else None,
        why_not=why_not,
        withdraws=head.state == "open" and withdrawing_as(actor, head.askers, loaded.place) is not None,
        reminds=right_to_ask_people(actor, loaded.place) is not None,
    )


def _compared(
    before: queries.DossierHead | None, found: Mapping[int, Mapping[str, Any]], content: Mapping[str, Any]
) -> Compared | None:
    if before is None:
        return None
    old = found[before.id]
    return Compared(
        before.review_id, before.number, before.at, differences(old, content), unchanged(old, content)
    )


def _seen_before(
    actor: Actor,
    own: tuple[queries.DossierHead, ...],
    shown: queries.DossierHead,
    steps: tuple[queries.StepRow, ...],
    seen: int | None,
) -> queries.DossierHead | None:
    """The dossier the reader has seen before this one: the one named, else that of their latest vote."""
    if seen is None:
        mine = [vote.dossier for step in steps for vote in step.votes if vote.person_id == actor.id]
        seen = max(mine, default=None)
    return next((one for one in own if one.number == seen and one.number < shown.number), None)


def _live(
    session: Session, loaded: Loaded, head: queries.ReviewHead, at: datetime
) -> Mapping[str, Any] | None:
    """The dossier as it would be written now; only while the review is open."""
    if head.state != "open" or loaded.snapshot.review is None:
        return None
    today: date = at.astimezone(ZoneInfo(loaded.timezone)).date()
    return dossier_content(session, loaded, head.into, today)


def _states(loaded: Loaded, head: queries.ReviewHead, steps: tuple[queries.StepRow, ...]) -> dict[int, str]:
    review = loaded.snapshot.review
    if head.state == "open" and review is not None:
        return {
            key: standing.state for key, standing in standings(review, review.basis, loaded.rules).items()
        }
    return {step.id: step.state for step in steps}


def _stuck(loaded: Loaded) -> dict[int, str]:
    """Steps of the open review whose only deciders may not decide, with their names."""
    review = loaded.snapshot.review
    found = {}
    for step in review.steps if review else ():
        barred = {int(person) for step_id, _, person in loaded.barred if step_id == step.id}
        names = barred_holders(step.deciders, loaded.snapshot, barred)
        if names:
            found[step.id] = ", ".join(names)
    return found


def _voting(
    session: Session, actor: Actor, loaded: Loaded, head: queries.ReviewHead
) -> tuple[str, Ballot | None]:
    """Why this person may not vote now ('' when they may), and their step, with whose voice it is."""
    if head.state != "open" or loaded.snapshot.review is None:
        return "review_ended", None
    if loaded.snapshot.state not in {"active", "proposed"}:
        return "review_paused", None
    named = any(step.deciders.get("groups") for step in loaded.snapshot.review.steps)

    def groups(voice: Actor) -> frozenset[str]:
        return groups_of(session, voice.id or 0, loaded.measure.organization_id) if named else frozenset()

    try:
        return "", ballot_for(actor, groups, loaded)
    except Refused as refused:
        return refused.code, None


def counting(page: ReviewPage) -> set[tuple[int, int]]:
    """Step and person of the decisions that stand: the last of each voice in a step, on the newest basis."""
    basis = page.dossiers[-1].basis_digest
    last: dict[tuple[int, int], tuple[int, str]] = {}
    for step in page.steps:
        for vote in step.votes:
            if vote.verdict != COMMENT:
                last[step.id, vote.behalf_id or vote.person_id] = vote.person_id, vote.basis
    return {(step, person) for (step, _voice), (person, given_on) in last.items() if given_on == basis}
