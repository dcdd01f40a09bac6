"""Kills and full disks: what was acknowledged is there, nothing is half there, and it goes on (R12, R15)."""

import os
import random
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Self

from sqlalchemy import Engine, event, func, select
from sqlalchemy.exc import OperationalError

from govapp.config import ROOT
from govapp.data.audit import AuditLog
from govapp.data.engine import reading
from govapp.data.evidence import Evidence, EvidenceFile, EvidenceRevision
from govapp.data.imports import BatchRow
from govapp.data.measures import Measure
from govapp.services.audit import verify
from govapp.services.imports import ImportMeasures, import_measures
from govapp.services.settling import settle_all
from tests.cast import SYSTEM, Cast
from tests.factories import make_measure, make_proposal, measure_row, version_of
from tests.many import MAPPING, everything, numbered
from tests.support.endless import ROWS

KILLS = 12
KILLED_IMPORTS = 5


class Endless:
    """The program of tests/support/endless.py, whose actors are killed one after the other."""

    def __init__(self, mode: str, engine: Engine, files: Path) -> None:
        engine.dispose()
        url = engine.url.render_as_string(hide_password=False)
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.support.endless", mode, url, str(files)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT,
        )  # fmt: skip

    def act_and_be_killed(self, after: float, since: str = "") -> list[str]:
        """Let one actor run and kill it so many seconds after it said what begins so; what it said till then.

        So a kill falls among acts however fast the machine is.
        """
        assert self._process.stdin and self._process.stdout
        self._process.stdin.write("go\n")
        self._process.stdin.flush()
        first = self._line().split()
        assert first[:1] == ["pid"], first
        said: list[str] = []
        while since and not (said and said[-1].startswith(since)):
            said.append(self._line())
            assert said[-1] != "ended", "it came to its end before it could be killed"
        time.sleep(after)
        os.kill(int(first[1]), signal.SIGKILL)
        while (line := self._line()) != "ended":
            said.append(line)
        return said

    def _line(self) -> str:
        assert self._process.stdout
        line = self._process.stdout.readline().strip()
        assert line or self._process.poll() is None, "the program itself has ended"
        return line

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self._process.__exit__(*error)


def half_evidence() -> list[int]:
    """Revisions without their log row, without a file they name, or pieces that count more than they have."""
    with reading() as session:
        logged = select(AuditLog.sequence).where(AuditLog.event == "evidence:submitted")
        bare = select(EvidenceRevision.id).where(
            EvidenceRevision.seq.not_in(logged) | EvidenceRevision.id.not_in(select(EvidenceFile.revision_id))
        )
        revisions = (
            select(func.count())
            .select_from(EvidenceRevision)
            .where(EvidenceRevision.evidence_id == Evidence.id)
            .scalar_subquery()
        )
        wrong = select(Evidence.id).where(Evidence.revisions != revisions)
        return [*session.scalars(bare), *session.scalars(wrong)]


def test_r12_killed_in_the_middle_of_moves_every_acknowledged_one_is_there(
    sqlite: Engine, cast: Cast, tmp_path: Path
) -> None:
    for _ in range(3):
        make_measure(cast)
    chance, acknowledged = random.Random(12), 0
    with Endless("move", sqlite, tmp_path / "files") as endless:
        for _ in range(KILLS):
            since, after = chance.choice([("", 0.05), ("moved", 0.6)])
            said = [line.split() for line in endless.act_and_be_killed(chance.uniform(0.0, after), since)]
            acknowledged += len(said)
            last = {words[1]: words for words in said if words[0] == "moved"}
            for key, (_, _, version, state) in last.items():
                row = measure_row(key)
                assert row.version - int(version) in {0, 1}, (
                    "at most the one act that was not acknowledged any more"
                )
                assert row.version > int(version) or row.state == state
            with reading() as session:
                held = {
                    tuple(row)
                    for row in session.execute(select(EvidenceRevision.evidence_id, EvidenceRevision.number))
                }
            assert {(int(words[2]), int(words[3])) for words in said if words[0] == "handed-in"} <= held
            checked = verify(state=True, files=True)
            assert checked.ok, checked.faults
            assert not half_evidence()
            sqlite.dispose()
    assert acknowledged > KILLS
    assert settle_all(SYSTEM) == 0


def test_r12_an_import_killed_again_and_again_goes_on_and_adds_every_row_once(
    sqlite: Engine, cast: Cast, tmp_path: Path
) -> None:
    chance = random.Random(13)
    with Endless("import", sqlite, tmp_path / "files") as endless:
        for turn in range(KILLED_IMPORTS):
            endless.act_and_be_killed(chance.uniform(0.0, 0.2), "importing" if turn else "")
            checked = verify(state=True)
            assert checked.ok, checked.faults
            with reading() as session:
                applied = session.scalar(
                    select(func.count()).select_from(BatchRow).where(BatchRow.measure_id.is_not(None))
                )
                added = session.scalar(select(func.count()).select_from(Measure))
            assert applied == added, "a row and its measure are one transaction"
            sqlite.dispose()
    command = ImportMeasures(SYSTEM, "numbered.csv", numbered(ROWS), "service-desk", MAPPING)
    result = import_measures(command)
    assert result.resumed
    assert (result.rows, result.added, result.refused) == (ROWS, ROWS, 0)
    with reading() as session:
        keys = list(session.scalars(select(Measure.external_key)))
    assert sorted(keys) == sorted(f"N{n}" for n in range(ROWS))
    assert verify(state=True).ok
    assert settle_all(SYSTEM) == 0


@contextmanager
def no_growing_past(size: int) -> Iterator[None]:
    """The operating system refuses to let any file grow past a size: what a full disk looks like from a program."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@contextmanager
def no_more_pages(engine: Engine) -> Iterator[None]:
    """SQLite itself says that the disk is full."""

    def limit(connection: object, *_: object) -> None:
        connection.execute("PRAGMA max_page_count=1")  # type: ignore[attr-defined]  # a driver's connection

    def unlimit(connection: object, *_: object) -> None:
        connection.execute("PRAGMA max_page_count=4294967294")  # type: ignore[attr-defined]  # the same

    event.listen(engine, "checkout", limit)
    yield
    event.remove(engine, "checkout", limit)
    event.listen(engine, "checkout", unlimit)


def propose_until_it_fails(cast: Cast) -> OperationalError:
    """Fill what space there is; the error that came in the end."""
    for n in range(300):
        before = everything()
        try:
            make_proposal(cast, title=f"Proposal number {n}", description="x" * 9000)
        except OperationalError as error:
            assert everything() == before, "the failed verb left something behind"
            return error
    raise AssertionError("space did not run out")


def test_r15_a_disk_that_runs_full_leaves_nothing_half_written_and_works_again_without_a_restart(
    sqlite: Engine, cast: Cast
) -> None:
    assert sqlite.url.database
    wal = Path(f"{sqlite.url.database}-wal")
    key = make_proposal(cast)
    with no_growing_past(wal.stat().st_size + 200_000):
        error = propose_until_it_fails(cast)
    assert "disk I/O error" in str(error.orig) or "full" in str(error.orig)
    assert version_of(key) == 1
    assert make_proposal(cast)
    checked = verify(state=True)
    assert checked.ok, checked.faults
    assert settle_all(SYSTEM) == 0


def test_r15_when_the_database_says_it_is_full_the_verb_fails_clearly_and_works_later(
    sqlite: Engine, cast: Cast
) -> None:
    with no_more_pages(sqlite):
        error = propose_until_it_fails(cast)
    assert "full" in str(error.orig)
    assert make_proposal(cast)
    assert verify(state=True).ok
