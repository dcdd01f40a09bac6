"""Rebuilding derived data: all of it by command, what has come due by the clock."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import timedelta
from functools import partial

from sqlalchemy import select

from govapp.data.engine import reading
from govapp.data.measures import Measure
from govapp.data.snapshots import due_measures, load_measures
from govapp.domain.events import Event
from govapp.services._settle import settle
from govapp.services._work import Origin, Work, now, writing

CHUNK = 100


def settle_all(origin: Origin, progress: Callable[[int, int], None] | None = None) -> int:
    """Settle every measure in chunks; returns how many cards changed, which should be none. `progress(done, total)`."""
    with reading() as session:
        ids = list(session.scalars(select(Measure.id).order_by(Measure.id)))
    changed = 0
    for start in range(0, len(ids), CHUNK):
        chunk = ids[start : start + CHUNK]
        changed += len(writing(origin, partial(_settle_chunk, ids=chunk)))
        if progress:
            progress(min(start + CHUNK, len(ids)), len(ids))
    return changed


def settle_in_chunks(origin: Origin, measures: Iterable[int]) -> None:
    """Settle measures by id after a verb that touched what many of them read, CHUNK in a transaction."""
    ids, plain = sorted(set(measures)), replace(origin, on_behalf_of=None)
    for start in range(0, len(ids), CHUNK):
        writing(plain, partial(_settle_chunk, ids=ids[start : start + CHUNK]))


def _settle_chunk(work: Work, ids: list[int]) -> dict[str, list[str]]:
    """Settle, and say in the history what changed by it: open boards find cards by a row's sequence."""
    changed = settle(work, load_measures(work.session, ids, lock=True))
    shown = {key: sorted(set(names) - {"check_at"}) for key, names in changed.items()}
    if any(shown.values()):
        work.log(
            Event.MEASURES_SETTLED,
            {"changed": {key: names for key, names in shown.items() if names}},
            object_type="measure",
        )  # fmt: skip
    return changed


def settle_due(origin: Origin) -> int:
    """Settle measures whose time has come: evidence or a declared status has ended. Returns how many were looked at."""
    with reading() as session:
        ids = due_measures(session, (origin.at or now()) + timedelta(seconds=1))
    if ids:
        writing(origin, lambda work: _settle_chunk(work, sorted(ids)))
    return len(ids)
