"""A governance set as its pages show it: every value in words. Drafts may be faulty; nothing is taken for granted."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from govapp.domain.rule_findings import SetNames, entries, mapping, whole, words
from govapp.present.findings import part_words
from govapp.present.language import gettext as _
from govapp.present.language import ngettext
from govapp.present.rule_words import (
    condition_words,
    decider_words,
    plain,
    row_sentence,
    rule_words,
    steps_in_order,
)


@dataclass(frozen=True, slots=True)
class CriterionView:
    """What a gate checks: its wording, when it counts, who supplies it."""

    key: str
    wording: str
    condition: str
    suppliers: str


@dataclass(frozen=True, slots=True)
class StageView:
    """A stage with the gate into it."""

    key: str
    name: str
    meaning: str
    question: str
    criteria: tuple[CriterionView, ...]
    steps: str
    effects: str


@dataclass(frozen=True, slots=True)
class StepView:
    """An approval step in words; `reached` are the rows that ask for it."""

    key: str
    name: str
    waits_for: str
    deciders: str
    rule: str
    target: str
    escalations: tuple[str, ...]
    signs: str


@dataclass(frozen=True, slots=True)
class RowView:
    """A row of the decision table."""

    id: str
    at: str
    condition: str
    steps: str
    says: str
    sentence: str


@dataclass(frozen=True, slots=True)
class FieldView:
    """A field of a form."""

    label: str
    type: str
    help: str
    limits: str
    condition: str


@dataclass(frozen=True, slots=True)
class KindView:
    """An evidence kind with its form."""

    key: str
    name: str
    purpose: str
    submitted: str
    judged: str
    validity: str
    fields: tuple[FieldView, ...]


@dataclass(frozen=True, slots=True)
class DutyView:
    """Two sides that may not, or should not, be one person."""

    key: str
    one: str
    other: str
    scope: str
    effect: str
    reason: str


@dataclass(frozen=True, slots=True)
class DecisionView:
    """A decision beside the plain advance and who may ask for it."""

    name: str
    who: str
    effect: str


@dataclass(frozen=True, slots=True)
class CalendarView:
    """A calendar of working hours."""

    name: str
    zone: str
    days: str
    hours: str
    holidays: str


class SetView:
    """One governance set, section by section."""

    def __init__(self, definition: Mapping[str, Any]) -> None:
        self._names = SetNames(definition)
        self._data = definition

    @cached_property
    def stage_names(self) -> dict[str, str]:
        """Names of stages by key."""
        return {str(each.get("key")): str(each.get("name")) for each in entries(self._data.get("stages"))}

    @cached_property
    def step_names(self) -> dict[str, str]:
        """Names of approval steps by key."""
        return {key: str(each.get("name") or key) for key, each in self._names.steps.items()}

    @cached_property
    def group_names(self) -> dict[str, str]:
        """Names of groups by key."""
        return {key: str(each.get("name") or key) for key, each in self._names.groups.items()}

    @cached_property
    def stages(self) -> list[StageView]:
        """Stages in the order of the board, each with the gate into it."""
        raw = {str(each.get("key", "")): each for each in entries(self._data.get("stages"))}
        return [self._stage(key, raw[key]) for key in self._names.stages if key in raw]

    def _stage(self, key: str, raw: Mapping[str, Any]) -> StageView:
        gate = mapping(self._names.gates.get(key))
        criteria = tuple(
            CriterionView(
                str(each.get("id", "")), str(each.get("wording", "")), condition_words(mapping(each.get("when"))),
                ", ".join(part_words(who) for who in words(each.get("supplied_by"))),
            )
            for each in entries(gate.get("criteria"))
        )  # fmt: skip
        own = {
            step: whole(mapping(self._names.steps.get(step)).get("order")) or 1
            for step in words(gate.get("steps"))
        }
        return StageView(
            key, str(raw.get("name", key)), str(raw.get("meaning", "")), str(gate.get("question", "")), criteria,
            steps_in_order(own, self.step_names) if own else "",
            ", ".join(plain(each) for each in words(gate.get("on_pass"))),
        )  # fmt: skip

    @cached_property
    def steps(self) -> list[StepView]:
        """Approval steps."""
        return [self._step(key, raw) for key, raw in self._names.steps.items()]

    def _step(self, key: str, raw: Mapping[str, Any]) -> StepView:
        hours = whole(raw.get("target_hours"))
        signs = [_("asks for the password again")] if raw.get("sign_in_again") else []
        signs += [_("signs %(kind)s", kind=plain(raw["attests"]))] if raw.get("attests") else []
        return StepView(
            key, self.step_names[key], str(raw.get("waits_for", "")),
            decider_words(mapping(raw.get("deciders")), self.group_names),
            rule_words(mapping(raw.get("rule")), raw.get("quorum"), veto=bool(raw.get("veto"))),
            "" if hours is None else ngettext("%(num)s working hour", "%(num)s working hours", hours),
            tuple(self._escalation(each) for each in entries(raw.get("escalation"))),
            ", ".join(signs),
        )  # fmt: skip

    def _escalation(self, raw: Mapping[str, Any]) -> str:
        to = mapping(raw.get("to"))
        named = [
            _("the deputy of the %(part)s", part=part_words(part)) for part in words(to.get("deputy_of"))
        ]
        whom = (
            decider_words(to, self.group_names)
            if any(to.get(k) for k in ("parts", "roles", "groups"))
            else ""
        )
        return _(
            "at %(percent)s %% of the target: %(whom)s",
            percent=raw.get("at_percent"), whom=_(" and ").join([*named, *([whom] if whom else [])]),
        )  # fmt: skip

    @cached_property
    def rows(self) -> list[RowView]:
        """Rows of the decision table, in order."""
        raw = entries(mapping(self._data.get("decision_table")).get("rows"))
        return [self._row(each, last=place == len(raw) - 1) for place, each in enumerate(raw)]

    def _row(self, raw: Mapping[str, Any], *, last: bool) -> RowView:
        when = mapping(raw.get("when"))
        orders = {str(step): whole(order) or 0 for step, order in mapping(raw.get("steps")).items()}
        at = ", ".join(self.stage_names.get(each, each) for each in words(when.get("stage")))
        shown = {"when": when, "steps": orders}
        return RowView(
            str(raw.get("id", "")), at or (_("all others") if last else _("any")), condition_words(when, stage=False),
            steps_in_order(orders, self.step_names), str(raw.get("says", "")),
            row_sentence(shown, self.step_names, self.stage_names, last=last),
        )  # fmt: skip

    @cached_property
    def value_is(self) -> str:
        """What the value of the decision table is."""
        return str(mapping(self._data.get("decision_table")).get("value_is", ""))

    @cached_property
    def kinds(self) -> list[KindView]:
        """Evidence kinds with their forms."""
        return [self._kind(raw) for raw in entries(self._data.get("evidence_kinds"))]

    def _kind(self, raw: Mapping[str, Any]) -> KindView:
        months, until = whole(raw.get("validity_months")), raw.get("validity_matters_until")
        validity = _("counts without end")
        if months:
            validity = ngettext("counts for %(num)s month", "counts for %(num)s months", months)
            if until:
                validity += _(
                    ", until %(stage)s is reached", stage=self.stage_names.get(str(until), str(until))
                )
        judge = decider_words(mapping(raw.get("judge")), self.group_names)
        return KindView(
            str(raw.get("key", "")), str(raw.get("name", "")), str(raw.get("purpose", "")),
            ", ".join(part_words(who) for who in words(raw.get("submitted_by"))),
            judge if raw.get("judged") else "", validity,
            tuple(self._field(each) for each in entries(raw.get("fields"))),
        )  # fmt: skip

    def _field(self, raw: Mapping[str, Any]) -> FieldView:
        said = [_("required") if raw.get("required") else _("optional")]
        if raw.get("min") is not None or raw.get("max") is not None:
            least, most = raw.get("min"), raw.get("max")
            said.append(
                _("at most %(most)s", most=most) if least is None
                else _("at least %(least)s", least=least) if most is None
                else _("%(least)s to %(most)s", least=least, most=most)
            )  # fmt: skip
        if raw.get("choices"):
            said.append(
                _("one of: %(choices)s", choices=", ".join(plain(each) for each in words(raw["choices"])))
            )
        if raw.get("accept"):
            said.append(", ".join(words(raw["accept"])))
        return FieldView(
            str(raw.get("label", "")), plain(raw.get("type", "")), str(raw.get("help", "")), "; ".join(said),
            _field_condition(mapping(raw.get("when"))),
        )  # fmt: skip

    @cached_property
    def duties(self) -> list[DutyView]:
        """The duty matrix."""
        return [
            DutyView(
                str(raw.get("id", "")), _sides(raw.get("a")), _sides(raw.get("b")), plain(raw.get("scope", "")),
                _("warns") if raw.get("effect") == "warn" else _("forbids"), str(raw.get("reason", "")),
            )
            for raw in entries(mapping(self._data.get("duties")).get("rules"))
        ]  # fmt: skip

    @cached_property
    def decisions(self) -> list[DecisionView]:
        """Decisions and who may ask for them."""
        return [
            DecisionView(
                str(raw.get("name", "")), self._asker(mapping(raw.get("who"))), str(raw.get("effect", ""))
            )
            for raw in entries(self._data.get("decisions"))
        ]

    def _asker(self, who: Mapping[str, Any]) -> str:
        if not any(who.get(kind) for kind in ("parts", "roles", "groups")):
            return _("whoever may move the measure")
        return decider_words(who, self.group_names)

    @cached_property
    def calendars(self) -> list[CalendarView]:
        """Calendars of working hours."""
        return [
            CalendarView(
                str(raw.get("name", "")), str(raw.get("timezone", "")), ", ".join(words(raw.get("days"))),
                ", ".join(words(raw.get("hours"))), _holidays(raw),
            )
            for raw in entries(self._data.get("calendars"))
        ]  # fmt: skip


def _sides(value: Any) -> str:
    return ", ".join(_side(side) for side in words(value))


def _side(side: str) -> str:
    kind, _colon, key = side.partition(":")
    if kind == "part":
        return _("the %(part)s", part=part_words(key))
    if kind == "role":
        return part_words(key)
    return _("whoever may %(act)s", act=plain(key)) if kind == "act" else side


def _field_condition(when: Mapping[str, Any]) -> str:
    about = when.get("field") or when.get("measure")
    tests = [
        f"{plain(name)} {_listed(value)}" for name, value in when.items() if name not in {"field", "measure"}
    ]
    return _("if %(field)s %(test)s", field=plain(about), test=_(" and ").join(tests)) if about else ""


def _listed(value: Any) -> str:
    return ", ".join(plain(each) for each in words(value)) if isinstance(value, list) else plain(value)


def _holidays(raw: Mapping[str, Any]) -> str:
    found = mapping(raw.get("holidays"))
    said = (
        [" ".join(str(found[name]) for name in ("country", "subdivision") if found.get(name))]
        if found
        else []
    )
    said += [_("closed on %(days)s", days=", ".join(words(raw["closed"])))] if raw.get("closed") else []
    return "; ".join(said) or _("none")
