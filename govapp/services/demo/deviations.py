"""Where the demonstration file and the live rules differ, as data: what comes out otherwise, and why."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

PRODUCT = (
    "Anyone who may move a card may ask for Closed; only the controller's vote moves it there (product.md)."
)
HELD = "The program looks again after thirty days, not on a day of its own choice."
LEADERS = "The set tells the role leader, which two people hold; the file names the sponsor alone."
LEAKED = "What a sustain check found lost is a row of the ledger; the totals of the file leave it aside."
WORD = "The same rule bears the name of the board: only the next stage can be asked for."
DEPUTY = (
    "A deputy is bound by the conflicts of both: no service owner speaks for the owner; the lead hands in."
)
BASELINE = "Only who holds a part the kind names may hand in; the lead names the reporting owner that early."


@dataclass(frozen=True, slots=True)
class Deviation:
    """An event of the file (or a finding of a refused move, a value of an event) that the live rules do not bring.

    `key` is the measure, `*` for all of them.
    """

    key: str
    event: str
    what: str
    why: str


DEVIATIONS = (
    Deviation("*", "parts_assigned", "reporting_owner", BASELINE),
    Deviation("M-111", "evidence_submitted", "by", DEPUTY),
    Deviation("M-119", "leakage_booked", "confirmed_2026", LEAKED),
    Deviation("M-126", "move_refused", "rule:closed-by-controller", PRODUCT),
    Deviation("M-130", "move_refused", "rule:one-stage-at-a-time", WORD),
    Deviation("M-136", "put_on_hold", "review_date", HELD),
    Deviation("M-147", "put_on_hold", "review_date", HELD),
    Deviation("M-133", "lookback_escalated", "to", LEADERS),
)
BY_THE_LEAD = frozenset((one.key, one.event) for one in DEVIATIONS if one.why == DEPUTY)


def by_the_lead(key: str, said: Mapping[str, Any]) -> bool:
    """True for an event whose deputy of the file has no voice under the live rules: the lead of the program acts."""
    return "for" in said and (key, said["event"]) in BY_THE_LEAD
