"""Many measures from a few: every row of the measures that are there, copied in SQL with numbers of its own.

The few were made through the verbs, so that the many are whole: parts, evidence, dossiers, votes, past states, totals.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, field

from sqlalchemy import Connection, Table, delete, func, insert, select, text, update

from govapp.data.audit import AuditHead
from govapp.data.base import HISTORY
from govapp.data.measures import Card, StageTotal
from govapp.data.tables import Base
from govapp.domain.events import BUSINESS

OWNED = (
    "measure", "part", "milestone", "risk", "dependency", "status_entry", "comment", "evidence", "evidence_revision",
    "evidence_file", "stage_passage", "review", "dossier", "review_step", "step_decider", "vote", "condition",
    "effect_line", "effect_value", "card",
)  # fmt: skip
_POINTS_TO = {
    "measure_id": "measure", "on_measure_id": "measure", "review_id": "review", "passage_id": "stage_passage",
    "evidence_id": "evidence", "revision_id": "evidence_revision", "line_id": "effect_line", "step_id": "review_step",
    "dossier_id": "dossier", "start_milestone_id": "milestone",
}  # fmt: skip
_SEQUENCES = frozenset({
    "seq", "stage_seq", "opened_seq", "ended_seq", "entered_seq", "left_seq", "from_seq", "to_seq", "change_seq",
})  # fmt: skip


@dataclass(frozen=True)
class Copies:
    """What is to be copied: how often, and the sequence of the history before the first of the few was made.

    `columns`: SQL for other columns of a copy by table and column; `o` is the original, `n.n` the number of the copy.
    """

    times: int
    since: int
    columns: dict[tuple[str, str], str] = field(default_factory=dict)


def newest_sequence(connection: Connection) -> int:
    """The sequence of the newest row of the business history."""
    found = connection.scalar(select(AuditHead.sequence).where(AuditHead.chain == BUSINESS))
    return int(found or 0)


def copy_measures(
    connection: Connection, wanted: Copies, told: Callable[[str], None] = lambda _: None
) -> int:
    """Copy every measure `times` times and count the totals anew; returns how many measures there are then.

    The history itself is not copied here: its head moves on as if it had been.
    """
    length = newest_sequence(connection) - wanted.since
    steps = {name: _step(connection, Base.metadata.tables[name]) for name in OWNED if name != "card"}
    twins = [HISTORY[name].name for name in OWNED if name in HISTORY]
    for name in twins:
        steps[name] = int(
            connection.scalar(text(f"SELECT coalesce(max(history_id), 0) + 1 FROM {name}")) or 1
        )
    connection.execute(text("CREATE TEMPORARY TABLE copies (n BIGINT)"))
    connection.execute(text("INSERT INTO copies VALUES (:n)"), [{"n": n + 1} for n in range(wanted.times)])
    for name in (*OWNED, *twins):
        connection.execute(text(_copying(Base.metadata.tables[name], steps, length, wanted)))
        told(name)
    connection.execute(text("DROP TABLE copies"))
    moved = AuditHead.sequence + wanted.times * length
    connection.execute(update(AuditHead).where(AuditHead.chain == BUSINESS).values(sequence=moved))
    if connection.dialect.name == "postgresql":
        for name in steps:
            _number_on(connection, name, "history_id" if name in twins else "id")
    return count_totals(connection)


def _step(connection: Connection, table: Table) -> int:
    if "id" not in table.c:
        return 0
    return (int(connection.scalar(select(func.max(table.c.id))) or 0) // 10 + 1) * 10


def _copying(table: Table, steps: dict[str, int], length: int, wanted: Copies) -> str:
    source = table.name.removesuffix("_history")
    values = []
    for column in table.c:
        name = column.name
        given = wanted.columns.get((table.name, name)) or wanted.columns.get((source, name))
        if given:
            values.append(given)
        elif name == "history_id":
            values.append(f"o.history_id + n.n * {steps[table.name]}")
        elif name == "id":
            values.append(f"o.id + n.n * {steps[source]}")
        elif name in _POINTS_TO:
            values.append(f"o.{name} + n.n * {steps[_POINTS_TO[name]]}")
        elif name in _SEQUENCES:
            values.append(f"o.{name} + n.n * {length}")
        elif (source, name) == ("measure", "key"):
            values.append(f"substr(o.key, 1, 2) || (100000 + o.id + n.n * {steps['measure']})")
        else:
            values.append(f'o."{name}"')
    names = ", ".join(f'"{column.name}"' for column in table.c)
    return f"INSERT INTO {table.name} ({names}) SELECT {', '.join(values)} FROM {table.name} o, copies n"


def _number_on(connection: Connection, name: str, column: str) -> None:
    if column in Base.metadata.tables[name].c:
        connection.execute(
            text(
                f"SELECT setval(pg_get_serial_sequence('{name}', '{column}'), (SELECT max({column}) FROM {name}))"
            )
        )


def count_totals(connection: Connection) -> int:
    """Make the maintained totals anew from what the cards say they counted; returns how many measures they count."""
    totals: dict[tuple[object, ...], list[int]] = {}
    measures = 0
    asked = select(func.coalesce(Card.__table__.c.counted, "[]")).execution_options(yield_per=10_000)
    for (counted,) in connection.execute(asked):
        place = json.loads(counted) if isinstance(counted, str) else counted
        if not place:
            continue
        measures += 1
        *head, values = place
        for currency, value in (("", 0), *values.items()):
            row = totals.setdefault((*head, currency), [0, 0])
            row[0] += 1
            row[1] += value
    names = ("branch_id", "workflow_id", "stage", "state", "standing", "currency")
    connection.execute(delete(StageTotal))
    rows = [dict(zip(names, key, strict=True)) | {"count": c, "value": v} for key, (c, v) in totals.items()]
    connection.execute(insert(StageTotal), rows)
    return measures
