"""Reviews with dossiers, steps, votes and conditions."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "review",
        sa.Column("measure_id", BIG, nullable=False),
        sa.Column("into", sa.Text(), nullable=False),
        sa.Column("came_from", sa.Text(), nullable=True),
        sa.Column("workflow_version_id", BIG, nullable=False),
        sa.Column("asked_by", BIG, nullable=False),
        sa.Column("on_behalf_of", BIG, nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("opened_seq", sa.Integer(), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_seq", sa.Integer(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("id", BIG, autoincrement=True, nullable=False),
        sa.ForeignKeyConstraint(["asked_by"], ["person.id"], name=op.f("fk_review_asked_by")),
        sa.ForeignKeyConstraint(["measure_id"], ["measure.id"], name=op.f("fk_review_measure_id")),
        sa.ForeignKeyConstraint(["on_behalf_of"], ["person.id"], name=op.f("fk_review_on_behalf_of")),
        sa.ForeignKeyConstraint(
            ["workflow_version_id"], ["workflow_version.id"], name=op.f("fk_review_workflow_version_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_review")),
    )
    op.create_index("ix_review_measure", "review", ["measure_id", "id"], unique=False)
    op.create_index("ix_review_state", "review", ["state", "opened_at"], unique=False)
    op.create_table(
        "review_history",
        sa.Column("history_id", BIG, autoincrement=True, nullable=False),
        sa.Column("measure_id", BIG, nullable=True),
        sa.Column("into", sa.Text(), nullable=True),
        sa.Column("came_from", sa.Text(), nullable=True),
        sa.Column("workflow_version_id", BIG, nullable=True),
        sa.Column("asked_by", BIG, nullable=True),
        sa.Column("on_behalf_of", BIG, nullable=True),
        sa.Column("state", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("opened_seq", sa.Integer(), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_seq", sa.Integer(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=True),
        sa.Column("id", BIG, nullable=True),
        sa.Column("from_seq", BIG, nullable=False),
        sa.Column("to_seq", BIG, nullable=True),
        sa.PrimaryKeyConstraint("history_id", name=op.f("pk_review_history")),
    )
    op.create_index("ix_review_history_key", "review_history", ["id", "to_seq"], unique=False)
    op.create_index(
        "ix_review_history_measure_id", "review_history", ["measure_id", "from_seq"], unique=False
    )
    op.create_table(
        "dossier",
        sa.Column("review_id", BIG, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("content_digest", sa.Text(), nullable=False),
        sa.Column("basis_digest", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("id", BIG, autoincrement=True, nullable=False),
        sa.ForeignKeyConstraint(["review_id"], ["review.id"], name=op.f("fk_dossier_review_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dossier")),
        sa.UniqueConstraint("review_id", "number", name=op.f("uq_dossier_review_id_number")),
    )
    op.create_table(
        "review_step",
        sa.Column("review_id", BIG, nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("waits_for", sa.Text(), nullable=False),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("needed", sa.Integer(), nullable=False),
        sa.Column("deciders", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("target_hours", sa.Integer(), nullable=True),
        sa.Column("reminded_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", BIG, autoincrement=True, nullable=False),
        sa.ForeignKeyConstraint(["review_id"], ["review.id"], name=op.f("fk_review_step_review_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_review_step")),
    )
    op.create_index(op.f("ix_review_step_review_id"), "review_step", ["review_id"], unique=False)
    op.create_table(
        "step_decider",
        sa.Column("step_id", BIG, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["step_id"], ["review_step.id"], name=op.f("fk_step_decider_step_id")),
        sa.PrimaryKeyConstraint("step_id", "kind", "key", name=op.f("pk_step_decider")),
    )
    op.create_table(
        "vote",
        sa.Column("review_id", BIG, nullable=False),
        sa.Column("step_id", BIG, nullable=False),
        sa.Column("dossier_id", BIG, nullable=False),
        sa.Column("person_id", BIG, nullable=False),
        sa.Column("on_behalf_of", BIG, nullable=True),
        sa.Column("right_used", sa.Text(), nullable=False),
        sa.Column("verdict", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("meaning", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("id", BIG, autoincrement=True, nullable=False),
        sa.ForeignKeyConstraint(["dossier_id"], ["dossier.id"], name=op.f("fk_vote_dossier_id")),
        sa.ForeignKeyConstraint(["on_behalf_of"], ["person.id"], name=op.f("fk_vote_on_behalf_of")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_vote_person_id")),
        sa.ForeignKeyConstraint(["review_id"], ["review.id"], name=op.f("fk_vote_review_id")),
        sa.ForeignKeyConstraint(["step_id"], ["review_step.id"], name=op.f("fk_vote_step_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_vote")),
    )
    op.create_index(op.f("ix_vote_person_id"), "vote", ["person_id"], unique=False)
    op.create_index(op.f("ix_vote_review_id"), "vote", ["review_id"], unique=False)
    op.create_index(op.f("ix_vote_step_id"), "vote", ["step_id"], unique=False)
    op.create_table(
        "condition",
        sa.Column("measure_id", BIG, nullable=False),
        sa.Column("review_id", BIG, nullable=True),
        sa.Column("wording", sa.Text(), nullable=False),
        sa.Column("owner_id", BIG, nullable=False),
        sa.Column("due", sa.Date(), nullable=False),
        sa.Column("blocking", sa.Boolean(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("set_by", BIG, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("id", BIG, autoincrement=True, nullable=False),
        sa.ForeignKeyConstraint(["measure_id"], ["measure.id"], name=op.f("fk_condition_measure_id")),
        sa.ForeignKeyConstraint(["owner_id"], ["person.id"], name=op.f("fk_condition_owner_id")),
        sa.ForeignKeyConstraint(["review_id"], ["review.id"], name=op.f("fk_condition_review_id")),
        sa.ForeignKeyConstraint(["set_by"], ["person.id"], name=op.f("fk_condition_set_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_condition")),
    )
    op.create_index(op.f("ix_condition_measure_id"), "condition", ["measure_id"], unique=False)
    op.create_table(
        "condition_history",
        sa.Column("history_id", BIG, autoincrement=True, nullable=False),
        sa.Column("measure_id", BIG, nullable=True),
        sa.Column("review_id", BIG, nullable=True),
        sa.Column("wording", sa.Text(), nullable=True),
        sa.Column("owner_id", BIG, nullable=True),
        sa.Column("due", sa.Date(), nullable=True),
        sa.Column("blocking", sa.Boolean(), nullable=True),
        sa.Column("state", sa.Text(), nullable=True),
        sa.Column("set_by", BIG, nullable=True),
        sa.Column("version", sa.Integer(), nullable=True),
        sa.Column("id", BIG, nullable=True),
        sa.Column("from_seq", BIG, nullable=False),
        sa.Column("to_seq", BIG, nullable=True),
        sa.PrimaryKeyConstraint("history_id", name=op.f("pk_condition_history")),
    )
    op.create_index("ix_condition_history_key", "condition_history", ["id", "to_seq"], unique=False)
    op.create_index(
        "ix_condition_history_measure_id", "condition_history", ["measure_id", "from_seq"], unique=False
    )


def downgrade() -> None:
    """Drop them."""
    op.drop_table("condition_history")
    op.drop_table("condition")
    op.drop_table("vote")
    op.drop_table("step_decider")
    op.drop_table("review_step")
    op.drop_table("dossier")
    op.drop_table("review_history")
    op.drop_table("review")
