"""B7: the inbox of a person with 500 open steps: `python -m tests.bench.bench_inbox [FILE_OR_URL] [STEPS]`.

Half of the steps are new to the controller, the other half were voted on before the dossier changed, so that the list
compares dossiers. Without an address it fills an SQLite file of its own; `postgresql` starts a server of its own.
Prints the CPU of the server a request, the clock, and the statements are those of tests/web/test_query_counts.py.
"""

import sys
import tempfile
from decimal import Decimal
from pathlib import Path

from sqlalchemy import func, select

from govapp.data.actors import load_actor
from govapp.data.engine import reading, write_session
from govapp.data.inbox import waiting_count
from govapp.data.measures import Measure
from govapp.services._work import now
from govapp.services.effects import SetEffectLine, set_effect_line
from tests import databases
from tests.bench.bench_web import show
from tests.bench.served import Client, series, server
from tests.cast import Cast, Someone, fill_with_cast, read_cast
from tests.factories import make_measure, move, submit, supply, vote
from tests.support import servers
from tests.support.copies import Copies, copy_measures, newest_sequence

STEPS = 500


def asked(cast: Cast) -> str:
    """A measure whose gate into Detailed waits for sponsor and controller."""
    key = make_measure(cast, "identified")
    effect = ("Fewer calls", "ebitda", "recurring", "EUR", cast.owner.origin)
    set_effect_line(SetEffectLine(key, *effect, run_rate=Decimal(84_000)))
    supply(cast, key, "detailed")
    move(cast, key, "detailed")
    return key


def fill(steps: int) -> Cast:
    """So many open steps for the controller: new ones, and ones to be looked at again."""
    fill_with_cast()
    cast = read_cast()
    with write_session() as session:
        since = newest_sequence(session.connection())
    asked(cast)
    again = asked(cast)
    vote(cast, again, cast.controller)
    submit(cast, again, "plan-numbers", run_rate=70_000)
    with write_session() as session:
        connection = session.connection()
        there = int(connection.scalar(select(func.count(Measure.id))) or 0)
        copy_measures(connection, Copies(steps // there - 1, since))
    return cast


def waits(person: Someone) -> int:
    """How many steps wait for a person."""
    with reading() as session:
        actor = load_actor(session, person.id, now())
        return waiting_count(session, actor) if actor else 0


def main() -> None:
    """Fill and measure."""
    where = sys.argv[1] if len(sys.argv) > 1 else ""
    with tempfile.TemporaryDirectory() as folder:
        url = where if "://" in where else f"sqlite:///{where or Path(folder) / 'inbox.db'}"
        if where == "postgresql":
            url = servers.postgres_url()
        engine = databases.use(databases.open_engine(url), databases.ROOT / "var" / "bench-files")
        databases.migrate(engine)
        cast = fill(int(sys.argv[2]) if len(sys.argv) > 2 else STEPS)
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql("ANALYZE")
        with server("wsgi:app", GOVAPP_DATABASE_URL=url) as served:
            for who in ("controller", "sponsor", "owner"):
                person = getattr(cast, who)
                print(f"{who}: {waits(person)} open steps")
                client = Client(served.port).sign_in(person.email)
                for page in ("/", "/?page=5", "/reviews", "/notices"):
                    show(
                        f"{page} of the {who}",
                        series(served, lambda _, page=page, client=client: client.ask("GET", page)),
                        None,
                    )


if __name__ == "__main__":
    main()
