"""RSS 2.0, by the specification and the best practices of the RSS Advisory Board."""

from email.utils import format_datetime
from html import escape
from xml.etree.ElementTree import Element

from cms.feeds.feed import GENERATOR, Feed, FeedImage, FeedItem
from cms.feeds.xml import add, encoded, root

MEDIA_TYPE = "application/rss+xml"
NAMESPACES = {
    "xmlns:atom": "http://www.w3.org/2005/Atom",
    "xmlns:content": "http://purl.org/rss/1.0/modules/content/",
    "xmlns:dc": "http://purl.org/dc/elements/1.1/",
    "xmlns:media": "http://search.yahoo.com/mrss/",
}


def write(feed: Feed) -> bytes:
    """The feed as an RSS 2.0 document, with the full content as ``content:encoded``."""
    document = root("rss", {"version": "2.0", **NAMESPACES})
    channel = add(document, "channel")
    add(channel, "title", feed.title)
    add(channel, "link", feed.site_url)
    add(channel, "description", escape(feed.description, quote=False))
    add(channel, "atom:link", rel="self", type=MEDIA_TYPE, href=feed.url)
    add(channel, "language", feed.locale)
    if feed.items:
        add(channel, "lastBuildDate", format_datetime(feed.updated_at, usegmt=True))
    add(channel, "generator", GENERATOR)
    for item in feed.items:
        _add_item(channel, item)
    return encoded(document)


def _add_item(channel: Element, item: FeedItem) -> None:
    element = add(channel, "item")
    add(element, "title", item.title)
    if item.url is not None:
        add(element, "link", item.url)
    add(element, "guid", item.urn, isPermaLink="false")
    add(element, "pubDate", format_datetime(item.published_at, usegmt=True))
    add(element, "atom:updated", item.updated_at.isoformat(timespec="seconds").replace("+00:00", "Z"))
    for author in item.authors:
        add(element, "dc:creator", author.name)
    for tag in item.tags:
        add(element, "category", tag.name)
    if item.summary:
        # Feed readers take the description for HTML, but a summary is plain text.
        add(element, "description", escape(item.summary, quote=False))
    if item.html is not None:
        add(element, "content:encoded", item.html)
    if item.image is not None:
        _add_image(element, item.image)


def _add_image(item: Element, image: FeedImage) -> None:
    if image.media_type is not None:
        # The length is required; the RSS Advisory Board advises 0 if it is not known.
        add(item, "enclosure", url=image.url, length="0", type=image.media_type)
    size = {name: str(each) for name in ("width", "height") if (each := getattr(image, name)) is not None}
    media = add(item, "media:content", url=image.url, medium="image", type=image.media_type, **size)
    if image.alt:
        add(media, "media:description", image.alt, type="plain")
