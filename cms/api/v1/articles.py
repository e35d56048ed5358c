"""The schemas of articles."""

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

    label = fields.Line(80, required=True, example="Book a first visit", description="The text of the button or link.")
    url = address_fields.URL(
        paths=True,
        required=True,
        example="/visit",
        description="An absolute URL, a path on the site, `mailto:` or `tel:`.",
    )
    style = fields.Choice(
        "primary", "secondary", "link", load_default="primary", description="How much it stands out on the page."
    )


class SearchHead(Schema):
    """Values for search engines and shared links. Each member that is left out falls back to the article's own."""

    title = fields.Line(
        200,
        load_default=None,
        allow_none=True,
        example="How to mend a loose spine at home",
        description="The title in search results; by default the title of the article.",
    )
    description = fields.Line(
        500,
        load_default=None,
        allow_none=True,
        description="The description in search results; by default the summary, or the beginning of the text.",
    )
    canonical_url = address_fields.URL(
        load_default=None,
        allow_none=True,
        example=None,
        description="The address of the original page; by default the article's own.",
    )
    noindex = fields.Flag(load_default=False, example=False, description="True if search engines must not list it.")
    image = fields.Group(
        Image, load_default=None, allow_none=True, description="The image of shared links; by default `hero_image`."
    )


def _entry_names(kind: str, example: str) -> fields.Many:
    return fields.Many(
        entry_fields.EntryName(example=example),
        most=50,
        load_default=list,
        description=f"Ids or slugs of {kind}, in order.",
    )


class ArticleWrite(Written):
    """An article as an editor writes one."""

    title = fields.Line(
        200, required=True, example="A quiet morning at the bench", description="The title, as lists show it."
    )
    subtitle = fields.Line(
        300,
        load_default=None,
        allow_none=True,
        example="What happens before the door opens",
        description="The heading on the page itself, if it differs from the title.",
    )
    summary = fields.Line(
        500,
        load_default=None,
        allow_none=True,
        example="Paste, paper and a first cup of tea.",
        description="A short text for lists; by default the first 50 words of the body.",
    )
    body = RichText(load_default=None, allow_none=True, description="The text of the article.")
    published_at = fields.Time(
        load_default=None,
        allow_none=True,
        description="The editorial date; it does not schedule publication.",
        example="2026-03-03T09:00:00+01:00",
    )
    featured = fields.Flag(load_default=False, example=False, description="True if the site highlights it.")
    authors = _entry_names("authors", "orla-wrenmoor")
    tags = _entry_names("tags", "repair")
    faqs = _entry_names("FAQ entries", "how-long-must-glue-dry")
    related = _entry_names("articles", "first-aid-for-a-wet-book")
    hero_image = fields.Group(Image, load_default=None, allow_none=True, description="The main image of the page.")
    calls_to_action = fields.Many(
        fields.Group(CallToAction),
        most=10,
        load_default=list,
        description="Buttons or links that ask the reader to do something, in order.",
    )
    seo = fields.Group(
        SearchHead,
        load_default=None,
        allow_none=True,
        description="Values for search engines and shared links that differ from the article's own.",
    )


class Heading(Schema):
    """A heading in the table of contents; `id` is its `id` attribute in the HTML."""

    level = fields.Whole(1, 6, required=True, example=2)
    id = fields.Delivered(TEXT, required=True, example="a-heading")
    text = fields.Delivered(TEXT, required=True, example="A heading")


class OpenGraph(Schema):
    """Open Graph properties, without the prefix `og:` or `article:`."""

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
    authors = fields.Many(
        fields.Delivered(TEXT, example="Orla Wrenmoor"), required=True, description="The names of the authors."
    )
    section = fields.Delivered(
        nullable(TEXT), required=True, description="The name of the first tag.", example="Repair"
    )
    tags = fields.Many(fields.Delivered(TEXT, example="Repair"), required=True, description="The names of the tags.")


class TwitterCard(Schema):
    """Twitter card properties, without the prefix `twitter:`."""

    card = fields.Delivered(TEXT, required=True, example="summary_large_image")
    title = fields.Delivered(TEXT, required=True, example="A quiet morning at the bench")
    description = fields.Delivered(nullable(TEXT), required=True)
    image = fields.Delivered(nullable(TEXT), required=True)
    image_alt = fields.Delivered(nullable(TEXT), required=True)


class Alternate(Schema):
    """The page in one language, for `hreflang` links."""

    hreflang = fields.Delivered(TEXT, required=True, example="de")
    href = fields.Delivered(TEXT, required=True, example="https://harbour-and-reed.example/blog/ein-stiller-morgen")


class SEO(Schema):
    """The values for the `head` element of the page, with every fallback applied."""

    title = fields.Delivered(
        TEXT,
        required=True,
        example="A quiet morning at the bench | Harbour & Reed",
        description="The title in the site's `title_template`.",
    )
    description = fields.Delivered(nullable(TEXT), required=True)
    canonical_url = fields.Delivered(nullable(TEXT), required=True)
    robots = fields.Delivered(
        TEXT,
        required=True,
        example="index, follow, max-image-preview:large",
        description="The content of the `robots` meta element.",
    )
    open_graph = fields.Group(OpenGraph, required=True)
    twitter = fields.Group(TwitterCard, required=True)
    alternates = fields.Many(
        fields.Group(Alternate), required=True, description="The page in each of its languages, for `hreflang` links."
    )


class ArticleCard(Schema):
    """The short form of an article, for its neighbours."""

    id = fields.Id(required=True)
    slug = entry_fields.EntrySlug(required=True)
    title = fields.Line(200, required=True, example="A quiet morning at the bench")
    url = address_fields.URL(required=True, allow_none=True)
    published_at = fields.Time(required=True)


class Adjacent(Schema):
    """The previous and the next article by date, in the same language."""

    previous = fields.Group(ArticleCard, required=True, allow_none=True, description="Null if it is the first one.")
    next = fields.Group(ArticleCard, required=True, allow_none=True, description="Null if it is the last one.")


class Article(Document):
    """An article, with everything that its page needs."""

    title = fields.Line(
        200, required=True, example="A quiet morning at the bench", description="The title, as lists show it."
    )
    subtitle = fields.Line(
        300,
        required=True,
        allow_none=True,
        example="What happens before the door opens",
        description="The heading on the page itself, if it differs from the title.",
    )
    summary = fields.Delivered(
        TEXT,
        required=True,
        description="As written, or else the first 50 words of the body.",
        example="Paste, paper and a cup of tea.",
    )
    body = fields.Group(
        Body, allow_none=True, description="The text of the article. Lists leave it out unless `fields` names it."
    )
    toc = fields.Many(
        fields.Group(Heading), most=10_000, required=True, description="The headings of the body, in order."
    )
    reading_time_minutes = fields.Whole(0, required=True, example=4, description="Rounded up to whole minutes.")
    word_count = fields.Whole(0, required=True, example=760, description="The number of words in the body.")
    featured = fields.Flag(required=True, example=False, description="True if the site highlights it.")
    authors = fields.Delivered(
        embeds("AuthorCard", "Author"),
        required=True,
        example=[],
        description="Cards, in order; in full with `include=authors`.",
    )
    tags = fields.Delivered(
        embeds("TagCard", "Tag"), required=True, example=[], description="Cards, in order; in full with `include=tags`."
    )
    faqs = fields.Delivered(
        embeds("FAQ", identifiers=True),
        required=True,
        example=[],
        description="Ids, in order; in full with `include=faqs`.",
    )
    related = fields.Delivered(
        embeds("Article", identifiers=True),
        required=True,
        example=[],
        description="Ids, in order; in full with `include=related`.",
    )
    hero_image = fields.Group(Image, required=True, allow_none=True, description="The main image of the page.")
    calls_to_action = fields.Many(
        fields.Group(CallToAction),
        required=True,
        description="Buttons or links that ask the reader to do something, in order.",
    )
    breadcrumbs = fields.Many(
        fields.Group(Breadcrumb), required=True, description="The path from the site's front page to the article."
    )
    translations = fields.Delivered(
        {"type": "array", "items": {"anyOf": [ref("Translation"), ref("Article")]}},
        required=True,
        example=[{"locale": "de", "slug": "ein-stiller-morgen", "url": None}],
        description="The article in other languages; in full with `include=translations`.",
    )
    adjacent = fields.Group(
        Adjacent, description="With `include=adjacent`, for a single article: its neighbours by date."
    )
    seo = fields.Group(SEO, description="With `include=seo`: the values for the `head` element of the page.")
    jsonld = linked_data()
    extra = fields.FreeObject(required=True, description="Other data for the frontend, as written.")


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
