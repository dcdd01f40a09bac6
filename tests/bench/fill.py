"""A database at size: `python -m tests.bench.fill FILE_OR_URL [MEASURES] [PEOPLE]`.

A dozen measures are made through the verbs, one of each standing; copies of them fill the tree.
One branch, `hundred`, holds exactly 100 measures. There are at least 41 people.
"""

import sys
import time
from datetime import UTC, datetime
from decimal import Decimal

from sqlalchemy import Connection, Engine, func, insert, select

from govapp.data.base import HISTORY
from govapp.data.engine import reading, write_session
from govapp.data.measures import Measure
from govapp.data.people import Grant, Person, Role
from govapp.data.structure import Branch
from govapp.services.effects import SetEffectLine, set_effect_line
from govapp.services.grants import GrantRole, grant_role
from govapp.services.structure import AddBranch, add_branch
from tests import databases
from tests.cast import SYSTEM, Cast, fill_with_cast, read_cast
from tests.factories import bring_to, hold, make_measure, make_proposal, move, supply
from tests.support.copies import Copies, copy_measures, newest_sequence

PROJECTS, PACKAGES = 10, 19
HUNDRED = 100
SPONSORS = 40


def a_dozen(cast: Cast) -> dict[str, str]:
    """One measure of each standing, by a word for it; the ids follow each other."""
    keys = {"proposal": make_proposal(cast)}
    for word, stage in (
        ("lacking", "defined"), ("ready", "defined"), ("waiting", "defined"), ("identified", "identified"),
        ("movable", "identified"), ("detailed", "detailed"), ("decided", "decided"), ("implemented", "implemented"),
        ("closed", "closed"), ("held", "identified"),
    ):  # fmt: skip
        keys[word] = make_measure(cast)
        line = SetEffectLine(
            keys[word],
            "Fewer calls",
            "ebitda",
            "recurring",
            "EUR",
            cast.owner.origin,
            run_rate=Decimal(84_000),
        )
        if stage not in {"closed", "implemented"}:
            set_effect_line(line)  # before the gate that freezes the plan
        bring_to(cast, keys[word], stage)
    for word in ("ready", "waiting"):
        supply(cast, keys[word], "identified")
    move(cast, keys["waiting"], "identified")
    hold(cast, keys["held"])
    return keys


def a_tree() -> tuple[int, int]:
    """Some 200 branches below a program; first and number of those measures are spread over, after `hundred`."""
    add_branch(AddBranch(SYSTEM, "project", "Exactly a hundred", "service-quality", key="hundred"))
    for n in range(PROJECTS):
        add_branch(AddBranch(SYSTEM, "project", f"Project {n + 1}", "service-quality", key=f"p{n}"))
        for m in range(PACKAGES):
            add_branch(
                AddBranch(SYSTEM, "measure_package", f"Package {n + 1}.{m + 1}", f"p{n}", key=f"p{n}-{m}")
            )
    with reading() as session:
        first = session.scalars(select(Branch.id).where(Branch.key == "hundred")).one()
    return first, PROJECTS * (PACKAGES + 1)


def people(connection: Connection, number: int) -> int:
    """So many active people, each a member somewhere; returns the id of the first."""
    last = connection.scalar(select(func.max(Person.id))) or 0
    grant = connection.scalar(select(func.max(Grant.id))) or 0
    role = connection.scalars(select(Role.id).where(Role.key == "member")).one()
    branches = connection.scalars(select(Branch.id)).all()
    at, numbers = datetime.now(UTC), range(1, number + 1)
    rows = [
        {"id": last + n, "email": f"person{n}@example.test", "name": f"Person {n:05}", "title": "Analyst",
         "active": True, "timezone": "", "theme": "", "version": 1, "created_at": at}
        for n in numbers
    ]  # fmt: skip
    grants = [
        {"id": grant + n, "person_id": last + n, "role_id": role, "branch_id": branches[n % len(branches)],
         "granted_at": at}
        for n in numbers
    ]  # fmt: skip
    for table, made in ((Person.__table__, rows), (Grant.__table__, grants)):
        connection.execute(insert(table), made)
        connection.execute(insert(HISTORY[table.name]), [row | {"from_seq": 1} for row in made])
        if connection.dialect.name == "postgresql":
            name = f'"{table.name}"'
            connection.exec_driver_sql(
                f"SELECT setval(pg_get_serial_sequence('{name}', 'id'), (SELECT max(id) FROM {name}))"
            )
    return last + 1


def _columns(
    dialect: str, dozen: int, tree: tuple[int, int], crowd: tuple[int, int]
) -> dict[tuple[str, str], str]:
    first, spread = tree

    def branch(measure: str) -> str:
        rank = f"((n.n - 1) * {dozen} + {measure} - 1)"
        return f"CASE WHEN {rank} < {HUNDRED} THEN {first} ELSE {first} + 1 + {rank} % {spread} END"

    owners = max(crowd[1] - SPONSORS, 1)

    def owner(measure: str) -> str:
        return f"{crowd[0]} + (n.n * {dozen} + {measure}) % {owners}"

    def sponsor(measure: str) -> str:
        return f"{crowd[0]} + {owners} + (n.n * {dozen} + {measure}) % {SPONSORS}"

    comma = "instr(o.counted, ',')" if dialect == "sqlite" else "strpos(o.counted, ',')"
    held = (
        f"CASE o.part WHEN 'owner' THEN {owner('o.measure_id')} "
        f"WHEN 'sponsor' THEN {sponsor('o.measure_id')} ELSE o.person_id END"
    )
    return {
        ("measure", "branch_id"): branch("o.id"),
        ("measure", "title"): "o.title || ' (' || n.n || ')'",
        ("part", "person_id"): held,
        (
            "card",
            "owner_id",
        ): f"CASE WHEN o.owner_id IS NULL THEN NULL ELSE {owner('o.measure_id')} END",
        ("card", "counted"): f"'[' || ({branch('o.measure_id')}) || substr(o.counted, {comma})",
        ("dossier", "content"): "CASE n.n % 100 WHEN 0 THEN o.content ELSE '{}' END",
    }


def fill(engine: Engine, measures: int, number: int) -> dict[str, str]:
    """Fill an open, migrated, empty database; returns the keys of the dozen made through the verbs."""
    began = time.monotonic()

    def told(what: str) -> None:
        print(f"{time.monotonic() - began:7.1f} s  {what}", file=sys.stderr, flush=True)

    fill_with_cast()
    cast = read_cast()
    grant_role(GrantRole(SYSTEM, cast.lead.id, "program_lead", "OI"))
    tree = a_tree()
    with write_session() as session:
        since = newest_sequence(session.connection())
        crowd = people(session.connection(), number)
    keys = a_dozen(cast)
    told("a dozen measures, tree and people")
    dozen = len(keys)
    columns = _columns(engine.dialect.name, dozen, tree, (crowd, number))
    with write_session() as session:
        connection = session.connection()
        assert connection.scalar(select(func.max(Measure.id))) == dozen
        there = copy_measures(connection, Copies(max(measures // dozen - 1, 0), since, columns), told)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("ANALYZE")
    told(f"{there} measures")
    return keys


def main() -> None:
    """Migrate and fill what the first argument names."""
    where = sys.argv[1]
    url = where if "://" in where else f"sqlite:///{where}"
    engine = databases.use(databases.open_engine(url), databases.ROOT / "var" / "bench-files")
    databases.migrate(engine)
    given = [int(each) for each in sys.argv[2:4]]
    print(fill(engine, *(given + [100_000, 10_000][len(given) :])))


if __name__ == "__main__":
    main()
