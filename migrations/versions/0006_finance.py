"""Effect lines and their values."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "effect_line",
        sa.Column("measure_id", BIG, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("timing", sa.Text(), nullable=False),
        sa.Column("category", sa.Text(), nullable=False),
        sa.Column("cost_object", sa.Text(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("run_rate", sa.BigInteger(), nullable=True),
        sa.Column("start", sa.Date(), nullable=True),
        sa.Column("start_milestone_id", BIG, nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("id", BIG, autoincrement=True, nullable=False),
        sa.ForeignKeyConstraint(["measure_id"], ["measure.id"], name=op.f("fk_effect_line_measure_id")),
        sa.ForeignKeyConstraint(
            ["start_milestone_id"], ["milestone.id"], name=op.f("fk_effect_line_start_milestone_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_effect_line")),
    )
    op.create_index(op.f("ix_effect_line_measure_id"), "effect_line", ["measure_id"], unique=False)
    op.create_table(
        "effect_line_history",
        sa.Column("history_id", BIG, autoincrement=True, nullable=False),
        sa.Column("measure_id", BIG, nullable=True),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("kind", sa.Text(), nullable=True),
        sa.Column("timing", sa.Text(), nullable=True),
        sa.Column("category", sa.Text(), nullable=True),
        sa.Column("cost_object", sa.Text(), nullable=True),
        sa.Column("currency", sa.Text(), nullable=True),
        sa.Column("run_rate", sa.BigInteger(), nullable=True),
        sa.Column("start", sa.Date(), nullable=True),
        sa.Column("start_milestone_id", BIG, nullable=True),
        sa.Column("version", sa.Integer(), nullable=True),
        sa.Column("id", BIG, nullable=True),
        sa.Column("from_seq", BIG, nullable=False),
        sa.Column("to_seq", BIG, nullable=True),
        sa.PrimaryKeyConstraint("history_id", name=op.f("pk_effect_line_history")),
    )
    op.create_index("ix_effect_line_history_key", "effect_line_history", ["id", "to_seq"], unique=False)
    op.create_index(
        "ix_effect_line_history_measure_id", "effect_line_history", ["measure_id", "from_seq"], unique=False
    )
    op.create_table(
        "effect_value",
        sa.Column("measure_id", BIG, nullable=False),
        sa.Column("line_id", BIG, nullable=False),
        sa.Column("series", sa.Text(), nullable=False),
        sa.Column("month", sa.Date(), nullable=True),
        sa.Column("plan_version", sa.Integer(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("id", BIG, autoincrement=True, nullable=False),
        sa.ForeignKeyConstraint(["line_id"], ["effect_line.id"], name=op.f("fk_effect_value_line_id")),
        sa.ForeignKeyConstraint(["measure_id"], ["measure.id"], name=op.f("fk_effect_value_measure_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_effect_value")),
        sa.UniqueConstraint(
            "line_id",
            "series",
            "month",
            "plan_version",
            name=op.f("uq_effect_value_line_id_series_month_plan_version"),
        ),
    )
    op.create_index("ix_effect_value_line", "effect_value", ["line_id"], unique=False)
    op.create_index(op.f("ix_effect_value_measure_id"), "effect_value", ["measure_id"], unique=False)
    op.create_table(
        "effect_value_history",
        sa.Column("history_id", BIG, autoincrement=True, nullable=False),
        sa.Column("measure_id", BIG, nullable=True),
        sa.Column("line_id", BIG, nullable=True),
        sa.Column("series", sa.Text(), nullable=True),
        sa.Column("month", sa.Date(), nullable=True),
        sa.Column("plan_version", sa.Integer(), nullable=True),
        sa.Column("amount", sa.BigInteger(), nullable=True),
        sa.Column("id", BIG, nullable=True),
        sa.Column("from_seq", BIG, nullable=False),
        sa.Column("to_seq", BIG, nullable=True),
        sa.PrimaryKeyConstraint("history_id", name=op.f("pk_effect_value_history")),
    )
    op.create_index("ix_effect_value_history_key", "effect_value_history", ["id", "to_seq"], unique=False)
    op.create_index(
        "ix_effect_value_history_measure_id", "effect_value_history", ["measure_id", "from_seq"], unique=False
    )


def downgrade() -> None:
    """Drop them."""
    op.drop_table("effect_value_history")
    op.drop_table("effect_value")
    op.drop_table("effect_line_history")
    op.drop_table("effect_line")
