"""Two dossiers, value by value."""

from govapp.domain.differences import differences, people_in, unchanged

PIECE = {"kind": "rough-numbers", "evidence": 4, "revision": 1, "digest": "a",
         "values": {"run_rate": "84000", "why": "x"}, "effective_on": "2026-01-01",
         "judged": "", "person": 1, "on_behalf_of": None}  # fmt: skip
MILESTONE = {
    "id": 7,
    "name": "Pilot",
    "owner": 1,
    "plan": "2026-02-01",
    "forecast": None,
    "actual": None,
    "final": False,
}


def content(**changes):
    return {
        "rules": ["service-team", 1], "fields": {"title": "A", "risk_rating": "low", "vendor": ""},
        "parts": {"owner": {"person": 1, "name": "Olga"}}, "evidence": [PIECE], "milestones": [MILESTONE], "risks": [],
        "lines": [], "predecessors": [["M-9", "decided", "defined", "active"]], "statuses": {}, "findings": [],
    } | changes  # fmt: skip


def brief(old, new):
    return [(c.part, c.key, c.name, c.old, c.new) for c in differences(old, new)]


def test_the_same_dossier_differs_in_nothing():
    assert differences(content(), content()) == ()
    assert unchanged(content(), content()) == 5


def test_a_field_that_changed_shows_old_and_new():
    new = content(fields={"title": "A", "risk_rating": "high", "vendor": ""})
    assert brief(content(), new) == [("field", "risk_rating", "", "low", "high")]


def test_nothing_filled_in_is_nothing_however_it_is_written():
    assert brief(content(), content(fields={"title": "A", "risk_rating": "low", "vendor": None})) == []


def test_a_revision_shows_its_number_and_each_value_that_changed():
    revised = PIECE | {"revision": 2, "digest": "b", "values": {"run_rate": "90000", "why": "x"}}
    assert brief(content(), content(evidence=[revised])) == [
        ("evidence", "4", "", 1, 2),
        ("value", "4", "run_rate", "84000", "90000"),
    ]


def test_evidence_that_came_or_went_is_said_once():
    assert brief(content(evidence=[]), content()) == [("evidence", "4", "", None, 1)]
    assert brief(content(), content(evidence=[])) == [("evidence", "4", "", 1, None)]


def test_an_effective_day_and_a_judgement_are_changes_too():
    moved = PIECE | {"revision": 2, "digest": "b", "effective_on": "2026-03-01"}
    assert ("effective", "4", "", "2026-01-01", "2026-03-01") in brief(content(), content(evidence=[moved]))
    assert brief(content(), content(evidence=[PIECE | {"judged": "accepted"}])) == [
        ("judged", "4", "", "", "accepted")
    ]


def test_entries_of_lists_are_matched_by_their_number():
    later = MILESTONE | {"plan": "2026-03-01", "name": "Pilot done"}
    assert brief(content(), content(milestones=[later])) == [
        ("milestones", "7", "name", "Pilot", "Pilot done"),
        ("milestones", "7", "plan", "2026-02-01", "2026-03-01"),
    ]
    assert brief(content(), content(milestones=[])) == [("milestones", "7", "", "Pilot", None)]


def test_a_part_differs_by_person_not_by_spelling():
    assert brief(content(), content(parts={"owner": {"person": 1, "name": "Olga B."}})) == []
    other = {"owner": {"person": 2, "name": "Mina"}}
    assert [c.part for c in differences(content(), content(parts=other))] == ["part"]
    assert [c.new for c in differences(content(), content(parts={}))] == [None]


def test_a_predecessor_that_moved_and_new_rules_are_shown():
    moved = content(predecessors=[["M-9", "decided", "decided", "active"]], rules=["service-team", 2])
    assert [c.part for c in differences(content(), moved)] == ["predecessor", "rules"]


def test_everybody_a_dossier_names_is_found():
    assert people_in(content(), None) == {1}
