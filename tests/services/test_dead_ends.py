"""Dead ends: what nobody can move is found at once, with its reason (issue: bad input)."""

from datetime import timedelta

import pytest

from govapp.data.actors import load_actor
from govapp.data.dead_ends import Edge
from govapp.data.engine import reading
from govapp.data.runtime import current
from govapp.domain.asks import AskKind
from govapp.services._work import now
from govapp.services.choices import SetGroup, set_group
from govapp.services.dead_ends import circles, dead_ends
from govapp.services.deputies import SetDeputy, set_deputy
from govapp.services.grants import GrantRole, grant_role
from govapp.services.people import PersonCommand, disable_person
from govapp.services.plans import AddDependency, add_dependency
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
    today_of,
)
from tests.services.test_requirements_duties import end_role
from tests.support.tampering import plainly

pytestmark = pytest.mark.usefixtures("database")


def found(cast, reader="lead"):
    with reading() as session:
        actor = load_actor(session, getattr(cast, reader).id, now())
        return [(each.code, each.measure) for each in dead_ends(session, actor, now().date())]


@pytest.fixture
def key(cast):
    """A measure that waits for its sponsor."""
    made = make_measure(cast, "defined")
    supply(cast, made, "identified")
    move(cast, made, "identified")
    return made


def away(key, person, deputy, **more):
    day = today_of(key)
    set_deputy(SetDeputy(person.origin, person.id, deputy.id, day, day + timedelta(days=3), **more))


def test_what_waits_for_somebody_who_can_act_is_no_dead_end(cast, key):
    assert found(cast) == []


def test_a_step_whose_only_decider_is_disabled_names_nobody(cast, key):
    disable_person(PersonCommand(cast.administrator.origin, cast.sponsor.id))
    assert found(cast) == [("nobody", key)]
    assert found(cast, "outsider") == []


def test_a_step_whose_only_decider_is_barred_or_lost_the_role_is_found(cast, key):
    submit(cast, key, "rough-numbers", by=cast.lead)
    assign_all(cast, key, sponsor=cast.lead)
    assert found(cast) == [("all_barred", key)]
    assign_all(cast, key, sponsor=cast.leader)
    other = make_measure(cast, "implemented")
    supply(cast, other, "closed")
    move(cast, other, "closed")
    end_role(cast.controller, "controller")
    assert found(cast) == [("role_ended", other)]


def test_who_is_away_with_a_deputy_for_other_work_or_one_on_the_other_side_leaves_nobody(cast, key):
    away(key, cast.sponsor, cast.leader, kinds=("supply",))
    assert found(cast) == [("absent", key)]
    away(key, cast.sponsor, cast.controller, kinds=("decide",))
    assert found(cast) == [("absent", key)]


def test_who_is_away_with_a_deputy_who_may_act_leaves_somebody(cast, key):
    away(key, cast.sponsor, cast.leader)
    assert found(cast) == []


def test_a_group_smaller_than_its_quorum_and_a_step_that_needs_more_are_found(cast, key):
    set_group(SetGroup(SYSTEM, "OI", "committee", "Committee", [cast.leader.id, cast.approver.id], quorum=2))
    review, _ = open_review(key)
    engine = current().engine
    plainly(engine, "UPDATE review_step SET deciders = :named, rule = :rule, quorum = 2 WHERE review_id = :id",
            named='{"groups":["committee"]}', rule='{"percent":60,"type":"percent"}', id=review)  # fmt: skip
    plainly(engine, "DELETE FROM step_decider WHERE kind = 'parts'")
    plainly(engine, "INSERT INTO step_decider (step_id, kind, key) SELECT id, 'groups', 'committee' FROM review_step "
            "WHERE review_id = :id", id=review)  # fmt: skip
    assert found(cast) == []
    disable_person(PersonCommand(cast.administrator.origin, cast.approver.id))
    assert found(cast) == [("too_few", key), ("small_group", "")]


def test_a_vacant_part_is_a_dead_end_only_where_nobody_may_name_people(cast):
    key = make_measure(cast, "identified")
    plainly(current().engine, "DELETE FROM part WHERE part = 'sponsor'")
    plainly(current().engine, "UPDATE card SET vacant = '[\"sponsor\"]'")
    assert found(cast) == []
    end_role(cast.lead, "program_lead")
    assert found(cast, "leader") == [("vacant", key)]
    grant_role(GrantRole(SYSTEM, cast.member.id, "program_lead", "OI"))
    assert found(cast, "leader") == []


def test_a_predecessor_that_was_cancelled_short_of_the_stage_is_found(cast):
    first, second = make_measure(cast, "defined"), make_measure(cast, "defined")
    add_dependency(AddDependency(second, first, "implemented", cast.owner.origin))
    assert found(cast) == []
    move(cast, first, ask=AskKind.CANCEL, by=cast.lead, reason="Not worth it any more")
    assert found(cast) == [("predecessor_cancelled", second)]


def test_a_circle_of_dependencies_past_the_form_is_found_once(cast):
    keys = [make_proposal(cast) for _ in range(3)]
    for key, on in ((keys[0], keys[1]), (keys[1], keys[2])):
        add_dependency(AddDependency(key, on, "implemented", cast.lead.origin))
    first, last = (loaded(key).measure.id for key in (keys[0], keys[2]))
    plainly(current().engine, "INSERT INTO dependency (measure_id, on_measure_id, stage, note, version) "
            "VALUES (:a, :b, 'implemented', '', 1)", a=last, b=first)  # fmt: skip
    assert found(cast) == [("circle", keys[0])]


def test_circles_are_found_in_any_tangle():
    def edge(one, other):
        return Edge(one, "", 1, other, "closed", None, "active", True)

    assert circles([edge("a", "b"), edge("b", "c")]) == []
    assert circles([edge("a", "b"), edge("b", "a"), edge("c", "a")]) == [["a", "b", "a"]]
    assert circles([edge("a", "a")]) == [["a", "a"]]
    tangle = circles(
        [edge("a", "b"), edge("b", "c"), edge("c", "b"), edge("b", "d"), edge("d", "e"), edge("e", "d")]
    )
    assert tangle == [["b", "c", "b"], ["d", "e", "d"]]
