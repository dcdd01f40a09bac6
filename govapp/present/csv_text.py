"""CSV for people's spreadsheets: quoted where needed, and no cell is taken for a formula (R34)."""

import csv
import io
import re
from collections.abc import Iterable
from typing import Any

BOM = "\ufeff"
_STARTS = ("=", "+", "-", "@", "\t", "\r")
_NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?")


def safe_cell(value: Any) -> str:
    """The text of a cell; one that a spreadsheet could take for a formula gets an apostrophe in front. Numbers stay."""
    text = "" if value is None else str(value)
    return f"'{text}" if text.startswith(_STARTS) and not _NUMBER.fullmatch(text) else text


def csv_line(cells: Iterable[Any]) -> str:
    """One line of CSV with its end."""
    out = io.StringIO()
    csv.writer(out, lineterminator="\r\n").writerow([safe_cell(cell) for cell in cells])
    return out.getvalue()
