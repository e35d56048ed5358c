"""What editing needs: the audit log's before and after, answers to be replayed, and blocks beside the other forms."""

import sqlalchemy as sa
from alembic import op

import cms.db

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("revisions", sa.Column("blocks", sa.JSON(none_as_null=True), nullable=True))
    op.add_column("events", sa.Column("client", sa.String(length=200), nullable=True))
    op.add_column("events", sa.Column("before", sa.JSON(none_as_null=True), nullable=True))
    op.add_column("events", sa.Column("after", sa.JSON(none_as_null=True), nullable=True))
    op.add_column("events", sa.Column("reason", sa.String(length=500), nullable=True))
    op.create_table(
        "idempotency_keys",
        sa.Column("api_key_id", sa.String(length=24), nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column("created_at", cms.db.UTCDateTime(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("headers", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["api_key_id"], ["api_keys.id"], name=op.f("fk_idempotency_keys_api_key_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("api_key_id", "key", name=op.f("pk_idempotency_keys")),
    )
    op.create_index("ix_idempotency_keys_created_at", "idempotency_keys", ["created_at"])


def downgrade() -> None:
    op.drop_table("idempotency_keys")
    for column in ("reason", "after", "before", "client"):
        op.drop_column("events", column)
    op.drop_column("revisions", "blocks")
