"""Grants of roles on branches, and groups."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "grant",
        sa.Column("person_id", BIG, nullable=False),
        sa.Column("role_id", BIG, nullable=False),
        sa.Column("branch_id", BIG, nullable=False),
        sa.Column("from_day", sa.Date(), nullable=True),
        sa.Column("until_day", sa.Date(), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("granted_by", BIG, nullable=True),
        sa.Column("granted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", BIG, autoincrement=True, nullable=False),
        sa.ForeignKeyConstraint(["branch_id"], ["branch.id"], name=op.f("fk_grant_branch_id")),
        sa.ForeignKeyConstraint(["granted_by"], ["person.id"], name=op.f("fk_grant_granted_by")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_grant_person_id")),
        sa.ForeignKeyConstraint(["role_id"], ["role.id"], name=op.f("fk_grant_role_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_grant")),
    )
    op.create_index(op.f("ix_grant_branch_id"), "grant", ["branch_id"], unique=False)
    op.create_index(op.f("ix_grant_person_id"), "grant", ["person_id"], unique=False)
    op.create_table(
        "grant_history",
        sa.Column("history_id", BIG, autoincrement=True, nullable=False),
        sa.Column("person_id", BIG, nullable=True),
        sa.Column("role_id", BIG, nullable=True),
        sa.Column("branch_id", BIG, nullable=True),
        sa.Column("from_day", sa.Date(), nullable=True),
        sa.Column("until_day", sa.Date(), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("granted_by", BIG, nullable=True),
        sa.Column("granted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", BIG, nullable=True),
        sa.Column("from_seq", BIG, nullable=False),
        sa.Column("to_seq", BIG, nullable=True),
        sa.PrimaryKeyConstraint("history_id", name=op.f("pk_grant_history")),
    )
    op.create_index("ix_grant_history_key", "grant_history", ["id", "to_seq"], unique=False)
    op.create_table(
        "group",
        sa.Column("organization_id", BIG, nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("summary", sa.Text(), nullable=False),
        sa.Column("quorum", sa.Integer(), nullable=True),
        sa.Column("id", BIG, autoincrement=True, nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organization.id"], name=op.f("fk_group_organization_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_group")),
        sa.UniqueConstraint("organization_id", "key", name=op.f("uq_group_organization_id_key")),
    )
    op.create_table(
        "group_member",
        sa.Column("group_id", BIG, nullable=False),
        sa.Column("person_id", BIG, nullable=False),
        sa.Column("chair", sa.Boolean(), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", BIG, autoincrement=True, nullable=False),
        sa.ForeignKeyConstraint(["group_id"], ["group.id"], name=op.f("fk_group_member_group_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_group_member_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_group_member")),
    )
    op.create_index(op.f("ix_group_member_group_id"), "group_member", ["group_id"], unique=False)
    op.create_index(op.f("ix_group_member_person_id"), "group_member", ["person_id"], unique=False)
    op.create_table(
        "group_member_history",
        sa.Column("history_id", BIG, autoincrement=True, nullable=False),
        sa.Column("group_id", BIG, nullable=True),
        sa.Column("person_id", BIG, nullable=True),
        sa.Column("chair", sa.Boolean(), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", BIG, nullable=True),
        sa.Column("from_seq", BIG, nullable=False),
        sa.Column("to_seq", BIG, nullable=True),
        sa.PrimaryKeyConstraint("history_id", name=op.f("pk_group_member_history")),
    )
    op.create_index("ix_group_member_history_key", "group_member_history", ["id", "to_seq"], unique=False)


def downgrade() -> None:
    """Drop them."""
    op.drop_table("group_member_history")
    op.drop_table("group_member")
    op.drop_table("group")
    op.drop_table("grant_history")
    op.drop_table("grant")
