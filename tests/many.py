"""Many measures quickly, and whole databases as values: for tests of threads, kills and failures."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any, TypeVar

from sqlalchemy import select

from govapp.data.engine import reading
from govapp.data.measures import Measure
from govapp.data.tables import Base
from govapp.services.imports import ImportMeasures, import_measures
from tests.cast import SYSTEM

T = TypeVar("T")
MAPPING: dict[str, Any] = {
    "name": "Numbered list",
    "source": "numbered",
    "encoding": "utf-8",
    "delimiter": "comma",
    "match": "key",
    "key": "id",
    "title": "name",
    "open_at": {"stage": "identified"},
}


def numbered(count: int) -> bytes:
    """A file of so many measures."""
    return ("id,name\n" + "".join(f"N{n},Measure number {n}\n" for n in range(count))).encode()


def open_many(count: int, branch: str = "service-desk") -> list[str]:
    """So many measures opened at Identified under a branch; their keys in order."""
    import_measures(ImportMeasures(SYSTEM, "numbered.csv", numbered(count), branch, MAPPING))
    with reading() as session:
        found = select(Measure.key).where(Measure.external_source == "numbered").order_by(Measure.id)
        return list(session.scalars(found))


def everything() -> dict[str, list[tuple[Any, ...]]]:
    """Every row of every table, sorted: what a failed or repeated act must leave as it was."""
    with reading() as session:
        return {
            table.name: sorted((tuple(row) for row in session.execute(select(table))), key=repr)
            for table in Base.metadata.sorted_tables
        }


def at_once(acts: Sequence[Callable[[], T]]) -> list[T | Exception]:
    """Run each act in a thread of its own, all started at the same moment; results or what they raised, in order."""
    start = Barrier(len(acts))

    def run(act: Callable[[], T]) -> T | Exception:
        start.wait(30)
        try:
            return act()
        except Exception as error:  # noqa: BLE001 - handed to the test, which looks at it
            return error

    with ThreadPoolExecutor(len(acts)) as threads:
        return list(threads.map(run, acts))
