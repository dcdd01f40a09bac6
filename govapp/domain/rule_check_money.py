"""Check of sections `effects`, `sustain` and `statuses`: whom and what they name exists, numbers are numbers."""

from collections.abc import Iterator, Mapping
from typing import Any

from govapp.domain.effect_rules import COST, GAIN
from govapp.domain.measures import TIMINGS
from govapp.domain.rule_findings import (
    RuleFinding,
    SetNames,
    entries,
    fault,
    mapping,
    one,
    twice,
    whole,
    words,
)
from govapp.domain.status_rules import (
    EVIDENCE_EXPIRED,
    IMPLEMENTATION,
    METRICS,
    POTENTIAL,
    RED,
    STAGES,
    YELLOW,
)


def check_money(names: SetNames) -> Iterator[RuleFinding]:
    """Kinds and categories hold together; who confirms and who agrees to changes are parts of the set."""
    effects = mapping(names.data.get("effects"))
    kinds = [str(each.get("key", "")) for each in entries(effects.get("kinds"))]
    for section, keys in (("effects.kinds", kinds), ("effects.categories", _keys(effects, "categories"))):
        for key in twice(keys):
            yield fault("key_twice", key, section=section)
        if "" in keys:
            yield fault("key_missing", section)
    for raw in entries(effects.get("categories")):
        yield from _category(raw, kinds)
    confirmation, change = mapping(effects.get("confirmation")), mapping(effects.get("plan_change"))
    for place, who in (
        ("confirmation", confirmation.get("by_part")),
        ("plan_change", change.get("by_parts")),
    ):
        for part in words(who):
            if part not in names.parts:
                yield fault("money_part_unknown", place, part=part)
    forecast, sustain = mapping(effects.get("forecast_change")), mapping(names.data.get("sustain"))
    numbers = {
        "due_working_days_after_month_end": confirmation, "approval_from": change, "approval_percent": change,
        "reason_from_percent": forecast, "controller_agrees_from_percent": forecast,
        "reopen_when_lost_percent_over": sustain,
    }  # fmt: skip
    for name, said in numbers.items():
        if name in said and not _is_number(said[name]):
            yield fault("money_number_wrong", name, value=said[name])
    yield from _sustain(names, sustain)


def _keys(effects: Mapping[str, Any], section: str) -> list[str]:
    return [str(each.get("key", "")) for each in entries(effects.get(section))]


def _category(raw: Mapping[str, Any], kinds: list[str]) -> Iterator[RuleFinding]:
    key = str(raw.get("key", ""))
    for kind in words(raw.get("kinds")):
        if kinds and kind not in kinds:
            yield fault("category_kind_unknown", key, kind=kind)
    if raw.get("timing") and one(raw["timing"]) not in TIMINGS:
        yield fault("category_value_wrong", key, name="timing", value=raw["timing"])
    if raw.get("direction") and one(raw["direction"]) not in {COST, GAIN}:
        yield fault("category_value_wrong", key, name="direction", value=raw["direction"])


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and value >= 0


def _sustain(names: SetNames, sustain: Mapping[str, Any]) -> Iterator[RuleFinding]:
    months = sustain.get("after_months")
    if months is not None and not (
        isinstance(months, list) and months and all((whole(m) or 0) > 0 for m in months)
    ):
        yield fault("money_number_wrong", "after_months", value=months)
    if "kind" in sustain and one(sustain["kind"]) not in names.kinds:
        yield fault("sustain_kind_unknown", "sustain", kind=sustain["kind"])


def check_statuses(names: SetNames) -> Iterator[RuleFinding]:
    """Every row of a status has one known measure, a number, a colour, and says why."""
    statuses = names.data.get("statuses")
    if statuses is None:
        return
    for kind in (IMPLEMENTATION, POTENTIAL):
        rows = entries(mapping(mapping(statuses).get(kind)).get("rows"))
        if not rows:
            yield fault("status_without_rows", kind)
        for key in twice(str(each.get("id", "")) for each in rows):
            yield fault("key_twice", key, section=f"statuses.{kind}")
        for raw in rows:
            yield from _row(names, raw)


def _row(names: SetNames, raw: Mapping[str, Any]) -> Iterator[RuleFinding]:
    key, when = str(raw.get("id", "")), mapping(raw.get("when"))
    if one(raw.get("colour")) not in {YELLOW, RED}:
        yield fault("status_colour_wrong", key, colour=raw.get("colour"))
    if not str(raw.get("says") or "").strip():
        yield fault("row_without_words", key)
    measures = [name for name in when if name != STAGES]
    if len(measures) != 1:
        yield fault("status_measure_count", key, count=len(measures))
    for name in measures:
        if name not in METRICS:
            yield fault("status_measure_unknown", key, name=name)
        elif name == EVIDENCE_EXPIRED:
            for kind in words(when[name]):
                if kind not in names.kinds:
                    yield fault("status_kind_unknown", key, kind=kind)
        elif not _is_number(when[name]):
            yield fault("money_number_wrong", key, value=when[name])
    for stage in words(when.get(STAGES)):
        if stage not in names.stages:
            yield fault("status_stage_unknown", key, stage=stage)
