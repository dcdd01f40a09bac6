"""Deputies: who may stand in for whom, when, and for which kinds of work (product.md, Deputy; R58).

A deputy has the voice of the absent person for the kinds of work named, on the days named. A deputy never passes it on:
absences that would make a chain are refused, and a voice is only ever looked for one step away.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from govapp.domain import duties as duty
from govapp.domain.duties import Conflict, Duties, Standing
from govapp.domain.permissions import Permission

P = Permission
DECIDE, JUDGE, ASK, SUPPLY, CONFIRM = KINDS = ("decide", "judge", "ask", "supply", "confirm")
LONGEST_DAYS = 366
LENT: dict[str, frozenset[P]] = {
    DECIDE: frozenset({P.REVIEW_DECIDE, P.COMMITTEE_VOTE}),
    JUDGE: frozenset({P.EVIDENCE_JUDGE}),
    ASK: frozenset({P.MEASURE_MOVE, P.MEASURE_RECYCLE, P.MEASURE_HOLD, P.MEASURE_CANCEL, P.MEASURE_REOPEN})
    | {P.MEASURE_EMERGENCY, P.REVIEW_WITHDRAW},
    SUPPLY: frozenset({P.EVIDENCE_SUBMIT}),
    CONFIRM: frozenset({P.CONDITION_FULFIL, P.CONDITION_CONFIRM, P.FINANCE_CONFIRM}),
}
_KIND_OF = {permission: kind for kind, permissions in LENT.items() for permission in permissions}
_ACTS = {DECIDE: (duty.VOTE, duty.COMMITTEE_VOTE), JUDGE: (duty.JUDGE,), SUPPLY: (duty.SUBMIT,)}
_ACTS |= {CONFIRM: (duty.FULFIL, duty.CONFIRM, duty.CONFIRM_ACTUAL), ASK: (duty.EMERGENCY,)}


def kind_of_work(permission: P) -> str:
    """The kind of work a permission belongs to; '' for what no deputy may do for another."""
    return _KIND_OF.get(permission, "")


@dataclass(frozen=True, slots=True)
class Absence:
    """`deputy` stands in for `person` from a day until a day (both included) for kinds of work."""

    person: int
    deputy: int
    from_day: date
    until_day: date
    kinds: frozenset[str] = frozenset(KINDS)
    id: int | None = None

    def covers(self, day: date, kind: str = "") -> bool:
        """Whether it is in force on a day, for a kind of work where one is named."""
        return self.from_day <= day <= self.until_day and (not kind or kind in self.kinds)

    def meets(self, other: "Absence") -> bool:
        """Whether both cover a day and a kind of work in common."""
        days = self.from_day <= other.until_day and other.from_day <= self.until_day
        return days and bool(self.kinds & other.kinds)


@dataclass(frozen=True, slots=True)
class Fault:
    """Why an absence is refused: the place in the form, the code of the sentence and what fills it."""

    place: str
    code: str
    values: dict[str, Any] = field(default_factory=dict)


def faults(new: Absence, others: Iterable[Absence], today: date) -> list[Fault]:
    """Everything that is wrong with days, kinds and people; `others` are absences not ended that name one of the two.

    Chains are refused from both ends: the deputy is absent with a deputy of their own, or the absent person stands in
    for somebody whose work would then be nobody's.
    """
    found = _form_faults(new, today)
    meeting = [other for other in others if other.id != new.id and new.meets(other)]
    for other in meeting:
        days = {"from": other.from_day, "until": other.until_day}
        if other.person == new.person:
            found.append(Fault("from_day", "absence_overlaps", {**days, "who": other.deputy}))
        elif other.person == new.deputy and other.deputy == new.person:
            found.append(Fault("deputy", "deputy_cycle", days))
        elif other.person == new.deputy:
            found.append(Fault("deputy", "deputy_absent", {**days, "who": other.deputy}))
        elif other.deputy == new.person:
            found.append(Fault("from_day", "deputy_stands_in", {**days, "who": other.person}))
    return found


def _form_faults(new: Absence, today: date) -> list[Fault]:
    found = []
    if new.person == new.deputy:
        found.append(Fault("deputy", "deputy_self"))
    if new.from_day < today:
        found.append(Fault("from_day", "day_past"))
    if new.until_day < new.from_day:
        found.append(Fault("until_day", "day_order"))
    elif (new.until_day - new.from_day).days >= LONGEST_DAYS:
        found.append(Fault("until_day", "absence_too_long"))
    if not new.kinds or new.kinds - set(KINDS):
        found.append(Fault("kinds", "unknown_choice"))
    return found


def unfit(matrix: Duties, new: Absence, deputy: Standing, absent: Standing) -> list[Conflict]:
    """What keeps the roles of a deputy from these kinds of work in one organization (R58).

    The matrix is held against the roles of both together and against the acts lent. An auditor changes nothing,
    whatever a matrix says.
    """
    found = duty.forbidding(duty.pair_conflicts(matrix, deputy, absent))
    for kind in sorted(new.kinds):
        for act in _ACTS.get(kind, ()):
            found += duty.forbidding(duty.act_conflicts(matrix, act, deputy))
    if duty.AUDITOR in deputy.roles and not found:
        mark = duty.ROLE + duty.AUDITOR
        found.append(Conflict("auditor-deputy", mark, duty.ACT + duty.VOTE, duty.FORBID, "", deputy.person))
    return list(dict.fromkeys(found))
