"""A workflow version as a value: stages, gates, criteria, steps, evidence kinds. Parsed once, read everywhere."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from govapp.domain.decisions import DecisionRule, parse_decisions
from govapp.domain.duties import COMMITTEE_VOTE, VOTE, Duties, DutyError, parse_duties, parts_without
from govapp.domain.effect_rules import EffectRules, parse_effects
from govapp.domain.evidence_kinds import EvidenceKind
from govapp.domain.status_rules import StatusRules, parse_statuses


class RulesError(ValueError):
    """A governance set that does not hold together; says what and where."""


@dataclass(frozen=True, slots=True)
class StageRule:
    """A column of the board."""

    key: str
    name: str
    order: int
    meaning: str = ""
    terminal: bool = False
    wip_hint: int | None = None


@dataclass(frozen=True, slots=True)
class CriterionRule:
    """Something a gate checks; counts only when all conditions in `when` hold."""

    key: str
    kind: str
    wording: str
    params: Mapping[str, Any] = field(default_factory=dict)
    when: Mapping[str, Any] = field(default_factory=dict)
    supplied_by: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class StepRule:
    """An approval step: who decides (parts, roles, groups), by which rule, with a target in working hours.

    `rule`: type any, all, at_least (n) or percent (percent of the votes cast, rounded up); `excludes` names parts whose
    holders are left out. `veto`: one refusal refuses whatever the rule. `sign`: the vote asks for a signature (R27).
    `attests` is the evidence kind signed as part of the vote.
    """

    key: str
    name: str
    waits_for: str
    deciders: Mapping[str, tuple[str, ...]]
    order: int = 1
    rule: Mapping[str, Any] = field(default_factory=lambda: {"type": "any"})
    target_hours: int | None = None
    quorum: int | None = None
    veto: bool = False
    sign: bool = False
    attests: str = ""
    escalation: tuple[Mapping[str, Any], ...] = ()

    @property
    def excludes(self) -> tuple[str, ...]:
        """Parts whose holders are left out, though a group or role names them."""
        return tuple(self.rule.get("excludes", ()))


@dataclass(frozen=True, slots=True)
class TableRow:
    """A row of the decision table: where all of `when` holds it adds its steps, each with its order.

    A row marked `otherwise` counts only where no other matches.
    """

    key: str
    when: Mapping[str, Any]
    steps: Mapping[str, int]
    says: str = ""
    otherwise: bool = False


@dataclass(frozen=True, slots=True)
class GateRule:
    """The entry to a stage."""

    into: str
    came_from: str | None
    question: str
    criteria: tuple[CriterionRule, ...]
    on_pass: tuple[str, ...] = ()


FREEZE_PLAN = "freeze_plan"
ANY, ALL, AT_LEAST, PERCENT = "any", "all", "at_least", "percent"
STEP_RULES = (ANY, ALL, AT_LEAST, PERCENT)


@dataclass(frozen=True)
class Rules:
    """One version of a workflow."""

    workflow: str
    name: str
    version: int
    stages: tuple[StageRule, ...]
    gates: Mapping[str, GateRule]
    kinds: Mapping[str, EvidenceKind]
    steps: Mapping[str, StepRule] = field(default_factory=dict)
    table: tuple[TableRow, ...] = ()
    duties: Duties = field(default_factory=lambda: parse_duties({}))
    decisions: Mapping[str, DecisionRule] = field(default_factory=dict)
    one_refusal: Mapping[str, str] = field(default_factory=dict)
    currency: str = ""
    reminders: tuple[int, ...] = ()
    calendar: str = ""
    effects: EffectRules = field(default_factory=EffectRules)
    statuses: StatusRules | None = None

    @property
    def roles_of_parts(self) -> Mapping[str, str]:
        """The role which the holder of a part must have on the branch."""
        return self.duties.needs_role

    @cached_property
    def order(self) -> dict[str, int]:
        """Position of each stage, from 0."""
        return {stage.key: place for place, stage in enumerate(self.stages)}

    def stage(self, key: str) -> StageRule:
        """A stage by key. Raises KeyError."""
        return self.stages[self.order[key]]

    def next_stage(self, stage: str | None) -> str | None:
        """The stage after `stage` (the first for a proposal), or None after the last."""
        place = -1 if stage is None else self.order[stage]
        return self.stages[place + 1].key if place + 1 < len(self.stages) else None

    def reached(self, stage: str | None, needed: str) -> bool:
        """True when `stage` is at or past `needed`."""
        return stage is not None and self.order.get(stage, -1) >= self.order.get(needed, len(self.stages))

    @cached_property
    def freezing(self) -> StageRule | None:
        """The stage whose gate freezes the plan (`on_pass: [freeze_plan]`), or None."""
        return next((each for each in self.stages if FREEZE_PLAN in self.gates[each.key].on_pass), None)

    def frozen_in(self, stage: str | None) -> StageRule | None:
        """The stage since which the plan of a measure in `stage` is frozen; None while it is not."""
        return self.freezing if self.freezing and self.reached(stage, self.freezing.key) else None


def _tuple(value: Any) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else tuple(value or ())


def _step(raw: Mapping[str, Any], duties: Duties) -> StepRule:
    """A step; the matrix leaves out holders of parts too, and further ones in a committee (a step with a quorum)."""
    deciders = {kind: _tuple(keys) for kind, keys in raw["deciders"].items()}
    if not any(deciders.values()) or deciders.keys() - {"parts", "roles", "groups"}:
        raise RulesError(f"step {raw['key']}: deciders must name parts, roles or groups")
    rule = dict(raw.get("rule") or {"type": ANY})
    if rule.get("type") not in STEP_RULES:
        raise RulesError(f"step {raw['key']}: unknown rule {rule.get('type')}")
    left_out = parts_without(duties, VOTE) | (
        parts_without(duties, COMMITTEE_VOTE) if raw.get("quorum") else frozenset()
    )
    asked = _tuple((raw.get("excludes") or {}).get("parts"))
    if excluded := list(dict.fromkeys((*asked, *sorted(left_out - {"owner"})))):
        rule["excludes"] = excluded
    return StepRule(
        raw["key"], raw["name"], raw["waits_for"], deciders, int(raw.get("order", 1)), rule, raw.get("target_hours"),
        raw.get("quorum"), bool(raw.get("veto")), bool(raw.get("sign_in_again")), raw.get("attests", ""),
        tuple(raw.get("escalation") or ()),
    )  # fmt: skip


def _gate(raw: Mapping[str, Any], kinds: Mapping[str, EvidenceKind]) -> GateRule:
    criteria = []
    for item in raw.get("criteria", ()):
        params = item.get("params") or {}
        if item["kind"] == "evidence" and params.get("kind") not in kinds:
            raise RulesError(
                f"gate into {raw['into']}: {item['id']} names the unknown evidence kind {params.get('kind')}"
            )
        suppliers = _tuple(item.get("supplied_by"))
        criteria.append(
            CriterionRule(
                item["id"], item["kind"], item["wording"], params, item.get("when") or {}, suppliers
            )
        )
    return GateRule(
        raw["into"], raw.get("from"), raw.get("question", ""), tuple(criteria), _tuple(raw.get("on_pass"))
    )


def _table(data: Mapping[str, Any], steps: Mapping[str, StepRule]) -> tuple[TableRow, ...]:
    """The rows of the decision table; a gate that names its steps itself reads as a row for its stage."""
    rows = [
        TableRow(
            str(raw["id"]),
            raw.get("when") or {},
            dict(raw["steps"]),
            raw.get("says", ""),
            bool(raw.get("otherwise")),
        )
        for raw in (data.get("decision_table") or {}).get("rows", ())
    ]
    for gate in data["gates"]:
        if named := _tuple(gate.get("steps")):
            orders = {key: steps[key].order if key in steps else 1 for key in named}
            rows.append(TableRow(f"gate:{gate['into']}", {"stage": gate["into"]}, orders))
    for row in rows:
        if unknown := [key for key in row.steps if key not in steps]:
            raise RulesError(f"row {row.key} of the decision table: unknown step {unknown[0]}")
    return tuple(rows)


def _money(data: Mapping[str, Any]) -> tuple[EffectRules, StatusRules | None]:
    try:
        return parse_effects(data), parse_statuses(data)
    except (ValueError, ArithmeticError) as error:
        raise RulesError(f"effects, sustain or statuses: {error}") from error


def parse_rules(data: Mapping[str, Any]) -> Rules:
    """A governance set (governance/README.md) as rules. Raises RulesError naming the first thing that does not fit."""
    try:
        kinds = {raw["key"]: EvidenceKind.from_dict(raw) for raw in data["evidence_kinds"]}
        stages = tuple(
            StageRule(
                s["key"],
                s["name"],
                s["order"],
                s.get("meaning", ""),
                bool(s.get("terminal")),
                s.get("wip_hint"),
            )
            for s in sorted(data["stages"], key=lambda s: s["order"])
        )
        duties = parse_duties(data)
        steps = {raw["key"]: _step(raw, duties) for raw in data.get("approval_steps", ())}
        gates = {raw["into"]: _gate(raw, kinds) for raw in data["gates"]}
        table = _table(data, steps)
        effects, statuses = _money(data)
    except KeyError as error:
        raise RulesError(f"the set lacks {error.args[0]}") from error
    except DutyError as error:
        raise RulesError(str(error)) from error
    if not stages or {stage.key for stage in stages} != gates.keys():
        raise RulesError("every stage needs exactly one gate into it")
    if attested := [step.key for step in steps.values() if step.attests and step.attests not in kinds]:
        raise RulesError(f"step {attested[0]}: attests an unknown evidence kind")
    head, defaults = data["set"], data.get("approval_defaults") or {}
    return Rules(
        head["key"],
        head["name"],
        int(head["version"]),
        stages,
        gates,
        kinds,
        steps,
        table,
        duties,
        parse_decisions(data),
        defaults.get("one_refusal") or {},
        head.get("currency", ""),
        tuple(defaults.get("reminders_percent") or ()),
        defaults.get("calendar", ""),
        effects,
        statuses,
    )
