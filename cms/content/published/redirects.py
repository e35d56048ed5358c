"""The redirect map of a site: old paths of entries that have been live under another slug.

An old slug leads to the slug under which its entry is live now, so that there are no chains and no loops. An entry that
is not live has no redirects. Paths come from the site's URL patterns. The path of a live page is never redirected, and
an old path has one redirect only, even if languages or types share a pattern: the site's default language comes first.

Example: the slug of an article was ``a``, then ``b``, and is ``c`` now. With the pattern ``/blog/{slug}`` the map has
``/blog/a`` → ``/blog/c`` and ``/blog/b`` → ``/blog/c``. If another article goes live as ``b``, the second one is gone.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple
from urllib.parse import quote, unquote, urlsplit

from sqlalchemy import ColumnElement, Connection, Integer, Select, String, bindparam, case, select, tuple_

from cms.content.published.moment import Moment
from cms.content.published.perspective import is_live_at, publications
from cms.db import Identifier, UTCDateTime, is_among, unindexed
from cms.site import Site, slug_between

BATCH = 1000
# Characters that a path may hold unencoded (RFC 3986, section 3.3), besides letters and digits; ``%`` is kept too.
PATH = "/-._~!$&'()*+,;=:@%"
STRAY_PERCENT = re.compile(r"%(?![0-9A-Fa-f]{2})")


@dataclass(frozen=True)
class Pattern:
    """The percent-encoded path of a type's pages on its server: the parts before and after the slug."""

    before: str
    after: str

    @classmethod
    def of(cls, site: Site, type_name: str) -> "Pattern | None":
        """The pattern of a type. ``None`` if it has no pages, or pages that differ in more than their path."""
        path = site.data["url_patterns"].get(type_name)
        if path is None or path.count("{slug}") != 1 or "#" in path or "?" in path:
            return None
        before, after = f"{urlsplit(site.base_url).path}{path}".split("{slug}")
        return cls(_encoded(before), _encoded(after))

    def path(self, slug: str) -> str:
        """The path of the page with this slug."""
        return f"{self.before}{slug}{self.after}"

    def slug(self, path: str) -> str | None:
        """The slug in a decoded path, with or without a slash at its end. ``None`` if the path does not match."""
        before, after = unquote(self.before), unquote(self.after).rstrip("/")
        return slug_between(path.rstrip("/"), before, after)


def _encoded(part: str) -> str:
    return quote(STRAY_PERCENT.sub("%25", part), safe=PATH)


class RedirectKey(NamedTuple):
    """An old address, which is also the sort key of the map."""

    type: str
    locale: str
    slug: str
    entry_id: str


@dataclass(frozen=True)
class Redirect:
    """One line of the map, with percent-encoded paths."""

    key: RedirectKey
    from_path: str
    to_path: str


def list_redirects(
    connection: Connection, moment: Moment, types: Sequence[str], after: RedirectKey | None, limit: int
) -> tuple[list[Redirect], bool]:
    """A page of the map of these types, and True if more follow. Runs one index scan for each type."""
    redirects: list[Redirect] = []
    for type_name, pattern in sorted(_patterns(moment.site, types).items()):
        if (after and type_name < after.type) or len(redirects) > limit:
            continue
        continues = after is not None and type_name == after.type
        values = _values(moment, types, type_name, limit + 1 - len(redirects))
        if after is not None and continues:
            values |= {"after_locale": after.locale, "after_slug": after.slug, "after_id": after.entry_id}
        rows = connection.execute(_redirects_statement(continues=continues, looks_up=False), values)
        redirects.extend(_redirect(type_name, pattern, row) for row in rows)
    return redirects[:limit], len(redirects) > limit


def _patterns(site: Site, types: Sequence[str]) -> Mapping[str, Pattern]:
    found = {each: Pattern.of(site, each) for each in types}
    return {name: pattern for name, pattern in found.items() if pattern is not None}


def _values(moment: Moment, types: Sequence[str], type_name: str, limit: int) -> dict[str, Any]:
    patterns = _patterns(moment.site, types)
    return {
        "at": moment.at,
        "type": type_name,
        "sharing": [name for name, pattern in patterns.items() if pattern == patterns[type_name]],
        "locales": list(moment.site.locales),
        "default_locale": moment.site.default_locale,
        "limit": limit,
    }


def _redirect(type_name: str, pattern: Pattern, row: Any) -> Redirect:
    key = RedirectKey(type_name, row.locale, row.old_slug, row.entry_id)
    return Redirect(key, pattern.path(row.old_slug), pattern.path(row.slug))


@lru_cache(maxsize=4)
def _redirects_statement(*, continues: bool, looks_up: bool) -> Select[Any]:
    """The old and present slugs of a type, either after a key in the order of the index or for one old slug."""
    old = publications.alias("old")
    order = (old.c.locale, old.c.slug, old.c.entry_id)
    # Each lookup is a scalar subquery, since planners may turn a join or an EXISTS into a scan of the whole table.
    now = _present_slug(old).limit(1).scalar_subquery()
    others = (_later_with_same_slug(old), _live_at_old_path(old), _preferred_redirects(old))
    statement = select(old.c.locale, old.c.slug.label("old_slug"), old.c.entry_id, now.label("slug")).where(
        old.c.type == bindparam("type", type_=String),
        is_among(old.c.locale if looks_up else unindexed(old.c.locale), "locales"),
        *_is_renamed(old),
        now.is_not(None),
        *(each.limit(1).scalar_subquery().is_(None) for each in others),
    )
    if looks_up:
        statement = statement.where(old.c.slug == bindparam("old_slug", type_=String))
    if continues:
        last = (
            bindparam("after_locale", type_=String),
            bindparam("after_slug", type_=String),
            bindparam("after_id", type_=Identifier),
        )
        statement = statement.where(tuple_(*order) > tuple_(*last))
    return statement.order_by(*order).limit(bindparam("limit", type_=Integer))


def _is_renamed(old: Any) -> Sequence[ColumnElement[bool]]:
    """The conditions for a publication that has begun and that a later one renames."""
    return (old.c.renamed, old.c.live_from <= bindparam("at", type_=UTCDateTime))


def _present_slug(old: Any) -> Select[Any]:
    """The slug under which the entry is live now, if it differs."""
    live = publications.alias("live")
    return select(live.c.slug).where(
        live.c.entry_id == old.c.entry_id, live.c.slug != old.c.slug, is_live_at(live, current=True)
    )


def _later_with_same_slug(old: Any) -> Select[Any]:
    """Later publications of the entry with the same old slug, so that the map has each old slug once."""
    again = publications.alias()
    return select(again.c.entry_id).where(
        again.c.entry_id == old.c.entry_id,
        again.c.live_from > old.c.live_from,
        again.c.live_from <= bindparam("at", type_=UTCDateTime),
        again.c.slug == old.c.slug,
    )


def _live_at_old_path(old: Any) -> Select[Any]:
    """Entries that are live at the old path now. Slugs are unique in a type and a language only."""
    other = publications.alias()
    return select(other.c.entry_id).where(
        *_has_same_path(other, old),
        is_live_at(other, current=True),
    )


def _has_same_path(other: Any, old: Any) -> Sequence[ColumnElement[bool]]:
    """The conditions for a publication with the same slug, type pattern and a language of the site as another."""
    return (is_among(other.c.type, "sharing"), is_among(other.c.locale, "locales"), other.c.slug == old.c.slug)


def _preferred_redirects(old: Any) -> Select[Any]:
    """Entries with the same old path that have priority: by language, then by type."""
    other = publications.alias()
    return select(other.c.entry_id).where(
        *_has_same_path(other, old),
        *_is_renamed(other),
        _rank(other) < _rank(old),
        _present_slug(other).limit(1).scalar_subquery().is_not(None),
    )


def _rank(table: Any) -> Any:
    is_default = table.c.locale == bindparam("default_locale", type_=String)
    return tuple_(case((is_default, 0), else_=1), table.c.locale, table.c.type)


def find_redirect(connection: Connection, moment: Moment, types: Sequence[str], address: str) -> Redirect | None:
    """The line of the map for one old path or address of the site. ``None`` if it is not redirected.

    Query, fragment and a slash at the end are ignored. Raises ``ValueError`` for an invalid address.
    """
    parts = urlsplit(address)
    if parts.netloc and parts.netloc.lower() != urlsplit(moment.site.base_url).netloc.lower():
        return None
    for type_name, pattern in sorted(_patterns(moment.site, types).items()):
        slug = pattern.slug(unquote(parts.path))
        if slug is not None:
            values = _values(moment, types, type_name, 1) | {"old_slug": slug}
            row = connection.execute(_redirects_statement(continues=False, looks_up=True), values).first()
            if row is not None:
                return _redirect(type_name, pattern, row)
    return None


def every_redirect(connection: Connection, moment: Moment, types: Sequence[str]) -> Iterator[Redirect]:
    """The whole map in its order, read in batches. A path that two patterns share appears once."""
    seen: set[str] = set()
    after, more = None, True
    while more:
        redirects, more = list_redirects(connection, moment, types, after, BATCH)
        for redirect in redirects:
            after = redirect.key
            if redirect.from_path not in seen:
                seen.add(redirect.from_path)
                yield redirect
