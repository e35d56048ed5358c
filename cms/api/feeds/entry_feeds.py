"""Feeds of the newest entries, as RSS, Atom and JSON Feed, for every content type that declares a feed."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from flask import Response

from cms.api import entry_fields
from cms.api.answers.cacheable import cached_bytes, not_found
from cms.api.answers.lifetimes import cache_headers, tag_headers
from cms.api.feeds.formats import FORMATS, Format
from cms.api.feeds.listing import cards_of, list_entries
from cms.api.http import fields
from cms.api.http.contract import operation, problems, public, query, returns
from cms.api.http.endpoint import Endpoint
from cms.api.http.fields import Schema
from cms.api.http.responses import content_type
from cms.api.languages import languages
from cms.api.reading import Reading
from cms.api.services import services
from cms.api.v1.schemas import ContentResource, made
from cms.content.published.composing import Document
from cms.content.published.lists import ListQuery, list_published
from cms.content.published.rows import Row, find_published, find_renamed, summary_of, written_summary
from cms.content.types import ContentType, EntryFeed
from cms.feeds.feed import Feed, FeedAuthor, FeedItem, FeedTag, absolute, absolute_html, fitted, image_of
from cms.identifiers import is_identifier
from cms.seo.head import titled
from cms.site import Site

ITEMS_AT_MOST = 50
ETAG = "Entity tag of the answer."


def entry_feed_routes(resource: ContentResource) -> list[tuple[str, str, type[Endpoint]]]:
    """The routes of the feeds of one type: tag, path and endpoint."""
    feed = resource.type.feed
    return [_route(resource, feed, form) for form in FORMATS if form.ending in feed.formats] if feed else []


def _route(resource: ContentResource, feed: EntryFeed, form: Format) -> tuple[str, str, type[Endpoint]]:
    kind = resource.type

    class Newest(Endpoint):
        @public
        @operation(f"get{resource.name}s{form.name.replace(' ', '')}")
        @query(_feed_query(feed))
        @returns(
            200,
            form.schema,
            media_type=form.media_type,
            example=form.example(kind.plural),
            description="The feed.",
            ETag=ETAG,
            Content_Language="The language of the feed.",
        )
        @problems("not-found")
        def get(self, reading: Reading, query: dict[str, Any]) -> Response:
            return _feed_response(kind, feed, form, reading, query)

    Newest.get.__doc__ = (
        f"Get the newest {kind.plural.replace('-', ' ')} as {form.name}.\n\n"
        f"At most {ITEMS_AT_MOST}, newest first, with their full content. If the feed would become larger than "
        f"{form.bytes_below // 1000} KB, the oldest ones have only their summary."
    )
    return ("feeds", f"/feeds/{kind.plural}.{form.ending}", Newest)


def _feed_query(feed: EntryFeed) -> type[Schema]:
    """The parameters of a feed."""
    filters = {
        each.parameter: entry_fields.EntryName(description=f"Id or slug: {each.meaning}.", example=each.example)
        for each in feed.filters
    }
    locale = fields.Locale(description="The language of the feed; without it, the site's default.")
    return made("FeedQuery", "", {"locale": locale, **filters, "is_query": True})


def _feed_response(
    kind: ContentType, feed: EntryFeed, form: Format, reading: Reading, given: Mapping[str, Any]
) -> Response:
    locales = languages(reading.moment.site, given.get("locale"))
    filters: dict[str, Row] = {}
    for name in (each.parameter for each in feed.filters):
        if name in given:
            row = _find(reading, kind.targets[name], given[name], locales)
            if row is None:
                return not_found(reading.moment)
            filters[name] = row
    newest, entries, next_change = _newest(kind, reading, locales, filters)
    made_feed = _feed(kind, form, reading.moment.site, locales, given.get("locale"), filters, newest)
    named = [*entries, *((row.type, row.entry_id) for row in filters.values())]
    moment = replace(reading.moment, next_change=next_change)
    headers = cache_headers(moment) | tag_headers(named, [kind.name]) | {"Content-Language": locales[0]}
    content = fitted(made_feed, form.write, form.bytes_below)
    return cached_bytes(content, content_type(form.media_type), headers)


def _find(reading: Reading, type_name: str, name: str, locales: Sequence[str]) -> Row | None:
    """The live entry with this id or slug. A former slug works too, because subscriptions outlive slugs."""
    kind, perspective = services().types[type_name], reading.moment.perspective
    found = find_published(reading.connection, kind, name, locales, perspective, asked_locale=False)
    if found is not None or is_identifier(name):
        return found
    renamed = find_renamed(reading.connection, kind, name, locales, perspective)
    if renamed is None:
        return None
    return find_published(reading.connection, kind, renamed.entry_id, locales, perspective, asked_locale=False)


def _newest(
    kind: ContentType, reading: Reading, locales: Sequence[str], filters: Mapping[str, Row]
) -> tuple[list[FeedItem], frozenset[tuple[str, str]], datetime | None]:
    """The newest entries as items, the type and id of every entry in them, and the time of the next scheduled change.

    An entry with an editorial date in the future is left out until then: feed readers would keep it above all others.
    """
    moment = reading.moment
    entry_filters: dict[str, Any] = {name: [row.entry_id] for name, row in filters.items()}
    current_query = ListQuery(
        filters={**entry_filters, "published_at__lte": moment.at},
        chain=locales,
        sort="-published_at",
        limit=ITEMS_AT_MOST,
        bodies=True,
    )
    meanings = kind.meanings
    parts = (meanings.body, meanings.image, meanings.people, meanings.topics)
    rows, documents = list_entries(reading, kind.by_date, current_query, frozenset({"url", *filter(None, parts)}))
    items = [_item(kind, row, document, moment.site) for row, document in zip(rows, documents, strict=True)]
    future_query = ListQuery(
        {**entry_filters, "published_at__gt": moment.at}, chain=locales, sort="published_at", limit=1
    )
    future_rows, _, _ = list_published(reading.connection, kind.by_date, future_query, moment.perspective)
    changes = [*(row.published_at for row in future_rows), *([moment.next_change] if moment.next_change else [])]
    return items, documents.entries, min(changes, default=None)


def _item(kind: ContentType, row: Row, document: Document, site: Site) -> FeedItem:
    url, meanings = document.get("url"), kind.meanings
    page = url or f"{site.base_url}/"
    body = document[meanings.body] if meanings.body else None
    return FeedItem(
        id=row.entry_id,
        title=kind.label_of(row.data),
        url=url,
        summary=summary_of(kind, row),
        html=absolute_html(body["html"], page) if body else None,
        locale=row.locale,
        published_at=row.published_at,
        updated_at=row.updated_at,
        authors=[_person(person, card, page) for person, card in cards_of(kind, document, meanings.people)],
        tags=[FeedTag(card["slug"], topic.label(card)) for topic, card in cards_of(kind, document, meanings.topics)],
        image=image_of(document[meanings.image], page) if meanings.image else None,
    )


def _person(kind: ContentType, card: Document, page: str) -> FeedAuthor:
    portrait = card.get(kind.meanings.image) if kind.meanings.image else None
    return FeedAuthor(kind.label(card), card["url"], absolute(portrait["url"], page) if portrait else None)


def _feed(
    kind: ContentType,
    form: Format,
    site: Site,
    locales: Sequence[str],
    locale: str | None,
    filters: Mapping[str, Row],
    newest: Sequence[FeedItem],
) -> Feed:
    types = services().types
    names = ", ".join(types[row.type].label_of(row.data) for row in filters.values())
    description = next((text for row in filters.values() if (text := written_summary(types[row.type], row))), None)
    filter_page = next((url for row in filters.values() if (url := site.url(row.type, row.slug))), None)
    parameters = {"locale": locale} if locale is not None else {}
    address = f"{services().settings.public_url}/feeds/{kind.plural}"
    return Feed(
        id=_address(address, parameters | {name: row.entry_id for name, row in filters.items()}),
        url=_address(f"{address}.{form.ending}", parameters | {name: row.slug for name, row in filters.items()}),
        site_url=filter_page or site.url(kind.plural) or site.url("home") or site.base_url,
        title=titled(names, site.data["title_template"], site.name) if names else site.name,
        description=description or site.data["tagline"] or site.name,
        publisher=site.name,
        locale=locales[0],
        items=newest,
    )


def _address(path: str, parameters: Mapping[str, str]) -> str:
    return f"{path}?{urlencode(parameters)}" if parameters else path
