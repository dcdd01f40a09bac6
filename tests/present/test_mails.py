"""Mail in words: one line for the subject, plain text, no way to smuggle anything in."""

import pytest

from govapp.domain.notices import KINDS
from govapp.present.mails import line, mail_words
from govapp.present.notice_kinds import kind_about, kind_name, kinds_by_subject, mail_subject, way_word
from govapp.present.notices import known_kinds, told

BASE = "https://gates.example"
ASKED = {
    "to": "sponsor@example.test", "zone": "Europe/Berlin", "kind": "decision_waits", "at": "2026-11-12T17:00:00+00:00",
    "key": "M-142", "who": "Olga Brandt", "stands_in_for": "", "review": 12, "readable": True,
    "title": "Fewer password calls", "effect": "Half of the calls disappear.", "about": {},
    "came_from": "Identified", "into": "Detailed", "values": {"EUR": 12_000_000},
    "steps": [{"name": "Technical validation", "since": "2026-11-12T17:00:00+00:00", "hours": 16, "target": ""}],
}  # fmt: skip


def test_a_mail_says_what_changes_what_money_since_when_and_the_target_with_its_link():
    mail = mail_words(ASKED, BASE)
    assert mail.subject == "[govapp] M-142: your decision is asked, into Detailed"
    assert "Olga Brandt asks you to decide on M-142." in mail.text
    assert "What changes: Identified to Detailed" in mail.text
    assert "Value a year: EUR 120,000" in mail.text
    assert "Waits for: Technical validation" in mail.text
    assert "Since: 12 Nov 2026, 18:00:00 CET" in mail.text
    assert "Target: 16 working hours" in mail.text
    assert f"Open it: {BASE}/reviews/12\n" in mail.text
    assert f"{BASE}/account/notices" in mail.text


def test_a_known_moment_of_the_target_is_told_in_the_readers_zone():
    step = ASKED["steps"][0] | {"target": "2026-11-14T08:00:00+00:00"}
    assert "Target: by 14 Nov 2026, 09:00:00 CET" in mail_words(ASKED | {"steps": [step]}, BASE).text


def test_amounts_are_left_out_for_another_reader_and_where_there_is_no_right():
    assert "EUR" not in mail_words(ASKED, BASE, amounts=False).text
    bare = {key: value for key, value in ASKED.items() if key != "values"}
    assert "Value" not in mail_words(bare, BASE).text


def test_of_a_measure_that_may_not_be_read_only_the_key_is_told():
    bare = {key: ASKED[key] for key in ("to", "zone", "kind", "at", "key", "who", "review")} | {
        "readable": False
    }
    mail = mail_words(bare, BASE)
    assert mail.subject == "[govapp] M-142: your decision is asked"
    assert "password" not in mail.text


EVIL = "Calm\r\nBcc: all@example.test\n\n\x00\x1b[31m\u202eevil\u2028next"


@pytest.mark.parametrize("name", ["title", "effect", "who", "into", "came_from"])
def test_breaks_and_control_signs_of_people_stay_on_one_line(name):
    mail = mail_words(ASKED | {name: EVIL}, BASE)
    assert mail.subject == line(mail.subject)
    assert not [row for row in mail.text.splitlines() if row.startswith("Bcc:")]
    assert not set(mail.text) & set("\r\x00\x1b\u202e\u2028")


def test_a_reason_cannot_look_like_the_rest_of_the_mail():
    mail = mail_words(
        ASKED | {"kind": "sent_back", "about": {"reason": "No.\n\nOpen it: https://evil.example"}}, BASE
    )
    assert [row for row in mail.text.splitlines() if row.startswith("Open it:")] == [
        f"Open it: {BASE}/reviews/12"
    ]


def test_long_text_is_cut():
    assert len(line("x" * 5000)) == 400


def test_every_kind_has_a_sentence_a_name_and_a_subject():
    keys = {kind.key for kind in KINDS}
    assert known_kinds() == keys
    for key in keys:
        said = told(key, "M-1", "", 3, {})
        assert said.sentence
        assert said.address.startswith("/")
        assert kind_name(key)
        assert kind_about(key).endswith(".")
        assert mail_subject(key)
    assert {kind.key for _, kinds in kinds_by_subject() for kind in kinds} == keys
    assert way_word("digest") == "Daily digest"


def test_a_notice_for_whom_one_stands_in_names_both():
    said = told("decision_waits", "M-1", "Olga Brandt", 3, {}, "Samir Haddad")
    assert said.sentence == "For Samir Haddad: Olga Brandt asks you to decide on M-1."


def test_a_digest_lists_what_waits_and_what_is_new():
    payload = {
        "kind": "digest", "to": "x@example.test", "day": "2026-11-26", "zone": "Europe/Berlin",
        "decisions": [
            {"key": "M-1", "title": "One", "review": 4, "step": "Sponsor", "since": "2026-11-20T09:00:00+00:00",
             "hours": 16},
        ],
        "more_decisions": 2,
        "dues": [
            {"what": "condition", "key": "M-2", "title": "Two", "id": 9, "whose": "Samir", "text": "",
             "name": "Sign the contract.", "day": "2026-11-24", "today": "2026-11-26"},
            {"what": "evidence_returned", "key": "M-3", "title": "Three", "id": 7, "whose": "Carla", "text": "Too old.",
             "name": "Baseline record", "day": "", "today": "2026-11-26"},
        ],
        "more_dues": 0,
        "notices": [{"kind": "moved", "key": "M-4", "who": "Carla", "review": None, "about": {}}],
        "more_notices": 0,
    }  # fmt: skip
    mail = mail_words(payload, BASE)
    assert mail.subject == "[govapp] 26 Nov 2026: 3 decisions wait for you"
    assert "* M-1 One: Sponsor, since 20 Nov 2026, 10:00:00 CET, target 16 working hours\n" in mail.text
    assert "and 2 more" in mail.text
    assert "* M-2 Two: Condition: Sign the contract. Due 24 Nov 2026. (2 d late)" in mail.text
    assert "* M-3 Three: Baseline record was returned by Carla. Too old." in mail.text
    assert f"{BASE}/measures/M-3/evidence/7" in mail.text
    assert "* M-4 passed its gate: Carla gave the last approval." in mail.text
