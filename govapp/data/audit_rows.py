"""What a row of the business chain stands for: facts it made, kept states it began and ended, as digests (R19)."""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, select
from sqlalchemy.orm import Session

from govapp.data.base import HISTORY, Base
from govapp.data.evidence import EvidenceFile, EvidenceRevision
from govapp.data.ledger import CellRuling, LedgerRow, PeriodLock, PlanChangeVote, PlanVersion
from govapp.data.measures import Comment, StagePassage, StatusReport
from govapp.data.reviews import DecisionRecord, Dossier, ReviewStep, Vote
from govapp.data.types import canonical


@dataclass(frozen=True, slots=True)
class Fact:
    """A table whose rows never change: which column says the log row that made them, and what is filled in later.

    Rows without such a column were made together with a `parent`, whose id they carry.
    """

    sequence: str
    later: frozenset[str] = frozenset()
    parent: type[Base] | None = None
    by: str = ""

    def sequence_of(self, session: Session, row: Any) -> int:
        """The log row that made a row which this very transaction wrote."""
        bearer = row if self.parent is None else session.get_one(self.parent, getattr(row, self.by))
        found: int = getattr(bearer, self.sequence)
        return found


_JUDGED = frozenset({"judged", "judged_by", "judged_at", "judged_reason", "judged_for", "judged_seq"})
_STANDING = frozenset(
    {
        "state",
        "opened_at",
        "decided_at",
        "reminded_at",
        "target_at",
        "points_done",
        "look_at",
        "seq",
        "calendar",
    }
)
FACTS: dict[type[Base], Fact] = {
    Vote: Fact("seq"),
    Dossier: Fact("seq"),
    DecisionRecord: Fact("seq"),
    Comment: Fact("seq"),
    LedgerRow: Fact("seq"),
    CellRuling: Fact("seq"),
    PeriodLock: Fact("seq"),
    PlanVersion: Fact("seq"),
    PlanChangeVote: Fact("seq"),
    StatusReport: Fact("seq"),
    EvidenceRevision: Fact("seq", _JUDGED),
    EvidenceFile: Fact("seq", parent=EvidenceRevision, by="revision_id"),
    ReviewStep: Fact("seq", _STANDING),
    StagePassage: Fact("entered_seq", frozenset({"left_at", "left_seq"})),
}


_READ_BACK = frozenset({int, str})


def digest_of_row(table: str, values: Mapping[str, Any], later: Iterable[str] = ()) -> str:
    """The digest of a row as made. Empty values are left out, so that a column added one day changes no digest."""
    said = {name: _plain(value) for name, value in values.items() if value and name not in later}
    return _digest([table, said])


def digest_of_end(table: str, row_id: int) -> str:
    """The digest of a kept state that ended."""
    return _digest([table, row_id])


def _digest(said: list[Any]) -> str:
    return hashlib.sha256(canonical(said).encode()).hexdigest()


def _plain(value: Any) -> Any:
    """A value as it reads back from either database."""
    if type(value) in _READ_BACK:
        return value
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="microseconds")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, dict | list | tuple):
        return json.loads(canonical(value))
    return 1 if value is True else value


def digests_between(
    connection: Connection, after: int | None, until: int | None
) -> Iterator[tuple[int, str]]:
    """(sequence, digest) of every fact made, state begun and state ended by the log rows in a stretch of the chain.

    `after` and `until` None: from the beginning, to the end, and beyond them.
    """
    for model, fact in FACTS.items():
        table = model.__table__
        bearer = table if fact.parent is None else fact.parent.__table__
        statement = select(bearer.c[fact.sequence].label("numbered"), *table.c)
        if fact.parent is not None:
            statement = statement.join(bearer, bearer.c.id == table.c[fact.by])
        for number, *row in _stream(connection, statement, bearer.c[fact.sequence], after, until):
            values = dict(zip(table.c.keys(), row, strict=True))
            yield number, digest_of_row(model.__tablename__, values, fact.later)
    for name, twin in HISTORY.items():
        names = Base.metadata.tables[name].c.keys()
        begun = select(twin.c.from_seq, *(twin.c[each] for each in names))
        for number, *row in _stream(connection, begun, twin.c.from_seq, after, until):
            yield number, digest_of_row(name, dict(zip(names, row, strict=True)))
        ended = select(twin.c.to_seq, twin.c.id).where(twin.c.to_seq.is_not(None))
        for number, row_id in _stream(connection, ended, twin.c.to_seq, after, until):
            yield number, digest_of_end(name, row_id)


def _stream(
    connection: Connection,
    statement: Select[Any],
    numbered: ColumnElement[int],
    after: int | None,
    until: int | None,
) -> Iterator[Any]:
    if after is not None:
        statement = statement.where(numbered > after)
    if until is not None:
        statement = statement.where(numbered <= until)
    yield from connection.execute(statement.execution_options(yield_per=2000))
