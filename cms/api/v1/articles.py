"""Articles on the wire."""

from cms.api import entry_fields
from cms.api.http import address_fields, fields
from cms.api.http.fields import Schema, nullable
from cms.api.v1.rich_text import RichText
from cms.api.v1.schemas import (
    TEXT,
    Body,
    Breadcrumb,
    ContentResource,
    Document,
    Image,
    Written,
    embeds,
    linked_data,
    ref,
)
from cms.articles import ARTICLE


class CallToAction(Schema):
    """A button or link that asks the reader to do something."""

    label = fields.Line(80, required=True, example="Book a first visit")
    url = address_fields.URL(paths=True, required=True, example="/visit")
    style = fields.Choice("primary", "secondary", "link", load_default="primary", description="How loud it is.")


class SearchHead(Schema):
    """What search engines see where it differs from the page; every member falls back to the article's own."""

    title = fields.Line(200, load_default=None, allow_none=True, example="How to mend a loose spine at home")
    description = fields.Line(500, load_default=None, allow_none=True)
    canonical_url = address_fields.URL(load_default=None, allow_none=True, example=None)
    noindex = fields.Flag(load_default=False, example=False)
    image = fields.Group(Image, load_default=None, allow_none=True)


def _names(kind: str, example: str) -> fields.Many:
    return fields.Many(
        entry_fields.EntryName(example=example),
        most=50,
        load_default=list,
        description=f"Ids or slugs of {kind}, in order.",
    )


class ArticleWrite(Written):
    """An article as an editor writes one."""

    title = fields.Line(200, required=True, example="A quiet morning at the bench", description="In lists.")
    subtitle = fields.Line(
        300,
        load_default=None,
        allow_none=True,
        example="What happens before the door opens",
        description="The heading on the page itself, where it differs.",
    )
    summary = fields.Line(500, load_default=None, allow_none=True, example="Paste, paper and a first cup of tea.")
    body = RichText(load_default=None, allow_none=True)
    published_at = fields.Time(
        load_default=None,
        allow_none=True,
        description="The editorial date; it schedules nothing.",
        example="2026-03-03T09:00:00+01:00",
    )
    featured = fields.Flag(load_default=False, example=False)
    authors = _names("authors", "orla-wrenmoor")
    tags = _names("tags", "repair")
    faqs = _names("FAQ entries", "how-long-must-glue-dry")
    related = _names("articles", "first-aid-for-a-wet-book")
    hero_image = fields.Group(Image, load_default=None, allow_none=True)
    calls_to_action = fields.Many(fields.Group(CallToAction), most=10, load_default=list)
    seo = fields.Group(SearchHead, load_default=None, allow_none=True)


class Heading(Schema):
    """A line of the table of contents; `id` is the heading's in the HTML."""

    level = fields.Whole(1, 6, required=True, example=2)
    id = fields.Delivered(TEXT, required=True, example="a-heading")
    text = fields.Delivered(TEXT, required=True, example="A heading")


class OpenGraph(Schema):
    """Open Graph properties without their prefix."""

    type = fields.Delivered(TEXT, required=True, example="article")
    title = fields.Delivered(TEXT, required=True, example="A quiet morning at the bench")
    description = fields.Delivered(nullable(TEXT), required=True)
    url = fields.Delivered(nullable(TEXT), required=True)
    site_name = fields.Delivered(TEXT, required=True, example="Harbour & Reed")
    locale = fields.Delivered(TEXT, required=True, example="en")
    locale_alternates = fields.Many(fields.Delivered(TEXT, example="de"), most=100, required=True)
    image = fields.Group(Image, required=True, allow_none=True)
    published_time = fields.Time(required=True, allow_none=True)
    modified_time = fields.Time(required=True, allow_none=True)
    authors = fields.Many(fields.Delivered(TEXT, example="Orla Wrenmoor"), required=True)
    section = fields.Delivered(nullable(TEXT), required=True, description="The first tag.", example="Repair")
    tags = fields.Many(fields.Delivered(TEXT, example="Repair"), required=True)


class TwitterCard(Schema):
    """Twitter card properties without their prefix."""

    card = fields.Delivered(TEXT, required=True, example="summary_large_image")
    title = fields.Delivered(TEXT, required=True, example="A quiet morning at the bench")
    description = fields.Delivered(nullable(TEXT), required=True)
    image = fields.Delivered(nullable(TEXT), required=True)
    image_alt = fields.Delivered(nullable(TEXT), required=True)


class Alternate(Schema):
    """The page in another language, for `hreflang`."""

    hreflang = fields.Delivered(TEXT, required=True, example="de")
    href = fields.Delivered(TEXT, required=True, example="https://harbour-and-reed.example/blog/ein-stiller-morgen")


class SEO(Schema):
    """The head of the page, every fallback applied."""

    title = fields.Delivered(TEXT, required=True, example="A quiet morning at the bench | Harbour & Reed")
    description = fields.Delivered(nullable(TEXT), required=True)
    canonical_url = fields.Delivered(nullable(TEXT), required=True)
    robots = fields.Delivered(TEXT, required=True, example="index, follow, max-image-preview:large")
    open_graph = fields.Group(OpenGraph, required=True)
    twitter = fields.Group(TwitterCard, required=True)
    alternates = fields.Many(fields.Group(Alternate), required=True)


class ArticleCard(Schema):
    """An article as its neighbours name it."""

    id = fields.Id(required=True)
    slug = entry_fields.Slug(required=True)
    title = fields.Line(200, required=True, example="A quiet morning at the bench")
    url = address_fields.URL(required=True, allow_none=True)
    published_at = fields.Time(required=True)


class Adjacent(Schema):
    """The articles before and after, by date, in the same language."""

    previous = fields.Group(ArticleCard, required=True, allow_none=True)
    next = fields.Group(ArticleCard, required=True, allow_none=True)


class Article(Document):
    """An article: everything a page of the blog shows."""

    title = fields.Line(200, required=True, example="A quiet morning at the bench")
    subtitle = fields.Line(300, required=True, allow_none=True, example="What happens before the door opens")
    summary = fields.Delivered(
        TEXT, required=True, description="Written, else the first 50 words.", example="Paste, paper and a cup of tea."
    )
    body = fields.Group(Body, allow_none=True, description="Lists leave it out unless `fields` names it.")
    toc = fields.Many(fields.Group(Heading), most=10_000, required=True, description="Headings with their ids.")
    reading_time_minutes = fields.Whole(0, required=True, example=4)
    word_count = fields.Whole(0, required=True, example=760)
    featured = fields.Flag(required=True, example=False)
    authors = fields.Delivered(
        embeds("AuthorCard", "Author"), required=True, example=[], description="Cards in order; in full by `include`."
    )
    tags = fields.Delivered(
        embeds("TagCard", "Tag"), required=True, example=[], description="Cards in order; in full by `include`."
    )
    faqs = fields.Delivered(
        embeds("FAQ", identifiers=True), required=True, example=[], description="Ids in order; in full by `include`."
    )
    related = fields.Delivered(
        embeds("Article", identifiers=True), required=True, example=[], description="Ids; in full by `include`."
    )
    hero_image = fields.Group(Image, required=True, allow_none=True)
    calls_to_action = fields.Many(fields.Group(CallToAction), required=True)
    breadcrumbs = fields.Many(fields.Group(Breadcrumb), required=True, description="The way back to the blog.")
    translations = fields.Delivered(
        {"type": "array", "items": {"anyOf": [ref("Translation"), ref("Article")]}},
        required=True,
        example=[{"locale": "de", "slug": "ein-stiller-morgen", "url": None}],
        description="Other languages; in full by `include`.",
    )
    adjacent = fields.Group(Adjacent, description="By `include`, on one article.")
    seo = fields.Group(SEO, description="By `include`.")
    jsonld = linked_data()
    extra = fields.FreeObject(required=True)


ARTICLES = ContentResource(
    type=ARTICLE,
    written=ArticleWrite,
    delivered=Article,
    card=ArticleCard,
    example={
        "title": "A quiet morning at the bench",
        "subtitle": "What happens before the door opens",
        "summary": "Paste, paper and a first cup of tea.",
        "body": "## First, the paste\n\nIt has to be **warm** and smooth.\n",
        "published_at": "2026-03-03T09:00:00+01:00",
        "calls_to_action": [{"label": "Book a first visit", "url": "/visit", "style": "primary"}],
        "seo": {"title": "A bookbinder's morning"},
    },
)
