"""When evidence ends: near, past, or past where that matters no more; and the next day on which time changes that."""

from dataclasses import replace
from datetime import timedelta

import pytest

from govapp.domain.evidence_expiry import end_of, near_from, next_change
from tests.domain.snapshots import TODAY, evidence, measure, rules

CASE = "business-case"


def with_kind(**changes):
    kinds = dict(rules().kinds)
    kinds[CASE] = replace(kinds[CASE], validity_months=6, validity_matters_until="decided", **changes)
    return replace(rules(), kinds=kinds)


def piece(days, **more):
    return evidence(CASE, until=TODAY + timedelta(days=days), **more)


@pytest.mark.parametrize(
    ("days", "stage", "expected"),
    [
        (31, "detailed", ""),
        (30, "detailed", "expiring"),
        (0, "detailed", "expiring"),
        (-1, "detailed", "expired"),
        (-1, "decided", "past"),
        (10, "decided", ""),
        (-1, "closed", "past"),
    ],
)
def test_an_end_is_near_past_or_of_no_matter(days, stage, expected):
    assert end_of(piece(days), with_kind(), measure(stage), TODAY) == expected


def test_what_does_not_count_anyway_has_no_end_to_tell_of():
    assert end_of(piece(-1, judged="returned"), with_kind(), measure("detailed"), TODAY) == ""
    assert end_of(evidence(CASE), with_kind(), measure("detailed"), TODAY) == ""


@pytest.mark.parametrize(("months", "days"), [(1, 14), (3, 14), (4, 30), (12, 30)])
def test_short_validity_is_told_of_later(months, days):
    kind = replace(rules().kinds[CASE], validity_months=months)
    assert TODAY - near_from(kind, TODAY) == timedelta(days=days)


@pytest.mark.parametrize(("days", "ahead"), [(90, 60), (31, 1), (30, 31), (0, 1), (-1, None), (-90, None)])
def test_the_next_day_to_look_is_when_the_end_comes_near_and_then_the_day_after_it(days, ahead):
    expected = None if ahead is None else TODAY + timedelta(days=ahead)
    found = next_change(piece(days), with_kind(), measure("detailed"), TODAY)
    assert found == expected
    if found is not None:
        before, after = (end_of(piece(days), with_kind(), measure("detailed"), d) for d in (TODAY, found))
        assert before != after
