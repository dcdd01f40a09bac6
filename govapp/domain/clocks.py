"""Clocks of steps and reviews: who holds what waits, when to remind, when to escalate (product.md, Approval path).

A stretch of waiting belongs to one party; the stretches of a step, and those of its review, follow each other without
gap or overlap, so their working times add up to that of the whole. Parties are codes: `person:7`, `deputy:8:7` (8 for
the absent 7), `part:sponsor`, `role:program_lead`, `group:risk-reviewers`, several joined by `+`; `nobody` where nobody
may decide. Of a review: `step:<key>`, several joined by `+`; `criteria`, `move`, `hold`.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from govapp.domain.working_time import Calendar, add_working_time, working_time

HOLD, CRITERIA, MOVE, NOBODY = "hold", "criteria", "move", "nobody"
_KINDS = {"parts": "part", "roles": "role", "groups": "group"}


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch that is still open: of a step, or of the review where `step_id` is None."""

    id: int
    step_id: int | None
    party: str
    paused: bool
    from_at: datetime


@dataclass(frozen=True, slots=True)
class Holding:
    """Who holds a step (or the review) now, since when it has been open at all, and whether its clock rests."""

    step_id: int | None
    party: str
    since: datetime
    paused: bool = False


@dataclass(frozen=True, slots=True)
class Absent:
    """`deputy`, of that name, decides for `person` from a day until a day, both included."""

    person: int
    deputy: int
    from_day: date
    until_day: date
    name: str = ""


@dataclass(frozen=True, slots=True)
class SpanChanges:
    """What to write: spans to end now, spans whose party or rest is another although they began just now, new ones."""

    end: tuple[int, ...] = ()
    amend: tuple[tuple[int, Holding], ...] = ()
    begin: tuple[Holding, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.end or self.amend or self.begin)


def span_changes(held: Iterable[Span], now: Iterable[Holding], at: datetime) -> SpanChanges:
    """What must change so that the open spans say who holds what; nothing when they do."""
    wanted = {each.step_id: each for each in now}
    end: list[int] = []
    amend: list[tuple[int, Holding]] = []
    begin: list[Holding] = []
    seen = set()
    for span in held:
        holding = wanted.get(span.step_id)
        if holding is not None and (span.party, span.paused) == (holding.party, holding.paused):
            seen.add(span.step_id)
        elif holding is not None and span.from_at >= at:
            seen.add(span.step_id)
            amend.append((span.id, holding))
        else:
            end.append(span.id)
            if holding is not None:
                seen.add(span.step_id)
                begin.append(Holding(span.step_id, holding.party, at, holding.paused))
    begin += [each for step, each in wanted.items() if step not in seen]
    return SpanChanges(tuple(end), tuple(amend), tuple(begin))


def party_of(
    deciders: Mapping[str, Sequence[str]], left: Iterable[int], absent: Iterable[Absent], today: date
) -> str:
    """Who holds an open step: `left` are those who may decide it and have not.

    One person alone is named, or the deputy while an absence is in force; of several the part, role or group.
    """
    people = set(left)
    if not people:
        return NOBODY
    if len(people) > 1:
        codes = [f"{_KINDS[kind]}:{key}" for kind in _KINDS for key in deciders.get(kind, ())]
        return "+".join(codes) or NOBODY
    person = people.pop()
    for each in absent:
        if each.person == person and each.from_day <= today <= each.until_day:
            return f"deputy:{each.deputy}:{person}"
    return f"person:{person}"


def holder_code(person: int, name: str, absent: Iterable[Absent], today: date) -> str:
    """Who holds a part, by name; `deputy:<name>:<name>` while somebody decides in their place."""
    for each in absent:
        if each.person == person and each.from_day <= today <= each.until_day:
            return f"deputy:{each.name}:{name}"
    return name


def next_turn(left: Iterable[int], absent: Iterable[Absent], today: date) -> date | None:
    """The next day on which an absence of one of these people begins or is over."""
    people = set(left)
    days = [day for each in absent if each.person in people for day in _turns(each) if day > today]
    return min(days, default=None)


def _turns(absent: Absent) -> tuple[date, date]:
    return absent.from_day, absent.until_day + timedelta(days=1)


# ------------------------------------------------------------ targets


@dataclass(frozen=True, slots=True)
class Escalation:
    """At so many percent of the target these are told; nobody loses a part in the decision by it."""

    at_percent: int
    to: Mapping[str, Any] = field(default_factory=dict)


def escalations_of(raw: Iterable[Any]) -> tuple[Escalation, ...]:
    """The escalation points of a step as data, in order."""
    found = (Escalation(int(each["at_percent"]), dict(each.get("to") or {})) for each in raw)
    return tuple(sorted(found, key=lambda each: each.at_percent))


def target_moment(calendar: Calendar, at: datetime, hours: int, worked: timedelta) -> datetime:
    """When the target of so many working hours is reached, as `worked` of them have passed at a moment.

    Where they have all passed, when that was.
    """
    rest = timedelta(hours=hours) - worked
    return add_working_time(calendar, at, rest)


def next_point(points: Iterable[int], done: int) -> int | None:
    """The next percentage after those already told."""
    return min((each for each in points if each > done), default=None)


def point_moment(calendar: Calendar, at: datetime, hours: int, worked: timedelta, percent: int) -> datetime:
    """When so many percent of the target will have passed; a moment gone by already is `at` itself."""
    return add_working_time(calendar, at, timedelta(hours=hours) * percent / 100 - worked)


def points_passed(points: Iterable[int], done: int, hours: int, worked: timedelta) -> list[int]:
    """The percentages that have been reached and were not told yet, lowest first."""
    return sorted(each for each in points if each > done and worked >= timedelta(hours=hours) * each / 100)


# ------------------------------------------------------------ reading


@dataclass(frozen=True, slots=True)
class Waited:
    """A stretch as it is read back; still open without `until_at`."""

    step_id: int | None
    party: str
    paused: bool
    from_at: datetime
    until_at: datetime | None


def worked_of(calendar: Calendar, spans: Iterable[Waited], now: datetime) -> timedelta:
    """Working time in these stretches until now, without those in which the clock rested."""
    parts = (
        working_time(calendar, span.from_at, min(span.until_at or now, now))
        for span in spans
        if not span.paused
    )
    return sum(parts, timedelta(0))


def held_by(calendar: Calendar, spans: Iterable[Waited], now: datetime) -> list[tuple[str, timedelta]]:
    """Working time by party, in the order in which they first held it; parts of a hold come as `hold`."""
    found: dict[str, timedelta] = {}
    for span in spans:
        party = HOLD if span.paused else span.party
        found.setdefault(party, timedelta(0))
        found[party] += working_time(calendar, span.from_at, min(span.until_at or now, now))
    return list(found.items())


@dataclass(frozen=True, slots=True)
class Clock:
    """How a running target stands: working hours passed, the target, when it is or was reached, whether it is over."""

    worked: float
    hours: int
    due: datetime
    late: bool


def clock_of(
    calendar: Calendar, hours: int | None, target_at: datetime | None, now: datetime
) -> Clock | None:
    """The clock of an open step from its target moment, which pauses have moved; None while it rests."""
    if not hours or target_at is None:
        return None
    left = working_time(calendar, now, target_at)
    return Clock((timedelta(hours=hours) - left) / timedelta(hours=1), hours, target_at, now > target_at)
