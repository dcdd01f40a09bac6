"""The history at size: `python -m tests.bench.bench_audit [ROWS] [sqlite|postgresql]` (budget B13)."""

import hashlib
import resource
import sys
import tempfile
import time
from datetime import timedelta
from pathlib import Path

from sqlalchemy import insert, select, update

from govapp.data.audit import AuditHead, AuditLog
from govapp.data.audit_queries import LogFilter, Reach, log_page
from govapp.data.engine import reading
from govapp.data.types import canonical
from govapp.domain.chain import mac_of
from govapp.services.audit import verify
from tests import databases
from tests.cast import fill_with_cast

EVENTS = ("measure:edited", "evidence:submitted", "review:vote", "measure:moved", "measure:commented")


def fill(engine, rows):
    """Signed rows behind those of the cast, in chunks."""
    with engine.connect().execution_options(govapp_write=True) as connection, connection.begin():
        head = (
            connection.execute(select(AuditHead.__table__).where(AuditHead.chain == "business"))
            .mappings()
            .one()
        )
        sequence, mac, at = head["sequence"], head["mac"], head["at"]
        chunk = []
        for n in range(rows):
            sequence, at = sequence + 1, at + timedelta(seconds=7)
            payload = canonical(
                {"changes": {"title": ["An old title", "A new title"]}, "version": n, "text": "x" * 120}
            )
            row = {
                "chain": "business", "sequence": sequence, "at": at, "actor_id": 1 + n % 13, "actor": "Olga Brandt",
                "on_behalf_of": None, "right_used": "part:owner", "source": "web", "request_id": "0123456789abcdef",
                "action_key": "k" * 20, "event": EVENTS[n % 5], "object_type": "measure", "object_id": f"M-{n % 1000}",
                "measure_id": n % 1000, "branch_id": 3, "payload": payload, "key_id": databases.KEY_ID,
                "payload_digest": hashlib.sha256(payload.encode()).hexdigest(), "previous_mac": mac,
            }  # fmt: skip
            row["mac"] = mac = mac_of(row, databases.AUDIT_KEY.encode())
            chunk.append(row)
            if len(chunk) == 10_000 or n == rows - 1:
                connection.execute(insert(AuditLog), chunk)
                chunk = []
        connection.execute(
            update(AuditHead).where(AuditHead.chain == "business").values(sequence=sequence, mac=mac, at=at)
        )


def page_milliseconds(what):
    """The better of two readings of a page."""
    best = 1e9
    for _ in range(2):
        began = time.perf_counter()
        with reading() as session:
            log_page(session, what, Reach(None), databases.ZONE)
        best = min(best, (time.perf_counter() - began) * 1000)
    return best


def main():
    """Print the table."""
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else 200_000
    dialect = sys.argv[2] if len(sys.argv) > 2 else "sqlite"
    with tempfile.TemporaryDirectory() as folder:
        template = databases.new_template(dialect, Path(folder), fill_with_cast)
        engine = databases.use(databases.open_engine(template.url), Path(folder) / "files")
        fill(engine, rows)
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        began, spent = time.perf_counter(), time.process_time()
        result = verify()
        wall, cpu = time.perf_counter() - began, time.process_time() - spent
        grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
        print(f"{dialect}, {result.rows} rows, whole: {result.ok}")
        speed = f"{result.rows / wall:10,.0f} rows/s, {result.rows / cpu:,.0f} a processor second"
        print(f"verify          {speed}, +{grown:.0f} MiB")
        filters = {
            "newest": LogFilter(),
            "event": LogFilter(event="measure:moved"),
            "rare event": LogFilter(event="structure:branch-added"),
            "person": LogFilter(person=3),
            "words": LogFilter(words="not to be found"),
        }
        for name, what in filters.items():
            print(f"page, {name:<10}{page_milliseconds(what):10.1f} ms")
        engine.dispose()


if __name__ == "__main__":
    main()
