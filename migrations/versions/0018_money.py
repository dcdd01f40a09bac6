"""Money: figures by month with hands, plan versions, the ledger, periods, claims, operating figures, totals kept."""

from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MINOR = sa.BigInteger()
MOMENT = sa.DateTime(timezone=True)
TEXT, DAY, FLAG, NUMBER = sa.Text(), sa.Date(), sa.Boolean(), sa.Integer()
LIST, EMPTY, NO = "'[]'", "''", "false"

# table -> (column, type, default of a column that may not be empty)
ADDED: dict[str, tuple[tuple[str, Any, str | None], ...]] = {
    "measure": (("sustain_dates", TEXT, LIST),),
    "effect_value": (
        ("standing", TEXT, EMPTY), ("hands", TEXT, LIST), ("source", TEXT, EMPTY), ("late_on", DAY, None),
    ),
    "currency_rate": (("version", NUMBER, "1"),),
    "stage_passage": (("confirmed", TEXT, "'{}'"),),
    "card": (
        ("computed", TEXT, "'{}'"), ("money_branch", BIG, None), ("overlapping", TEXT, LIST),
        ("plan_number", NUMBER, "0"),
    ),
    "status_entry": (("computed", TEXT, EMPTY),),
}  # fmt: skip
KEPT = ("measure", "effect_value", "currency_rate", "status_entry")
# who did it, and by which right: on every act of money (architecture.md)
_ACT = (
    ("person_id", BIG, True, "person"), ("on_behalf_of", BIG, True, "person"), ("right_used", TEXT, False, None),
    ("at", MOMENT, False, None), ("seq", NUMBER, False, None),
)  # fmt: skip
MADE: dict[str, tuple[tuple[str, Any, bool, str | None], ...]] = {
    "plan_change": (
        ("measure_id", BIG, False, "measure"), ("state", TEXT, False, None), ("reason", TEXT, False, None),
        ("needs", TEXT, False, None), ("delta", TEXT, False, None), ("asked_by", BIG, True, "person"),
        ("on_behalf_of", BIG, True, "person"), ("asked_at", MOMENT, False, None), ("ended_at", MOMENT, True, None),
        ("end_reason", TEXT, False, None), ("version", NUMBER, False, None),
    ),
    "plan_change_vote": (
        ("change_id", BIG, False, "plan_change"), ("part", TEXT, False, None), ("verdict", TEXT, False, None),
        ("reason", TEXT, False, None), ("asked_digest", TEXT, False, None), *_ACT,
    ),
    "plan_version": (
        ("measure_id", BIG, False, "measure"), ("number", NUMBER, False, None), ("cause", TEXT, False, None),
        ("review_id", BIG, True, "review"), ("change_id", BIG, True, "plan_change"), ("lines", TEXT, False, None),
        ("rates", TEXT, False, None), ("translated", TEXT, False, None), *_ACT,
    ),
    "ledger_row": (
        ("measure_id", BIG, False, "measure"), ("line_id", BIG, False, "effect_line"), ("month", DAY, True, None),
        ("kind", TEXT, False, None), ("amount", MINOR, False, None), ("claimed", MINOR, True, None),
        ("currency", TEXT, False, None), ("rate", TEXT, False, None), ("translated", MINOR, False, None),
        ("reason", TEXT, False, None), ("late", FLAG, False, None), ("reverses_id", BIG, True, "ledger_row"),
        ("revision_id", BIG, True, "evidence_revision"), ("document", TEXT, False, None),
        ("digest", TEXT, False, None), ("signed_name", TEXT, False, None), *_ACT,
    ),
    "cell_ruling": (
        ("measure_id", BIG, False, "measure"), ("line_id", BIG, False, "effect_line"), ("month", DAY, True, None),
        ("verdict", TEXT, False, None), ("claimed", MINOR, True, None), ("reason", TEXT, False, None),
        ("document", TEXT, False, None), ("digest", TEXT, False, None), ("signed_name", TEXT, False, None), *_ACT,
    ),
    "period_lock": (
        ("organization_id", BIG, False, "organization"), ("month", DAY, False, None), ("note", TEXT, False, None),
        *_ACT,
    ),
    "cost_object": (
        ("organization_id", BIG, False, "organization"), ("key", TEXT, False, None), ("name", TEXT, False, None),
        ("kind", TEXT, False, None), ("currency", TEXT, False, None), ("yearly_cost", MINOR, True, None),
        ("version", NUMBER, False, None),
    ),
    "claim_split": (
        ("cost_object_id", BIG, False, "cost_object"), ("kind", TEXT, False, None), ("shares", TEXT, False, None),
        ("reason", TEXT, False, None), ("person_id", BIG, True, "person"), ("on_behalf_of", BIG, True, "person"),
        ("at", MOMENT, False, None), ("ended_at", MOMENT, True, None), ("version", NUMBER, False, None),
    ),
    "kpi": (
        ("organization_id", BIG, False, "organization"), ("key", TEXT, False, None), ("name", TEXT, False, None),
        ("unit", TEXT, False, None), ("source", TEXT, False, None), ("service", TEXT, False, None),
        ("better", TEXT, False, None), ("version", NUMBER, False, None),
    ),
    "kpi_reading": (
        ("kpi_id", BIG, False, "kpi"), ("month", DAY, False, None), ("value", MINOR, False, None),
        ("source", TEXT, False, None), ("person_id", BIG, True, "person"), ("on_behalf_of", BIG, True, "person"),
        ("at", MOMENT, False, None), ("version", NUMBER, False, None),
    ),
    "measure_kpi": (
        ("measure_id", BIG, False, "measure"), ("kpi_id", BIG, False, "kpi"), ("baseline", MINOR, True, None),
        ("target", MINOR, True, None), ("explanation", TEXT, False, None), ("explained_by", BIG, True, "person"),
        ("signed_by", BIG, True, "person"), ("signed_for", BIG, True, "person"), ("signed_name", TEXT, False, None),
        ("signed_at", MOMENT, True, None), ("version", NUMBER, False, None),
    ),
    "sustain_check": (
        ("measure_id", BIG, False, "measure"), ("passage_id", BIG, False, "stage_passage"),
        ("months_after", NUMBER, False, None), ("due", DAY, False, None), ("state", TEXT, False, None),
        ("revision_id", BIG, True, "evidence_revision"), ("told_at", MOMENT, True, None),
        ("version", NUMBER, False, None),
    ),
    "status_report": (
        ("measure_id", BIG, False, "measure"), ("month", DAY, False, None), ("number", NUMBER, False, None),
        ("corrects_id", BIG, True, "status_report"), ("text", TEXT, False, None), ("reason", TEXT, False, None),
        ("computed", TEXT, False, None), ("shown", TEXT, False, None), ("figures", TEXT, False, None), *_ACT,
    ),
}  # fmt: skip
UNIQUE = {
    "plan_version": ("measure_id", "number"),
    "period_lock": ("organization_id", "month"),
    "cost_object": ("organization_id", "key"),
    "kpi": ("organization_id", "key"),
    "kpi_reading": ("kpi_id", "month"),
    "measure_kpi": ("measure_id", "kpi_id"),
    "status_report": ("measure_id", "month", "number"),
}
MADE_INDEXES = {
    "plan_change": {"ix_plan_change_measure_id": ("measure_id",)},
    "plan_change_vote": {"ix_plan_change_vote_change_id": ("change_id",)},
    "ledger_row": {
        "ix_ledger_row_measure_id": ("measure_id", "seq"),
        "ix_ledger_row_line": ("line_id", "month"),
    },
    "cell_ruling": {
        "ix_cell_ruling_measure_id": ("measure_id", "seq"),
        "ix_cell_ruling_line": ("line_id", "month"),
    },
    "claim_split": {"ix_claim_split_cost_object_id": ("cost_object_id",)},
    "measure_kpi": {"ix_measure_kpi_kpi_id": ("kpi_id",)},
    "sustain_check": {
        "ix_sustain_check_measure_id": ("measure_id",),
        "ix_sustain_check_due": ("state", "due"),
    },
}
TWINS = ("plan_change", "cost_object", "claim_split", "kpi", "kpi_reading", "measure_kpi", "sustain_check")
INDEXES = {"ix_effect_line_cost_object": ("effect_line", ("cost_object",))}
AWAITS = "standing = 'awaits'"
FILED, WITH_DOCUMENTS = "digest != ''", ("ledger_row", "cell_ruling")
MONTHS = tuple((f"m{place:02}", MINOR, False) for place in range(1, 13))
OPEN = tuple((f"o{place:02}", MINOR, False) for place in range(1, 13))
# what settle derives: no ids, no history; key first
DERIVED: dict[str, tuple[int, tuple[tuple[str, Any, bool], ...]]] = {
    "money_line": (
        3,
        (
            ("line_id", BIG, False), ("series", TEXT, False), ("year", NUMBER, False), ("measure_id", BIG, False),
            ("rate", TEXT, False), *MONTHS, ("total", MINOR, False),
        ),
    ),
    "money_year": (
        2,
        (
            ("line_id", BIG, False), ("year", NUMBER, False), ("measure_id", BIG, False), ("kind", TEXT, False),
            ("timing", TEXT, False), ("category", TEXT, False), ("cost_object", TEXT, False),
            ("currency", TEXT, False), ("rate", TEXT, False), ("first_rate", TEXT, False), ("baseline", MINOR, False),
            ("target", MINOR, False), ("plan", MINOR, False), ("first_plan", MINOR, False),
            ("forecast", MINOR, False), ("actual", MINOR, False), ("confirmed", MINOR, False),
            ("booked", MINOR, False), ("run_rate", MINOR, False), *OPEN,
        ),
    ),
    "money_total": (
        7,
        (
            ("branch_id", BIG, False), ("series", TEXT, False), ("kind", TEXT, False), ("timing", TEXT, False),
            ("currency", TEXT, False), ("rate", TEXT, False), ("year", NUMBER, False), *MONTHS, ("total", MINOR, False),
        ),
    ),
}  # fmt: skip
DERIVED_INDEXES = {
    "ix_money_line_measure_id": ("money_line", ("measure_id",)),
    "ix_money_year_measure_id": ("money_year", ("measure_id",)),
    "ix_money_year_cost_object": ("money_year", ("cost_object",)),
    "ix_money_year_keys": (
        "money_year",
        (
            "year",
            "kind",
            "timing",
            "currency",
            "rate",
            "first_rate",
            "measure_id",
            "category",
            "target",
            "plan",
            "first_plan",
            "forecast",
            "actual",
            "confirmed",
            "booked",
            "run_rate",
            *(name for name, *_ in OPEN),
        ),
    ),
}
# facts -> groups of columns that are filled in later, once, with the one that is empty until then
SEQUENCE = ({"seq"}, "seq", "0")
LATER = dict.fromkeys(
    ("plan_change_vote", "plan_version", "ledger_row", "cell_ruling", "period_lock", "status_report"),
    (SEQUENCE,),
)


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


# amounts of a frozen plan: none is changed or removed, and none is added to a version that exists
_FROZEN_CHANGED = "OLD.plan_version >= 1 OR NEW.plan_version <> OLD.plan_version"
_INTO_FROZEN = (
    "EXISTS (SELECT 1 FROM plan_version p "
    "WHERE p.measure_id = NEW.measure_id AND p.number = NEW.plan_version)"
)


def _guard_plans() -> None:
    """Frozen plans refuse every change on either database (issue: Freeze; R18)."""
    if _is_sqlite():
        refuse = "BEGIN SELECT RAISE(ABORT, 'a frozen plan is never changed'); END"
        for act, when in (
            ("update", _FROZEN_CHANGED), ("delete", "OLD.plan_version >= 1"),
            ("insert", f"NEW.plan_version >= 1 AND {_INTO_FROZEN}"),
        ):  # fmt: skip
            op.execute(
                f"CREATE TRIGGER effect_value_frozen_{act} BEFORE {act.upper()} ON effect_value WHEN {when} {refuse}"
            )
        return
    op.execute(
        "CREATE FUNCTION refuse_frozen() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$BEGIN IF TG_OP = 'INSERT' THEN IF NOT {_INTO_FROZEN} THEN RETURN NEW; END IF; END IF; "
        "RAISE EXCEPTION 'a frozen plan is never changed'; END$$"
    )
    for act, when in (
        ("update", _FROZEN_CHANGED), ("delete", "OLD.plan_version >= 1"), ("insert", "NEW.plan_version >= 1"),
    ):  # fmt: skip
        op.execute(
            f"CREATE TRIGGER effect_value_frozen_{act} BEFORE {act.upper()} ON effect_value "
            f"FOR EACH ROW WHEN ({when}) EXECUTE FUNCTION refuse_frozen()"
        )
    op.execute(
        "CREATE TRIGGER effect_value_no_truncate BEFORE TRUNCATE ON effect_value "
        "FOR EACH STATEMENT EXECUTE FUNCTION refuse_frozen()"
    )


def _unguard_plans() -> None:
    for act in ("update", "delete", "insert"):
        op.execute(f"DROP TRIGGER effect_value_frozen_{act}" + ("" if _is_sqlite() else " ON effect_value"))
    if not _is_sqlite():
        op.execute("DROP TRIGGER effect_value_no_truncate ON effect_value")
        op.execute("DROP FUNCTION refuse_frozen()")


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


def _derive(table: str) -> None:
    keys, columns = DERIVED[table]
    made = [sa.Column(name, kind, nullable=empty) for name, kind, empty in columns]
    names = [name for name, *_more in columns[:keys]]
    op.create_table(table, *made, sa.PrimaryKeyConstraint(*names, name=f"pk_{table}"))


def upgrade() -> None:
    """Add columns, tables with their twins, indexes and guards."""
    for table, columns in ADDED.items():
        for name, kind, default in columns:
            _add(table, name, kind, default)
            if table in KEPT:
                op.add_column(f"{table}_history", sa.Column(name, kind, nullable=True))
                if default is not None:
                    op.execute(f'UPDATE {table}_history SET "{name}" = {default}')  # nosec B608  # names above
    for table in MADE:
        _make(table)
    for table in DERIVED:
        _derive(table)
    for name, (table, keys) in (INDEXES | DERIVED_INDEXES).items():
        op.create_index(name, table, list(keys), unique=False)
    some = sa.text(AWAITS)
    op.create_index(
        "ix_effect_value_awaits",
        "effect_value",
        ["measure_id", "month"],
        sqlite_where=some,
        postgresql_where=some,
    )
    filed = sa.text(FILED)
    for table in WITH_DOCUMENTS:
        op.create_index(f"ix_{table}_digest", table, ["digest"], sqlite_where=filed, postgresql_where=filed)
    op.execute("UPDATE effect_value SET standing = 'awaits' WHERE series = 'actual'")
    for table, later in LATER.items():
        _guard(table, later)
    _guard_plans()


def downgrade() -> None:
    """Take them back; what they held is gone."""
    _unguard_plans()
    for table in LATER:
        _unguard(table)
    op.drop_index("ix_effect_value_awaits", table_name="effect_value")
    for name, (table, _keys) in INDEXES.items():
        op.drop_index(name, table_name=table)
    for table in DERIVED:
        op.drop_table(table)
    for table in reversed(MADE):
        if table in TWINS:
            op.drop_table(f"{table}_history")
        op.drop_table(table)
    for table, columns in ADDED.items():
        for name, _kind, _default in columns:
            op.drop_column(table, name)
            if table in KEPT:
                op.drop_column(f"{table}_history", name)
