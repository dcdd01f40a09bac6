"""Groups decide in their own organization only: another one may have a group of the same key."""

import pytest

from govapp.domain.errors import Refused
from govapp.services.choices import SetGroup, set_group
from tests.cast import SYSTEM
from tests.factories import make_measure, move, open_review, supply, vote
from tests.support.tampering import plainly


def test_a_committee_of_another_organization_has_no_vote_here(database, cast):
    key = make_measure(cast, "defined")
    supply(cast, key, "identified")
    move(cast, key, "identified")
    review, _ = open_review(key)
    named = '{"groups":["committee"]}'
    plainly(
        database, "UPDATE review_step SET deciders = :named WHERE review_id = :id", named=named, id=review
    )
    set_group(SetGroup(SYSTEM, "NW", "committee", "Committee", [cast.approver.id]))
    with pytest.raises(Refused) as refused:
        vote(cast, key, cast.approver)
    assert refused.value.code == "not_a_decider"
    set_group(SetGroup(SYSTEM, "OI", "committee", "Committee", [cast.approver.id]))
    assert vote(cast, key, cast.approver).result == "moved"
