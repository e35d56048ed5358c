"""The feeds of newest entries, as RSS, Atom and JSON Feed: one of each for every type that declares a feed."""

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
    """The feeds of one type, as tag, path and endpoint."""
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
            Content_Language="The language.",
        )
        @problems("not-found")
        def get(self, reading: Reading, query: dict[str, Any]) -> Response:
            return _feed_response(kind, feed, form, reading, query)

    Newest.get.__doc__ = (
        f"Get the newest {kind.plural.replace('-', ' ')} as {form.name}.\n\n"
        f"At most {ITEMS_AT_MOST}, newest first, with their content in full; in a feed that would become larger than "
        f"{form.bytes_below // 1000} KB the older ones have their summary only."
    )
    return ("feeds", f"/feeds/{kind.plural}.{form.ending}", Newest)


def _feed_query(feed: EntryFeed) -> type[Schema]:
    """The parameters of a feed."""
    filters = {
        each.parameter: entry_fields.EntryName(description=f"Id or slug: {each.meaning}.", example=each.example)
        for each in feed.filters
    }
    locale = fields.Locale(description="Else the site's default.")
    return made("FeedQuery", "", {"locale": locale, **filters, "is_query": True})


def _feed_response(
    kind: ContentType, feed: EntryFeed, form: Format, reading: Reading, given: Mapping[str, Any]
) -> Response:
    chosen = languages(reading.moment.site, given.get("locale"))
    filters: dict[str, Row] = {}
    for name in (each.parameter for each in feed.filters):
        if name in given:
            row = _find(reading, kind.targets[name], given[name], chosen)
            if row is None:
                return not_found(reading.moment)
            filters[name] = row
    newest, entries, next_change = _newest(kind, reading, chosen, filters)
    made_feed = _feed(kind, form, reading.moment.site, chosen, given.get("locale"), filters, newest)
    named = [*entries, *((row.type, row.entry_id) for row in filters.values())]
    moment = replace(reading.moment, next_change=next_change)
    headers = cache_headers(moment) | tag_headers(named, [kind.name]) | {"Content-Language": chosen[0]}
    content = fitted(made_feed, form.write, form.bytes_below)
    return cached_bytes(content, content_type(form.media_type), headers)


def _find(reading: Reading, type_name: str, name: str, chosen: Sequence[str]) -> Row | None:
    """The live entry that an id or a slug names; also a slug that has moved, since subscriptions outlive slugs."""
    kind, perspective = services().types[type_name], reading.moment.perspective
    found = find_published(reading.connection, kind, name, chosen, perspective, asked_locale=False)
    if found is not None or is_identifier(name):
        return found
    moved = find_renamed(reading.connection, kind, name, chosen, perspective)
    if moved is None:
        return None
    return find_published(reading.connection, kind, moved.entry_id, chosen, perspective, asked_locale=False)


def _newest(
    kind: ContentType, reading: Reading, chosen: Sequence[str], filters: Mapping[str, Row]
) -> tuple[list[FeedItem], frozenset[tuple[str, str]], datetime | None]:
    """The newest entries as items, all that is in these, and when that changes next without a write.

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
    meanings = kind.meanings
    parts = (meanings.body, meanings.image, meanings.people, meanings.topics)
    rows, documents = list_entries(reading, kind.by_date, come, frozenset({"url", *filter(None, parts)}))
    items = [_item(kind, row, document, moment.site) for row, document in zip(rows, documents, strict=True)]
    waiting = ListQuery({**asked, "published_at__gt": moment.at}, chain=chosen, sort="published_at", limit=1)
    ahead, _, _ = list_published(reading.connection, kind.by_date, waiting, moment.perspective)
    changes = [*(row.published_at for row in ahead), *([moment.next_change] if moment.next_change else [])]
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
    chosen: Sequence[str],
    locale: str | None,
    filters: Mapping[str, Row],
    newest: Sequence[FeedItem],
) -> Feed:
    types = services().types
    names = ", ".join(types[row.type].label_of(row.data) for row in filters.values())
    said = next((text for row in filters.values() if (text := written_summary(types[row.type], row))), None)
    about = next((url for row in filters.values() if (url := site.url(row.type, row.slug))), None)
    asked = {"locale": locale} if locale is not None else {}
    address = f"{services().settings.public_url}/feeds/{kind.plural}"
    return Feed(
        id=_address(address, asked | {name: row.entry_id for name, row in filters.items()}),
        url=_address(f"{address}.{form.ending}", asked | {name: row.slug for name, row in filters.items()}),
        site_url=about or site.url(kind.plural) or site.url("home") or site.base_url,
        title=titled(names, site.data["title_template"], site.name) if names else site.name,
        description=said or site.data["tagline"] or site.name,
        publisher=site.name,
        locale=chosen[0],
        items=newest,
    )


def _address(path: str, parameters: Mapping[str, str]) -> str:
    return f"{path}?{urlencode(parameters)}" if parameters else path
