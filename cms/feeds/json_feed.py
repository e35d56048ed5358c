"""JSON Feed 1.1 (jsonfeed.org)."""

from typing import Any

import orjson

from cms import clock
from cms.feeds.feed import Feed, FeedAuthor, FeedItem
from cms.feeds.xml import legal

MEDIA_TYPE = "application/feed+json"
VERSION = "https://jsonfeed.org/version/1.1"


def write(feed: Feed) -> bytes:
    """The feed as JSON Feed 1.1; optional members without a value are left out."""
    document = {
        "version": VERSION,
        "title": feed.title,
        "home_page_url": feed.site_url,
        "feed_url": feed.url,
        "description": feed.description,
        "authors": [{"name": feed.publisher}],
        "language": feed.locale,
        "items": [_item(each) for each in feed.items],
    }
    return orjson.dumps(_legal(document))


def _item(item: FeedItem) -> dict[str, Any]:
    members = {
        "id": item.urn,
        "url": item.url,
        "title": item.title,
        **({"content_text": item.summary} if item.html is None else {"content_html": item.html}),
        "summary": item.summary or None,
        "image": item.image.url if item.image is not None else None,
        "date_published": clock.to_wire(item.published_at),
        "date_modified": clock.to_wire(item.updated_at),
        "authors": [_person(each) for each in item.authors],
        "tags": [each.name for each in item.tags],
        "language": item.locale,
    }
    return _without_empty(members)


def _person(person: FeedAuthor) -> dict[str, Any]:
    return _without_empty({"name": person.name, "url": person.url, "avatar": person.avatar})


def _without_empty(members: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in members.items() if value is not None and value != []}


def _legal(value: Any) -> Any:
    """The value without the characters that XML cannot hold, so that all three formats have the same content."""
    if isinstance(value, str):
        return legal(value)
    if isinstance(value, dict):
        return {name: _legal(each) for name, each in value.items()}
    return [_legal(each) for each in value]
