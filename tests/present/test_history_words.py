"""Rows of the history read as sentences: days in the app's style, words instead of codes, what was set from nothing."""

import pytest

from govapp.domain.events import Event
from govapp.present.history import Names, sentence

NAMES = Names({7: "Henrik Lund"}, {"decided": "Decided"})


@pytest.mark.parametrize(
    ("event", "payload", "said"),
    [
        (
            Event.STATUS_DECLARED,
            {"kind": "potential", "to": "green", "until": "2026-12-18", "reason": "Forecast stands"},
            "Potential declared on track until 18 Dec 2026: Forecast stands",
        ),
        (
            Event.ROLE_GRANTED,
            {"person": 7, "role": "approver", "branch": "PG-1", "until": "2027-01-31"},
            "Henrik Lund is Approver on PG-1 until 31 Jan 2027",
        ),
        (
            Event.EFFECT_CHANGED,
            {"name": "Training cost", "what": "months", "series": "actual"},
            "Actual of “Training cost” entered by month",
        ),
        (
            Event.ACCESS_REFUSALS_COUNTED,
            {"what": "person", "person": 7, "address": "", "minute": "", "count": 31},
            "31 further refusals, by Henrik Lund",
        ),
        (
            Event.ACCESS_REFUSALS_COUNTED,
            {"what": "sign-in", "person": None, "address": "192.0.2.1", "minute": "", "count": 5},
            "5 further refusals, by 192.0.2.1",
        ),
        (Event.EFFECT_CHANGED, {"name": "Licences", "what": "added"}, "Effect line “Licences” added"),
        (
            Event.MILESTONE_CHANGED,
            {
                "name": "Live",
                "what": "changed",
                "changes": {
                    "forecast_date": ["2026-10-01", "2026-10-23"],
                    "actual_date": [None, "2026-10-23"],
                    "owner_id": [1, 7],
                },
            },
            "Milestone “Live” changed: Forecast from 1 Oct 2026 to 23 Oct 2026, Done set to 23 Oct 2026, Owner changed",
        ),
        (Event.MILESTONE_CHANGED, {"name": "Portal live", "what": "added"}, "Milestone “Portal live” added"),
        (
            Event.MEASURE_EDITED,
            {"changes": {"risk_rating": ["low", "high"], "change_type": ["", "normal"]}},
            "Edited: Risk rating from Low to High, Change type set to Normal change",
        ),
    ],
)
def test_a_row_of_the_history_is_a_sentence(event: str, payload: dict[str, object], said: str) -> None:
    assert sentence(event, payload, NAMES) == said


def test_a_day_that_is_none_does_not_hide_the_row() -> None:
    payload = {"kind": "potential", "to": "green", "until": "soon"}
    assert sentence(Event.STATUS_DECLARED, payload, NAMES) == "status: declared"
