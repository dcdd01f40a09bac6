"""Pages and moves of a real server: `python -m tests.bench.bench_web FILE_OR_URL [moves|pages|clients|all]`.

Budgets B1, B2, B4 and B5. The database is one that tests.bench.fill has made;
`postgresql [WHAT] [MEASURES]` starts a PostgreSQL of its own and fills it.
Prints each figure, that of board and moves with its ratio to the bound of the same run.
"""

import re
import sys
import tempfile
import threading
import time
from pathlib import Path

from sqlalchemy import select

from govapp.data.engine import reading
from govapp.data.measures import Card, Measure
from govapp.data.people import Person
from govapp.data.reviews import Review
from govapp.services._work import Origin
from govapp.services.reviews import WithdrawReview, withdraw_review
from tests import databases
from tests.bench import bound
from tests.bench.fill import fill
from tests.bench.served import Client, Measured, Served, series, server
from tests.support import servers

HTMX = {"HX-Request": "true", "HX-Request-Type": "partial"}
_VERSION = re.compile(r'data-version="(\d+)"')
PAGES = (
    "/board?branch=hundred", "/board?branch=service-quality", "/board?branch=service-quality&waiting=any",
    "/board?branch=service-quality&q=login", "/measures", "/measures?q=password", "/measures?missing=any&sort=waiting",
    "/measures?sort=title&page=2", "/measures/M-4", "/measures/M-4/evidence", "/measures/M-4/history", "/reviews", "/",
    "/admin/people",
)  # fmt: skip
LEAD = "lead@example.test"


def keys(stage: str, *clauses, limit: int = 60) -> list[str]:
    """Keys of active measures of a stage, spread."""
    with reading() as session:
        found = select(Measure.key).join(Card, Card.measure_id == Measure.id)
        found = found.where(Measure.stage == stage, Measure.state == "active", *clauses)
        return list(session.scalars(found.order_by(Measure.id).limit(limit)))


def version_of(key: str) -> str:
    """The version a card would carry."""
    with reading() as session:
        return str(session.scalars(select(Measure.version).where(Measure.key == key)).one())


def drop(client: Client, key: str, name: str, **fields: str) -> tuple[int, bytes]:
    """Drop a card as the board's script does."""
    sent = {"version": version_of(key), "action_key": f"bench-{key}-{name}-{time.monotonic_ns()}"} | fields
    here = f"http://127.0.0.1:{client.port}/board?branch=service-quality"
    return client.ask("POST", f"/measures/{key}/moves", sent, **HTMX, **{"HX-Current-URL": here})


def hold_or_release(client: Client, key: str, n: int) -> tuple[int, bytes]:
    """Hold and release in turn: an accepted change of state with all its records."""
    if n % 2:
        return drop(client, key, str(n), ask="release", reason="The vendor has answered")
    return drop(
        client, key, str(n), ask="hold", reason="The vendor has to answer", cause="waits_for_supplier"
    )


def moves(served: Served, base: Measured | None) -> None:
    """B2 at one client."""
    client = Client(served.port).sign_in(LEAD)
    ready = keys("defined", Card.missing == 0, Card.review_id.is_(None))
    lacking = keys("defined", Card.missing > 0)
    back = keys("identified")
    show("move back", series(served, lambda n: drop(client, back[n], str(n), to="defined", reason="New scope"),
                             min(40, len(back) - 6)), base)  # fmt: skip
    show("hold or release", series(served, lambda n: hold_or_release(client, lacking[0], n)), base)
    show("refused", series(served, lambda n: drop(client, lacking[n % len(lacking)], str(n), to="identified"),
                           expect=422), base)  # fmt: skip
    opened = min(40, len(ready) - 4)
    found = series(served, lambda n: drop(client, ready[n], str(n), to="identified"), opened, 202)
    show(f"review opened ({opened})", found, base)
    withdraw(ready)


def withdraw(ready: list[str]) -> None:
    """Withdraw the open reviews of these measures."""
    with reading() as session:
        who = Origin(session.scalars(select(Person.id).where(Person.email == LEAD)).one(), "web", "bench")
        statement = select(Review.id).join(Measure, Measure.id == Review.measure_id)
        ids = session.scalars(statement.where(Measure.key.in_(ready), Review.state == "open")).all()
    for review in ids:
        withdraw_review(WithdrawReview(review, who, "Only measured"))


def pages(served: Served, base: Measured | None) -> None:
    """B4 and B5 at one client."""
    lead = Client(served.port).sign_in(LEAD)
    administrator = Client(served.port).sign_in("administrator@example.test")
    for address in PAGES:
        client = administrator if address.startswith("/admin") else lead
        ratio = base if address.startswith("/board") else None
        show(address, series(served, lambda n, c=client, a=address: c.ask("GET", a), 21), ratio)


def clients(served: Served, number: int = 8, each: int = 25) -> None:
    """Eight people at once: moves of different cards, then the board."""
    people = [Client(served.port).sign_in(LEAD) for _ in range(number)]
    cards = keys("defined", Card.missing > 0, limit=number)
    together(
        "moves",
        people,
        each,
        200,
        lambda n, client, turn: hold_or_release(client, cards[n % len(cards)], turn),
    )
    together("boards", people, each, 200, lambda n, client, turn: client.ask("GET", "/board?branch=hundred"))


def together(what: str, people: list[Client], each: int, expect: int, ask) -> None:
    """All ask at once, each so often; prints the rate, the failures and the worst wait."""
    took: list[float] = []
    failed: list[int] = []

    def one(n: int) -> None:
        for turn in range(each):
            began = time.perf_counter()
            status, _ = ask(n, people[n], turn)
            took.append((time.perf_counter() - began) * 1000)
            if status != expect:
                failed.append(status)

    threads = [threading.Thread(target=one, args=(n,)) for n in range(len(people))]
    began = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    rate = len(took) / (time.perf_counter() - began)
    print(f"{what + ', ' + str(len(people)) + ' clients':44} {rate:6.0f}/s  failed {len(failed)} {set(failed) or ''}"
          f"  worst {max(took):6.0f} ms")  # fmt: skip


def show(what: str, found: Measured, base: Measured | None) -> None:
    """One line."""
    ratio = f"  x{found.cpu / base.cpu:4.1f} of the bound" if base and base.cpu else ""
    print(f"{what:44} {found}{ratio}", flush=True)


def the_bound() -> tuple[Measured, Measured]:
    """Page and move of the bare application, in this run."""
    with tempfile.TemporaryDirectory() as folder:
        bound.FILE = str(Path(folder) / "bound.db")
        bound.make()
        with server("tests.bench.bound:app", BOUND_FILE=bound.FILE) as served:
            client = Client(served.port)
            page = series(served, lambda n: client.ask("GET", "/board"), 60)
            move = series(served, lambda n: client.ask("POST", f"/measures/M-{n}/moves", {"to": "1"}), 60)
    show("bound: page of 150 cards", page, None)
    show("bound: move", move, None)
    return page, move


def main() -> None:
    """Measure what is asked for."""
    where, what = sys.argv[1], (sys.argv[2] if len(sys.argv) > 2 else "all")
    url = where if "://" in where else f"sqlite:///{where}"
    if where == "postgresql":
        url = servers.postgres_url()
    engine = databases.use(databases.open_engine(url), databases.ROOT / "var" / "bench-files")
    if where == "postgresql":
        databases.migrate(engine)
        fill(engine, int(sys.argv[3]) if len(sys.argv) > 3 else 110, 100)
    page, move = the_bound()
    began = time.perf_counter()
    with server("wsgi:app", GOVAPP_DATABASE_URL=url) as served:
        Client(served.port).ask("GET", "/sign-in")
        print(f"{'first page after':44} {time.perf_counter() - began:6.1f} s")
        if what in {"all", "moves"}:
            moves(served, move)
        if what in {"all", "clients"}:
            clients(served)
        if what in {"all", "pages"}:
            pages(served, page)
        print(f"{'memory of two workers and their master':44} {served.memory():6.0f} MiB")


if __name__ == "__main__":
    main()
