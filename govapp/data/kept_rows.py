"""Kept states of rows that are written many at once, without an object each (architecture.md, Past moments)."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import insert, literal, null, select, update
from sqlalchemy.orm import Session

from govapp.data.audit_rows import digest_of_end, digest_of_row
from govapp.data.base import HISTORY, Base
from govapp.data.engine import among

Digests = Mapping[Any, str]


@dataclass
class KeptRows:
    """What one transaction did to rows of a table: states that begin, by id, and ids of states that end.

    A row is a named tuple of all columns. `known` are digests made before the transaction, by row, and of states that
    end by id: each counts for exactly that state, so that one made of something else is of no use and does no harm.
    """

    name: str
    begun: dict[int, Any] = field(default_factory=dict)
    ended: set[int] = field(default_factory=set)
    born: set[int] = field(default_factory=set)
    known: Digests = field(default_factory=dict)

    def begin(self, rows: Iterable[Any], *, new: bool = False) -> None:
        """Rows were inserted (`new`) or set; of a row written twice the last state counts."""
        for row in rows:
            self.begun[row.id] = row
            if new:
                self.born.add(row.id)
            elif row.id not in self.born:
                self.ended.add(row.id)

    def end(self, ids: Iterable[int]) -> None:
        """Rows were deleted."""
        for number in ids:
            self.begun.pop(number, None)
            if number not in self.born:
                self.ended.add(number)

    def digests(self) -> Iterator[str]:
        """Digests of every state that ends or begins."""
        for number in self.ended:
            yield self.known.get(number) or digest_of_end(self.name, number)
        for row in self.begun.values():
            yield self.known.get(row) or digest_of_row(self.name, row._asdict())


def foreseen(name: str, rows: Iterable[Any], ended: Iterable[int]) -> dict[Any, str]:
    """Digests of states that a transaction is going to begin and end, made before it."""
    found: dict[Any, str] = {row: digest_of_row(name, row._asdict()) for row in rows}
    return found | {number: digest_of_end(name, number) for number in ended}


def keep_states(session: Session, kept: KeptRows, seq: int) -> None:
    """Close the old states and copy the new ones from the table as they stand there."""
    twin, table = HISTORY[kept.name], Base.metadata.tables[kept.name]
    if kept.ended:
        session.execute(_closing(session, twin, sorted(kept.ended), seq))
    if kept.begun:
        names = table.c.keys()
        new = select(*table.c, literal(seq), null()).where(among(session, table.c.id, sorted(kept.begun)))
        session.execute(insert(twin).from_select([*names, "from_seq", "to_seq"], new))


def _closing(session: Session, twin: Any, ids: Collection[int], seq: int) -> Any:
    return update(twin).where(among(session, twin.c.id, ids), twin.c.to_seq.is_(None)).values(to_seq=seq)
