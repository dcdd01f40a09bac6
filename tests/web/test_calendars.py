"""Pages about calendars: what they say, who may change them, and refusals in words."""

from typing import Any

from sqlalchemy import select

from govapp.data.calendars import CalendarRow
from govapp.data.engine import reading
from govapp.services.calendars import InstallCalendars, install_calendars
from tests.cast import SYSTEM

OFFICE = {
    "key": "hamburg", "name": "Hamburg office", "timezone": "Europe/Berlin",
    "days": ["mon", "tue", "wed", "thu", "fri"],
    "hours": ["08:30-12:30", "13:00-17:00"],
    "holidays": {"country": "DE", "subdivision": "HH"},
    "closed": ["12-24", "12-31"],
}  # fmt: skip
HERE = "/admin/calendars/OI/hamburg"


def install() -> None:
    install_calendars(InstallCalendars(SYSTEM, "OI", {"calendars": [OFFICE]}))


def form(**more: Any) -> dict[str, Any]:
    return {
        "name": "Hamburg office", "timezone": "Europe/Berlin", "days": ["mon", "tue", "wed", "thu", "fri"],
        "hours": "08:30-12:30, 13:00-17:00", "country": "DE", "subdivision": "HH", "closed": "12-24, 12-31",
        "version": 1,
    } | more  # fmt: skip


def row(key: str = "hamburg") -> CalendarRow:
    with reading() as session:
        return session.scalars(select(CalendarRow).where(CalendarRow.key == key)).one()


def test_an_administrator_finds_the_calendars_in_the_administration(client, cast):
    install()
    client.sign_in(cast.administrator)
    assert "/admin/calendars" in client.get("/admin").text
    text = client.get("/admin/calendars").text
    assert "Hamburg office" in text and "08:30-12:30, 13:00-17:00" in text and "Mon to Fri" in text
    assert "Otter Insurance" in text and "North Works" not in text
    assert "all others" in text


def test_a_calendar_says_what_it_means_from_now_on(client, cast):
    install()
    text = client.sign_in(cast.administrator).get(HERE).text
    assert "24 working hours from now" in text
    assert "A full week has 40 hours." in text
    assert ("Next free days" in text and "Christmas Day" in text) or "Day" in text


def test_an_auditor_reads_and_changes_nothing(client, cast):
    install()
    client.sign_in(cast.auditor)
    text = client.get(HERE).text
    assert "DE, HH" in text and "<button" not in text.split("<main")[1]
    assert client.submit(HERE, form(name="Mine")).status_code == 403
    assert client.get("/admin/calendars/OI/new").status_code == 403
    assert row().name == "Hamburg office"


def test_who_holds_no_right_there_sees_no_calendar(client, cast):
    install()
    client.sign_in(cast.administrator)
    assert client.get("/admin/calendars/NW/standard").status_code == 404
    assert client.get("/admin/calendars/OI/none").status_code == 404
    assert client.get("/admin/calendars/nowhere/new").status_code == 404
    client.sign_in(cast.stranger)
    assert client.get("/admin/calendars").status_code == 403


def test_whom_the_hours_bind_may_read_them(client, cast):
    install()
    text = client.sign_in(cast.owner).get(HERE).text
    assert "DE, HH" in text and "<button" not in text.split("<main")[1]


def test_a_calendar_is_added_and_changed_by_its_form(client, cast):
    client.sign_in(cast.administrator)
    page = "/admin/calendars/OI/new"
    assert client.get(page).status_code == 200
    place = {"timezone": "Europe/London", "country": "GB", "subdivision": "ENG"}
    counts = ["legal_entities:legal-entitie-1"]
    answer = client.submit(page, form(key="leeds", name="Leeds", counts_for=counts, **place))
    assert answer.status_code == 303
    assert answer.headers["Location"] == "/admin/calendars/OI/leeds"
    assert row("leeds").hours == ["08:30-12:30", "13:00-17:00"]
    assert "legal entitie 1" in client.get("/admin/calendars").text
    changed = client.submit("/admin/calendars/OI/leeds", form(name="Leeds", hours="09:00-17:30"))
    assert changed.status_code == 303
    assert row("leeds").hours == ["09:00-17:30"]
    stale = client.submit("/admin/calendars/OI/leeds", form(name="Leeds", hours="07:00-15:00"))
    assert stale.status_code == 409
    assert "Somebody changed this" in stale.text


def test_a_calendar_without_working_hours_is_refused_in_words_and_nothing_typed_is_lost(client, cast):
    install()
    client.sign_in(cast.administrator)
    answer = client.submit(HERE, form(hours="", name="Renamed here", closed="12-24"))
    assert answer.status_code == 422
    assert "no target would ever be reached" in answer.text
    assert "Renamed here" in answer.text
    without_days = client.submit(HERE, form(days=[]))
    assert without_days.status_code == 422
    assert "Choose at least one working day" in without_days.text
    night = client.submit(HERE, form(hours="22:00-06:00"))
    assert "Work through the night is two stretches" in night.text
    assert row().version == 1


def test_r09_fields_that_are_not_of_the_form_change_nothing(client, cast):
    install()
    client.sign_in(cast.administrator)
    answer = client.submit(
        HERE, form(name="Office", standard="1", key="other", organization="NW", organization_id=2)
    )
    assert answer.status_code == 303
    assert row().name == "Office"


def test_the_number_of_queries_does_not_grow_with_the_calendars(client, cast, count_queries):
    client.sign_in(cast.administrator)
    client.get("/admin/calendars")
    with count_queries() as few:
        client.get("/admin/calendars")
    more = [OFFICE | {"key": f"c-{n}", "name": f"Calendar {n}"} for n in range(30)]
    install_calendars(InstallCalendars(SYSTEM, "OI", {"calendars": more}))
    with count_queries() as many:
        client.get("/admin/calendars")
    assert many.number == few.number
