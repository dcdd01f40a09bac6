"""Statuses: computed by the rows of the rules, declared beside them with a reason and until when."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from govapp.data.engine import reading
from govapp.data.measures import Milestone
from govapp.domain.asks import AskKind
from govapp.domain.errors import Invalid, Refused
from govapp.services._work import Origin
from govapp.services.plans import SetMilestone, set_milestone
from govapp.services.settling import settle_all, settle_due
from govapp.services.statuses import DeclareStatus, declare_status
from tests.cast import SYSTEM
from tests.factories import loaded, make_measure, move, today_of
from tests.factories2 import hold_details
from tests.factories3 import SAVING, make_measure3, month_of, set_months, use_version_3

REASON = "The vendor delivers four weeks later than promised."


def test_a_declared_status_shows_on_the_card_and_lapses_after_thirty_days(database, cast):
    key = make_measure(cast, "defined")
    declare_status(DeclareStatus(key, "implementation", "red", REASON, cast.owner.origin))
    found = loaded(key)
    assert found.card is not None
    assert found.card.implementation == "red"
    said = found.declared["implementation"]
    assert (said.colour, said.until) == ("red", today_of(key) + timedelta(days=30))
    assert found.card.check_at is not None


def test_the_latest_declaration_counts(database, cast):
    key = make_measure(cast, "defined")
    declare_status(DeclareStatus(key, "potential", "red", REASON, cast.owner.origin))
    declare_status(DeclareStatus(key, "potential", "green", "", cast.owner.origin))
    card = loaded(key).card
    assert card is not None
    assert (card.potential, card.implementation) == ("green", "none")


@pytest.mark.parametrize(
    ("field", "values"),
    [
        ("reason", {"reason": "too short"}),
        ("colour", {"colour": "purple"}),
        ("kind", {"kind": "mood"}),
        ("until", {"until": -1}),
        ("until", {"until": 400}),
    ],
)
def test_what_a_status_lacks_is_said_by_field(sqlite, cast, field, values):
    key = make_measure(cast, "defined")
    if "until" in values:
        values = {"until": today_of(key) + timedelta(days=values["until"])}
    given = {"kind": "implementation", "colour": "yellow", "reason": REASON} | values
    with pytest.raises(Invalid) as error:
        declare_status(DeclareStatus(key=key, origin=cast.owner.origin, **given))
    assert field in error.value.errors


def test_who_holds_no_part_declares_nothing(database, cast):
    key = make_measure(cast, "defined")
    for person in (cast.sponsor, cast.auditor, cast.leader):
        with pytest.raises(Refused):
            declare_status(DeclareStatus(key, "implementation", "green", "", person.origin))


def card_of(key):
    card = loaded(key).card
    assert card is not None
    return card


def colours(key, kind="implementation"):
    """The colour on the card, the computed one, and the rows that apply."""
    kept = card_of(key).computed[kind]
    return getattr(card_of(key), kind), kept["colour"], [row for row, _ in kept["reasons"]]


def late(cast, key, days, **more):
    """A further milestone whose plan date passed so many days ago."""
    plan = today_of(key) - timedelta(days=days)
    set_milestone(SetMilestone(key, "Vendor ready", cast.owner.origin, cast.owner.id, plan, **more))


def test_versions_without_rows_compute_nothing(sqlite, cast):
    key = make_measure(cast, "detailed")
    late(cast, key, 60)
    assert card_of(key).computed == {}
    assert card_of(key).implementation == "none"


def test_the_card_shows_the_computed_status_with_its_reasons(database, cast):
    key = make_measure3(cast, use_version_3(cast), "detailed")
    assert colours(key) == ("green", "green", [])
    late(cast, key, 30)
    assert colours(key) == ("red", "red", ["IM1", "IM2"])


def test_a_late_tick_stays_late_also_when_it_is_dated_back(sqlite, cast):
    key = make_measure3(cast, use_version_3(cast), "detailed")
    late(cast, key, 30)
    with reading() as session:
        row = session.scalars(select(Milestone).where(Milestone.name == "Vendor ready")).one()
        number, plan = row.id, row.plan_date
    day = today_of(key)
    set_milestone(
        SetMilestone(
            key, "Vendor ready", cast.owner.origin, cast.owner.id, plan, actual_date=day, milestone_id=number
        )
    )
    assert colours(key) == ("red", "red", ["IM1", "IM2"])


def test_a_declared_status_that_differs_needs_a_reason_and_shows_while_it_holds(database, cast):
    key = make_measure3(cast, use_version_3(cast), "detailed")
    late(cast, key, 30)
    with pytest.raises(Invalid) as refused:
        declare_status(DeclareStatus(key, "implementation", "yellow", "Soon done.", cast.owner.origin))
    assert refused.value.errors == {"reason": ["status_differs"]}
    declare_status(DeclareStatus(key, "implementation", "yellow", REASON, cast.owner.origin))
    assert colours(key) == ("yellow", "red", ["IM1", "IM2"])
    declare_status(
        DeclareStatus(key, "implementation", "red", "", cast.owner.origin)
    )  # as computed: no reason
    assert colours(key)[0] == "red"


def test_a_declared_status_lapses_when_the_computed_one_changes(sqlite, cast):
    key = make_measure3(cast, use_version_3(cast), "detailed")
    declare_status(DeclareStatus(key, "implementation", "yellow", REASON, cast.owner.origin))
    assert colours(key) == ("yellow", "green", [])
    late(cast, key, 30)
    assert colours(key) == ("red", "red", ["IM1", "IM2"])


def test_time_alone_changes_a_status_at_the_midnight_kept_with_it(database, cast):
    key = make_measure3(cast, use_version_3(cast), "detailed")
    late(cast, key, 3)
    assert colours(key)[1] == "green"
    check_at = card_of(key).check_at
    assert check_at is not None
    assert settle_due(Origin(None, "job", "clock", at=check_at - timedelta(minutes=1))) == 0
    assert settle_due(Origin(None, "job", "clock", at=check_at)) >= 1
    assert colours(key)[1:] == ("yellow", ["IM2"])


def test_settling_again_changes_nothing(sqlite, cast):
    key = make_measure3(cast, use_version_3(cast), "implemented")
    late(cast, key, 30)
    before = colours(key), colours(key, "potential"), card_of(key).check_at
    settle_all(SYSTEM)
    assert (colours(key), colours(key, "potential"), card_of(key).check_at) == before


def test_the_forecast_against_the_plan_gives_the_potential_status(sqlite, cast):
    key = make_measure3(cast, use_version_3(cast), "decided")
    assert colours(key, "potential")[1] == "green"
    set_months(cast, key, SAVING, "forecast", {month_of(key, ahead - 4): 500 for ahead in range(16)})
    assert colours(key, "potential")[1:] == ("red", ["PO1", "PO2"])


def test_on_hold_a_status_is_not_rated(sqlite, cast):
    board = use_version_3(cast)
    key = make_measure3(cast, board, "detailed")
    late(cast, key, 30)
    move(
        cast,
        key,
        ask=AskKind.HOLD,
        by=cast.lead,
        reason="The vendor has to answer first",
        details=hold_details(key),
    )
    assert colours(key) == ("none", "grey", [])
