"""The money grid as a page shows it: rows of cells with what stands in them, or why nobody types there."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, NamedTuple

from govapp.domain.cells import BY_PERIOD, CONFIRMED, name_of, standing_fault
from govapp.domain.money import decimals_of, from_minor
from govapp.domain.number_text import write_grouped
from govapp.present import dates, grid_words
from govapp.present.language import gettext as _

IN_FORCE = "plan-in-force"
IS_CONFIRMED = "confirmed"
_ALWAYS = ("plan", "forecast", "actual")
_ORDER = ("baseline", "target", IN_FORCE, "plan", "forecast", "actual", CONFIRMED)


class CellView(NamedTuple):
    """A cell: its name where it can be typed into, else ''; its text, why it stands still, how it stands, faults.

    `place` is the name of the cell whether or not it can be typed into.
    """

    name: str
    text: str
    label: str
    why: str
    standing: str
    late: bool
    faults: Sequence[str]
    place: str = ""


class Form(NamedTuple):
    """How amounts of a line are written: in its currency, all with as many decimals as one of them needs."""

    currency: str
    places: int
    mark: str

    def text(self, minor: int) -> str:
        """An amount of minor units: `−1,234.50`."""
        return write_grouped(from_minor(minor, self.currency), self.places, self.mark)


def form_of(amounts: Iterable[int], currency: str, mark: str) -> Form:
    """The form in which these amounts look alike: none with decimals unless one has some, then all as many.

    Money then shows all decimals of its currency, posts as many as they need.
    """
    most = decimals_of(currency)
    needed = max((_needed(amount, most) for amount in amounts), default=0)
    return Form(currency, most if needed and currency else needed, mark)


def _needed(minor: int, most: int) -> int:
    while most and minor % 10 == 0:
        minor, most = minor // 10, most - 1
    return most


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
    """A line with its rows. `decimals`: of its currency; `places`: with how many its amounts are shown."""

    line: Any
    rows: tuple[RowView, ...]
    decimals: int
    places: int


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
    places: int
    rows: tuple[NetRow, ...]


@dataclass(frozen=True, slots=True)
class Typing:
    """What this person may type: series by right, closed months, and what they have typed before a refusal.

    `alive`: the measure is neither cancelled nor archived.
    """

    series: frozenset[str]
    into_closed: bool = False
    frozen: bool = False
    alive: bool = True
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
        form = form_of(_amounts_of(data, {line.id}), line.currency, typing.mark)
        rows = tuple(_row(data, typing, line, series, labels, differs, form) for series in shown)
        found.append(BlockView(line, rows, decimals_of(line.currency), form.places))
    return found


def _amounts_of(data: Any, lines: Collection[int]) -> Iterator[int]:
    """Every amount of lines that is shown or is part of a sum that is."""
    yield from (amount for (line, *_), amount in data.amounts.items() if line in lines)
    yield from (amount for (line, _), amount in data.rest.items() if line in lines)


def _differs(data: Any, line: int) -> bool:
    """Whether the draft of the plan is not what the plan in force says, in the months shown or outside."""
    get, rest = data.amounts.get, data.rest.get
    return rest((line, IN_FORCE), 0) != rest((line, "plan"), 0) or any(
        get((line, IN_FORCE, month)) != get((line, "plan", month)) for month in (None, *data.months)
    )


def _row(
    data: Any, typing: Typing, line: Any, series: str, labels: Sequence[str], differs: bool, form: Form
) -> RowView:
    label = grid_words.series_word(series)
    if series == IN_FORCE:
        label = _("Plan, version %(n)s in force", n=data.plan_number)
    elif series == "plan" and differs:
        label = _("Plan, draft")
    undated = _cell(data, typing, line, series, None, f"{line.name}, {label}, {_('whole life')}", form)
    cells = tuple(
        _cell(data, typing, line, series, month, f"{line.name}, {label}, {said}", form)
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
        form.text(year) if amounts else "",
        form.text(total) if amounts or rest or alone is not None else "",
        rest, any(cell.name for cell in (undated, *cells)),
    )  # fmt: skip


def _cell(
    data: Any, typing: Typing, line: Any, series: str, month: date | None, label: str, form: Form
) -> CellView:
    key = (line.id, series, month)
    amount = data.amounts.get(key)
    standing, late = "", False
    if series == "actual":
        standing, late = data.standing.get((line.id, month), ""), (line.id, month) in data.late
    text = "" if amount is None else form.text(amount)
    if series in (CONFIRMED, IN_FORCE):
        return CellView("", text, label, "", standing, late, ())
    name = name_of(key)
    faults = typing.faults.get(name, ())
    why = _why_still(data, typing, series, month, standing)
    if why:
        return CellView("", text, label, why, standing, late, faults, name)
    return CellView(name, typing.typed.get(name, text), label, "", standing, late, faults, name)


def _why_still(data: Any, typing: Typing, series: str, month: date | None, standing: str) -> str:
    """Why this person types nothing here: '', a code of `cells.standing_fault`, measure_over, or not_<series>."""
    closed = month is not None and data.closed is not None and month <= data.closed
    why = standing_fault(
        series,
        frozen=typing.frozen,
        confirmed=standing == IS_CONFIRMED,
        closed=closed and not typing.into_closed,
    )
    if why or series in typing.series or (closed and typing.into_closed and series in BY_PERIOD):
        return why
    return f"not_{series}" if typing.alive else "measure_over"


def nets_of(data: Any, saving_kinds: Collection[str], mark: str) -> list[NetView]:
    """Sums by currency over the lines of kinds that count as savings, where there is more than one such line."""
    by_currency: dict[str, list[int]] = {}
    for line in data.lines:
        if line.kind in saving_kinds and line.currency:
            by_currency.setdefault(line.currency, []).append(line.id)
    found = []
    for currency, lines in by_currency.items():
        if len(lines) > 1:
            form = form_of(_amounts_of(data, set(lines)), currency, mark)
            rows = tuple(_net(data, form, lines))
            found.append(NetView(currency, decimals_of(currency), form.places, rows))
    return found


def _net(data: Any, form: Form, lines: Sequence[int]) -> Iterator[NetRow]:
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
                tuple("" if amount is None else form.text(amount) for amount in found),
                form.text(sum(year)) if year else "",
                form.text(sum(every)) if every else "",
            )


def seen_of(blocks: Sequence[BlockView], data: Any) -> dict[str, int]:
    """What a form shows in its cells, in minor units by name of the cell; empty ones are left out."""
    names = {cell.name for block in blocks for row in block.rows for cell in (row.undated, *row.cells)}
    return {name: amount for key, amount in data.amounts.items() if (name := name_of(key)) in names}
