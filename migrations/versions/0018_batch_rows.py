"""Staged rows of an import lose a digest that nothing ever wrote."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0015"


def upgrade() -> None:
    """Drop the column."""
    with op.batch_alter_table("batch_row") as table:
        table.drop_column("digest")


def downgrade() -> None:
    """Bring it back, empty."""
    with op.batch_alter_table("batch_row") as table:
        table.add_column(sa.Column("digest", sa.String(), nullable=False, server_default=""))
