"""Check of approval steps, duties, decisions and calendars: whoever must act exists, and can."""

import re
from collections.abc import Iterator, Mapping
from typing import Any
from zoneinfo import ZoneInfo

from govapp.domain.rule_findings import (
    DECIDERS,
    RuleFinding,
    SetNames,
    entries,
    fault,
    mapping,
    one,
    twice,
    warning,
    whole,
    words,
)

RULE_TYPES = frozenset({"any", "all", "at_least", "percent"})
ACTS = frozenset({
    "vote", "committee-vote", "submit-evidence", "judge-evidence", "fulfil-condition", "confirm-condition",
    "emergency-advance", "judge-lookback", "enter-actual", "confirm-actual", "grant-role", "receive-role",
})  # fmt: skip
_SCOPES = frozenset({"measure", "review", "evidence", "condition", "effect-line", "organization"})
_HOURS = re.compile(r"([01]\d|2[0-4]):([0-5]\d)-([01]\d|2[0-4]):([0-5]\d)")
_DAYS = frozenset({"mon", "tue", "wed", "thu", "fri", "sat", "sun"})


def check_steps(names: SetNames) -> Iterator[RuleFinding]:
    """Every step says what it waits for, has deciders who exist, and a rule that they can fulfil."""
    calendars = set(names.keys("calendars"))
    for key, raw in names.steps.items():
        for part in ("name", "waits_for"):
            if not str(raw.get(part) or "").strip():
                yield fault("step_words_missing", key, what=part)
        deciders = mapping(raw.get("deciders"))
        for kind in sorted(deciders.keys() - set(DECIDERS)):
            yield fault("step_decider_unknown", key, kind=kind, who="")
        for kind, who in names.unknown_people(deciders):
            yield fault("step_decider_unknown", key, kind=kind, who=who)
        if not any(words(deciders.get(kind)) for kind in DECIDERS):
            yield fault("step_without_deciders", key)
        for part in words(mapping(raw.get("excludes")).get("parts")):
            if part not in names.parts:
                yield fault("step_excludes_unknown", key, part=part)
        yield from _step_rule(names, key, raw, deciders)
        yield from _step_barred(names, key, deciders)
        yield from _step_clock(names, key, raw, calendars)
        attests = raw.get("attests")
        if attests and one(attests) not in names.kinds:
            yield fault("step_attests_unknown", key, kind=attests)


def _most(names: SetNames, deciders: Mapping[str, Any]) -> int | None:
    """How many people can decide at least, where that is known: parts are one person each, groups have a least size."""
    if words(deciders.get("roles")):
        return None
    sizes = [
        whole(mapping(names.groups.get(key)).get("min_members")) for key in words(deciders.get("groups"))
    ]
    if any(size is None for size in sizes):
        return None
    return len(set(words(deciders.get("parts")))) + sum(size or 0 for size in sizes)


def _step_rule(
    names: SetNames, key: str, raw: Mapping[str, Any], deciders: Mapping[str, Any]
) -> Iterator[RuleFinding]:
    rule = mapping(raw.get("rule")) or {"type": "any"}
    kind = one(rule.get("type"))
    if kind not in RULE_TYPES:
        yield fault("step_rule_unknown", key, type=kind)
    needed, most = 1, _most(names, deciders)
    if kind == "at_least":
        number = whole(rule.get("n"))
        if number is None or number < 1:
            yield fault("step_number_wrong", key, n=rule.get("n"))
        needed = number or 1
    if kind == "percent":
        percent = whole(rule.get("percent"))
        if percent is None or not 1 <= percent <= 100:
            yield fault("step_percent_wrong", key, percent=rule.get("percent"))
    if most is not None and needed > most:
        yield fault("step_number_unreachable", key, n=needed, most=most)
    if "quorum" in raw and raw["quorum"] is not None:
        quorum = whole(raw["quorum"])
        if quorum is None or quorum < 1:
            yield fault("step_quorum_wrong", key, quorum=raw["quorum"])
        elif most is not None and quorum > most:
            yield fault("step_quorum_unreachable", key, quorum=quorum, most=most)
    for group in words(deciders.get("groups")):
        size = whole(mapping(names.groups.get(group)).get("min_members"))
        if group in names.groups and (size is None or size < 1):
            yield warning("group_without_size", group, step=key)


def _step_barred(names: SetNames, key: str, deciders: Mapping[str, Any]) -> Iterator[RuleFinding]:
    """Deciders who may never vote, whatever they hold: then nobody can ever decide the step."""
    barred = never_voting(names)
    named = {("part", who) for who in words(deciders.get("parts"))}
    named |= {("role", who) for who in words(deciders.get("roles"))}
    stuck = sorted(each for each in named if each in barred)
    if named and set(stuck) == named and not words(deciders.get("groups")):
        yield fault("step_only_barred", key, who=[who for _kind, who in stuck])
    else:
        for kind, who in stuck:
            yield warning("step_decider_barred", key, kind=kind, who=who)


def never_voting(names: SetNames) -> frozenset[tuple[str, str]]:
    """Parts and roles whose holders never vote: by the duty matrix, and the owner and the administrator always."""
    found = {("part", "owner"), ("role", "administrator")}
    for raw in entries(mapping(names.data.get("duties")).get("rules")):
        if raw.get("effect", "forbid") != "forbid":
            continue
        sides = (*words(raw.get("a")), *words(raw.get("b")))
        if "act:vote" in sides:
            for side in sides:
                kind, _colon, key = side.partition(":")
                if kind in {"part", "role"}:
                    found.add((kind, key))
    return frozenset(found)


def _step_clock(
    names: SetNames, key: str, raw: Mapping[str, Any], calendars: set[str]
) -> Iterator[RuleFinding]:
    hours = raw.get("target_hours")
    if hours is None:
        yield warning("step_without_target", key)
    elif whole(hours) is None or hours < 1:
        yield fault("step_target_wrong", key, hours=hours)
    calendar = raw.get("calendar")
    if calendar and one(calendar) not in calendars:
        yield fault("calendar_unknown", key, calendar=calendar)
    for each in entries(raw.get("escalation")):
        to = mapping(each.get("to"))
        if (whole(each.get("at_percent")) or 0) < 1:
            yield fault("escalation_percent_wrong", key, percent=each.get("at_percent"))
        for kind, who in names.unknown_people(to):
            yield fault("escalation_unknown", key, kind=kind, who=who)
        for part in words(to.get("deputy_of")):
            if part not in names.parts:
                yield fault("escalation_unknown", key, kind="parts", who=part)


def check_duties(names: SetNames) -> Iterator[RuleFinding]:
    """Every rule of the duty matrix names parts, roles and acts that exist."""
    rules = entries(mapping(names.data.get("duties")).get("rules"))
    for key in twice(str(each.get("id", "")) for each in rules):
        yield fault("key_twice", key, section="duties")
    for raw in rules:
        key = str(raw.get("id", ""))
        for side in (*words(raw.get("a")), *words(raw.get("b"))):
            if not _side_known(names, side):
                yield fault("duty_unknown", key, who=side)
        if not words(raw.get("a")) or not words(raw.get("b")):
            yield fault("duty_without_sides", key)
        if one(raw.get("effect", "forbid")) not in {"forbid", "warn"}:
            yield fault("duty_effect_unknown", key, effect=raw.get("effect"))
        if one(raw.get("scope")) not in _SCOPES:
            yield fault("duty_scope_unknown", key, scope=raw.get("scope"))
        if not str(raw.get("reason") or "").strip():
            yield warning("duty_without_reason", key)
    for raw in entries(names.data.get("parts")):
        if raw.get("needs_role") and one(raw["needs_role"]) not in names.roles:
            yield fault("part_role_unknown", raw.get("key", ""), role=raw["needs_role"])


def _side_known(names: SetNames, side: str) -> bool:
    kind, _colon, key = side.partition(":")
    if kind == "part":
        return key in names.parts
    if kind == "role":
        return key in names.roles
    return kind == "act" and key in ACTS


def check_decisions(names: SetNames) -> Iterator[RuleFinding]:
    """Who may ask for a decision exists."""
    for raw in entries(names.data.get("decisions")):
        who = mapping(raw.get("who"))
        for kind, key in names.unknown_people(who):
            yield fault("decision_who_unknown", raw.get("key", ""), kind=kind, who=key)
        for stage in (*words(raw.get("from_stages")), *words(raw.get("into_stages"))):
            if stage not in names.stages:
                yield fault("decision_stage_unknown", raw.get("key", ""), stage=stage)


def check_calendars(names: SetNames) -> Iterator[RuleFinding]:
    """Every calendar has working hours: a clock on one without would never tick."""
    for raw in entries(names.data.get("calendars")):
        key = str(raw.get("key", ""))
        hours, days = words(raw.get("hours")), words(raw.get("days"))
        if not hours or not days:
            yield fault("calendar_without_hours", key)
        for each in hours:
            if not _HOURS.fullmatch(each) or each[:5] >= each[6:]:
                yield fault("calendar_hours_wrong", key, hours=each)
        for day in days:
            if day not in _DAYS:
                yield fault("calendar_day_unknown", key, day=day)
        try:
            ZoneInfo(str(raw.get("timezone")))
        except (KeyError, ValueError, OSError):
            yield fault("calendar_zone_unknown", key, zone=raw.get("timezone"))
    fallback = mapping(names.data.get("approval_defaults")).get("calendar")
    if fallback and names.keys("calendars") and one(fallback) not in names.keys("calendars"):
        yield fault("calendar_unknown", "approval_defaults", calendar=fallback)
