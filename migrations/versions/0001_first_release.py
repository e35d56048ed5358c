"""The tables of the first release, with the one row of the counter and of the site."""

from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

import cms.db

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "api_keys",
        sa.Column("id", sa.String(length=24), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("secret_sha256", sa.String(length=64), nullable=False),
        sa.Column("scopes", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("created_at", cms.db.UTCDateTime(length=24), nullable=False),
        sa.Column("expires_at", cms.db.UTCDateTime(length=24), nullable=True),
        sa.Column("revoked_at", cms.db.UTCDateTime(length=24), nullable=True),
        sa.Column("last_used_at", cms.db.UTCDateTime(length=24), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_keys")),
    )
    op.create_table(
        "content_version",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("change", sa.BigInteger(), nullable=False),
        sa.Column("content", sa.BigInteger(), nullable=False),
        sa.Column("at", cms.db.UTCDateTime(length=24), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_content_version_single")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_content_version")),
    )
    op.create_table(
        "events",
        sa.Column("change", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("at", cms.db.UTCDateTime(length=24), nullable=False),
        sa.Column("action", sa.String(length=40), nullable=False),
        sa.Column("type", sa.String(length=40), nullable=False),
        sa.Column("subject", sa.String(length=36), nullable=True),
        sa.Column("revision", sa.BigInteger(), nullable=True),
        sa.Column("key_id", sa.String(length=24), nullable=True),
        sa.Column("request_id", sa.String(length=64), nullable=True),
        sa.PrimaryKeyConstraint("change", "position", name=op.f("pk_events")),
    )
    with op.batch_alter_table("events", schema=None) as batch_op:
        batch_op.create_index("ix_events_subject", ["subject", "change"], unique=False)

    op.create_table(
        "site",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("data", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("changed", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", cms.db.UTCDateTime(length=24), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_site_single")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_site")),
    )
    op.create_table(
        "entries",
        sa.Column("id", sa.String(length=36).with_variant(sa.UUID(as_uuid=False), "postgresql"), nullable=False),
        sa.Column("type", sa.String(length=40), nullable=False),
        sa.Column("locale", sa.String(length=35), nullable=False),
        sa.Column(
            "translation_of", sa.String(length=36).with_variant(sa.UUID(as_uuid=False), "postgresql"), nullable=True
        ),
        sa.Column("slug", sa.String(length=120), nullable=True),
        sa.Column("label", sa.String().with_variant(sa.String(collation="C"), "postgresql"), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("changed", sa.BigInteger(), nullable=False),
        sa.Column("created_at", cms.db.UTCDateTime(length=24), nullable=False),
        sa.Column("updated_at", cms.db.UTCDateTime(length=24), nullable=False),
        sa.Column("created_by", sa.String(length=24), nullable=True),
        sa.Column("trashed_at", cms.db.UTCDateTime(length=24), nullable=True),
        sa.ForeignKeyConstraint(["created_by"], ["api_keys.id"], name=op.f("fk_entries_created_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_entries")),
    )
    with op.batch_alter_table("entries", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_entries_translation_of"), ["translation_of"], unique=False)
        batch_op.create_index("ix_entries_type_created", ["type", "created_at", "id"], unique=False)
        batch_op.create_index("ix_entries_type_label", ["type", "label", "id"], unique=False)
        batch_op.create_index("ix_entries_type_updated", ["type", "updated_at", "id"], unique=False)

    op.create_table(
        "articles",
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("subtitle", sa.String(length=300), nullable=True),
        sa.Column("summary", sa.String(length=500), nullable=True),
        sa.Column("body", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("published_at", cms.db.UTCDateTime(length=24), nullable=True),
        sa.Column("featured", sa.Boolean(), nullable=False),
        sa.Column("hero_image", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("calls_to_action", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("seo", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("extra", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("entry_id", sa.String(length=36).with_variant(sa.UUID(as_uuid=False), "postgresql"), nullable=False),
        sa.ForeignKeyConstraint(["entry_id"], ["entries.id"], name=op.f("fk_articles_entry_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("entry_id", name=op.f("pk_articles")),
    )
    op.create_table(
        "authors",
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("honorific_prefix", sa.String(length=60), nullable=True),
        sa.Column("credentials", sa.String(length=60), nullable=True),
        sa.Column("job_title", sa.String(length=120), nullable=True),
        sa.Column("bio", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("avatar", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("website", sa.String(), nullable=True),
        sa.Column("extra", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("entry_id", sa.String(length=36).with_variant(sa.UUID(as_uuid=False), "postgresql"), nullable=False),
        sa.ForeignKeyConstraint(["entry_id"], ["entries.id"], name=op.f("fk_authors_entry_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("entry_id", name=op.f("pk_authors")),
    )
    op.create_table(
        "faqs",
        sa.Column("question", sa.String(length=300), nullable=False),
        sa.Column("answer", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("extra", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("entry_id", sa.String(length=36).with_variant(sa.UUID(as_uuid=False), "postgresql"), nullable=False),
        sa.ForeignKeyConstraint(["entry_id"], ["entries.id"], name=op.f("fk_faqs_entry_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("entry_id", name=op.f("pk_faqs")),
    )
    op.create_table(
        "links",
        sa.Column("entry_id", sa.String(length=36).with_variant(sa.UUID(as_uuid=False), "postgresql"), nullable=False),
        sa.Column("field", sa.String(length=40), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("target_id", sa.String(length=36).with_variant(sa.UUID(as_uuid=False), "postgresql"), nullable=False),
        sa.ForeignKeyConstraint(["entry_id"], ["entries.id"], name=op.f("fk_links_entry_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["target_id"], ["entries.id"], name=op.f("fk_links_target_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("entry_id", "field", "position", name=op.f("pk_links")),
    )
    with op.batch_alter_table("links", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_links_target_id"), ["target_id"], unique=False)

    op.create_table(
        "revisions",
        sa.Column("entry_id", sa.String(length=36).with_variant(sa.UUID(as_uuid=False), "postgresql"), nullable=False),
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("change", sa.BigInteger(), nullable=False),
        sa.Column("created_at", cms.db.UTCDateTime(length=24), nullable=False),
        sa.Column("created_by", sa.String(length=24), nullable=True),
        sa.Column("note", sa.String(), nullable=True),
        sa.Column("data", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("outline", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("bodies", sa.JSON(none_as_null=True), nullable=False),
        sa.ForeignKeyConstraint(["created_by"], ["api_keys.id"], name=op.f("fk_revisions_created_by")),
        sa.ForeignKeyConstraint(["entry_id"], ["entries.id"], name=op.f("fk_revisions_entry_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("entry_id", "number", name=op.f("pk_revisions")),
    )
    op.create_table(
        "slugs",
        sa.Column("type", sa.String(length=40), nullable=False),
        sa.Column("locale", sa.String(length=35), nullable=False),
        sa.Column("slug", sa.String(length=120), nullable=False),
        sa.Column("entry_id", sa.String(length=36).with_variant(sa.UUID(as_uuid=False), "postgresql"), nullable=False),
        sa.ForeignKeyConstraint(["entry_id"], ["entries.id"], name=op.f("fk_slugs_entry_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("type", "locale", "slug", name=op.f("pk_slugs")),
    )
    with op.batch_alter_table("slugs", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_slugs_entry_id"), ["entry_id"], unique=False)

    op.create_table(
        "social_links",
        sa.Column("platform", sa.String(length=40), nullable=False),
        sa.Column("handle", sa.String(length=120), nullable=True),
        sa.Column("url", sa.String(length=2048), nullable=False),
        sa.Column("label", sa.String(length=120), nullable=True),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("extra", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("entry_id", sa.String(length=36).with_variant(sa.UUID(as_uuid=False), "postgresql"), nullable=False),
        sa.ForeignKeyConstraint(
            ["entry_id"], ["entries.id"], name=op.f("fk_social_links_entry_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("entry_id", name=op.f("pk_social_links")),
    )
    op.create_table(
        "tags",
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("description", sa.String(length=500), nullable=True),
        sa.Column("extra", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("entry_id", sa.String(length=36).with_variant(sa.UUID(as_uuid=False), "postgresql"), nullable=False),
        sa.ForeignKeyConstraint(["entry_id"], ["entries.id"], name=op.f("fk_tags_entry_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("entry_id", name=op.f("pk_tags")),
    )
    op.create_table(
        "publications",
        sa.Column("id", sa.String(length=36).with_variant(sa.UUID(as_uuid=False), "postgresql"), nullable=False),
        sa.Column("entry_id", sa.String(length=36).with_variant(sa.UUID(as_uuid=False), "postgresql"), nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.Column("type", sa.String(length=40), nullable=False),
        sa.Column("locale", sa.String(length=35), nullable=False),
        sa.Column("slug", sa.String(length=120), nullable=True),
        sa.Column(
            "translation_group", sa.String(length=36).with_variant(sa.UUID(as_uuid=False), "postgresql"), nullable=False
        ),
        sa.Column("live_from", cms.db.UTCDateTime(length=24), nullable=False),
        sa.Column("live_until", cms.db.UTCDateTime(length=24), nullable=False),
        sa.Column("dated", sa.Boolean(), nullable=False),
        sa.Column("over", sa.Boolean(), nullable=False),
        sa.Column("announced", sa.Boolean(), nullable=False),
        sa.Column("published_at", cms.db.UTCDateTime(length=24), nullable=False),
        sa.Column("updated_at", cms.db.UTCDateTime(length=24), nullable=False),
        sa.Column("sort_text", sa.String().with_variant(sa.String(collation="C"), "postgresql"), nullable=False),
        sa.Column("sort_number", sa.BigInteger(), nullable=False),
        sa.Column("sort_time", cms.db.UTCDateTime(length=24), nullable=False),
        sa.Column("facet", sa.String(length=40), nullable=False),
        sa.CheckConstraint("live_from < live_until", name=op.f("ck_publications_lasts")),
        sa.ForeignKeyConstraint(
            ["entry_id", "revision"],
            ["revisions.entry_id", "revisions.number"],
            name=op.f("fk_publications_entry_id_revision"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_publications")),
        sa.UniqueConstraint("entry_id", "live_from", name=op.f("uq_publications_entry_id_live_from")),
    )
    with op.batch_alter_table("publications", schema=None) as batch_op:
        batch_op.create_index(
            "ix_publications_by_published_at",
            ["type", "locale", "published_at", "entry_id"],
            unique=False,
            postgresql_where=sa.text("NOT over"),
            sqlite_where=sa.text("over = 0"),
        )
        batch_op.create_index(
            "ix_publications_by_sort_number",
            ["type", "locale", "sort_number", "entry_id"],
            unique=False,
            postgresql_where=sa.text("NOT over"),
            sqlite_where=sa.text("over = 0"),
        )
        batch_op.create_index(
            "ix_publications_by_sort_text",
            ["type", "locale", "sort_text", "entry_id"],
            unique=False,
            postgresql_where=sa.text("NOT over"),
            sqlite_where=sa.text("over = 0"),
        )
        batch_op.create_index(
            "ix_publications_by_sort_time",
            ["type", "locale", "sort_time", "entry_id"],
            unique=False,
            postgresql_where=sa.text("NOT over"),
            sqlite_where=sa.text("over = 0"),
        )
        batch_op.create_index(
            "ix_publications_by_updated_at",
            ["type", "locale", "updated_at", "entry_id"],
            unique=False,
            postgresql_where=sa.text("NOT over"),
            sqlite_where=sa.text("over = 0"),
        )
        batch_op.create_index("ix_publications_live_from", ["live_from"], unique=False)
        batch_op.create_index("ix_publications_live_until", ["live_until"], unique=False)
        batch_op.create_index(
            "ix_publications_unannounced",
            ["live_from"],
            unique=False,
            postgresql_where=sa.text("NOT announced"),
            sqlite_where=sa.text("announced = 0"),
        )
        batch_op.create_index(
            "ix_publications_ending",
            ["live_until"],
            unique=False,
            postgresql_where=sa.text("NOT over"),
            sqlite_where=sa.text("over = 0"),
        )
        batch_op.create_index("ix_publications_slug", ["type", "locale", "slug"], unique=False)
        batch_op.create_index("ix_publications_translations", ["translation_group"], unique=False)

    op.create_table(
        "publication_links",
        sa.Column(
            "publication_id", sa.String(length=36).with_variant(sa.UUID(as_uuid=False), "postgresql"), nullable=False
        ),
        sa.Column("field", sa.String(length=40), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("target_id", sa.String(length=36).with_variant(sa.UUID(as_uuid=False), "postgresql"), nullable=False),
        sa.Column("entry_id", sa.String(length=36).with_variant(sa.UUID(as_uuid=False), "postgresql"), nullable=False),
        sa.Column("type", sa.String(length=40), nullable=False),
        sa.Column("locale", sa.String(length=35), nullable=False),
        sa.Column("live_from", cms.db.UTCDateTime(length=24), nullable=False),
        sa.Column("live_until", cms.db.UTCDateTime(length=24), nullable=False),
        sa.Column("over", sa.Boolean(), nullable=False),
        sa.Column("published_at", cms.db.UTCDateTime(length=24), nullable=False),
        sa.Column("updated_at", cms.db.UTCDateTime(length=24), nullable=False),
        sa.Column("sort_text", sa.String().with_variant(sa.String(collation="C"), "postgresql"), nullable=False),
        sa.Column("sort_number", sa.BigInteger(), nullable=False),
        sa.Column("sort_time", cms.db.UTCDateTime(length=24), nullable=False),
        sa.Column("facet", sa.String(length=40), nullable=False),
        sa.ForeignKeyConstraint(
            ["publication_id"],
            ["publications.id"],
            name=op.f("fk_publication_links_publication_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("publication_id", "field", "position", name=op.f("pk_publication_links")),
    )
    with op.batch_alter_table("publication_links", schema=None) as batch_op:
        batch_op.create_index(
            "ix_publication_links_by_published_at",
            ["target_id", "field", "type", "published_at", "entry_id"],
            unique=False,
            postgresql_where=sa.text("NOT over"),
            sqlite_where=sa.text("over = 0"),
        )
        batch_op.create_index(
            "ix_publication_links_by_sort_number",
            ["target_id", "field", "type", "sort_number", "entry_id"],
            unique=False,
            postgresql_where=sa.text("NOT over"),
            sqlite_where=sa.text("over = 0"),
        )
        batch_op.create_index(
            "ix_publication_links_by_sort_time",
            ["target_id", "field", "type", "sort_time", "entry_id"],
            unique=False,
            postgresql_where=sa.text("NOT over"),
            sqlite_where=sa.text("over = 0"),
        )
        batch_op.create_index(
            "ix_publication_links_by_live_from",
            ["target_id", "field", "type", "live_from", "live_until"],
            unique=False,
            postgresql_where=sa.text("NOT over"),
            sqlite_where=sa.text("over = 0"),
        )
        batch_op.create_index(
            "ix_publication_links_by_sort_text",
            ["target_id", "field", "type", "sort_text", "entry_id"],
            unique=False,
            postgresql_where=sa.text("NOT over"),
            sqlite_where=sa.text("over = 0"),
        )
        batch_op.create_index(
            "ix_publication_links_by_updated_at",
            ["target_id", "field", "type", "updated_at", "entry_id"],
            unique=False,
            postgresql_where=sa.text("NOT over"),
            sqlite_where=sa.text("over = 0"),
        )

    started = datetime(2026, 1, 1, tzinfo=UTC)
    counter = sa.table(
        "content_version",
        sa.column("id"),
        sa.column("change"),
        sa.column("content"),
        sa.column("at", cms.db.UTCDateTime),
    )
    op.bulk_insert(counter, [{"id": 1, "change": 1, "content": 1, "at": started}])
    site = sa.table(
        "site",
        sa.column("id"),
        sa.column("data", sa.JSON),
        sa.column("changed"),
        sa.column("updated_at", cms.db.UTCDateTime),
    )
    op.bulk_insert(site, [{"id": 1, "data": {}, "changed": 1, "updated_at": started}])


def downgrade() -> None:
    with op.batch_alter_table("publication_links", schema=None) as batch_op:
        batch_op.drop_index(
            "ix_publication_links_by_updated_at", postgresql_where=sa.text("NOT over"), sqlite_where=sa.text("over = 0")
        )
        batch_op.drop_index(
            "ix_publication_links_by_sort_text", postgresql_where=sa.text("NOT over"), sqlite_where=sa.text("over = 0")
        )
        batch_op.drop_index(
            "ix_publication_links_by_live_from",
            postgresql_where=sa.text("NOT over"),
            sqlite_where=sa.text("over = 0"),
        )
        batch_op.drop_index(
            "ix_publication_links_by_sort_time",
            postgresql_where=sa.text("NOT over"),
            sqlite_where=sa.text("over = 0"),
        )
        batch_op.drop_index(
            "ix_publication_links_by_sort_number",
            postgresql_where=sa.text("NOT over"),
            sqlite_where=sa.text("over = 0"),
        )
        batch_op.drop_index(
            "ix_publication_links_by_published_at",
            postgresql_where=sa.text("NOT over"),
            sqlite_where=sa.text("over = 0"),
        )

    op.drop_table("publication_links")
    with op.batch_alter_table("publications", schema=None) as batch_op:
        batch_op.drop_index("ix_publications_translations")
        batch_op.drop_index("ix_publications_slug")
        batch_op.drop_index(
            "ix_publications_ending", postgresql_where=sa.text("NOT over"), sqlite_where=sa.text("over = 0")
        )
        batch_op.drop_index(
            "ix_publications_unannounced",
            postgresql_where=sa.text("NOT announced"),
            sqlite_where=sa.text("announced = 0"),
        )
        batch_op.drop_index("ix_publications_live_until")
        batch_op.drop_index("ix_publications_live_from")
        batch_op.drop_index(
            "ix_publications_by_updated_at", postgresql_where=sa.text("NOT over"), sqlite_where=sa.text("over = 0")
        )
        batch_op.drop_index(
            "ix_publications_by_sort_time", postgresql_where=sa.text("NOT over"), sqlite_where=sa.text("over = 0")
        )
        batch_op.drop_index(
            "ix_publications_by_sort_text", postgresql_where=sa.text("NOT over"), sqlite_where=sa.text("over = 0")
        )
        batch_op.drop_index(
            "ix_publications_by_sort_number", postgresql_where=sa.text("NOT over"), sqlite_where=sa.text("over = 0")
        )
        batch_op.drop_index(
            "ix_publications_by_published_at", postgresql_where=sa.text("NOT over"), sqlite_where=sa.text("over = 0")
        )

    op.drop_table("publications")
    op.drop_table("tags")
    op.drop_table("social_links")
    with op.batch_alter_table("slugs", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_slugs_entry_id"))

    op.drop_table("slugs")
    op.drop_table("revisions")
    with op.batch_alter_table("links", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_links_target_id"))

    op.drop_table("links")
    op.drop_table("faqs")
    op.drop_table("authors")
    op.drop_table("articles")
    with op.batch_alter_table("entries", schema=None) as batch_op:
        batch_op.drop_index("ix_entries_type_updated")
        batch_op.drop_index("ix_entries_type_label")
        batch_op.drop_index("ix_entries_type_created")
        batch_op.drop_index(batch_op.f("ix_entries_translation_of"))

    op.drop_table("entries")
    op.drop_table("site")
    with op.batch_alter_table("events", schema=None) as batch_op:
        batch_op.drop_index("ix_events_subject")

    op.drop_table("events")
    op.drop_table("content_version")
    op.drop_table("api_keys")
