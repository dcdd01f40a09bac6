"""Working time in words: how much has passed of a target, and who held what waited."""

from collections.abc import Mapping
from decimal import Decimal
from math import floor

from govapp.domain.clocks import CRITERIA, HOLD, MOVE, NOBODY, Clock
from govapp.present.findings import who_words
from govapp.present.language import gettext as _

_FEW = 10


def hours_text(hours: float | Decimal) -> str:
    """`0.5`, `7.2`, `31`: hours rounded down, with a tenth while they are few."""
    hours = float(hours)
    if abs(hours) < _FEW:
        return f"{floor(hours * 10 + 1e-6) / 10:g}"
    return str(floor(hours + 1e-6))


def worked_words(clock: Clock) -> str:
    """`9.5 of 24 working hours`; past the target `31 working hours, target 24`."""
    worked = hours_text(clock.worked)
    if clock.late:
        return _("%(n)s working hours, target %(target)s", n=worked, target=clock.hours)
    return _("%(n)s of %(target)s working hours", n=worked, target=clock.hours)


def people_of(party: str) -> set[int]:
    """Ids of the people a party names."""
    found = set()
    for code in party.split("+"):
        kind, _colon, rest = code.partition(":")
        if kind in {"person", "deputy"}:
            found |= {int(number) for number in rest.split(":") if number.isdigit()}
    return found


def party_words(party: str, people: Mapping[int, str], steps: Mapping[str, str]) -> str:
    """Who or what held a stretch: a name, `Amara Okafor for Henrik Bauer`, a role or group, a step, the hold."""
    return ", ".join(_one(code, people, steps) for code in party.split("+"))


def _one(code: str, people: Mapping[int, str], steps: Mapping[str, str]) -> str:
    plain = {
        HOLD: _("on hold, the clock rested"),
        CRITERIA: _("approved, criteria open again"),
        MOVE: _("approved, ready to move"),
        NOBODY: _("nobody: nobody may decide"),
    }
    if code in plain:
        return plain[code]
    kind, _colon, rest = code.partition(":")
    if kind == "person":
        return _name(rest, people)
    if kind == "deputy":
        deputy, _also, absent = rest.partition(":")
        return _("%(deputy)s for %(absent)s", deputy=_name(deputy, people), absent=_name(absent, people))
    if kind == "step":
        return _(steps.get(rest, rest.replace("-", " ").capitalize()))
    return who_words(code)


def _name(number: str, people: Mapping[int, str]) -> str:
    return people.get(int(number), number) if number.isdigit() else number
