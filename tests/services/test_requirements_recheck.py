"""Forms, files and approvals are judged again inside the transaction that moves, whatever a page said before (R02)."""

import threading
import time
from dataclasses import replace
from datetime import timedelta
from functools import partial

import pytest
from sqlalchemy import select

from govapp.data.actors import load_actor
from govapp.data.engine import reading
from govapp.data.measures import Measure, Milestone
from govapp.domain.asks import Outcome
from govapp.domain.errors import Invalid, Stale
from govapp.services._work import now, writing
from govapp.services.board_moves import decision_on, standing
from govapp.services.evidence import Submission, SubmitEvidence, _submit_evidence
from govapp.services.moves import MoveMeasure, move_measure
from govapp.services.plans import RemoveMilestone, _remove_milestone, remove_milestone
from govapp.services.reviews import CastVote, cast_vote
from tests.factories import (
    loaded,
    make_measure,
    move,
    open_review,
    review_states,
    stage_of,
    supply,
    today_of,
    version_of,
    vote,
)
from tests.many import at_once
from tests.samples_of_evidence import values_for

pytestmark = pytest.mark.usefixtures("database")


@pytest.fixture
def key(cast):
    """A measure in Identified for which everything into Detailed is there."""
    made = make_measure(cast, "identified")
    supply(cast, made, "detailed")
    return made


def promised(cast, key, stage):
    """What a page says about a drop now."""
    with reading() as session:
        owner = load_actor(session, cast.owner.id, now())
    return decision_on(owner, standing(owner, key, now()), stage, None).outcome


def first_milestone(key):
    with reading() as session:
        found = (
            select(Milestone.id).join(Measure, Measure.id == Milestone.measure_id).where(Measure.key == key)
        )
        return session.scalars(found.order_by(Milestone.id)).first()


def while_it_waits(origin, change, act):
    """What an act comes to that begins while another transaction has changed something and not ended yet."""
    begun = threading.Event()

    def body(work):
        change(work)
        work.session.flush()
        begun.set()
        time.sleep(0.5)

    def second():
        begun.wait(10)
        return act()

    first, found = at_once([partial(writing, origin, body), second])
    assert first is None
    return found


def test_r02_a_page_that_promised_a_move_binds_nobody(cast, key):
    version = version_of(key)
    assert promised(cast, key, "detailed") is Outcome.NEEDS_REVIEW
    remove_milestone(RemoveMilestone(key, first_milestone(key), cast.owner.origin))
    assert version_of(key) == version, "the move names a version that still stands"
    outcome = move(cast, key, "detailed", seen_version=version)
    assert outcome.outcome is Outcome.REFUSED
    assert [finding.key for finding in outcome.decision.unmet] == ["milestone:plan"]
    assert review_states(key).count("open") == 0


def test_r02_a_move_that_had_to_wait_judges_what_it_finds_then(cast, key):
    gone = RemoveMilestone(key, first_milestone(key), cast.owner.origin)
    asked = MoveMeasure(key, cast.lead.origin, version_of(key), "detailed")
    outcome = while_it_waits(
        gone.origin, lambda work: _remove_milestone(work, gone), partial(move_measure, asked)
    )
    assert outcome.outcome is Outcome.REFUSED
    assert [finding.key for finding in outcome.decision.unmet] == ["milestone:plan"]
    assert stage_of(key) == "identified"


def test_r02_a_last_vote_that_had_to_wait_finds_another_dossier_and_moves_nothing(cast, key):
    move(cast, key, "detailed")
    vote(cast, key, cast.controller)
    review, dossier = open_review(key)
    kind = loaded(key).rules.kinds["plan-numbers"]
    values = values_for(kind, cast.owner.origin, cast.member.id, today_of(key), run_rate=70_000)
    handed = SubmitEvidence(key, Submission(kind.key, values), cast.owner.origin)
    last = partial(cast_vote, CastVote(review, "approve", dossier, cast.sponsor.origin))
    found = while_it_waits(handed.origin, lambda work: _submit_evidence(work, handed), last)
    assert isinstance(found, Stale)
    assert (found.code, stage_of(key)) == ("dossier_changed", "identified")


def test_r02_evidence_that_expires_while_votes_are_out_lets_no_last_vote_move(cast):
    made = make_measure(cast, "detailed")
    supply(cast, made, "decided")
    move(cast, made, "decided")
    vote(cast, made, cast.controller)
    review, dossier = open_review(made)
    later = replace(cast.sponsor.origin, at=now() + timedelta(days=400))
    done = cast_vote(CastVote(review, "approve", dossier, later))
    assert (done.result, stage_of(made)) == ("granted", "detailed")
    assert {finding.code for finding in done.move.decision.unmet} == {"evidence_expired"}


@pytest.mark.parametrize(
    "files", [None, [], [{"name": "case.pdf", "sha256": "0" * 64, "size": 9, "type": "application/pdf"}]]
)
def test_r02_a_move_takes_along_no_evidence_whose_file_is_not_in_the_store(cast, files):
    made = make_measure(cast, "detailed")
    kind = loaded(made).rules.kinds["business-case"]
    values = values_for(kind, cast.owner.origin, cast.member.id, today_of(made)) | {"file": files}
    command = MoveMeasure(
        made, cast.owner.origin, version_of(made), "decided", evidence=Submission(kind.key, values)
    )
    with pytest.raises(Invalid):
        move_measure(command)
    assert not [fact for fact in loaded(made).snapshot.evidence if fact.kind == kind.key]
    assert stage_of(made) == "detailed"
