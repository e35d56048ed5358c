"""What preview reads: every draft as it would be published, with its references."""

from typing import Any

import sqlalchemy as sa
from alembic import op

import cms.db

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

KEYS = ("published_at", "updated_at", "sort_text", "sort_number", "sort_time")
SITE = "00000000-0000-0000-0000-000000000000"


def upgrade() -> None:
    op.create_table(
        "draft_publications",
        sa.Column("entry_id", _identifier(), nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.Column("type", sa.String(length=40), nullable=False),
        sa.Column("locale", sa.String(length=35), nullable=False),
        sa.Column("slug", sa.String(length=120), nullable=True),
        sa.Column("translation_group", _identifier(), nullable=False),
        sa.Column("dated", sa.Boolean(), nullable=False),
        *_sort_keys(),
        sa.ForeignKeyConstraint(
            ["entry_id", "revision"],
            ["revisions.entry_id", "revisions.number"],
            name=op.f("fk_draft_publications_entry_id_revision"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("entry_id", name=op.f("pk_draft_publications")),
    )
    op.create_table(
        "draft_publication_links",
        sa.Column("entry_id", _identifier(), nullable=False),
        sa.Column("field", sa.String(length=40), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("target_id", _identifier(), nullable=False),
        sa.Column("type", sa.String(length=40), nullable=False),
        sa.Column("locale", sa.String(length=35), nullable=False),
        *_sort_keys(),
        sa.ForeignKeyConstraint(
            ["entry_id"],
            ["draft_publications.entry_id"],
            name=op.f("fk_draft_publication_links_entry_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("entry_id", "field", "position", name=op.f("pk_draft_publication_links")),
    )
    # Filled before the indexes are built, which is faster.
    _fill()
    op.create_index("ix_draft_publications_slug", "draft_publications", ["type", "locale", "slug"])
    op.create_index("ix_draft_publications_translations", "draft_publications", ["translation_group"])
    op.create_index("ix_draft_publications_facet", "draft_publications", ["type", "locale", "facet"])
    columns = ["target_id", "field", "type", "published_at", "entry_id"]
    op.create_index("ix_draft_publication_links_newest", "draft_publication_links", columns)
    for key in KEYS:
        columns = ["type", "locale", key, "entry_id"]
        op.create_index(f"ix_draft_publications_by_{key}", "draft_publications", columns)
        columns = ["target_id", "field", "type", "locale", key, "entry_id"]
        op.create_index(f"ix_draft_publication_links_by_{key}", "draft_publication_links", columns)


def _identifier() -> sa.types.TypeEngine[str]:
    return sa.String(length=36).with_variant(sa.UUID(as_uuid=False), "postgresql")


def _sort_keys() -> list[sa.Column[Any]]:
    return [
        sa.Column("published_at", cms.db.UTCDateTime(length=24), nullable=False),
        sa.Column("updated_at", cms.db.UTCDateTime(length=24), nullable=False),
        sa.Column("sort_text", sa.String().with_variant(sa.String(collation="C"), "postgresql"), nullable=False),
        sa.Column("sort_number", sa.BigInteger(), nullable=False),
        sa.Column("sort_time", cms.db.UTCDateTime(length=24), nullable=False),
        sa.Column("facet", sa.String(length=40), nullable=False),
    ]


SHARED = ("type", "locale", *KEYS, "facet")
OF_DRAFTS = ["entry_id", "revision", "slug", "translation_group", "dated", *SHARED]
OF_LINKS = ["entry_id", "field", "position", "target_id", *SHARED]


def _fill() -> None:
    """Show every draft that is there; one of a type of one's own gets its own keys when it is next saved."""
    drafts, links = _table("draft_publications", *OF_DRAFTS), _table("draft_publication_links", *OF_LINKS)
    op.execute(drafts.insert().from_select(OF_DRAFTS, _drafts()))
    op.execute(links.insert().from_select(OF_LINKS, _links(drafts)))
    op.execute(links.insert().from_select(OF_LINKS, _links_of_the_site(drafts)))


def _table(name: str, *columns: str) -> sa.TableClause:
    return sa.table(name, *map(sa.column, columns))


def _drafts() -> sa.Select[Any]:
    """Each entry out of the trash with the keys that its type has."""
    names = ("id", "version", "slug", "translation_of", "type", "locale", "updated_at", "label", "trashed_at")
    entries = _table("entries", *names)
    articles = sa.table("articles", sa.column("entry_id"), sa.column("published_at"), sa.column("featured", sa.Boolean))
    faqs = _table("faqs", "entry_id", "position")
    social_links = _table("social_links", "entry_id", "platform", "position")
    publications = _table("publications", "entry_id", "live_from")
    first_live = sa.select(sa.func.min(publications.c.live_from)).where(publications.c.entry_id == entries.c.id)
    published_at = sa.func.coalesce(articles.c.published_at, first_live.scalar_subquery(), entries.c.updated_at)
    found: Any = entries
    for each in (articles, faqs, social_links):
        found = found.outerjoin(each, each.c.entry_id == entries.c.id)
    return (
        sa.select(
            entries.c.id,
            entries.c.version,
            entries.c.slug,
            sa.func.coalesce(entries.c.translation_of, entries.c.id),
            articles.c.published_at.is_not(None),
            entries.c.type,
            entries.c.locale,
            published_at,
            entries.c.updated_at,
            sa.func.coalesce(social_links.c.platform, entries.c.label),
            sa.func.coalesce(faqs.c.position, social_links.c.position, sa.literal_column("0")),
            published_at,
            sa.case(
                (articles.c.featured, sa.literal_column("'featured'")),
                else_=sa.func.coalesce(social_links.c.platform, sa.literal_column("''")),
            ),
        )
        .select_from(found)
        .where(entries.c.trashed_at.is_(None))
    )


def _links(drafts: sa.TableClause) -> sa.Select[Any]:
    links = _table("links", "entry_id", "field", "position", "target_id")
    own = (links.c.entry_id, links.c.field, links.c.position, links.c.target_id)
    return sa.select(*own, *(drafts.c[name] for name in SHARED)).join(drafts, drafts.c.entry_id == links.c.entry_id)


def _links_of_the_site(drafts: sa.TableClause) -> sa.Select[Any]:
    """What belongs to the site itself is listed by the id of nobody."""
    links = _table("links", "entry_id", "field")
    owned = sa.exists().where(links.c.entry_id == drafts.c.entry_id, links.c.field == "author")
    return sa.select(
        drafts.c.entry_id,
        sa.literal_column("'author'"),
        sa.literal_column("0"),
        sa.cast(sa.literal_column(f"'{SITE}'"), _identifier()),
        *(drafts.c[name] for name in SHARED),
    ).where(drafts.c.type == "social-link", ~owned)


def downgrade() -> None:
    op.drop_table("draft_publication_links")
    op.drop_table("draft_publications")
