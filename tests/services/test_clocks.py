"""Clocks of reviews and their steps in the database: who held what, targets through holds, reminders and escalation."""

import random
from collections.abc import Iterator
from contextlib import contextmanager
from copy import deepcopy
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
import time_machine
from sqlalchemy import select

from govapp.data.audit import AuditLog
from govapp.data.calendars import WaitingSpan
from govapp.data.clock_queries import calendar_columns, calendar_for
from govapp.data.deputies import Deputy
from govapp.data.engine import reading
from govapp.data.measures import Card, Measure
from govapp.data.notices import Notice
from govapp.data.reviews import Condition, Review, ReviewStep
from govapp.data.snapshots import load_measures
from govapp.domain.asks import Ask
from govapp.domain.clocks import HOLD, Waited, held_by
from govapp.domain.errors import GovappError
from govapp.domain.gates import AskKind
from govapp.domain.working_time import DAYS, Calendar, working_time
from govapp.services._work import now, writing
from govapp.services.calendars import SetCalendar, set_calendar
from govapp.services.due_notices import escalate_lookbacks, tell_due
from govapp.services.governance import FIRST_SET, install_set, read_set
from govapp.services.lookbacks import _owe_lookback
from govapp.services.reminders import remind_due
from govapp.services.reviews import WithdrawReview, withdraw_review
from govapp.services.settling import settle_all, settle_due
from tests.cast import SYSTEM, Cast, Someone
from tests.factories import (
    assign_all,
    hold,
    loaded,
    make_measure,
    make_proposal,
    measure_row,
    move,
    open_review,
    submit,
    supply,
    vote,
)

# Monday, 10 in Berlin; the standard calendar of the tests is Monday to Friday, 9 to 17
MONDAY = datetime(2026, 11, 23, 9, tzinfo=UTC)


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    """The moment of the tests; `clock.shift(timedelta(...))`, `clock.move_to(...)`."""
    with time_machine.travel(MONDAY, tick=False) as found:
        yield found


def with_reminders() -> None:
    """The standard set with reminders, and escalation of the sponsor's decision to deputy and leaders."""
    data = deepcopy(read_set(FIRST_SET))
    data["approval_defaults"] |= {"reminders_percent": [50, 75, 100]}
    for step in data["approval_steps"]:
        if step["key"] == "sponsor-decision":
            step["escalation"] = [
                {"at_percent": 100, "to": {"deputy_of": "sponsor"}, "do": "notify"},
                {"at_percent": 150, "to": {"roles": ["leader"], "parts": ["owner"]}, "do": "notify"},
            ]
    install_set(SYSTEM, data)


def ask(cast: Cast, into: str = "identified", **fields: Any) -> str:
    """A measure with an open review into a stage."""
    rules = loaded(make_proposal(cast)).rules
    here = rules.stages[rules.order[into] - 1].key
    key = make_measure(cast, here, **fields)
    supply(cast, key, into)
    move(cast, key, into)
    open_review(key)
    return key


def spans(key: str, *, of_review: bool = False) -> list[WaitingSpan]:
    with reading() as session:
        found = session.scalars(
            select(WaitingSpan)
            .join(Measure, Measure.id == WaitingSpan.measure_id)
            .join(Review, Review.id == WaitingSpan.review_id)
            .where(
                Measure.key == key,
                WaitingSpan.step_id.is_(None) if of_review else WaitingSpan.step_id.is_not(None),
            )
            .order_by(WaitingSpan.review_id, WaitingSpan.step_id, WaitingSpan.id)
        ).all()
        session.expunge_all()
        return list(found)


def newest(key: str, *, of_review: bool = False) -> list[tuple[str, bool]]:
    """Party and rest of the stretches of the newest review."""
    found = spans(key, of_review=of_review)
    return [(span.party, span.paused) for span in found if span.review_id == found[-1].review_id]


def step(key: str, name: str = "sponsor-decision") -> ReviewStep:
    with reading() as session:
        found = session.scalars(
            select(ReviewStep)
            .join(Review, Review.id == ReviewStep.review_id)
            .join(Measure, Measure.id == Review.measure_id)
            .where(Measure.key == key, ReviewStep.key == name)
            .order_by(ReviewStep.id.desc())
        ).first()
        assert found is not None
        session.expunge(found)
        return found


def card(key: str) -> Card:
    with reading() as session:
        found = select(Card).join(Measure, Measure.id == Card.measure_id).where(Measure.key == key)
        return session.scalars(found).one()


def calendar(key: str) -> Calendar:
    return loaded(key).clock.calendar


def notices(kind: str) -> list[tuple[int, Any]]:
    with reading() as session:
        rows = session.scalars(select(Notice).where(Notice.kind == kind).order_by(Notice.id))
        return [(row.person_id, row.payload.get("percent")) for row in rows]


def events(event: str) -> list[str]:
    with reading() as session:
        found = select(AuditLog.payload).where(AuditLog.event == event).order_by(AuditLog.sequence)
        return [payload or "" for payload in session.scalars(found)]


def absent(person: Someone, deputy: Someone, first: datetime, last: datetime) -> None:
    def body(work: Any) -> None:
        work.session.add(
            Deputy(person_id=person.id, deputy_id=deputy.id, from_day=first.date(), until_day=last.date(), kinds=[],
                   reason="", set_by=None, set_at=work.at)
        )  # fmt: skip
        work.log("people:edited", {"changes": {}}, object_type="person", object_id=person.email)

    writing(SYSTEM, body)


@contextmanager
def writes(count_queries: Any) -> Iterator[list[str]]:
    """Statements in the block that write."""
    found: list[str] = []
    with count_queries() as counted:
        yield found
    found += [each for each in counted.statements if not each.lstrip().upper().startswith("SELECT")]


def test_a_step_that_opens_gets_its_target_moment_in_working_time(database, cast, clock):
    key = ask(cast)
    assert step(key).target_hours == 24
    # Monday 10-17, Tuesday 9-17, Wednesday 9-17: 23 hours; the last on Thursday
    assert step(key).target_at == datetime(2026, 11, 26, 9, tzinfo=UTC)
    assert card(key).target_at == step(key).target_at
    assert newest(key) == [(f"person:{cast.sponsor.id}", False)]
    assert newest(key, of_review=True) == [("step:sponsor-decision", False)]


def test_a_hold_rests_the_clock_and_the_release_shifts_the_target(database, cast, clock):
    key = ask(cast)
    clock.shift(timedelta(hours=2))
    hold(cast, key)
    assert step(key).target_at is None and step(key).look_at is None and card(key).target_at is None
    clock.shift(timedelta(days=7))
    assert settle_all(SYSTEM) == 0
    move(cast, key, ask=AskKind.RELEASE, by=cast.lead, reason="The vendor has answered")
    assert step(key).target_at == datetime(2026, 12, 3, 9, tzinfo=UTC), (
        "a week later, as the hold lasted a week"
    )
    me = f"person:{cast.sponsor.id}"
    assert newest(key) == [(me, False), (me, True), (me, False)]
    assert newest(key, of_review=True) == [
        ("step:sponsor-decision", False), (HOLD, True), ("step:sponsor-decision", False),
    ]  # fmt: skip


def test_a_target_that_was_missed_keeps_its_moment_through_a_hold(database, cast, clock):
    key = ask(cast)
    target = step(key).target_at
    clock.shift(timedelta(days=10))
    hold(cast, key)
    clock.shift(timedelta(days=3))
    move(cast, key, ask=AskKind.RELEASE, by=cast.lead, reason="It goes on")
    assert step(key).target_at == target


def test_the_last_stretches_end_with_the_review(database, cast, clock):
    for end in ("vote", "withdraw", "recycle", "cancel"):
        key = ask(cast)
        review, _ = open_review(key)
        clock.shift(timedelta(hours=1))
        if end == "vote":
            vote(cast, key, cast.sponsor)
        elif end == "withdraw":
            withdraw_review(WithdrawReview(review, cast.owner.origin))
        elif end == "recycle":
            vote(cast, key, cast.sponsor, "send_back", reason="Not yet clear")
        else:
            move(cast, key, ask=AskKind.CANCEL, by=cast.lead, reason="No longer needed")
        assert all(span.until_at is not None for span in spans(key) + spans(key, of_review=True)), end
        assert step(key).look_at is None


def test_when_parts_change_hands_the_step_is_held_by_the_new_holder(database, cast, clock):
    key = ask(cast)
    clock.shift(timedelta(hours=3))
    assign_all(cast, key, sponsor=cast.leader)
    assert newest(key) == [(f"person:{cast.sponsor.id}", False), (f"person:{cast.leader.id}", False)]
    first, second = spans(key)[-2:]
    assert first.until_at == second.from_at == now()


def test_a_deputy_holds_the_step_from_the_first_day_of_the_absence_to_the_last(database, cast, clock):
    tuesday = MONDAY + timedelta(days=1)
    absent(cast.sponsor, cast.leader, tuesday, tuesday)
    key = ask(cast)
    assert settle_due(SYSTEM) == 0
    clock.move_to(datetime(2026, 11, 23, 23, 30, tzinfo=UTC))  # half past midnight in Berlin
    assert settle_due(SYSTEM) > 0
    clock.shift(timedelta(days=1))
    assert settle_due(SYSTEM) > 0
    me = f"person:{cast.sponsor.id}"
    assert [party for party, _ in newest(key)] == [me, f"deputy:{cast.leader.id}:{cast.sponsor.id}", me]


def test_a_step_that_opens_again_has_a_new_clock(database, cast, clock):
    key = ask(cast, "detailed")
    clock.shift(timedelta(hours=3))
    vote(cast, key, cast.controller)
    clock.shift(timedelta(days=1))
    submit(cast, key, "plan-numbers", run_rate=70_000)
    again = step(key, "controller-check")
    assert again.opened_at == now() and again.target_at is not None and again.target_at > now()
    held = [span for span in spans(key) if span.step_id == again.id]
    assert [span.until_at is None for span in held] == [False, True]


def test_settling_again_writes_nothing(database, cast, clock, count_queries):
    key = ask(cast)
    clock.shift(timedelta(hours=5))
    before = len(spans(key))
    assert settle_all(SYSTEM) == 0
    assert len(spans(key)) == before


def test_reminders_and_escalations_come_once_each_and_nothing_lapses(database, cast, clock):
    with_reminders()
    absent(cast.sponsor, cast.approver, MONDAY + timedelta(days=2), MONDAY + timedelta(days=30))
    key = ask(cast)
    assert remind_due(SYSTEM) == 0
    told = []
    for _ in range(14 * 24):
        clock.shift(timedelta(hours=1))
        settle_due(SYSTEM)
        if remind_due(SYSTEM):
            told.append((now(), step(key).points_done))
    assert [points for _, points in told] == [50, 75, 100, 150]
    assert told[0][0] == datetime(2026, 11, 24, 13, tzinfo=UTC), "12 of 24 hours: Monday 7, Tuesday 5"
    assert notices("decision_reminder") == [
        (cast.sponsor.id, 50), (cast.sponsor.id, 75), (cast.approver.id, 75), (cast.sponsor.id, 100),
        (cast.approver.id, 100),
    ]  # fmt: skip
    assert notices("escalated") == [
        (cast.approver.id, 100), (cast.owner.id, 150), (cast.sponsor.id, 150), (cast.leader.id, 150),
    ]  # fmt: skip
    assert len(events("review:reminded")) == 3 and len(events("review:escalated")) == 2
    assert step(key).state == "open" and step(key).look_at is None
    assert loaded(key).snapshot.review is not None


def test_a_clock_that_was_away_reminds_once_for_all_that_has_passed(database, cast, clock):
    with_reminders()
    ask(cast)
    clock.shift(timedelta(days=20))
    assert remind_due(SYSTEM) == 1
    assert notices("decision_reminder") == [(cast.sponsor.id, 100)]
    assert [percent for _, percent in notices("escalated")] == [150, 150, 150]
    assert remind_due(SYSTEM) == 0


def test_nobody_is_reminded_while_the_measure_is_on_hold(database, cast, clock):
    with_reminders()
    key = ask(cast)
    clock.shift(timedelta(hours=2))
    hold(cast, key)
    clock.shift(timedelta(days=20))
    assert remind_due(SYSTEM) == 0
    move(cast, key, ask=AskKind.RELEASE, by=cast.lead, reason="It goes on")
    assert remind_due(SYSTEM) == 0, "2 of 24 hours have passed"
    clock.shift(timedelta(days=2))
    assert remind_due(SYSTEM) == 1


def test_an_idle_clock_takes_no_write_lock(database, cast, clock, count_queries):
    with_reminders()
    ask(cast)
    with writes(count_queries) as written:
        assert remind_due(SYSTEM) == 0
    assert written == []


def test_the_sum_of_the_parts_is_the_working_time_from_open_to_end_whatever_happens(database, cast, clock):
    key = ask(cast, "detailed")
    happens = [
        lambda: vote(cast, key, cast.controller),
        lambda: hold(cast, key),
        lambda: move(cast, key, ask=AskKind.RELEASE, by=cast.lead, reason="It goes on"),
        lambda: submit(cast, key, "plan-numbers", run_rate=70_000),
        lambda: vote(cast, key, cast.controller),
        lambda: hold(cast, key),
        lambda: submit(cast, key, "plan-numbers", run_rate=80_000),
        lambda: move(cast, key, ask=AskKind.RELEASE, by=cast.lead, reason="It goes on"),
        lambda: vote(cast, key, cast.controller),
        lambda: vote(cast, key, cast.sponsor),
    ]
    opened = now()
    for happening in happens:
        clock.shift(timedelta(hours=19, minutes=7))
        happening()
    assert_tiled(key, opened)


ACTS = ("vote", "figures", "hold", "release", "sponsor", "parts")
OTHER_HOURS = {
    "office": ("Europe/Berlin", ("08:30-12:30", "13:00-17:00"), DAYS[:5]),
    "always": ("Europe/Berlin", ("00:00-24:00",), DAYS),
    "denver": ("America/Denver", ("07:00-11:00", "22:00-24:00"), DAYS[:6]),
}


def act(cast: Cast, key: str, what: str, n: int) -> None:
    """Something that may happen during a review; what is refused has not happened."""
    sponsors = (cast.sponsor, cast.leader)
    try:
        if what == "vote":
            vote(cast, key, cast.controller)
        elif what == "figures":
            submit(cast, key, "plan-numbers", run_rate=60_000 + 1000 * n)
        elif what == "hold":
            hold(cast, key)
        elif what == "release":
            move(cast, key, ask=AskKind.RELEASE, by=cast.lead, reason="It goes on")
        elif what == "sponsor":
            vote(cast, key, sponsors[n % 2], "comment", reason="A question")
        else:
            assign_all(cast, key, sponsor=sponsors[n % 2])
    except GovappError:
        pass


@pytest.mark.parametrize("hours", OTHER_HOURS)
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_parts_add_up_in_any_order_of_votes_holds_and_changes(sqlite, cast, clock, seed, hours):
    zone, stretches, days = OTHER_HOURS[hours]
    set_calendar(SetCalendar(SYSTEM, "OI", hours + "-x", "Hours", zone, days, stretches, standard=True))
    chance = random.Random(seed)  # a sequence that can be played again
    key = ask(cast, "detailed")
    opened = now()
    for n in range(12):
        clock.shift(timedelta(minutes=chance.randint(0, 5000)))
        act(cast, key, chance.choice(ACTS), n)
        assert settle_all(SYSTEM) == 0, "a second look changes nothing"
    clock.shift(timedelta(minutes=chance.randint(0, 5000)))
    move(cast, key, ask=AskKind.CANCEL, by=cast.lead, reason="No longer needed")
    assert_tiled(key, opened)


def assert_tiled(key: str, opened: datetime) -> None:
    """The stretches of the newest review and of each of its steps follow each other; the parts add up to the whole."""
    rows = [each for each in spans(key, of_review=True) if each.from_at >= opened]
    assert rows[0].from_at == opened and rows[-1].until_at == now()
    assert all(a.until_at == b.from_at for a, b in pairwise(rows))
    waited = [Waited(row.step_id, row.party, row.paused, row.from_at, row.until_at) for row in rows]
    parts = held_by(calendar(key), waited, now())
    assert sum((time for _, time in parts), timedelta(0)) == working_time(calendar(key), opened, now())
    steps = [row for row in spans(key) if row.from_at >= opened]
    for number in {row.step_id for row in steps}:
        own = [row for row in steps if row.step_id == number]
        assert all(a.until_at is not None and a.until_at <= b.from_at for a, b in pairwise(own))
        assert own[-1].until_at is not None


def test_the_calendar_of_a_measure_is_read_with_it(database, cast):
    key = make_proposal(cast)
    with reading() as session:
        row = session.execute(select(*calendar_columns()).where(Measure.key == key)).one()
        assert calendar_for(row, "", "", "Europe/Berlin") is calendar(key)


def owe(cast: Cast, key: str, due: date) -> None:
    """An emergency advance that is looked back on by a day."""

    def body(work: Any) -> None:
        measure = load_measures(work.session, [measure_row(key).id], lock=True)[0]
        details = {"lookback_due": due.isoformat(), "incident_number": "INC004711", "informed_people": []}
        asked = Ask(AskKind.EMERGENCY, "decided", "The desk was down", details)
        _owe_lookback(work, measure, asked, "decided", [], "role:program_lead")

    writing(cast.lead.origin, body)


def set_condition(cast: Cast, key: str, due: date) -> None:
    def body(work: Any) -> None:
        measure = measure_row(key)
        work.session.add(
            Condition(measure_id=measure.id, wording="Name a deputy for the desk", owner_id=cast.member.id, due=due,
                      set_by=cast.sponsor.id, set_at=work.at)
        )  # fmt: skip
        work.log(
            "measure:edited", {"changes": {}}, object_type="measure", object_id=key, measure_id=measure.id
        )

    writing(SYSTEM, body)


def test_who_owes_a_condition_or_a_look_back_is_told_once_before_its_day(
    database, cast, clock, count_queries
):
    key = make_measure(cast, "defined")
    monday = MONDAY.date()
    set_condition(cast, key, monday + timedelta(days=8))
    owe(cast, key, monday + timedelta(days=6))
    with writes(count_queries) as written:
        assert tell_due(SYSTEM) == 0
    assert written == []
    told = []
    for _ in range(12):
        clock.shift(timedelta(days=1))
        told.append(tell_due(SYSTEM))
    assert told == [0, 0, 1, 0, 1, 0, 0, 0, 0, 0, 0, 0]
    assert [person for person, _ in notices("lookback_due")] == [cast.owner.id]
    assert [person for person, _ in notices("condition_due")] == [cast.member.id]
    assert len(events("measure:due-reminded")) == 2


def test_an_overdue_look_back_is_escalated_to_the_leaders_once(database, cast, clock, count_queries):
    key = make_measure(cast, "defined")
    owe(cast, key, MONDAY.date())
    assert escalate_lookbacks(SYSTEM) == 0, "its day lasts until midnight"
    clock.shift(timedelta(days=1))
    assert escalate_lookbacks(SYSTEM) == 1
    with writes(count_queries) as written:
        assert escalate_lookbacks(SYSTEM) == 0
    assert written == []
    assert {person for person, _ in notices("lookback_overdue")} == {cast.leader.id, cast.sponsor.id}
    assert len(events("lookback:escalated")) == 1
