"""What the page of a review shows: its dossier, what changed, the votes, and whether the reader may vote."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from govapp.data import review_queries as queries
from govapp.data.actors import groups_of
from govapp.data.measure_pages import people_here
from govapp.data.measure_queries import choices_of
from govapp.data.measure_records import names_of
from govapp.data.report_archive import FiledDossier, filed_dossiers
from govapp.data.snapshots import Loaded, load_measure
from govapp.domain.approvals import REFUSED, SEND_BACK, standing, tally
from govapp.domain.clocks import Clock, clock_of
from govapp.domain.differences import Change, differences, people_in, unchanged
from govapp.domain.errors import NotFound, Refused
from govapp.domain.permissions import Permission
from govapp.domain.rights import Actor, may
from govapp.domain.rules import Rules
from govapp.domain.snapshot import ReviewFact, StepFact, VoteFact
from govapp.services._dossier import dossier_content
from govapp.services._path_views import StepView, path_views
from govapp.services._vote_checks import takes_conditions
from govapp.services._voting import Ballot, ballot_for, closing_for
from govapp.services.asking import right_to_ask_people
from govapp.services.closing_proofs import ClosingProofs, closing_proofs
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
class MyVote:
    """What the reader may do: `why_not` is a code, '' when they may vote or close a ballot.

    `closes`: the step whose ballot they may close; `most_conditions` more than none where conditions may be set, owned
    by one of `people`; `sends_back` where a refusal of theirs alone ends the review; `absent` for whom they decide.
    """

    why_not: str
    step: StepFact | None = None
    closes: StepFact | None = None
    most_conditions: int = 0
    people: tuple[Any, ...] = ()
    sends_back: bool = False
    absent: Actor | None = None


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
    path: tuple[StepView, ...]
    filed: FiledDossier | None
    since_decision: Compared | None
    since_seen: Compared | None
    live: tuple[Change, ...]
    choices: Mapping[str, list[tuple[str, str]]]
    people: Mapping[int, str]
    clocks: Mapping[int, Clock | None]
    mine: MyVote
    withdraws: bool
    reminds: bool
    proofs: ClosingProofs | None = None

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
    today = at.astimezone(ZoneInfo(loaded.timezone)).date()
    path = path_views(loaded, head, steps)
    filed = filed_dossiers(session, [review_id]) if head.state in queries.DECIDED else {}
    return ReviewPage(
        head=head,
        title=loaded.measure.title,
        question=loaded.rules.gates[head.into].question if head.into in loaded.rules.gates else "",
        loaded=loaded,
        dossiers=own,
        shown=shown,
        content=content,
        path=path,
        filed=filed.get(review_id),
        since_decision=_compared(before, found, content),
        since_seen=_compared(earlier, found, content),
        live=differences(content, fresh) if fresh else (),
        choices=choices_of(session, loaded.measure.organization_id),
        people=names_of(session, people_in(*found.values(), fresh) | _people_of(path)),
        clocks={s.id: clock_of(loaded.clock.calendar, s.target_hours, s.target_at, at) for s in steps},
        mine=_vote_of(session, actor, loaded, head, today),
        withdraws=head.state == "open" and withdrawing_as(actor, head.askers, loaded.place) is not None,
        reminds=right_to_ask_people(actor, loaded.place) is not None,
        proofs=closing_proofs(session, actor, loaded, head.into) if shown is own[-1] else None,
    )


def _people_of(path: tuple[StepView, ...]) -> set[int]:
    """Ids of everybody the path names."""
    found = {person for view in path for person in (*view.pending, *(person for person, _ in view.barred))}
    return found | {one["owner"] for view in path for vote in view.row.votes for one in vote.conditions}


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
        mine = [
            vote.dossier for step in steps for vote in step.votes if actor.id in {vote.person_id, vote.voice}
        ]
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


def _vote_of(session: Session, actor: Actor, loaded: Loaded, head: queries.ReviewHead, today: date) -> MyVote:
    """What this person may do about the open review now, and if nothing why."""
    review = loaded.snapshot.review
    if head.state != "open" or review is None:
        return MyVote("review_ended")
    if loaded.snapshot.state not in {"active", "proposed"}:
        return MyVote("review_paused")
    closes = _closes(actor, loaded)
    try:
        ballot = ballot_of(session, actor, loaded)
    except Refused as refused:
        return MyVote("" if closes else refused.code, closes=closes)
    step, voice = ballot.step, ballot.voice
    conditions = takes_conditions(loaded, step)
    rule = loaded.rules.decisions.get("conditional_advance")
    return MyVote(
        "",
        step,
        closes,
        int(rule.conditions.get("max_count", 5)) if rule and conditions else 0,
        people_here(session, loaded.place, today) if conditions else (),
        ends_review(step, voice.id or 0, review, loaded.rules),
        None if voice.id == actor.id else voice,
    )


def ends_review(step: StepFact, person: int, review: ReviewFact, rules: Rules) -> bool:
    """True when a refusal by this person sends the review back, whoever else has still to vote."""
    refusal = VoteFact(person, SEND_BACK, review.basis, review.opened_at)
    after = replace(step, votes=(*step.votes, refusal))
    found = standing(after, review.basis, open_order=step.order, one_refusal=rules.one_refusal)
    return found.state == REFUSED


def ballot_of(session: Session, actor: Actor, loaded: Loaded, only: int | None = None) -> Ballot:
    """The open step on which the actor would vote, and whose voice it is. Raises Refused with the reason."""
    review = loaded.snapshot.review
    named = review is not None and any(step.deciders.get("groups") for step in review.steps)

    def groups(voice: Actor) -> frozenset[str]:
        return groups_of(session, voice.id or 0, loaded.measure.organization_id) if named else frozenset()

    return ballot_for(actor, groups, loaded, only)


def _closes(actor: Actor, loaded: Loaded) -> StepFact | None:
    """The step whose ballot the actor may close now: its quorum has voted."""
    review = loaded.snapshot.review
    try:
        step, _ = closing_for(actor, loaded)
    except (Refused, NotFound):
        return None
    count = tally(step, review.basis if review else "")
    return step if count.cast >= count.quorum else None
