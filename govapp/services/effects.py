"""Effect lines of a measure and their amounts: run rate, whole-life totals and months, by series."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import select

from govapp.data.finance import EffectLine, EffectValue
from govapp.data.snapshots import Loaded
from govapp.domain.errors import Invalid, NotFound
from govapp.domain.events import Event
from govapp.domain.measures import EFFECT_KINDS, NAME, SERIES, SHORT, TIMINGS, date_fault, text_fault
from govapp.domain.money import to_minor
from govapp.domain.permissions import Permission
from govapp.domain.rights import may
from govapp.services._belongs import _locked_for, _same_version, _settle_again, _where, changes_of, plain
from govapp.services._keys import consume, consumed
from govapp.services._work import Origin, Work, writing

FTE = "fte"
_FIELDS = ("name", "kind", "timing", "category", "cost_object", "currency", "run_rate", "start")
_RIGHT = {"forecast": Permission.FINANCE_FORECAST, "actual": Permission.FINANCE_ACTUAL}


@dataclass(frozen=True, slots=True)
class SetEffectLine:
    """Add an effect line (no id) or change one. Amounts in units of the currency (FTE in posts, no currency).

    `totals` are whole-life amounts by series; None takes one back, a series not named stays.
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
    """Amounts of a line in a series by month (any day of it); None takes a month back."""

    key: str
    line_id: int
    series: str
    months: Mapping[date, Decimal | None]
    origin: Origin
    action_key: str = ""


def set_effect_line(command: SetEffectLine) -> int:
    """Add or change an effect line with its totals; returns its id.

    Plan figures need finance:plan, a forecast finance:forecast, actuals finance:actual. Raises NotFound, Refused,
    Stale, KeyReused, and Invalid with codes by field (amount_out_of_range for NaN, infinity and what is too large).
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
    """Check and store a line with totals, log old and new (minor units); for import too. The caller settles."""
    values = {**values, "name": values["name"].strip(), "currency": values["currency"].strip().upper()}
    minors = _checked(values, totals)
    before = {name: getattr(row, name) for name in _FIELDS} if row else {}
    changed = changes_of(before, values)
    old = _totals(work, row.id) if row and row.id else {}
    moved = {series: [old.get(series), minor] for series, minor in minors.items() if old.get(series) != minor}
    for permission in _needed(bool(changed), moved):
        right = may(work.actor, permission, loaded.place)
    if row is None:
        row = EffectLine(measure_id=loaded.measure.id, version=0)
        work.session.add(row)
    if not changed and not moved:
        return row
    for name, value in values.items():
        setattr(row, name, value)
    row.version += 1
    work.session.flush()
    _store(work, row, {(series, None): pair[1] for series, pair in moved.items()})
    work.log(
        Event.EFFECT_CHANGED,
        {
            "line": row.id,
            "name": row.name,
            "what": "changed" if before else "added",
            "changes": changed,
            "totals": moved,
            "currency": row.currency,
        },
        right=right,
        object_type="effect_line",
        object_id=str(row.id),
        **_where(loaded),
    )
    return row


def _needed(fields: bool, moved: Mapping[str, Any]) -> list[Permission]:
    found = {_RIGHT.get(series, Permission.FINANCE_PLAN) for series in moved}
    return sorted(found | ({Permission.FINANCE_PLAN} if fields else set()))


def _minor(amount: Decimal | None, currency: str, faults: dict[str, list[str]], name: str) -> int | None:
    try:
        return None if amount is None else to_minor(amount, currency)
    except (ValueError, ArithmeticError):
        faults[name] = ["amount_out_of_range"]
        return None


def _checked(values: dict[str, Any], totals: Mapping[str, Decimal | None]) -> dict[str, int | None]:
    """Totals in minor units; `values['run_rate']` becomes minor units too. Raises Invalid with all faults."""
    faults: dict[str, list[str]] = {}
    for name, known in (("kind", EFFECT_KINDS), ("timing", TIMINGS)):
        if values[name] not in known:
            faults[name] = ["required" if not values[name] else "unknown_choice"]
    fault = "required" if not values["name"] else text_fault(values["name"], SHORT)
    if fault:
        faults["name"] = [fault]
    for name in ("category", "cost_object"):
        values[name] = values[name].strip()
        if text_fault(values[name], NAME):
            faults[name] = [text_fault(values[name], NAME)]
    if date_fault(values["start"]):
        faults["start"] = ["date_out_of_range"]
    if values["kind"] == FTE:
        values["currency"] = ""
    elif not (len(values["currency"]) == 3 and values["currency"].isascii() and values["currency"].isalpha()):
        faults["currency"] = ["currency_unknown"]
        raise Invalid("effect_invalid", faults)
    if values["timing"] == "one_off" and values["run_rate"] is not None:
        faults["run_rate"] = ["run_rate_of_one_off"]
    else:
        values["run_rate"] = _minor(values["run_rate"], values["currency"], faults, "run_rate")
    minors = {series: _minor(amount, values["currency"], faults, series) for series, amount in totals.items()}
    if unknown := [series for series in totals if series not in SERIES]:
        faults[unknown[0]] = ["unknown_choice"]
    if faults:
        raise Invalid("effect_invalid", faults)
    return minors


def _totals(work: Work, line_id: int) -> dict[str, int]:
    rows = work.session.execute(
        select(EffectValue.series, EffectValue.amount).where(
            EffectValue.line_id == line_id, EffectValue.month.is_(None)
        )
    )
    return {row.series: row.amount for row in rows}


def _store(work: Work, line: EffectLine, amounts: Mapping[tuple[str, date | None], int | None]) -> None:
    """Set amounts (minor units) by series and month; None deletes."""
    if not amounts:
        return
    rows = {
        (row.series, row.month): row
        for row in work.session.scalars(
            select(EffectValue).where(
                EffectValue.line_id == line.id, EffectValue.series.in_({series for series, _ in amounts})
            )
        )
    }
    for (series, month), amount in amounts.items():
        row = rows.get((series, month))
        if amount is None and row is not None:
            work.session.delete(row)
        elif amount is not None and row is not None:
            row.amount = amount
        elif amount is not None:
            work.session.add(
                EffectValue(
                    measure_id=line.measure_id,
                    line_id=line.id,
                    series=series,
                    month=month,
                    plan_version=0,
                    amount=amount,
                )
            )
    work.session.flush()


def set_monthly_values(command: SetMonthlyValues) -> int:
    """Set a line's amounts by month in one series; returns how many months changed.

    Raises NotFound, Refused, Invalid (`months`, `series`), KeyReused.
    """
    return writing(
        command.origin, lambda work: _set_monthly_verb(work, command), action_key=command.action_key
    )


def _set_monthly_verb(work: Work, command: SetMonthlyValues) -> int:
    permission = _RIGHT.get(command.series, Permission.FINANCE_PLAN)
    loaded, right = _locked_for(work, command.key, permission)
    months = {day.isoformat(): plain(amount) for day, amount in command.months.items()}
    body = ["months", command.key, command.line_id, command.series, months]
    earlier = consumed(work, command.action_key, body)
    if earlier is not None:
        return int(earlier["changed"])
    changed = _set_monthly(
        work, loaded, _line(work, loaded, command.line_id), command.series, command.months, right
    )
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
    right: str,
) -> int:
    """Store months and log old and new (minor units); shared with import and seeding. The caller settles."""
    faults: dict[str, list[str]] = {}
    if series not in SERIES:
        faults["series"] = ["unknown_choice"]
    if any(date_fault(day) for day in months):
        faults["months"] = ["date_out_of_range"]
    wanted = {
        day.replace(day=1): _minor(amount, line.currency, faults, "months") for day, amount in months.items()
    }
    if faults:
        raise Invalid("effect_invalid", faults)
    found = work.session.execute(
        select(EffectValue.month, EffectValue.amount).where(
            EffectValue.line_id == line.id, EffectValue.series == series, EffectValue.month.is_not(None)
        )
    )
    old = {row.month: row.amount for row in found}
    changed = {day: amount for day, amount in wanted.items() if old.get(day) != amount}
    if not changed:
        return 0
    _store(work, line, {(series, day): amount for day, amount in changed.items()})
    line.version += 1
    work.log(
        Event.EFFECT_CHANGED,
        {"line": line.id, "name": line.name, "what": "months", "series": series, "currency": line.currency,
         "months": {day.isoformat()[:7]: [old.get(day), amount] for day, amount in sorted(changed.items())}},
        right=right, object_type="effect_line", object_id=str(line.id), **_where(loaded),
    )  # fmt: skip
    return len(changed)


def remove_effect_line(command: RemoveEffectLine) -> None:
    """Remove a line with its amounts; their history stays. Raises NotFound, Refused, Stale, KeyReused."""
    writing(command.origin, lambda work: _remove_line(work, command), action_key=command.action_key)


def _remove_line(work: Work, command: RemoveEffectLine) -> None:
    loaded, right = _locked_for(work, command.key, Permission.FINANCE_PLAN)
    body = ["effect-removed", command.key, command.line_id]
    if consumed(work, command.action_key, body) is not None:
        return
    row = _line(work, loaded, command.line_id)
    _same_version(command.seen_version, row.version, "stale_row")
    for value in work.session.scalars(select(EffectValue).where(EffectValue.line_id == row.id)):
        work.session.delete(value)
    work.session.flush()
    work.session.delete(row)
    work.log(
        Event.EFFECT_CHANGED,
        {"line": row.id, "name": row.name, "what": "removed", "changes": {}, "totals": {}, "currency": row.currency},
        right=right, object_type="effect_line", object_id=str(row.id), **_where(loaded),
    )  # fmt: skip
    _settle_again(work, loaded.measure.id)
    consume(work, command.action_key, body, {"done": True})
