"""Random walks through the verbs: after any order of asks, votes and evidence the record is whole and settled."""

import random

import pytest
from sqlalchemy import select

from govapp.data.engine import reading
from govapp.data.measures import StagePassage
from govapp.data.reviews import Review
from govapp.domain.asks import AskKind
from govapp.domain.errors import GovappError
from govapp.services.audit import verify
from govapp.services.settling import settle_all
from tests.cast import SYSTEM
from tests.factories import (
    assign_all,
    loaded,
    make_measure,
    make_proposal,
    move,
    open_review,
    submit,
    supply,
    vote,
)

STAGES = ("defined", "identified", "detailed", "decided", "implemented", "closed")
PEOPLE = (
    "owner",
    "sponsor",
    "controller",
    "service_owner",
    "lead",
    "member",
    "leader",
    "administrator",
    "outsider",
)
KINDS = ("scope-statement", "rough-numbers", "plan-numbers", "business-case", "lessons-learned")


def step(chance, cast, keys):
    """One act of somebody, allowed or not."""
    key, who = chance.choice(keys), getattr(cast, chance.choice(PEOPLE))
    following = loaded(key).rules.next_stage(loaded(key).snapshot.stage)
    act = chance.randrange(6)
    if act == 0 and following:
        supply(cast, key, following)
        move(cast, key, following)
    elif act == 1:
        move(cast, key, chance.choice(STAGES), by=who, reason=chance.choice(["", "Because of it"]))
    elif act == 2:
        move(cast, key, ask=chance.choice(list(AskKind)), by=who, reason="Because of it")
    elif act == 3:
        submit(cast, key, chance.choice(KINDS))
    else:
        assert open_review(key)
        vote(
            cast,
            key,
            who,
            chance.choice(["approve", "approve", "approve", "send_back"]),
            reason="Because of it",
        )


def rows(key):
    """Passages and reviews of a measure."""
    with reading() as session:
        measure_id = loaded(key).measure.id
        passages = session.scalars(
            select(StagePassage).where(StagePassage.measure_id == measure_id).order_by(StagePassage.id)
        )
        reviews = session.scalars(select(Review).where(Review.measure_id == measure_id))
        return passages.all(), reviews.all()


@pytest.mark.parametrize("seed", range(4))
def test_whatever_people_do_the_record_stays_whole(sqlite, cast, seed):
    chance = random.Random(seed)
    keys = [make_measure(cast, "defined"), make_proposal(cast)]
    assign_all(cast, keys[1])
    for _ in range(60):
        try:
            step(chance, cast, keys)
        except (GovappError, AssertionError):
            continue
    checked = verify(state=True, files=True)
    assert checked.ok, checked.faults
    assert settle_all(SYSTEM) == 0
    for key in keys:
        snapshot = loaded(key).snapshot
        passages, reviews = rows(key)
        assert sum(one.left_at is None for one in passages) == (snapshot.stage is not None)
        assert snapshot.stage == (passages[-1].stage if passages else None)
        assert sum(review.state == "open" for review in reviews) <= 1
        passed = {review.id for review in reviews if review.state == "passed"}
        assert {one.review_id for one in passages if one.how == "advance"} == passed
