"""A milestone's day that was entered later keeps when that was; days begin at the organization's midnight."""

from datetime import UTC, date, datetime

import pytest

from govapp.domain.measures import entered_later

DAY = date(2026, 11, 10)


@pytest.mark.parametrize(
    ("actual", "entered", "expected"),
    [
        (DAY, datetime(2026, 11, 10, 12, tzinfo=UTC), None),
        (DAY, datetime(2026, 11, 10, 23, 30, tzinfo=UTC), date(2026, 11, 11)),
        (DAY, datetime(2026, 11, 30, 8, tzinfo=UTC), date(2026, 11, 30)),
        (DAY, None, None),
        (None, datetime(2026, 11, 30, 8, tzinfo=UTC), None),
    ],
)
def test_a_late_tick_is_told_apart_from_one_on_its_day(actual, entered, expected):
    assert entered_later(actual, entered, "Europe/Berlin") == expected
