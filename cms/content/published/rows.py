"""Published entries as rows, read from publications and revisions only.

No statement here can reach a draft: this module never names the tables of drafts, entries or links. Preview runs the
same statements over its own tables, which its perspective passes in.

Building a statement costs many times as much as running it. So each is built once for its structure (its filters, its
order, its relations) and run with the values of the request as parameters.
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    Connection,
    FromClause,
    Select,
    String,
    and_,
    bindparam,
    cast,
    func,
    null,
    select,
)

from cms.content.locales import best_of
from cms.content.published.perspective import (
    Perspective,
    StatementView,
    is_live_at,
    link_counts,
    publications,
    revisions,
)
from cms.content.types import ContentType, Count
from cms.db import JSON, Identifier, UTCDateTime, is_among
from cms.identifiers import is_identifier

Row = Any
"""A published entry as read: columns of the publication, ``data``, ``outline``, and ``bodies`` if asked for."""


def row_columns(table: FromClause, kind: ContentType | None, *, bodies: bool, view: StatementView) -> list[Any]:
    """The columns of a row from this table of publications, and the counts of the type ``kind``."""
    counts = [count_of(each, table.c.entry_id, view).label(each.field) for each in kind.counts] if kind else []
    return [
        table.c.id.label("publication_id"),
        table.c.entry_id,
        table.c.revision,
        table.c.type,
        table.c.locale,
        table.c.slug,
        table.c.translation_group,
        table.c.published_at,
        table.c.updated_at,
        revisions.c.data,
        revisions.c.outline,
        (revisions.c.bodies if bodies else cast(null(), JSON)).label("bodies"),
        *counts,
    ]


def first_excerpt(row: Row) -> str:
    """The beginning of an entry's first rich text."""
    excerpts = (outline["excerpt"] for outline in (row.outline or {}).values() if outline)
    return next(excerpts, None) or ""


def written_summary(kind: ContentType, row: Row) -> str | None:
    """The summary that an editor wrote, if there is one."""
    name = kind.meanings.summary
    return row.data.get(name) if name else None


def summary_of(kind: ContentType, row: Row) -> str:
    """The written summary of an entry, or else the beginning of its text."""
    return written_summary(kind, row) or first_excerpt(row)


def with_revision(columns: list[Any], table: FromClause = publications, found: FromClause | None = None) -> Select[Any]:
    """Rows of a table of publications with their revisions. ``found`` is a join that contains that table."""
    revision = and_(revisions.c.entry_id == table.c.entry_id, revisions.c.number == table.c.revision)
    return select(*columns).select_from((table if found is None else found).join(revisions, revision))


def count_of(count: Count, entry_id: Any, view: StatementView) -> Any:
    """The number of live entries that refer to an entry: the stored count, or a query if that may be out of date."""
    if view.is_counted:
        counted = link_counts.alias()
        number = select(counted.c.number).where(
            counted.c.target_id == entry_id, counted.c.field == count.by, counted.c.type == count.source
        )
        return func.coalesce(number.scalar_subquery(), 0)
    link = view.others.links.alias()
    return (
        select(func.count())
        .select_from(link)
        .where(
            link.c.target_id == entry_id,
            link.c.field == count.by,
            link.c.type == count.source,
            is_live_at(link, current=view.current),
        )
        .scalar_subquery()
    )


def find_published(
    connection: Connection,
    kind: ContentType,
    name: str,
    chain: Sequence[str],
    perspective: Perspective,
    *,
    asked_locale: bool,
) -> Row | None:
    """The live entry with an id, or with a slug in the best locale of the chain. Runs one statement.

    An id finds the entry itself, unless a locale was asked for and a translation in a better locale is live.
    """
    is_id = is_identifier(name)
    statement = _item_statement(kind, perspective.view, is_id=is_id)
    values = {"at": perspective.at, "name": name} | ({} if is_id else {"chain": list(chain)})
    rows: Sequence[Row] = connection.execute(statement, values).all()
    if is_id:
        itself = next((row for row in rows if row.entry_id == name), None)
        if itself is None or not asked_locale:
            return itself
        rows = [row for row in rows if row.locale in chain] or [itself]
    return best_of(rows, chain)


@lru_cache(maxsize=256)
def _item_statement(kind: ContentType, view: StatementView, *, is_id: bool) -> Select[Any]:
    table = view.rows.publications
    statement = with_revision(row_columns(table, kind, bodies=True, view=view), table).where(
        table.c.type == kind.name, is_live_at(table, current=view.current)
    )
    if not is_id:
        named = table.c.slug == bindparam("name", type_=String)
        return statement.where(named, is_among(table.c.locale, "chain"))
    own = table.alias()
    group = select(own.c.translation_group).where(
        own.c.entry_id == bindparam("name", type_=Identifier),
        own.c.type == kind.name,
        is_live_at(own, current=view.current),
    )
    return statement.where(table.c.translation_group == group.limit(1).scalar_subquery())


def find_renamed(
    connection: Connection, kind: ContentType, slug: str, chain: Sequence[str], perspective: Perspective
) -> Row | None:
    """The live entry that has been live under this slug and is now live under another one. Runs one statement."""
    values = {"at": perspective.at, "slug": slug, "chain": list(chain)}
    rows = connection.execute(_renamed_statement(kind, perspective.view), values).all()
    return best_of(rows, chain)


@lru_cache(maxsize=256)
def _renamed_statement(kind: ContentType, view: StatementView) -> Select[Any]:
    before, table = publications.alias(), view.rows.publications
    return (
        select(table.c.entry_id, table.c.slug, table.c.locale)
        .join(before, before.c.entry_id == table.c.entry_id)
        .where(
            before.c.type == kind.name,
            before.c.slug == bindparam("slug", type_=String),
            is_among(before.c.locale, "chain"),
            before.c.live_from <= bindparam("at", type_=UTCDateTime),
            is_live_at(table, current=view.current),
        )
    )
