"""What rows of amounts become when cells change: the same answer before a transaction, to save its time, and in it."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date

from govapp.data.finance import AWAITS, DRAFT
from govapp.data.kept_rows import Digests, foreseen
from govapp.data.value_rows import NAME, Raw, ValueRow
from govapp.domain.cells import CellKey

Told = dict[str, dict[str, dict[str, list[int | None]]]]
Changed = Mapping[CellKey, tuple[int | None, int | None]]


@dataclass(frozen=True, slots=True)
class Writer:
    """Who writes amounts of a measure, the acting person and the absent one too; when; and where actual ones are from.

    `closed` is the newest closed month: an actual amount up to it is a late entry of `today`.
    """

    measure_id: int
    people: frozenset[int]
    today: date
    closed: date | None
    source: str = ""

    def hands(self, before: Iterable[int] = ()) -> tuple[int, ...]:
        """All who entered or edited an amount: none of them confirms it (R05)."""
        return tuple(sorted(self.people.union(before)))


@dataclass
class States:
    """Rows to insert, rows to set, and numbers of rows to delete."""

    new: list[ValueRow] = field(default_factory=list)
    set: list[ValueRow] = field(default_factory=list)
    gone: list[int] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Foreseen:
    """What was made before the transaction from what the database held then (`raw`); what has changed is made anew.

    `held` and `changed` are by cell, `numbers` those of new rows.
    """

    raw: Raw = ()
    held: Mapping[CellKey, ValueRow] = field(default_factory=dict)
    changed: Changed = field(default_factory=dict)
    writer: Writer | None = None
    numbers: tuple[int, ...] = ()
    states: States = field(default_factory=States)
    digests: Digests = field(default_factory=dict)
    told: Told = field(default_factory=dict)


def count_new(held: Mapping[CellKey, ValueRow], changed: Changed) -> int:
    """How many rows are inserted."""
    return sum(new is not None and cell not in held for cell, (_, new) in changed.items())


def states_of(
    held: Mapping[CellKey, ValueRow], changed: Changed, writer: Writer, numbers: Collection[int]
) -> States:
    """The rows of changed cells; None deletes. An actual amount awaits confirmation anew, and keeps all its hands.

    A late entry does not keep the source of the amount before it, which somebody else read from something else.
    `numbers` are those of new rows, in the order of the cells.
    """
    found, free = States(), iter(numbers)
    for cell, (_, new) in changed.items():
        row = held.get(cell)
        if new is None:
            found.gone += [] if row is None else [row.id]
        elif row is None:
            line, series, month = cell
            fresh = ValueRow(next(free), writer.measure_id, line, series, month, DRAFT, new)
            found.new.append(_entered(fresh, writer))
        else:
            found.set.append(_entered(row._replace(amount=new), writer))
    return found


def _entered(row: ValueRow, writer: Writer) -> ValueRow:
    if row.series != "actual":
        return row
    late = row.month is not None and writer.closed is not None and row.month <= writer.closed
    return row._replace(
        standing=AWAITS,
        hands=writer.hands(row.hands),
        source=writer.source if late else writer.source or row.source,
        late_on=writer.today if late else row.late_on,
    )


def foresee(
    raw: Raw, held: Mapping[CellKey, ValueRow], changed: Changed, writer: Writer, numbers: Collection[int]
) -> Foreseen:
    """The states of changed cells with their digests."""
    states = states_of(held, changed, writer, numbers)
    ended = [*states.gone, *(row.id for row in states.set)]
    digests = foreseen(NAME, [*states.new, *states.set], ended)
    return Foreseen(raw, held, changed, writer, tuple(numbers), states, digests, told(changed))


def states_now(
    before: Foreseen,
    held: Mapping[CellKey, ValueRow],
    changed: Changed,
    writer: Writer,
    numbers: Collection[int],
) -> States:
    """The foreseen states where everything they came from is the same, else new ones."""
    same = before.writer == writer and before.numbers == tuple(numbers)
    if same and before.changed == changed and before.held == held:
        return before.states
    return states_of(held, changed, writer, numbers)


def told_now(before: Foreseen, changed: Changed) -> Told:
    """Changed cells as the log keeps them, made before where they are the same."""
    return before.told if before.told and before.changed == changed else told(changed)


def told(changed: Changed) -> Told:
    """Changed cells as the log keeps them: by line, series and month (or `total`), old and new in minor units."""
    said: Told = {}
    for (line, series, month), pair in changed.items():
        name = month.isoformat()[:7] if month else "total"
        said.setdefault(str(line), {}).setdefault(series, {})[name] = list(pair)
    return said
