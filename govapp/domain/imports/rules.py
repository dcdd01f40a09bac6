"""What a mapping states, as frozen values: layout, columns, value maps, amounts, dates."""

import re
from dataclasses import dataclass, field

from govapp.domain import measures
from govapp.domain.patterns import MAX_MATCHED_LENGTH
from govapp.domain.structure import KINDS

BRANCH_KINDS = KINDS[1:]
_BY_HAND_ONLY = ("vendor_spend", "no_dependencies_declared")
FIELDS = (*(name for name in measures.FIELDS if name not in _BY_HAND_ONLY), "external_key")
COLOURS = (*measures.COLOURS, "none")


@dataclass(frozen=True, slots=True)
class Pattern:
    """A regular expression for whole cells, without regard to case; long cells never match."""

    text: str
    compiled: re.Pattern[str] = field(compare=False)

    @classmethod
    def of(cls, text: str) -> "Pattern":
        """Compile a checked pattern."""
        return cls(text, re.compile(text, re.IGNORECASE | re.DOTALL))

    def matches(self, cell: str) -> bool:
        """True when the whole cell matches."""
        return len(cell) <= MAX_MATCHED_LENGTH and self.compiled.fullmatch(cell) is not None


@dataclass(frozen=True, slots=True)
class Span:
    """Row or column numbers from first to last, counted from 1."""

    first: int
    last: int


@dataclass(frozen=True, slots=True)
class RowTest:
    """Says of a record whether the cell in a column matches."""

    column: str
    pattern: Pattern


@dataclass(frozen=True, slots=True)
class Layout:
    """How the bytes become records: encoding, delimiter, quotes, heads, what is passed over."""

    encoding: str
    undefined_bytes: str
    byte_texts: tuple[tuple[int, str], ...]
    delimiter: str
    quotechar: str | None
    escapechar: str | None
    strict_quotes: bool
    orientation: str
    header_rows: tuple[int, ...]
    header_fill: bool
    header_column: int
    skip_rows: tuple[Span, ...]
    skip_columns: tuple[Span, ...]
    skip_where: tuple[RowTest, ...]
    stop_at: tuple[RowTest, ...]
    pad_short_rows: bool
    carry_down: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Source:
    """Which columns give a value: the first with a value, all joined, or the only one that may have one."""

    columns: tuple[str, ...]
    take: str = "first"
    joiner: str = "\n\n"


@dataclass(frozen=True, slots=True)
class ValueMap:
    """Words of the file to words of the app; `otherwise` is refuse, keep or a fixed word after a colon."""

    words: tuple[tuple[str, str], ...] = ()
    patterns: tuple[tuple[Pattern, str], ...] = ()
    otherwise: str = "keep"
    fixed: str | None = None
    keep_original: bool = False


@dataclass(frozen=True, slots=True)
class DateForms:
    """The written forms of dates; two-digit years begin at `century_from`; `partial` is the day taken."""

    forms: tuple[str, ...]
    century_from: int | None
    partial: str | None
    months: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class AmountStyle:
    """How amounts are written."""

    decimal: str
    thousands: tuple[str, ...]
    negatives: tuple[str, ...]
    signs: tuple[tuple[str, str], ...]
    units: tuple[tuple[str, int], ...]
    rounding: str


@dataclass(frozen=True, slots=True)
class TitleRule:
    """The columns of the title."""

    source: Source
    max_length: int
    too_long: str


@dataclass(frozen=True, slots=True)
class FieldRule:
    """One measure field, as text, date, choice or yes_no."""

    field: str
    source: Source
    type: str
    values: ValueMap
    dates: DateForms
    max_length: int
    too_long: str
    required: bool
    default: str | None


@dataclass(frozen=True, slots=True)
class BranchLevel:
    """One level of the branch a measure lies under."""

    kind: str
    source: Source
    values: ValueMap
    fixed: str | None
    required: bool


@dataclass(frozen=True, slots=True)
class MilestoneRule:
    """A date column that becomes the plan, forecast or actual date of a milestone."""

    name: str
    which: str
    source: Source
    dates: DateForms
    required: bool


@dataclass(frozen=True, slots=True)
class AmountRule:
    """A column that becomes one series of an effect line, in `currency` (fixed, or from a column)."""

    line: str
    name: str
    kind: str
    category: str
    timing: str
    series: str
    source: Source
    scale: int
    sign: int
    currency: str
    currency_column: str
    style: AmountStyle
    required: bool


@dataclass(frozen=True, slots=True)
class StatusRule:
    """A rating column that becomes a declared status."""

    kind: str
    source: Source
    values: ValueMap
    reason: Source | None
    required: bool


@dataclass(frozen=True, slots=True)
class StageRule:
    """The stage a new measure is opened at: fixed, or by the value of a column."""

    stage: str | None
    source: Source | None
    values: ValueMap


@dataclass(frozen=True, slots=True)
class NoValue:
    """Cells that stand for no value: `texts` and `patterns` are kept as remarks, `empty` are as if empty."""

    texts: frozenset[str]
    patterns: tuple[Pattern, ...]
    empty: frozenset[str]


@dataclass(frozen=True, slots=True)
class RemarkRule:
    """Columns kept as remarks beside the measure."""

    label: str
    source: Source


@dataclass(frozen=True, slots=True)
class YearRule:
    """The year a file speaks of: fixed or from a column."""

    year: int | None
    column: str
