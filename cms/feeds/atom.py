"""Atom (RFC 4287)."""

from xml.etree.ElementTree import Element

from cms import clock
from cms.feeds.feed import GENERATOR, Feed, FeedItem
from cms.feeds.xml import add, encoded, root

MEDIA_TYPE = "application/atom+xml"


def write(feed: Feed) -> bytes:
    """The feed as an Atom document, with the full content as escaped HTML."""
    document = root("feed", {"xmlns": "http://www.w3.org/2005/Atom", "xml:lang": feed.locale})
    add(document, "id", feed.id)
    add(document, "title", feed.title)
    add(document, "subtitle", feed.description)
    add(document, "updated", clock.to_wire(feed.updated_at))
    add(document, "link", rel="self", type=MEDIA_TYPE, href=feed.url)
    add(document, "link", rel="alternate", type="text/html", href=feed.site_url)
    # Entries without an author take that of the feed (section 4.1.1).
    add(add(document, "author"), "name", feed.publisher)
    add(document, "generator", GENERATOR)
    for item in feed.items:
        _add_entry(document, item, feed.locale)
    return encoded(document)


def _add_entry(document: Element, item: FeedItem, locale: str) -> None:
    entry = add(document, "entry", xml__lang=item.locale if item.locale != locale else None)
    add(entry, "id", item.urn)
    add(entry, "title", item.title)
    add(entry, "published", clock.to_wire(item.published_at))
    add(entry, "updated", clock.to_wire(item.updated_at))
    if item.url is not None:
        add(entry, "link", rel="alternate", type="text/html", href=item.url)
    if item.image is not None:
        add(entry, "link", rel="enclosure", type=item.image.media_type, href=item.image.url)
    for author in item.authors:
        person = add(entry, "author")
        add(person, "name", author.name)
        if author.url is not None:
            add(person, "uri", author.url)
    for tag in item.tags:
        add(entry, "category", term=tag.slug, label=tag.name)
    if item.summary:
        add(entry, "summary", item.summary)
    if item.html is not None:
        add(entry, "content", item.html, type="html")
    elif item.url is None:
        # An entry without an alternate link must have content (section 4.1.2).
        add(entry, "content", item.summary)
