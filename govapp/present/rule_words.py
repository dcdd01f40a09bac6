"""Rules in words for the pages of versions: conditions, deciders, rows, differences, what changes for a measure."""

import math
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from govapp.domain.migration import RuleChange
from govapp.domain.rule_diff import ADDED, REMOVED, Difference
from govapp.present.findings import part_words
from govapp.present.language import gettext as _
from govapp.present.language import ngettext
from govapp.present.money import number

MOST_LETTERS = 160


def plain(code: object) -> str:
    """A key as a word: `service_owner` as `service owner`."""
    return str(code).replace("_", " ").replace("-", " ")


def one_of(values: Any) -> str:
    """Values of which any will do."""
    listed = values if isinstance(values, list | tuple) else [values]
    return either([plain(_value(each)) for each in listed])


def either(listed: Sequence[str]) -> str:
    """Words with commas and a last `or`."""
    if len(listed) < 2:
        return "".join(listed)
    return _("%(first)s or %(last)s", first=", ".join(listed[:-1]), last=listed[-1])


def _value(value: Any) -> Any:
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, int | float) and math.isfinite(value):
        return number(Decimal(str(value)))
    return value


_VALUE_FIRST = {"value_from": 0, "value_below": 1, "vendor_spend_from": 3, "vendor_spend_below": 4}


def condition_words(when: Mapping[str, Any], *, stage: bool = True) -> str:
    """The conditions of a criterion or a row: `value from 25 000 and risk rating low or medium`; '' without any."""
    said: list[str] = []
    for name, wanted in sorted(when.items(), key=lambda item: _VALUE_FIRST.get(item[0], 2)):
        if name == "stage" and not stage:
            continue
        subject, _underscore, test = name.rpartition("_")
        if test in {"from", "below"} and subject:
            words = {"from": _("%(what)s from %(limit)s"), "below": _("%(what)s below %(limit)s")}[test]
            if test == "below" and f"{subject}_from" in when:
                said[-1] += _(" to below %(limit)s", limit=_value(wanted))
            else:
                said.append(words % {"what": plain(subject), "limit": _value(wanted)})
        elif isinstance(wanted, bool):
            said.append(plain(name) if wanted else _("not %(what)s", what=plain(name)))
        else:
            said.append(_("%(what)s %(values)s", what=plain(name), values=one_of(wanted)))
    return _(" and ").join(said)


def decider_words(deciders: Mapping[str, Any], groups: Mapping[str, str]) -> str:
    """Who decides a step: parts, roles in the branch, named groups."""
    named = [_("the %(part)s", part=part_words(part)) for part in _keys(deciders.get("parts"))]
    named += [part_words(role) for role in _keys(deciders.get("roles"))]
    named += [groups.get(group, plain(group)) for group in _keys(deciders.get("groups"))]
    return either(named) or _("nobody")


def _keys(value: Any) -> list[str]:
    return [value] if isinstance(value, str) else list(value or ())


def rule_words(rule: Mapping[str, Any] | None, quorum: Any = None, *, veto: bool = False) -> str:
    """By which rule votes decide a step, with quorum and veto."""
    rule = rule or {}
    said = {
        "any": lambda: _("one approval is enough"),
        "all": lambda: _("all must approve"),
        "at_least": lambda: ngettext(
            "at least %(num)s must approve", "at least %(num)s must approve", int(rule.get("n", 1))
        ),
        "percent": lambda: _("%(percent)s %% of the votes cast, rounded up", percent=rule.get("percent")),
    }.get(str(rule.get("type", "any")), lambda: plain(rule.get("type")))()
    if quorum:
        said += _(", with a quorum of %(quorum)s", quorum=quorum)
    return said + (_(", with a veto") if veto else "")


def row_sentence(
    row: Mapping[str, Any], steps: Mapping[str, str], stages: Mapping[str, str], *, last: bool = False
) -> str:
    """A row of the decision table as a sentence: when it matches, and which steps it adds in which order."""
    when = row.get("when") or {}
    stage = when.get("stage")
    at = _("At the gate into %(stages)s", stages=one_of([stages.get(s, s) for s in _keys(stage)])) if stage else (
        _("In every other case") if last else _("At every gate")
    )  # fmt: skip
    condition = condition_words(when, stage=False)
    when_words = _(", when %(condition)s", condition=condition) if condition else ""
    return _(
        "%(at)s%(when)s: %(steps)s.",
        at=at,
        when=when_words,
        steps=steps_in_order(row.get("steps") or {}, steps),
    )


def steps_in_order(orders: Mapping[str, int], names: Mapping[str, str]) -> str:
    """Steps as they come: those of equal order together, then the next."""
    by_order: dict[int, list[str]] = {}
    for key, order in orders.items():
        by_order.setdefault(order, []).append(names.get(key, plain(key)))
    return _(", then ").join(_(" and ").join(by_order[order]) for order in sorted(by_order))


_SECTIONS: dict[str, Callable[[], str]] = {
    "set": lambda: _("The set"),
    "permissions": lambda: _("Permissions"),
    "roles": lambda: _("Roles"),
    "parts": lambda: _("Parts"),
    "groups": lambda: _("Groups"),
    "duties": lambda: _("Duties kept apart"),
    "stages": lambda: _("Stages"),
    "gates": lambda: _("Gates"),
    "evidence_kinds": lambda: _("Evidence kinds"),
    "approval_steps": lambda: _("Approval steps"),
    "approval_defaults": lambda: _("Approvals"),
    "decision_table": lambda: _("Decision table"),
    "decisions": lambda: _("Decisions"),
    "calendars": lambda: _("Calendars"),
}
_ENTRIES: dict[str, Callable[[], str]] = {
    "gates": lambda: _("Gate into %(key)s"),
    "stages": lambda: _("Stage %(key)s"),
    "roles": lambda: _("Role %(key)s"),
    "parts": lambda: _("Part %(key)s"),
    "groups": lambda: _("Group %(key)s"),
    "evidence_kinds": lambda: _("Evidence kind %(key)s"),
    "approval_steps": lambda: _("Step %(key)s"),
    "decisions": lambda: _("Decision %(key)s"),
    "calendars": lambda: _("Calendar %(key)s"),
    "criteria": lambda: _("criterion %(key)s"),
    "fields": lambda: _("field %(key)s"),
    "rows": lambda: _("Row %(key)s"),
    "rules": lambda: _("Rule %(key)s"),
}


def section_words(section: str) -> str:
    """A part of the set as a heading."""
    known = _SECTIONS.get(section)
    return known() if known else plain(section).capitalize()


def difference_sentence(difference: Difference) -> str:
    """One difference in words: where, and added, removed, or from what to what."""
    where = _place(difference.path)
    if difference.what == ADDED:
        shown = _shown(difference.after)
        return _("%(where)s added", where=where) + (f": {shown}" if shown else "")
    if difference.what == REMOVED:
        return _("%(where)s removed", where=where)
    before, after = difference.before, difference.after
    if _plain_list(before) and _plain_list(after):
        more = [str(each) for each in after if each not in before]
        fewer = [str(each) for each in before if each not in after]
        said = [_("with %(items)s", items=", ".join(more))] if more else []
        said += [_("without %(items)s", items=", ".join(fewer))] if fewer else []
        return _("%(where)s: now %(said)s", where=where, said=_(" and ").join(said) or _("in another order"))
    return _("%(where)s: %(before)s, now %(after)s", where=where, before=_shown(before), after=_shown(after))


def _plain_list(value: Any) -> bool:
    return isinstance(value, list) and not any(isinstance(each, dict | list) for each in value)


def _place(path: Sequence[str]) -> str:
    said, place = [], 0
    while place < len(path):
        entry = _ENTRIES.get(path[place])
        if entry is not None and place + 1 < len(path):
            said.append(entry() % {"key": path[place + 1]})
            place += 2
        elif path[place] in {"duties", "decision_table"}:
            place += 1
        else:
            said.append(plain(path[place]))
            place += 1
    text = ", ".join(said)
    return text[:1].upper() + text[1:]


def _shown(value: Any) -> str:
    """A value for reading: the words of an entry rather than all of it."""
    if isinstance(value, Mapping):
        own = value.get("wording") or value.get("says") or value.get("label") or value.get("name")
        text = str(own or ", ".join(f"{plain(name)} {_shown(each)}" for name, each in value.items()))
    elif isinstance(value, list):
        text = ", ".join(_shown(each) for each in value)
    else:
        text = str(_value(value)) if value is not None else _("nothing")
    return text if len(text) <= MOST_LETTERS else text[: MOST_LETTERS - 3] + "..."


_REFUSED: dict[str, Callable[[], str]] = {
    "stage_missing": lambda: _("Its stage is not in the new version. Bring it to a stage that stays first."),
    "review_open": lambda: _("A review is open; its deciders vote on one version. End or finish it first."),
    "no_right_here": lambda: _("Whoever asked may not switch rules on its branch."),
    "no_right_any_more": lambda: _("Whoever asked may not switch rules any more."),
    "gone_elsewhere": lambda: _("It was archived or follows another workflow by now."),
}


def refused_words(code: str) -> str:
    """Why a measure is not brought to another version."""
    known = _REFUSED.get(code)
    return known() if known else plain(code)


def change_lines(change: RuleChange) -> list[str]:
    """What changes for a measure, line by line; one line when nothing does."""
    lines = [refused_words(code) for code in change.refused]
    lines += [_("Newly missing: %(what)s", what=f.wording or f.key) for f in change.newly_unmet]
    lines += [_("No longer missing: %(what)s", what=f.wording or f.key) for f in change.newly_met]
    lines += [_("One more step: %(step)s", step=step.name) for step in change.steps_added]
    lines += [_("One step less: %(step)s", step=step.name) for step in change.steps_removed]
    lines += [
        _(
            "%(step)s comes at place %(after)s instead of %(before)s",
            step=b.name,
            before=a.order,
            after=b.order,
        )
        for a, b in change.steps_moved
    ]
    return lines or [_("Nothing at its next gate.")]
