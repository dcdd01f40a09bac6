"""Statuses on the pages of a measure, and its status reports: prefilled, published, corrected."""

import re
from datetime import timedelta

from govapp.data.engine import reading
from govapp.data.status_report_queries import reports_of
from govapp.services.plans import SetMilestone, set_milestone
from govapp.services.statuses import DeclareStatus, declare_status
from tests.factories import key_of_form, loaded, make_measure, today_of
from tests.factories3 import make_measure3, month_of, use_version_3

REASON = "The vendor delivers four weeks later than promised."


def late_measure(cast, stage="detailed"):
    key = make_measure3(cast, use_version_3(cast), stage)
    plan = today_of(key) - timedelta(days=30)
    set_milestone(SetMilestone(key, "Vendor ready", cast.owner.origin, cast.owner.id, plan))
    return key


def published(key):
    with reading() as session:
        return reports_of(session, loaded(key).measure.id)


def test_the_page_shows_the_computed_status_with_every_reason(client, cast):
    key = late_measure(cast)
    client.sign_in(cast.sponsor)
    text = client.get(f"/measures/{key}").text
    assert re.findall(r'data-reason="(\w+)"', text) == ["IM1", "IM2"]
    assert "A milestone is more than ten working days late." in text
    assert re.search(r"Vendor ready: planned for \d+ \w+ 2026", text)


def test_a_declared_status_stands_beside_the_computed_one(client, cast):
    key = late_measure(cast)
    declare_status(DeclareStatus(key, "implementation", "yellow", REASON, cast.owner.origin))
    client.sign_in(cast.owner)
    text = client.get(f"/measures/{key}").text
    assert "or when the computed status changes" in text
    text = client.get(f"/measures/{key}/status").text
    assert "Computed now" in text
    assert "computed then: Off track" in text


def test_declaring_otherwise_without_a_reason_is_refused_in_words(client, cast):
    key = late_measure(cast)
    client.sign_in(cast.owner)
    fields = {"kind": "implementation", "colour": "green", "reason": "", "action_key": key_of_form()}
    answer = client.submit(f"/measures/{key}/status", fields)
    assert answer.status_code == 422
    assert "differs from the computed status" in answer.text


def test_versions_that_compute_nothing_say_nothing_of_it(client, cast):
    key = make_measure(cast)
    client.sign_in(cast.owner)
    assert "Computed" not in client.get(f"/measures/{key}").text.split("Two statuses")[1].split("People")[0]


def publish(client, key, text="Form is live; contractors come next.", **more):
    fields = {
        "month": f"{month_of(key):%Y-%m}",
        "text": text,
        "seen": "0",
        "action_key": key_of_form(),
    } | more
    return client.submit(f"/measures/{key}/status-reports", fields)


def test_a_report_bears_statuses_figures_and_milestones_of_the_moment(client, cast):
    key = late_measure(cast, "implemented")
    client.sign_in(cast.owner)
    text = client.get(f"/measures/{key}/status-reports").text
    assert "None yet." in text
    assert "Vendor ready: planned" in text
    assert publish(client, key).status_code == 303
    report = published(key)[0]
    assert report.shown["implementation"]["colour"] == "red"
    assert [row for row, _ in report.computed["implementation"]["reasons"]] == ["IM1", "IM2"]
    sums = report.figures["amounts"]["EUR"]
    ahead = [month_of(key, n - 4) for n in range(16)]
    assert sums["plan"] == sum(100_000 for each in ahead if each.year == report.figures["year"]) - 50_000
    text = client.get(f"/measures/{key}/status-reports").text
    assert f'data-report="{month_of(key):%Y-%m}-1"' in text
    assert "Status report of" in client.get(f"/measures/{key}/history").text


def test_what_is_published_is_locked_and_a_correction_is_the_next_number_with_its_reason(client, cast):
    key = late_measure(cast)
    client.sign_in(cast.owner)
    publish(client, key)
    assert publish(client, key, "Other words").status_code == 422  # a correction says why
    assert publish(client, key, "Other words", seen="0", reason="A date was wrong in it").status_code == 409
    assert publish(client, key, "Other words", seen="1", reason="A date was wrong in it").status_code == 303
    found = published(key)
    assert [(each.number, each.text) for each in found] == [
        (2, "Other words"),
        (1, "Form is live; contractors come next."),
    ]
    assert "correction 1" in client.get(f"/measures/{key}/status-reports").text


def test_no_report_of_a_month_ahead_or_without_words(client, cast):
    key = late_measure(cast)
    client.sign_in(cast.owner)
    assert publish(client, key, month=f"{month_of(key, 1):%Y-%m}").status_code == 422
    assert publish(client, key, month="soon").status_code == 422
    assert publish(client, key, "  ").status_code == 422
    assert published(key) == ()


def test_who_publishes_and_who_reads(client, cast):
    key = late_measure(cast)
    client.sign_in(cast.auditor)
    assert 'name="text"' not in client.get(f"/measures/{key}/status-reports").text
    assert publish(client, key).status_code == 403
    client.sign_in(cast.stranger)
    assert client.get(f"/measures/{key}/status-reports").status_code == 404
