"""Measures at any stage, brought there through the verbs by the people who may (see cast.py)."""

from collections.abc import Callable
from datetime import date, timedelta
from functools import partial
from itertools import count
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from govapp.data.engine import reading
from govapp.data.measures import Measure, Milestone
from govapp.data.reviews import Review
from govapp.data.snapshots import Loaded, load_measure
from govapp.domain.asks import AskKind
from govapp.domain.gates import gate_findings
from govapp.services._work import now
from govapp.services.evidence import Submission, SubmitEvidence, Submitted, submit_evidence
from govapp.services.judging import Judged, JudgeEvidence, judge_evidence
from govapp.services.measures import EditMeasure, ProposeMeasure, edit_measure, propose_measure
from govapp.services.moves import MoveMeasure, MoveOutcome, move_measure
from govapp.services.parts import AssignParts, assign_parts
from govapp.services.plans import SetMilestone, set_milestone
from govapp.services.reviews import AcceptProposal, CastVote, VoteOutcome, accept_proposal, cast_vote
from govapp.services.risks import SetRisk, set_risk
from tests.cast import Cast, Someone
from tests.samples_of_evidence import values_for
from tests.support.worlds import remembered

_numbers = count(1)
PARTS = {
    "owner": "owner",
    "sponsor": "sponsor",
    "controller": "controller",
    "service_owner": "service_owner",
    "process_owner": "member",
    "reporting_owner": "member",
    "finance_contact": "finance",
}


def key_of_form() -> str:
    """A fresh action key."""
    return f"key-{next(_numbers)}"


def fields_of(**given: Any) -> dict[str, Any]:
    """Fields with which a proposal may be accepted."""
    return {
        "title": "Fewer password calls at the service desk",
        "problem": "Every third call is about a locked account; people wait eleven minutes each time it happens.",
        "expected_effect": "Half of the password calls disappear within a year.",
        "business_unit": "business-unit-1",
        "legal_entity": "legal-entitie-1",
        "function": "function-1",
        "service": "service-1",
        "change_type": "process",
        "risk_rating": "low",
    } | given


@remembered
def make_proposal(cast: Cast, branch: str = "service-desk", by: Someone | None = None, **fields: Any) -> str:
    """A proposal by the owner; returns its key."""
    return propose_measure(ProposeMeasure(branch, fields_of(**fields), (by or cast.owner).origin))


@remembered
def make_measure(
    cast: Cast, stage: str | None = "defined", branch: str = "service-desk", **fields: Any
) -> str:
    """A measure of the cast at a stage (None: a proposal), with everybody in their parts; returns its key."""
    key = make_proposal(cast, branch, **fields)
    assign_all(cast, key)
    return bring_to(cast, key, stage) if stage else key


def loaded(key: str) -> Loaded:
    """The measure as verbs see it, read in a transaction that has ended."""
    with reading() as session:
        return _loaded(session, key)


def _loaded(session: Session, key: str) -> Loaded:
    found = load_measure(session, key)
    assert found is not None, f"there is no {key}"
    return found


def measure_row(key: str) -> Measure:
    """The measure's row, detached."""
    with reading() as session:
        row = session.scalars(select(Measure).where(Measure.key == key)).one()
        session.expunge(row)
        return row


def version_of(key: str) -> int:
    """The measure's version now."""
    return measure_row(key).version


def stage_of(key: str) -> str | None:
    """The measure's stage now."""
    return measure_row(key).stage


def today_of(key: str) -> date:
    """The day in the measure's organization."""
    return now().astimezone(ZoneInfo(loaded(key).timezone)).date()


@remembered
def assign_all(cast: Cast, key: str, **parts: Someone) -> None:
    """Put everybody into their parts; `parts` names others."""
    named = {part: getattr(cast, who).id for part, who in PARTS.items()} | {
        part: who.id for part, who in parts.items()
    }
    assign_parts(AssignParts(key, version_of(key), named, cast.lead.origin))


def submit(cast: Cast, key: str, kind: str, by: Someone | None = None, **values: Any) -> Submitted:
    """Hand in valid evidence of a kind; `values` replace what would be made up."""
    measure = loaded(key)
    spec = measure.rules.kinds[kind]
    who = by or next(getattr(cast, PARTS[part]) for part in spec.submitted_by if part in PARTS)
    stones = measure.snapshot.milestones
    if stones and any(field.name == "milestone" for field in spec.fields):
        values.setdefault("milestone", next((one.name for one in stones if one.final), stones[-1].name))
    given = values_for(spec, who.origin, cast.member.id, today_of(key), measure.snapshot.fields, **values)
    return submit_evidence(SubmitEvidence(key, Submission(kind, given), who.origin, key_of_form()))


def judge(
    cast: Cast, key: str, kind: str, verdict: str = "accept", by: Someone | None = None, **more: Any
) -> Judged:
    """A verdict on the newest piece of a kind, by whom the kind names."""
    measure = loaded(key)
    fact = max(
        (one for one in measure.snapshot.evidence if one.kind == kind), key=lambda one: one.evidence_id
    )
    named = measure.rules.kinds[kind].judge
    part = named.parts[0] if named and named.parts else ""
    who = by or (getattr(cast, PARTS[part]) if part else cast.lead)
    values: dict[str, Any] = {"seen_revision": fact.revision, "action_key": key_of_form()} | more
    return judge_evidence(
        JudgeEvidence(
            key, fact.evidence_id, verdict=verdict, origin=values.pop("origin", who.origin), **values
        )
    )


def move(
    cast: Cast, key: str, stage: str | None = None, by: Someone | None = None, **more: Any
) -> MoveOutcome:
    """Drop the card on a stage, seen as it is now; `ask`, `reason`, `details`, `seen_version` as in MoveMeasure."""
    values: dict[str, Any] = {"seen_version": version_of(key), "action_key": key_of_form()} | more
    return move_measure(MoveMeasure(key=key, origin=(by or cast.owner).origin, stage=stage, **values))


def changed_at(key: str) -> int:
    """The sequence at which the measure's card last changed, as the board shows it."""
    card = loaded(key).card
    assert card is not None
    return card.change_seq


def accept(cast: Cast, key: str, by: Someone | None = None, **more: Any) -> VoteOutcome | MoveOutcome:
    """The program lead takes a proposal in, seen as it is now."""
    values: dict[str, Any] = {"seen_change": changed_at(key), "action_key": key_of_form()} | more
    return accept_proposal(AcceptProposal(key=key, origin=(by or cast.lead).origin, **values))


def open_review(key: str) -> tuple[int, int]:
    """Id of the open review and the number of its newest dossier."""
    review = loaded(key).snapshot.review
    assert review is not None, f"{key} has no open review"
    return review.id, review.dossier


def review_states(key: str) -> list[str]:
    """States of the measure's reviews, oldest first."""
    with reading() as session:
        found = select(Review.state).join(Measure, Measure.id == Review.measure_id).where(Measure.key == key)
        return list(session.scalars(found.order_by(Review.id)))


def vote(cast: Cast, key: str, by: Someone, verdict: str = "approve", **more: Any) -> VoteOutcome:
    """A vote on the open review's newest dossier."""
    review, dossier = open_review(key)
    values: dict[str, Any] = {"dossier": dossier, "action_key": key_of_form()} | more
    return cast_vote(CastVote(review, verdict, origin=by.origin, **values))


def vote_all(cast: Cast, key: str) -> None:
    """Everybody the steps wait for approves; the last vote moves the card."""
    review = loaded(key).snapshot.review
    assert review is not None
    for step in review.steps:
        part = next(iter(step.deciders.get("parts", ())), None)
        vote(cast, key, getattr(cast, PARTS[part]) if part else cast.lead)


@remembered
def supply(cast: Cast, key: str, into: str) -> None:
    """Make every criterion of a gate hold."""
    measure = loaded(key)
    rules = measure.rules
    for finding in gate_findings(rules, rules.gates[into], measure.snapshot, today_of(key)):
        if not finding.met:
            _meet(cast, key, finding.key)


def _meet(cast: Cast, key: str, criterion: str) -> None:
    kind, _, name = criterion.partition(":")
    owner, today = cast.owner.origin, today_of(key)
    if kind == "evidence":
        submit(cast, key, name)
        if loaded(key).rules.kinds[name].judged:
            judge(cast, key, name)
    elif criterion == "field:dependencies":
        edit_measure(EditMeasure(key, version_of(key), {"no_dependencies_declared": True}, owner))
    elif criterion == "milestone:plan":
        for n, what in enumerate(("Form ready", "Pilot done", "Rolled out"), 1):
            day = today + timedelta(days=10 * n)
            set_milestone(SetMilestone(key, what, owner, owner_id=cast.owner.id, plan_date=day, final=n == 3))
    elif criterion == "milestone:all-done":
        finish_milestones(cast, key)
    elif criterion == "risk:register":
        set_risk(
            SetRisk(
                key,
                "People keep calling out of habit",
                2,
                2,
                owner,
                cast.owner.id,
                "Tell them at the first call",
            )
        )
    else:
        raise AssertionError(f"nothing here supplies {criterion}: give it when making the measure")


@remembered
def finish_milestones(cast: Cast, key: str) -> None:
    """Every milestone is done today."""
    with reading() as session:
        found = select(Milestone).join(Measure, Measure.id == Milestone.measure_id).where(Measure.key == key)
        rows = session.scalars(found.where(Milestone.actual_date.is_(None))).all()
        session.expunge_all()
    for row in rows:
        set_milestone(
            SetMilestone(
                key, row.name, cast.owner.origin, owner_id=row.owner_id, plan_date=row.plan_date,
                actual_date=today_of(key), final=row.final, milestone_id=row.id,
            )
        )  # fmt: skip


def through(
    cast: Cast, key: str, into: str, supply: Callable[[], None], vote_all: Callable[[], None]
) -> None:
    """Supply, ask, and let everybody approve, in the ways of a version of the set."""
    supply()
    if loaded(key).snapshot.stage is None:
        accept(cast, key)
        return
    outcome = move(cast, key, into)
    assert outcome.decision is not None
    assert not outcome.decision.unmet, [(f.key, f.code, dict(f.values)) for f in outcome.decision.unmet]
    vote_all()


def pass_gate(cast: Cast, key: str, into: str) -> None:
    """Supply, ask, and let everybody approve."""
    through(cast, key, into, lambda: supply(cast, key, into), lambda: vote_all(cast, key))


def walk(key: str, stage: str, step: Callable[[str, str], None]) -> str:
    """Take gate after gate by `step(key, into)` until the measure stands in a stage; returns its key."""
    rules = loaded(key).rules
    while (here := stage_of(key)) != stage:
        following = rules.next_stage(here)
        assert following is not None, f"{key} is past {stage}"
        step(key, following)
        assert stage_of(key) == following, f"{key} did not pass the gate into {following}"
    return key


@remembered
def bring_to(cast: Cast, key: str, stage: str) -> str:
    """Pass gate after gate until the measure stands in a stage; returns its key."""
    return walk(key, stage, partial(pass_gate, cast))


def hold(cast: Cast, key: str) -> MoveOutcome:
    """The program lead puts it on hold."""
    return move(cast, key, ask=AskKind.HOLD, by=cast.lead, reason="The vendor has to answer first")
