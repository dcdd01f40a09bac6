"""The check of a governance set before it is switched on: all that is wrong with it, not only the first thing.

Source: product.md (stage and gate, decision table) and issue 3, rules in versions. Pure: a set in, findings out.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from govapp.domain.evidence_kinds import EvidenceKind, KindError
from govapp.domain.rule_check_gates import check_criteria, check_kinds, check_stages
from govapp.domain.rule_check_money import check_money, check_statuses
from govapp.domain.rule_check_roles import check_roles
from govapp.domain.rule_check_steps import check_calendars, check_decisions, check_duties, check_steps
from govapp.domain.rule_check_table import check_table
from govapp.domain.rule_findings import RuleFinding, SetNames, entries, fault, twice
from govapp.domain.rules import RulesError, parse_rules

_KEYED = ("roles", "parts", "groups", "stages", "evidence_kinds", "approval_steps", "decisions", "calendars")
_LISTS = (*_KEYED, "gates")
_NEEDED = ("stages", "gates", "evidence_kinds", "parts", "roles")
_CHECKS = (
    check_roles, check_stages, check_criteria, check_kinds, check_steps, check_table, check_duties, check_decisions,
    check_calendars, check_money, check_statuses,
)  # fmt: skip


def check(definition: Mapping[str, Any]) -> tuple[RuleFinding, ...]:
    """Everything that is wrong or odd in a governance set: faults first, each with a code and values.

    A version with a fault is never switched on; warnings stop nothing.
    """
    shape = list(_shape(definition))
    found = shape if any(each.stops for each in shape) else [*_forms(definition), *_rest(definition)]
    if not any(each.stops for each in found):
        found += _reading(definition)
    return tuple(sorted(found, key=lambda each: not each.stops))


def faults(found: tuple[RuleFinding, ...]) -> tuple[RuleFinding, ...]:
    """The findings that keep a version from being switched on."""
    return tuple(each for each in found if each.stops)


def _shape(definition: Mapping[str, Any]) -> Iterator[RuleFinding]:
    for section in _NEEDED:
        if not definition.get(section):
            yield fault("section_missing", section)
    for section in _LISTS:
        value = definition.get(section)
        if value is not None and (not isinstance(value, list) or len(entries(value)) != len(value)):
            yield fault("section_malformed", section)
    names = SetNames(definition)
    for section in _KEYED:
        keys = names.keys(section)
        for key in twice(keys):
            yield fault("key_twice", key, section=section)
        if "" in keys:
            yield fault("key_missing", section)


def _forms(definition: Mapping[str, Any]) -> Iterator[RuleFinding]:
    """Each form on its own, so that one that cannot be read hides no other."""
    for raw in entries(definition.get("evidence_kinds")):
        try:
            EvidenceKind.from_dict(raw)
        except KindError as error:
            for problem in error.problems:
                yield fault("form_invalid", raw.get("key", ""), problem=problem)


def _rest(definition: Mapping[str, Any]) -> Iterator[RuleFinding]:
    names = SetNames(definition)
    for each in _CHECKS:
        yield from each(names)


def _reading(definition: Mapping[str, Any]) -> Iterator[RuleFinding]:
    """What the program itself says when it reads a set in which nothing else was found."""
    try:
        parse_rules(definition)
    except (RulesError, KindError, KeyError, TypeError, ValueError, AttributeError) as error:
        yield fault("set_unreadable", "set", problem=" ".join(str(error).split()) or type(error).__name__)
