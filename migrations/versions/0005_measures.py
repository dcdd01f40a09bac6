"""Measures, what belongs to them, and what is derived from them."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "measure",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("organization_id", BIG, nullable=False),
        sa.Column("branch_id", BIG, nullable=False),
        sa.Column("workflow_version_id", BIG, nullable=False),
        sa.Column("stage", sa.Text(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("stage_seq", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("problem", sa.Text(), nullable=False),
        sa.Column("expected_effect", sa.Text(), nullable=False),
        sa.Column("business_unit", sa.Text(), nullable=False),
        sa.Column("legal_entity", sa.Text(), nullable=False),
        sa.Column("function", sa.Text(), nullable=False),
        sa.Column("service", sa.Text(), nullable=False),
        sa.Column("request_category", sa.Text(), nullable=False),
        sa.Column("vendor", sa.Text(), nullable=False),
        sa.Column("vendor_spend", sa.BigInteger(), nullable=True),
        sa.Column("steering_committee", sa.Text(), nullable=False),
        sa.Column("change_type", sa.Text(), nullable=False),
        sa.Column("risk_rating", sa.Text(), nullable=False),
        sa.Column("security_relevant", sa.Boolean(), nullable=False),
        sa.Column("no_dependencies_declared", sa.Boolean(), nullable=False),
        sa.Column("external_source", sa.Text(), nullable=False),
        sa.Column("external_key", sa.Text(), nullable=False),
        sa.Column("opened_at_stage", sa.Text(), nullable=True),
        sa.Column("hold_cause", sa.Text(), nullable=False),
        sa.Column("hold_review_date", sa.Date(), nullable=True),
        sa.Column("archived", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", BIG, nullable=True),
        sa.Column("id", BIG, autoincrement=True, nullable=False),
        sa.ForeignKeyConstraint(["branch_id"], ["branch.id"], name=op.f("fk_measure_branch_id")),
        sa.ForeignKeyConstraint(["created_by"], ["person.id"], name=op.f("fk_measure_created_by")),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organization.id"], name=op.f("fk_measure_organization_id")
        ),
        sa.ForeignKeyConstraint(
            ["workflow_version_id"], ["workflow_version.id"], name=op.f("fk_measure_workflow_version_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_measure")),
        sa.UniqueConstraint("key", name=op.f("uq_measure_key")),
    )
    op.create_index("ix_measure_board", "measure", ["branch_id", "stage", "state", "stage_seq"], unique=False)
    op.create_index("ix_measure_external", "measure", ["external_source", "external_key"], unique=False)
    op.create_index(
        "ix_measure_words",
        "measure",
        ["title", "key", "branch_id", "stage", "state", "archived"],
        unique=False,
    )
    op.create_index("ix_measure_stage", "measure", ["stage", "state", "stage_seq"], unique=False)
    op.create_table(
        "measure_history",
        sa.Column("history_id", BIG, autoincrement=True, nullable=False),
        sa.Column("key", sa.Text(), nullable=True),
        sa.Column("organization_id", BIG, nullable=True),
        sa.Column("branch_id", BIG, nullable=True),
        sa.Column("workflow_version_id", BIG, nullable=True),
        sa.Column("stage", sa.Text(), nullable=True),
        sa.Column("state", sa.Text(), nullable=True),
        sa.Column("stage_seq", sa.Integer(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=True),
        sa.Column("title", sa.Text(), nullable=True),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("problem", sa.Text(), nullable=True),
        sa.Column("expected_effect", sa.Text(), nullable=True),
        sa.Column("business_unit", sa.Text(), nullable=True),
        sa.Column("legal_entity", sa.Text(), nullable=True),
        sa.Column("function", sa.Text(), nullable=True),
        sa.Column("service", sa.Text(), nullable=True),
        sa.Column("request_category", sa.Text(), nullable=True),
        sa.Column("vendor", sa.Text(), nullable=True),
        sa.Column("vendor_spend", sa.BigInteger(), nullable=True),
        sa.Column("steering_committee", sa.Text(), nullable=True),
        sa.Column("change_type", sa.Text(), nullable=True),
        sa.Column("risk_rating", sa.Text(), nullable=True),
        sa.Column("security_relevant", sa.Boolean(), nullable=True),
        sa.Column("no_dependencies_declared", sa.Boolean(), nullable=True),
        sa.Column("external_source", sa.Text(), nullable=True),
        sa.Column("external_key", sa.Text(), nullable=True),
        sa.Column("opened_at_stage", sa.Text(), nullable=True),
        sa.Column("hold_cause", sa.Text(), nullable=True),
        sa.Column("hold_review_date", sa.Date(), nullable=True),
        sa.Column("archived", sa.Boolean(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_by", BIG, nullable=True),
        sa.Column("id", BIG, nullable=True),
        sa.Column("from_seq", BIG, nullable=False),
        sa.Column("to_seq", BIG, nullable=True),
        sa.PrimaryKeyConstraint("history_id", name=op.f("pk_measure_history")),
    )
    op.create_index("ix_measure_history_key", "measure_history", ["id", "to_seq"], unique=False)
    op.create_table(
        "part",
        sa.Column("measure_id", BIG, nullable=False),
        sa.Column("part", sa.Text(), nullable=False),
        sa.Column("person_id", BIG, nullable=False),
        sa.Column("id", BIG, autoincrement=True, nullable=False),
        sa.ForeignKeyConstraint(["measure_id"], ["measure.id"], name=op.f("fk_part_measure_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_part_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_part")),
        sa.UniqueConstraint("measure_id", "part", name=op.f("uq_part_measure_id_part")),
    )
    op.create_index("ix_part_person", "part", ["person_id", "part", "measure_id"], unique=False)
    op.create_table(
        "part_history",
        sa.Column("history_id", BIG, autoincrement=True, nullable=False),
        sa.Column("measure_id", BIG, nullable=True),
        sa.Column("part", sa.Text(), nullable=True),
        sa.Column("person_id", BIG, nullable=True),
        sa.Column("id", BIG, nullable=True),
        sa.Column("from_seq", BIG, nullable=False),
        sa.Column("to_seq", BIG, nullable=True),
        sa.PrimaryKeyConstraint("history_id", name=op.f("pk_part_history")),
    )
    op.create_index("ix_part_history_key", "part_history", ["id", "to_seq"], unique=False)
    op.create_index("ix_part_history_measure_id", "part_history", ["measure_id", "from_seq"], unique=False)
    op.create_table(
        "milestone",
        sa.Column("measure_id", BIG, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("owner_id", BIG, nullable=True),
        sa.Column("plan_date", sa.Date(), nullable=True),
        sa.Column("first_plan_date", sa.Date(), nullable=True),
        sa.Column("forecast_date", sa.Date(), nullable=True),
        sa.Column("actual_date", sa.Date(), nullable=True),
        sa.Column("final", sa.Boolean(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("id", BIG, autoincrement=True, nullable=False),
        sa.ForeignKeyConstraint(["measure_id"], ["measure.id"], name=op.f("fk_milestone_measure_id")),
        sa.ForeignKeyConstraint(["owner_id"], ["person.id"], name=op.f("fk_milestone_owner_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_milestone")),
    )
    op.create_index(op.f("ix_milestone_owner_id"), "milestone", ["owner_id"], unique=False)
    op.create_index(op.f("ix_milestone_measure_id"), "milestone", ["measure_id"], unique=False)
    op.create_table(
        "milestone_history",
        sa.Column("history_id", BIG, autoincrement=True, nullable=False),
        sa.Column("measure_id", BIG, nullable=True),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("owner_id", BIG, nullable=True),
        sa.Column("plan_date", sa.Date(), nullable=True),
        sa.Column("first_plan_date", sa.Date(), nullable=True),
        sa.Column("forecast_date", sa.Date(), nullable=True),
        sa.Column("actual_date", sa.Date(), nullable=True),
        sa.Column("final", sa.Boolean(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=True),
        sa.Column("id", BIG, nullable=True),
        sa.Column("from_seq", BIG, nullable=False),
        sa.Column("to_seq", BIG, nullable=True),
        sa.PrimaryKeyConstraint("history_id", name=op.f("pk_milestone_history")),
    )
    op.create_index("ix_milestone_history_key", "milestone_history", ["id", "to_seq"], unique=False)
    op.create_index(
        "ix_milestone_history_measure_id", "milestone_history", ["measure_id", "from_seq"], unique=False
    )
    op.create_table(
        "risk",
        sa.Column("measure_id", BIG, nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("likelihood", sa.Integer(), nullable=False),
        sa.Column("impact", sa.Integer(), nullable=False),
        sa.Column("rating", sa.Text(), nullable=False),
        sa.Column("owner_id", BIG, nullable=True),
        sa.Column("response", sa.Text(), nullable=False),
        sa.Column("blocking", sa.Boolean(), nullable=False),
        sa.Column("open", sa.Boolean(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("id", BIG, autoincrement=True, nullable=False),
        sa.ForeignKeyConstraint(["measure_id"], ["measure.id"], name=op.f("fk_risk_measure_id")),
        sa.ForeignKeyConstraint(["owner_id"], ["person.id"], name=op.f("fk_risk_owner_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_risk")),
    )
    op.create_index(op.f("ix_risk_measure_id"), "risk", ["measure_id"], unique=False)
    op.create_table(
        "risk_history",
        sa.Column("history_id", BIG, autoincrement=True, nullable=False),
        sa.Column("measure_id", BIG, nullable=True),
        sa.Column("text", sa.Text(), nullable=True),
        sa.Column("likelihood", sa.Integer(), nullable=True),
        sa.Column("impact", sa.Integer(), nullable=True),
        sa.Column("rating", sa.Text(), nullable=True),
        sa.Column("owner_id", BIG, nullable=True),
        sa.Column("response", sa.Text(), nullable=True),
        sa.Column("blocking", sa.Boolean(), nullable=True),
        sa.Column("open", sa.Boolean(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=True),
        sa.Column("id", BIG, nullable=True),
        sa.Column("from_seq", BIG, nullable=False),
        sa.Column("to_seq", BIG, nullable=True),
        sa.PrimaryKeyConstraint("history_id", name=op.f("pk_risk_history")),
    )
    op.create_index("ix_risk_history_key", "risk_history", ["id", "to_seq"], unique=False)
    op.create_index("ix_risk_history_measure_id", "risk_history", ["measure_id", "from_seq"], unique=False)
    op.create_table(
        "dependency",
        sa.Column("measure_id", BIG, nullable=False),
        sa.Column("on_measure_id", BIG, nullable=False),
        sa.Column("stage", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("id", BIG, autoincrement=True, nullable=False),
        sa.ForeignKeyConstraint(["measure_id"], ["measure.id"], name=op.f("fk_dependency_measure_id")),
        sa.ForeignKeyConstraint(["on_measure_id"], ["measure.id"], name=op.f("fk_dependency_on_measure_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dependency")),
        sa.UniqueConstraint(
            "measure_id", "on_measure_id", name=op.f("uq_dependency_measure_id_on_measure_id")
        ),
    )
    op.create_index(op.f("ix_dependency_measure_id"), "dependency", ["measure_id"], unique=False)
    op.create_index(op.f("ix_dependency_on_measure_id"), "dependency", ["on_measure_id"], unique=False)
    op.create_table(
        "dependency_history",
        sa.Column("history_id", BIG, autoincrement=True, nullable=False),
        sa.Column("measure_id", BIG, nullable=True),
        sa.Column("on_measure_id", BIG, nullable=True),
        sa.Column("stage", sa.Text(), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=True),
        sa.Column("id", BIG, nullable=True),
        sa.Column("from_seq", BIG, nullable=False),
        sa.Column("to_seq", BIG, nullable=True),
        sa.PrimaryKeyConstraint("history_id", name=op.f("pk_dependency_history")),
    )
    op.create_index("ix_dependency_history_key", "dependency_history", ["id", "to_seq"], unique=False)
    op.create_index(
        "ix_dependency_history_measure_id", "dependency_history", ["measure_id", "from_seq"], unique=False
    )
    op.create_table(
        "status_entry",
        sa.Column("measure_id", BIG, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("origin", sa.Text(), nullable=False),
        sa.Column("colour", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("from_day", sa.Date(), nullable=False),
        sa.Column("until_day", sa.Date(), nullable=True),
        sa.Column("person_id", BIG, nullable=True),
        sa.Column("on_behalf_of", BIG, nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("id", BIG, autoincrement=True, nullable=False),
        sa.ForeignKeyConstraint(["measure_id"], ["measure.id"], name=op.f("fk_status_entry_measure_id")),
        sa.ForeignKeyConstraint(["on_behalf_of"], ["person.id"], name=op.f("fk_status_entry_on_behalf_of")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_status_entry_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_status_entry")),
    )
    op.create_index("ix_status_entry_measure", "status_entry", ["measure_id", "kind", "id"], unique=False)
    op.create_table(
        "status_entry_history",
        sa.Column("history_id", BIG, autoincrement=True, nullable=False),
        sa.Column("measure_id", BIG, nullable=True),
        sa.Column("kind", sa.Text(), nullable=True),
        sa.Column("origin", sa.Text(), nullable=True),
        sa.Column("colour", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("from_day", sa.Date(), nullable=True),
        sa.Column("until_day", sa.Date(), nullable=True),
        sa.Column("person_id", BIG, nullable=True),
        sa.Column("on_behalf_of", BIG, nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("seq", sa.Integer(), nullable=True),
        sa.Column("id", BIG, nullable=True),
        sa.Column("from_seq", BIG, nullable=False),
        sa.Column("to_seq", BIG, nullable=True),
        sa.PrimaryKeyConstraint("history_id", name=op.f("pk_status_entry_history")),
    )
    op.create_index("ix_status_entry_history_key", "status_entry_history", ["id", "to_seq"], unique=False)
    op.create_index(
        "ix_status_entry_history_measure_id", "status_entry_history", ["measure_id", "from_seq"], unique=False
    )
    op.create_table(
        "comment",
        sa.Column("measure_id", BIG, nullable=False),
        sa.Column("person_id", BIG, nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("id", BIG, autoincrement=True, nullable=False),
        sa.ForeignKeyConstraint(["measure_id"], ["measure.id"], name=op.f("fk_comment_measure_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_comment_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_comment")),
    )
    op.create_index(op.f("ix_comment_measure_id"), "comment", ["measure_id"], unique=False)
    op.create_table(
        "card",
        sa.Column("measure_id", BIG, nullable=False),
        sa.Column("owner_id", BIG, nullable=True),
        sa.Column("next_stage", sa.Text(), nullable=True),
        sa.Column("met", sa.Integer(), nullable=False),
        sa.Column("missing", sa.Integer(), nullable=False),
        sa.Column("missing_keys", sa.Text(), nullable=False),
        sa.Column("review_id", sa.Integer(), nullable=True),
        sa.Column("standing", sa.Text(), nullable=False),
        sa.Column("waits_for", sa.Text(), nullable=False),
        sa.Column("waits_words", sa.Text(), nullable=False),
        sa.Column("waits_whom", sa.Text(), nullable=False),
        sa.Column("waits_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("stale_votes", sa.Integer(), nullable=False),
        sa.Column("expired", sa.Text(), nullable=False),
        sa.Column("vacant", sa.Text(), nullable=False),
        sa.Column("implementation", sa.Text(), nullable=False),
        sa.Column("potential", sa.Text(), nullable=False),
        sa.Column("values", sa.Text(), nullable=False),
        sa.Column("counted", sa.Text(), nullable=False),
        sa.Column("check_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("change_seq", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["measure_id"], ["measure.id"], name=op.f("fk_card_measure_id")),
        sa.ForeignKeyConstraint(["owner_id"], ["person.id"], name=op.f("fk_card_owner_id")),
        sa.PrimaryKeyConstraint("measure_id", name=op.f("pk_card")),
    )
    op.create_index(op.f("ix_card_change_seq"), "card", ["change_seq"], unique=False)
    op.create_index(op.f("ix_card_check_at"), "card", ["check_at"], unique=False)
    op.create_index(op.f("ix_card_owner_id"), "card", ["owner_id"], unique=False)
    for name in ("expired", "vacant"):
        some = sa.text(f"{name} <> '[]'")
        op.create_index(f"ix_card_{name}", "card", ["measure_id"], sqlite_where=some, postgresql_where=some)
    op.create_index(op.f("ix_card_standing"), "card", ["standing"], unique=False)
    op.create_index(op.f("ix_card_waits_for"), "card", ["waits_for"], unique=False)
    op.create_table(
        "stage_passage",
        sa.Column("measure_id", BIG, nullable=False),
        sa.Column("stage", sa.Text(), nullable=False),
        sa.Column("how", sa.Text(), nullable=False),
        sa.Column("entered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("entered_seq", sa.Integer(), nullable=False),
        sa.Column("left_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("left_seq", sa.Integer(), nullable=True),
        sa.Column("values", sa.Text(), nullable=False),
        sa.Column("review_id", sa.Integer(), nullable=True),
        sa.Column("id", BIG, autoincrement=True, nullable=False),
        sa.ForeignKeyConstraint(["measure_id"], ["measure.id"], name=op.f("fk_stage_passage_measure_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stage_passage")),
    )
    op.create_index("ix_stage_passage_measure", "stage_passage", ["measure_id", "id"], unique=False)
    op.create_index("ix_stage_passage_stage", "stage_passage", ["stage", "entered_at"], unique=False)
    op.create_table(
        "stage_total",
        sa.Column("branch_id", BIG, nullable=False),
        sa.Column("workflow_id", BIG, nullable=False),
        sa.Column("stage", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("standing", sa.Text(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("value", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["branch_id"], ["branch.id"], name=op.f("fk_stage_total_branch_id")),
        sa.ForeignKeyConstraint(["workflow_id"], ["workflow.id"], name=op.f("fk_stage_total_workflow_id")),
        sa.PrimaryKeyConstraint(
            "branch_id", "workflow_id", "stage", "state", "standing", "currency", name=op.f("pk_stage_total")
        ),
    )


def downgrade() -> None:
    """Drop them."""
    op.drop_table("stage_total")
    op.drop_table("stage_passage")
    op.drop_table("card")
    op.drop_table("comment")
    op.drop_table("status_entry_history")
    op.drop_table("status_entry")
    op.drop_table("dependency_history")
    op.drop_table("dependency")
    op.drop_table("risk_history")
    op.drop_table("risk")
    op.drop_table("milestone_history")
    op.drop_table("milestone")
    op.drop_table("part_history")
    op.drop_table("part")
    op.drop_table("measure_history")
    op.drop_table("measure")
