"""The deprecated operations that each key still calls."""

import sqlalchemy as sa
from alembic import op

import cms.db

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "deprecated_usage",
        sa.Column("api_key_id", sa.String(length=24), nullable=False),
        sa.Column("operation", sa.String(length=120), nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.Column("last_used_at", cms.db.UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["api_key_id"], ["api_keys.id"], name=op.f("fk_deprecated_usage_api_key_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("api_key_id", "operation", name=op.f("pk_deprecated_usage")),
    )


def downgrade() -> None:
    op.drop_table("deprecated_usage")
