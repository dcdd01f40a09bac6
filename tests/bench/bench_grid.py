"""The money grid on a real server: `python -m tests.bench.bench_grid [sqlite|postgresql]` (B9).

5 lines x 36 months x 4 series: the page, a save of one line's forecast, a save of all 720 cells, and a pasted table of
10,080 cells, stored and refused. Prints CPU of the server, median and p95 of the wait.
"""

import html
import json
import re
import sys
import tempfile
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path
from time import perf_counter, process_time

from sqlalchemy import Connection, Engine, event

from govapp.domain.planning import later
from govapp.services.effects import SetEffectLine, set_effect_line
from govapp.services.grid_files import PasteGrid, paste_grid
from govapp.services.grids import Cell, SaveGrid, save_grid
from tests import databases
from tests.bench.served import Client, Measured, Served, series, server
from tests.cast import SYSTEM, fill_with_cast, read_cast
from tests.factories import make_measure

LINES, MONTHS, SERIES, MANY = 5, 36, ("baseline", "plan", "forecast", "actual"), 70
START = date(2023, 1, 1)  # all over by now: actual amounts wait for their month
PAGE = "?year=2023&years=3"
_FIELD = re.compile(r'<input (?:type="hidden" )?name="([^"]+)" value="([^"]*)"')


def a_measure(lines: int, amount: int | None) -> tuple[str, list[int]]:
    """A measure with recurring lines, each cell of its grid holding an amount (None: empty); key and lines."""
    cast = read_cast()
    key = make_measure(cast)
    numbers = [
        set_effect_line(SetEffectLine(key, f"Line {n}", "ebitda", "recurring", "EUR", cast.owner.origin))
        for n in range(lines)
    ]
    if amount is not None:
        cells = [
            Cell(line, each, later(START, n), None, Decimal(amount + n))
            for line in numbers
            for each in SERIES
            for n in range(MONTHS)
        ]
        save_grid(SaveGrid(key, tuple(cells), SYSTEM))
    return key, numbers


def form_of(client: Client, key: str) -> dict[str, str]:
    """The grid's form as the page shows it."""
    text = client.ask("GET", f"/measures/{key}/finance{PAGE}")[1].decode()
    found = re.search(r"<form [^>]*data-grid.*?</form>", text, re.DOTALL)
    if found is None:
        raise AssertionError("there is no grid on the page")
    return {name: html.unescape(value) for name, value in _FIELD.findall(found[0])}


def saving(client: Client, key: str, which: Callable[[str], bool]) -> Callable[[int], tuple[int, bytes]]:
    """Saves the grid with other amounts in some of its cells; the form is read once, what was seen is kept up."""
    form = form_of(client, key)
    seen = json.loads(form["seen"])

    def ask(turn: int) -> tuple[int, bytes]:
        form["seen"] = json.dumps(seen)
        form["action_key"] = f"bench-{key}-{turn}-{id(seen)}"
        for name in list(seen):
            if which(name):
                seen[name] = seen[name] + 100
                form[f"c:{name}"] = str(Decimal(seen[name]) / 100)
        return client.ask("POST", f"/measures/{key}/finance/grid", form)

    return ask


def pasting(client: Client, key: str, numbers: list[int], bad: bool) -> Callable[[int], tuple[int, bytes]]:
    """Sends a table of 10,080 cells, every tenth amount wrong where it is `bad`."""

    def ask(turn: int) -> tuple[int, bytes]:
        months = [f"{later(START, n):%Y-%m}" for n in range(MONTHS)]
        rows = ["\t".join(["Line", "Series", *months])]
        for line in numbers:
            for each in SERIES:
                amounts = ["1e400" if bad and n % 10 == 0 else f"{turn * 100 + n}.5" for n in range(MONTHS)]
                rows.append("\t".join([str(line), each, *amounts]))
        sent = {"table": "\n".join(rows), "action_key": f"bench-{key}-{turn}-{bad}"}
        return client.ask("POST", f"/measures/{key}/finance/table", sent)

    return ask


def locked(engine: Engine, key: str, numbers: list[int]) -> str:
    """How long such a paste keeps its transaction open, in this process: medians of CPU and wait."""
    spans: list[tuple[float, float]] = []

    @event.listens_for(engine, "begin")
    def _begun(connection: Connection) -> None:
        connection.info["begun"] = perf_counter(), process_time()

    @event.listens_for(engine, "commit")
    def _ended(connection: Connection) -> None:
        wait, cpu = connection.info["begun"]
        spans.append((perf_counter() - wait, process_time() - cpu))

    months = [f"{later(START, n):%Y-%m}" for n in range(MONTHS)]
    found = []
    for turn in range(20):
        rows = [
            [str(line), each, *(f"{turn * 100 + n}.25" for n in range(MONTHS))]
            for line in numbers
            for each in SERIES
        ]
        spans.clear()
        paste_grid(PasteGrid(key, [["Line", "Series", *months], *rows], SYSTEM, "."))
        found.append(max(spans))
    waits, cpus = (sorted(each) for each in zip(*found, strict=True))
    return f"cpu {cpus[10] * 1000:6.1f} ms  p50 {waits[10] * 1000:6.1f}  least {waits[0] * 1000:6.1f}"


def show(what: str, found: Measured | str) -> None:
    """One line."""
    print(f"{what:44} {found}", flush=True)


def measure(served: Served) -> None:
    """All figures, at one client."""
    small, own = a_measure(LINES, 100)
    large, numbers = a_measure(MANY, None)
    lead = Client(served.port).sign_in("finance@example.test")
    show("page, 5 x 36 x 4", series(served, lambda n: lead.ask("GET", f"/measures/{small}/finance{PAGE}")))
    one = saving(lead, small, lambda name: name.startswith(f"{own[0]}:forecast:2023"))
    show("save, 12 cells of a line", series(served, one, 20, 303))
    show("save, all 720 cells", series(served, saving(lead, small, lambda name: True), 20, 303))
    show("paste of 10,080 cells, refused", series(served, pasting(lead, large, numbers, True), 5, 422))
    show("paste of 10,080 cells, stored", series(served, pasting(lead, large, numbers, False), 5, 303))


def main() -> None:
    """Measure on a database of its own."""
    dialect = sys.argv[1] if len(sys.argv) > 1 else "sqlite"
    with tempfile.TemporaryDirectory() as folder:
        template = databases.new_template(dialect, Path(folder), fill_with_cast)
        engine = databases.use(databases.open_engine(template.url), Path(folder) / "files")
        url = engine.url.render_as_string(hide_password=False)
        with server("wsgi:app", GOVAPP_DATABASE_URL=url) as served:
            Client(served.port).ask("GET", "/sign-in")
            measure(served)
        show("transaction of a paste of 10,080 cells", locked(engine, *a_measure(MANY, 1)))
        engine.dispose()


if __name__ == "__main__":
    main()
