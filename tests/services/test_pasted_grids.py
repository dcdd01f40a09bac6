"""A large table is made ready before the transaction that stores it: what changed meanwhile is seen."""

from datetime import date

import pytest
from sqlalchemy import event, func, select

from govapp.data.base import HISTORY
from govapp.data.engine import reading
from govapp.data.finance import EffectValue
from govapp.data.runtime import current
from govapp.domain.errors import Invalid, Refused, Stale
from govapp.domain.events import Event
from govapp.services import grid_files
from govapp.services._work import Work, writing
from govapp.services.audit import verify
from govapp.services.effects import SetEffectLine, set_effect_line
from govapp.services.grid_files import PasteGrid, paste_grid
from govapp.services.settling import settle_all
from tests.cast import SYSTEM
from tests.confirming import close_month
from tests.factories import make_measure
from tests.services.test_grids import MAY, cell, held, make_line, row_of, save

HEADS = ["Line", "Series", "2026-05", "2026-06"]


def paste(who, key: str, *rows, **more) -> int:
    return paste_grid(
        PasteGrid(key, [HEADS, *([str(each) for each in row] for row in rows)], who.origin, **more)
    )


def meanwhile(monkeypatch, act) -> None:
    """Somebody does something after the table was read and before it is stored."""
    stored = grid_files.writing

    def late(*args, **more):
        monkeypatch.setattr(grid_files, "writing", stored)
        act()
        return stored(*args, **more)

    monkeypatch.setattr(grid_files, "writing", late)


def states() -> int:
    with reading() as session:
        return session.scalar(select(func.count()).select_from(HISTORY["effect_value"])) or 0


def test_a_table_is_inserted_set_and_taken_back_with_every_state_kept(database, cast):
    key = make_measure(cast)
    line = make_line(cast, key)
    assert paste(cast.finance, key, (line, "plan", 10, 20), (line, "actual", 7, 8), source="SAP") == 4
    assert paste(cast.finance, key, (line, "plan", 10, 21), (line, "actual", "", 9)) == 3
    assert held(line) == {
        ("plan", "2026-05"): 1_000, ("plan", "2026-06"): 2_100, ("actual", "2026-06"): 900,
    }  # fmt: skip
    assert states() == 6, "four begun, of two the next one"
    row = row_of(line, "actual", date(2026, 6, 1))
    assert (row.hands, row.source, row.standing) == ([cast.finance.id], "SAP", "awaits")
    assert verify(state=True).faults == ()
    assert settle_all(SYSTEM) == 0


def test_what_changed_while_a_table_was_read_is_seen_in_the_transaction(database, cast, monkeypatch):
    key = make_measure(cast)
    line = make_line(cast, key)
    save(cast.owner, key, cell(line, "plan", MAY, 5))
    meanwhile(monkeypatch, lambda: save(cast.lead, key, cell(line, "plan", date(2026, 6, 1), 30)))
    assert paste(cast.finance, key, (line, "plan", 10, 20), (line, "actual", 7, 8)) == 4
    assert held(line)["plan", "2026-06"] == 2_000
    assert verify(state=True).faults == ()
    meanwhile(monkeypatch, lambda: close_month("2026-05"))
    with pytest.raises(Invalid) as closed:
        paste(cast.finance, key, (line, "actual", 1, 2))
    assert [found[4] for found in closed.value.values["problems"]] == ["period_locked"]
    add = SetEffectLine(key, "Another", "ebitda", "recurring", "EUR", cast.owner.origin)
    meanwhile(monkeypatch, lambda: set_effect_line(add))
    with pytest.raises(Stale):
        paste(cast.finance, key, (line, "plan", 1, 2))
    assert held(line)["plan", "2026-05"] == 1_000


def test_a_row_said_twice_is_one_fault_and_stands_after_the_real_ones(sqlite, cast):
    key = make_measure(cast)
    line = make_line(cast, key)
    with pytest.raises(Invalid) as refused:
        paste(cast.finance, key, (line, "plan", 1, 2), (line, "plan", 3, 4), (line, "forecast", 1, "NaN"))
    assert [(row, code) for row, *_, code in refused.value.values["problems"]] == [
        (4, "number"), (3, "cell_twice"),
    ]  # fmt: skip
    with pytest.raises(Refused):
        paste(cast.auditor, key, (line, "plan", 1, 2))
    assert held(line) == {}


def test_a_table_is_stored_by_a_few_statements_whatever_its_size(database, cast):
    key = make_measure(cast)
    numbers = [make_line(cast, key, name=f"Line {n}") for n in range(12)]
    seen: list[str] = []

    @event.listens_for(current().engine, "before_cursor_execute")
    def _count(connection, cursor, statement, parameters, context, many):
        if "effect_value" in statement and not statement.lstrip().startswith("SELECT"):
            seen.append(statement)

    counts = []
    for rows in (numbers[:2], numbers):
        seen.clear()
        paste(cast.finance, key, *((line, "plan", len(rows), 2) for line in rows))
        counts.append(len(seen))
    event.remove(current().engine, "before_cursor_execute", _count)
    assert counts[0] == counts[1] - 2 <= 4, "and those that set and end rows which are there"


def test_a_row_written_as_an_object_and_in_bulk_is_a_fault_of_the_program(sqlite, cast):
    key = make_measure(cast)
    line = make_line(cast, key)
    save(cast.owner, key, cell(line, "plan", MAY, 5))

    def act(work: Work) -> None:
        value = work.session.scalars(select(EffectValue).where(EffectValue.line_id == line)).one()
        value.source = "both"
        work.kept_rows("effect_value").end([value.id])
        work.log(Event.GRID_CHANGED, {"cells": {}, "lines": {}})

    with pytest.raises(ValueError, match="as objects and in bulk"):
        writing(SYSTEM, act)
