"""Effect lines of a measure and their amounts: run rate, whole-life totals and months, by series."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import select

from govapp.data.finance import AWAITS, CONFIRMED, DRAFT, EffectLine, EffectValue
from govapp.data.plan_queries import frozen_lines
from govapp.data.snapshots import Loaded
from govapp.domain.errors import Invalid, NotFound
from govapp.domain.events import Event
from govapp.domain.finance import Faults, clean_line, frozen_faults, minor_of, unit_faults
from govapp.domain.measures import SERIES, date_fault
from govapp.domain.permissions import Permission
from govapp.domain.rights import may
from govapp.services._belongs import _locked_for, _same_version, _settle_again, _where, changes_of, plain
from govapp.services._keys import consume, consumed
from govapp.services._work import Origin, Work, writing

_FIELDS = ("name", "kind", "timing", "category", "cost_object", "currency", "run_rate", "start")
_RIGHT = {"forecast": Permission.FINANCE_FORECAST, "actual": Permission.FINANCE_ACTUAL}
_BOOKED = frozenset({"actual", "confirmed"})


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
    Stale, KeyReused, and Invalid with codes by field: amount_out_of_range for NaN, infinity and what is too large,
    amount_too_precise for what would be rounded,
    line_holds_amounts for another kind or currency, plan_frozen.
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
    values, minors, faults = clean_line(values, totals)
    _refuse(faults)
    before = {name: getattr(row, name) for name in _FIELDS} if row else {}
    changed = changes_of(before, values)
    held = _held(work, row.id) if row else []
    old = {series: amount for series, month, amount in held if month is None}
    anew = bool(before) and not {"kind", "currency"}.isdisjoint(changed)
    moved = {
        series: [old.get(series), minor]
        for series, minor in minors.items()
        if old.get(series) != minor or (anew and minor is not None)
    }
    for permission in _needed(bool(changed), moved):
        right = may(work.actor, permission, loaded.place)
    if anew:
        _refuse(unit_faults(changed, [(series, month is not None) for series, month, _ in held], minors))
    planned = before.get("run_rate") is not None or any(series == "plan" for series, _, _ in held)
    _refuse_frozen(loaded, frozen_faults(changed, moved, planned=planned))
    meaning = sorted({"kind", "timing", "currency"} & changed.keys())
    if row is not None and meaning and row.id in frozen_lines(work.session, loaded.measure.id):
        _refuse({name: ["line_frozen"] for name in meaning})
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
        {"line": row.id, "name": row.name, "what": "changed" if before else "added", "changes": changed,
         "totals": moved, "currency": row.currency},
        right=right, object_type="effect_line", object_id=str(row.id), **_where(loaded),
    )  # fmt: skip
    return row


def _needed(fields: bool, moved: Mapping[str, Any]) -> list[Permission]:
    found = {_RIGHT.get(series, Permission.FINANCE_PLAN) for series in moved}
    return sorted(found | ({Permission.FINANCE_PLAN} if fields else set()))


def _refuse(faults: Faults, **values: Any) -> None:
    if faults:
        raise Invalid("effect_invalid", faults, **values)


def _refuse_frozen(loaded: Loaded, faults: Faults) -> None:
    """Raise Invalid for what a frozen plan does not allow; a recycle or a change request opens its draft again."""
    frozen = loaded.plan_locked
    if frozen:
        _refuse(faults, stage=frozen.name)


def _held(work: Work, line_id: int) -> list[tuple[str, date | None, int]]:
    """Series, month (None: undated) and amount in minor units of all a line holds."""
    rows = work.session.execute(
        select(EffectValue.series, EffectValue.month, EffectValue.amount).where(
            EffectValue.line_id == line_id, EffectValue.plan_version == DRAFT
        )
    )
    return [(row.series, row.month, row.amount) for row in rows]


def _store(work: Work, line: EffectLine, amounts: Mapping[tuple[str, date | None], int | None]) -> None:
    """Set amounts (minor units) by series and month; None deletes. Raises Invalid for an actual that is confirmed.

    An actual amount then awaits the controller; whoever entered or edited it stays noted.
    """
    if not amounts:
        return
    work.touched_money(line.measure_id, line.id)
    rows = {
        (row.series, row.month): row
        for row in work.session.scalars(
            select(EffectValue).where(
                EffectValue.line_id == line.id,
                EffectValue.plan_version == DRAFT,
                EffectValue.series.in_({series for series, _ in amounts}),
            )
        )
    }
    for (series, month), amount in amounts.items():
        row = rows.get((series, month))
        if row is not None and row.standing == CONFIRMED:
            _refuse({series: ["amount_confirmed"]})
        if amount is None:
            if row is not None:
                work.session.delete(row)
            continue
        if row is None:
            row = EffectValue(
                measure_id=line.measure_id, line_id=line.id, series=series, month=month, plan_version=DRAFT, hands=[]
            )  # fmt: skip
            work.session.add(row)
        row.amount = amount
        if series == "actual":
            row.standing, row.hands = AWAITS, _hands(work, row.hands)
    work.session.flush()


def _hands(work: Work, before: Iterable[int]) -> list[int]:
    """Everybody who entered or edited an amount, acting and absent: none of them confirms it (R05)."""
    both = (work.actor.id, work.on_behalf_of)
    return sorted({*before, *(person for person in both if person is not None)})


def set_monthly_values(command: SetMonthlyValues) -> int:
    """Set a line's amounts by month in one series; returns how many months changed.

    Raises NotFound, Refused, Invalid (`months`, `series`; plan_frozen), KeyReused.
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
    """Store months and log old and new (minor units). The caller settles."""
    faults: Faults = {}
    if series not in SERIES:
        faults["series"] = ["unknown_choice"]
    if any(date_fault(day) for day in months):
        faults["months"] = ["date_out_of_range"]
    wanted = {
        day.replace(day=1): minor_of(amount, line.currency, faults, "months")
        for day, amount in months.items()
    }
    _refuse(faults)
    found = work.session.execute(
        select(EffectValue.month, EffectValue.amount).where(
            EffectValue.line_id == line.id,
            EffectValue.plan_version == DRAFT,
            EffectValue.series == series,
            EffectValue.month.is_not(None),
        )
    )
    old = {row.month: row.amount for row in found}
    changed = {day: amount for day, amount in wanted.items() if old.get(day) != amount}
    if not changed:
        return 0
    if series == "plan":
        _refuse_frozen(loaded, {"months": ["plan_frozen"]})
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
    """Remove a line with its amounts; their history stays.

    Raises NotFound, Refused, Stale, KeyReused, and Invalid while the plan is frozen, where the line holds actuals, and
    where a frozen version holds it: then only its draft can be set to nothing.
    """
    writing(command.origin, lambda work: _remove_line(work, command), action_key=command.action_key)


def _remove_line(work: Work, command: RemoveEffectLine) -> None:
    loaded, right = _locked_for(work, command.key, Permission.FINANCE_PLAN)
    body = ["effect-removed", command.key, command.line_id]
    if consumed(work, command.action_key, body) is not None:
        return
    row = _line(work, loaded, command.line_id)
    _same_version(command.seen_version, row.version, "stale_row")
    frozen = loaded.plan_locked
    if frozen:
        raise Invalid("plan_frozen", stage=frozen.name)
    if row.id in frozen_lines(work.session, loaded.measure.id):
        raise Invalid("line_frozen")
    if any(series in _BOOKED for series, _, _ in _held(work, row.id)):
        raise Invalid("line_holds_actuals")
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
