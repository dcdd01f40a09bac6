"""One open review per measure, found by its measure; deciders are kept for open reviews only."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    """Add the index, and forget the deciders of ended reviews (they stay in review_step.deciders)."""
    is_open = sa.text("state = 'open'")
    op.create_index(
        "ix_review_open",
        "review",
        ["measure_id"],
        unique=True,
        sqlite_where=is_open,
        postgresql_where=is_open,
    )
    op.execute(
        "DELETE FROM step_decider WHERE step_id IN (SELECT review_step.id FROM review_step"
        " JOIN review ON review.id = review_step.review_id WHERE review.state <> 'open')"
    )


def downgrade() -> None:
    """Take the index back; deciders of ended reviews are not needed by anything."""
    op.drop_index("ix_review_open", table_name="review")
