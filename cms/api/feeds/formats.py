"""The formats of a feed, with their schemas and examples for the OpenAPI document."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from cms.api.http import fields
from cms.api.http.fields import Schema
from cms.api.v1.schemas import TEXT
from cms.feeds import atom, json_feed, rss
from cms.feeds.feed import Feed, FeedAuthor, FeedItem, FeedTag

SAMPLE_TIME = datetime(2026, 3, 3, 8, tzinfo=UTC)
EXAMPLE_PERSON = FeedAuthor("Orla Wrenmoor", "https://harbour-and-reed.example/authors/orla-wrenmoor")


def _sample_feed(plural: str) -> Feed:
    """A small feed of a type, as an example for the OpenAPI document."""
    address = f"http://127.0.0.1:8000/feeds/{plural}"
    return Feed(
        id=address,
        url=f"{address}.rss",
        site_url="https://harbour-and-reed.example/blog",
        title="Harbour & Reed",
        description="Books mended by hand.",
        publisher="Harbour & Reed",
        locale="en",
        items=[
            FeedItem(
                id="0199c0de-0000-7000-8000-000000000001",
                title="A quiet morning",
                url="https://harbour-and-reed.example/blog/a-quiet-morning",
                summary="What the bench is like before eight.",
                html="<p>Before the shop opens.</p>",
                locale="en",
                published_at=SAMPLE_TIME,
                updated_at=SAMPLE_TIME,
                authors=[EXAMPLE_PERSON],
                tags=[FeedTag("repair", "Repair")],
                image=None,
            )
        ],
    )


class JSONFeedAuthor(Schema):
    """An author, or the publisher of the feed."""

    name = fields.Delivered(TEXT, required=True, example="Orla Wrenmoor")
    url = fields.Delivered(TEXT)
    avatar = fields.Delivered(TEXT)


class JSONFeedItem(Schema):
    """An entry; members without a value are left out."""

    id = fields.Delivered(TEXT, required=True, example="urn:uuid:0199c0de-0000-7000-8000-000000000001")
    url = fields.Delivered(TEXT)
    title = fields.Delivered(TEXT, required=True, example="A quiet morning")
    content_html = fields.Delivered(TEXT, description="The full content as HTML, with absolute addresses.")
    content_text = fields.Delivered(TEXT, description="The summary, if the feed would be too large with the content.")
    summary = fields.Delivered(TEXT)
    image = fields.Delivered(TEXT)
    date_published = fields.Time(required=True)
    date_modified = fields.Time(required=True)
    authors = fields.Many(fields.Group(JSONFeedAuthor))
    tags = fields.Many(fields.Delivered(TEXT, example="Repair"))
    language = fields.Locale(required=True)


class JSONFeed(Schema):
    """A feed in the format JSON Feed 1.1 (jsonfeed.org)."""

    version = fields.Choice(json_feed.VERSION, required=True)
    title = fields.Delivered(TEXT, required=True, example="Harbour & Reed")
    home_page_url = fields.Delivered(TEXT, required=True, example="https://harbour-and-reed.example/blog")
    feed_url = fields.Delivered(TEXT, required=True, example="http://127.0.0.1:8000/feeds/articles.json")
    description = fields.Delivered(TEXT, required=True, example="Books mended by hand.")
    authors = fields.Many(fields.Group(JSONFeedAuthor), required=True)
    language = fields.Locale(required=True)
    items = fields.Many(fields.Group(JSONFeedItem), required=True)


@dataclass(frozen=True)
class Format:
    """A format of a feed: its file ending, name, media type, writer, and the size that it must stay below."""

    ending: str
    name: str
    media_type: str
    write: Callable[[Feed], bytes]
    bytes_below: int
    schema: type[Schema] | None = None
    """The schema, for a format that is JSON."""

    def example(self, plural: str) -> str | None:
        """A small feed for the OpenAPI document; ``None`` if the example comes from the schema."""
        return None if self.schema else self.write(_sample_feed(plural)).decode()


FORMATS = (
    Format("rss", "RSS", rss.MEDIA_TYPE, rss.write, 1_000_000),
    Format("atom", "Atom", atom.MEDIA_TYPE, atom.write, 1_000_000),
    Format("json", "JSON Feed", json_feed.MEDIA_TYPE, json_feed.write, 250_000, JSONFeed),
)
