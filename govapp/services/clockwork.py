"""What the clock clears away once an hour; a key per period makes two clocks do it once."""

import logging
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import TypeVar

from sqlalchemy import delete, exists, or_, select
from sqlalchemy.dialects.postgresql import insert as insert_postgresql
from sqlalchemy.dialects.sqlite import insert as insert_sqlite

from govapp.data.audit import ActionKey
from govapp.data.blobs import BlobStore
from govapp.data.engine import reading
from govapp.data.evidence import Blob, EvidenceDraft, EvidenceFile
from govapp.data.ledger import CellRuling, LedgerRow
from govapp.data.notices import Notice, Outbox
from govapp.data.people import LoginSession, SignInFailure
from govapp.data.reports import Report
from govapp.data.runtime import current
from govapp.forms.evidence import draft_files
from govapp.services._work import Busy, Origin, Work, now, writing

# An action key guards a form on an open page; sessions end after hours, so days are ample.
KEYS_KEPT = timedelta(days=7)
SESSIONS_KEPT = timedelta(days=90)
COUNTS_KEPT = timedelta(days=2)
# Without a mail server mail stays in the outbox to be read; older than this it is news to nobody.
DELIVERED_KEPT = timedelta(days=14)
# What was asked and decided stays in the history; a notice only leads there.
NOTICES_KEPT = timedelta(days=90)
UNREAD_KEPT = timedelta(days=365)
# A file is stored before the row that names it commits; a day is far longer than any request.
ORPHANS_KEPT = timedelta(days=1)
AT_ONCE = 2000
T = TypeVar("T")
_log = logging.getLogger("govapp.clock")


def each_alone(origin: Origin, bodies: Iterable[Callable[[Work], T]]) -> list[T]:
    """Run each in a transaction of its own; what goes wrong with one is said and leaves the others alone.

    Raises Busy at the first that finds the database busy: the others would wait for the same.
    """
    done = []
    for body in bodies:
        try:
            done.append(writing(origin, body))
        except Busy:
            raise
        except Exception:  # noqa: BLE001 - one measure that fails must not keep the others waiting for ever
            _log.exception("one of several failed; it is tried again at the next turn")
    return done


def once_per(origin: Origin, key: str, act: Callable[[], object]) -> bool:
    """Do something unless it was done under that key, by this clock or another; True when it was done now."""
    if not writing(origin, lambda work: _claim(work, key)):
        return False
    act()
    return True


def _claim(work: Work, key: str) -> bool:
    insert = insert_sqlite if work.session.get_bind().dialect.name == "sqlite" else insert_postgresql
    values = {"kind": "period", "key": key, "payload": {}, "state": "done", "attempts": 0, "problem": ""}
    times = {"due_at": work.at, "made_at": work.at, "done_at": work.at}
    statement = (
        insert(Outbox)
        .values(values | times)
        .on_conflict_do_nothing(index_elements=["key"])
        .returning(Outbox.id)
    )
    return work.session.scalar(statement) is not None


def sweep_period(origin: Origin) -> bool:
    """The sweep of this hour, unless it was done."""
    at = origin.at or now()
    key = f"sweep:{at:%Y-%m-%dT%H}"
    with reading() as session:
        if session.scalar(select(Outbox.id).where(Outbox.key == key)):
            return False
    return once_per(origin, key, lambda: sweep(origin))


def sweep(origin: Origin) -> list[str]:
    """Clear away old keys, sessions, counts, notices, parcels, and files nobody uses; returns digests of the latter."""
    while writing(origin, _sweep_some) >= AT_ONCE:
        continue
    while writing(origin, _forget_files) >= AT_ONCE:
        continue
    at: datetime = origin.at or now()
    with reading() as session:
        known = set(session.scalars(select(Blob.digest)))
        known |= set(session.scalars(select(Report.file_digest).where(Report.file_digest != "")))
    return BlobStore(current().files).sweep(known, at - ORPHANS_KEPT)


def _sweep_some(work: Work) -> int:
    """One short transaction's worth; returns the largest number removed from one table."""
    at = work.at
    ended = or_(LoginSession.ended_at < at - SESSIONS_KEPT, LoginSession.expires_at < at - SESSIONS_KEPT)
    stale = Notice.read_at.is_not(None) | (Notice.at < at - UNREAD_KEPT)
    targets = (
        (ActionKey, ActionKey.key, ActionKey.at < at - KEYS_KEPT),
        (LoginSession, LoginSession.id, ended),
        (SignInFailure, SignInFailure.id, SignInFailure.at < at - COUNTS_KEPT),
        (Notice, Notice.id, (Notice.at < at - NOTICES_KEPT) & stale),
        (Outbox, Outbox.id, (Outbox.state == "done") & (Outbox.done_at < at - DELIVERED_KEPT)),
        (Outbox, Outbox.id, (Outbox.kind == "mail") & (Outbox.made_at < at - DELIVERED_KEPT)),
    )
    most = 0
    for table, key, old in targets:
        ids = list(work.session.scalars(select(key).where(old).limit(AT_ONCE)))
        if ids:
            work.session.execute(delete(table).where(key.in_(ids)))
        most = max(most, len(ids))
    return most


def _forget_files(work: Work) -> int:
    """Forget files that came in a day ago and that neither evidence, a draft nor the ledger names; returns how many."""
    drafts = work.session.scalars(select(EvidenceDraft.values).execution_options(yield_per=200))
    kept = {
        str(one.get("sha256")) for draft in drafts for files in draft_files(draft).values() for one in files
    }
    unused = select(Blob.digest).where(
        Blob.stored_at < work.at - ORPHANS_KEPT,
        ~exists().where(EvidenceFile.digest == Blob.digest),
        *(
            ~exists().where(table.digest != "", table.digest == Blob.digest)
            for table in (LedgerRow, CellRuling)
        ),
    )
    found = [digest for digest in work.session.scalars(unused) if digest not in kept][:AT_ONCE]
    if found:
        work.session.execute(delete(Blob).where(Blob.digest.in_(found)))
    return len(found)
