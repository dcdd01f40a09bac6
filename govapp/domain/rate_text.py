"""Rates of exchange as text: a pasted table of days or months by currency, faults named by row and column."""

import csv
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from govapp.domain.money import CURRENCIES, rate_fault
from govapp.domain.number_text import NumberRefused, read_number

MOST = 5000
_LONG = re.compile(r"\d{1,9}[.,]\d{7,12}")
_MONTH = re.compile(r"(\d{4})-(\d{2})(-\d{2})?( 00:00:00)?")
_WIDEST = 12


@dataclass(frozen=True, slots=True)
class RateFault:
    """What cannot be read: row and column as a spreadsheet numbers them (from 1), what stands there, why (a code)."""

    row: int
    column: int
    value: str
    code: str


@dataclass
class RatesRead:
    """Rates by day and currency; with any fault nothing may be stored."""

    days: dict[date, dict[str, Decimal]] = field(default_factory=dict)
    faults: list[RateFault] = field(default_factory=list)


def read_rate(text: str, mark: str = ".") -> Decimal:
    """A rate as a person writes it, up to 12 decimals; `mark` is their decimal mark. Raises NumberRefused."""
    body = text.strip()
    long = _LONG.fullmatch(body) is not None
    rate = Decimal(body.replace(",", ".")) if long else read_number(body, _WIDEST, mark)
    if rate_fault(rate):
        raise NumberRefused("rate_invalid")
    return rate


def read_day(text: str) -> date | None:
    """A day or month as ISO text (2026-05, 2026-05-01); None for what is neither."""
    match = _MONTH.fullmatch(text.strip())
    if match is None:
        return None
    try:
        return date(int(match[1]), int(match[2]), int(match[3][1:]) if match[3] else 1)
    except ValueError:
        return None


def read_rates(text: str, mark: str = ".") -> RatesRead:
    """Rates of a table: the first row names currencies, the first column days or months; an empty cell stays as it is.

    The separator is the one the first line holds most of: tab, semicolon, comma.
    """
    found = RatesRead()
    first = text.split("\n", 1)[0]
    separator = max("\t;,", key=first.count)
    try:
        rows = [
            row
            for row in csv.reader(text.splitlines(), delimiter=separator)
            if any(cell.strip() for cell in row)
        ]
    except csv.Error:
        rows = []
    if len(rows) < 2:
        found.faults.append(RateFault(1, 1, first[:60], "rates_none"))
        return found
    if len(rows) * len(rows[0]) > MOST:
        found.faults.append(RateFault(1, 1, str(len(rows) * len(rows[0])), "rates_many"))
        return found
    currencies = _currencies(found, rows[0])
    for number, row in enumerate(rows[1:], 2):
        _row(found, number, row, currencies, mark)
    return found


def _currencies(found: RatesRead, head: Sequence[str]) -> dict[int, str]:
    known: dict[int, str] = {}
    for column, cell in enumerate(head[1:], 2):
        code = cell.strip().upper()
        if not code:
            continue
        if code not in CURRENCIES:
            found.faults.append(RateFault(1, column, cell[:60], "currency_unknown"))
        elif code in known.values():
            found.faults.append(RateFault(1, column, cell[:60], "currency_twice"))
        else:
            known[column] = code
    return known


def _row(found: RatesRead, number: int, row: Sequence[str], currencies: dict[int, str], mark: str) -> None:
    day = read_day(row[0])
    if day is None:
        found.faults.append(RateFault(number, 1, row[0][:60], "day_form"))
        return
    if day in found.days:
        found.faults.append(RateFault(number, 1, row[0][:60], "day_twice"))
        return
    worth: dict[str, Decimal] = {}
    for column, cell in enumerate(row[1:], 2):
        if not cell.strip():
            continue
        if column not in currencies:
            found.faults.append(RateFault(number, column, cell[:60], "column_unnamed"))
            continue
        try:
            worth[currencies[column]] = read_rate(cell, mark)
        except NumberRefused as refused:
            found.faults.append(RateFault(number, column, cell[:60], refused.code))
    if worth:
        found.days[day] = worth
