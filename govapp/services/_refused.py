"""Counts refusals a minute, so that a flood of them is counted instead of logged (architecture.md, The log)."""

from functools import cache
from typing import Any

from sqlalchemy import bindparam
from sqlalchemy.dialects.postgresql import insert as insert_postgresql
from sqlalchemy.dialects.sqlite import insert as insert_sqlite

from govapp.data.audit import RefusalCount
from govapp.services._work import Work

LOGGED_A_MINUTE = 10


def _count_refusal(work: Work, subject: str) -> int:
    """How many refusals this person or address has had within this minute, this one included."""
    minute = work.at.replace(second=0, microsecond=0)
    found = work.session.execute(
        _counting(work.session.get_bind().dialect.name), {"subject": subject, "minute": minute}
    )
    return int(found.scalar_one())


@cache
def _counting(dialect: str) -> Any:
    insert = insert_sqlite if dialect == "sqlite" else insert_postgresql
    return (
        insert(RefusalCount)
        .values(subject=bindparam("subject"), minute=bindparam("minute"), count=1)
        .on_conflict_do_update(index_elements=["subject", "minute"], set_={"count": RefusalCount.count + 1})
        .returning(RefusalCount.count)
    )
