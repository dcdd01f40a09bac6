"""Declared statuses with their reason and period."""

from datetime import timedelta

import pytest

from govapp.domain.errors import Invalid, Refused
from govapp.services.statuses import DeclareStatus, declare_status
from tests.factories import loaded, make_measure, today_of

REASON = "The vendor delivers four weeks later than promised."


def test_a_declared_status_shows_on_the_card_and_lapses_after_thirty_days(database, cast):
    key = make_measure(cast, "defined")
    declare_status(DeclareStatus(key, "implementation", "red", REASON, cast.owner.origin))
    found = loaded(key)
    assert found.card is not None
    assert found.card.implementation == "red"
    assert found.declared["implementation"] == ("red", today_of(key) + timedelta(days=30))
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
