"""The inbox and its counter: what a person may really decide, and what names them in vain (R03)."""

import pytest
from sqlalchemy import select

from govapp.data.actors import load_actor
from govapp.data.engine import reading
from govapp.data.inbox import named_but_barred, waiting_count, waiting_for
from govapp.data.reviews import BARRED, StepDecider
from govapp.services._work import now
from govapp.services.grants import GrantRole, grant_role
from govapp.services.settling import settle_all
from tests.cast import SYSTEM
from tests.factories import (
    assign_all,
    loaded,
    make_measure,
    make_proposal,
    move,
    submit,
    supply,
    vote,
)

pytestmark = pytest.mark.usefixtures("database")


def inbox(cast, person, key):
    """Count, what waits, and what names the person in vain with the reason."""
    with reading() as session:
        actor = load_actor(session, person.id, now())
        count, waiting = waiting_count(session, actor), waiting_for(session, actor)
        barred = [(row.measure, row.why_not) for row in named_but_barred(session, actor)]
    assert count == len(waiting)
    return [row.measure for row in waiting], barred


def barred_rows():
    with reading() as session:
        found = select(StepDecider.kind, StepDecider.key).where(StepDecider.kind.startswith(BARRED))
        return {(row.kind.removeprefix(BARRED), int(row.key)) for row in session.execute(found)}


@pytest.fixture
def key(cast):
    """A measure in Defined that waits for its sponsor."""
    made = make_measure(cast, "defined")
    supply(cast, made, "identified")
    move(cast, made, "identified")
    return made


def test_r03_a_step_waits_in_vain_for_whoever_handed_in_what_it_judges_until_somebody_else_did(cast, key):
    assert inbox(cast, cast.sponsor, key) == ([key], [])
    submit(cast, key, "rough-numbers", by=cast.lead)
    assign_all(cast, key, sponsor=cast.lead)
    assert inbox(cast, cast.sponsor, key) == ([], [])
    assert inbox(cast, cast.lead, key) == ([], [(key, "barred_submitter_votes")])
    submit(cast, key, "rough-numbers", by=cast.owner)
    assert inbox(cast, cast.lead, key) == ([key], [])


def test_r03_what_bars_from_the_start_is_known_from_the_start(cast):
    made = make_measure(cast, "defined")
    supply(cast, made, "identified")
    submit(cast, made, "rough-numbers", by=cast.lead)
    move(cast, made, "identified")
    assert ("submitter_votes", cast.lead.id) in barred_rows()
    assign_all(cast, made, sponsor=cast.lead)
    assert inbox(cast, cast.lead, made) == ([], [(made, "barred_submitter_votes")])


def test_r03_whoever_decided_one_step_is_kept_out_of_the_others_and_nothing_is_left_when_it_ends(cast):
    made = make_measure(cast, "identified")
    supply(cast, made, "detailed")
    move(cast, made, "detailed")
    vote(cast, made, cast.controller)
    assert ("voted_elsewhere", cast.controller.id) in barred_rows()
    assert inbox(cast, cast.controller, made) == ([], [])
    assert inbox(cast, cast.sponsor, made) == ([made], [])
    vote(cast, made, cast.sponsor)
    assert barred_rows() == set()


def test_r03_a_lead_who_owns_a_proposal_finds_it_in_neither_list(cast):
    grant_role(GrantRole(SYSTEM, cast.member.id, "program_lead", "service-quality"))
    made = make_proposal(cast, by=cast.lead)
    assign_all(cast, made, owner=cast.lead)
    move(cast, made, "defined", by=cast.lead)
    assert loaded(made).snapshot.review is not None
    assert inbox(cast, cast.lead, made) == ([], [])


def test_who_is_barred_is_the_same_when_everything_is_settled_again(cast, key):
    submit(cast, key, "rough-numbers", by=cast.lead)
    before = barred_rows()
    assert ("submitter_votes", cast.lead.id) in before
    assert settle_all(SYSTEM) == 0
    assert barred_rows() == before
