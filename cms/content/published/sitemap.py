"""The pages of live entries for sitemaps, in the order of the entries' ids.

Entries are read in batches by an index scan. Each batch starts at an id, so that a deep batch costs no more than the
first one. Ids are made in the order of time, so that new entries come last and the earlier parts of a long list stay
the same.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    BigInteger,
    BindParameter,
    Connection,
    Integer,
    Select,
    String,
    bindparam,
    cast,
    exists,
    func,
    select,
)

from cms.content.model import Event, Publication
from cms.content.published.perspective import Perspective, is_live_at, publications, revisions
from cms.content.published.rows import Row, with_revision
from cms.content.types import Types
from cms.db import Identifier, UTCDateTime, is_among
from cms.feeds.sitemap import ListedPage
from cms.seo.head import is_indexable
from cms.site import Site

events: Any = Event.__table__


@dataclass(frozen=True)
class SitemapRun:
    """A run of consecutive entries: the id of the first, the number of entries, and the newest ``updated_at``."""

    first: str
    number: int
    updated_at: datetime


@dataclass(frozen=True)
class PagedTypes:
    """The types whose entries have pages of their own on a site."""

    site: Site
    types: tuple[str, ...]

    @classmethod
    def of(cls, site: Site, types: Types) -> "PagedTypes":
        """The types with slugs whose URL pattern names one page for each entry.

        A pattern without a slug (``/team``), or with a fragment (``/faq#{slug}``), does not.
        """
        patterns: dict[str, str | None] = site.data["url_patterns"]
        named = {name: patterns.get(name) or "" for name, kind in types.items() if kind.has_slug}
        return cls(site, tuple(name for name, path in named.items() if "{slug}" in path and "#" not in path))

    @property
    def patterns(self) -> list[str]:
        return [self.site.base_url + self.site.data["url_patterns"][name] for name in self.types]


def list_runs(connection: Connection, paged: PagedTypes, size: int, perspective: Perspective) -> list[SitemapRun]:
    """All runs of ``size`` entries. Runs one statement, which takes some seconds for a million publications."""
    values = {"at": perspective.at, "size": size, "types": list(paged.types), "locales": list(paged.site.locales)}
    rows = connection.execute(_parts_statement(current=perspective.current), values).all()
    return [SitemapRun(row.first, row.number, row.updated_at) for row in rows]


@lru_cache(maxsize=4)
def _parts_statement(*, current: bool) -> Select[*tuple[Any, ...]]:
    numbered = (
        select(
            cast(publications.c.entry_id, String).label("first"),
            publications.c.updated_at,
            func.row_number(type_=BigInteger).over(order_by=publications.c.entry_id).label("number"),
        )
        .where(
            is_among(publications.c.type, "types"),
            is_among(publications.c.locale, "locales"),
            is_live_at(publications, current=current),
        )
        .subquery()
    )
    size: BindParameter[int] = bindparam("size", type_=Integer)
    part = (numbered.c.number - 1) // size
    return (
        select(
            func.min(numbered.c.first).label("first"),
            func.count().label("number"),
            func.max(numbered.c.updated_at).label("updated_at"),
        )
        .group_by(part)
        .order_by(part)
    )


def list_pages(
    connection: Connection, paged: PagedTypes, first: str, limit: int, perspective: Perspective
) -> tuple[list[ListedPage | None], str | None]:
    """The pages of the next entries from the id ``first`` on, and the first id of the next batch.

    An entry that search engines must not list is ``None``. ``limit`` counts all scanned entries, including those
    without pages: with their conditions in the statement, databases would sort instead of scanning the index. Runs two
    statements, or one on a site in one language.
    """
    values = {"at": perspective.at, "first": first, "limit": limit + 1}
    rows = connection.execute(_batch_statement(current=perspective.current), values).all()
    paged_rows = [row for row in rows[:limit] if row.type in paged.types and row.locale in paged.site.locales]
    groups = _by_language(connection, paged.site, paged_rows, perspective)
    pages = [_page(paged.site, row, groups) for row in paged_rows]
    return pages, rows[limit].entry_id if len(rows) > limit else None


@lru_cache(maxsize=4)
def _batch_statement(*, current: bool) -> Select[Any]:
    first: BindParameter[str] = bindparam("first", type_=Identifier)
    # The condition is on both tables, so that a merge join starts at the first id in both.
    begins = (publications.c.entry_id >= first, revisions.c.entry_id >= first)
    return (
        with_revision(_columns())
        .where(is_live_at(publications, current=current), *begins)
        .order_by(publications.c.entry_id)
        .limit(bindparam("limit", type_=Integer))
    )


def _columns() -> list[Any]:
    """The columns that decide the address of a page and if it is listed, without long texts."""
    return [
        publications.c.entry_id,
        publications.c.type,
        publications.c.locale,
        publications.c.slug,
        publications.c.translation_group,
        publications.c.updated_at,
        revisions.c.data["seo", "noindex"].as_boolean().label("noindex"),
        revisions.c.data["seo", "canonical_url"].as_string().label("canonical_url"),
    ]


def _by_language(
    connection: Connection, site: Site, rows: Sequence[Row], perspective: Perspective
) -> dict[str, dict[str, str]]:
    """The addresses of listed pages by translation group and language, for groups in several languages."""
    if len(site.locales) < 2 or not rows:
        return {}
    values = {
        "at": perspective.at,
        "groups": [row.translation_group for row in rows],
        "locales": list(site.locales),
    }
    groups: dict[str, dict[str, str]] = {}
    for row in connection.execute(_groups_statement(current=perspective.current), values):
        if _is_listed(site, row):
            groups.setdefault(row.translation_group, {})[row.locale] = str(site.url(row.type, row.slug))
    return {group: addresses for group, addresses in groups.items() if len(addresses) > 1}


@lru_cache(maxsize=4)
def _groups_statement(*, current: bool) -> Select[Any]:
    return with_revision(_columns()).where(
        is_among(publications.c.translation_group, "groups"),
        is_among(publications.c.locale, "locales"),
        is_live_at(publications, current=current),
    )


def _is_listed(site: Site, row: Row) -> bool:
    written = {"noindex": row.noindex, "canonical_url": row.canonical_url}
    return is_indexable(written, site.url(row.type, row.slug))


def _page(site: Site, row: Row, groups: dict[str, dict[str, str]]) -> ListedPage | None:
    if not _is_listed(site, row):
        return None
    alternates = dict(sorted(groups.get(row.translation_group, {}).items()))
    if site.default_locale in alternates:
        alternates["x-default"] = alternates[site.default_locale]
    return ListedPage(str(site.url(row.type, row.slug)), row.updated_at, alternates)


def last_transition(connection: Connection, at: datetime) -> datetime | None:
    """The newest instant up to ``at`` at which a publication began or ended, or a live entry was erased.

    Together with the site's settings it identifies a state of all live entries. It reveals nothing of plans and drafts.
    """
    instants = connection.execute(_last_transition_statement(), {"at": at}).one()
    return max((each for each in instants if each is not None), default=None)


@lru_cache(maxsize=1)
def _last_transition_statement() -> Select[*tuple[Any, ...]]:
    at: BindParameter[datetime] = bindparam("at", type_=UTCDateTime)
    began = select(func.max(Publication.live_from)).where(Publication.live_from <= at)
    ended = select(func.max(Publication.live_until)).where(Publication.live_until <= at)
    erased, went_live = events.alias(), events.alias()
    # An erased entry has no publications left, and erasing one that was never live changes no page.
    was_live = exists().where(
        went_live.c.subject == erased.c.subject, went_live.c.action.in_(("published", "went_live"))
    )
    last_erased = (
        select(erased.c.at)
        .where(erased.c.action == "purged", was_live)
        .order_by(erased.c.change.desc(), erased.c.position.desc())
        .limit(1)
    )
    return select(began.scalar_subquery(), ended.scalar_subquery(), last_erased.scalar_subquery())
