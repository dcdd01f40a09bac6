"""Leakage: an effect that was confirmed and is lost again after closing, booked by the controller (issue, item 5)."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from sqlalchemy import exists, select

from govapp.data.finance import EffectLine
from govapp.data.kpis import SustainCheck
from govapp.data.ledger import LedgerRow
from govapp.data.ledger_queries import first_confirmed, line_sums
from govapp.data.measures import StagePassage
from govapp.data.rate_queries import rate_table
from govapp.data.snapshots import Loaded
from govapp.domain.asks import Ask, AskKind, Outcome
from govapp.domain.errors import Invalid, NotFound, Refused
from govapp.domain.events import Event
from govapp.domain.exchange import MissingRate
from govapp.domain.finance import Faults, minor_of
from govapp.domain.ledger import LEAKAGE, leaked_month_fault, why_not_leaked
from govapp.domain.measures import date_fault
from govapp.domain.permissions import Permission
from govapp.services._belongs import _settle_again, plain, visible
from govapp.services._confirming import confirming_right
from govapp.services._keys import consume, consumed
from govapp.services._ruling import Deciding, _deciding
from govapp.services._work import Origin, Work, writing
from govapp.services.documents import Document
from govapp.services.moves import _carry_out
from govapp.services.moves import _right as _asking_right


@dataclass(frozen=True, slots=True)
class BookLeakage:
    """So much of what a line has confirmed is lost (`lost`, above zero, in units of its currency), as of a month.

    `reopen`: the measure goes back from Closed at once, with the same reason. `check_id`: the sustain check that
    found it.
    """

    key: str
    line_id: int
    month: date
    lost: Decimal
    reason: str
    origin: Origin
    reopen: bool = False
    check_id: int | None = None
    document: Document | None = None
    signed: bool = False
    action_key: str = ""


def book_leakage(command: BookLeakage) -> int:
    """Book it; returns the id of the ledger row. The controller of the measure does, after it was closed.

    Raises NotFound, Refused, KeyReused, and Invalid (ledger_invalid) by field: not_closed_yet, leakage_positive,
    leakage_too_large, reason_needed, rate_missing, month_ahead, leakage_before_effect; reopen_refused where it cannot
    be reopened, then nothing is booked.
    """
    return writing(command.origin, lambda work: _book(work, command), action_key=command.action_key)


def _book(work: Work, command: BookLeakage) -> int:
    loaded = visible(work, command.key, moves=True)
    digest = command.document.digest if command.document else ""
    body = [
        "leakage",
        command.key,
        command.line_id,
        plain(command.month),
        plain(command.lost),
        command.reason,
    ]
    body += [command.reopen, digest, command.check_id]
    earlier = consumed(work, command.action_key, body)
    if earlier is not None:
        return int(earlier["id"])
    right = confirming_right(work, loaded)
    deciding = _deciding(work, loaded, right, command.reason, command.document, signed=command.signed)
    line = work.session.get(EffectLine, command.line_id)
    if line is None or line.measure_id != loaded.measure.id:
        raise NotFound("not_found")
    faults: Faults = {"month": ["date_out_of_range"]} if date_fault(command.month) else {}
    lost = minor_of(command.lost, line.currency, faults, "lost")
    if faults:
        raise Invalid("ledger_invalid", faults)
    found = _proof_of(work, loaded, command.check_id)
    row = _book_leakage(deciding, line, command.month.replace(day=1), lost or 0, found)
    loaded = _settle_again(work, loaded.measure.id)
    if command.reopen:
        _reopen(work, loaded, deciding.reason)
    consume(work, command.action_key, body, {"id": row.id})
    return row.id


def _proof_of(work: Work, loaded: Loaded, check_id: int | None) -> int | None:
    """The revision that settled a check of the measure. Raises NotFound for a check of another one."""
    check = None if check_id is None else work.session.get(SustainCheck, check_id)
    if check_id is not None and (check is None or check.measure_id != loaded.measure.id):
        raise NotFound("not_found")
    return check.revision_id if check else None


def _book_leakage(
    deciding: Deciding, line: EffectLine, month: date, lost: int, revision_id: int | None = None
) -> LedgerRow:
    """The negative row of `lost` minor units, as of a month; `revision_id`: the judged check that found it.

    The caller settles. Raises Invalid as `book_leakage`.
    """
    work, loaded = deciding.work, deciding.loaded
    net, _ = line_sums(work.session, line.id)
    codes = why_not_leaked(net, lost, deciding.reason, closed=was_closed(work, loaded))
    since = first_confirmed(work.session, line.id)
    of_month = leaked_month_fault(month, since, work.today(loaded.timezone))
    if codes or of_month:
        of_reason = [code for code in codes if code in {"reason_needed", "too_long"}]
        errors = {
            "reason": of_reason,
            "lost": [code for code in codes if code not in of_reason],
            "month": of_month,
        }
        raise Invalid("ledger_invalid", {name: found for name, found in errors.items() if found})
    rate, translated = "", 0
    if line.currency:
        table = rate_table(work.session, loaded.measure.organization_id)
        try:
            known = table.actual_rate(line.currency, month)
        except MissingRate as missing:
            raise Invalid("ledger_invalid", {"month": ["rate_missing"]}, **missing.values) from missing
        rate, translated = str(known), table.translated(-lost, line.currency, known)
    before = deciding.cells_of([line.id]).net.get((line.id, month), 0)
    row = LedgerRow(
        line_id=line.id, month=month, kind=LEAKAGE, amount=-lost, currency=line.currency, rate=rate,
        translated=translated, late=deciding.late(month), revision_id=revision_id, **deciding.signature(),
    )  # fmt: skip
    work.session.add(row)
    work.session.flush()
    rows = [[line.id, plain(month), -lost, line.currency, before, before - lost]]
    deciding.log(Event.LEAKAGE_BOOKED, rows, [row])
    work.touched_money(loaded.measure.id, line.id)
    return row


def was_closed(work: Work, loaded: Loaded) -> bool:
    """Whether the measure has entered its last stage at least once."""
    last = loaded.rules.stages[-1].key
    passed = StagePassage.measure_id == loaded.measure.id, StagePassage.stage == last
    return bool(work.session.scalar(select(exists().where(*passed))))


def _reopen(work: Work, loaded: Loaded, reason: str) -> None:
    """Back from Closed, by the rules of that decision. Raises Refused, and Invalid where they refuse it."""
    right = _asking_right(work, loaded, AskKind.REOPEN)
    if right is None:
        raise Refused("no_right", permission=str(Permission.MEASURE_REOPEN))
    outcome = _carry_out(work, loaded, Ask(AskKind.REOPEN, None, reason, {}), right)
    if outcome.outcome is Outcome.REFUSED:
        codes = [finding.code for finding in (outcome.decision.unmet if outcome.decision else ())]
        raise Invalid("ledger_invalid", {"reopen": ["reopen_refused"]}, findings=codes)
