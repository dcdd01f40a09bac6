"""Workflows in versions: stages, gates, criteria, evidence kinds."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "workflow",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("id", BIG, autoincrement=True, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_workflow")),
        sa.UniqueConstraint("key", name=op.f("uq_workflow_key")),
    )
    op.create_table(
        "workflow_version",
        sa.Column("workflow_id", BIG, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("definition", sa.Text(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("activated_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", BIG, autoincrement=True, nullable=False),
        sa.ForeignKeyConstraint(
            ["workflow_id"], ["workflow.id"], name=op.f("fk_workflow_version_workflow_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_workflow_version")),
        sa.UniqueConstraint("workflow_id", "number", name=op.f("uq_workflow_version_workflow_id_number")),
    )
    op.create_table(
        "stage",
        sa.Column("workflow_version_id", BIG, nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("meaning", sa.Text(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("wip_hint", sa.Integer(), nullable=True),
        sa.Column("terminal", sa.Boolean(), nullable=False),
        sa.Column("id", BIG, autoincrement=True, nullable=False),
        sa.ForeignKeyConstraint(
            ["workflow_version_id"], ["workflow_version.id"], name=op.f("fk_stage_workflow_version_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stage")),
        sa.UniqueConstraint("workflow_version_id", "key", name=op.f("uq_stage_workflow_version_id_key")),
    )
    op.create_table(
        "gate",
        sa.Column("workflow_version_id", BIG, nullable=False),
        sa.Column("into", sa.Text(), nullable=False),
        sa.Column("came_from", sa.Text(), nullable=True),
        sa.Column("question", sa.Text(), nullable=False),
        sa.Column("steps", sa.Text(), nullable=False),
        sa.Column("id", BIG, autoincrement=True, nullable=False),
        sa.ForeignKeyConstraint(
            ["workflow_version_id"], ["workflow_version.id"], name=op.f("fk_gate_workflow_version_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_gate")),
        sa.UniqueConstraint("workflow_version_id", "into", name=op.f("uq_gate_workflow_version_id_into")),
    )
    op.create_table(
        "criterion",
        sa.Column("gate_id", BIG, nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("params", sa.Text(), nullable=False),
        sa.Column("condition", sa.Text(), nullable=False),
        sa.Column("wording", sa.Text(), nullable=False),
        sa.Column("supplied_by", sa.Text(), nullable=False),
        sa.Column("id", BIG, autoincrement=True, nullable=False),
        sa.ForeignKeyConstraint(["gate_id"], ["gate.id"], name=op.f("fk_criterion_gate_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_criterion")),
    )
    op.create_index(op.f("ix_criterion_gate_id"), "criterion", ["gate_id"], unique=False)
    op.create_table(
        "evidence_kind",
        sa.Column("workflow_id", BIG, nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("id", BIG, autoincrement=True, nullable=False),
        sa.ForeignKeyConstraint(["workflow_id"], ["workflow.id"], name=op.f("fk_evidence_kind_workflow_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_evidence_kind")),
        sa.UniqueConstraint("workflow_id", "key", name=op.f("uq_evidence_kind_workflow_id_key")),
    )
    op.create_table(
        "evidence_kind_version",
        sa.Column("evidence_kind_id", BIG, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("definition", sa.Text(), nullable=False),
        sa.Column("id", BIG, autoincrement=True, nullable=False),
        sa.ForeignKeyConstraint(
            ["evidence_kind_id"], ["evidence_kind.id"], name=op.f("fk_evidence_kind_version_evidence_kind_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_evidence_kind_version")),
        sa.UniqueConstraint(
            "evidence_kind_id", "number", name=op.f("uq_evidence_kind_version_evidence_kind_id_number")
        ),
    )


def downgrade() -> None:
    """Drop them."""
    op.drop_table("evidence_kind_version")
    op.drop_table("evidence_kind")
    op.drop_table("criterion")
    op.drop_table("gate")
    op.drop_table("stage")
    op.drop_table("workflow_version")
    op.drop_table("workflow")
