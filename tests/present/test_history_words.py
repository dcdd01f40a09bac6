"""Rows of the history read as sentences: days in the app's style, words instead of codes, what was set from nothing."""

import pytest

from govapp.domain.events import Event
from govapp.present.history import Names, sentence

NAMES = Names({7: "Henrik Lund"}, {"decided": "Decided", "detailed": "Detailed"})


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
        (
            Event.MEASURE_HELD,
            {
                "reason": "overdue-condition",
                "condition": 4,
                "due": "2026-11-12",
                "hold_cause": "overdue-condition",
            },
            "Put on hold by the program: condition 4 was due on 12 Nov 2026 and is not fulfilled",
        ),
        (
            Event.MEASURE_HELD,
            {
                "reason": "The budget is late",
                "hold_cause": "budget",
                "review_date": "2027-01-15",
                "value_treatment": "shift-forecast",
            },
            (
                "Put on hold, waits for budget, look again on 15 Jan 2027, value shifted: the forecast moves to later "
                "months: The budget is late"
            ),
        ),
        (
            Event.MEASURE_CANCELLED,
            {"reason": "Nobody calls any more", "cancel_cause": "no-longer-needed", "sunk_cost": "12500.00"},
            "Cancelled, no longer needed, sunk cost 12500.00: Nobody calls any more",
        ),
        (
            Event.MEASURE_MOVED,
            {
                "from": "detailed",
                "to": "decided",
                "how": "emergency",
                "debts": ["a:b", "c:d"],
                "reason": "Phones down",
            },
            "Emergency advance from Detailed to Decided, 2 criteria skipped: Phones down",
        ),
        (
            Event.MEASURE_MOVED,
            {"from": "detailed", "to": "decided", "how": "advance", "conditions": 1},
            "Moved from Detailed to Decided with 1 condition",
        ),
        (
            Event.MEASURE_MOVED,
            {"from": "detailed", "to": "decided", "how": "advance"},
            "Moved from Detailed to Decided",
        ),
        (
            Event.REVIEW_PATH,
            {"added": ["risk-review"], "dropped": ["sponsor"]},
            "The approval path follows what changed: Risk review is added, Sponsor is no longer asked for",
        ),
        (
            Event.CONDITION_SET,
            {"condition": 4, "wording": "Train the desk", "owner": 7, "due": "2026-12-18", "blocking": True},
            "Condition 4 set: “Train the desk”, Henrik Lund by 18 Dec 2026, closes the next gate until then",
        ),
        (
            Event.CONDITION_EXTENDED,
            {"condition": 4, "due": "2026-12-28", "reason": "The trainer is ill"},
            "Condition 4 extended to 28 Dec 2026: The trainer is ill",
        ),
        (Event.CONDITION_CONFIRMED, {"condition": 4, "note": ""}, "Condition 4 confirmed as fulfilled"),
        (
            Event.LOOKBACK_SET,
            {"into": "decided", "due": "2026-12-18", "debts": ["a:b"], "incident": "INC-7", "informed": [7]},
            (
                "Look-back on the emergency advance into Decided due on 18 Dec 2026, 1 criterion owed, incident INC-7, "
                "informed: Henrik Lund"
            ),
        ),
    ],
)
def test_a_row_of_the_history_is_a_sentence(event: str, payload: dict[str, object], said: str) -> None:
    assert sentence(event, payload, NAMES) == said


def test_a_day_that_is_none_does_not_hide_the_row() -> None:
    payload = {"kind": "potential", "to": "green", "until": "soon"}
    assert sentence(Event.STATUS_DECLARED, payload, NAMES) == "status: declared"
