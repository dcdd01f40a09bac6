"""Rules tried on past decisions: `python -m tests.bench.bench_replay [DECISIONS] [sqlite|postgresql]` (B7)."""

import os
import sys
import tempfile
import time
from itertools import pairwise
from pathlib import Path

from sqlalchemy import func, insert, select

from govapp.data.engine import reading, write_session
from govapp.data.gates import Replay
from govapp.data.reviews import DecisionRecord
from govapp.services.drafts import DraftVersion, draft_version
from govapp.services.governance import read_set
from govapp.services.replay_runs import run_replay
from govapp.services.replays import StartReplay, start_replay
from tests import databases
from tests.cast import SYSTEM, fill_with_cast, read_cast
from tests.factories import hold, make_measure, move


def a_history() -> None:
    """Five measures on their way to five stages, with refusals, reviews with votes, a hold and a way back."""
    cast = read_cast()
    for stage in ("identified", "detailed", "decided", "implemented", "closed"):
        key = make_measure(cast, stage)
        move(cast, key, "closed")
        move(cast, key, "defined", by=cast.lead, reason="Once more")
    hold(cast, make_measure(cast, "detailed"))


def multiply(wanted: int) -> int:
    """Copy what was decided until there are so many."""
    with write_session() as session:
        rows = [
            {name: value for name, value in dict(row).items() if name != "id"}
            for row in session.execute(select(DecisionRecord.__table__)).mappings()
        ]
        more = [rows[n % len(rows)] for n in range(wanted - len(rows))]
        for start in range(0, len(more), 5000):
            session.execute(insert(DecisionRecord), more[start : start + 5000])
        return session.scalar(select(func.count()).select_from(DecisionRecord)) or 0


def main() -> None:
    """Print the table."""
    wanted = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    dialect = sys.argv[2] if len(sys.argv) > 2 else "sqlite"
    with tempfile.TemporaryDirectory() as folder:
        template = databases.new_template(dialect, Path(folder), fill_with_cast)
        engine = databases.use(databases.open_engine(template.url), Path(folder) / "files")
        a_history()
        count = multiply(wanted)
        version = draft_version(DraftVersion(SYSTEM, read_set())).version_id
        seen = [time.perf_counter()]
        for name, tried in (("its own version", 1), ("another version", version)):
            trial = start_replay(StartReplay(SYSTEM, tried, min(wanted, 20_000)), by_job=False)
            began, spent = time.perf_counter(), time.process_time()
            seen[:] = [began]
            run_replay(trial, lambda *_: seen.append(time.perf_counter()), seconds=float("inf"))
            seen.append(time.perf_counter())
            wall, cpu = time.perf_counter() - began, time.process_time() - spent
            silence = max(after - before for before, after in pairwise(seen))
            with reading() as session:
                row = session.get_one(Replay, trial)
                found = f"{row.differing} otherwise in {len(row.differences)} groups, {row.faulty} faulty"
            took = f"{wall:.1f} s, CPU {cpu:.1f} s, longest silence {silence:.2f} s"
            print(f"{dialect}, {count} under {name}: {took}, {found} (load {os.getloadavg()[0]:.1f})")
        engine.dispose()


if __name__ == "__main__":
    main()
