"""Kinds of notices: how each comes by mail when nobody chose otherwise, and the day of a digest (issue: My work)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

AT_ONCE, DIGEST, NEVER = "at_once", "digest", "never"
WAYS = (AT_ONCE, DIGEST, NEVER)
DIGEST_HOUR = 7


@dataclass(frozen=True, slots=True)
class NoticeKind:
    """A kind of notice: what it belongs to, its way of mail by default, and whether mail may be switched off."""

    key: str
    about: str
    mail: str
    switchable: bool = True

    @property
    def ways(self) -> tuple[str, ...]:
        """The ways a person may choose."""
        return WAYS if self.switchable else (AT_ONCE, DIGEST)


def _of(about: str, **kinds: str) -> tuple[NoticeKind, ...]:
    return tuple(
        NoticeKind(key, about, mail.rstrip("!"), not mail.endswith("!")) for key, mail in kinds.items()
    )


# "!": may wait for the digest but not be switched off, since nothing may lapse silently
KINDS: tuple[NoticeKind, ...] = (
    *_of(
        "decisions",
        decision_waits="at_once",
        decision_reminder="at_once",
        escalated="at_once!",
        vote_stale="at_once",
        sent_back="at_once",
        moved="digest",
        plan_change_waits="at_once",
        plan_change_refused="at_once",
        plan_change_done="digest",
    ),
    *_of(
        "evidence",
        supply_asked="at_once",
        judgement_waits="at_once",
        evidence_returned="at_once",
        evidence_accepted="never",
        evidence_expiring="digest",
        evidence_expired="at_once",
        sustain_due="at_once",
        sustain_lost="at_once",
    ),
    *_of(
        "conditions",
        condition_set="at_once",
        condition_due="digest",
        condition_overdue="at_once!",
        condition_fulfilled="at_once",
        condition_not_met="at_once",
        condition_extended="digest",
        emergency_advance="at_once!",
        lookback_due="at_once",
        lookback_overdue="at_once!",
    ),
    *_of(
        "measures",
        put_on_hold="digest",
        released="digest",
        cancelled="digest",
        reopened="digest",
        part_given="digest",
        comment="never",
        amounts_returned="at_once",
        amount_asked="at_once",
    ),
    *_of("myself", deputy_set="at_once!", deputy_begins="at_once!", deputy_ended="digest", bulk_done="never"),
)
# What asks for a decision is no news once nothing of the review waits any more.
ASKS_TO_DECIDE = frozenset({"decision_waits", "decision_reminder", "escalated", "vote_stale"})
_BY_KEY = {kind.key: kind for kind in KINDS}


def kind_of(key: str) -> NoticeKind:
    """The kind of that key. Raises ValueError when there is none."""
    if key not in _BY_KEY:
        raise ValueError(f"there is no notice of the kind {key!r}")
    return _BY_KEY[key]


def is_kind(key: str) -> bool:
    """True for the key of a kind."""
    return key in _BY_KEY


def way_of(key: str, chosen: str | None) -> str:
    """How a notice of a kind comes by mail: as chosen where that may be chosen, else as the kind is."""
    kind = kind_of(key)
    return chosen if chosen in kind.ways else kind.mail


def faults_of(choices: Mapping[str, str]) -> dict[str, list[str]]:
    """Codes by kind for choices nobody may make: an unknown kind, an unknown way, mail that may not be switched off."""
    found = {}
    for key, way in choices.items():
        if not is_kind(key) or way not in WAYS:
            found[key] = ["unknown_choice"]
        elif way not in kind_of(key).ways:
            found[key] = ["mail_must_come"]
    return found


def is_working_day(day: date) -> bool:
    """Monday to Friday: days on which digests leave."""
    return day.weekday() < 5


def digest_day(there: datetime) -> date:
    """The day of the next digest, seen from a moment in the zone of the organization: today before 07:00, else later.

    Digests leave on working days only.
    """
    day = there.date() if there.hour < DIGEST_HOUR else there.date() + timedelta(days=1)
    while not is_working_day(day):
        day += timedelta(days=1)
    return day


def digest_is_due(there: datetime) -> bool:
    """True when the digest of the day leaves or has left, at a moment in the zone of the organization."""
    return is_working_day(there.date()) and there.hour >= DIGEST_HOUR
