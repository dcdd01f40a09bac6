"""The steps by which amounts of one measure are ruled on: every cell checked, its row written, one log row an act."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import select

from govapp.data.finance import EffectLine, EffectValue
from govapp.data.ledger import CellRuling, LedgerRow
from govapp.data.ledger_queries import Cells, cells_of
from govapp.data.period_queries import locked_until
from govapp.data.rate_queries import rate_table
from govapp.data.snapshots import Loaded
from govapp.domain.errors import Invalid
from govapp.domain.events import Event
from govapp.domain.exchange import MissingRate, RateTable
from govapp.domain.finance import Faults, minor_of
from govapp.domain.ledger import (
    AWAITS,
    CONFIRMATION,
    CONFIRMED,
    EXCEPT,
    EXCEPTED,
    FULL,
    PART,
    REFUSE,
    REFUSED,
    Cell,
    CellAsk,
    confirmed_by,
    why_not,
)
from govapp.services._belongs import _where, plain
from govapp.services._claims import Baselines, _baselines
from govapp.services._confirming import bound_people
from govapp.services._work import Work
from govapp.services.documents import Document, known_document

Rows = list[list[Any]]


@dataclass(frozen=True, slots=True)
class Wish:
    """What is wanted for a cell, as `confirmations.CellWish`; the month is its first day."""

    line_id: int
    month: date | None
    act: str
    part: Decimal | None = None
    seen: int | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Result:
    """What became of a cell: done, with the amount confirmed (minor units), or refused for all of `codes`.

    `claimed`: the actual amount that was ruled on.
    """

    measure: str
    line_id: int
    month: date | None
    act: str
    codes: tuple[str, ...] = ()
    values: Mapping[str, Any] = field(default_factory=dict)
    amount: int | None = None
    currency: str = ""
    line: str = ""
    claimed: int | None = None

    @property
    def done(self) -> bool:
        """Whether it was carried out."""
        return not self.codes

    def as_json(self) -> dict[str, Any]:
        """As an action key keeps it."""
        said = {"month": plain(self.month), "codes": list(self.codes), "values": plain(dict(self.values))}
        return said | {
            "line_id": self.line_id, "act": self.act, "amount": self.amount, "currency": self.currency,
            "line": self.line, "claimed": self.claimed,
        }  # fmt: skip

    @classmethod
    def from_json(cls, measure: str, said: Mapping[str, Any]) -> "Result":
        """The result of then."""
        month = date.fromisoformat(said["month"]) if said["month"] else None
        return cls(measure, **{**said, "month": month, "codes": tuple(said["codes"])})


@dataclass
class Deciding:
    """Who rules on amounts of a measure, by which right, why, with which document and signature.

    `late_of`: the controller of the measure where the right reaches only what they added late.
    """

    work: Work
    loaded: Loaded
    right: str
    reason: str
    document: Document | None
    signed_name: str
    closed: date | None
    late_of: int | None = None

    def late(self, month: date | None) -> bool:
        """Whether the month was closed before."""
        return month is not None and self.closed is not None and month <= self.closed

    def signature(self, reason: str | None = None) -> dict[str, Any]:
        """What every row carries: measure, people, right, moment, document, signature, its own reason or the shared."""
        return {
            "measure_id": self.loaded.measure.id, "person_id": self.work.actor.id,
            "on_behalf_of": self.work.on_behalf_of, "right_used": self.right, "at": self.work.at,
            "reason": self.reason if reason is None else reason,
            "document": self.document.name if self.document else "",
            "digest": self.document.digest if self.document else "", "signed_name": self.signed_name,
        }  # fmt: skip

    def cells_of(self, lines: Iterable[int]) -> Cells:
        """Cells of lines of the measure as they stand."""
        return cells_of(self.work.session, self.loaded.measure.id, sorted(set(lines)), self.closed)

    def log(self, event: Event, rows: Rows, made: Sequence[Any], **said: Any) -> None:
        """A log row for rows of one act."""
        said = {"rows": rows, "reason": self.reason, **said}
        if self.document:
            said |= {"document": self.document.name, "digest": self.document.digest}
        if self.signed_name:
            said["signed"] = self.signed_name
        self.work.log(
            event, said, made=made, right=self.right, object_type="measure", object_id=self.loaded.measure.key,
            **_where(self.loaded),
        )  # fmt: skip


def _deciding(
    work: Work, loaded: Loaded, right: str, reason: str, document: Document | None, *, signed: bool
) -> Deciding:
    """Raises Invalid where the rules ask for a signature that is not there (R27), or the document is unknown."""
    asked = loaded.rules.effects.sign_in_again
    if asked and not signed:
        raise Invalid("not_saved", {"password": ["signature_needed"]})
    known_document(work, document)
    closed = locked_until(work.session, loaded.measure.organization_id, hold=True)
    name = work.actor.name if asked else ""
    return Deciding(work, loaded, right, reason.strip(), document, name, closed)


class _Done:
    """What was done, by act and reason: log rows and the facts made."""

    def __init__(self) -> None:
        self.rows: dict[tuple[Event, str], Rows] = {}
        self.made: dict[tuple[Event, str], list[Any]] = {}

    def add(self, event: Event, reason: str, row: list[Any], fact: Any) -> None:
        self.rows.setdefault((event, reason), []).append(row)
        self.made.setdefault((event, reason), []).append(fact)


def _rule_cells(deciding: Deciding, wishes: Sequence[Wish]) -> list[Result]:
    """Rule on cells; what may not be done is refused and changes nothing. The caller settles.

    The measure's row is locked by the caller; rows of cost objects are locked here, the log's head comes last.
    """
    work = deciding.work
    lines = _lines(work, deciding.loaded, {wish.line_id for wish in wishes})
    cells = deciding.cells_of(lines)
    gains = [lines[w.line_id] for w in wishes if w.line_id in lines and w.act in {FULL, PART}]
    baselines = _baselines(work, deciding.loaded, gains) if any(line.cost_object for line in gains) else None
    money = any(line.currency not in {"", deciding.loaded.currency} for line in lines.values())
    rates = _rates(work, deciding.loaded, known=money)
    done, results = _Done(), []
    for wish in wishes:
        line = lines.get(wish.line_id)
        if line is None:
            results.append(
                Result(deciding.loaded.measure.key, wish.line_id, wish.month, wish.act, ("not_found",))
            )
            continue
        results.append(_one(deciding, wish, line, cells, rates, baselines, done))
    for (event, reason), rows in done.rows.items():
        deciding.log(event, rows, done.made[event, reason], reason=reason)
    told = zip(results, wishes, strict=True)
    _tell(deciding, [(each, wish, cells.at(each.line_id, each.month)) for each, wish in told if each.done])
    work.touched_money(deciding.loaded.measure.id, *{each.line_id for each in results if each.done})
    return results


def _tell(deciding: Deciding, done: Sequence[tuple[Result, Wish, Cell]]) -> None:
    """Whoever entered an amount that was refused, or confirmed in part only, learns of it: once for line and reason."""
    told: dict[tuple[str, int, str], set[int]] = {}
    names: dict[int, str] = {}
    for result, wish, cell in done:
        if result.act in {REFUSE, PART}:
            told.setdefault((result.act, result.line_id, wish.reason), set()).update(cell.hands)
            names[result.line_id] = result.line
    for (act, line, reason), people in sorted(told.items()):
        _tell_hands(deciding, people, act, names[line], reason)


def _tell_hands(deciding: Deciding, people: Iterable[int], what: str, line: str, reason: str) -> None:
    payload = {"what": what, "line": line, "reason": reason}
    for person in sorted(set(people) - {deciding.work.actor.id}):
        deciding.work.tell(person, "amounts_returned", measure_id=deciding.loaded.measure.id, payload=payload)


def _lines(work: Work, loaded: Loaded, ids: set[int]) -> dict[int, EffectLine]:
    mine = select(EffectLine).where(EffectLine.id.in_(ids), EffectLine.measure_id == loaded.measure.id)
    return {line.id: line for line in work.session.scalars(mine)}


def _rates(work: Work, loaded: Loaded, *, known: bool) -> RateTable:
    return rate_table(work.session, loaded.measure.organization_id) if known else RateTable(loaded.currency)


def _one(
    deciding: Deciding, wish: Wish, line: EffectLine, cells: Cells, rates: RateTable,
    baselines: Baselines | None, done: _Done,
) -> Result:  # fmt: skip
    work = deciding.work
    cell = cells.at(wish.line_id, wish.month)
    faults: Faults = {}
    part = minor_of(wish.part, line.currency, faults, "part")
    ask = CellAsk(wish.act, part, wish.reason, wish.seen)
    codes = faults.get("part", []) or why_not(
        cell, ask, bound_people(work), work.today(deciding.loaded.timezone), deciding.late_of
    )
    result = Result(
        deciding.loaded.measure.key, line.id, wish.month, wish.act, tuple(codes), {}, None, line.currency, line.name,
        cell.amount,
    )  # fmt: skip
    if codes:
        return result
    if wish.act in {REFUSE, EXCEPT}:
        return _refuse_or_except(deciding, cell, line, cells, done, result, wish.reason)
    amount = confirmed_by(cell, ask)
    code, values = baselines.fault(line, wish.month, amount) if baselines else ("", {})
    if code:
        return replace(result, codes=(code,), values=values)
    try:
        rate, translated = _translated(rates, line, wish.month, amount, work.today(deciding.loaded.timezone))
    except MissingRate as missing:
        return replace(result, codes=(missing.code,), values=missing.values)
    row = LedgerRow(
        line_id=line.id, month=wish.month, kind=CONFIRMATION, amount=amount, claimed=cell.amount,
        currency=line.currency, rate=rate, translated=translated, late=deciding.late(wish.month),
        **deciding.signature(wish.reason),
    )  # fmt: skip
    work.session.add(row)
    cells.actual[line.id, wish.month].standing = CONFIRMED
    cells.net[line.id, wish.month] = cell.net + amount
    work.session.flush()
    said = [line.id, plain(wish.month), amount, line.currency, cell.net, cell.net + amount]
    done.add(Event.AMOUNTS_CONFIRMED, wish.reason, said, row)
    return replace(result, amount=amount)


def _translated(
    rates: RateTable, line: EffectLine, month: date | None, amount: int, today: date
) -> tuple[str, int]:
    """Rate and amount in the organization's currency: at the actual rate of the month, an undated one at today's.

    Posts (FTE) are no money: no rate, nothing translated. Raises MissingRate.
    """
    if not line.currency:
        return "", 0
    rate = rates.actual_rate(line.currency, month or today)
    return str(rate), rates.translated(amount, line.currency, rate)


def _refuse_or_except(
    deciding: Deciding, cell: Cell, line: EffectLine, cells: Cells, done: _Done, result: Result, reason: str
) -> Result:
    verdict, event = {
        REFUSE: (REFUSED, Event.AMOUNTS_REFUSED),
        EXCEPT: (EXCEPTED, Event.MONTHS_EXCEPTED),
    }[result.act]
    ruling = CellRuling(
        line_id=line.id, month=cell.month, verdict=verdict, claimed=cell.amount, **deciding.signature(reason)
    )
    deciding.work.session.add(ruling)
    if verdict == REFUSED:
        cells.actual[line.id, cell.month].standing = REFUSED
    deciding.work.session.flush()
    done.add(event, reason, [line.id, plain(cell.month), cell.amount, line.currency], ruling)
    return result


def _open_again(deciding: Deciding, line_id: int, month: date | None) -> None:
    """A reversed confirmation leaves its actual amount awaiting; whoever entered it stays noted and learns of it."""
    work = deciding.work
    at = EffectValue.month.is_(None) if month is None else EffectValue.month == month
    row = work.session.scalar(
        select(EffectValue).where(EffectValue.line_id == line_id, EffectValue.series == "actual", at)
    )
    if row is not None:
        row.standing = AWAITS
        work.session.flush()
        _tell_hands(
            deciding, row.hands, "reverse", work.session.get_one(EffectLine, line_id).name, deciding.reason
        )
