"""Absences: days, kinds of work, and no chains from either end (R58)."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from govapp.domain.deputies import KINDS, LENT, Absence, faults, kind_of_work, unfit
from govapp.domain.duties import Standing, parse_duties
from govapp.domain.permissions import Permission
from govapp.services.governance import read_set

TODAY = date(2026, 11, 2)
MATRIX = parse_duties(read_set())


def away(person, deputy, first=0, last=9, kinds=KINDS, number=None):
    days = (TODAY + timedelta(days=first), TODAY + timedelta(days=last))
    return Absence(person, deputy, *days, frozenset(kinds), number)


def codes(new, *others):
    return {fault.code for fault in faults(new, others, TODAY)}


def test_an_absence_covers_its_first_and_last_day_and_its_kinds():
    absence = away(1, 2, 0, 3, {"decide"})
    assert absence.covers(TODAY, "decide") and absence.covers(TODAY + timedelta(days=3))
    assert not absence.covers(TODAY + timedelta(days=4)) and not absence.covers(TODAY - timedelta(days=1))
    assert not absence.covers(TODAY, "judge")


@pytest.mark.parametrize(("new", "code"), [
    (away(1, 1), "deputy_self"), (away(1, 2, -1, 3), "day_past"), (away(1, 2, 5, 4), "day_order"),
    (away(1, 2, 0, 366), "absence_too_long"), (away(1, 2, kinds=()), "unknown_choice"),
    (away(1, 2, kinds={"dance"}), "unknown_choice"),
])  # fmt: skip
def test_what_a_single_absence_may_not_be(new, code):
    assert codes(new) == {code}


def test_a_whole_year_is_allowed():
    assert not codes(away(1, 2, 0, 365))


@pytest.mark.parametrize(("other", "code"), [
    (away(1, 3, number=7), "absence_overlaps"), (away(2, 3, number=7), "deputy_absent"),
    (away(2, 1, number=7), "deputy_cycle"), (away(3, 1, number=7), "deputy_stands_in"),
])  # fmt: skip
def test_r58_overlaps_cycles_and_chains_are_refused_from_both_ends(other, code):
    assert codes(away(1, 2), other) == {code}
    assert not codes(away(1, 2), Absence(other.person, other.deputy, date(2027, 1, 1), date(2027, 1, 2)))


def test_other_kinds_of_work_may_have_another_deputy_in_the_same_days():
    assert not codes(away(1, 2, kinds={"decide"}), away(1, 3, kinds={"supply"}, number=7))


def test_somebody_may_stand_in_for_two_people():
    assert not codes(away(1, 2), away(3, 2, number=7))


people, days = st.integers(1, 4), st.integers(0, 12)


@given(
    st.lists(st.tuples(people, people, days, days, st.sets(st.sampled_from(KINDS), min_size=1)), max_size=12)
)
def test_r58_whatever_is_accepted_in_whatever_order_nobody_passes_a_voice_on(asked):
    kept = []
    for number, (person, deputy, first, last, kinds) in enumerate(asked):
        new = away(person, deputy, first, last, kinds, number)
        if not faults(new, kept, TODAY):
            kept.append(new)
    for one in kept:
        for other in kept:
            if one is not other and one.meets(other):
                assert one.person != other.person
                assert one.deputy != other.person


def test_a_permission_belongs_to_one_kind_of_work_and_administration_to_none():
    lent = [each for permissions in LENT.values() for each in permissions]
    assert len(lent) == len(set(lent))
    assert kind_of_work(Permission.REVIEW_DECIDE) == "decide"
    for never in (Permission.ROLE_GRANT, Permission.MEASURE_ASSIGN_PARTS, Permission.DEPUTY_SET_OWN):
        assert kind_of_work(never) == ""


@pytest.mark.parametrize(("roles", "kinds", "fits"), [
    ({"administrator"}, {"decide"}, False), ({"auditor"}, {"supply"}, False), ({"administrator"}, {"supply"}, True),
    ({"member"}, KINDS, True), ({"controller"}, KINDS, True),
])  # fmt: skip
def test_r58_auditors_and_administrators_get_nobodys_voice_in_a_decision(roles, kinds, fits):
    deputy, absent = Standing(2, roles=frozenset(roles)), Standing(1, roles=frozenset({"leader"}))
    assert (not unfit(MATRIX, away(1, 2, kinds=kinds), deputy, absent)) is fits


def test_r58_roles_that_exclude_each_other_are_not_lent_either():
    deputy, absent = (
        Standing(2, roles=frozenset({"administrator"})),
        Standing(1, roles=frozenset({"controller"})),
    )
    assert {each.key for each in unfit(MATRIX, away(1, 2, kinds={"supply"}), deputy, absent)} == {
        "administrator-controller"
    }
