"""The demonstration year for tests: seeded once a run and shared by all processes, with the file it was played from."""

import fcntl
import json
import shutil
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Engine, select

from govapp.data.engine import reading
from govapp.data.people import Person
from govapp.services.demo import seed_programme
from govapp.services.demo.seed import read_programme
from tests import databases

ZONE = ZoneInfo("Europe/Berlin")


@dataclass(frozen=True)
class Year:
    """The seeded database, where its files lie, what the seed left out, and the file as plain values."""

    engine: Engine
    files: Path
    left_out: list[str]
    programme: dict[str, Any]

    @property
    def measures(self) -> dict[str, Any]:
        """Measures of the file by key."""
        return {one["key"]: one for one in self.programme["measures"]}

    @property
    def as_of(self) -> date:
        """The day on which the file stands."""
        day: date = self.programme["programme"]["as_of"]
        return day

    def events(self, *names: str) -> list[tuple[str, dict[str, Any]]]:
        """Events of the file with the measure's key, in the order of the file."""
        return [
            (key, said)
            for key, one in self.measures.items()
            for said in one["history"]
            if said["event"] in names
        ]

    def people(self) -> dict[int, str]:
        """Keys of the file by the id of a person."""
        keys = {one["email"]: one["key"] for one in self.programme["people"]}
        with reading() as session:
            rows = session.execute(select(Person.id, Person.email))
            return {number: keys[email] for number, email in rows if email in keys}


def play_once(factory: pytest.TempPathFactory) -> Year:
    """Seed where no other process of the run has; the folder above a worker's own is common to all of them."""
    base = factory.getbasetemp()
    folder = (base.parent if base.name.startswith("popen-") else base) / "demonstration"
    folder.mkdir(exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        engine = databases.use(databases.open_engine(f"sqlite:///{folder / 'demo.db'}"), folder / "files")
        said = folder / "left_out.json"
        if not said.exists():
            databases.migrate(engine)
            said.write_text(json.dumps(seed_programme()), encoding="utf-8")
    left_out = json.loads(said.read_text(encoding="utf-8"))
    return Year(engine, folder / "files", left_out, read_programme())


def a_copy(year: Year, folder: Path) -> Engine:
    """A copy of the year's database and files to write into; it becomes the process's own."""
    databases.copy_file(Path(str(year.engine.url.database)), folder / "demo.db")
    shutil.copytree(year.files, folder / "files")
    return databases.use(databases.open_engine(f"sqlite:///{folder / 'demo.db'}"), folder / "files")


def minute(at: datetime | None) -> str:
    """A moment as the file writes it."""
    return (
        "" if at is None else at.replace(tzinfo=at.tzinfo or UTC).astimezone(ZONE).strftime("%Y-%m-%d %H:%M")
    )
