"""Pages say what waits for whom, since when, against which target, in working time; and who held each step how long."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from tests.factories import assign_all, hold, make_measure, move, open_review, supply, vote

# Monday, 10 in Berlin; the standard calendar of the tests is Monday to Friday, 9 to 17, and the target 24 hours
MONDAY = datetime(2026, 11, 23, 9, tzinfo=UTC)


@pytest.fixture
def clock():
    with time_machine.travel(MONDAY, tick=False) as found:
        yield found


@pytest.fixture
def key(cast, clock):
    """A measure in Defined that waits for its sponsor."""
    made = make_measure(cast, "defined")
    supply(cast, made, "identified")
    move(cast, made, "identified")
    return made


def pages(client, cast, key):
    """Text of every page on which the waiting is shown."""
    client.sign_in(cast.sponsor)
    number = open_review(key)[0]
    addresses = ("/", "/reviews", f"/reviews/{number}", f"/measures/{key}", "/measures", "/board")
    return {address: client.get(address).text for address in addresses}


def test_pages_say_how_much_of_the_target_has_passed_in_working_hours(client, cast, key, clock):
    clock.shift(timedelta(days=1, hours=2))
    found = pages(client, cast, key)
    for address in ("/", "/reviews", f"/measures/{key}"):
        assert "10 of 24 working hours" in found[address], address
    assert all("over target" not in text for text in found.values())
    assert "target 26 Nov 2026, 10:00" in found["/board"]


def test_a_target_over_the_weekend_is_late_by_working_time_and_said_everywhere(client, cast, key, clock):
    clock.move_to(datetime(2026, 11, 26, 9, 30, tzinfo=UTC))
    found = pages(client, cast, key)
    for address in ("/", "/reviews"):
        assert "24 working hours, target 24" in found[address], address
    for address, text in found.items():
        assert "over target" in text or "over its target" in text, address


def test_nothing_is_late_while_a_measure_is_on_hold(client, cast, key, clock):
    hold(cast, key)
    clock.shift(timedelta(days=30))
    assert all("over target" not in text for text in pages(client, cast, key).values())


def test_the_approvals_of_a_measure_say_who_held_each_step_how_long(client, cast, key, clock):
    clock.shift(timedelta(hours=3))
    assign_all(cast, key, sponsor=cast.leader)
    clock.shift(timedelta(days=7))
    vote(cast, key, cast.leader)
    text = client.sign_in(cast.leader).get(f"/measures/{key}/approvals").text
    table = text.split("Who held it, in working time")[1].split("</table>")[0]
    assert f"{cast.sponsor.name}</td>" in table and f"{cast.leader.name}</td>" in table
    assert ">3</td>" in table and ">40</td>" in table and ">43</td>" in table
    assert "over target" in table


def test_the_approvals_ask_the_same_number_of_statements_however_often_a_step_changed_hands(
    client, cast, key, clock, count_queries
):
    client.sign_in(cast.lead)
    client.get(f"/measures/{key}/approvals")
    with count_queries() as few:
        client.get(f"/measures/{key}/approvals")
    for who in (cast.leader, cast.sponsor) * 3:
        clock.shift(timedelta(hours=1))
        assign_all(cast, key, sponsor=who)
    client.sign_in(cast.lead)
    with count_queries() as many:
        client.get(f"/measures/{key}/approvals")
    assert many.number == few.number
