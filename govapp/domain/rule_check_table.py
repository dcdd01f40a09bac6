"""Check of the decision table: at every stage, for every class of its inputs, some step comes out.

The inputs fall into classes: each threshold just below, at and above, each value named, any other, and none. Values
that the same rows accept are one class, so that the search stays small however long the table is.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from itertools import combinations
from typing import Any

from govapp.domain.rule_findings import (
    DECIDERS,
    RuleFinding,
    SetNames,
    entries,
    fault,
    mapping,
    twice,
    warning,
    whole,
    words,
)
from govapp.domain.when import holds

NUMBERS: Mapping[str, str] = {
    "value_from": "value", "value_below": "value",
    "vendor_spend_from": "vendor_spend", "vendor_spend_below": "vendor_spend",
}  # fmt: skip
FLAGS = frozenset({"security_relevant"})
CHOICES = frozenset({
    "risk_rating", "change_type", "business_unit", "legal_entity", "function", "service", "request_category",
    "service_tier", "vendor",
})  # fmt: skip
MOST_GAPS = 5
OF_GATE = "gate:"
_STEP = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class _Row:
    """A row of the table: what it asks of each input, and the steps it adds with their order."""

    id: str
    place: int
    tests: Mapping[str, Mapping[str, Any]]
    steps: Mapping[str, int]
    otherwise: bool

    def accepts(self, name: str, value: Any) -> bool:
        """True when the row's tests on one input hold for a value, as the program itself reads them."""
        tests = self.tests.get(name, {})
        return not any(test in NUMBERS and wanted is None for test, wanted in tests.items()) and holds(
            tests, {name: value}
        )


def _number(value: Any) -> Decimal | None:
    if isinstance(value, bool) or not isinstance(value, int | float | str | Decimal):
        return None
    try:
        found = Decimal(str(value))
    except InvalidOperation:
        return None
    return found if found.is_finite() else None


def _row(raw: Mapping[str, Any], place: int) -> _Row:
    tests: dict[str, dict[str, Any]] = {}
    for test, wanted in mapping(raw.get("when")).items():
        input_of = NUMBERS.get(test, str(test))
        tests.setdefault(input_of, {})[str(test)] = _number(wanted) if test in NUMBERS else wanted
    steps = {str(key): whole(order) or 0 for key, order in mapping(raw.get("steps")).items()}
    return _Row(str(raw.get("id", place + 1)), place, tests, steps, bool(raw.get("otherwise")))


def table_rows(names: SetNames) -> list[_Row]:
    """The rows of the table; a gate that names its steps itself reads as a row for its stage."""
    raw = entries(mapping(names.data.get("decision_table")).get("rows"))
    raw += [
        {"id": f"{OF_GATE}{into}", "when": {"stage": into}, "steps": _orders(names, gate)}
        for into, gate in names.gates.items()
        if words(gate.get("steps"))
    ]
    return [_row(each, place) for place, each in enumerate(raw)]


def _orders(names: SetNames, gate: Mapping[str, Any]) -> dict[str, int]:
    return {key: whole(mapping(names.steps.get(key)).get("order")) or 1 for key in words(gate.get("steps"))}


def check_table(names: SetNames) -> Iterator[RuleFinding]:
    """Everything about the table: unknown names, rows that never match, gaps, contradictions, steps never reached."""
    rows = table_rows(names)
    named = isinstance(names.data.get("decision_table"), Mapping)
    if named:
        yield from _form(names)
        yield from _last_row(names, [row for row in rows if not row.id.startswith(OF_GATE)])
    for row in rows:
        yield from _names_of(names, row)
    matching = [row for row in rows if _can_match(names, row)]
    for row in rows:
        if row not in matching:
            yield fault("row_never_matches", row.id)
    if named:
        for stage in names.stages:
            for case in _gaps(names, [row for row in matching if row.accepts("stage", stage)])[:MOST_GAPS]:
                yield fault("table_gap", stage, case=case)
    yield from _together(names, matching)
    reached = {step for row in matching for step in row.steps}
    for step in names.steps:
        if step not in reached:
            yield warning("step_never_reached", step)


def _form(names: SetNames) -> Iterator[RuleFinding]:
    raw = entries(mapping(names.data.get("decision_table")).get("rows"))
    if not raw:
        yield fault("table_empty", "decision_table")
    for key in twice(str(each.get("id", "")) for each in raw):
        yield fault("key_twice", key, section="decision_table")
    for place, each in enumerate(raw):
        key = each.get("id", place + 1)
        if not str(each.get("says") or "").strip():
            yield fault("row_without_words", key)
        for step, order in mapping(each.get("steps")).items():
            if (whole(order) or 0) < 1:
                yield fault("row_order_wrong", key, step=step, order=order)


def _last_row(names: SetNames, rows: Sequence[_Row]) -> Iterator[RuleFinding]:
    """The last row matches whatever the measure is (product.md, Words: approval path).

    A row for each stage that asks for nothing but the stage does the same.
    """
    plain = {
        stage
        for row in rows
        if row.tests.keys() == {"stage"}
        for stage in names.stages
        if row.accepts("stage", stage)
    }
    if rows and rows[-1].tests and not plain >= set(names.stages):
        yield fault("table_no_last_row", rows[-1].id)
    for row in rows:
        if row.otherwise and row is not rows[-1]:
            yield fault("row_otherwise_not_last", row.id)


def _names_of(names: SetNames, row: _Row) -> Iterator[RuleFinding]:
    if not row.steps:
        yield fault("row_without_steps", row.id)
    for step in row.steps:
        if step not in names.steps:
            yield fault("row_step_unknown", row.id, step=step)
    known: dict[str, frozenset[str]] = {
        "stage": frozenset(names.stages),
        "risk_rating": names.ratings,
        "change_type": names.change_types,
    }
    lists = {"request_category": "request_categories", "service_tier": "service_tiers"}
    for name, tests in row.tests.items():
        if name not in {"stage", "value", "vendor_spend"} | CHOICES | FLAGS:
            yield fault("row_input_unknown", row.id, input=name)
        for test, wanted in tests.items():
            if test in NUMBERS and wanted is None:
                yield fault("row_value_wrong", row.id, input=test)
            for value in words(wanted):
                if name in known and value not in known[name]:
                    yield fault("row_value_unknown", row.id, input=name, value=value)
                section = names.keys(lists[name]) if name in lists else ()
                if section and value not in section:
                    yield warning("row_value_unlisted", row.id, input=name, value=value)


def _classes(names: SetNames, name: str, rows: Sequence[_Row]) -> list[Any]:
    """One value for each class of an input: values that the same rows accept are one class."""
    values: list[Any]
    if name == "stage":
        values = list(names.stages)
    elif name in {"value", "vendor_spend"}:
        limits = {wanted for row in rows for wanted in row.tests.get(name, {}).values()}
        edges = sorted(limit for limit in limits if limit is not None)
        around = [edge + shift for edge in edges for shift in (-_STEP, Decimal(0), _STEP)]
        values = [Decimal(0), *around, None]
    elif name in FLAGS:
        values = [False, True]
    else:
        asked = [
            value for row in rows for wanted in row.tests.get(name, {}).values() for value in words(wanted)
        ]
        fixed = {"risk_rating": names.ratings, "change_type": names.change_types}.get(name, frozenset())
        named = [value for value in asked if value in fixed] if fixed else asked
        values = [*dict.fromkeys(named), *sorted(fixed - set(asked)), *([] if fixed else ["any other"]), ""]
    found: dict[tuple[bool, ...], Any] = {}
    for value in values:
        found.setdefault(tuple(row.accepts(name, value) for row in rows), value)
    return list(found.values())


def _can_match(names: SetNames, row: _Row) -> bool:
    return all(any(row.accepts(name, value) for value in _classes(names, name, [row])) for name in row.tests)


def _meet(names: SetNames, one: _Row, other: _Row) -> bool:
    """True when some measure fits both rows."""
    if one.otherwise or other.otherwise:
        return False  # such a row counts only where no other does
    both = [one, other]
    return all(
        any(one.accepts(name, value) and other.accepts(name, value) for value in _classes(names, name, both))
        for name in {*one.tests, *other.tests}
    )


def _gaps(names: SetNames, rows: Sequence[_Row]) -> list[dict[str, str]]:
    """Combinations of inputs for which none of these rows of one stage gives a step."""
    giving = [row for row in rows if row.steps]
    inputs = sorted({name for row in giving for name in row.tests} - {"stage"})
    classes = {name: _classes(names, name, giving) for name in inputs}
    found: list[dict[str, str]] = []

    def look(place: int, alive: Sequence[_Row], case: dict[str, str]) -> None:
        if len(found) >= MOST_GAPS or any(not row.tests.keys() & set(inputs[place:]) for row in alive):
            return
        if not alive:
            found.append(case)
            return
        name = inputs[place]
        for value in classes[name]:
            fitting = [row for row in alive if row.accepts(name, value)]
            look(place + 1, fitting, case | {name: "" if value is None else str(value)})

    look(0, giving, {})
    return found


def _together(names: SetNames, rows: Sequence[_Row]) -> Iterator[RuleFinding]:
    """Rows that match together and contradict each other, and steps of one path that only one person could decide."""
    told: set[tuple[str, str]] = set()
    for one, other in combinations(rows, 2):
        if not _meet(names, one, other):
            continue
        for step in sorted(one.steps.keys() & other.steps.keys()):
            first, second = one.steps[step], other.steps[step]
            if first != second:
                yield warning(
                    "rows_contradict", one.id, other=other.id, step=step, orders=sorted((first, second))
                )
        yield from _same_person(names, {*one.steps, *other.steps}, told)
    for row in rows:
        yield from _same_person(names, set(row.steps), told)


def _same_person(names: SetNames, steps: set[str], told: set[tuple[str, str]]) -> Iterator[RuleFinding]:
    """Each step of a review is decided by somebody else (R03), so two steps of one holder can never both be granted."""
    by_part: dict[str, list[str]] = {}
    for step in sorted(steps):
        deciders = mapping(mapping(names.steps.get(step)).get("deciders"))
        named = {kind: words(deciders.get(kind)) for kind in DECIDERS}
        if len(named["parts"]) == 1 and not named["roles"] and not named["groups"]:
            by_part.setdefault(named["parts"][0], []).append(step)
    for part, several in by_part.items():
        for pair in combinations(several, 2):
            if pair not in told:
                told.add(pair)
                yield fault("steps_same_person", pair[0], other=pair[1], part=part)
