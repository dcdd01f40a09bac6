"""Checks after closing: their days, the clock that tells of them, what a judged one makes of them, reopening."""

from datetime import date, timedelta

import pytest
from sqlalchemy import select

from govapp.data.engine import reading
from govapp.data.measures import StagePassage
from govapp.data.notices import Notice
from govapp.data.sustain_queries import checks_of
from govapp.domain.asks import AskKind
from govapp.domain.errors import Invalid, Refused, Stale
from govapp.domain.events import Event
from govapp.domain.gates import gate_findings
from govapp.domain.sustain import lost_percent, months_after
from govapp.services._work import Origin, now
from govapp.services.settling import settle_all
from govapp.services.sustain import SetSustainDates, set_sustain_dates, tell_sustain
from tests.cast import SYSTEM
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
from tests.factories3 import bring_to3, make_measure3, use_version_3
from tests.logged import payloads


def closing(cast, stage):
    return make_measure3(cast, use_version_3(cast), stage)


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


def check(cast, key, months, still, amount=0):
    why = (
        {}
        if still == "fully"
        else {"leakage_reason": "Eight entries came back after the trade fair and stayed."}
    )
    said = {"months_after": str(months), "still_there": still, "monthly_effect": amount}
    submit(cast, key, "sustain-check", **said, **why)
    judge(cast, key, "sustain-check")


def notices(kind):
    with reading() as session:
        return set(session.scalars(select(Notice.person_id).where(Notice.kind == kind)))


def test_closing_makes_the_checks_on_the_days_that_were_set(database, cast):
    board = use_version_3(cast)
    key = make_measure3(cast, board, "implemented")
    wanted = set_days(cast, key, 95, 190, 370)
    assert loaded(key).snapshot.fields["sustain_dates"] == [day.isoformat() for day in wanted]
    bring_to3(cast, board, key, "closed")
    assert days(key) == wanted
    assert states(key) == [(3, "due"), (6, "due"), (12, "due")]
    with reading() as session:
        passages = session.scalars(select(StagePassage.confirmed).where(StagePassage.stage == "closed")).all()
    assert passages == [{"EUR": 3 * 950_00 - 480_00}]


def test_the_days_of_the_form_of_earlier_versions_count_where_none_are_set(sqlite, cast):
    key = make_measure(cast, "implemented")
    wanted = [today_of(key) + timedelta(days=ahead) for ahead in (80, 180, 360)]
    said = {f"after_{months}_months": day.isoformat() for months, day in zip((3, 6, 12), wanted, strict=True)}
    submit(cast, key, "sustain-dates", **said)
    bring_to(cast, key, "closed")
    assert days(key) == wanted


def test_who_sets_the_days(sqlite, cast):
    key = closing(cast, "implemented")
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
    key = closing(cast, "implemented")
    with pytest.raises(Invalid) as refused:
        set_days(cast, key, *ahead)
    assert refused.value.errors == {"days": [code]}


def test_once_closed_only_the_controller_moves_the_days_that_are_open(sqlite, cast):
    key = closing(cast, "closed")
    with pytest.raises(Refused):
        set_days(cast, key, 100, 200, 380, by=cast.owner)
    assert days(key) != (wanted := set_days(cast, key, 100, 200, 380))
    assert days(key) == wanted


def test_the_clock_tells_those_who_hand_in_once(database, cast):
    key = closing(cast, "closed")
    first = days(key)[0]
    assert tell_sustain(Origin(None, "job", "clock")) == 0
    later = Origin(None, "job", "clock", at=now() + (first - today_of(key)) + timedelta(days=1))
    assert tell_sustain(later) == 1
    assert tell_sustain(later) == 0
    assert notices("sustain_due") == {cast.owner.id, cast.member.id, cast.finance.id}
    assert payloads(Event.SUSTAIN_DUE)[-1]["months_after"] == 3


@pytest.mark.parametrize(("still", "state"), [("fully", "kept"), ("partly", "partly"), ("lost", "lost")])
def test_a_judged_check_settles_the_one_it_answers(database, cast, still, state):
    key = closing(cast, "closed")
    check(cast, key, 6, still)
    assert states(key) == [(3, "due"), (6, state), (12, "due")]
    assert notices("sustain_lost") == (set() if state == "kept" else {cast.controller.id})


def test_how_much_is_lost_is_the_months_effect_against_the_run_rate(sqlite, cast):
    key = closing(cast, "closed")  # a run rate of EUR 12,000, so 1,000 a month
    check(cast, key, 3, "partly", 700)
    assert payloads(Event.SUSTAIN_CHECKED)[-1]["lost_percent"] == "30.0"


def test_reopening_voids_the_open_checks_and_closing_anew_makes_new_ones(database, cast):
    key = closing(cast, "closed")
    check(cast, key, 3, "lost")
    move(cast, key, ask=AskKind.REOPEN, by=cast.controller, reason="The effect is lost for good")
    assert measure_row(key).stage == "implemented"
    assert states(key) == [(3, "lost"), (6, "void"), (12, "void")]
    asked = gate_findings(
        loaded(key).rules, loaded(key).rules.gates["closed"], loaded(key).snapshot, today_of(key)
    )
    days = next(each for each in asked if each.key == "field:sustain-dates")
    assert not days.met, "they count from the new closing"
    assert settle_all(SYSTEM) == 0


def test_a_month_later_is_the_same_day_or_the_last():
    assert months_after(date(2026, 11, 30), 3) == date(2027, 2, 28)
    assert months_after(date(2026, 1, 15), 12) == date(2027, 1, 15)


def test_a_share_that_is_lost():
    assert lost_percent(9600_00, 560_00) == 30
    assert lost_percent(9600_00, 900_00) == 0
    assert lost_percent(9600_00, -80_00) == 110
    assert lost_percent(0, 5) is None
