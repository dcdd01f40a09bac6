"""Finds the steps that name a role or a group."""

from alembic import op

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    """Add the index."""
    op.create_index("ix_step_decider_named", "step_decider", ["kind", "key"], unique=False)


def downgrade() -> None:
    """Take it back."""
    op.drop_index("ix_step_decider_named", table_name="step_decider")
