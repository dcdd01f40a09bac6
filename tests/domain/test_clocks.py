"""Who holds what waits and for how long: stretches that add up, targets shifted by pauses, points that come once."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from govapp.domain.clocks import (
    HOLD,
    NOBODY,
    Absent,
    Holding,
    Span,
    Waited,
    clock_of,
    escalations_of,
    held_by,
    next_point,
    next_turn,
    party_of,
    point_moment,
    points_passed,
    span_changes,
    target_moment,
    worked_of,
)
from govapp.domain.working_time import DAYS, Calendar, parse_calendar, working_time

CALENDARS = [
    parse_calendar("office", "Europe/Berlin", DAYS[:5], ["08:30-12:30", "13:00-17:00"], ["12-24"]),
    parse_calendar("always", "Europe/London", DAYS, ["00:00-24:00"]),
    parse_calendar("night", "America/Denver", DAYS, ["01:00-03:30", "22:00-24:00"]),
]
OFFICE = CALENDARS[0]
MONDAY = datetime(2026, 11, 23, 7, 30, tzinfo=UTC)  # 8:30 in Berlin
STEP = 5
HOUR = timedelta(hours=1)


class Table:
    """What is stored of the stretches of one step, as the service stores it."""

    def __init__(self, opened: datetime) -> None:
        self.opened = opened
        self.rows: list[Waited] = []

    def settle(self, party: str, at: datetime, *, paused: bool = False, ended: bool = False) -> int:
        """Bring the rows up to date; returns how many were written."""
        held = [
            Span(number, row.step_id, row.party, row.paused, row.from_at)
            for number, row in enumerate(self.rows)
            if row.until_at is None
        ]
        now = [] if ended else [Holding(STEP, party, self.opened, paused)]
        changes = span_changes(held, now, at)
        for number in changes.end:
            row = self.rows[number]
            self.rows[number] = Waited(row.step_id, row.party, row.paused, row.from_at, at)
        for number, holding in changes.amend:
            row = self.rows[number]
            self.rows[number] = Waited(row.step_id, holding.party, holding.paused, row.from_at, None)
        for holding in changes.begin:
            self.rows.append(Waited(holding.step_id, holding.party, holding.paused, holding.since, None))
        return len(changes.end) + len(changes.amend) + len(changes.begin)


moves = st.tuples(
    st.sampled_from(["person:1", "person:2", "deputy:3:1", "group:board", NOBODY]),
    st.booleans(),
    st.timedeltas(timedelta(0), timedelta(days=9)),
)
starts = st.timedeltas(timedelta(0), timedelta(days=300))


@given(st.sampled_from(CALENDARS), st.lists(moves, min_size=1, max_size=12), starts)
def test_the_stretches_of_a_step_add_up_to_the_working_time_from_open_to_end(
    calendar: Calendar, happened: list[tuple[str, bool, timedelta]], later: timedelta
) -> None:
    opened = at = datetime(2026, 3, 2, 10, tzinfo=UTC) + later
    table = Table(opened)
    for party, paused, wait in happened:
        table.settle(party, at, paused=paused)
        at += wait
    table.settle("", at, ended=True)
    assert all(before.until_at == after.from_at for before, after in pairwise(table.rows))
    assert table.rows[0].from_at == opened and table.rows[-1].until_at == at
    whole = working_time(calendar, opened, at)
    parts = dict(held_by(calendar, table.rows, at))
    assert sum(parts.values(), timedelta(0)) == whole
    assert worked_of(calendar, table.rows, at) == whole - parts.get(HOLD, timedelta(0))


@given(st.sampled_from(CALENDARS), st.lists(moves, min_size=1, max_size=8))
def test_a_pause_shifts_the_target_by_its_working_time(
    calendar: Calendar, happened: list[tuple[str, bool, timedelta]]
) -> None:
    at = MONDAY
    table = Table(at)
    for party, paused, wait in happened:
        table.settle(party, at, paused=paused)
        at += wait
    table.settle("person:1", at)
    worked = worked_of(calendar, table.rows, at)
    target = target_moment(calendar, at, 40, worked)
    if worked < 40 * HOUR:
        assert worked_of(calendar, table.rows, target) == 40 * HOUR
        clock = clock_of(calendar, 40, target, at)
        assert clock is not None and not clock.late
        assert clock.worked == pytest.approx(worked / HOUR)
    else:
        assert target == at


def test_what_has_not_changed_is_not_written_again() -> None:
    table = Table(MONDAY)
    assert table.settle("group:board", MONDAY) == 1
    assert table.settle("group:board", MONDAY + HOUR) == 0
    assert table.settle("person:1", MONDAY + HOUR) == 2
    assert table.settle("person:2", MONDAY + HOUR) == 1, (
        "it began just now, so it is put right and leaves no nothing"
    )
    assert [row.party for row in table.rows] == ["group:board", "person:2"]


def test_one_person_is_named_and_the_deputy_while_absent() -> None:
    sponsor = {"parts": ["sponsor"]}
    away = [Absent(1, 9, date(2026, 11, 24), date(2026, 11, 25))]
    found = [party_of(sponsor, {1}, away, date(2026, 11, day)) for day in (23, 24, 25, 26)]
    assert found == ["person:1", "deputy:9:1", "deputy:9:1", "person:1"]
    assert [next_turn({1}, away, date(2026, 11, day)) for day in (23, 24, 26)] == [
        date(2026, 11, 24), date(2026, 11, 26), None,
    ]  # fmt: skip
    assert next_turn({2}, away, date(2026, 11, 23)) is None


def test_of_several_the_part_role_or_group_is_named_until_one_is_left() -> None:
    board = {"groups": ["board"], "roles": ["leader"]}
    assert party_of(board, {1, 2}, [], date(2026, 11, 23)) == "role:leader+group:board"
    assert party_of(board, {2}, [], date(2026, 11, 23)) == "person:2"
    assert party_of(board, set(), [], date(2026, 11, 23)) == NOBODY


def test_points_come_once_and_in_order() -> None:
    points = [50, 75, 100, 125, 200]
    assert next_point(points, 0) == 50 and next_point(points, 100) == 125 and next_point(points, 200) is None
    assert points_passed(points, 0, 8, 6 * HOUR) == [50, 75]
    assert points_passed(points, 75, 8, 6 * HOUR) == []
    assert points_passed(points, 75, 8, 16 * HOUR) == [100, 125, 200]


def test_the_moment_of_a_point_counts_what_has_passed() -> None:
    assert point_moment(OFFICE, MONDAY, 8, timedelta(0), 50) == MONDAY + 4 * HOUR
    assert point_moment(OFFICE, MONDAY, 8, 2 * HOUR, 50) == MONDAY + 2 * HOUR
    assert point_moment(OFFICE, MONDAY, 8, 6 * HOUR, 50) == MONDAY


def test_escalations_come_in_the_order_of_their_points() -> None:
    raw = [
        {"at_percent": 200, "to": {"roles": ["leader"]}},
        {"at_percent": 100, "to": {"parts": ["sponsor"]}},
    ]
    assert [each.at_percent for each in escalations_of(raw)] == [100, 200]
    assert escalations_of([]) == ()


def test_a_clock_is_late_past_its_target_and_rests_without_one() -> None:
    target = target_moment(OFFICE, MONDAY, 8, timedelta(0))
    before, after = (
        clock_of(OFFICE, 8, target, target - HOUR),
        clock_of(OFFICE, 8, target, MONDAY + 25 * HOUR),
    )
    assert before is not None and (before.worked, before.late) == (7.0, False)
    assert after is not None and (after.worked, after.late) == (9.0, True)
    assert clock_of(OFFICE, 8, None, MONDAY) is None and clock_of(OFFICE, None, target, MONDAY) is None
