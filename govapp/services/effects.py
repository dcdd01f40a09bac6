"""Effect lines of a measure: what they are, their whole-life totals, and amounts by month in one series."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import select

from govapp.data.claim_queries import registered_key
from govapp.data.finance import DRAFT, EffectLine, EffectValue
from govapp.data.ledger import CellRuling, LedgerRow
from govapp.data.ledger_queries import net_by_cell
from govapp.data.measures import Milestone
from govapp.data.plan_queries import frozen_lines
from govapp.data.snapshots import Loaded
from govapp.domain.cells import CellKey, series_fault
from govapp.domain.errors import Invalid, NotFound
from govapp.domain.events import Event
from govapp.domain.finance import Faults, clean_line, frozen_faults, minor_of, sign_is_wrong, unit_faults
from govapp.domain.permissions import Permission
from govapp.domain.plan_changes import ASKED
from govapp.domain.planning import first_of
from govapp.services._belongs import _locked_for, _same_version, _settle_again, _where, changes_of, plain
from govapp.services._cells import (
    Changed,
    Sheet,
    _allowed,
    _cell_faults,
    _plan_stands,
    _sheet,
    _store,
    _write,
)
from govapp.services._keys import consume, consumed
from govapp.services._work import Origin, Work, writing

_FIELDS = (
    "name", "kind", "timing", "category", "cost_object", "currency", "run_rate", "start", "start_milestone_id",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class SetEffectLine:
    """Add an effect line (no id) or change one. Amounts in units of the currency (FTE in posts, no currency).

    It starts on a day, or with a milestone of the measure. `totals` are undated amounts by series, for the whole life:
    None takes one back, a series not named stays.
    """

    key: str
    name: str
    kind: str
    timing: str
    currency: str
    origin: Origin
    category: str = ""
    cost_object: str = ""
    run_rate: Decimal | None = None
    start: date | None = None
    totals: Mapping[str, Decimal | None] = field(default_factory=dict)
    line_id: int | None = None
    seen_version: int | None = None
    action_key: str = ""
    start_milestone_id: int | None = None


@dataclass(frozen=True, slots=True)
class RemoveEffectLine:
    """Remove a line with all its amounts."""

    key: str
    line_id: int
    origin: Origin
    seen_version: int | None = None
    action_key: str = ""


@dataclass(frozen=True, slots=True)
class SetMonthlyValues:
    """Amounts of a line in a series by month (any day of it); None takes a month back. `source`: of actual amounts."""

    key: str
    line_id: int
    series: str
    months: Mapping[date, Decimal | None]
    origin: Origin
    action_key: str = ""
    source: str = ""


def set_effect_line(command: SetEffectLine) -> int:
    """Add or change an effect line with its totals; returns its id.

    Plan figures need finance:plan, a forecast finance:forecast, actuals finance:actual. Raises NotFound, Refused,
    Stale, KeyReused, and Invalid with codes by field: amount_out_of_range for NaN, infinity and what is too large,
    amount_too_precise for what would be rounded, start_twice for a day beside a milestone, line_holds_amounts for
    another kind or currency, line_in_ledger for another cost object, timing or category while amounts of the line are
    confirmed, plan_frozen, amount_confirmed.
    """
    return writing(
        command.origin, lambda work: _set_effect_line(work, command), action_key=command.action_key
    )


def _set_effect_line(work: Work, command: SetEffectLine) -> int:
    loaded, right = _locked_for(work, command.key, Permission.FINANCE_VIEW)
    values = {name: getattr(command, name) for name in _FIELDS}
    body = [
        "effect",
        command.key,
        command.line_id,
        plain(values),
        plain(dict(command.totals)),
        command.seen_version,
    ]
    earlier = consumed(work, command.action_key, body)
    if earlier is not None:
        return int(earlier["id"])
    row = None if command.line_id is None else _line(work, loaded, command.line_id)
    if row is not None:
        _same_version(command.seen_version, row.version, "stale_row")
    row = _set_line(work, loaded, row, values, command.totals, right)
    _settle_again(work, loaded.measure.id)
    consume(work, command.action_key, body, {"id": row.id})
    return row.id


def _line(work: Work, loaded: Loaded, line_id: int) -> EffectLine:
    row = work.session.get(EffectLine, line_id)
    if row is None or row.measure_id != loaded.measure.id:
        raise NotFound("not_found")
    return row


def _set_line(
    work: Work,
    loaded: Loaded,
    row: EffectLine | None,
    values: dict[str, Any],
    totals: Mapping[str, Decimal | None],
    right: str,
) -> EffectLine:
    """Check and store a line with totals, log old and new (minor units). The caller settles."""
    before = {name: getattr(row, name) for name in _FIELDS} if row else {}
    values, minors, faults = clean_line(values, totals, loaded.rules.effects, before)
    _refuse(faults | _start_faults(work, loaded, values))
    if values["cost_object"] not in {"", before.get("cost_object")}:
        organization, said = loaded.measure.organization_id, values["cost_object"]
        values["cost_object"] = registered_key(work.session, organization, said) or said
    fields = changes_of(before, values)
    sheet = _sheet(work, loaded, {row.id: row}) if row else Sheet({})
    number = row.id if row else 0
    anew = bool(before) and not {"kind", "currency"}.isdisjoint(fields)
    moved: Changed = {
        (number, series, None): (old, minor)
        for series, minor in minors.items()
        if (old := sheet.amount((number, series, None))) != minor or (anew and minor is not None)
    }
    if fields:
        right = work.may(Permission.FINANCE_PLAN, loaded.place)
    if moved:
        right, _ = _allowed(work, loaded, sheet, list(moved))
    if anew:
        _refuse(unit_faults(fields, _held(work, number), minors))
    _refuse_line(work, loaded, sheet, fields, moved)
    counted = [name for name in ("cost_object", "timing", "category") if name in fields]
    if row is not None and counted and any(net_by_cell(work.session, [row.id]).values()):
        _refuse({name: ["line_in_ledger"] for name in counted})
    meaning = sorted({"kind", "timing", "currency"} & fields.keys())
    if row is not None and meaning and row.id in frozen_lines(work.session, loaded.measure.id):
        _refuse({name: ["line_in_frozen_plan"] for name in meaning})
    if row is None:
        row = EffectLine(measure_id=loaded.measure.id, version=0)
        work.session.add(row)
    if not fields and not moved:
        return row
    for name, value in values.items():
        setattr(row, name, value)
    row.version += 1
    work.session.flush()
    moved = {(row.id, series, month): pair for (_, series, month), pair in moved.items()}
    _store(work, loaded, sheet, moved)
    work.touched_money(loaded.measure.id, row.id)
    work.log(
        Event.EFFECT_CHANGED,
        {
            "line": row.id,
            "name": row.name,
            "what": "changed" if before else "added",
            "changes": fields,
            "totals": {series: list(pair) for (_, series, _), pair in moved.items()},
            "currency": row.currency,
        },
        right=right,
        object_type="effect_line",
        object_id=str(row.id),
        **_where(loaded),
    )
    return row


def _start_faults(work: Work, loaded: Loaded, values: Mapping[str, Any]) -> Faults:
    """A line starts on a day or with a milestone of its measure, not both."""
    number = values["start_milestone_id"]
    if number is None:
        return {}
    if values["start"] is not None:
        return {"start": ["start_twice"]}
    stone = work.session.get(Milestone, number)
    known = stone is not None and stone.measure_id == loaded.measure.id
    return {} if known else {"start_milestone_id": ["unknown_choice"]}


def _refuse_line(work: Work, loaded: Loaded, sheet: Sheet, fields: Mapping[str, Any], moved: Changed) -> None:
    """Raise Invalid for what stands still of a line: a frozen plan and its run rate, confirmed amounts; and for a
    category of costs over amounts above zero.
    """
    frozen = _plan_stands(work, loaded)
    series = {name for _, name, _ in moved}
    faults: Faults = {}
    if frozen:
        before = next(iter(sheet.lines.values()), None)
        planned = bool(before and before.run_rate is not None) or any(s == "plan" for _, s, _ in sheet.held)
        asked = loaded.plan_change is not None and loaded.plan_change[1] == ASKED
        faults = frozen_faults(fields, series, planned=planned, asked=asked)
    _, category = fields.get("category", ("", ""))
    if any(
        sign_is_wrong(loaded.rules.effects, category, cell[1], row.amount)
        for cell, row in sheet.held.items()
        if cell not in moved
    ):
        faults["category"] = ["sign_wrong"]
    today = work.today(loaded.timezone)
    told = _cell_faults(sheet, moved, today, frozen=False, reaches_closed=False)
    faults |= {name.split(":")[1]: codes for name, codes in told.items()}
    stage = loaded.rules.frozen_in(loaded.snapshot.stage)
    _refuse(faults, stage=stage.name if stage else "")


def _refuse(faults: Faults, **values: Any) -> None:
    if faults:
        raise Invalid("effect_invalid", faults, **values)


def _held(work: Work, line_id: int) -> list[tuple[str, bool]]:
    """Series, and whether it can no longer be restated, of all amounts of a line: by month, frozen, in the ledger."""
    values = select(EffectValue.series, EffectValue.month.is_not(None) | (EffectValue.plan_version > DRAFT))
    found = [(series, bool(fixed)) for series, fixed in
             work.session.execute(values.where(EffectValue.line_id == line_id))]  # fmt: skip
    return [*found, ("confirmed", True)] if _in_ledger(work, line_id) else found


def _in_ledger(work: Work, line_id: int) -> bool:
    """Whether ledger rows or rulings name the line."""
    return any(
        work.session.scalar(select(table.id).where(table.line_id == line_id).limit(1)) is not None
        for table in (LedgerRow, CellRuling)
    )


def set_monthly_values(command: SetMonthlyValues) -> int:
    """Set a line's amounts by month in one series; returns how many months changed.

    Raises NotFound, Refused, KeyReused, Invalid (`series`, `months`: the codes of `services.grids.save_grid`).
    """
    return writing(
        command.origin, lambda work: _set_monthly_verb(work, command), action_key=command.action_key
    )


def _set_monthly_verb(work: Work, command: SetMonthlyValues) -> int:
    loaded, _ = _locked_for(work, command.key, Permission.FINANCE_VIEW)
    months = {day.isoformat(): plain(amount) for day, amount in command.months.items()}
    body = ["months", command.key, command.line_id, command.series, months]
    earlier = consumed(work, command.action_key, body)
    if earlier is not None:
        return int(earlier["changed"])
    line = _line(work, loaded, command.line_id)
    changed = _set_monthly(work, loaded, line, command.series, command.months, command.source)
    if changed:
        _settle_again(work, loaded.measure.id)
    consume(work, command.action_key, body, {"changed": changed})
    return changed


def _set_monthly(
    work: Work,
    loaded: Loaded,
    line: EffectLine,
    series: str,
    months: Mapping[date, Decimal | None],
    source: str = "",
) -> int:
    """Store months and log old and new (minor units). The caller settles."""
    faults: Faults = {}
    if fault := series_fault(series):
        faults["series"] = [fault]
    wanted: dict[CellKey, int | None] = {
        (line.id, series, first_of(day)): minor_of(amount, line.currency, faults, "months")
        for day, amount in months.items()
    }
    _refuse(faults)
    sheet = _sheet(work, loaded, {line.id: line}, [series])
    try:
        return len(_write(work, loaded, sheet, wanted, source))
    except Invalid as error:
        codes = dict.fromkeys(code for found in error.errors.values() for code in found)
        raise Invalid("effect_invalid", {"months": list(codes)}, **error.values) from error


def remove_effect_line(command: RemoveEffectLine) -> None:
    """Remove a line with its amounts; their history stays.

    Raises NotFound, Refused, Stale, KeyReused, and Invalid: plan_frozen, line_holds_actuals (also what the ledger
    says of it), line_in_frozen_plan (no frozen version is ever edited).
    """
    writing(command.origin, lambda work: _remove_line(work, command), action_key=command.action_key)


def _remove_line(work: Work, command: RemoveEffectLine) -> None:
    loaded, right = _locked_for(work, command.key, Permission.FINANCE_PLAN)
    body = ["effect-removed", command.key, command.line_id]
    if consumed(work, command.action_key, body) is not None:
        return
    row = _line(work, loaded, command.line_id)
    _same_version(command.seen_version, row.version, "stale_row")
    if _plan_stands(work, loaded):
        stage = loaded.rules.frozen_in(loaded.snapshot.stage)
        raise Invalid("plan_frozen", stage=stage.name if stage else "")
    held = work.session.scalars(select(EffectValue).where(EffectValue.line_id == row.id)).all()
    if any(value.series == "actual" for value in held) or _in_ledger(work, row.id):
        raise Invalid("line_holds_actuals")
    if row.id in frozen_lines(work.session, loaded.measure.id):
        raise Invalid("line_in_frozen_plan")
    for value in held:
        work.session.delete(value)
    work.session.flush()
    work.session.delete(row)
    work.log(
        Event.EFFECT_CHANGED,
        {"line": row.id, "name": row.name, "what": "removed", "changes": {}, "totals": {}, "currency": row.currency},
        right=right, object_type="effect_line", object_id=str(row.id), **_where(loaded),
    )  # fmt: skip
    work.touched_money(loaded.measure.id, row.id)
    _settle_again(work, loaded.measure.id)
    consume(work, command.action_key, body, {"done": True})
