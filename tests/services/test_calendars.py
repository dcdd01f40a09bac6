"""Calendars of organizations: those of a governance set, changes by administrators, which one counts for a measure."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import delete, select

from govapp.data.audit import AuditLog
from govapp.data.calendars import CalendarRow
from govapp.data.engine import reading
from govapp.data.structure import Choice, Organization
from govapp.data.working_calendars import (
    Calendars,
    PublicHolidays,
    calendars_by_organization,
    calendars_of,
    holiday_places,
    named_holidays,
    plain_calendar,
)
from govapp.domain.errors import Invalid, KeyReused, NotFound, Refused, Stale
from govapp.domain.working_time import working_hours
from govapp.services._work import writing
from govapp.services.calendars import InstallCalendars, SetCalendar, install_calendars, set_calendar
from govapp.services.choices import ChoiceItem, SetChoices, set_choices
from govapp.services.structure import AddOrganization, add_organization
from tests.cast import SYSTEM, Cast
from tests.factories import key_of_form

WEEK = ("mon", "tue", "wed", "thu", "fri")
SET: dict[str, Any] = {
    "approval_defaults": {"calendar": "office"},
    "calendars": [
        {"key": "office", "name": "Office hours", "timezone": "Europe/Berlin", "days": list(WEEK),
         "hours": ["08:30-12:30", "13:00-17:00"], "holidays": {"country": "DE", "subdivision": "HH"},
         "closed": ["12-24"]},
        {"key": "office-uk", "name": "Office hours United Kingdom", "timezone": "Europe/London", "days": list(WEEK),
         "hours": ["09:00-13:00", "13:30-17:30"], "holidays": {"country": "GB", "subdivision": "ENG"}, "closed": []},
        {"key": "around-the-clock", "name": "Around the clock", "timezone": "Europe/Berlin",
         "days": [*WEEK, "sat", "sun"], "hours": ["00:00-24:00"], "holidays": None, "closed": []},
    ],
}  # fmt: skip


def wanted(cast: Cast, **more: Any) -> SetCalendar:
    values: dict[str, Any] = {
        "origin": cast.administrator.origin, "organization": "OI", "key": "late-shift", "name": "Late shift",
        "timezone": "Europe/Berlin", "days": WEEK, "hours": ("14:00-22:00",), "action_key": key_of_form(),
    }  # fmt: skip
    return SetCalendar(**(values | more))


def organization_id(key: str = "OI") -> int:
    with reading() as session:
        return session.scalars(select(Organization.id).where(Organization.key == key)).one()


def rows(key: str = "OI") -> dict[str, CalendarRow]:
    with reading() as session:
        found = session.scalars(
            select(CalendarRow).where(CalendarRow.organization_id == organization_id(key))
        )
        return {row.key: row for row in found}


def calendars(key: str = "OI") -> Calendars:
    with reading() as session:
        return calendars_of(session, organization_id(key))


def faults(command: SetCalendar) -> dict[str, list[str]]:
    with pytest.raises(Invalid) as error:
        set_calendar(command)
    return error.value.errors


def test_an_organization_is_never_without_a_calendar(database: object, cast: Cast) -> None:
    add_organization(AddOrganization(SYSTEM, "Far Away", "FA", timezone="Asia/Tokyo", key_prefix="F"))
    assert [row.standard for row in rows("FA").values()].count(True) == 1
    standard = calendars("FA").standard
    assert standard.zone == "Asia/Tokyo"
    assert (
        working_hours(standard, datetime(2026, 11, 26, 0, tzinfo=UTC), datetime(2026, 11, 26, 8, tzinfo=UTC))
        == 8
    )


def test_an_organization_without_a_row_counts_monday_to_friday_nine_to_five_in_its_zone(
    database: object, cast: Cast
) -> None:
    writing(SYSTEM, lambda work: work.session.execute(delete(CalendarRow)))
    assert calendars("NW").standard is plain_calendar("Europe/London")
    monday = datetime(2026, 11, 23, tzinfo=UTC)
    assert working_hours(calendars("NW").standard, monday, monday + timedelta(days=7)) == 40


def test_the_calendars_of_a_set_come_once_and_leave_what_was_changed(database: object, cast: Cast) -> None:
    before = set(rows())
    added = install_calendars(InstallCalendars(SYSTEM, "OI", SET))
    assert set(added) == {"office", "office-uk", "around-the-clock"} - before
    assert install_calendars(InstallCalendars(SYSTEM, "OI", SET)) == []
    version = rows()["office-uk"].version
    set_calendar(wanted(cast, key="office-uk", name="Leeds", timezone="Europe/London", seen_version=version))
    install_calendars(InstallCalendars(SYSTEM, "OI", SET))
    assert rows()["office-uk"].name == "Leeds"
    assert calendars().standard.key == "office"


def test_an_organization_elsewhere_takes_the_calendar_of_its_zone_as_standard(
    database: object, cast: Cast
) -> None:
    install_calendars(InstallCalendars(SYSTEM, "NW", SET))
    assert calendars("NW").standard.key == "office-uk"


def test_a_standard_calendar_that_somebody_chose_stays_when_a_set_is_switched_on(
    database: object, cast: Cast
) -> None:
    set_calendar(wanted(cast, standard=True))
    install_calendars(InstallCalendars(SYSTEM, "OI", SET))
    assert [row.key for row in rows().values() if row.standard] == ["late-shift"]


def test_a_set_with_a_calendar_without_working_hours_is_refused_whole(database: object, cast: Cast) -> None:
    broken = {"calendars": [*SET["calendars"][:1], SET["calendars"][1] | {"key": "idle", "hours": []}]}
    before = set(rows())
    with pytest.raises(Invalid) as error:
        install_calendars(InstallCalendars(SYSTEM, "OI", broken))
    assert "idle" in error.value.values["problem"]
    assert set(rows()) == before


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"days": ()}, {"days": ["no_working_days"]}),
        ({"hours": ()}, {"hours": ["no_working_hours"]}),
        ({"hours": ("09:00-12:00", "11:00-17:00")}, {"hours": ["hours_overlap"]}),
        ({"hours": ("17:00-09:00",)}, {"hours": ["hours_reversed"]}),
        ({"timezone": "Europe/Atlantis"}, {"timezone": ["unknown_zone"]}),
        ({"country": "ZZ"}, {"country": ["unknown_choice"]}),
        ({"country": "DE", "subdivision": "ENG"}, {"subdivision": ["unknown_choice"]}),
        ({"closed": ("13-01",)}, {"closed": ["day_malformed"]}),
        ({"name": " "}, {"name": ["required"]}),
        ({"key": "Ä"}, {"key": ["key_malformed"]}),
        ({"key": "new"}, {"key": ["key_taken"]}),
        ({"closed": tuple(f"{m:02}-{d:02}" for m in (1, 2, 3, 4) for d in range(1, 29))}, {"closed": ["too_many"]}),
        ({"counts_for": (("legal_entities", "nobody"),)}, {"counts_for": ["unknown_choice"]}),
    ],
)  # fmt: skip
def test_a_calendar_that_cannot_be_used_is_refused_by_field(
    database: object, cast: Cast, change: dict[str, Any], fault: dict[str, list[str]]
) -> None:
    before = set(rows())
    assert faults(wanted(cast, **change)) == fault
    assert set(rows()) == before


def test_only_who_operates_the_system_changes_calendars(database: object, cast: Cast) -> None:
    for person in (cast.leader, cast.controller, cast.auditor):
        with pytest.raises(Refused):
            set_calendar(wanted(cast, origin=person.origin))
    for command in (wanted(cast, origin=cast.lead.origin), wanted(cast, organization="NW")):
        with pytest.raises(NotFound):
            set_calendar(command)
    with pytest.raises(NotFound):
        set_calendar(wanted(cast, organization="nowhere"))


def test_a_change_names_the_version_seen_and_is_logged_with_old_and_new(database: object, cast: Cast) -> None:
    assert set_calendar(wanted(cast)) == "late-shift"
    assert faults(wanted(cast)) == {"key": ["key_taken"]}
    set_calendar(wanted(cast, hours=("13:00-21:00",), seen_version=1))
    with pytest.raises(Stale):
        set_calendar(wanted(cast, hours=("12:00-20:00",), seen_version=1))
    with pytest.raises(NotFound):
        set_calendar(wanted(cast, key="none-such", seen_version=1))
    assert set_calendar(wanted(cast, hours=("13:00-21:00",), seen_version=2)) == "late-shift"
    assert rows()["late-shift"].version == 2
    with reading() as session:
        logged = session.scalars(
            select(AuditLog.payload)
            .where(AuditLog.event == "structure:calendars-set", AuditLog.object_id == "late-shift")
            .order_by(AuditLog.sequence)
        ).all()
    assert len(logged) == 2
    assert '"hours":[["14:00-22:00"],["13:00-21:00"]]' in str(logged[1])


def test_r13_a_replayed_form_of_a_calendar_writes_nothing_new(database: object, cast: Cast) -> None:
    command = wanted(cast)
    assert set_calendar(command) == set_calendar(command) == "late-shift"
    with pytest.raises(KeyReused):
        set_calendar(wanted(cast, name="Other", action_key=command.action_key))


def test_one_calendar_is_the_standard_one_and_only_gives_way_to_another(database: object, cast: Cast) -> None:
    set_calendar(wanted(cast, standard=True))
    assert [row.key for row in rows().values() if row.standard] == ["late-shift"]
    assert faults(wanted(cast, seen_version=1)) == {"standard": ["standard_stays"]}


def test_a_measure_counts_by_its_entity_then_its_unit_then_the_standard(database: object, cast: Cast) -> None:
    install_calendars(InstallCalendars(SYSTEM, "OI", SET))
    for name, key, calendar in (
        ("legal_entities", "legal-entitie-1", "office-uk"),
        ("business_units", "business-unit-1", "around-the-clock"),
    ):
        others = [ChoiceItem(f"{key[:-1]}{n}", f"Entry {n}") for n in (2,)]
        set_choices(
            SetChoices(SYSTEM, "OI", name, [ChoiceItem(key, "Entry 1", {"calendar": calendar}), *others])
        )
    found = calendars()
    assert found.of("legal-entitie-1", "business-unit-1").key == "office-uk"
    assert found.of("legal-entitie-2", "business-unit-1").key == "around-the-clock"
    assert found.of("legal-entitie-2", "business-unit-2").key == "office"
    assert found.of("", "").key == "office"
    assert found.of("legal-entitie-1", "", "around-the-clock").key == "around-the-clock"


def test_an_administrator_says_for_which_entities_and_units_a_calendar_counts(
    database: object, cast: Cast
) -> None:
    entries = (("legal_entities", "legal-entitie-1"), ("business_units", "business-unit-2"))
    set_calendar(wanted(cast, counts_for=entries))
    assert calendars().of("legal-entitie-1", "").key == "late-shift"
    assert calendars().of("", "business-unit-2").key == "late-shift"
    set_calendar(wanted(cast, counts_for=entries[:1], seen_version=1))
    assert calendars().of("", "business-unit-2").key != "late-shift"
    set_calendar(wanted(cast, name="Later shift", seen_version=2))
    assert calendars().of("legal-entitie-1", "").key == "late-shift"
    with reading() as session:
        details = session.scalars(select(Choice.details).where(Choice.key == "business-unit-2")).one()
    assert details == {}


def test_equal_calendars_are_one_object_that_keeps_what_it_worked_out(database: object, cast: Cast) -> None:
    assert calendars().standard is calendars().standard


def test_calendars_of_several_organizations_come_in_one_statement(
    database: object, cast: Cast, count_queries: Any
) -> None:
    ids = [organization_id("OI"), organization_id("NW")]
    with count_queries() as counted, reading() as session:
        assert set(calendars_by_organization(session, ids)) == set(ids)
        assert calendars_by_organization(session, []) == {}
    assert counted.number == 1


def test_public_holidays_come_by_country_and_part_of_it() -> None:
    assert date(2026, 10, 31) in PublicHolidays("DE", "HH")(2026)
    assert date(2026, 10, 31) not in PublicHolidays("DE", "BE")(2026)
    assert named_holidays("DE", "HH", 2026)[date(2026, 5, 1)] == "Labor Day"
    assert PublicHolidays("")(2026) == frozenset() == PublicHolidays("ZZ")(2026)
    assert "HH" in holiday_places()["DE"]
