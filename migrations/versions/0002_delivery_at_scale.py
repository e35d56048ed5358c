"""Indexes in which every declared list is one walk, kept counts, and the redirects of renamed entries."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

KEYS = ("published_at", "updated_at", "sort_text", "sort_number", "sort_time")
CURRENT = {"postgresql_where": sa.text("NOT over"), "sqlite_where": sa.text("over = 0")}
WITH_FACET = {
    "postgresql_where": sa.text("NOT over AND facet <> ''"),
    "sqlite_where": sa.text("over = 0 AND facet <> ''"),
}
RENAMED = {"postgresql_where": sa.text("renamed"), "sqlite_where": sa.text("renamed = 1")}
SITE = "00000000-0000-0000-0000-000000000000"


def upgrade() -> None:
    op.create_table(
        "link_counts",
        sa.Column("target_id", _identifier(), nullable=False),
        sa.Column("field", sa.String(length=40), nullable=False),
        sa.Column("type", sa.String(length=40), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("target_id", "field", "type", name=op.f("pk_link_counts")),
    )
    # Added in place: rebuilding a table of a million rows in batch mode would take minutes.
    op.add_column("publications", sa.Column("renamed", sa.Boolean(), nullable=False, server_default=sa.text("false")))
    _mark_renamed()
    op.create_index("ix_publications_renamed", "publications", ["type", "locale", "slug", "entry_id"], **RENAMED)
    op.drop_index("ix_publication_links_by_live_from", "publication_links")
    for key in KEYS:
        op.drop_index(f"ix_publication_links_by_{key}", "publication_links")
    _link_site_profiles()
    _count_links()
    for key in KEYS:
        columns = ["type", "locale", "facet", key, "entry_id"]
        op.create_index(f"ix_publications_by_facet_{key}", "publications", columns, **WITH_FACET)
        columns = ["target_id", "field", "type", "locale", key, "entry_id"]
        op.create_index(f"ix_publication_links_by_{key}", "publication_links", columns, **CURRENT)
    columns = ["target_id", "field", "type", "published_at", "entry_id"]
    op.create_index("ix_publication_links_newest", "publication_links", columns, **CURRENT)


def _identifier() -> sa.types.TypeEngine[str]:
    return sa.String(length=36).with_variant(sa.UUID(as_uuid=False), "postgresql")


def _mark_renamed() -> None:
    publications = sa.table(
        "publications",
        *(sa.column(name) for name in ("entry_id", "slug", "live_from")),
        sa.column("renamed", sa.Boolean),
    )
    later = publications.alias()
    has_other_slug = sa.exists().where(
        later.c.entry_id == publications.c.entry_id,
        later.c.live_from > publications.c.live_from,
        later.c.slug != publications.c.slug,
    )
    op.execute(publications.update().where(has_other_slug).values(renamed=sa.true()))


def _link_site_profiles() -> None:
    """What belongs to the site itself refers to it by the id of nobody, so that its list is a walk too."""
    links, publications = _tables()
    shared = [each.name for each in links.c if each.name not in ("publication_id", "field", "position", "target_id")]
    owned = sa.exists().where(links.c.publication_id == publications.c.id, links.c.field == "author")
    rows = sa.select(
        publications.c.id,
        sa.literal_column("'author'"),
        sa.literal_column("0"),
        sa.cast(sa.literal_column(f"'{SITE}'"), _identifier()),
        *(publications.c[name] for name in shared),
    ).where(publications.c.type == "social-link", ~owned)
    op.execute(links.insert().from_select(["publication_id", "field", "position", "target_id", *shared], rows))


def _tables() -> tuple[sa.TableClause, sa.TableClause]:
    shared = [sa.column("entry_id", _identifier()), sa.column("over", sa.Boolean)]
    shared += map(sa.column, ("type", "locale", "live_from", "live_until", "facet", *KEYS))
    ids = [sa.column(name, _identifier()) for name in ("publication_id", "target_id")]
    links = sa.table("publication_links", *ids, sa.column("field"), sa.column("position"), *map(_copied, shared))
    own = (sa.column("id", _identifier()), sa.column("announced", sa.Boolean))
    return links, sa.table("publications", *own, *shared)


def _copied(column: sa.ColumnClause[object]) -> sa.ColumnClause[object]:
    return sa.column(column.name, column.type)


def _count_links() -> None:
    links, publications = _tables()
    counts = sa.table("link_counts", *map(sa.column, ("target_id", "field", "type", "number")))
    rows = (
        sa.select(links.c.target_id, links.c.field, links.c.type, sa.func.count())
        .select_from(links.join(publications, publications.c.id == links.c.publication_id))
        .where(publications.c.announced, ~publications.c.over)
        .group_by(links.c.target_id, links.c.field, links.c.type)
    )
    op.execute(counts.insert().from_select(["target_id", "field", "type", "number"], rows))


def downgrade() -> None:
    op.drop_index("ix_publication_links_newest", "publication_links")
    for key in KEYS:
        op.drop_index(f"ix_publication_links_by_{key}", "publication_links")
        op.drop_index(f"ix_publications_by_facet_{key}", "publications")
    links, _ = _tables()
    op.execute(links.delete().where(links.c.target_id == SITE))
    for key in KEYS:
        columns = ["target_id", "field", "type", key, "entry_id"]
        op.create_index(f"ix_publication_links_by_{key}", "publication_links", columns, **CURRENT)
    columns = ["target_id", "field", "type", "live_from", "live_until"]
    op.create_index("ix_publication_links_by_live_from", "publication_links", columns, **CURRENT)
    op.drop_index("ix_publications_renamed", "publications")
    op.drop_column("publications", "renamed")
    op.drop_table("link_counts")
