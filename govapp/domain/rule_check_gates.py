"""Check of stages, gates, criteria and evidence kinds: every stage is reached and left, all named exists."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from govapp.domain.criteria import CHECKS
from govapp.domain.criteria_figures import FIGURES, KPI
from govapp.domain.measures import FIELDS
from govapp.domain.rule_findings import (
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
from govapp.domain.when import names_read

# fields of a measure that a criterion may read beside its own columns
READABLE = frozenset(FIELDS) | {
    "vendor",
    "dependencies",
    "measure_package",
    "service_tier",
    "value",
    "sustain_dates",
}
# series that a snapshot holds by month
_SERIES = frozenset({"baseline", "plan", "actual"})
_MORE_SUPPLIERS = frozenset({"submitter", "condition_owner"})


@dataclass(frozen=True, slots=True)
class _Params:
    """The parameters of a criterion kind: those it needs, those it may have, and the values of `check`."""

    needs: frozenset[str] = frozenset()
    may: frozenset[str] = frozenset()
    checks: frozenset[str] = field(default_factory=frozenset)


PARAMS: Mapping[str, _Params] = {
    "field": _Params(frozenset({"fields"}), frozenset({"match", "min_length", "max_length", "min_count"})),
    "role": _Params(frozenset({"part"})),
    "distinct": _Params(frozenset({"parts"})),
    "evidence": _Params(frozenset({"kind"}), frozenset({"min_count", "per"})),
    "milestone": _Params(
        frozenset({"check"}), frozenset({"min_count", "status"}), frozenset({"planned", "all_done"})
    ),
    "dependency": _Params(frozenset({"min_stage"})),
    "risk": _Params(
        frozenset({"check"}),
        frozenset({"min_count"}),
        frozenset({"rating_set", "no_open_blocking", "risks_with_owner_and_response"}),
    ),
    "condition": _Params(frozenset({"check"}), frozenset(), frozenset({"none_open", "none_open_blocking"})),
    "lookback": _Params(),
    "figures": _Params(
        frozenset({"check"}), frozenset({"series", "min_months", "tolerance_percent"}), frozenset(FIGURES)
    ),
    "kpi": _Params(frozenset({"check"}), frozenset({"min_count", "min_readings"}), frozenset(KPI)),
    "confirmation": _Params(frozenset(), frozenset({"series", "min_months", "share_percent"})),
}


def check_stages(names: SetNames) -> Iterator[RuleFinding]:
    """Every stage is reached by exactly one gate, and every one but the last is left by one."""
    stages = names.stages
    raw = {str(each.get("key", "")): each for each in entries(names.data.get("stages"))}
    orders = [str(each.get("order")) for each in raw.values()]
    for order in twice(orders):
        yield fault("stage_order_twice", order)
    for key, stage in raw.items():
        if whole(stage.get("order")) is None:
            yield fault("stage_order_missing", key)
        if not str(stage.get("name") or "").strip():
            yield fault("name_missing", key, section="stages")
        if stage.get("terminal") and key != stages[-1]:
            yield fault("stage_never_left", key, why="terminal")
    into = [str(each.get("into", "")) for each in entries(names.data.get("gates"))]
    for key in twice(into):
        yield fault("gate_twice", key)
    before: str | None = None
    for key in stages:
        gate = names.gates.get(key)
        if gate is None:
            yield fault("stage_never_reached", key)
            if before is not None:
                yield fault("stage_never_left", before, why="gate")
        elif gate.get("from") != before:
            yield fault("gate_from_wrong", key, named=gate.get("from"), before=before)
        before = key
    for key in set(into) - set(stages):
        yield fault("gate_unknown_stage", key)


def check_criteria(names: SetNames) -> Iterator[RuleFinding]:
    """Every gate has a question and something to hold; every criterion can be answered."""
    for into, gate in names.gates.items():
        if not str(gate.get("question") or "").strip():
            yield fault("gate_without_question", into)
        criteria = entries(gate.get("criteria"))
        if not criteria:
            yield warning("gate_without_criteria", into)
        for key in twice(str(each.get("id", "")) for each in criteria):
            yield fault("criterion_twice", key, gate=into)
        for criterion in criteria:
            yield from _criterion(names, into, criterion)


def _criterion(names: SetNames, gate: str, raw: Mapping[str, Any]) -> Iterator[RuleFinding]:
    key, kind, params = str(raw.get("id", "")), str(raw.get("kind", "")), mapping(raw.get("params"))
    if not key:
        yield fault("criterion_without_id", gate)
    if not str(raw.get("wording") or "").strip():
        yield fault("criterion_without_wording", key, gate=gate)
    if kind not in CHECKS or kind not in PARAMS:
        yield fault("criterion_kind_unknown", key, gate=gate, kind=kind)
        return
    known = PARAMS[kind]
    for name in sorted(known.needs - params.keys()):
        yield fault("param_missing", key, gate=gate, param=name)
    for name in sorted(params.keys() - known.needs - known.may):
        yield fault("param_unknown", key, gate=gate, param=name)
    if known.checks and "check" in params and one(params["check"]) not in known.checks:
        yield fault("param_value_unknown", key, gate=gate, param="check", value=params["check"])
    yield from _named(names, gate, key, params)
    yield from _limits(gate, key, params)
    for name in sorted(names_read(map(str, mapping(raw.get("when")))) - READABLE):
        yield fault("condition_field_unknown", key, gate=gate, field=name)
    people = names.parts | names.roles | _MORE_SUPPLIERS
    for who in words(raw.get("supplied_by")):
        if who not in people:
            yield warning("supplier_unknown", key, gate=gate, who=who)


def _named(names: SetNames, gate: str, key: str, params: Mapping[str, Any]) -> Iterator[RuleFinding]:
    """What the parameters of a criterion name exists."""
    for name in words(params.get("fields")):
        if name not in READABLE:
            yield fault("criterion_field_unknown", key, gate=gate, field=name)
    for part in (*words(params.get("part")), *words(params.get("parts"))):
        if part not in names.parts:
            yield fault("criterion_part_unknown", key, gate=gate, part=part)
    for kind in words(params.get("kind")):
        if kind not in names.kinds:
            yield fault("criterion_evidence_unknown", key, gate=gate, kind=kind)
    for stage in words(params.get("min_stage")):
        if stage not in names.stages:
            yield fault("criterion_stage_unknown", key, gate=gate, stage=stage)


def _limits(gate: str, key: str, params: Mapping[str, Any]) -> Iterator[RuleFinding]:
    for name in ("min_length", "max_length", "min_count", "min_months", "min_readings"):
        if name in params and (whole(params[name]) is None or params[name] < 1):
            yield fault("param_value_unknown", key, gate=gate, param=name, value=params[name])
    for name in ("share_percent", "tolerance_percent"):
        if name in params and not _is_percent(params[name]):
            yield fault("param_value_unknown", key, gate=gate, param=name, value=params[name])
    if one(params.get("series", "plan")) not in _SERIES:
        yield fault("param_value_unknown", key, gate=gate, param="series", value=params["series"])
    least, most = whole(params.get("min_length")), whole(params.get("max_length"))
    if least is not None and most is not None and least > most:
        yield fault("criterion_never_met", key, gate=gate, least=least, most=most)
    if one(params.get("match", "all")) not in {"any", "all"}:
        yield fault("param_value_unknown", key, gate=gate, param="match", value=params["match"])


def _is_percent(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= 100


def check_kinds(names: SetNames) -> Iterator[RuleFinding]:
    """Every evidence kind is asked for somewhere, handed in by somebody and judged by somebody else who exists."""
    asked = _asked_kinds(names)
    for raw in entries(names.data.get("evidence_kinds")):
        key = str(raw.get("key", ""))
        if key not in asked:
            yield warning("kind_never_asked", key)
        suppliers = words(raw.get("submitted_by"))
        for who in suppliers:
            if who not in names.parts | names.roles | _MORE_SUPPLIERS:
                yield fault("kind_supplier_unknown", key, who=who)
        until = raw.get("validity_matters_until")
        if until and one(until) not in names.stages:
            yield fault("kind_stage_unknown", key, stage=until)
        yield from _judge(names, key, mapping(raw.get("judge")), suppliers)


def _judge(
    names: SetNames, key: str, judge: Mapping[str, Any], suppliers: tuple[str, ...]
) -> Iterator[RuleFinding]:
    for kind, who in names.unknown_people(judge):
        yield fault("judge_unknown", key, kind=kind, who=who)
    parts = words(judge.get("parts"))
    others = words(judge.get("roles")) + words(judge.get("groups"))
    if parts and not others and set(suppliers) == set(parts) and len(set(parts)) == 1:
        yield fault("judge_is_submitter", key, part=parts[0])


def _asked_kinds(names: SetNames) -> set[str]:
    """Kinds that a gate, a decision, the sustain rule or an attesting step asks for."""
    found = {
        str(mapping(criterion.get("params")).get("kind"))
        for gate in names.gates.values()
        for criterion in entries(gate.get("criteria"))
        if criterion.get("kind") == "evidence"
    }
    found |= {str(mapping(each.get("lookback")).get("kind")) for each in entries(names.data.get("decisions"))}
    found |= {str(step.get("attests")) for step in names.steps.values() if step.get("attests")}
    found |= set(words(mapping(names.data.get("lookback")).get("kind")))
    found.add(str(mapping(names.data.get("sustain")).get("kind")))
    return found
