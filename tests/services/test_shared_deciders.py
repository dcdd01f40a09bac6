"""Steps that share their deciders: a review never opens, and no vote is taken, that leaves a step to nobody."""

import pytest

from govapp.domain.asks import Outcome
from govapp.domain.errors import Refused
from tests.factories import make_measure, move, review_states, stage_of, supply, vote
from tests.step_sets import SPONSOR, TWO_OF, asked_for, set_board, use_steps

BOARD_FIRST = TWO_OF | {"rule": {"type": "any"}, "order": 1}
SPONSOR_LAST = SPONSOR | {"order": 2}


@pytest.fixture
def steps(database, cast):
    """A board decides, then the sponsor."""
    use_steps(BOARD_FIRST, SPONSOR_LAST)


@pytest.mark.usefixtures("steps")
def test_the_vote_of_a_sponsor_on_the_board_is_kept_for_the_step_only_the_sponsor_decides(cast):
    set_board(cast.sponsor, cast.approver)
    key = asked_for(cast)
    for verdict in ("approve", "send_back"):
        with pytest.raises(Refused) as refused:
            vote(cast, key, cast.sponsor, verdict, reason="It has to wait")
        assert (refused.value.code, refused.value.values["step"]) == (
            "vote_needed_elsewhere",
            SPONSOR_LAST["name"],
        )
    vote(cast, key, cast.sponsor, "comment", reason="Somebody else of the board, please")
    vote(cast, key, cast.approver)
    assert vote(cast, key, cast.sponsor).result == "moved"
    assert stage_of(key) == "identified"


@pytest.mark.usefixtures("steps")
def test_no_review_opens_where_the_only_member_of_the_board_is_the_sponsor(cast):
    set_board(cast.sponsor)
    key = make_measure(cast, "defined")
    supply(cast, key, "identified")
    found = move(cast, key, "identified")
    assert found.outcome is Outcome.REFUSED
    assert [each.code for each in found.decision.unmet] == ["rule_shared_deciders"]
    assert review_states(key) == ["passed"]
