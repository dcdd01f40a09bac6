"""Confirmations of closed months that were taken back: who enters the new amount, who confirms it, and asking them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy.orm import Session

from govapp.data.confirmable import CONTROLLER, confirmers_on
from govapp.data.ledger_pages import Entry, entries
from govapp.data.snapshots import Loaded
from govapp.domain.errors import Invalid, Refused
from govapp.domain.events import Event
from govapp.domain.ledger import AWAITS, REVERSAL
from govapp.domain.permissions import Permission
from govapp.domain.rights import may, right_of
from govapp.services._belongs import _where, visible
from govapp.services._work import Origin, Work, writing
from govapp.services.asking import _active, _asked_lately, right_to_ask_people

KIND = "amount_asked"
Named = tuple[int, str]


@dataclass(frozen=True, slots=True)
class OpenAgain:
    """A cell of a closed month whose confirmation was taken back; `amount` (minor units) still awaits a ruling."""

    line_id: int
    line: str
    month: date
    currency: str
    amount: int


@dataclass(frozen=True, slots=True)
class LateEntries:
    """Such cells, with who adds to closed months: the controller of the measure, and controllers of the branch."""

    cells: Sequence[OpenAgain]
    controller: Named | None
    others: Sequence[Named]

    @property
    def people(self) -> list[Named]:
        """Everybody who may enter the new amount."""
        return [*([self.controller] if self.controller else []), *self.others]


def late_entries(session: Session, loaded: Loaded, found: Sequence[Entry], today: date) -> LateEntries | None:
    """What is open again in closed months, and who can do something about it; None where nothing is."""
    cells = _open_again(loaded, found)
    if not cells:
        return None
    held = loaded.snapshot.parts.get(CONTROLLER)
    controller = (held.person_id, held.name) if held is not None and held.active else None
    parts = set(loaded.place.parts.values())
    others = [each for each in confirmers_on(session, loaded.place.path, today) if each[0] not in parts]
    return LateEntries(cells, controller, others)


def _open_again(loaded: Loaded, found: Sequence[Entry]) -> list[OpenAgain]:
    """Cells whose newest row is a reversal while their actual amount awaits; `found` comes newest first."""
    newest: dict[tuple[int, date | None], Entry] = {}
    for entry in found:
        newest.setdefault((entry.line_id, entry.month), entry)
    cells = []
    for line in loaded.snapshot.lines:
        for month, amount, standing in line.actual:
            if not month or standing != AWAITS or month > loaded.snapshot.locked:
                continue
            first = date.fromisoformat(f"{month}-01")
            last = newest.get((line.id, first))
            if last is not None and last.kind == REVERSAL:
                cells.append(OpenAgain(line.id, line.name, first, line.currency, amount))
    return cells


@dataclass(frozen=True, slots=True)
class AskLateEntry:
    """Ask those who may enter a new amount of a line in a closed month for it."""

    key: str
    line_id: int
    month: date
    origin: Origin


def ask_late_entry(command: AskLateEntry) -> list[str]:
    """Leave a notice for who may enter the amount; returns their names. The same is asked at most every four hours.

    Raises NotFound, Refused (for who takes no part in the measure), and Invalid: nobody_to_ask, asked_already.
    """
    return writing(command.origin, lambda work: _ask(work, command))


def _ask(work: Work, command: AskLateEntry) -> list[str]:
    loaded = visible(work, command.key)
    may(work.actor, Permission.FINANCE_VIEW, loaded.place)
    right = right_to_ask_people(work.actor, loaded.place)
    right = right or right_of(work.actor, Permission.FINANCE_CONFIRM, loaded.place)
    if right is None:
        raise Refused("no_right", permission=str(Permission.FINANCE_ACTUAL))
    found = late_entries(
        work.session, loaded, entries(work.session, loaded.measure.id), work.today(loaded.timezone)
    )
    wanted = (command.line_id, command.month)
    cell = (
        next((each for each in found.cells if (each.line_id, each.month) == wanted), None) if found else None
    )
    names = _active(work, [person for person, _ in found.people]) if found and cell else {}
    if cell is None or not names:
        raise Invalid("nobody_to_ask")
    payload: dict[str, Any] = {"line": cell.line, "month": f"{cell.month:%Y-%m}"}
    told = names.keys() - _asked_lately(work, loaded, names, KIND, payload)
    if not told:
        raise Invalid("asked_already", who=", ".join(names.values()))
    for person in sorted(told):
        work.tell(person, KIND, measure_id=loaded.measure.id, payload=payload)
    work.log(
        Event.ASKED, {"kind": KIND, "finding": "", "people": sorted(told), **payload}, right=right,
        object_type="measure", object_id=loaded.measure.key, **_where(loaded),
    )  # fmt: skip
    return [name for person, name in names.items() if person in told]
