"""The record guards itself: facts are append-only, log rows cover what they made, names are kept by sequence."""

from collections.abc import Iterable

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
GENESIS = "0" * 64
# columns that may be filled in later, and the one that is empty until then
SEQUENCE = ({"seq"}, "seq", "0")
JUDGED = ({"judged", "judged_by", "judged_at", "judged_reason"}, "judged", "''")
FACTS = {
    "vote": (SEQUENCE,),
    "dossier": (SEQUENCE,),
    "comment": (SEQUENCE,),
    "evidence_revision": (SEQUENCE, JUDGED),
    "evidence_file": (),
}
HISTORY = {
    "organization": (
        ("key", sa.Text()), ("name", sa.Text()), ("currency", sa.Text()), ("fiscal_month", sa.Integer()),
        ("timezone", sa.Text()), ("language", sa.Text()), ("key_prefix", sa.Text()), ("id", BIG),
    ),
    "choice": (
        ("organization_id", BIG), ("list", sa.Text()), ("key", sa.Text()), ("name", sa.Text()),
        ("position", sa.Integer()), ("details", sa.Text()), ("id", BIG),
    ),
}  # fmt: skip
INDEXES = {
    "ix_notice_review": ("notice", ("review_id",)),
    "ix_notice_at": ("notice", ("at",)),
    "ix_batch_row_measure": ("batch_row", ("measure_id", "batch_id")),
}


def _is_sqlite() -> bool:
    return op.get_bind().dialect.name == "sqlite"


def _same(columns: Iterable[str]) -> str:
    sign = "IS" if _is_sqlite() else "IS NOT DISTINCT FROM"
    return " AND ".join(f'OLD."{name}" {sign} NEW."{name}"' for name in sorted(columns))


def _append_only(table: str, later: Iterable[tuple[set[str], str, str]]) -> None:
    """Refuse DELETE and TRUNCATE, and every UPDATE but the first that fills in what is known later (R18)."""
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


def _keep(table: str, columns: Iterable[tuple[str, sa.types.TypeEngine[object]]]) -> None:
    """The twin of a table that was not kept so far: what stands there now counts from the beginning."""
    names = ", ".join(f'"{name}"' for name, _ in columns)
    op.create_table(
        f"{table}_history",
        sa.Column("history_id", BIG, autoincrement=True, nullable=False),
        *(sa.Column(name, kind, nullable=True) for name, kind in columns),
        sa.Column("from_seq", BIG, nullable=False),
        sa.Column("to_seq", BIG, nullable=True),
        sa.PrimaryKeyConstraint("history_id", name=op.f(f"pk_{table}_history")),
    )
    op.create_index(f"ix_{table}_history_key", f"{table}_history", ["id", "to_seq"], unique=False)
    op.execute(f"INSERT INTO {table}_history ({names}, from_seq) SELECT {names}, 0 FROM {table}")  # nosec B608  # names above


def _seed_heads() -> None:
    """Both heads are there from the start, so that two first writers wait for each other."""
    head = sa.table(
        "audit_head", sa.column("chain"), sa.column("sequence"), sa.column("mac"),
        sa.column("at", sa.DateTime(timezone=True)),
    )  # fmt: skip
    known = set(op.get_bind().scalars(sa.select(head.c.chain)))
    for chain in {"business", "security"} - known:
        beginning = sa.text("'2000-01-01 00:00:00.000000'" if _is_sqlite() else "'2000-01-01 00:00:00+00'")
        op.execute(sa.insert(head).values(chain=chain, sequence=0, mac=GENESIS, at=beginning))


def upgrade() -> None:
    """Add column, twins, triggers, indexes and the heads of the chains."""
    op.add_column("audit_log", sa.Column("rows_digest", sa.Text(), nullable=True))
    for table, later in FACTS.items():
        _append_only(table, later)
    for table, columns in HISTORY.items():
        _keep(table, columns)
    _seed_heads()
    for name, (table, columns) in INDEXES.items():
        op.create_index(name, table, list(columns), unique=False)


def downgrade() -> None:
    """Take them back; the heads stay."""
    for name, (table, _columns) in INDEXES.items():
        op.drop_index(name, table_name=table)
    for table in HISTORY:
        op.drop_table(f"{table}_history")
    for table in FACTS:
        for act in ("update", "delete") if _is_sqlite() else ("update", "delete", "truncate"):
            op.execute(f"DROP TRIGGER {table}_no_{act}" + ("" if _is_sqlite() else f" ON {table}"))
    op.drop_column("audit_log", "rows_digest")
