"""Which renderer made a revision's renditions, so that what an older one made can be found and made anew."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("revisions", sa.Column("rendered_with", sa.Integer(), server_default=sa.text("1"), nullable=False))
    op.create_index("ix_revisions_rendered_with", "revisions", ["rendered_with"])


def downgrade() -> None:
    op.drop_index("ix_revisions_rendered_with", "revisions")
    op.drop_column("revisions", "rendered_with")
