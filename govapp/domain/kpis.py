"""Operating figures: values as integers of 1/10,000 of a unit, what may be kept, and readings as pasted text."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from govapp.domain.measures import NAME, SHORT, text_fault
from govapp.domain.money import exact_minor, from_minor
from govapp.domain.number_text import NumberRefused, read_number

LOWER, HIGHER = "lower", "higher"
BETTER = (LOWER, HIGHER)
LONGEST_UNIT = 40
DECIMALS = 4
Value = str | Decimal | date
EXPLANATION_LEAST, EXPLANATION_MOST = 50, 2000
MOST_ROWS = 600
_YEAR_FIRST = re.compile(r"([0-9]{4})[-/.]([0-9]{1,2})([-/.][0-9]{1,2})?")
_MONTH_FIRST = re.compile(r"([0-9]{1,2})[-/.]([0-9]{4})")
_APART = re.compile(r"\t|;|,\s+|\s+|,")


def value_of(units: int) -> Decimal:
    """A kept value in its unit."""
    return from_minor(units, "")


def units_of(value: Decimal | None, faults: dict[str, list[str]], name: str) -> int | None:
    """A value as kept; what cannot be is noted as a fault under `name`: too precise (over 4 decimals) or too large."""
    try:
        return None if value is None else exact_minor(value, "")
    except (ValueError, ArithmeticError) as error:
        finer = str(error) == "amount_too_precise"
        faults[name] = ["amount_too_precise" if finer else "amount_out_of_range"]
        return None


def clean_figure(values: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, list[str]]]:
    """Name, unit, source, service and direction of a figure as kept, and codes of faults by field."""
    clean = {
        name: str(values.get(name) or "").strip() for name in ("name", "unit", "source", "service", "better")
    }
    faults: dict[str, list[str]] = {}
    for name, limit in (("name", SHORT), ("unit", LONGEST_UNIT), ("source", NAME), ("service", NAME)):
        if fault := text_fault(clean[name], limit):
            faults[name] = [fault]
    if not clean["name"]:
        faults["name"] = ["required"]
    if clean["better"] not in BETTER:
        faults["better"] = ["required" if not clean["better"] else "unknown_choice"]
    return clean, faults


def promise_fault(better: str, baseline: int | None, target: int | None) -> str:
    """Why baseline and target do not go together: '' or target_worse. A target that keeps the level is none."""
    if baseline is None or target is None:
        return ""
    worse = target > baseline if better == LOWER else target < baseline
    return "target_worse" if worse else ""


def explanation_fault(text: str) -> str:
    """Why an explanation of a gap cannot be kept: '', too_short (under 50 characters), too_long, control_characters."""
    if len(text) < EXPLANATION_LEAST:
        return "explanation_short"
    return text_fault(text, EXPLANATION_MOST)


def attained(better: str, baseline: int, target: int, reading: int) -> Decimal:
    """How much of the way from baseline to target is covered, in percent; below zero when it went the other way.

    Where the target is to keep the level, it is all covered while the level is kept.
    """
    if baseline == target:
        kept = reading <= target if better == LOWER else reading >= target
        return Decimal(100 if kept else 0)
    return Decimal(baseline - reading) * 100 / (baseline - target)


def mean_of_last(readings: Iterable[tuple[str, int]], count: int) -> Decimal | None:
    """Mean of the last readings in 1/10,000, None while there are fewer."""
    last = [value for _, value in readings][-count:]
    return Decimal(sum(last)) / count if len(last) == count else None


def month_of(text: str) -> date | None:
    """First day of a month written as 2026-05, 2026-05-31, 05/2026 or 5.2026; None for anything else."""
    text = text.strip()
    if found := _YEAR_FIRST.fullmatch(text):
        year, month = int(found[1]), int(found[2])
    elif found := _MONTH_FIRST.fullmatch(text):
        year, month = int(found[2]), int(found[1])
    else:
        return None
    return date(year, month, 1) if 1950 <= year <= 2200 and 1 <= month <= 12 else None


@dataclass(slots=True)
class Pasted:
    """Readings read from text, and what could not be read: row and code."""

    months: dict[date, Decimal] = field(default_factory=dict)
    problems: list[tuple[int, str]] = field(default_factory=list)


def read_readings(text: str) -> Pasted:
    """Rows of month and value as pasted text, set apart by tab, semicolon, comma or blanks. As `read_table`."""
    rows = text.lstrip("\N{ZERO WIDTH NO-BREAK SPACE}").splitlines()
    return read_table(
        [cell.strip().strip('"') for cell in _APART.split(row.strip(), maxsplit=1)] for row in rows
    )


def read_table(rows: Iterable[Sequence[Value]]) -> Pasted:
    """Months in the first column, values in the second, as a spreadsheet or CSV file holds them.

    A first row that names its columns is passed over, and empty rows are. Nothing is kept where a row has a problem:
    reading_month, reading_missing, month_twice, too_many_rows, or that of the number (number, ambiguous, digits).
    """
    found = Pasted()
    for number, row in enumerate(rows, 1):
        if number > MOST_ROWS:
            return Pasted(problems=[(number, "too_many_rows")])
        said = [cell.strip().rstrip(";,") if isinstance(cell, str) else cell for cell in row]
        first, second = [*said, "", ""][:2]
        if first == "" and second == "":
            continue
        month = first.replace(day=1) if isinstance(first, date) else month_of(str(first))
        if month is None:
            if number > 1 or any(map(str.isdigit, str(second))):
                found.problems.append((number, "reading_month"))
        elif second == "":
            found.problems.append((number, "reading_missing"))
        elif month in found.months:
            found.problems.append((number, "month_twice"))
        else:
            _read(found, number, month, second)
    return found


def _read(found: Pasted, number: int, month: date, value: Value) -> None:
    try:
        found.months[month] = value if isinstance(value, Decimal) else read_number(str(value), DECIMALS)
    except NumberRefused as refused:
        found.problems.append((number, refused.code))
