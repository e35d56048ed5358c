"""The search index: a row for each publication that is live or planned, and the words of all of them."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import TSVECTOR

import cms.db

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

INDEX = """
CREATE VIRTUAL TABLE search_index USING fts5(
    title, summary, body, scope, content='', tokenize='ascii tokenchars ''-:=_'''
)
"""
INSERTED = """
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
DELETED = """
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


def upgrade() -> None:
    op.create_table(
        "search_documents",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("publication_id", _identifier(), nullable=False),
        sa.Column("type", sa.String(length=40), nullable=False),
        sa.Column("locale", sa.String(length=40), nullable=False),
        sa.Column("translation_group", _identifier(), nullable=False),
        sa.Column("live_from", cms.db.UTCDateTime(length=24), nullable=False),
        sa.Column("live_until", cms.db.UTCDateTime(length=24), nullable=False),
        sa.Column("tokens", sa.Text().with_variant(TSVECTOR(), "postgresql"), nullable=False),
        sa.ForeignKeyConstraint(
            ["publication_id"],
            ["publications.id"],
            name=op.f("fk_search_documents_publication_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_search_documents")),
    )
    op.create_index("ix_search_documents_publication", "search_documents", ["publication_id"], unique=True)
    op.create_index("ix_search_documents_translations", "search_documents", ["translation_group"])
    op.create_index("ix_search_documents_live_from", "search_documents", ["live_from"])
    op.create_index("ix_search_documents_live_until", "search_documents", ["live_until"])
    op.create_table(
        "search_words",
        sa.Column("locale", sa.String(length=40), nullable=False),
        sa.Column("word", _collated(), nullable=False),
        sa.Column("stem", _collated(), nullable=False),
        sa.Column("shape", _collated(), nullable=False),
        sa.Column("magnitude", sa.SmallInteger(), nullable=False),
        sa.Column("documents", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("locale", "word", name=op.f("pk_search_words")),
    )
    op.create_index("ix_search_words_stem", "search_words", ["locale", "stem"])
    op.create_index("ix_search_words_shape", "search_words", ["locale", "shape", "magnitude"])
    if op.get_bind().dialect.name == "sqlite":
        for statement in (INDEX, INSERTED, DELETED):
            op.execute(statement)
    else:
        op.create_index(
            "ix_search_documents_tokens",
            "search_documents",
            ["tokens"],
            postgresql_using="gin",
            postgresql_with={"fastupdate": "off"},
        )


def _identifier() -> sa.types.TypeEngine[str]:
    return sa.String(length=36).with_variant(sa.UUID(as_uuid=False), "postgresql")


def _collated() -> sa.types.TypeEngine[str]:
    return sa.String().with_variant(sa.String(collation="C"), "postgresql")


def downgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        op.execute("DROP TABLE search_index")
    op.drop_table("search_words")
    op.drop_table("search_documents")
