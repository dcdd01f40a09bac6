"""What reading a file yields: rows with their faults and remarks, or a refusal of the whole file."""

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a row is refused: where it is, the value as found, and a code; `detail` completes the sentence.

    `row` counts as a spreadsheet does, from 1; with `across` it is a column (records in columns).
    """

    row: int
    column: str
    value: str
    code: str
    detail: str = ""
    across: bool = False


@dataclass(frozen=True, slots=True)
class Remark:
    """Text of the file kept beside the measure.

    Codes: `kept`, `no_value`, `surplus`, `mapped` (the word as written), `not_taken` (a further column with
    a value), `replaced_bytes`, `control_characters`.
    """

    code: str
    label: str
    text: str


@dataclass(frozen=True, slots=True)
class ReadMilestone:
    """One date of a milestone; `which` is plan, forecast or actual."""

    name: str
    which: str
    on: date


@dataclass(frozen=True, slots=True)
class ReadAmount:
    """One amount of an effect line in whole currency units (pounds, not pence), signed: positive is good.

    For kind `fte` the amount counts posts and the currency is empty.
    """

    line: str
    name: str
    kind: str
    category: str
    timing: str
    series: str
    amount: Decimal
    currency: str


@dataclass(frozen=True, slots=True)
class ReadStatus:
    """A status as declared in the file: kind implementation or potential; green, yellow, red or none."""

    kind: str
    colour: str
    reason: str


@dataclass(frozen=True, slots=True)
class ReadRow:
    """One record of the file. With problems it is refused by the caller; the rest is then as far as read.

    `number` counts as a spreadsheet does, from 1; `line` is where the record begins in the text file;
    `across`: the records lie in columns, and `number` is one.
    """

    number: int
    line: int
    key: str
    name: str
    source: str
    year: int | None
    branch: tuple[tuple[str, str], ...]
    fields: dict[str, str | date | bool]
    milestones: tuple[ReadMilestone, ...]
    amounts: tuple[ReadAmount, ...]
    statuses: tuple[ReadStatus, ...]
    open_at: str | None
    remarks: tuple[Remark, ...]
    problems: tuple[Problem, ...] = field(default=())
    across: bool = False


class FileRefused(ValueError):
    """The file as a whole cannot be read with this mapping; `found` lists what stands there instead."""

    def __init__(self, code: str, value: str = "", found: tuple[str, ...] = (), row: int = 0) -> None:
        self.code = code
        self.value = value
        self.found = found
        self.row = row
        super().__init__(f"{code} {value}".strip())


class ValueFault(ValueError):
    """A cell that cannot be read as what the mapping says it is."""

    def __init__(self, code: str, detail: str = "") -> None:
        self.code = code
        self.detail = detail
        super().__init__(code)
