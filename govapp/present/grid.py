"""The money grid as a page shows it: rows of cells with what stands in them, or why nobody types there."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, NamedTuple

from govapp.domain.cells import BY_PERIOD, CONFIRMED, name_of, standing_fault
from govapp.domain.money import decimals_of, from_minor
from govapp.domain.number_text import write_number
from govapp.present import dates, grid_words
from govapp.present.language import gettext as _
from govapp.present.money import number

IN_FORCE = "plan-in-force"
IS_CONFIRMED = "confirmed"
_ALWAYS = ("plan", "forecast", "actual")
_ORDER = ("baseline", "target", IN_FORCE, "plan", "forecast", "actual", CONFIRMED)


class CellView(NamedTuple):
    """A cell: its name where it can be typed into, else ''; its text, why it stands still, how it stands, faults."""

    name: str
    text: str
    label: str
    why: str
    standing: str
    late: bool
    faults: Sequence[str]


@dataclass(frozen=True, slots=True)
class RowView:
    """A series of a line: undated amount, months, their sum, and the sum over all months and the undated amount.

    `rest` is the sum of months that are not shown, in minor units, for adding up while typing.
    """

    series: str
    label: str
    undated: CellView
    cells: tuple[CellView, ...]
    year: str
    total: str
    rest: int
    typed: bool


@dataclass(frozen=True, slots=True)
class BlockView:
    """A line with its rows. `decimals`: of its currency."""

    line: Any
    rows: tuple[RowView, ...]
    decimals: int


@dataclass(frozen=True, slots=True)
class NetRow:
    """A series summed over lines: undated, months, their sum, and all; '' where nothing stands."""

    series: str
    label: str
    cells: tuple[str, ...]
    year: str
    total: str


@dataclass(frozen=True, slots=True)
class NetView:
    """Net of all lines of one currency that count as savings, recurring and one-off together (never cost avoidance)."""

    currency: str
    decimals: int
    rows: tuple[NetRow, ...]


@dataclass(frozen=True, slots=True)
class Typing:
    """What this person may type: series by right, closed months, and what they have typed before a refusal."""

    series: frozenset[str]
    into_closed: bool = False
    frozen: bool = False
    mark: str = "."
    typed: Mapping[str, str] = field(default_factory=dict)
    faults: Mapping[str, Sequence[str]] = field(default_factory=dict)


def year_label(year: int, first_month: int) -> str:
    """A fiscal year by name: `2026`, or `2026/27` where it does not begin in January."""
    return str(year) if first_month == 1 else f"{year}/{(year + 1) % 100:02}"


def blocks_of(data: Any, typing: Typing, every: bool = False) -> list[BlockView]:
    """The grid in blocks by line. `data` as `data.grid_pages.GridData`; `every`: also series that hold nothing."""
    held = data.series()
    labels = [dates.month(month) for month in data.months]
    found = []
    for line in data.lines:
        differs = bool(data.plan_number) and _differs(data, line.id)
        shown = [
            series
            for series in _ORDER
            if (differs if series == IN_FORCE else (line.id, series) in held or series in _ALWAYS)
            or (every and series not in (CONFIRMED, IN_FORCE))
        ]
        rows = tuple(_row(data, typing, line, series, labels, differs) for series in shown)
        found.append(BlockView(line, rows, decimals_of(line.currency)))
    return found


def _differs(data: Any, line: int) -> bool:
    """Whether the draft of the plan is not what the plan in force says, in the months shown or outside."""
    get, rest = data.amounts.get, data.rest.get
    return rest((line, IN_FORCE), 0) != rest((line, "plan"), 0) or any(
        get((line, IN_FORCE, month)) != get((line, "plan", month)) for month in (None, *data.months)
    )


def _row(data: Any, typing: Typing, line: Any, series: str, labels: Sequence[str], differs: bool) -> RowView:
    label = grid_words.series_word(series)
    if series == IN_FORCE:
        label = _("Plan, version %(n)s in force", n=data.plan_number)
    elif series == "plan" and differs:
        label = _("Plan, draft")
    undated = _cell(data, typing, line, series, None, f"{line.name}, {label}, {_('whole life')}")
    cells = tuple(
        _cell(data, typing, line, series, month, f"{line.name}, {label}, {said}")
        for month, said in zip(data.months, labels, strict=True)
    )
    found = [data.amounts.get((line.id, series, month)) for month in data.months]
    amounts = [amount for amount in found if amount is not None]
    rest = data.rest.get((line.id, series), 0)
    alone = data.amounts.get((line.id, series, None))
    year = sum(amounts)
    total = year + rest + (alone or 0)
    return RowView(
        series, label, undated, cells,
        _shown(year, line.currency) if amounts else "",
        _shown(total, line.currency) if amounts or rest or alone is not None else "",
        rest, any(cell.name for cell in (undated, *cells)),
    )  # fmt: skip


def _shown(minor: int, currency: str) -> str:
    value = from_minor(minor, currency)
    return number(value, 0 if value == value.to_integral_value() else decimals_of(currency))


def _cell(data: Any, typing: Typing, line: Any, series: str, month: date | None, label: str) -> CellView:
    key = (line.id, series, month)
    amount = data.amounts.get(key)
    standing, late, why = "", False, ""
    may = series in typing.series
    if series == "actual":
        standing, late = data.standing.get((line.id, month), ""), (line.id, month) in data.late
    if series not in (CONFIRMED, IN_FORCE):
        closed = month is not None and data.closed is not None and month <= data.closed
        may = may or (closed and typing.into_closed and series in BY_PERIOD)
        why = standing_fault(
            series, frozen=typing.frozen, confirmed=standing == IS_CONFIRMED,
            closed=closed and not typing.into_closed,
        )  # fmt: skip
    else:
        may = False
    if why or not may:
        text = "" if amount is None else _shown(amount, line.currency)
        return CellView("", text, label, why, standing, late, ())
    name = name_of(key)
    text = "" if amount is None else write_number(from_minor(amount, line.currency), typing.mark)
    return CellView(
        name, typing.typed.get(name, text), label, "", standing, late, typing.faults.get(name, ())
    )


def nets_of(data: Any, saving_kinds: Collection[str]) -> list[NetView]:
    """Sums by currency over the lines of kinds that count as savings, where there is more than one such line."""
    by_currency: dict[str, list[int]] = {}
    for line in data.lines:
        if line.kind in saving_kinds and line.currency:
            by_currency.setdefault(line.currency, []).append(line.id)
    return [
        NetView(currency, decimals_of(currency), tuple(_net(data, currency, lines)))
        for currency, lines in by_currency.items()
        if len(lines) > 1
    ]


def _net(data: Any, currency: str, lines: Sequence[int]) -> Iterator[NetRow]:
    for series in (*_ALWAYS, CONFIRMED):
        found: list[int | None] = []
        for month in (None, *data.months):
            held = [a for line in lines if (a := data.amounts.get((line, series, month))) is not None]
            found.append(sum(held) if held else None)
        rest = [data.rest[line, series] for line in lines if (line, series) in data.rest]
        year = [amount for amount in found[1:] if amount is not None]
        every = [*year, *rest, *([] if found[0] is None else [found[0]])]
        if every or series != CONFIRMED:
            yield NetRow(
                series,
                grid_words.series_word(series),
                tuple("" if amount is None else _shown(amount, currency) for amount in found),
                _shown(sum(year), currency) if year else "",
                _shown(sum(every), currency) if every else "",
            )


def seen_of(blocks: Sequence[BlockView], data: Any) -> dict[str, int]:
    """What a form shows in its cells, in minor units by name of the cell; empty ones are left out."""
    names = {cell.name for block in blocks for row in block.rows for cell in (row.undated, *row.cells)}
    return {name: amount for key, amount in data.amounts.items() if (name := name_of(key)) in names}
