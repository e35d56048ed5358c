"""Whether the links of a text that lead to the site's own entries lead to what is live.

An address is the site's own when it is a path, or begins with the site's address; the site's URL patterns say which
type and slug it names. What no pattern knows is a page of the frontend's own, and nobody here can judge it.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any, Literal
from urllib.parse import SplitResult, unquote, urljoin, urlsplit

from sqlalchemy import Connection, and_, select
from sqlalchemy.orm import Session

from cms.content.editing.model import Entry, Slug
from cms.content.published.perspective import is_live_at, publications
from cms.content.types import Types
from cms.identifiers import SLUG_LENGTH
from cms.site import Site, slug_between

BEYOND_PATH = re.compile("[?#]")
SLASH_AT_END = re.compile(r"/+(?=[?#]|$)")

Name = tuple[str, str]
"""A type and a slug."""


@dataclass(frozen=True)
class Dead:
    """A link that leads to nothing live: how it came to that, and a sentence about it."""

    address: str
    state: Literal["broken", "unpublished", "moved"]
    detail: str


@dataclass(frozen=True)
class SiteAddresses:
    """Which entries the addresses of a site name."""

    site: Site
    types: Types

    def names(self, address: str, page: str | None) -> list[Name]:
        """The types and slugs that a link may mean, of which one has to be live; relative to the page it stands on."""
        parts = self._own(address, page)
        if parts is None:
            return []
        is_other = _path(parts) in self._other_pages
        found = [
            (name, _slug(pattern, parts))
            for name, pattern in self._patterns.items()
            if not is_other or BEYOND_PATH.search(pattern)
        ]
        return [(name, slug) for name, slug in found if slug is not None]

    def _own(self, address: str, page: str | None) -> SplitResult | None:
        """The parts of an address of the site, its path without that of the site's own; else ``None``."""
        if address.startswith(("#", "?")):
            return None
        try:
            parts = urlsplit(urljoin(page or self.site.base_url, address))
        except ValueError:
            return None
        base = self._base
        if parts.scheme not in ("http", "https") or parts.netloc.lower() != base.netloc.lower():
            return None
        if parts.path == base.path or parts.path.startswith(f"{base.path}/"):
            return parts._replace(path=parts.path[len(base.path) :])
        # A path that an editor writes is one of the site, wherever on its server the site is.
        return parts if address.startswith("/") else None

    @cached_property
    def _base(self) -> SplitResult:
        return urlsplit(self.site.base_url)

    @cached_property
    def _patterns(self) -> Mapping[str, str]:
        known = {name: self.site.data["url_patterns"].get(name) for name in self.types}
        return {name: pattern for name, pattern in known.items() if pattern and "{slug}" in pattern}

    @cached_property
    def _other_pages(self) -> set[str]:
        """The paths of collections and of the navigation: a pattern such as ``/{slug}`` would take them for entries."""
        paths = [path for path in self.site.data["url_patterns"].values() if path and "{slug}" not in path]
        items = [inner for item in self.site.data["navigation"] for inner in (item, *(item.get("children") or ()))]
        paths += [parts.path for item in items if (parts := self._own(item["url"], None))]
        return {_path(urlsplit(path)) for path in paths}


def _path(parts: SplitResult) -> str:
    return unquote(parts.path).rstrip("/")


def _slug(pattern: str, parts: SplitResult) -> str | None:
    """The slug that an address has in a pattern; its query and fragment count where the pattern has one."""
    address = unquote(parts.path)
    if "?" in pattern:
        address += f"?{unquote(parts.query)}"
    if "#" in pattern:
        address += f"#{unquote(parts.fragment)}"
    before, after = SLASH_AT_END.sub("", unquote(pattern)).split("{slug}")
    slug = slug_between(SLASH_AT_END.sub("", address), before, after)
    return slug if slug is not None and len(slug) <= SLUG_LENGTH else None


def find_dead(
    connection: Session | Connection,
    known: SiteAddresses,
    addresses: Iterable[str],
    *,
    page: str | None,
    own_id: str,
    at: datetime,
) -> dict[str, Dead]:
    """The links among these addresses to what is not live at an instant; links to oneself are no matter.

    One statement, and none where no link leads to an entry of the site.
    """
    named = {address: known.names(address, page) for address in addresses}
    holders = _holders(connection, known.site, {name for names in named.values() for name in names}, at)
    judged = [_judge(known.site, address, names, holders, own_id) for address, names in named.items() if names]
    return {each.address: each for each in judged if each is not None}


def _holders(connection: Session | Connection, site: Site, names: set[Name], at: datetime) -> dict[Name, list[Any]]:
    """Who holds each slug in any language, with the slug of its draft and the one it is live under."""
    if not names:
        return {}
    live = and_(publications.c.entry_id == Slug.entry_id, is_live_at(publications, current=False))
    statement = (
        select(
            Slug.type,
            Slug.slug,
            Slug.entry_id,
            Entry.slug.label("own"),
            Entry.trashed_at,
            publications.c.slug.label("live"),
        )
        .join(Entry, Entry.id == Slug.entry_id)
        .outerjoin(publications, live)
        .where(
            Slug.type.in_({type_name for type_name, _ in names}),
            Slug.locale.in_(list(site.locales)),
            Slug.slug.in_({slug for _, slug in names}),
        )
    )
    found: dict[Name, list[Any]] = {}
    for row in connection.execute(statement, {"at": at}):
        found.setdefault((row.type, row.slug), []).append(row)
    return found


def _judge(site: Site, address: str, names: list[Name], holders: Mapping[Name, list[Any]], own_id: str) -> Dead | None:
    rows = [row for name in names for row in holders.get(name, ())]
    if any(row.entry_id == own_id or row.live == row.slug for row in rows):
        return None
    quoted = f"“{address if len(address) <= 100 else address[:99] + '…'}”"
    if not rows:
        type_name, slug = names[0]
        return Dead(address, "broken", f"{quoted} leads to nothing: there is no {type_name} “{slug}”.")
    row = next((each for each in rows if each.live), rows[0])
    if row.live and row.slug != row.own:
        return Dead(address, "moved", f"{quoted} has moved to {site.url(row.type, row.live)}.")
    where = f"live as “{row.live}”" if row.live else "in the trash" if row.trashed_at else "not live"
    return Dead(address, "unpublished", f"{quoted} leads to {row.type} {row.entry_id}, which is {where}.")
