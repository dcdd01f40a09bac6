"""A flood of refusals: ten a minute are logged, the rest counted, and the count logged when the minute is over."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest
from sqlalchemy import func, select

from govapp.data.audit import AuditLog, RefusalCount
from govapp.data.engine import reading
from govapp.domain.errors import GovappError
from govapp.domain.events import Event
from govapp.services._work import Origin
from govapp.services.audit import verify
from govapp.services.moves import MoveMeasure, move_measure
from govapp.services.refusals import RecordRefusal, log_counts, record_refusal
from govapp.services.sessions import SignIn, sign_in
from tests.cast import Cast
from tests.factories import make_measure, version_of
from tests.many import at_once

pytestmark = pytest.mark.usefixtures("database")
MINUTE = datetime(2026, 11, 20, 12, 30, tzinfo=UTC)


def clock(**later: float) -> Origin:
    return Origin(None, "job", "clock", at=MINUTE + timedelta(**later))


def refuse(cast: Cast, times: int, at: datetime = MINUTE) -> list[bool]:
    asked = RecordRefusal(
        replace(cast.owner.origin, at=at), "GET", "/admin/people", "no_right", "people:view"
    )
    return [record_refusal(asked) for _ in range(times)]


def counted() -> list[dict[str, object]]:
    with reading() as session:
        rows = session.scalars(
            select(AuditLog.payload)
            .where(AuditLog.event == str(Event.ACCESS_REFUSALS_COUNTED))
            .order_by(AuditLog.sequence)
        )
        return [json.loads(row) for row in rows]


def test_r17_what_was_only_counted_is_logged_as_a_number_when_its_minute_is_over(cast: Cast) -> None:
    assert sum(refuse(cast, 13)) == 10
    assert log_counts(clock(seconds=59)) == log_counts(clock(minutes=1)) == 0, "the minute is not over"
    assert log_counts(clock(minutes=3)) == 1
    assert counted() == [
        {
            "what": "person",
            "person": cast.owner.id,
            "address": "",
            "minute": MINUTE.isoformat(),
            "count": 3,
        }
    ]
    assert log_counts(clock(minutes=4)) == 0
    assert verify(state=True).ok


def test_r17_every_minute_and_everybody_is_counted_apart_and_few_refusals_leave_no_number(cast: Cast) -> None:
    refuse(cast, 12)
    refuse(cast, 14, MINUTE + timedelta(minutes=1))
    refuse(cast, 10, MINUTE + timedelta(minutes=2))
    for n in range(15):
        attempt = Origin(None, "web", "test", "192.0.2.1", MINUTE)
        with pytest.raises(GovappError):
            sign_in(SignIn(attempt, f"nobody{n}@example.test", "wrong", timedelta(hours=1)))
    assert log_counts(clock(minutes=9)) == 3
    assert [(each["what"], each["address"], each["count"]) for each in counted()] == [
        ("person", "", 2),
        ("sign-in", "192.0.2.1", 5),
        ("person", "", 4),
    ]
    with reading() as session:
        assert session.scalar(select(func.count()).select_from(RefusalCount)) == 0


def test_refused_moves_are_counted_with_who_asked(cast: Cast) -> None:
    key = make_measure(cast, "defined")
    asked = MoveMeasure(key, replace(cast.owner.origin, at=MINUTE), version_of(key), "identified")
    for _ in range(12):
        move_measure(asked)
    assert log_counts(clock(minutes=9)) == 1
    assert [(each["what"], each["person"], each["count"]) for each in counted()] == [
        ("move", cast.owner.id, 2)
    ]


def test_two_clocks_log_a_count_once(cast: Cast) -> None:
    refuse(cast, 20)
    assert sum(at_once([partial(log_counts, clock(minutes=9))] * 4)) == 1
    assert len(counted()) == 1
