"""The sitemap for search engines, in one file or in as many files as the site needs.

It is written while it is sent, so that a site of any size needs the same memory.
"""

import hashlib
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from itertools import chain

from flask import Response, request

from cms.api.answers.cacheable import not_found
from cms.api.answers.lifetimes import cache_headers, tag_headers
from cms.api.http.codings import acceptable_codings, coded_tag, stream_compressor
from cms.api.http.conditional import held_tag
from cms.api.http.contract import operation, problems, public, returns
from cms.api.http.endpoint import Endpoint
from cms.api.http.responses import content_type
from cms.api.reading import Reading
from cms.api.services import services
from cms.api.v1.delivery.site import PublicSettings
from cms.api.v1.schemas import fields_of
from cms.content.published.moment import Moment
from cms.content.published.perspective import Perspective
from cms.content.published.sitemap import PagedTypes, last_transition, list_pages, list_runs
from cms.content.types import with_slugs
from cms.db import Database
from cms.feeds import sitemap
from cms.feeds.sitemap import ListedPage
from cms.identifiers import SLUG_LENGTH, is_identifier
from cms.site import Site
from cms.wire import to_json

BATCH = 1000
"""The number of entries that are read at a time."""
SAMPLE_TIME = datetime(2026, 3, 3, 8, tzinfo=UTC)
SAMPLE_PAGES = [ListedPage("https://harbour-and-reed.example/blog/a-quiet-morning", SAMPLE_TIME)]
SITEMAP_EXAMPLE = b"".join(sitemap.urlset(SAMPLE_PAGES)).decode()
returns_sitemap = returns(
    200,
    media_type=sitemap.MEDIA_TYPE,
    example=SITEMAP_EXAMPLE,
    description="A sitemap.",
    ETag="Weak entity tag; it changes with any change of live content.",
)


class Sitemap(Endpoint):
    """The sitemap of the site, or the index of its sitemaps."""

    @public
    @operation("getSitemap")
    @returns_sitemap
    def get(self, reading: Reading) -> Response:
        """Get every page that search engines may list, or an index of sitemaps if one file cannot hold them."""
        return _streamed(reading, lambda: _whole_sitemap(reading))


class SitemapPages(Endpoint):
    """The sitemap of the pages that do not belong to an entry."""

    @public
    @operation("getSitemapPages")
    @returns_sitemap
    def get(self, reading: Reading) -> Response:
        """Get the sitemap of the front page and of the pages that list entries."""
        return _streamed(reading, lambda: sitemap.urlset(_own_pages(reading.moment.site)))


class SitemapPart(Endpoint):
    """A part of a long sitemap."""

    @public
    @operation("getSitemapPart")
    @returns_sitemap
    @problems("not-found")
    def get(self, reading: Reading, entry_id: str) -> Response:
        """Get a part of a long sitemap by the id of its first entry; the index lists all parts."""
        paged = _paged(reading)
        perspective = _fixed_perspective(reading.moment)
        if not is_identifier(entry_id) or not _has_entries_from(reading, paged, entry_id):
            return not_found(reading.moment)
        size = _urls_per_file(paged)
        return _streamed(
            reading, lambda: sitemap.urlset(_pages(services().database, paged, entry_id, size, perspective))
        )


def _paged(reading: Reading) -> PagedTypes:
    return PagedTypes.of(reading.moment.site, services().types)


def _fixed_perspective(moment: Moment) -> Perspective:
    """The perspective of one instant, so that writes do not change a long answer while it is sent."""
    return Perspective(moment.at, current=False)


def _has_entries_from(reading: Reading, paged: PagedTypes, first: str) -> bool:
    """True if there is any entry from this id on. The entry itself may have ended since the client read the index."""
    pages, following = list_pages(reading.connection, paged, first, 1, _fixed_perspective(reading.moment))
    return bool(pages) or following is not None


def _urls_per_file(paged: PagedTypes) -> int:
    longest = max((len(sitemap.encoded_address(each)) for each in paged.patterns), default=0) + SLUG_LENGTH
    return sitemap.urls_per_file(longest, len(paged.site.locales))


def _whole_sitemap(reading: Reading) -> Iterator[bytes]:
    paged, perspective = _paged(reading), _fixed_perspective(reading.moment)
    own, size = _own_pages(paged.site), _urls_per_file(paged)
    runs = list_runs(reading.connection, paged, size, perspective)
    if len(own) + sum(each.number for each in runs) > size:
        address = f"{services().settings.public_url}/sitemaps"
        files = [ListedPage(f"{address}/{each.first}.xml", each.updated_at) for each in runs]
        return sitemap.index([*([ListedPage(f"{address}/pages.xml")] if own else []), *files])
    entries = (_pages(services().database, paged, each.first, size, perspective) for each in runs)
    return sitemap.urlset(chain(own, *entries))


def _own_pages(site: Site) -> list[ListedPage]:
    """The front page, and the pages that list the entries of a type."""
    names = ["home", *(kind.plural for kind in services().types.values() if kind.has_slug)]
    urls = [url for name in names if (url := site.url(name)) is not None and "#" not in url]
    return [ListedPage(each) for each in dict.fromkeys(urls)]


def _pages(
    database: Database, paged: PagedTypes, first: str, number: int, perspective: Perspective
) -> Iterator[ListedPage]:
    """The pages of a number of entries from an id on, read in batches.

    Each batch has its own snapshot, because a client that reads slowly must not hold a connection.
    """
    following: str | None = first
    while following is not None and number > 0:
        with database.snapshot() as connection:
            pages, following = list_pages(connection, paged, following, BATCH, perspective)
        yield from (page for page in pages[:number] if page is not None)
        number -= len(pages)


def _streamed(reading: Reading, write: Callable[[], Iterator[bytes]]) -> Response:
    """An answer that is written while it is sent; a 304 if the client has it already.

    Its bytes are not known in advance, so its entity tag is weak and made from the state of all live content. The
    counter of writes cannot serve as the tag: it also counts drafts and plans, and would reveal how many there are.
    """
    moment = reading.moment
    last_change = last_transition(reading.connection, moment.at)
    tag = f'"{_digest_of_state(moment.site, last_change)}"'
    client_tag = _matching_tag(tag)
    if client_tag is not None:
        response = Response(status=304)
        response.headers.pop("Content-Type", None)
    else:
        response = Response(write(), content_type=content_type(sitemap.MEDIA_TYPE))
    response.headers["ETag"] = f"W/{client_tag or tag}"
    response.headers["Vary"] = "Accept-Encoding"
    response.headers.update(cache_headers(moment) | tag_headers((), with_slugs(services().types)))
    return response


def _digest_of_state(site: Site, last_change: datetime | None) -> str:
    public_settings = {name: site.data.get(name) for name in fields_of(PublicSettings)}
    settings = to_json([public_settings, site.public_url, last_change], sort_keys=True)
    return hashlib.sha256(settings).hexdigest()[:32]


def _matching_tag(tag: str) -> str | None:
    """The tag in the client's ``If-None-Match`` that matches; the tag of a compressed answer also names its coding."""
    compressor = stream_compressor(acceptable_codings(request.headers.get("Accept-Encoding")))
    offered = tag if compressor is None else coded_tag(tag, "gzip")
    return held_tag(request.headers.get("If-None-Match", ""), [offered], in_any_coding=True)
