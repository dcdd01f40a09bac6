"""The duty matrix of a governance set: what one person may not be, hold or do together (product.md, Rights; R03, R06).

A side of a rule is a *mark* of a person: `part:owner` on the measure, `role:controller` in the organization, `act:vote`
in the same review, evidence, condition or line. The matrix is data; every answer carries the rule with its reason.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

FORBID, WARN = "forbid", "warn"
PART, ROLE, ACT = "part:", "role:", "act:"
AUDITOR, ADMINISTRATOR = "auditor", "administrator"
VOTE, COMMITTEE_VOTE, SUBMIT, JUDGE = "vote", "committee-vote", "submit-evidence", "judge-evidence"
FULFIL, CONFIRM, GRANT, RECEIVE = "fulfil-condition", "confirm-condition", "grant-role", "receive-role"
EMERGENCY, JUDGE_LOOKBACK = "emergency-advance", "judge-lookback"
ENTER_ACTUAL, CONFIRM_ACTUAL = "enter-actual", "confirm-actual"
_OWNER, _SPONSOR, _CONTROLLER = PART + "owner", PART + "sponsor", PART + "controller"
_THREE = ((_OWNER, _SPONSOR), (_OWNER, _CONTROLLER), (_SPONSOR, _CONTROLLER))
_MEASURE = "measure"


class DutyError(ValueError):
    """A rule of the matrix that cannot be read; names it."""


@dataclass(frozen=True, slots=True)
class DutyRule:
    """`one` must not (forbid) or should not (warn) meet any of `others` in one person, within the scope."""

    key: str
    one: str
    others: tuple[str, ...]
    scope: str
    effect: str = FORBID
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Conflict:
    """Two marks that meet although a rule keeps them apart; `person` where one is known."""

    key: str
    one: str
    other: str
    effect: str
    reason: str
    person: int | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """What a person is towards a measure: parts held on it, roles in its organization, acts done in the same matter."""

    person: int
    parts: frozenset[str] = frozenset()
    roles: frozenset[str] = frozenset()
    acts: frozenset[str] = frozenset()

    @property
    def marks(self) -> frozenset[str]:
        """All of them as sides of rules."""
        return (
            frozenset(PART + each for each in self.parts)
            | frozenset(ROLE + each for each in self.roles)
            | frozenset(ACT + each for each in self.acts)
        )


@dataclass(frozen=True, slots=True)
class Duties:
    """The rules of a matrix, and the role a part's holder must have on the branch."""

    rules: tuple[DutyRule, ...]
    needs_role: Mapping[str, str] = field(default_factory=dict)


def parse_duties(definition: Mapping[str, Any]) -> Duties:
    """The duty matrix of a governance set. Owner, sponsor and controller are three persons whatever it says.

    Raises DutyError.
    """
    rules = [_rule(raw) for raw in (definition.get("duties") or {}).get("rules") or ()]
    three = {frozenset(pair) for pair in _THREE}
    for place, rule in enumerate(rules):
        if any(frozenset((rule.one, other)) in three for other in rule.others):
            rules[place] = DutyRule(rule.key, rule.one, rule.others, _MEASURE, FORBID, rule.reason)
    said = {frozenset((rule.one, other)) for rule in rules for other in rule.others}
    missing = [pair for pair in _THREE if frozenset(pair) not in said]
    built_in = [
        DutyRule("-".join(each.removeprefix(PART) for each in pair), pair[0], pair[1:], _MEASURE)
        for pair in missing
    ]
    return Duties((*built_in, *rules), roles_of_parts(definition))


def _rule(raw: Mapping[str, Any]) -> DutyRule:
    key, one, other = str(raw.get("id", "")), raw.get("a", ""), raw.get("b", "")
    others = (other,) if isinstance(other, str) else tuple(other)
    effect = raw.get("effect", FORBID)
    if not others or not all(str(side).startswith((PART, ROLE, ACT)) for side in (one, *others)):
        raise DutyError(f"duty {key}: each side is part:, role: or act:")
    if effect not in {FORBID, WARN}:
        raise DutyError(f"duty {key}: the effect is forbid or warn")
    return DutyRule(
        key, str(one), others, str(raw.get("scope", _MEASURE)), effect, str(raw.get("reason", ""))
    )


def roles_of_parts(definition: Mapping[str, Any]) -> dict[str, str]:
    """The role which the holder of a part must have on the branch, by part; a controller always the controller's."""
    needs = {raw["key"]: raw["needs_role"] for raw in definition.get("parts") or () if raw.get("needs_role")}
    return {"controller": "controller"} | needs


def joined(matrices: Iterable[Duties]) -> Duties:
    """Several matrices as one: roles are held in the database as a whole, so the rules of every live set count."""
    rules: dict[tuple[str, ...], DutyRule] = {}
    every = list(matrices)
    for duties in every:
        for rule in duties.rules:
            rules.setdefault((rule.one, *rule.others, rule.effect), rule)
    needs = {part: role for duties in reversed(every) for part, role in duties.needs_role.items()}
    return Duties(tuple(rules.values()), needs)


def _between(
    duties: Duties, mine: frozenset[str], theirs: frozenset[str], person: int | None = None
) -> list[Conflict]:
    """Rules of which one side is among `mine` and another among `theirs`."""
    return [
        Conflict(rule.key, rule.one, other, rule.effect, rule.reason, person)
        for rule in duties.rules
        for other in rule.others
        if (rule.one in mine and other in theirs) or (rule.one in theirs and other in mine)
    ]


def part_conflicts(duties: Duties, parts: Mapping[str, int], touched: Iterable[str]) -> list[Conflict]:
    """The conflicts among the holders of a measure's parts in which a touched part has a share."""
    among = {PART + part for part in touched}
    found = []
    for person in sorted(set(parts.values())):
        marks = frozenset(PART + part for part, holder in parts.items() if holder == person)
        found += [c for c in _between(duties, marks, marks, person) if c.one != c.other]
    return [conflict for conflict in found if among & {conflict.one, conflict.other}]


def role_conflicts(duties: Duties, held: Iterable[str], asked: str) -> list[Conflict]:
    """The conflicts of a role asked for with roles held in the same organization (R06); `other` is the one held."""
    asked_mark = ROLE + asked
    found = _between(
        duties, frozenset({asked_mark}), frozenset(ROLE + each for each in held if each != asked)
    )
    return [
        Conflict(c.key, asked_mark, c.other if c.one == asked_mark else c.one, c.effect, c.reason, c.person)
        for c in sorted(found, key=lambda c: (c.effect != FORBID, c.key))
    ]


def roles_together(duties: Duties, roles: Iterable[str]) -> list[Conflict]:
    """All conflicts among roles one person holds in one organization."""
    marks = frozenset(ROLE + each for each in roles)
    return [conflict for conflict in _between(duties, marks, marks) if conflict.one != conflict.other]


def act_conflicts(
    duties: Duties, act: str, acting: Standing, original: Standing | None = None
) -> list[Conflict]:
    """What keeps somebody from an act, for whoever acts and for the person on whose behalf (product.md, Deputy).

    Each is held against the act by their own parts, roles and earlier acts; and the parts of the deputy against those
    of the absent person, because both speak with one voice now.
    """
    asked = frozenset({ACT + act})
    found = _between(duties, asked, acting.marks, acting.person)
    if original is not None:
        found += _between(duties, asked, original.marks, original.person)
        found += pair_conflicts(duties, acting, original)
    return found


def pair_conflicts(duties: Duties, deputy: Standing, absent: Standing) -> list[Conflict]:
    """Parts and roles of a deputy that must not meet those of the absent person."""
    mine = frozenset(mark for mark in deputy.marks if not mark.startswith(ACT))
    theirs = frozenset(mark for mark in absent.marks if not mark.startswith(ACT))
    return [c for c in _between(duties, mine, theirs, deputy.person) if c.one != c.other]


def forbidding(conflicts: Iterable[Conflict]) -> list[Conflict]:
    """Those that forbid; the others are only worth a second look."""
    return [conflict for conflict in conflicts if conflict.effect == FORBID]


def parts_without(duties: Duties, act: str) -> frozenset[str]:
    """Parts whose holders may not do an act on the measure."""
    mark = ACT + act
    sides = {rule.one for rule in duties.rules if mark in rule.others and rule.effect == FORBID}
    sides |= {
        side for rule in duties.rules if rule.one == mark and rule.effect == FORBID for side in rule.others
    }
    return frozenset(side.removeprefix(PART) for side in sides if side.startswith(PART))


def roles_without_voice(duties: Duties) -> frozenset[str]:
    """Roles that keep their holder from voting: those the matrix names, and the auditor, who changes nothing."""
    act = ACT + VOTE
    sides = {rule.one for rule in duties.rules if act in rule.others and rule.effect == FORBID}
    sides |= {
        side for rule in duties.rules if rule.one == act and rule.effect == FORBID for side in rule.others
    }
    return frozenset(side.removeprefix(ROLE) for side in sides if side.startswith(ROLE)) | {AUDITOR}
