"""Who brought a file into the store."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    """Add the column."""
    with op.batch_alter_table("blob") as blob:
        blob.add_column(
            sa.Column("stored_by", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True)
        )
        blob.create_foreign_key(op.f("fk_blob_stored_by"), "person", ["stored_by"], ["id"])
    op.create_index("ix_blob_stored_by", "blob", ["stored_by", "stored_at"], unique=False)


def downgrade() -> None:
    """Take the column back."""
    op.drop_index("ix_blob_stored_by", table_name="blob")
    with op.batch_alter_table("blob") as blob:
        blob.drop_constraint(op.f("fk_blob_stored_by"), type_="foreignkey")
        blob.drop_column("stored_by")
