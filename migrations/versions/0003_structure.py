"""Organizations, branches, their lists, currencies and settings."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "currency",
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("decimals", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_currency")),
    )
    op.create_table(
        "setting",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_setting")),
    )
    op.create_table(
        "organization",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("fiscal_month", sa.Integer(), nullable=False),
        sa.Column("timezone", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("key_prefix", sa.Text(), nullable=False),
        sa.Column("id", BIG, autoincrement=True, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_organization")),
        sa.UniqueConstraint("key", name=op.f("uq_organization_key")),
    )
    op.create_table(
        "branch",
        sa.Column("organization_id", BIG, nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("parent_id", BIG, nullable=True),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("workflow_id", BIG, nullable=True),
        sa.Column("archived", sa.Boolean(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("id", BIG, autoincrement=True, nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organization.id"], name=op.f("fk_branch_organization_id")
        ),
        sa.ForeignKeyConstraint(["parent_id"], ["branch.id"], name=op.f("fk_branch_parent_id")),
        sa.ForeignKeyConstraint(["workflow_id"], ["workflow.id"], name=op.f("fk_branch_workflow_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_branch")),
        sa.UniqueConstraint("key", name=op.f("uq_branch_key")),
    )
    op.create_index(op.f("ix_branch_organization_id"), "branch", ["organization_id"], unique=False)
    op.create_index("ix_branch_parent", "branch", ["parent_id"], unique=False)
    op.create_index(op.f("ix_branch_path"), "branch", ["path"], unique=False)
    op.create_table(
        "branch_history",
        sa.Column("history_id", BIG, autoincrement=True, nullable=False),
        sa.Column("organization_id", BIG, nullable=True),
        sa.Column("key", sa.Text(), nullable=True),
        sa.Column("kind", sa.Text(), nullable=True),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("parent_id", BIG, nullable=True),
        sa.Column("path", sa.Text(), nullable=True),
        sa.Column("workflow_id", BIG, nullable=True),
        sa.Column("archived", sa.Boolean(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=True),
        sa.Column("id", BIG, nullable=True),
        sa.Column("from_seq", BIG, nullable=False),
        sa.Column("to_seq", BIG, nullable=True),
        sa.PrimaryKeyConstraint("history_id", name=op.f("pk_branch_history")),
    )
    op.create_index("ix_branch_history_key", "branch_history", ["id", "to_seq"], unique=False)
    op.create_table(
        "choice",
        sa.Column("organization_id", BIG, nullable=False),
        sa.Column("list", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("details", sa.Text(), nullable=False),
        sa.Column("id", BIG, autoincrement=True, nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organization.id"], name=op.f("fk_choice_organization_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_choice")),
        sa.UniqueConstraint(
            "organization_id", "list", "key", name=op.f("uq_choice_organization_id_list_key")
        ),
    )


def downgrade() -> None:
    """Drop them."""
    op.drop_table("choice")
    op.drop_table("branch_history")
    op.drop_table("branch")
    op.drop_table("organization")
    op.drop_table("setting")
    op.drop_table("currency")
