"""Rows of money written as verbs write them, for tests of what is derived from them; amounts in minor units."""

from datetime import date
from typing import Any

from sqlalchemy import select

from govapp.data.engine import reading
from govapp.data.finance import EffectLine, EffectValue
from govapp.data.ledger import LedgerRow, PlanVersion
from govapp.data.measures import Measure
from govapp.data.snapshots import load_measures
from govapp.domain.events import Event
from govapp.domain.plan_versions import FIELDS
from govapp.services._settle import settle
from govapp.services._work import Work, writing
from tests.cast import SYSTEM


def _measure_id(work: Work, key: str) -> int:
    return work.session.scalars(select(Measure.id).where(Measure.key == key)).one()


def _log(work: Work, measure_id: int, what: Event, payload: dict[str, Any], *made: Any) -> None:
    work.log(what, payload, made=made, object_type="measure", measure_id=measure_id)


def _settle_again(work: Work, measure_id: int, *lines: int) -> None:
    work.touched_money(measure_id, *lines)
    work.session.flush()
    settle(work, load_measures(work.session, [measure_id], lock=True))


def add_line(
    key: str, kind: str = "ebitda", timing: str = "recurring", currency: str = "EUR", run_rate: int | None = None,
    **more: Any,
) -> int:  # fmt: skip
    """An effect line; returns its id."""

    def body(work: Work) -> int:
        measure_id = _measure_id(work, key)
        row = EffectLine(
            measure_id=measure_id, kind=kind, timing=timing, currency=currency, run_rate=run_rate,
            **{"name": "A line"} | more,
        )  # fmt: skip
        work.session.add(row)
        work.session.flush()
        _log(work, measure_id, Event.EFFECT_CHANGED, {"line": row.id, "name": row.name, "what": "added"})
        _settle_again(work, measure_id, row.id)
        return row.id

    return writing(SYSTEM, body)


def put(key: str, line: int, series: str, amounts: dict[date | None, int | None]) -> None:
    """Set amounts of a line in a series by month (None: undated); an amount None deletes. Plan: the draft."""

    def body(work: Work) -> None:
        measure_id = _measure_id(work, key)
        kept = {
            row.month: row
            for row in work.session.scalars(
                select(EffectValue).where(
                    EffectValue.line_id == line, EffectValue.series == series, EffectValue.plan_version == 0
                )
            )
        }
        for month, amount in amounts.items():
            row = kept.get(month)
            if amount is None and row is not None:
                work.session.delete(row)
            elif amount is not None and row is not None:
                row.amount = amount
            elif amount is not None:
                work.session.add(
                    EffectValue(
                        measure_id=measure_id, line_id=line, series=series, month=month, amount=amount,
                        standing="awaits" if series == "actual" else "",
                    )
                )  # fmt: skip
        _log(work, measure_id, Event.EFFECT_CHANGED, {"line": line, "name": "A line", "what": "months"})
        _settle_again(work, measure_id, line)

    writing(SYSTEM, body)


def freeze(key: str, **rates: str) -> int:
    """Freeze the draft of the plan as the next version, with plan rates by currency; returns its number."""

    def body(work: Work) -> int:
        measure_id = _measure_id(work, key)
        known = work.session.scalars(
            select(PlanVersion.number).where(PlanVersion.measure_id == measure_id)
        ).all()
        number = max(known, default=0) + 1
        lines = work.session.scalars(select(EffectLine).where(EffectLine.measure_id == measure_id)).all()
        draft = select(EffectValue).where(
            EffectValue.measure_id == measure_id, EffectValue.series == "plan", EffectValue.plan_version == 0
        )
        for row in work.session.scalars(draft).all():
            work.session.add(
                EffectValue(
                    measure_id=measure_id, line_id=row.line_id, series="plan", month=row.month, amount=row.amount,
                    plan_version=number,
                )
            )  # fmt: skip
        said = {
            str(line.id): {name: getattr(line, name) for name in FIELDS} | {"plan": None} for line in lines
        }
        version = PlanVersion(
            measure_id=measure_id, number=number, cause="decided", lines=said, rates=rates, at=work.at
        )
        work.session.add(version)
        payload = {"number": number, "cause": "decided", "totals": {}}
        _log(work, measure_id, Event.PLAN_FROZEN, payload, version)
        _settle_again(work, measure_id, *(line.id for line in lines))
        return number

    return writing(SYSTEM, body)


def book(
    key: str,
    line: int,
    month: date | None,
    amount: int,
    translated: int | None = None,
    kind: str = "confirmation",
) -> int:
    """A row of the ledger; returns its id."""

    def body(work: Work) -> int:
        measure_id = _measure_id(work, key)
        currency = work.session.get_one(EffectLine, line).currency
        row = LedgerRow(
            measure_id=measure_id, line_id=line, month=month, kind=kind, amount=amount, currency=currency,
            translated=amount if translated is None else translated, at=work.at,
        )  # fmt: skip
        work.session.add(row)
        _log(work, measure_id, Event.AMOUNTS_CONFIRMED, {"rows": 1}, row)
        _settle_again(work, measure_id, line)
        return row.id

    return writing(SYSTEM, body)


def drop_line(key: str, line: int) -> None:
    """Remove a line with its amounts; it must have no row in the ledger."""

    def body(work: Work) -> None:
        measure_id = _measure_id(work, key)
        for row in work.session.scalars(select(EffectValue).where(EffectValue.line_id == line)):
            work.session.delete(row)
        work.session.flush()
        work.session.delete(work.session.get_one(EffectLine, line))
        _log(work, measure_id, Event.EFFECT_CHANGED, {"line": line, "name": "A line", "what": "removed"})
        _settle_again(work, measure_id, line)

    writing(SYSTEM, body)


def place(key: str, **fields: Any) -> None:
    """Set fields of the measure itself (branch_id, state, archived) without asking anybody."""

    def body(work: Work) -> None:
        measure_id = _measure_id(work, key)
        row = work.session.get_one(Measure, measure_id)
        for name, value in fields.items():
            setattr(row, name, value)
        _log(work, measure_id, Event.MEASURE_EDITED, {"changes": {}})
        work.session.flush()
        settle(work, load_measures(work.session, [measure_id], lock=True))

    writing(SYSTEM, body)


def raw_lines() -> list[EffectLine]:
    """All lines, detached."""
    with reading() as session:
        rows = list(session.scalars(select(EffectLine)))
        session.expunge_all()
        return rows
