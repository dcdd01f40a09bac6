"""A program that acts on a database until it is killed: `python -m tests.support.endless MODE URL FILES`.

It stays alive and forks one actor after the other, so that a dozen kills cost no dozen starts. It prints one line for
each actor (`pid N`), for each act that was acknowledged, and when the actor has ended (`ended`).
"""

import os
import sys
import traceback
from collections.abc import Callable
from itertools import count
from pathlib import Path

from govapp.domain.asks import AskKind
from govapp.services.imports import ImportMeasures, import_measures
from tests import databases, factories
from tests.cast import SYSTEM, read_cast
from tests.factories import measure_row, move, submit
from tests.many import MAPPING, numbered

ROWS = 2000


def say(line: str) -> None:
    """One line, at once."""
    os.write(1, f"{line}\n".encode())


def go_on_moving() -> None:
    """Hold, release, recycle and hand in evidence, card after card; says version, stage and state after each."""
    factories._numbers = count(os.getpid() * 10**6)  # action keys that no actor before has used
    cast = read_cast()
    for turn in count():
        key = f"M-{turn // 2 % 3 + 1}"
        row = measure_row(key)
        if turn % 2 == 0 and row.state == "on_hold":
            move(cast, key, ask=AskKind.RELEASE, by=cast.lead, reason="The vendor has answered by now")
        elif turn % 2:
            handed = submit(cast, key, "milestone-proof")
            say(f"handed-in {key} {handed.evidence_id} {handed.revision}")
            continue
        else:
            move(cast, key, ask=AskKind.HOLD, by=cast.lead, reason="The vendor has to answer first")
        row = measure_row(key)
        say(f"moved {key} {row.version} {row.state}")


def go_on_importing() -> None:
    """Import a file, or go on with it."""
    command = ImportMeasures(SYSTEM, "numbered.csv", numbered(ROWS), "service-desk", MAPPING)
    import_measures(command, lambda phase, done, total, refused: say(f"{phase} {done}"))
    say("complete")


ACTS: dict[str, Callable[[], None]] = {"move": go_on_moving, "import": go_on_importing}


def main(mode: str, url: str, files: str) -> None:
    """Fork actors, one for each line read, until there is no more to read."""
    for _ in sys.stdin:
        pid = os.fork()
        if pid == 0:
            try:
                databases.use(databases.open_engine(url), Path(files))
                say(f"pid {os.getpid()}")
                ACTS[mode]()
            except Exception:  # noqa: BLE001 - whatever it is, it is shown and the actor ends
                traceback.print_exc()
                os._exit(1)
            os._exit(0)
        os.waitpid(pid, 0)
        say("ended")


if __name__ == "__main__":
    main(*sys.argv[1:])
