"""Taking a proposal in with one act: what was seen is approved, nothing else (R04)."""

from decimal import Decimal

import pytest
from sqlalchemy import func, select

from govapp.data.engine import reading
from govapp.data.reviews import Vote
from govapp.domain.asks import Outcome
from govapp.domain.errors import Refused, Stale
from govapp.services.effects import SetEffectLine, set_effect_line
from govapp.services.measures import EditMeasure, edit_measure
from govapp.services.plans import SetMilestone, set_milestone
from tests.factories import (
    accept,
    changed_at,
    make_measure,
    make_proposal,
    move,
    review_states,
    stage_of,
    submit,
    supply,
    version_of,
)

pytestmark = pytest.mark.usefixtures("database")


def votes_cast():
    with reading() as session:
        return session.scalar(select(func.count(Vote.id)))


def test_the_program_lead_accepts_a_proposal_in_one_act(cast):
    made = make_proposal(cast)
    done = accept(cast, made)
    assert done.result == "moved"
    assert stage_of(made) == "defined"


def test_a_thin_proposal_is_refused_with_what_it_lacks(cast):
    made = make_proposal(cast, problem="Too short")
    done = accept(cast, made)
    assert done.outcome is Outcome.REFUSED
    assert [finding.key for finding in done.decision.unmet] == ["field:problem"]
    assert stage_of(made) is None


@pytest.mark.parametrize("who", ["member", "controller", "auditor", "administrator"])
def test_nobody_else_accepts_a_proposal(cast, who):
    made = make_proposal(cast)
    with pytest.raises(Refused):
        accept(cast, made, getattr(cast, who))
    assert stage_of(made) is None
    assert review_states(made) == []


def _milestone(cast, key):
    set_milestone(SetMilestone(key, "Pilot done", cast.owner.origin))


def _figures(cast, key):
    given = {"kind": "ebitda", "timing": "recurring", "name": "Fewer calls", "currency": "EUR"}
    set_effect_line(SetEffectLine(key, origin=cast.owner.origin, run_rate=Decimal(90000), **given))


def _evidence(cast, key):
    submit(cast, key, "scope-statement", cast.owner)


def _problem(cast, key):
    changed = {"problem": "Another problem, of which the lead has not read anything: " + "x" * 60}
    edit_measure(EditMeasure(key, version_of(key), changed, cast.owner.origin))


@pytest.mark.parametrize("asked", [False, True])
@pytest.mark.parametrize("change", [_milestone, _figures, _evidence, _problem])
def test_r04_a_proposal_that_changed_since_it_was_seen_is_not_accepted_unseen(cast, change, asked):
    made = make_measure(cast, None)
    if asked:
        move(cast, made, "defined")
    seen = changed_at(made)
    change(cast, made)
    with pytest.raises(Stale):
        accept(cast, made, seen_change=seen)
    assert (stage_of(made), votes_cast()) == (None, 0)
    assert accept(cast, made).result == "moved"


def test_r04_acceptance_approves_proposals_only_never_another_gate(cast):
    made = make_measure(cast, "defined")
    supply(cast, made, "identified")
    move(cast, made, "identified")
    submit(cast, made, "rough-numbers", run_rate=70_000)
    votes = votes_cast()
    with pytest.raises(Stale):
        accept(cast, made, cast.sponsor)
    assert (stage_of(made), votes_cast()) == ("defined", votes)
