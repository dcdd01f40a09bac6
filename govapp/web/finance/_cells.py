"""Reads what a form says about cells: which are chosen, how much of each, the document, the signature."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from flask import request

from govapp.domain.errors import Invalid
from govapp.domain.evidence_values import Fault
from govapp.domain.ledger import FULL, PART
from govapp.domain.money import FTE_DECIMALS
from govapp.domain.number_text import NumberRefused, read_number
from govapp.forms.files import FileRefused, check_upload
from govapp.present.confirmations import cell_key
from govapp.present.evidence import fault_sentence
from govapp.services.confirmations import CellWish
from govapp.services.documents import ACCEPT, FIELD, MOST_BYTES, Document, keep_document
from govapp.web._context import origin
from govapp.web._numbers import whole
from govapp.web._recent_password import require_recent_password

CONFIRM = "confirm"
_UNDATED = "total"


@dataclass
class Sent:
    """A form about cells as it was sent; `faults` are sentences or codes by field, `ticked` the boxes as they were."""

    act: str
    reason: str
    typed: dict[str, str] = field(default_factory=dict)
    faults: dict[str, list[str]] = field(default_factory=dict)
    document: Document | None = None
    signed: bool = False
    ticked: frozenset[str] = frozenset()


def month_of(text: str) -> date | None:
    """A month as YYYY-MM; None for anything else."""
    try:
        return date.fromisoformat(f"{text}-01") if len(text) == 7 else None
    except ValueError:
        return None


def read_sent(*, sign: bool) -> Sent:
    """Reason, document and signature of the form; the file is stored when it is sound. Raises TooMany, Busy."""
    sent = Sent(request.form.get("act", "")[:20], request.form.get("reason", "")[:4000].strip())
    if sign:
        try:
            require_recent_password()
            sent.signed = True
        except Invalid as error:
            sent.faults |= error.errors
    upload: Any = request.files.get(FIELD)
    if upload is not None and upload.filename:
        try:
            file = check_upload(upload.stream, upload.filename, ACCEPT, MOST_BYTES)
            sent.document = keep_document(file, origin())
        except FileRefused as refused:
            fault = Fault(f"file_{refused.code}", {"name": refused.name, **refused.values})
            sent.faults[FIELD] = [fault_sentence(fault)]
    return sent


def chosen_cells(sent: Sent, limit: int) -> list[CellWish]:
    """The ticked cells, each with the amount that was shown: `LINE:YYYY-MM:AMOUNT`. What is no cell is left out."""
    found = []
    texts = list(dict.fromkeys(request.form.getlist("cell")[: limit + 1]))
    sent.ticked = frozenset(texts)
    for text in texts:
        line, _, rest = text.partition(":")
        month, _, seen = rest.partition(":")
        number = whole(line)
        if number is None or (month != _UNDATED and month_of(month) is None):
            continue
        at = None if month == _UNDATED else month_of(month)
        found.append(_wish(sent, number, at, _minor(seen)))
    return found


def _minor(text: str) -> int | None:
    sign, digits = (-1, text[1:]) if text.startswith("-") else (1, text)
    number = whole(digits)
    return None if number is None else sign * number


def _wish(sent: Sent, line: int, month: date | None, seen: int | None) -> CellWish:
    key = cell_key(line, month)
    reason = request.form.get(f"reason-{key}", "")[:4000].strip()
    if reason:
        sent.typed[f"reason-{key}"] = reason
    if sent.act != CONFIRM:
        return CellWish(line, month, sent.act, None, seen, reason)
    part = _part(sent, f"part-{key}")
    return CellWish(line, month, FULL if part is None else PART, part, seen, reason)


def _part(sent: Sent, name: str) -> Decimal | None:
    text = request.form.get(name, "").strip()[:40]
    if not text:
        return None
    sent.typed[name] = text
    try:
        return read_number(text, FTE_DECIMALS)
    except NumberRefused as error:
        sent.faults[name] = [error.code]
        return None


def whole_list(sent: Sent, cells: Iterable[tuple[int, date | None, int | None]]) -> list[CellWish]:
    """Every cell of a list; a part or a reason typed beside one counts for it."""
    return [_wish(sent, line, month, seen) for line, month, seen in cells]
