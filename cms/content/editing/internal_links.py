"""Finding the links of a text to entries of the site that are not live.

An address belongs to the site if it is a path or begins with the site's address. The site's URL patterns say which type
and slug it names. Example: with the pattern ``/blog/{slug}`` for articles, ``/blog/tea`` names the article ``tea``. An
address that fits no pattern is a page of the frontend, which cannot be checked.
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

TypeAndSlug = tuple[str, str]


@dataclass(frozen=True)
class DeadLink:
    """A link that leads to nothing live, or only by a redirect: its state and a sentence about it."""

    address: str
    state: Literal["broken", "unpublished", "moved"]
    detail: str


@dataclass(frozen=True)
class SiteAddresses:
    """The types and slugs that the addresses of a site name."""

    site: Site
    types: Types

    def named_by(self, address: str, page: str | None) -> list[TypeAndSlug]:
        """The types and slugs that a link may name, of which one must be live.

        Example: ``/tea`` names two if articles and FAQ entries both have the pattern ``/{slug}``. A relative address is
        resolved against the ``page`` that contains it (RFC 3986).
        """
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
        """The parts of an address of the site, with its path relative to the site's; ``None`` for any other address."""
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
        # A path that an editor writes belongs to the site, even if the site is in a folder of its server.
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
        """The paths of lists and of the navigation, which a pattern such as ``/{slug}`` would take for entries."""
        paths = [path for path in self.site.data["url_patterns"].values() if path and "{slug}" not in path]
        items = [inner for item in self.site.data["navigation"] for inner in (item, *(item.get("children") or ()))]
        paths += [parts.path for item in items if (parts := self._own(item["url"], None))]
        return {_path(urlsplit(path)) for path in paths}


def _path(parts: SplitResult) -> str:
    return unquote(parts.path).rstrip("/")


def _slug(pattern: str, parts: SplitResult) -> str | None:
    """The slug of an address that fits a pattern. Its query and fragment are compared only if the pattern has them."""
    address = unquote(parts.path)
    if "?" in pattern:
        address += f"?{unquote(parts.query)}"
    if "#" in pattern:
        address += f"#{unquote(parts.fragment)}"
    before, after = SLASH_AT_END.sub("", unquote(pattern)).split("{slug}")
    slug = slug_between(SLASH_AT_END.sub("", address), before, after)
    return slug if slug is not None and len(slug) <= SLUG_LENGTH else None


def find_dead_links(
    connection: Session | Connection,
    known: SiteAddresses,
    addresses: Iterable[str],
    *,
    page: str | None,
    own_id: str,
    at: datetime,
) -> dict[str, DeadLink]:
    """The addresses that lead to entries that are not live at an instant; a page's links to itself are left out.

    It takes one statement, or none if no address leads to an entry of the site.
    """
    named = {address: known.named_by(address, page) for address in addresses}
    holders = _holders(connection, known.site, {each for targets in named.values() for each in targets}, at)
    checked = [_check(known.site, address, targets, holders, own_id) for address, targets in named.items() if targets]
    return {each.address: each for each in checked if each is not None}


def _holders(
    connection: Session | Connection, site: Site, targets: set[TypeAndSlug], at: datetime
) -> dict[TypeAndSlug, list[Any]]:
    """The entries that hold each slug in any language, with the slugs of their drafts and of what is live."""
    if not targets:
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
            Slug.type.in_({type_name for type_name, _ in targets}),
            Slug.locale.in_(list(site.locales)),
            Slug.slug.in_({slug for _, slug in targets}),
        )
    )
    found: dict[TypeAndSlug, list[Any]] = {}
    for row in connection.execute(statement, {"at": at}):
        found.setdefault((row.type, row.slug), []).append(row)
    return found


def _check(
    site: Site, address: str, targets: list[TypeAndSlug], holders: Mapping[TypeAndSlug, list[Any]], own_id: str
) -> DeadLink | None:
    rows = [row for each in targets for row in holders.get(each, ())]
    if any(row.entry_id == own_id or row.live == row.slug for row in rows):
        return None
    quoted = f"“{address if len(address) <= 100 else address[:99] + '…'}”"
    if not rows:
        type_name, slug = targets[0]
        return DeadLink(address, "broken", f"{quoted} is broken: there is no {type_name} “{slug}”.")
    row = next((each for each in rows if each.live), rows[0])
    if row.live and row.slug != row.own:
        return DeadLink(address, "moved", f"{quoted} redirects to {site.url(row.type, row.live)}.")
    where = f"live under the slug “{row.live}”" if row.live else "in the trash" if row.trashed_at else "not live"
    return DeadLink(address, "unpublished", f"{quoted} leads to {row.type} {row.entry_id}, which is {where}.")
