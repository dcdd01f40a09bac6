"""B8: roll-ups of 10,000 measures x 5 lines x 36 months x 4 series: `python -m tests.bench.bench_rollup FILE [fill]`.

FILE is an SQLite file or address that `tests.bench.fill` made (10000 measures). `fill` writes lines and 7.2 million
amounts into it by SQL and lets `settle --all` derive what is kept. Every run then adds all amounts up again, cell by
cell in another way, and holds what is kept against it to the minor unit; then it measures the reads. CPU in ms.
"""

import statistics
import sys
import time
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, func, insert, select, text

from govapp.data import rollup_queries as queries
from govapp.data.engine import reading, write_session
from govapp.data.finance import CurrencyRate
from govapp.data.list_scope import Scope, read_scope
from govapp.data.measures import Measure
from govapp.data.money_totals import MONTH_COLUMNS, MoneyLine, MoneyTotal
from govapp.data.rate_queries import rate_table
from govapp.data.rollup_queries import MoneyFilter, Reach
from govapp.data.structure import Branch, Organization
from govapp.domain.money_rows import month_at
from govapp.domain.rights import SYSTEM as PROGRAM
from govapp.domain.rollups import Basis, total
from govapp.services.settling import settle_all
from tests import databases
from tests.cast import SYSTEM

LINES = (
    ("ebitda", "recurring", "handling-effort", "EUR"), ("ebitda", "recurring", "licences", "USD"),
    ("ebitda", "one_off", "implementation-cost", "EUR"), ("cost-avoidance", "recurring", "outage-cost", "GBP"),
    ("cash", "recurring", "vendor-contract", "EUR"),
)  # fmt: skip
MONTHS, YEAR, READINGS = 36, 2026, 20
SHOWN = ("target", "plan", "forecast", "actual", "confirmed", "booked", "run_rate")
_SERIES = ("plan", "forecast", "actual")
# Measures whose plan the verbs froze keep that version: nothing is added to it.
_OPEN = "l.measure_id NOT IN (SELECT measure_id FROM plan_version)"


def _amount(line: str, month: str, series: int) -> str:
    return f"(({line} * 7919 + {month} * 104729 + {series} * 1299709) % 2000003 - 300000)"


def fill(connection: Connection) -> None:
    """Lines and amounts instead of those that are there; every tenth measure has a frozen plan that differs."""
    execute = connection.exec_driver_sql
    for table in ("effect_value", "effect_value_history", "effect_line", "effect_line_history", "money_line"):
        execute(f"DELETE FROM {table}")
    execute("DELETE FROM money_year")
    execute("DELETE FROM money_total")
    execute(
        "UPDATE measure SET service = 'service-' || (id % 20), vendor = 'vendor-' || (id % 50), "
        "business_unit = 'business-unit-' || (id % 5), function = 'function-' || (id % 7)"
    )
    execute("UPDATE card SET money_branch = NULL")
    for n, (kind, timing, category, currency) in enumerate(LINES, 1):
        execute(
            "INSERT INTO effect_line (id, measure_id, name, kind, timing, category, cost_object, currency, run_rate, "
            f"version) SELECT id * 10 + {n}, id, 'Line {n}', '{kind}', '{timing}', '{category}', "
            f"'CC-' || (id % 40), '{currency}', {'NULL' if timing == 'one_off' else 'id * 1000 + ' + str(n)}, 1 "
            "FROM measure"
        )
    connection.execute(text("CREATE TEMPORARY TABLE month_of (n BIGINT, day DATE)"))
    days = [(n + 1, month_at(YEAR + n // 12, n % 12, 1)) for n in range(MONTHS)]
    connection.execute(
        text("INSERT INTO month_of VALUES (:n, :day)"), [{"n": n, "day": day.isoformat()} for n, day in days]
    )
    columns = "measure_id, line_id, series, month, plan_version, amount, standing, hands, source"
    for n, series in enumerate(_SERIES):
        execute(
            f"INSERT INTO effect_value ({columns}) SELECT l.measure_id, l.id, '{series}', m.day, 0, "
            f"{_amount('l.id', 'm.n', n)}, '', '[]', '' FROM effect_line l, month_of m"
        )
    execute(
        f"INSERT INTO effect_value ({columns}) SELECT l.measure_id, l.id, 'plan', m.day, 1, "
        f"{_amount('l.id', 'm.n', 7)}, '', '[]', '' FROM effect_line l, month_of m "
        f"WHERE l.measure_id % 10 = 0 AND {_OPEN}"
    )
    at = datetime(2026, 1, 5, tzinfo=UTC).isoformat(sep=" ")
    execute(
        "INSERT INTO plan_version (measure_id, number, cause, lines, rates, translated, right_used, at, seq) SELECT "
        f"id, 1, 'decided', '{{}}', '{{\"GBP\":\"1.17\",\"USD\":\"0.92\"}}', '{{}}', '', '{at}', 1 "
        f"FROM measure l WHERE l.id % 10 = 0 AND {_OPEN.replace('measure_id NOT', 'id NOT', 1)}"
    )
    execute(
        "INSERT INTO ledger_row (measure_id, line_id, month, kind, amount, currency, rate, translated, reason, late, "
        "document, digest, signed_name, right_used, at, seq) SELECT l.measure_id, l.id, m.day, 'confirmation', "
        f"{_amount('l.id', 'm.n', 3)}, l.currency, '', {_amount('l.id', 'm.n', 4)}, '', false, '', '', '', '', '{at}', "
        "1 FROM effect_line l, month_of m"
    )
    rows = [("plan", "USD", days[0][1], "0.92"), ("plan", "GBP", days[0][1], "1.17")]
    rows += [
        ("actual", c, day, f"{Decimal('0.9') + Decimal(n) / 1000}") for c in ("USD", "GBP") for n, day in days
    ]
    organization = connection.scalars(select(Organization.id).where(Organization.key == "OI")).one()
    names = ("kind", "currency", "from_day", "rate")
    connection.execute(
        insert(CurrencyRate),
        [
            dict(zip(names, row, strict=True)) | {"organization_id": organization, "version": 1}
            for row in rows
        ],
    )


def kept(connection: Connection) -> dict[tuple[str, int], int]:
    """Kept sums by series and month of the whole tree, in minor units whatever the currency."""
    found: dict[tuple[str, int], int] = {}
    sums = [func.sum(getattr(MoneyTotal, name)) for name in MONTH_COLUMNS]
    for series, currency, year, *months in connection.execute(
        select(MoneyTotal.series, MoneyTotal.currency, MoneyTotal.year, *sums).group_by(
            MoneyTotal.series, MoneyTotal.currency, MoneyTotal.year
        )
    ):
        for place, minor in enumerate(months):
            if minor:
                found[f"{series} {currency}", year * 12 + place] = int(minor)
    return found


def counted_again(connection: Connection) -> dict[tuple[str, int], int]:
    """The same from the amounts themselves, row by row in Python; cancelled and archived measures left out."""
    out = set(connection.scalars(select(Measure.id).where((Measure.state == "cancelled") | Measure.archived)))
    frozen = set(connection.exec_driver_sql("SELECT measure_id FROM plan_version").scalars())
    currency = dict(connection.exec_driver_sql("SELECT id, currency FROM effect_line").all())
    found: dict[tuple[str, int], int] = {}

    def add(series: str, code: str, month: Any, minor: int) -> None:
        day = date.fromisoformat(month) if isinstance(month, str) else month
        key = (f"{series} {code}", day.year * 12 + day.month - 1)
        found[key] = found.get(key, 0) + minor

    for measure, line, series, month, version, minor in connection.exec_driver_sql(
        "SELECT measure_id, line_id, series, month, plan_version, amount FROM effect_value"
    ):
        if measure in out or (series == "plan" and version != (1 if measure in frozen else 0)):
            continue
        add(series, currency[line], month, minor)
        if series == "plan":
            add("first_plan", currency[line], month, minor)
    for measure, line, month, minor, booked in connection.exec_driver_sql(
        "SELECT measure_id, line_id, month, amount, translated FROM ledger_row"
    ):
        if measure not in out:
            add("confirmed", currency[line], month, minor)
            add("booked", "EUR", month, booked)
    return {key: minor for key, minor in found.items() if minor}


def prove() -> str:
    """Hold what is kept against all amounts. Raises AssertionError where they differ."""
    with reading() as session:
        connection = session.connection()
        right, said = counted_again(connection), kept(connection)
        lines = session.scalar(select(func.count()).select_from(MoneyLine))
        said = {key: minor for key, minor in said.items() if not key[0].startswith("run_rate")}
        assert said == right, "what is kept is not what the amounts add up to"
        values = session.connection().exec_driver_sql(
            "SELECT (SELECT count(*) FROM effect_value) + (SELECT count(*) FROM ledger_row)"
        )
        return f"{values.scalar():,} amounts, {lines:,} rows kept of lines: {len(right)} sums equal to the minor unit"


def measured(name: str, call: Callable[[], Any], budget: int) -> None:
    """Print the median of so many readings."""
    call()
    readings = []
    for _ in range(READINGS):
        began = time.process_time()
        call()
        readings.append((time.process_time() - began) * 1000)
    print(f"{name:58} {statistics.median(readings):8.1f} ms CPU   budget {budget}")


def main() -> None:
    """Fill where asked, prove, measure."""
    where = sys.argv[1]
    url = where if "://" in where else f"sqlite:///{where}"
    engine = databases.use(databases.open_engine(url), databases.ROOT / "var" / "bench-files")
    if "fill" in sys.argv[2:]:
        began = time.perf_counter()
        with write_session() as session:
            fill(session.connection())
        print(f"filled in {time.perf_counter() - began:.0f} s")
        began = time.perf_counter()
        settle_all(SYSTEM, lambda done, all_of: done % 2000 or print(f"  settled {done} of {all_of}"))
        print(f"settled in {time.perf_counter() - began:.0f} s")
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql("ANALYZE")
    if "quick" not in sys.argv[2:]:
        print(prove())
    _measure()


def _measure() -> None:
    with reading() as session:
        scope: Scope = read_scope(session, PROGRAM)
        root = session.scalars(select(Branch).where(Branch.key == "OI")).one()
        reach: Reach = queries.reach_of(scope, root.path)
        table = rate_table(session, root.organization_id)
        basis = Basis(table, date(2026, 11, 20))

        def months_kept() -> None:
            rows = queries.total_rows(session, reach.branches, MoneyFilter(year=YEAR))[""]
            for series in ("target", "plan", "forecast", "actual", "confirmed"):
                for place in range(12):
                    total(rows, series, basis, (place, place + 1))

        def year(**more: Any) -> Callable[[], Any]:
            wanted = MoneyFilter(year=YEAR, **more)
            return lambda: queries.year_rows(session, reach, wanted, table.own, series=SHOWN)

        def months(**more: Any) -> Callable[[], Any]:
            wanted = MoneyFilter(year=YEAR, **more)
            return lambda: queries.month_rows(session, reach, wanted, table.own, "", SHOWN)

        measured("months of the whole tree from kept sums", months_kept, 50)
        measured("year, one service", year(service="service-3"), 250)
        measured("year, one unit of five", year(unit="business-unit-1"), 250)
        measured("year, active measures (nothing left out by it)", year(state="active"), 250)
        measured("year, words in the title", year(q="password"), 250)
        measured("year, one cost object", year(cost_object="CC-7"), 250)
        measured(
            "year by vendor, all measures",
            lambda: queries.year_rows(session, reach, MoneyFilter(year=YEAR), table.own, "vendor", SHOWN), 250,
        )  # fmt: skip
        measured(
            "year by vendor, savings (as the page asks)",
            lambda: queries.year_rows(
                session, reach, MoneyFilter(year=YEAR, kinds=("ebitda",)), table.own, "vendor", SHOWN
            ), 250,
        )  # fmt: skip
        measured("months, one service", months(service="service-3"), 2000)
        measured("months, active measures (nothing left out by it)", months(state="active"), 2000)


if __name__ == "__main__":
    main()
