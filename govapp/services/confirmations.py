"""Confirming actual amounts: in full, in part, refusing, excepting a month without one; and taking a row back (R05).

Amounts are minor units of the line's currency; every row keeps rate and translated amount for good.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import select

from govapp.data.engine import reading
from govapp.data.finance import EffectLine
from govapp.data.ledger import LedgerRow
from govapp.data.ledger_queries import booking, line_sums
from govapp.data.measures import Measure
from govapp.domain.errors import GovappError, Invalid, NotFound, Refused
from govapp.domain.events import Event
from govapp.domain.ledger import CONFIRMATION, FULL, REVERSAL, why_not_reversed
from govapp.domain.permissions import Permission
from govapp.services._belongs import _refuse_cancelled, _settle_again, plain, visible
from govapp.services._claims import _baselines
from govapp.services._confirming import confirming_right, ruling_right
from govapp.services._keys import consume, consumed
from govapp.services._ruling import Deciding, Result, Wish, _deciding, _open_again, _rule_cells
from govapp.services._work import Busy, Origin, Work, writing
from govapp.services.documents import Document

MOST = 500


@dataclass(frozen=True, slots=True)
class CellWish:
    """What is wanted for one line and month (None: its undated amount): full, part, refuse or except.

    `part`: what is confirmed of it, in units of the line's currency. `seen`: the actual amount the form showed, in
    minor units; where it is another by now, nothing is done. `reason`: its own, before the one that all share.
    """

    line_id: int
    month: date | None
    act: str
    part: Decimal | None = None
    seen: int | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class RuleCells:
    """Rule on cells of any number of measures. One document (if any) stands for all of them.

    So does the reason, for those that need one and bring none of their own: a part, a refusal, an exception. What is
    confirmed in full keeps it only when nothing else is asked for.
    `signed`: the person has just proved who they are, where the rules ask for a signature (R27).
    """

    cells: tuple[CellWish, ...]
    origin: Origin
    reason: str = ""
    document: Document | None = None
    signed: bool = False
    action_key: str = ""


@dataclass(frozen=True, slots=True)
class ReverseRow:
    """Take a row of the ledger back: a confirmation (its month is open again), or leakage booked by mistake."""

    row_id: int
    origin: Origin
    reason: str = ""
    document: Document | None = None
    signed: bool = False
    action_key: str = ""


def rule_cells(command: RuleCells) -> list[Result]:
    """Carry out what is wanted, one transaction a measure; a result for each cell, in the order asked for.

    A cell that may not be done is refused with all its codes and stops no other. Where everything concerns one measure,
    what refuses it as a whole is raised: NotFound, Refused, Invalid, KeyReused. Raises Invalid (cells_many, cells_none)
    and Busy.
    """
    if not command.cells:
        raise Invalid("cells_none")
    if len(command.cells) > MOST:
        raise Invalid("cells_many", most=MOST)
    command = replace(command, cells=tuple(_with_reason(command, wish) for wish in command.cells))
    by_measure = _by_measure(command.cells)
    results: dict[CellWish, Result] = {}
    for key, wishes in by_measure.items():
        part = replace(command, cells=tuple(wishes), action_key=_key_of(command.action_key, key))
        try:
            found = _rule_one(part, key)
        except Busy:
            raise
        except GovappError as error:
            if len(by_measure) == 1:
                raise
            values = {name: plain(value) for name, value in error.values.items()}
            found = [Result(key, w.line_id, w.month, w.act, (error.code,), values) for w in wishes]
        results |= dict(zip(wishes, found, strict=True))
    return [results[wish] for wish in command.cells]


def _with_reason(command: RuleCells, wish: CellWish) -> CellWish:
    """The wish with the reason that will stand beside it."""
    shared = command.reason if wish.act != FULL or len(command.cells) == 1 else ""
    return replace(wish, reason=wish.reason.strip() or shared.strip())


def _key_of(action_key: str, measure: str) -> str:
    """One key of a form for each of its transactions."""
    return f"{action_key}:{measure}" if action_key else ""


def _by_measure(cells: Sequence[CellWish]) -> dict[str, list[CellWish]]:
    """What is wanted by measure key; unknown lines stand under ''."""
    with reading() as session:
        keys = dict(
            session.execute(
                select(EffectLine.id, Measure.key)
                .join(Measure, Measure.id == EffectLine.measure_id)
                .where(EffectLine.id.in_({wish.line_id for wish in cells}))
            ).all()
        )
    found: dict[str, list[CellWish]] = {}
    for wish in dict.fromkeys(cells):
        found.setdefault(keys.get(wish.line_id, ""), []).append(wish)
    return dict(sorted(found.items()))


def _rule_one(command: RuleCells, key: str) -> list[Result]:
    return writing(command.origin, lambda work: _rule(work, command, key), action_key=command.action_key)


def _rule(work: Work, command: RuleCells, key: str) -> list[Result]:
    if not key:
        raise NotFound("not_found")
    loaded = visible(work, key)
    asked = [[w.line_id, plain(w.month), w.act, plain(w.part), w.seen, w.reason] for w in command.cells]
    body = ["rule-cells", key, asked, command.reason, command.document.digest if command.document else ""]
    earlier = consumed(work, command.action_key, body)
    if earlier is not None:
        return [Result.from_json(key, said) for said in earlier["results"]]
    right, late_of = ruling_right(work, loaded)
    _refuse_cancelled(work, loaded)
    deciding = _deciding(work, loaded, right, command.reason, command.document, signed=command.signed)
    deciding.late_of = late_of
    wishes = [
        Wish(w.line_id, w.month and w.month.replace(day=1), w.act, w.part, w.seen, w.reason)
        for w in command.cells
    ]
    results = _rule_cells(deciding, wishes)
    if all(each.codes == ("not_the_controller",) for each in results):
        raise Refused("not_the_controller", permission=str(Permission.FINANCE_CONFIRM))
    if any(each.done for each in results):
        _settle_again(work, loaded.measure.id)
        consume(work, command.action_key, body, {"results": [each.as_json() for each in results]})
    return results


def reverse_row(command: ReverseRow) -> str:
    """Take a row back by a row of its own, of the exact negative amounts; returns the measure's key.

    Raises NotFound, Refused, KeyReused, Invalid (ledger_invalid) with codes under `reason` or `row`: reason_needed,
    already_reversed, reversal_stays, leaked_since, and where the amount comes back to a cost object without room for it
    baseline_passed, share_passed, split_without_share, rate_missing.
    """
    return writing(command.origin, lambda work: _reverse(work, command), action_key=command.action_key)


def _reverse(work: Work, command: ReverseRow) -> str:
    of_row = select(Measure.key).join(LedgerRow, LedgerRow.measure_id == Measure.id)
    key = work.session.scalar(of_row.where(LedgerRow.id == command.row_id))
    if key is None:
        raise NotFound("not_found")
    loaded = visible(work, key)
    body = ["reverse", command.row_id, command.reason, command.document.digest if command.document else ""]
    if consumed(work, command.action_key, body) is not None:
        return key
    right = confirming_right(work, loaded)
    deciding = _deciding(work, loaded, right, command.reason, command.document, signed=command.signed)
    _reverse_row(deciding, work.session.get_one(LedgerRow, command.row_id))
    _settle_again(work, loaded.measure.id)
    consume(work, command.action_key, body, {"done": True})
    return key


def _reverse_row(deciding: Deciding, row: LedgerRow) -> LedgerRow:
    """The row of the exact negative; a confirmed cell awaits the controller again. The caller settles."""
    work, reason = deciding.work, deciding.reason
    net, leaked = line_sums(work.session, row.line_id)
    faults = why_not_reversed(booking(work.session, row), net, leaked, reason)
    if faults:
        of_reason = [code for code in faults if code in {"reason_needed", "too_long"}]
        of_row = [code for code in faults if code not in of_reason]
        errors = {name: codes for name, codes in (("reason", of_reason), ("row", of_row)) if codes}
        raise Invalid("ledger_invalid", errors)
    if row.amount < 0:
        line = work.session.get_one(EffectLine, row.line_id)
        code, values = _baselines(work, deciding.loaded, [line]).fault(line, row.month, -row.amount)
        if code:
            raise Invalid("ledger_invalid", {"row": [code]}, **values)
    before = deciding.cells_of([row.line_id]).net.get((row.line_id, row.month), 0)
    back = LedgerRow(
        line_id=row.line_id, month=row.month, kind=REVERSAL, amount=-row.amount, claimed=row.claimed,
        currency=row.currency, rate=row.rate, translated=-row.translated, reverses_id=row.id,
        late=deciding.late(row.month), **deciding.signature(),
    )  # fmt: skip
    work.session.add(back)
    if row.kind == CONFIRMATION:
        _open_again(deciding, row.line_id, row.month)
    said: dict[str, Any] = {"row": row.id, "reverses": row.kind}
    deciding.log(
        Event.CONFIRMATION_REVERSED,
        [[row.line_id, plain(row.month), -row.amount, row.currency, before, before - row.amount]],
        [back],
        **said,
    )
    work.touched_money(row.measure_id, row.line_id)
    return back
