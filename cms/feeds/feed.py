"""The data of a feed in any format, and the functions that make its addresses absolute and limit its size."""

import mimetypes
import re
from bisect import bisect_left
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urljoin

import nh3

from cms.rendering.allowed import ATTRIBUTES, TAGS, URL_ATTRIBUTES, URL_SCHEMES

GENERATOR = "Open headless CMS"
BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class FeedAuthor:
    """An author: a name, the address of a page about them, and the address of a portrait."""

    name: str
    url: str | None = None
    avatar: str | None = None


@dataclass(frozen=True)
class FeedTag:
    """A tag: its slug and its name."""

    slug: str
    name: str


@dataclass(frozen=True)
class FeedImage:
    """An image with an absolute address."""

    url: str
    alt: str = ""
    width: int | None = None
    height: int | None = None

    @property
    def media_type(self) -> str | None:
        """The media type guessed from the address; ``None`` if the address does not end like that of an image."""
        guessed, _ = mimetypes.guess_type(re.split("[?#]", self.url)[0])
        return guessed if guessed is not None and guessed.startswith("image/") else None


@dataclass(frozen=True)
class FeedItem:
    """An entry in a feed. ``html`` has only absolute addresses; it is ``None`` if the item has only its summary."""

    id: str
    """The id of the entry; it stays the same when the address changes."""
    title: str
    url: str | None
    summary: str
    html: str | None
    locale: str
    published_at: datetime
    updated_at: datetime
    authors: Sequence[FeedAuthor] = ()
    tags: Sequence[FeedTag] = ()
    image: FeedImage | None = None

    @property
    def urn(self) -> str:
        """The id as an IRI (RFC 9562, section 4), by which feed readers recognise the item."""
        return f"urn:uuid:{self.id}"


@dataclass(frozen=True)
class Feed:
    """A feed. ``url`` is its own address, ``site_url`` that of the page it belongs to; items are newest first."""

    id: str
    """An IRI that stays the same when the addresses change."""
    url: str
    site_url: str
    title: str
    description: str
    publisher: str
    locale: str
    items: Sequence[FeedItem] = field(default_factory=tuple)

    @property
    def updated_at(self) -> datetime:
        """The latest change of any item; ``BEGINNING`` if the feed has no items."""
        return max((each.updated_at for each in self.items), default=BEGINNING)


def absolute(address: str, page: str) -> str:
    """The address resolved against that of a page; an address that cannot be parsed stays as it is."""
    try:
        return urljoin(page, address)
    except ValueError:
        return address


def absolute_html(html: str, page: str) -> str:
    """Sanitised HTML of a page with every relative address, fragments included, made absolute."""

    def rewrite(_tag: str, name: str, value: str) -> str:
        if name == "srcset":
            return absolute_srcset(value, page)
        return absolute(value, page) if name in URL_ATTRIBUTES else value

    return nh3.clean(
        html, tags=TAGS, attributes=ATTRIBUTES, attribute_filter=rewrite, url_schemes=URL_SCHEMES, link_rel=None
    )


def absolute_srcset(candidates: str, page: str) -> str:
    """A ``srcset``, such as ``/small.jpg 400w, /large.jpg 800w``, with its addresses made absolute."""
    parted = (each.partition(" ") for each in re.split(r",\s+", candidates.strip()))
    return ", ".join(absolute(address, page) + space + size for address, space, size in parted)


def fitted(feed: Feed, write: Callable[[Feed], bytes], bytes_below: int) -> bytes:
    """The document of a feed, limited in size.

    If it is too large, the oldest items have their summary instead of their content. If that is not enough, the oldest
    items are left out.
    """
    document = write(feed)
    if len(document) < bytes_below:
        return document
    items = feed.items
    bare = [replace(each, html=None) for each in items]

    def size(whole: int, number: int = len(items)) -> int:
        return len(write(replace(feed, items=[*items[:whole], *bare[whole:number]])))

    numbers = range(len(items) + 1)
    whole = bisect_left(numbers, bytes_below, key=size) - 1
    if whole >= 0:
        return write(replace(feed, items=[*items[:whole], *bare[whole:]]))
    kept = bisect_left(numbers, bytes_below, key=lambda number: size(0, number)) - 1
    return write(replace(feed, items=bare[: max(kept, 0)]))


def image_of(picture: Mapping[str, Any] | None, page: str) -> FeedImage | None:
    """A delivered picture as an image of a feed; ``None`` if its absolute address is not ``http`` or ``https``."""
    if picture is None:
        return None
    url = absolute(str(picture["url"]), page)
    if not url.startswith(("https://", "http://")):
        return None
    return FeedImage(url, picture.get("alt") or "", picture.get("width"), picture.get("height"))
