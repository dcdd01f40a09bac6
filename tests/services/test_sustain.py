"""Checks after closing: their days, the clock that tells of them, what a judged one makes of them, reopening."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import select

from govapp.data.engine import reading
from govapp.data.measures import StagePassage
from govapp.data.notices import Notice
from govapp.data.sustain_queries import checks_of
from govapp.domain.asks import AskKind
from govapp.domain.errors import Invalid, Refused, Stale
from govapp.domain.events import Event
from govapp.domain.sustain import lost_percent, months_after
from govapp.services._work import Origin, now
from govapp.services.effects import SetEffectLine, set_effect_line
from govapp.services.sustain import SetSustainDates, set_sustain_dates, tell_sustain
from tests.factories import (
    bring_to,
    judge,
    loaded,
    make_measure,
    measure_row,
    move,
    submit,
    today_of,
    version_of,
)
from tests.logged import payloads


def states(key):
    with reading() as session:
        return [(check.months_after, check.state) for check in checks_of(session, loaded(key).measure.id)]


def days(key):
    with reading() as session:
        return [check.due for check in checks_of(session, loaded(key).measure.id)]


def set_days(cast, key, *ahead, by=None, **more):
    wanted = tuple(today_of(key) + timedelta(days=each) for each in ahead)
    values = {"seen_version": version_of(key)} | more
    set_sustain_dates(SetSustainDates(key, wanted, (by or cast.controller).origin, **values))
    return list(wanted)


def check(cast, key, months, still, amount="0"):
    submit(
        cast, key, "sustain-check", months_after=str(months), still_there=still, monthly_effect=amount,
        leakage_reason="Eight entries came back after the trade fair and stayed.",
    )  # fmt: skip
    judge(cast, key, "sustain-check")


def notices(kind):
    with reading() as session:
        return set(session.scalars(select(Notice.person_id).where(Notice.kind == kind)))


def test_closing_makes_the_checks_on_the_days_that_were_set(database, cast):
    key = make_measure(cast, "implemented")
    wanted = set_days(cast, key, 95, 190, 370)
    assert loaded(key).snapshot.fields["sustain_dates"] == [day.isoformat() for day in wanted]
    bring_to(cast, key, "closed")
    assert days(key) == wanted
    assert states(key) == [(3, "due"), (6, "due"), (12, "due")]
    with reading() as session:
        passages = session.scalars(select(StagePassage.confirmed).where(StagePassage.stage == "closed")).all()
    assert passages == [{}]


def test_without_days_the_checks_are_due_three_six_and_twelve_months_on(sqlite, cast):
    key = make_measure(cast, "closed")
    today = today_of(key)
    assert [(due.year * 12 + due.month) - (today.year * 12 + today.month) for due in days(key)] == [3, 6, 12]


def test_who_sets_the_days(sqlite, cast):
    key = make_measure(cast, "implemented")
    set_days(cast, key, 95, 190, 370)
    set_days(cast, key, 96, 190, 370, by=cast.owner)
    for who in (cast.sponsor, cast.auditor, cast.administrator, cast.leader):
        with pytest.raises(Refused):
            set_days(cast, key, 97, 190, 370, by=who)
    with pytest.raises(Stale):
        set_days(cast, key, 97, 190, 370, seen_version=1)


@pytest.mark.parametrize(
    ("ahead", "code"),
    [((95, 190), "sustain_count"), ((95, 95, 370), "sustain_order"), ((0, 190, 370), "sustain_past"),
     ((95, 190, 2000), "sustain_far")],
)  # fmt: skip
def test_days_that_cannot_be(sqlite, cast, ahead, code):
    key = make_measure(cast, "implemented")
    with pytest.raises(Invalid) as refused:
        set_days(cast, key, *ahead)
    assert refused.value.errors == {"days": [code]}


def test_once_closed_only_the_controller_moves_the_days_that_are_open(sqlite, cast):
    key = make_measure(cast, "closed")
    with pytest.raises(Refused):
        set_days(cast, key, 100, 200, 380, by=cast.owner)
    assert days(key) != (wanted := set_days(cast, key, 100, 200, 380))
    assert days(key) == wanted


def test_the_clock_tells_those_who_hand_in_once(database, cast):
    key = make_measure(cast, "closed")
    first = days(key)[0]
    assert tell_sustain(Origin(None, "job", "clock")) == 0
    later = Origin(None, "job", "clock", at=now() + (first - today_of(key)) + timedelta(days=1))
    assert tell_sustain(later) == 1
    assert tell_sustain(later) == 0
    assert notices("sustain_due") == {cast.owner.id, cast.member.id, cast.finance.id}
    assert payloads(Event.SUSTAIN_DUE)[-1]["months_after"] == 3


@pytest.mark.parametrize(("still", "state"), [("fully", "kept"), ("partly", "partly"), ("lost", "lost")])
def test_a_judged_check_settles_the_one_it_answers(database, cast, still, state):
    key = make_measure(cast, "closed")
    check(cast, key, 6, still)
    assert states(key) == [(3, "due"), (6, state), (12, "due")]
    assert notices("sustain_lost") == (set() if state == "kept" else {cast.controller.id})


def test_how_much_is_lost_is_the_months_effect_against_the_run_rate(sqlite, cast):
    key = make_measure(cast, "defined")
    set_effect_line(
        SetEffectLine(
            key, "Fewer entries", "ebitda", "recurring", "EUR", cast.owner.origin, run_rate=Decimal(9600)
        )
    )
    bring_to(cast, key, "closed")
    check(cast, key, 3, "partly", "560 EUR")
    assert payloads(Event.SUSTAIN_CHECKED)[-1]["lost_percent"] == "30.0"


def test_reopening_voids_the_open_checks_and_closing_anew_makes_new_ones(database, cast):
    key = make_measure(cast, "closed")
    check(cast, key, 3, "lost")
    move(cast, key, ask=AskKind.REOPEN, by=cast.controller, reason="The effect is lost for good")
    assert measure_row(key).stage == "implemented"
    assert states(key) == [(3, "lost"), (6, "void"), (12, "void")]


def test_a_month_later_is_the_same_day_or_the_last():
    assert months_after(date(2026, 11, 30), 3) == date(2027, 2, 28)
    assert months_after(date(2026, 1, 15), 12) == date(2027, 1, 15)


def test_a_share_that_is_lost():
    assert lost_percent(9600_00, 560_00) == 30
    assert lost_percent(9600_00, 900_00) == 0
    assert lost_percent(9600_00, -80_00) == 110
    assert lost_percent(0, 5) is None
