"""What others read of a site besides its pages: feeds, sitemaps, llms.txt, robots.txt, security.txt.

These addresses have no version: readers and crawlers keep them for years. Like all of delivery they show what is live
now and have no path to working copies.
"""

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import chain
from typing import Any
from urllib.parse import urlencode

import orjson
from flask import Response, request

from cms import clock
from cms.api import entry_fields
from cms.api.answers.cacheable import cached_bytes, not_found
from cms.api.answers.lifetimes import cache_headers, tag_headers
from cms.api.http import fields
from cms.api.http.codings import acceptable_codings, coded_tag, stream_compressor
from cms.api.http.conditional import held_tag
from cms.api.http.contract import needs_no_database, operation, problems, public, query, returns
from cms.api.http.endpoint import Endpoint
from cms.api.http.fields import Schema
from cms.api.http.problems import problem
from cms.api.http.responses import content_type
from cms.api.languages import languages
from cms.api.reading import Reading
from cms.api.services import services
from cms.api.spaces import MANAGEMENT, PREVIEW
from cms.api.v1.delivery.site import PublicSettings
from cms.api.v1.schemas import TEXT, fields_of
from cms.content.published.composing import Composed, Composition, Document, compose
from cms.content.published.lists import ListQuery, list_published
from cms.content.published.moment import Moment
from cms.content.published.perspective import Perspective
from cms.content.published.rows import Row, find_moved, find_published
from cms.content.published.sitemap import Paged, last_turn, list_pages, parts
from cms.content.types import with_slugs
from cms.db import Database
from cms.feeds import atom, json_feed, llms, rss, sitemap, well_known
from cms.feeds.feed import Feed, Item, Label, Person, absolute, absolute_html, fitted, image_of
from cms.feeds.sitemap import ListedPage
from cms.identifiers import SLUG_LENGTH, is_identifier
from cms.seo.head import is_indexable, titled
from cms.site import Site

ITEMS_AT_MOST = 50
ITEM_FIELDS = frozenset({"title", "summary", "body", "url", "hero_image", "authors", "tags"})
BATCH = 1000
"""How many entries of a sitemap are read at a time."""
LINKS_AT_MOST = 100
LINK_FIELDS = frozenset({"title", "summary", "url", "tags"})
AUTHOR_FIELDS = frozenset({"name", "job_title", "url"})
ETAG = "Entity tag of the answer."
FIXED_HEADERS = {"Cache-Control": "public, max-age=3600"}


SAMPLE_TIME = datetime(2026, 3, 3, 8, tzinfo=UTC)
SAMPLE_PAGES = [ListedPage("https://harbour-and-reed.example/blog/a-quiet-morning", SAMPLE_TIME)]
SAMPLE_FEED = Feed(
    id="http://127.0.0.1:8000/feeds/articles",
    url="http://127.0.0.1:8000/feeds/articles.rss",
    site_url="https://harbour-and-reed.example/blog",
    title="Harbour & Reed",
    description="Books mended by hand.",
    publisher="Harbour & Reed",
    locale="en",
    items=[
        Item(
            id="0199c0de-0000-7000-8000-000000000001",
            title="A quiet morning",
            url="https://harbour-and-reed.example/blog/a-quiet-morning",
            summary="What the bench is like before eight.",
            html="<p>Before the shop opens.</p>",
            locale="en",
            published_at=SAMPLE_TIME,
            updated_at=SAMPLE_TIME,
            authors=[Person("Orla Wrenmoor", "https://harbour-and-reed.example/authors/orla-wrenmoor")],
            tags=[Label("repair", "Repair")],
            image=None,
        )
    ],
)


class JSONFeedAuthor(Schema):
    """An author, or who publishes the feed."""

    name = fields.Delivered(TEXT, required=True, example="Orla Wrenmoor")
    url = fields.Delivered(TEXT)
    avatar = fields.Delivered(TEXT)


class JSONFeedItem(Schema):
    """An article; what it has nothing for is left out."""

    id = fields.Delivered(TEXT, required=True, example="urn:uuid:0199c0de-0000-7000-8000-000000000001")
    url = fields.Delivered(TEXT)
    title = fields.Delivered(TEXT, required=True, example="A quiet morning")
    content_html = fields.Delivered(TEXT, description="In full, with absolute addresses.")
    content_text = fields.Delivered(TEXT, description="The summary, where the content would be too much.")
    summary = fields.Delivered(TEXT)
    image = fields.Delivered(TEXT)
    date_published = fields.Time(required=True)
    date_modified = fields.Time(required=True)
    authors = fields.Many(fields.Group(JSONFeedAuthor))
    tags = fields.Many(fields.Delivered(TEXT, example="Repair"))
    language = fields.Locale(required=True)


class JSONFeed(Schema):
    """A JSON Feed 1.1 (jsonfeed.org)."""

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
    """A form that a feed comes in: its ending, its name, its media type, what writes it, and how large it may be."""

    ending: str
    name: str
    media_type: str
    write: Callable[[Feed], bytes]
    bytes_below: int
    schema: type[Schema] | None = None
    """Of what is JSON."""

    @property
    def example(self) -> str | None:
        """A small feed, for the document, where no schema makes one."""
        return None if self.schema else self.write(SAMPLE_FEED).decode()


FORMATS = (
    Format("rss", "RSS", rss.MEDIA_TYPE, rss.write, 1_000_000),
    Format("atom", "Atom", atom.MEDIA_TYPE, atom.write, 1_000_000),
    Format("json", "JSON Feed", json_feed.MEDIA_TYPE, json_feed.write, 250_000, JSONFeed),
)


class FeedQuery(Schema):
    """Parameters of a feed."""

    is_query = True

    locale = fields.Locale(description="Else the site's default.")
    tag = entry_fields.EntryName(description="Id or slug: only articles about this.", example="repair")
    author = entry_fields.EntryName(description="Id or slug: only articles by this author.", example="orla-wrenmoor")


def _feed_route(form: Format) -> tuple[str, str, type[Endpoint]]:
    class Articles(Endpoint):
        @public
        @operation(f"getArticles{form.name.replace(' ', '')}")
        @query(FeedQuery)
        @returns(
            200,
            form.schema,
            media_type=form.media_type,
            example=form.example,
            description="The feed.",
            ETag=ETAG,
            Content_Language="The language.",
        )
        @problems("not-found")
        def get(self, reading: Reading, query: dict[str, Any]) -> Response:
            return _articles(form, reading, query)

    Articles.get.__doc__ = (
        f"Get the newest articles as {form.name}.\n\n"
        f"At most {ITEMS_AT_MOST}, newest first, with their content in full; in a feed that would become larger than "
        f"{form.bytes_below // 1000} KB the older ones have their summary only."
    )
    return ("feeds", f"/feeds/articles.{form.ending}", Articles)


def _articles(form: Format, reading: Reading, given: Mapping[str, Any]) -> Response:
    chosen = languages(reading.moment.site, given.get("locale"))
    filters: dict[str, Row] = {}
    for name in ("tag", "author"):
        if name in given:
            row = _find(reading, name, given[name], chosen)
            if row is None:
                return not_found(reading.moment)
            filters[name] = row
    newest, entries, next_change = _newest(reading, chosen, filters)
    feed = _feed(form, reading.moment.site, chosen, given.get("locale"), filters, newest)
    named = [*entries, *((row.type, row.entry_id) for row in filters.values())]
    moment = replace(reading.moment, next_change=next_change)
    headers = cache_headers(moment) | tag_headers(named, ["article"]) | {"Content-Language": chosen[0]}
    return cached_bytes(fitted(feed, form.write, form.bytes_below), content_type(form.media_type), headers)


def _find(reading: Reading, type_name: str, name: str, chosen: Sequence[str]) -> Row | None:
    """The live entry that an id or a slug names; also a slug that has moved, since subscriptions outlive slugs."""
    kind, perspective = services().types[type_name], reading.moment.perspective
    found = find_published(reading.connection, kind, name, chosen, perspective, asked_locale=False)
    if found is not None or is_identifier(name):
        return found
    moved = find_moved(reading.connection, kind, name, chosen, perspective)
    if moved is None:
        return None
    return find_published(reading.connection, kind, moved.entry_id, chosen, perspective, asked_locale=False)


def _newest(
    reading: Reading, chosen: Sequence[str], filters: Mapping[str, Row]
) -> tuple[list[Item], frozenset[tuple[str, str]], datetime | None]:
    """The newest articles, the entries that are in them, and when that changes next without a write.

    One whose editorial date lies ahead waits for it: readers would show it above all others until then.
    """
    moment = reading.moment
    asked: dict[str, Any] = {name: [row.entry_id] for name, row in filters.items()}
    come = ListQuery(
        filters={**asked, "published_at__lte": moment.at},
        chain=chosen,
        sort="-published_at",
        limit=ITEMS_AT_MOST,
        bodies=True,
    )
    rows, documents = _listed(reading, "article", come, ITEM_FIELDS)
    items = [_item(row, document, moment.site) for row, document in zip(rows, documents, strict=True)]
    waiting = ListQuery({**asked, "published_at__gt": moment.at}, chain=chosen, sort="published_at", limit=1)
    ahead, _, _ = list_published(reading.connection, services().types["article"], waiting, moment.perspective)
    changes = [*(row.published_at for row in ahead), *([moment.next_change] if moment.next_change else [])]
    return items, documents.entries, min(changes, default=None)


def _listed(reading: Reading, type_name: str, wanted: ListQuery, shown: frozenset[str]) -> tuple[list[Row], Composed]:
    """The rows of a list and their documents, one for one."""
    known, perspective = services(), reading.moment.perspective
    kind = known.types[type_name]
    rows, _, _ = list_published(reading.connection, kind, wanted, perspective)
    how = Composition(known.types, known.fields, known.cards, reading.moment.site, perspective, only=shown)
    return rows, compose(reading.connection, kind, rows, how)


def _item(row: Row, document: Document, site: Site) -> Item:
    page = document["url"] or f"{site.base_url}/"
    body = document["body"]
    return Item(
        id=row.entry_id,
        title=document["title"],
        url=document["url"],
        summary=document["summary"],
        html=absolute_html(body["html"], page) if body else None,
        locale=row.locale,
        published_at=row.published_at,
        updated_at=row.updated_at,
        authors=[_person(each, page) for each in document["authors"]],
        tags=[Label(each["slug"], each["name"]) for each in document["tags"]],
        image=image_of(document["hero_image"], page),
    )


def _person(card: Document, page: str) -> Person:
    avatar = card.get("avatar")
    return Person(card["name"], card["url"], absolute(avatar["url"], page) if avatar else None)


def _feed(
    form: Format,
    site: Site,
    chosen: Sequence[str],
    locale: str | None,
    filters: Mapping[str, Row],
    newest: Sequence[Item],
) -> Feed:
    names = ", ".join(row.data["name"] for row in filters.values())
    said = next((text for row in filters.values() if (text := row.data.get("description"))), None)
    about = next((url for name, row in filters.items() if (url := site.url(name, row.slug))), None)
    asked = {"locale": locale} if locale is not None else {}
    address = f"{services().settings.public_url}/feeds/articles"
    return Feed(
        id=_address(address, asked | {name: row.entry_id for name, row in filters.items()}),
        url=_address(f"{address}.{form.ending}", asked | {name: row.slug for name, row in filters.items()}),
        site_url=about or site.url("articles") or site.url("home") or site.base_url,
        title=titled(names, site.data["title_template"], site.name) if names else site.name,
        description=said or site.data["tagline"] or site.name,
        publisher=site.name,
        locale=chosen[0],
        items=newest,
    )


def _address(path: str, parameters: Mapping[str, str]) -> str:
    return f"{path}?{urlencode(parameters)}" if parameters else path


SITEMAP_EXAMPLE = b"".join(sitemap.urlset(SAMPLE_PAGES)).decode()
returns_sitemap = returns(
    200,
    media_type=sitemap.MEDIA_TYPE,
    example=SITEMAP_EXAMPLE,
    description="A sitemap.",
    ETag="Weak entity tag of what is live.",
)


class Sitemap(Endpoint):
    """The site's pages for search engines."""

    @public
    @operation("getSitemap")
    @returns_sitemap
    def get(self, reading: Reading) -> Response:
        """Get every page that search engines may list, or the sitemaps that have them where one cannot hold them."""
        return _streamed(reading, lambda: _whole_sitemap(reading))


class SitemapPages(Endpoint):
    """The sitemap of the pages that are no entry's."""

    @public
    @operation("getSitemapPages")
    @returns_sitemap
    def get(self, reading: Reading) -> Response:
        """Get the front page and the pages that list entries, as a sitemap of their own."""
        return _streamed(reading, lambda: sitemap.urlset(_own_pages(reading.moment.site)))


class SitemapPart(Endpoint):
    """A part of a long sitemap."""

    @public
    @operation("getSitemapPart")
    @returns_sitemap
    @problems("not-found")
    def get(self, reading: Reading, entry_id: str) -> Response:
        """Get a part of a long sitemap, by the id of the entry it begins with; the index names them."""
        paged = _paged(reading)
        perspective = _steady(reading.moment)
        if not is_identifier(entry_id) or not _begins(reading, paged, entry_id):
            return not_found(reading.moment)
        size = _urls_per_file(paged)
        return _streamed(
            reading, lambda: sitemap.urlset(_pages(services().database, paged, entry_id, size, perspective))
        )


def _paged(reading: Reading) -> Paged:
    return Paged.of(reading.moment.site, services().types)


def _steady(moment: Moment) -> Perspective:
    """A view that writes made while a long answer is read do not change: what they end was live at the moment."""
    return Perspective(moment.at, current=False)


def _begins(reading: Reading, paged: Paged, first: str) -> bool:
    """Whether any entry comes at an id or after it; the one of an index read a little ago may be gone."""
    pages, following = list_pages(reading.connection, paged, first, 1, _steady(reading.moment))
    return bool(pages) or following is not None


def _urls_per_file(paged: Paged) -> int:
    longest = max((len(sitemap.encoded_address(each)) for each in paged.patterns), default=0) + SLUG_LENGTH
    return sitemap.urls_per_file(longest, len(paged.site.locales))


def _whole_sitemap(reading: Reading) -> Iterator[bytes]:
    paged, perspective = _paged(reading), _steady(reading.moment)
    own, size = _own_pages(paged.site), _urls_per_file(paged)
    runs = parts(reading.connection, paged, size, perspective)
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


def _pages(database: Database, paged: Paged, first: str, number: int, perspective: Perspective) -> Iterator[ListedPage]:
    """The pages of so many entries from an id on, read in batches.

    Each batch has a snapshot of its own: a client that reads slowly must not keep a connection.
    """
    following: str | None = first
    while following is not None and number > 0:
        with database.snapshot() as connection:
            pages, following = list_pages(connection, paged, following, BATCH, perspective)
        yield from (page for page in pages[:number] if page is not None)
        number -= len(pages)


def _streamed(reading: Reading, write: Callable[[], Iterator[bytes]]) -> Response:
    """An answer that is made while it is sent, and not at all where the client has it.

    Its bytes are not known before, so its tag is a weak one that names the state of all that is live. The counter
    would not do: it moves when something is planned, and tells how much is written that nobody may see.
    """
    moment = reading.moment
    turned = last_turn(reading.connection, moment.at)
    tag = f'"{_state_of(moment.site, turned)}"'
    held = _held(tag)
    if held is not None:
        response = Response(status=304)
        response.headers.pop("Content-Type", None)
    else:
        response = Response(write(), content_type=content_type(sitemap.MEDIA_TYPE))
    response.headers["ETag"] = f"W/{held or tag}"
    response.headers["Vary"] = "Accept-Encoding"
    response.headers.update(cache_headers(moment) | tag_headers((), with_slugs(services().types)))
    return response


def _state_of(site: Site, turned: datetime | None) -> str:
    told = {name: site.data.get(name) for name in fields_of(PublicSettings)}
    settings = orjson.dumps([told, site.public_url, turned], default=clock.to_wire, option=orjson.OPT_SORT_KEYS)
    return hashlib.sha256(settings).hexdigest()[:32]


def _held(tag: str) -> str | None:
    """The tag under which the client has it: what was compressed on the way names its coding too."""
    compressor = stream_compressor(acceptable_codings(request.headers.get("Accept-Encoding")))
    offered = tag if compressor is None else coded_tag(tag, "gzip")
    return held_tag(request.headers.get("If-None-Match", ""), [offered], in_any_coding=True)


LLMS_EXAMPLE = (
    "# Harbour & Reed\n\n## Repair\n\n- [A quiet morning](https://harbour-and-reed.example/blog/a-quiet-morning)\n"
)


class LLMs(Endpoint):
    """The site for language models."""

    @public
    @operation("getLLMs")
    @returns(200, media_type=llms.MEDIA_TYPE, example=LLMS_EXAMPLE, description="Markdown.", ETag=ETAG)
    def get(self, reading: Reading) -> Response:
        """Get what the site has, for language models to read (llmstxt.org)."""
        site = reading.moment.site
        chosen = languages(site, None)
        newest = ListQuery(chain=chosen, sort="-published_at", limit=LINKS_AT_MOST)
        by_name = ListQuery(chain=chosen, sort="name", limit=LINKS_AT_MOST)
        rows, articles = _listed(reading, "article", newest, LINK_FIELDS)
        _, authors = _listed(reading, "author", by_name, AUTHOR_FIELDS)
        sections = [*_articles_by_tag(site, rows, articles), _authors(site, authors), *_interface()]
        content = llms.write(site.name, site.data["tagline"], _details(site), sections)
        tags = tag_headers(articles.entries | authors.entries, ["article", "author"])
        return cached_bytes(content, content_type(llms.MEDIA_TYPE), cache_headers(reading.moment) | tags)


def _details(site: Site) -> str:
    return (
        f"The pages of {site.base_url} below are also data: JSON, with each text as HTML, Markdown or plain text.\n"
        "Reading needs no key."
    )


def _articles_by_tag(site: Site, rows: Sequence[Row], articles: Sequence[Document]) -> list[llms.Section]:
    """The articles, each under the first of its tags."""
    sections: dict[str, list[llms.Link]] = {}
    for row, document in zip(rows, articles, strict=True):
        if is_indexable(row.data["seo"] or {}, document["url"]):
            tags = [each["name"] for each in document["tags"]]
            title = tags[0] if tags else site.collection_label("articles")
            link = llms.Link(document["title"], document["url"], document["summary"])
            sections.setdefault(title, []).append(link)
    return [llms.Section(title, links) for title, links in sections.items()]


def _authors(site: Site, authors: Sequence[Document]) -> llms.Section:
    links = [llms.Link(each["name"], each["url"], each["job_title"]) for each in authors if each["url"]]
    return llms.Section(site.collection_label("authors"), links)


def _interface() -> list[llms.Section]:
    address = services().settings.public_url
    return [
        llms.Section(
            "API",
            [
                llms.Link("Reference", f"{address}/docs", "every resource, with examples to try"),
                llms.Link("OpenAPI document", f"{address}/api/v1/openapi.json", "the same for programs"),
                llms.Link("Articles", f"{address}/api/v1/articles", "all of them, a page at a time"),
            ],
        ),
        llms.Section(
            "Optional",
            [
                llms.Link("Sitemap", f"{address}/sitemap.xml", "every page"),
                *(
                    llms.Link(f"{form.name} of the newest articles", f"{address}/feeds/articles.{form.ending}")
                    for form in FORMATS
                ),
            ],
        ),
    ]


class Robots(Endpoint):
    """What crawlers leave alone."""

    @public
    @needs_no_database
    @operation("getRobots")
    @returns(
        200,
        media_type=well_known.MEDIA_TYPE,
        example=well_known.robots([MANAGEMENT], "http://127.0.0.1:8000/sitemap.xml").decode(),
        description="robots.txt.",
        ETag=ETAG,
    )
    def get(self) -> Response:
        """Get what crawlers are to leave alone at this address (RFC 9309)."""
        content = well_known.robots([MANAGEMENT, PREVIEW], f"{services().settings.public_url}/sitemap.xml")
        return cached_bytes(content, content_type(well_known.MEDIA_TYPE), FIXED_HEADERS)


class SecurityContact(Endpoint):
    """Whom to tell of a weakness."""

    @public
    @needs_no_database
    @operation("getSecurityContact")
    @returns(
        200,
        media_type=well_known.MEDIA_TYPE,
        example="Contact: mailto:security@harbour-and-reed.example\nExpires: 2026-11-28T00:00:00Z\n",
        description="security.txt.",
        ETag=ETAG,
    )
    @problems("not-found")
    def get(self) -> Response:
        """Get whom to tell of a weakness (RFC 9116), where the operator has named someone."""
        settings = services().settings
        if not settings.security_contact:
            return problem("not-found", "There is nothing here.")
        canonical = f"{settings.public_url}/.well-known/security.txt"
        content = well_known.security(settings.security_contact, canonical, clock.now())
        return cached_bytes(content, content_type(well_known.MEDIA_TYPE), FIXED_HEADERS)


ROUTES: tuple[tuple[str, str, type[Endpoint]], ...] = (
    *(_feed_route(form) for form in FORMATS),
    ("feeds", "/sitemap.xml", Sitemap),
    ("feeds", "/sitemaps/pages.xml", SitemapPages),
    ("feeds", "/sitemaps/<entry_id>.xml", SitemapPart),
    ("feeds", "/llms.txt", LLMs),
    ("feeds", "/robots.txt", Robots),
    ("feeds", "/.well-known/security.txt", SecurityContact),
)
