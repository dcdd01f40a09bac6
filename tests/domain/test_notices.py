"""Kinds of notices, ways of mail, and the day of a digest."""

from datetime import UTC, date, datetime

import pytest

from govapp.domain.notices import (
    AT_ONCE,
    DIGEST,
    KINDS,
    NEVER,
    WAYS,
    digest_day,
    digest_is_due,
    faults_of,
    kind_of,
    way_of,
)


def at(day, hour, minute):
    """A moment of November 2026, as it is in the zone of the organization."""
    return datetime(2026, 11, day, hour, minute, tzinfo=UTC)


def test_every_kind_has_a_way_of_mail_and_its_own_key():
    assert len({kind.key for kind in KINDS}) == len(KINDS)
    assert {kind.mail for kind in KINDS} <= set(WAYS)
    assert all(kind.mail != NEVER for kind in KINDS if not kind.switchable)


def test_an_unknown_kind_is_an_error():
    with pytest.raises(ValueError, match="no notice of the kind"):
        kind_of("good_news")


@pytest.mark.parametrize(
    ("kind", "chosen", "way"),
    [
        ("decision_waits", None, AT_ONCE),
        ("decision_waits", NEVER, NEVER),
        ("decision_waits", DIGEST, DIGEST),
        ("comment", None, NEVER),
        ("escalated", NEVER, AT_ONCE),
        ("escalated", DIGEST, DIGEST),
        ("moved", "nonsense", DIGEST),
    ],
)
def test_a_choice_counts_where_it_may_be_made(kind, chosen, way):
    assert way_of(kind, chosen) == way


def test_choices_nobody_may_make_are_named_by_kind():
    faults = faults_of({"escalated": NEVER, "moved": "by pigeon", "good_news": DIGEST, "comment": AT_ONCE})
    assert faults == {
        "escalated": ["mail_must_come"],
        "moved": ["unknown_choice"],
        "good_news": ["unknown_choice"],
    }


@pytest.mark.parametrize(
    ("there", "day"),
    [
        (at(26, 6, 59), date(2026, 11, 26)),
        (at(26, 7, 0), date(2026, 11, 27)),
        (at(27, 7, 0), date(2026, 11, 30)),
        (at(28, 3, 0), date(2026, 11, 30)),
        (at(30, 0, 0), date(2026, 11, 30)),
    ],
)
def test_the_next_digest_leaves_at_seven_on_a_working_day(there, day):
    assert digest_day(there) == day


@pytest.mark.parametrize(
    ("there", "due"),
    [
        (at(26, 6, 59), False),
        (at(26, 7, 0), True),
        (at(26, 23, 59), True),
        (at(28, 12, 0), False),
    ],
)
def test_a_digest_is_due_from_seven_on_working_days(there, due):
    assert digest_is_due(there) is due
