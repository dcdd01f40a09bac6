"""Evidence, revisions, files and drafts."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "blob",
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("stored_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_blob")),
    )
    op.create_table(
        "evidence",
        sa.Column("measure_id", BIG, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("revisions", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("id", BIG, autoincrement=True, nullable=False),
        sa.ForeignKeyConstraint(["measure_id"], ["measure.id"], name=op.f("fk_evidence_measure_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_evidence")),
        sa.UniqueConstraint("measure_id", "kind", "number", name=op.f("uq_evidence_measure_id_kind_number")),
    )
    op.create_table(
        "evidence_revision",
        sa.Column("evidence_id", BIG, nullable=False),
        sa.Column("measure_id", BIG, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("kind_version_id", BIG, nullable=False),
        sa.Column("values", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("effective_on", sa.Date(), nullable=False),
        sa.Column("valid_until", sa.Date(), nullable=True),
        sa.Column("passage_id", sa.Integer(), nullable=True),
        sa.Column("person_id", BIG, nullable=False),
        sa.Column("on_behalf_of", BIG, nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("judged", sa.Text(), nullable=False),
        sa.Column("judged_by", BIG, nullable=True),
        sa.Column("judged_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("judged_reason", sa.Text(), nullable=False),
        sa.Column("id", BIG, autoincrement=True, nullable=False),
        sa.ForeignKeyConstraint(
            ["evidence_id"], ["evidence.id"], name=op.f("fk_evidence_revision_evidence_id")
        ),
        sa.ForeignKeyConstraint(["judged_by"], ["person.id"], name=op.f("fk_evidence_revision_judged_by")),
        sa.ForeignKeyConstraint(
            ["kind_version_id"],
            ["evidence_kind_version.id"],
            name=op.f("fk_evidence_revision_kind_version_id"),
        ),
        sa.ForeignKeyConstraint(["measure_id"], ["measure.id"], name=op.f("fk_evidence_revision_measure_id")),
        sa.ForeignKeyConstraint(
            ["on_behalf_of"], ["person.id"], name=op.f("fk_evidence_revision_on_behalf_of")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_evidence_revision_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_evidence_revision")),
        sa.UniqueConstraint("evidence_id", "number", name=op.f("uq_evidence_revision_evidence_id_number")),
    )
    op.create_index(
        op.f("ix_evidence_revision_measure_id"), "evidence_revision", ["measure_id"], unique=False
    )
    op.create_table(
        "evidence_file",
        sa.Column("revision_id", BIG, nullable=False),
        sa.Column("field", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("id", BIG, autoincrement=True, nullable=False),
        sa.ForeignKeyConstraint(["digest"], ["blob.digest"], name=op.f("fk_evidence_file_digest")),
        sa.ForeignKeyConstraint(
            ["revision_id"], ["evidence_revision.id"], name=op.f("fk_evidence_file_revision_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_evidence_file")),
    )
    op.create_index(op.f("ix_evidence_file_digest"), "evidence_file", ["digest"], unique=False)
    op.create_index(op.f("ix_evidence_file_revision_id"), "evidence_file", ["revision_id"], unique=False)
    op.create_table(
        "evidence_draft",
        sa.Column("measure_id", BIG, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("person_id", BIG, nullable=False),
        sa.Column("values", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", BIG, autoincrement=True, nullable=False),
        sa.ForeignKeyConstraint(["measure_id"], ["measure.id"], name=op.f("fk_evidence_draft_measure_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_evidence_draft_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_evidence_draft")),
        sa.UniqueConstraint(
            "measure_id", "kind", "person_id", name=op.f("uq_evidence_draft_measure_id_kind_person_id")
        ),
    )
    op.create_index("ix_evidence_draft_person", "evidence_draft", ["person_id"], unique=False)


def downgrade() -> None:
    """Drop them."""
    op.drop_table("evidence_draft")
    op.drop_table("evidence_file")
    op.drop_table("evidence_revision")
    op.drop_table("evidence")
    op.drop_table("blob")
