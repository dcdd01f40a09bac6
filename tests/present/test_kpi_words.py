"""Operating figures and statuses in words: the history, refusals with both values, reasons of a computed status."""

from decimal import Decimal

import yaml

from govapp.config import ROOT
from govapp.domain.events import Event
from govapp.domain.rules import parse_rules
from govapp.present import kpi_words
from govapp.present.errors import sentence_of
from govapp.present.history import Names, sentence
from govapp.present.status_words import _DETAILS, computed_view

RULES = parse_rules(yaml.safe_load((ROOT / "governance" / "service-team-3.yaml").read_text("utf-8")))


def said(event, **payload):
    return sentence(event, payload, Names())


def test_the_history_tells_readings_with_old_and_new():
    months = {
        "2026-05": ["", "11.9"],
        "2026-06": ["9.8", "9.75"],
        "2026-07": ["8.7", ""],
        "2026-08": ["1", "2"],
    }
    told = said(Event.KPI_READ, kpi=1, name="Reset calls", months=months, imported=True)
    assert (
        told
        == "Readings of Reset calls: May 2026 11.9, Jun 2026 9.8 → 9.75, Jul 2026 8.7 → –, 1 more (imported)"
    )


def test_the_history_tells_promises_explanations_and_checks():
    changes = {"baseline": ["", "1420"], "target": ["500", "420"]}
    assert said(Event.MEASURE_KPI_SET, name="Reset calls", changes=changes) == (
        "Operating figure Reset calls: baseline 1,420, target 500 → 420"
    )
    assert said(Event.KPI_EXPLANATION_SIGNED, name="Reset calls", signed="Carla Nowak", text="x") == (
        "Explanation of Reset calls signed by Carla Nowak"
    )
    assert said(Event.SUSTAIN_CHECKED, months_after=3, state="partly", lost_percent="30.0") == (
        "Sustain check after 3 months: part of the effect is lost, 30 % lost"
    )
    assert said(Event.SUSTAIN_DATES_SET, changes={"sustain_dates": [[], ["2027-02-24"]]}) == (
        "Days of the sustain checks: 24 Feb 2027"
    )
    assert said(Event.STATUS_PUBLISHED, month="2026-10-01", number=2, reason="A date was wrong") == (
        "Status report of Oct 2026 corrected (number 2): A date was wrong"
    )


def test_a_conflict_shows_both_values():
    told = sentence_of(
        "readings_changed", {"months": {"2026-05": [None, "11.9000"], "2026-06": ["1420", "1400"]}}
    )
    assert "May 2026: you saw –, now it is 11.9; Jun 2026: you saw 1,420, now it is 1,400." in told


def test_a_value_is_shown_with_its_unit():
    assert kpi_words.value(119_000, "%") == "11.9 %"
    assert kpi_words.value(Decimal(4_183_333), "calls") == "418.33 calls"
    assert kpi_words.value(None, "calls") == "–"


def test_every_measure_of_a_status_row_has_its_detail_in_words():
    values = {"name": "Pilot", "n": 12, "month": "2026-09", "day": "2026-10-21"}
    rows = [row for rows in RULES.statuses.rows.values() for row in rows]
    assert {row.metric for row in rows} <= set(_DETAILS)
    for row in rows:
        assert "%(" not in _DETAILS[row.metric](values)


def test_reasons_stand_with_the_worst_first():
    kept = {
        "colour": "red",
        "reasons": [
            ["IM2", {"name": "Pilot", "day": "2026-10-05", "done": "2026-10-21"}],
            ["IM1", {"name": "Site", "day": "2026-10-06"}],
        ],
    }
    view = computed_view(RULES, "implementation", kept)
    assert [(each.key, each.detail) for each in view.reasons] == [
        ("IM1", "Site: planned for 6 Oct 2026"),
        ("IM2", "Pilot: planned for 5 Oct 2026, done 21 Oct 2026"),
    ]  # fmt: skip
    assert computed_view(RULES, "implementation", {"colour": "grey", "reasons": []}).colour == "none"
    assert computed_view(RULES, "implementation", None).colour == ""
