"""Sitemaps (sitemaps.org, protocol 0.9), written as their pages come: a million take no more memory than a thousand."""

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
# The elements around an address, with the longest that is put into them besides.
URL_MARKUP = len("<url><loc></loc><lastmod>2026-03-03T08:00:00.000Z</lastmod></url>\n")
LINK_MARKUP = len('<xhtml:link rel="alternate" hreflang="zh-Hant-TW-x" href=""/>')

# Nearly every address: nothing in it has another form in a sitemap.
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
    """Addresses by language, this page's own and ``x-default`` among them; empty for a page that stands alone."""


def urls_per_file(longest_address: int, languages: int) -> int:
    """How many pages a file may list so that it is within the protocol's limits of number and of bytes."""
    links = languages + 1 if languages > 1 else 0
    most_bytes = URL_MARKUP + longest_address + links * (LINK_MARKUP + longest_address)
    return max(1, min(URLS_AT_MOST, (BYTES_AT_MOST - len(URLSET) * 2) // most_bytes))


def urlset(pages: Iterable[ListedPage]) -> Iterator[bytes]:
    """A sitemap in chunks, as its pages come."""
    yield from _document(URLSET, (_url(each) for each in pages), "</urlset>\n")


def index(files: Iterable[ListedPage]) -> Iterator[bytes]:
    """The index of sitemaps, each with its newest change."""
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
    return f"<url>{_place(page)}{links}</url>\n"


def _sitemap(file: ListedPage) -> str:
    return f"<sitemap>{_place(file)}</sitemap>\n"


def _place(page: ListedPage) -> str:
    changed = f"<lastmod>{clock.to_wire(page.updated_at)}</lastmod>" if page.updated_at is not None else ""
    return f"<loc>{encoded_address(page.url)}</loc>{changed}"


def encoded_address(address: str) -> str:
    """An address as the protocol wants it: percent-encoded (RFC 3986), then escaped for XML."""
    if PLAIN.fullmatch(address):
        return address
    return escape(quote(legal(address), safe="%!#$&'()*+,/:;=?@[]~"))
