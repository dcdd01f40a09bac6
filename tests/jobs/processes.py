"""What tests of jobs share: rows, a due outbox, worker and clock as processes of their own."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from sqlalchemy import update

from govapp.config import ROOT
from govapp.data.engine import reading
from govapp.data.notices import Outbox
from govapp.data.reports import Report
from govapp.services._work import Origin, writing
from tests import databases

ENDED = {"ready", "failed"}


def report_row(report_id: int) -> Report:
    with reading() as session:
        found = session.get_one(Report, report_id)
        session.expunge(found)
        return found


def await_state(report_id: int, states: set[str], seconds: float = 40) -> Report:
    end = time.monotonic() + seconds
    while (found := report_row(report_id)).state not in states:
        assert time.monotonic() < end, f"still {found.state} {found.phase}"
        time.sleep(0.02)
    return found


def make_due() -> None:
    """Let everything in the outbox be due now."""
    statement = update(Outbox).where(Outbox.state == "waiting")
    writing(Origin(None, "cli"), lambda work: work.session.execute(statement.values(due_at=work.at)))


class Process:
    """`flask --app wsgi worker` or `clock` on the test's database."""

    def __init__(self, command: str, url: str, redis_url: str, folder: Path) -> None:
        self.log = folder / f"{command}-{time.monotonic_ns()}.log"
        env = os.environ | {
            "GOVAPP_ENV": "test",
            "GOVAPP_DATABASE_URL": url,
            "GOVAPP_REDIS_URL": redis_url,
            "GOVAPP_FILES": str(folder / "files"),
            "GOVAPP_SECRET_KEY": databases.SECRET_KEY,
            "GOVAPP_AUDIT_KEY": databases.AUDIT_KEY,
            "GOVAPP_AUDIT_KEY_ID": databases.KEY_ID,
        }
        with self.log.open("wb") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "flask", "--app", "wsgi", command],
                cwd=ROOT, env=env, stdout=output, stderr=output, start_new_session=True,
            )  # fmt: skip

    def await_words(self, words: str, seconds: float = 30) -> None:
        """Wait until it has said something."""
        end = time.monotonic() + seconds
        while words not in self.log.read_text():
            assert self.process.poll() is None and time.monotonic() < end, self.log.read_text()
            time.sleep(0.05)

    def children(self) -> list[int]:
        found = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text()
        return [int(pid) for pid in found.split()]

    def stop(self, number: signal.Signals = signal.SIGTERM) -> float:
        """Seconds it took to end."""
        began = time.monotonic()
        if self.process.poll() is None:
            self.process.send_signal(number)
            self.process.wait(20)
        return time.monotonic() - began
