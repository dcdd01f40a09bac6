"""Decisions in full: paths, conditions, look-backs, decisions kept, deputies, calendars, choices of mail, replays."""

from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)
TEXT, DAY, FLAG, NUMBER = sa.Text(), sa.Date(), sa.Boolean(), sa.Integer()
LIST, EMPTY, NO = "'[]'", "''", "false"

# table -> (column, type, default of a column that may not be empty); what refers to a row does so by number only, so
# that the columns can be dropped on SQLite too
ADDED: dict[str, tuple[tuple[str, Any, str | None], ...]] = {
    "measure": (("cancel_cause", TEXT, EMPTY), ("value_treatment", TEXT, EMPTY)),
    "review_step": (
        ("quorum", NUMBER, None), ("veto", FLAG, NO), ("sign", FLAG, NO),
        ("attests", TEXT, EMPTY), ("because", TEXT, LIST), ("escalation", TEXT, LIST),
        ("target_at", MOMENT, None), ("calendar", TEXT, EMPTY), ("points_done", NUMBER, "0"),
        ("look_at", MOMENT, None), ("seq", NUMBER, "0"),
    ),
    "vote": (
        ("conditions", TEXT, LIST), ("signed_name", TEXT, EMPTY),
        ("attested_revision_id", BIG, None),
    ),
    "condition": (
        ("set_at", MOMENT, "'2000-01-01 00:00:00+00'"), ("fulfilled_by", BIG, None),
        ("fulfilled_at", MOMENT, None), ("fulfilled_note", TEXT, EMPTY),
        ("confirmed_by", BIG, None), ("confirmed_at", MOMENT, None),
    ),
    "report": (("review_id", BIG, None),),
    "notice": (("on_behalf_of", BIG, None), ("mail", TEXT, EMPTY), ("digest_on", DAY, None)),
    "batch": (("about", TEXT, "'{}'"),),
    "workflow_version": (("note", TEXT, EMPTY), ("made_by", BIG, None)),
    "evidence_revision": (("judged_for", BIG, None), ("judged_seq", NUMBER, "0")),
    "card": (
        ("target_at", MOMENT, None), ("judging", TEXT, LIST), ("ends_told", TEXT, "'{}'"),
        ("colliding", TEXT, LIST), ("lookback_due", DAY, None),
    ),
    "milestone": (("actual_at", MOMENT, None),),
}  # fmt: skip
KEPT = ("measure", "condition", "milestone")
INDEXES = {
    "ix_report_review_id": ("report", ("review_id",)),
    "ix_review_step_look_at": ("review_step", ("look_at",)),
    "ix_notice_mail": ("notice", ("mail", "id")),
    "ix_evidence_revision_person": ("evidence_revision", ("person_id",)),
}
# table -> its columns: name, type, may be empty, table it refers to
MADE: dict[str, tuple[tuple[str, Any, bool, str | None], ...]] = {
    "lookback": (
        ("measure_id", BIG, False, "measure"), ("into", TEXT, False, None), ("reason", TEXT, False, None),
        ("incident", TEXT, False, None), ("informed", TEXT, False, None), ("debts", TEXT, False, None),
        ("due", DAY, False, None), ("state", TEXT, False, None), ("set_by", BIG, False, "person"),
        ("on_behalf_of", BIG, True, "person"), ("set_at", MOMENT, False, None), ("escalated_at", MOMENT, True, None),
        ("accepted_at", MOMENT, True, None), ("revision_id", BIG, True, "evidence_revision"),
        ("version", NUMBER, False, None),
    ),
    "decision_record": (
        ("measure_id", BIG, False, "measure"), ("workflow_version_id", BIG, False, "workflow_version"),
        ("day", DAY, False, None), ("ask", TEXT, False, None), ("right_used", TEXT, False, None),
        ("given", TEXT, False, None), ("answer", TEXT, False, None), ("at", MOMENT, False, None),
        ("seq", NUMBER, False, None),
    ),
    "deputy": (
        ("person_id", BIG, False, "person"), ("deputy_id", BIG, False, "person"), ("from_day", DAY, False, None),
        ("until_day", DAY, False, None), ("kinds", TEXT, False, None), ("reason", TEXT, False, None),
        ("set_by", BIG, True, "person"), ("set_at", MOMENT, False, None), ("ended_at", MOMENT, True, None),
        ("told_on", DAY, True, None), ("version", NUMBER, False, None),
    ),
    "calendar": (
        ("organization_id", BIG, False, "organization"), ("key", TEXT, False, None), ("name", TEXT, False, None),
        ("timezone", TEXT, False, None), ("days", TEXT, False, None), ("hours", TEXT, False, None),
        ("country", TEXT, False, None), ("subdivision", TEXT, False, None), ("closed", TEXT, False, None),
        ("standard", FLAG, False, None), ("version", NUMBER, False, None),
    ),
    "waiting_span": (
        ("measure_id", BIG, False, "measure"), ("review_id", BIG, False, "review"),
        ("step_id", BIG, True, "review_step"), ("party", TEXT, False, None), ("paused", FLAG, False, None),
        ("from_at", MOMENT, False, None), ("until_at", MOMENT, True, None),
    ),
    "currency_rate": (
        ("organization_id", BIG, False, "organization"), ("kind", TEXT, False, None), ("currency", TEXT, False, None),
        ("from_day", DAY, False, None), ("rate", TEXT, False, None),
    ),
    "replay": (
        ("workflow_version_id", BIG, False, "workflow_version"), ("wanted", NUMBER, False, None),
        ("asked_by", BIG, True, "person"), ("made_at", MOMENT, False, None), ("done_at", MOMENT, True, None),
        ("state", TEXT, False, None), ("todo", NUMBER, False, None), ("done", NUMBER, False, None),
        ("differing", NUMBER, False, None), ("differences", TEXT, False, None), ("faults", TEXT, False, None),
        ("faulty", NUMBER, False, None), ("place", TEXT, False, None), ("attempts", NUMBER, False, None),
        ("beat_at", MOMENT, True, None), ("problem", TEXT, False, None),
    ),
    "evidence_judge": (
        ("measure_id", BIG, False, "measure"), ("revision_id", BIG, False, "evidence_revision"),
        ("kind", TEXT, False, None), ("key", TEXT, False, None),
    ),
}  # fmt: skip
UNIQUE = {
    "calendar": ("organization_id", "key"),
    "currency_rate": ("organization_id", "kind", "currency", "from_day"),
}
MADE_INDEXES = {
    "lookback": {"ix_lookback_measure_id": ("measure_id",)},
    "decision_record": {
        "ix_decision_record_measure_id": ("measure_id",),
        "ix_decision_record_seq": ("seq",),
    },
    "deputy": {
        "ix_deputy_person": ("person_id", "until_day"),
        "ix_deputy_deputy": ("deputy_id", "until_day"),
    },
    "waiting_span": {
        "ix_waiting_span_measure_id": ("measure_id",),
        "ix_waiting_span_review": ("review_id", "step_id", "from_at"),
    },
    "replay": {"ix_replay_workflow_version_id": ("workflow_version_id",)},
    "evidence_judge": {
        "ix_evidence_judge_measure_id": ("measure_id",),
        "ix_evidence_judge_key": ("kind", "key"),
    },
}
TWINS = ("lookback", "deputy", "calendar", "currency_rate")
# facts -> groups of columns that are filled in later, once, with the one that is empty until then
SEQUENCE = ({"seq"}, "seq", "0")
JUDGED = {"judged", "judged_by", "judged_at", "judged_reason"}
LATER = {
    "vote": (SEQUENCE,),
    "decision_record": (SEQUENCE,),
    "evidence_revision": (
        SEQUENCE,
        (JUDGED | {"judged_for"}, "judged", "''"),
        ({"judged_seq"}, "judged_seq", "0"),
    ),
}
BEFORE = {"vote": (SEQUENCE,), "evidence_revision": (SEQUENCE, (JUDGED, "judged", "''"))}


def _is_sqlite() -> bool:
    return op.get_bind().dialect.name == "sqlite"


def _add(table: str, name: str, kind: Any, default: str | None) -> None:
    """A column by plain ALTER TABLE: a rebuilt table on SQLite would lose its triggers."""
    written = kind.compile(dialect=op.get_bind().dialect)
    if kind is BIG and _is_sqlite():
        written = "INTEGER"
    if default == NO and _is_sqlite():
        default = "0"
    more = f" NOT NULL DEFAULT {default}" if default is not None else ""
    op.execute(f'ALTER TABLE "{table}" ADD COLUMN "{name}" {written}{more}')  # nosec B608  # names above


def _same(columns: Iterable[str]) -> str:
    sign = "IS" if _is_sqlite() else "IS NOT DISTINCT FROM"
    return " AND ".join(f'OLD."{name}" {sign} NEW."{name}"' for name in sorted(columns))


def _guard(table: str, later: Iterable[tuple[set[str], str, str]]) -> None:
    """Facts refuse changes, but the first that numbers or judges them (R18)."""
    fixed = {column["name"] for column in sa.inspect(op.get_bind()).get_columns(table)}
    allowed = []
    for columns, mark, empty in later:
        fixed -= columns
        allowed.append(f'(OLD."{mark}" = {empty} OR ({_same(columns)}))')
    changed = f"NOT ({' AND '.join([_same(fixed), *allowed])})"
    if _is_sqlite():
        refuse = f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
        op.execute(f"CREATE TRIGGER {table}_no_update BEFORE UPDATE ON {table} WHEN {changed} {refuse}")
        op.execute(f"CREATE TRIGGER {table}_no_delete BEFORE DELETE ON {table} {refuse}")
        return
    refuse = "EXECUTE FUNCTION refuse_change()"
    op.execute(
        f"CREATE TRIGGER {table}_no_update BEFORE UPDATE ON {table} FOR EACH ROW WHEN ({changed}) {refuse}"
    )
    op.execute(f"CREATE TRIGGER {table}_no_delete BEFORE DELETE ON {table} FOR EACH ROW {refuse}")
    op.execute(f"CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table} FOR EACH STATEMENT {refuse}")


def _unguard(table: str) -> None:
    for act in ("update", "delete") if _is_sqlite() else ("update", "delete", "truncate"):
        op.execute(f"DROP TRIGGER {table}_no_{act}" + ("" if _is_sqlite() else f" ON {table}"))


def _reference(table: str, name: str, refers: str | None) -> tuple[sa.ForeignKey, ...]:
    return (sa.ForeignKey(f"{refers}.id", name=f"fk_{table}_{name}"),) if refers else ()


def _make(table: str) -> None:
    columns = [
        sa.Column(name, kind, *_reference(table, name, refers), nullable=empty)
        for name, kind, empty, refers in MADE[table]
    ]
    unique = (
        [sa.UniqueConstraint(*UNIQUE[table], name=f"uq_{table}_{'_'.join(UNIQUE[table])}")]
        if table in UNIQUE
        else []
    )
    op.create_table(
        table,
        *columns,
        sa.Column("id", BIG, autoincrement=True, nullable=False),
        sa.PrimaryKeyConstraint("id", name=f"pk_{table}"),
        *unique,
    )
    for name, keys in MADE_INDEXES.get(table, {}).items():
        op.create_index(name, table, list(keys), unique=False)
    if table in TWINS:
        _twin(table)


def _twin(table: str) -> None:
    twin = f"{table}_history"
    op.create_table(
        twin,
        sa.Column("history_id", BIG, autoincrement=True, nullable=False),
        *(sa.Column(name, kind, nullable=True) for name, kind, _empty, _refers in MADE[table]),
        sa.Column("id", BIG, nullable=True),
        sa.Column("from_seq", BIG, nullable=False),
        sa.Column("to_seq", BIG, nullable=True),
        sa.PrimaryKeyConstraint("history_id", name=f"pk_{twin}"),
    )
    op.create_index(f"ix_{twin}_key", twin, ["id", "to_seq"], unique=False)
    if any(name == "measure_id" for name, *_more in MADE[table]):
        op.create_index(f"ix_{twin}_measure_id", twin, ["measure_id", "from_seq"], unique=False)


def upgrade() -> None:
    """Add columns, tables with their twins, indexes and guards."""
    for table in BEFORE:
        _unguard(table)
    for table, columns in ADDED.items():
        for name, kind, default in columns:
            _add(table, name, kind, default)
            if table in KEPT:
                op.add_column(f"{table}_history", sa.Column(name, kind, nullable=True))
                if default is not None:
                    op.execute(f'UPDATE {table}_history SET "{name}" = {default}')  # nosec B608  # names above
    op.execute(
        "UPDATE review_step SET seq = (SELECT opened_seq FROM review WHERE review.id = review_step.review_id)"
    )
    for table in MADE:
        _make(table)
    op.create_table(
        "notice_choice",
        sa.Column("person_id", BIG, sa.ForeignKey("person.id", name="fk_notice_choice_person_id")),
        sa.Column("kind", TEXT, nullable=False),
        sa.Column("mail", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("person_id", "kind", name="pk_notice_choice"),
    )
    for name, (table, keys) in INDEXES.items():
        op.create_index(name, table, list(keys), unique=False)
    some = sa.text("colliding <> '[]'")
    op.create_index("ix_card_colliding", "card", ["measure_id"], sqlite_where=some, postgresql_where=some)
    for table, later in LATER.items():
        _guard(table, later)


def downgrade() -> None:
    """Take them back; what they held is gone, and facts get their guards of before."""
    for table in LATER:
        _unguard(table)
    for name, (table, _keys) in INDEXES.items():
        op.drop_index(name, table_name=table)
    op.drop_index("ix_card_colliding", table_name="card")
    op.drop_table("notice_choice")
    for table in reversed(MADE):
        if table in TWINS:
            op.drop_table(f"{table}_history")
        op.drop_table(table)
    for table, columns in ADDED.items():
        for name, _kind, _default in columns:
            op.drop_column(table, name)
            if table in KEPT:
                op.drop_column(f"{table}_history", name)
    for table, later in BEFORE.items():
        _guard(table, later)
