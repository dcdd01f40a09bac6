"""The money grid of a measure: many amounts of several lines and series in one act, and fills that make them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from govapp.data.finance import EffectLine
from govapp.data.grid_queries import lines_of, values_in_force
from govapp.data.snapshots import Loaded
from govapp.domain.cells import CellKey, Life, name_of
from govapp.domain.errors import Invalid, NotFound
from govapp.domain.finance import Faults, minor_of
from govapp.domain.measures import LONG, date_fault, text_fault
from govapp.domain.permissions import Permission
from govapp.domain.planning import MOST_MONTHS, apart, first_of, later, levelled, ramped
from govapp.services._belongs import _locked_for, _settle_again, plain
from govapp.services._cells import Changed, _allowed, _sheet, _write
from govapp.services._keys import consume, consumed
from govapp.services._work import Origin, Work, writing

MOST_RAMP_PERCENT = 1000


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell as typed: what was `seen` in it (minor units), and its new amount in units of the line's currency.

    `month` None is the undated amount; an amount None takes the cell's back.
    """

    line_id: int
    series: str
    month: date | None
    seen: int | None
    amount: Decimal | None

    @property
    def key(self) -> CellKey:
        """The cell, its month by the first day."""
        return self.line_id, self.series, first_of(self.month) if self.month else None


@dataclass(frozen=True, slots=True)
class SaveGrid:
    """Save the cells that were changed. `source` says where actual amounts come from."""

    key: str
    cells: tuple[Cell, ...]
    origin: Origin
    source: str = ""
    action_key: str = ""


@dataclass(frozen=True, slots=True)
class FillPlan:
    """Fill plan months of a recurring line from its run rate: `ramp` percents first, then full months.

    `first` None begins with the month in which the line starts. Other months stay as they are.
    """

    key: str
    line_id: int
    count: int
    origin: Origin
    ramp: tuple[Decimal, ...] = ()
    first: date | None = None
    action_key: str = ""


@dataclass(frozen=True, slots=True)
class CopyPlan:
    """Take the plan in force over as forecast, of one line or of all, undated amount and every month not closed."""

    key: str
    origin: Origin
    line_id: int | None = None
    action_key: str = ""


def save_grid(command: SaveGrid) -> int:
    """Save changed cells of a measure's grid, all or none; returns how many changed.

    Each series takes its own right. Raises NotFound, Refused, KeyReused; Stale (grid_changed) when somebody else
    changed a cell meanwhile to something else: `cells` are [name, seen, theirs, yours] in minor units; and Invalid
    (grid_invalid) with codes by name of the cell (`domain.cells.name_of`): amount_out_of_range, amount_too_precise,
    confirmed_not_entered, unknown_choice, date_out_of_range, month_out_of_range, month_before_start, plan_frozen,
    amount_confirmed, period_locked, sign_wrong, source_needed.
    """
    return writing(command.origin, lambda work: _save_grid(work, command), action_key=command.action_key)


def _save_grid(work: Work, command: SaveGrid) -> int:
    loaded, _ = _locked_for(work, command.key, Permission.FINANCE_VIEW)
    said = [[name_of(cell.key), cell.seen, plain(cell.amount)] for cell in command.cells]
    body = ["grid", command.key, said, command.source]
    earlier = consumed(work, command.action_key, body)
    if earlier is not None:
        return int(earlier["changed"])
    lines = _lines(work, loaded, {cell.line_id for cell in command.cells})
    wanted, faults = _minors(command, lines)
    sheet = _sheet(work, loaded, lines, {key[1] for key in wanted})
    _allowed(work, loaded, sheet, wanted)
    if faults:
        raise Invalid("grid_invalid", faults)
    seen = {cell.key: cell.seen for cell in command.cells}
    wanted = {
        cell: new for cell, new in wanted.items() if new != seen[cell]
    }  # what others changed there stays
    changed = _write(work, loaded, sheet, wanted, command.source.strip(), seen=seen)
    return _done(work, loaded, command.action_key, body, changed)


def _done(work: Work, loaded: Loaded, action_key: str, body: object, changed: Changed) -> int:
    if changed:
        _settle_again(work, loaded.measure.id)
    consume(work, action_key, body, {"changed": len(changed)})
    return len(changed)


def _lines(work: Work, loaded: Loaded, ids: set[int]) -> dict[int, EffectLine]:
    """Lines of the measure by id. Raises NotFound for one that is not its own."""
    found = lines_of(work.session, loaded.measure.id, ids)
    if found.keys() != ids:
        raise NotFound("not_found")
    return found


def _minors(command: SaveGrid, lines: Mapping[int, EffectLine]) -> tuple[dict[CellKey, int | None], Faults]:
    """New amounts in minor units by cell, and faults of what is none."""
    faults: Faults = {}
    if fault := text_fault(command.source, LONG):
        faults["source"] = [fault]
    wanted = {
        cell.key: minor_of(cell.amount, lines[cell.line_id].currency, faults, name_of(cell.key))
        for cell in command.cells
    }
    return wanted, faults


def fill_plan(command: FillPlan) -> int:
    """Fill plan months from the run rate; returns how many changed.

    A month takes a twelfth of the run rate, every twelfth full one the residual; of posts it takes the run rate itself.
    Raises as `save_grid`, and Invalid: run_rate_missing, number_form (`count`: 1 to 600 months), percent_form
    (`ramp`: 0 to 1000 with up to four decimals), required (`first`, when the line has no start).
    """
    return writing(command.origin, lambda work: _fill_plan(work, command), action_key=command.action_key)


def _fill_plan(work: Work, command: FillPlan) -> int:
    loaded, _ = _locked_for(work, command.key, Permission.FINANCE_PLAN)
    body = [
        "fill",
        command.key,
        command.line_id,
        plain(list(command.ramp)),
        command.count,
        plain(command.first),
    ]
    earlier = consumed(work, command.action_key, body)
    if earlier is not None:
        return int(earlier["changed"])
    lines = _lines(work, loaded, {command.line_id})
    line = lines[command.line_id]
    sheet = _sheet(work, loaded, lines, ["plan"])
    first = command.first or sheet.lives[line.id].planned
    faults: Faults = {}
    if not 1 <= command.count <= MOST_MONTHS:
        faults["count"] = ["count_of_months"]
    if not all(_is_percent(each) for each in command.ramp):
        faults["ramp"] = ["percent_form"]
    if fault := "required" if first is None else date_fault(first):
        faults["first"] = [fault]
    if line.run_rate is None or first is None or faults:
        raise Invalid("fill_invalid", faults or {"run_rate": ["run_rate_missing"]})
    spread = ramped if line.currency else levelled
    amounts = spread(line.run_rate, command.ramp, command.count)
    wanted: dict[CellKey, int | None] = {
        (line.id, "plan", later(first_of(first), n)): amount for n, amount in enumerate(amounts)
    }
    changed = _write(work, loaded, sheet, wanted, follow=False)
    return _done(work, loaded, command.action_key, body, changed)


def _is_percent(value: Decimal) -> bool:
    return value.is_finite() and 0 <= value <= MOST_RAMP_PERCENT and value == round(value, 4)


def copy_plan(command: CopyPlan) -> int:
    """Take the plan over as forecast; returns how many cells changed. Closed months and those with actuals stay.

    Of a line that starts with a milestone it is taken over as far later as the milestone is expected later than
    planned. Raises as `save_grid`.
    """
    return writing(command.origin, lambda work: _copy_plan(work, command), action_key=command.action_key)


def _as_expected(life: Life, month: date | None) -> date | None:
    """A planned month, as much later as the start of the line is now expected later than planned."""
    if month is None or life.planned is None or life.expected is None:
        return month
    return later(month, apart(life.planned, life.expected))


def _copy_plan(work: Work, command: CopyPlan) -> int:
    loaded, _ = _locked_for(work, command.key, Permission.FINANCE_FORECAST)
    body = ["copy-plan", command.key, command.line_id]
    earlier = consumed(work, command.action_key, body)
    if earlier is not None:
        return int(earlier["changed"])
    if command.line_id is None:
        lines = lines_of(work.session, loaded.measure.id)
    else:
        lines = _lines(work, loaded, {command.line_id})
    sheet = _sheet(work, loaded, lines, ["forecast", "actual"])
    plan = {
        (line, _as_expected(sheet.lives[line], month)): amount
        for (line, month), amount in values_in_force(work.session, loaded.measure.id, lines).items()
    }
    forecast = {(line, month): None for line, series, month in sheet.held if series == "forecast"}
    wanted: dict[CellKey, int | None] = {
        (line, "forecast", month): amount
        for (line, month), amount in {**forecast, **plan}.items()
        if not sheet.is_closed(month) and (month is None or (line, "actual", month) not in sheet.held)
    }
    changed = _write(work, loaded, sheet, wanted)
    return _done(work, loaded, command.action_key, body, changed)
