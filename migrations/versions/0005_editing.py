"""What editing needs: the audit log's before and after, answers to be replayed, and blocks beside the other forms."""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import TSVECTOR

import cms.db

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

EVENT_INDEXES = {
    "ix_events_subject": ["subject", "change", "position"],
    "ix_events_type": ["type", "change", "position"],
    "ix_events_action": ["action", "change", "position"],
    "ix_events_key": ["key_id", "change", "position"],
    "ix_events_at": ["at", "change"],
}


def upgrade() -> None:
    op.add_column("revisions", sa.Column("blocks", sa.JSON(none_as_null=True), nullable=True))
    op.add_column("revisions", sa.Column("review", sa.JSON(none_as_null=True), nullable=True))
    op.add_column("publications", sa.Column("asked_until", cms.db.UTCDateTime(), nullable=True))
    op.add_column("events", sa.Column("client", sa.String(length=200), nullable=True))
    op.add_column("events", sa.Column("before", sa.JSON(none_as_null=True), nullable=True))
    op.add_column("events", sa.Column("after", sa.JSON(none_as_null=True), nullable=True))
    op.add_column("events", sa.Column("reason", sa.String(length=500), nullable=True))
    op.drop_index("ix_events_subject", "events")
    for name, columns in EVENT_INDEXES.items():
        op.create_index(name, "events", columns)
    op.create_table(
        "idempotency_keys",
        sa.Column("api_key_id", sa.String(length=24), nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column("created_at", cms.db.UTCDateTime(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("headers", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["api_key_id"], ["api_keys.id"], name=op.f("fk_idempotency_keys_api_key_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("api_key_id", "key", name=op.f("pk_idempotency_keys")),
    )
    op.create_index("ix_idempotency_keys_created_at", "idempotency_keys", ["created_at"])
    for name, (table, columns) in LIST_INDEXES.items():
        op.create_index(name, table, columns)
    trashed = sa.text("trashed_at IS NOT NULL")
    op.create_index("ix_entries_trashed", "entries", ["type", "id"], postgresql_where=trashed, sqlite_where=trashed)
    _create_past_search()
    _create_draft_search()


LIST_INDEXES = {
    "ix_entries_type_slug": ("entries", ["type", "slug"]),
    "ix_articles_published_at": ("articles", ["published_at", "entry_id"]),
    "ix_articles_featured": ("articles", ["featured", "entry_id"]),
    "ix_faqs_position": ("faqs", ["position", "entry_id"]),
    "ix_social_links_position": ("social_links", ["position", "entry_id"]),
    "ix_social_links_platform": ("social_links", ["platform", "entry_id"]),
}
"""What lists of drafts are filtered and ordered by."""

# SQLite's part of an index, as in the migration that made the first one; only the names begin with something else.
SEARCH_INDEX = """
CREATE VIRTUAL TABLE search_index USING fts5(
    title, summary, body, scope, content='', tokenize='ascii tokenchars ''-:=_'''
)
"""
SEARCH_DOCUMENTS_INSERTED = """
CREATE TRIGGER search_documents_inserted AFTER INSERT ON search_documents BEGIN
    INSERT INTO search_index(rowid, title, summary, body, scope) VALUES (
        new.id,
        json_extract(new.tokens, '$[0]'),
        json_extract(new.tokens, '$[1]'),
        json_extract(new.tokens, '$[2]'),
        json_extract(new.tokens, '$[3]')
    );
END
"""
SEARCH_DOCUMENTS_DELETED = """
CREATE TRIGGER search_documents_deleted AFTER DELETE ON search_documents BEGIN
    INSERT INTO search_index(search_index, rowid, title, summary, body, scope) VALUES (
        'delete',
        old.id,
        json_extract(old.tokens, '$[0]'),
        json_extract(old.tokens, '$[1]'),
        json_extract(old.tokens, '$[2]'),
        json_extract(old.tokens, '$[3]')
    );
END
"""


def _create_past_search() -> None:
    """What is over, for searches of the past; filled when all migrations are done."""
    times = [sa.Column(name, cms.db.UTCDateTime(length=24), nullable=False) for name in ("live_from", "live_until")]
    _create_documents("past_", "publications.id", *times)
    if not _is_sqlite():
        op.create_index("ix_search_documents_type", "search_documents", ["type", "id"], postgresql_using="btree")


def _create_draft_search() -> None:
    """Drafts, for searches of them; filled when all migrations are done."""
    _create_documents("draft_", "draft_publications.entry_id")
    if not _is_sqlite():
        columns = ["type", "id"]
        op.create_index("ix_draft_search_documents_type", "draft_search_documents", columns, postgresql_using="btree")
    op.create_table(
        "draft_search_words",
        sa.Column("locale", sa.String(length=40), nullable=False),
        sa.Column("word", _collated(), nullable=False),
        sa.Column("stem", _collated(), nullable=False),
        sa.Column("shape", _collated(), nullable=False),
        sa.Column("magnitude", sa.SmallInteger(), nullable=False),
        sa.Column("documents", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("locale", "word", name=op.f("pk_draft_search_words")),
    )
    op.create_index("ix_draft_search_words_stem", "draft_search_words", ["locale", "stem"])
    op.create_index("ix_draft_search_words_shape", "draft_search_words", ["locale", "shape", "magnitude"])


def _create_documents(prefix: str, owner: str, *times: sa.Column[Any]) -> None:
    table = f"{prefix}search_documents"
    op.create_table(
        table,
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("publication_id", _identifier(), nullable=False),
        sa.Column("type", sa.String(length=40), nullable=False),
        sa.Column("locale", sa.String(length=40), nullable=False),
        sa.Column("translation_group", _identifier(), nullable=False),
        *times,
        sa.Column("tokens", sa.Text().with_variant(TSVECTOR(), "postgresql"), nullable=False),
        sa.ForeignKeyConstraint(
            ["publication_id"], [owner], name=op.f(f"fk_{table}_publication_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
    )
    op.create_index(f"ix_{table}_publication", table, ["publication_id"], unique=True)
    op.create_index(f"ix_{table}_translations", table, ["translation_group"])
    if _is_sqlite():
        for statement in (SEARCH_INDEX, SEARCH_DOCUMENTS_INSERTED, SEARCH_DOCUMENTS_DELETED):
            op.execute(statement.replace("search_", f"{prefix}search_"))
    else:
        gin = {"postgresql_using": "gin", "postgresql_with": {"fastupdate": "off"}}
        op.create_index(f"ix_{table}_tokens", table, ["tokens"], **gin)


def _is_sqlite() -> bool:
    return op.get_bind().dialect.name == "sqlite"


def _identifier() -> sa.types.TypeEngine[str]:
    return sa.String(length=36).with_variant(sa.UUID(as_uuid=False), "postgresql")


def _collated() -> sa.types.TypeEngine[str]:
    return sa.String().with_variant(sa.String(collation="C"), "postgresql")


def downgrade() -> None:
    for prefix in ("draft_", "past_"):
        if _is_sqlite():
            op.execute(f"DROP TABLE {prefix}search_index")
        op.drop_table(f"{prefix}search_documents")
    op.drop_table("draft_search_words")
    if not _is_sqlite():
        op.drop_index("ix_search_documents_type", "search_documents")
    op.drop_index("ix_entries_trashed", "entries")
    for name, (table, _) in LIST_INDEXES.items():
        op.drop_index(name, table)
    op.drop_table("idempotency_keys")
    for name in EVENT_INDEXES:
        op.drop_index(name, "events")
    op.create_index("ix_events_subject", "events", ["subject", "change"])
    for column in ("reason", "after", "before", "client"):
        op.drop_column("events", column)
    op.drop_column("publications", "asked_until")
    op.drop_column("revisions", "review")
    op.drop_column("revisions", "blocks")
