"""Sitemaps (sitemaps.org, protocol 0.9), written in chunks: a million pages need no more memory than a thousand."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from html import escape
from urllib.parse import quote

from cms import clock
from cms.feeds.xml import legal

MEDIA_TYPE = "application/xml"
URLS_AT_MOST = 50_000
BYTES_AT_MOST = 50 * 1024 * 1024
URLS_PER_CHUNK = 200
# The markup around an address, with the longest other value that it may contain.
URL_MARKUP = len("<url><loc></loc><lastmod>2026-03-03T08:00:00.000Z</lastmod></url>\n")
LINK_MARKUP = len('<xhtml:link rel="alternate" hreflang="zh-Hant-TW-x" href=""/>')

# Nearly every address matches this, and is written to a sitemap as it is.
PLAIN = re.compile(r"[A-Za-z0-9/:._~-]*")

URLSET = (
    '<?xml version="1.0" encoding="UTF-8"?>\n'
    '<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" xmlns:xhtml="http://www.w3.org/1999/xhtml">\n'
)
INDEX = '<?xml version="1.0" encoding="UTF-8"?>\n<sitemapindex xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">\n'


@dataclass(frozen=True)
class ListedPage:
    """A page that search engines may list: its address, its last change, and the same page by language."""

    url: str
    updated_at: datetime | None = None
    alternates: Mapping[str, str] = field(default_factory=dict)
    """Addresses by language, including the page's own and ``x-default``; empty if the page has no translations."""


def urls_per_file(longest_address: int, languages: int) -> int:
    """The number of pages that a file can list within the protocol's limits on URLs and bytes."""
    links = languages + 1 if languages > 1 else 0
    most_bytes = URL_MARKUP + longest_address + links * (LINK_MARKUP + longest_address)
    return max(1, min(URLS_AT_MOST, (BYTES_AT_MOST - len(URLSET) * 2) // most_bytes))


def urlset(pages: Iterable[ListedPage]) -> Iterator[bytes]:
    """A sitemap in chunks, written while the pages are read."""
    yield from _document(URLSET, (_url(each) for each in pages), "</urlset>\n")


def index(files: Iterable[ListedPage]) -> Iterator[bytes]:
    """An index of sitemaps, each with the time of its latest change."""
    yield from _document(INDEX, (_sitemap(each) for each in files), "</sitemapindex>\n")


def _document(start: str, elements: Iterable[str], end: str) -> Iterator[bytes]:
    chunk = [start]
    for element in elements:
        chunk.append(element)
        if len(chunk) >= URLS_PER_CHUNK:
            yield "".join(chunk).encode()
            chunk = []
    yield "".join([*chunk, end]).encode()


def _url(page: ListedPage) -> str:
    links = "".join(
        f'<xhtml:link rel="alternate" hreflang="{language}" href="{encoded_address(address)}"/>'
        for language, address in page.alternates.items()
    )
    return f"<url>{_location(page)}{links}</url>\n"


def _sitemap(file: ListedPage) -> str:
    return f"<sitemap>{_location(file)}</sitemap>\n"


def _location(page: ListedPage) -> str:
    changed = f"<lastmod>{clock.to_wire(page.updated_at)}</lastmod>" if page.updated_at is not None else ""
    return f"<loc>{encoded_address(page.url)}</loc>{changed}"


def encoded_address(address: str) -> str:
    """An address as the protocol requires it: percent-encoded (RFC 3986), then escaped for XML."""
    if PLAIN.fullmatch(address):
        return address
    return escape(quote(legal(address), safe="%!#$&'()*+,/:;=?@[]~"))
