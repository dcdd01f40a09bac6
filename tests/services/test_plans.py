"""Milestones, dependencies and risks."""

from datetime import date, timedelta
from itertools import pairwise

import pytest

from govapp.domain.errors import Invalid, NotFound, Refused, Stale
from govapp.domain.measures import risk_rating
from govapp.domain.status import working_days
from govapp.services.plans import (
    AddDependency,
    RemoveDependency,
    RemoveMilestone,
    SetMilestone,
    add_dependency,
    remove_dependency,
    remove_milestone,
    set_milestone,
)
from govapp.services.risks import SetRisk, set_risk
from tests.factories import loaded, make_measure, make_proposal, measure_row, today_of


def test_the_first_plan_date_is_kept(database, cast):
    key = make_measure(cast, "defined")
    one, two = date(2027, 1, 1), date(2027, 2, 1)
    number = set_milestone(SetMilestone(key, "Live", cast.owner.origin, cast.owner.id, one))
    set_milestone(
        SetMilestone(key, "Live", cast.owner.origin, cast.owner.id, two, milestone_id=number, seen_version=1)
    )
    with pytest.raises(Stale):
        set_milestone(SetMilestone(key, "Late", cast.owner.origin, milestone_id=number, seen_version=1))
    fact = next(m for m in loaded(key).snapshot.milestones if m.id == number)
    assert fact.plan_date == two


def test_a_milestone_is_not_done_before_it_happened_and_stays_once_done(database, cast):
    key = make_measure(cast, "defined")
    with pytest.raises(Invalid):
        set_milestone(SetMilestone(key, "Live", cast.owner.origin, actual_date=date(2099, 1, 1)))
    number = set_milestone(SetMilestone(key, "Live", cast.owner.origin, actual_date=date(2026, 1, 1)))
    with pytest.raises(Invalid):
        remove_milestone(RemoveMilestone(key, number, cast.owner.origin))


def test_a_milestone_of_another_measure_is_not_found(database, cast):
    one, two = make_measure(cast, "defined"), make_measure(cast, "defined")
    number = set_milestone(SetMilestone(one, "Live", cast.owner.origin))
    with pytest.raises(NotFound):
        set_milestone(SetMilestone(two, "Mine now", cast.owner.origin, milestone_id=number))


def test_a_measure_has_one_final_milestone(database, cast):
    key = make_measure(cast, "defined")
    for name in ("First", "Second"):
        set_milestone(SetMilestone(key, name, cast.owner.origin, final=True))
    assert [m.name for m in loaded(key).snapshot.milestones if m.final] == ["Second"]


def test_a_circle_of_dependencies_is_refused_and_names_its_way(database, cast):
    keys = [make_proposal(cast) for _ in range(3)]
    for before, after in pairwise(keys):
        add_dependency(AddDependency(after, before, "decided", cast.lead.origin))
    with pytest.raises(Invalid) as error:
        add_dependency(AddDependency(keys[0], keys[2], "decided", cast.lead.origin))
    assert error.value.errors == {"on_key": ["dependency_cycle"]}
    assert error.value.values["way"] == [keys[0], keys[2], keys[1], keys[0]]


def test_dependencies_on_itself_twice_or_unknown_are_refused(database, cast):
    one, two = make_proposal(cast), make_proposal(cast)
    add_dependency(AddDependency(one, two, "decided", cast.lead.origin))
    for on, code in (
        (one, "predecessor_itself"),
        (two, "predecessor_twice"),
        ("M-99", "predecessor_unknown"),
    ):
        with pytest.raises(Invalid) as error:
            add_dependency(AddDependency(one, on, "decided", cast.lead.origin))
        assert error.value.errors == {"on_key": [code]}


def test_a_dependency_ends_the_declaration_that_there_is_none(database, cast):
    one, two = make_proposal(cast, no_dependencies_declared=True), make_proposal(cast)
    number = add_dependency(AddDependency(one, two, "decided", cast.lead.origin))
    assert not measure_row(one).no_dependencies_declared
    remove_dependency(RemoveDependency(one, number, cast.lead.origin))
    assert loaded(one).snapshot.predecessors == ()


@pytest.mark.parametrize(
    ("likelihood", "impact", "rating"),
    [
        (1, 4, "low"),
        (5, 1, "medium"),
        (3, 3, "medium"),
        (2, 5, "high"),
        (4, 4, "high"),
        (4, 5, "critical"),
        (5, 5, "critical"),
    ],
)
def test_the_rating_of_a_risk_follows_the_scale(likelihood, impact, rating):
    assert risk_rating(likelihood, impact) == rating


def test_an_unrated_measure_takes_the_highest_open_risk_and_a_chosen_rating_stays(database, cast):
    bare, rated = make_proposal(cast, risk_rating=""), make_proposal(cast, risk_rating="low")
    for key in (bare, rated):
        set_risk(SetRisk(key, "It may fail", 4, 4, cast.lead.origin))
    assert measure_row(bare).risk_rating == "high"
    assert measure_row(rated).risk_rating == "low"


def test_who_holds_no_part_changes_no_plan(database, cast):
    key = make_measure(cast, "defined")
    for person in (cast.auditor, cast.administrator, cast.leader):
        with pytest.raises(Refused):
            set_milestone(SetMilestone(key, "Not mine", person.origin))
        with pytest.raises(Refused):
            set_risk(SetRisk(key, "Not mine", 1, 1, person.origin))


def stone_of(cast, key: str, number: int | None = None, **days: date | None) -> int:
    return set_milestone(SetMilestone(key, "Pilot", cast.owner.origin, milestone_id=number, **days))


def days_late(key: str) -> int:
    (stone,) = [each for each in loaded(key).dates.stones if each.name == "Pilot"]
    return working_days(stone.plan, stone.done or today_of(key), lambda day: True)


@pytest.mark.parametrize("stage", ["defined", "decided"])
def test_a_late_tick_stays_late_because_its_plan_date_moves_no_later(database, cast, stage):
    key = make_measure(cast, stage)
    today = today_of(key)
    planned = today - timedelta(days=30)
    number = stone_of(cast, key, plan_date=planned)
    stone_of(cast, key, number, plan_date=planned, actual_date=today)
    for other in (today, None):
        with pytest.raises(Invalid) as refused:
            stone_of(cast, key, number, plan_date=other, actual_date=today)
        assert refused.value.errors == {"plan_date": ["plan_date_stands"]}
        with pytest.raises(Invalid):
            stone_of(cast, key, number, plan_date=other)
    assert days_late(key) == 30
    stone_of(cast, key, number, plan_date=planned - timedelta(days=1), actual_date=today)
    assert days_late(key) == 31


def test_a_frozen_plan_date_is_what_a_milestone_is_held_against_though_its_tick_is_taken_back(database, cast):
    key = make_measure(cast, "decided")
    today = today_of(key)
    number = stone_of(cast, key)
    stone_of(cast, key, number, plan_date=today - timedelta(days=30))
    stone_of(cast, key, number, plan_date=today - timedelta(days=30), actual_date=today)
    stone_of(cast, key, number, plan_date=today - timedelta(days=30), forecast_date=today)
    with pytest.raises(Invalid):
        stone_of(cast, key, number, plan_date=today)
    assert days_late(key) == 30


def test_before_the_plan_is_frozen_an_open_milestone_is_planned_anew(database, cast):
    key = make_measure(cast, "defined")
    today = today_of(key)
    number = stone_of(cast, key, plan_date=today - timedelta(days=30))
    stone_of(cast, key, number, plan_date=today)
    assert days_late(key) == 0
