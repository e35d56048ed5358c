"""Delivery: the list and the item of every type, from what is live now.

It reads publications only: there is no import path from here to a draft.
"""

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any
from urllib.parse import quote

from flask import Response, request

from cms.api import entry_fields
from cms.api.answers.cacheable import cached_bytes, not_found
from cms.api.answers.lifetimes import BROWSER_SECONDS, cache_headers, seconds_left, tag_headers
from cms.api.http import address_fields, fields
from cms.api.http.contract import JSON, Form, operation, problems, public, query, returns
from cms.api.http.fields import Schema
from cms.api.http.negotiation import preferred
from cms.api.http.pagination import LIMIT, LIMIT_AT_MOST, page, read_cursor
from cms.api.http.responses import content_type
from cms.api.languages import languages
from cms.api.reading import Reading
from cms.api.services import services
from cms.api.v1.schemas import (
    LINKED_DATA_EXAMPLE,
    LINKED_DATA_SCHEMA,
    ContentResource,
    Written,
    item_of,
    list_of,
    made,
)
from cms.api.v1.type_endpoint import TypeEndpoint, TypeRoutes
from cms.content.published.composing import IDENTITY, Composition, compose, reads_bodies
from cms.content.published.lists import TIME_OPERATORS, ListQuery, list_published
from cms.content.published.rows import Row, find_published, find_renamed
from cms.content.published.searching import SearchQuery, candidates, referred_to
from cms.content.renditions import BLOCKS
from cms.content.types import ByFacet, ByOwner, ByReference, ByReferrer, ByTime, ContentType
from cms.rendering.front_matter import with_front_matter
from cms.seo.jsonld import script_safe
from cms.wire import to_json

MARKDOWN, LINKED_DATA = "text/markdown", "application/ld+json"
AS_MARKDOWN = Form(
    "Front matter, and the text as Markdown.", "---\ntitle: A quiet morning\n---\n\nBefore the shop opens.\n"
)
AS_LINKED_DATA = Form("The JSON-LD graph, safe within a script element.", LINKED_DATA_EXAMPLE, LINKED_DATA_SCHEMA)
FORMATS = ("html", "markdown", "text", "blocks")
ETAG = "Strong entity tag of the answer's bytes."
FILTER_VALUES = 20
QUERY_LENGTH = 100
OWN_ENTRIES_AT_MOST = 100
TEXTS_AT_MOST = 2_000_000
"""The limit of characters of rich text on a page of a list, which ends early beyond it.

Blocks count as ``LENGTHS`` times their HTML.
"""
LENGTHS = {BLOCKS: 5}
TIME_WORDS = {"gt": "After", "gte": "At or after", "lt": "Before", "lte": "At or before", "ne": "Not at"}


@dataclass(frozen=True)
class Representation:
    """An answer before it is decided who may cache it; its headers describe the content."""

    content: bytes
    headers: Mapping[str, str]
    entries: Iterable[tuple[str, str]] = ()
    """The type and id of each entry in the answer."""
    media_type: str = JSON
    status: int = 200


class MovedTo(Schema):
    """The present slug and address of an entry."""

    id = fields.Id(required=True)
    slug = entry_fields.EntrySlug(required=True)
    url = address_fields.URL(required=True, allow_none=True)


class Moved(Schema):
    """The answer for an old slug: API clients follow `Location`; a frontend redirects its visitor to `moved_to.url`."""

    moved_to = fields.Group(MovedTo, required=True)


def list_query(resource: ContentResource) -> type[Schema]:
    """The query schema of a type's list, from its declared filters, sorts and includes."""
    kind = resource.type
    declared: dict[str, Any] = {}
    if kind.has_locales:
        declared["locale"] = fields.Locale(description="By default the site's default locale.")
    for each in kind.filters:
        declared |= filter_parameters(each)
    declared["id"] = fields.Many(
        fields.Id(), most=LIMIT_AT_MOST, description="Only entries with this id; repeat for several."
    )
    if kind.has_slug:
        declared["slug"] = fields.Many(
            entry_fields.EntrySlug(), most=LIMIT_AT_MOST, description="Only entries with this slug; repeat for several."
        )
    if kind.searched is not None:
        declared["q"] = fields.Line(
            QUERY_LENGTH,
            description='Words that must occur, `"phrases"`, and `-word` for words that must not. '
            "Only the newest 2,000 matches are listed.",
            example="glue",
        )
    declared["sort"] = fields.Choice(
        *kind.sorts, load_default=next(iter(kind.sorts)), description="`-` means descending; ties are ordered by id."
    )
    declared["limit"] = fields.Whole(
        1,
        LIMIT_AT_MOST,
        load_default=LIMIT,
        example=20,
        description="The number of items on a page."
        + (" A page with very long texts has fewer." if kind.bodies else ""),
    )
    declared["cursor"] = fields.Line(2000, description="`page.next` of the previous page.")
    declared["include_total"] = fields.Flag(
        load_default=False, description="Count all matches, in `page.total`.", example=False
    )
    declared |= _shape_parameters(resource, lists=True)
    return made(f"{resource.name}ListQuery", "", {**declared, "is_query": True})


def item_query(resource: ContentResource) -> type[Schema]:
    """The query schema of a type's item."""
    declared = _shape_parameters(resource, lists=False)
    if resource.type.has_locales:
        declared = {
            "locale": fields.Locale(description="By default the site's default locale, or for an id the entry's own.")
        } | declared
    return made(f"{resource.name}Query", "", {**declared, "is_query": True})


def delivered_item(resource: ContentResource) -> type[Schema]:
    """The schema of the answer with one entry."""
    return item_of(resource.delivered)


def delivered_list(resource: ContentResource) -> type[Schema]:
    """The schema of a page of entries."""
    return list_of(resource.delivered)


def other_forms(resource: ContentResource) -> dict[str, Form]:
    """The media types of one entry besides JSON."""
    forms = {MARKDOWN: AS_MARKDOWN} if resource.type.bodies else {}
    return forms | ({LINKED_DATA: AS_LINKED_DATA} if resource.type.linked_data else {})


may_have_moved = returns(
    308,
    Moved,
    when=lambda resource: resource.type.has_slug,
    description="The entry has another slug now.",
    Location="The same resource under its present slug.",
)
"""Declares the redirect from an old slug, for types with slugs."""


class Entries(TypeEndpoint):
    """The live entries of a type."""

    @public
    @operation("list{Type}s")
    @query(list_query)
    @returns(200, delivered_list, ETag=ETAG, Link="`next` and `first` (RFC 8288).")
    def get(self, reading: Reading, query: dict[str, Any]) -> Response:
        """List live {plural}."""
        return _public(self.kind, reading, page_of(self.resource, reading, query))


class Entry(TypeEndpoint):
    """One live entry."""

    @public
    @operation("get{Type}")
    @query(item_query)
    @returns(200, delivered_item, also=other_forms, ETag=ETAG, Content_Language="The language of the answer.")
    @may_have_moved
    @problems("not-found")
    def get(self, reading: Reading, query: dict[str, Any], name: str) -> Response:
        """Get one live {name}, by {id or slug}."""
        found = one_of(self.resource, reading, query, name)
        return _public(self.kind, reading, found) if found else not_found(reading.moment)


def _public(kind: ContentType, reading: Reading, found: Representation) -> Response:
    """The response with its caching headers.

    Media types other than JSON are for the client alone: a shared cache that varies by ``Accept-Encoding`` only must
    not give them to others.
    """
    if found.media_type != JSON:
        seconds = min(BROWSER_SECONDS, seconds_left(reading.moment.at, reading.moment.next_change))
        own = {"Cache-Control": f"private, max-age={seconds}", **found.headers}
        response = cached_bytes(found.content, content_type(found.media_type), own)
        response.headers["Vary"] = "Accept, Accept-Encoding"
        return response
    headers = cache_headers(reading.moment) | tag_headers(found.entries, [kind.name]) | found.headers
    return cached_bytes(found.content, JSON, headers, status=found.status)


def filter_parameters(each: ByReference | ByReferrer | ByTime | ByFacet | ByOwner) -> dict[str, Any]:
    """The parameters of a declared filter, by name."""
    match each:
        case ByReference() | ByReferrer():
            text = f"Id or slug of the {each.parameter}; repeat for several."
            return {each.parameter: fields.Many(entry_fields.EntryName(), most=FILTER_VALUES, description=text)}
        case ByTime():
            return {
                f"{each.parameter}__{operator}": fields.Flag(
                    description="True for entries with this date, false for those without; all live entries have one."
                )
                if operator == "exists"
                else fields.Time(description=f"{TIME_WORDS[operator]} this instant.")
                for operator in TIME_OPERATORS
            }
        case ByFacet(flag=None):
            return {
                each.parameter: fields.Many(
                    fields.Line(40),
                    most=FILTER_VALUES,
                    description=f"Only entries with this {each.parameter}; repeat for several.",
                )
            }
        case ByFacet():
            return {each.parameter: fields.Flag(description=f"Only entries with this value of `{each.parameter}`.")}
        case ByOwner():
            return {
                each.parameter: fields.Choice("site", each.field, description="Only entries with this kind of owner.")
            }


def _shape_parameters(resource: ContentResource, *, lists: bool) -> dict[str, Any]:
    kind = resource.type
    names = resource.fields
    declared: dict[str, Any] = {
        "fields": _words(names, "Return only these fields, and `id`."),
        "exclude": _words(names, "Leave out these fields."),
    }
    if includes := _includes(kind, lists=lists):
        declared["include"] = _words(includes, "Embed these in full.")
    if kind.bodies:
        declared["formats"] = _words(FORMATS, "The formats of rich text; by default `html`.")
    return declared


def _includes(kind: ContentType, *, lists: bool) -> tuple[str, ...]:
    """The values of ``include``; ``adjacent`` is for one entry only."""
    return tuple(each for each in kind.includes if not (lists and each == "adjacent"))


def _words(words: Sequence[str], text: str) -> fields.Many:
    return fields.Many(
        fields.Choice(*words), most=len(words), commas=True, description=f"{text} Comma-separated or repeated."
    )


def page_of(resource: ContentResource, reading: Reading, given: dict[str, Any]) -> Representation:
    """A page of a type's list, in the perspective of the reading; raises ``InvalidParameter``."""
    kind = resource.type
    chain = languages(reading.moment.site, given.get("locale"), all_of_them=not kind.has_locales)
    how = _composition(resource, reading, given, detail=False)
    rows, more, total = list_published(
        reading.connection,
        kind,
        ListQuery(
            filters=given,
            chain=chain,
            sort=given["sort"],
            after=read_cursor(given.get("cursor"), given),
            limit=given["limit"],
            bodies=reads_bodies(kind, how),
            total=given["include_total"],
            among=_matching(reading, kind, chain, given),
        ),
        reading.perspective,
    )
    fitting = _fitting(rows, how.formats)
    following = (fitting[-1].sort_value, fitting[-1].entry_id) if more or len(fitting) < len(rows) else None
    composed = compose(reading.connection, kind, fitting, how)
    document, headers = page(composed, given, following, total)
    if kind.has_locales:
        headers["Content-Language"] = chain[0]
    return Representation(to_json(document), headers, composed.entries)


def _fitting(rows: list[Row], formats: Sequence[str]) -> list[Row]:
    """The first rows whose rich texts fit into one answer; at least one."""
    times = sum(LENGTHS.get(name, 1) for name in formats)
    lengths = (times * sum(len(each["html"]) for each in (row.bodies or {}).values() if each) for row in rows)
    return rows[: max(1, bisect_right(list(accumulate(lengths)), TEXTS_AT_MOST))]


def _matching(reading: Reading, kind: ContentType, chain: Sequence[str], given: Mapping[str, Any]) -> list[str] | None:
    """The publications in which the words of ``q`` occur; ``None`` without ``q``.

    The search needs the filters by reference too, since it looks at its newest matches only.
    """
    if given.get("q") is None:
        return None
    references = {
        referred_to(parameter, target): given[parameter]
        for parameter, target in kind.targets.items()
        if given.get(parameter)
    }
    query = SearchQuery(given["q"], chain, [kind.name], references)
    return candidates(reading.connection, query, reading.perspective)


def one_of(resource: ContentResource, reading: Reading, given: dict[str, Any], name: str) -> Representation | None:
    """One entry or the redirect to it, in the perspective of the reading; raises ``InvalidParameter``."""
    kind = resource.type
    chain = languages(reading.moment.site, given.get("locale"), all_of_them=not kind.has_locales)
    row = find_published(
        reading.connection, kind, name, chain, reading.perspective, asked_locale=given.get("locale") is not None
    )
    if row is None:
        return _redirect_answer(resource, reading, name, chain)
    if reading.only not in (None, row.entry_id):
        return None
    media_type = preferred(JSON, *other_forms(resource))
    if media_type != JSON:
        return _in_other_form(resource, reading, row, media_type)
    composed = compose(reading.connection, kind, [row], _composition(resource, reading, given, detail=True))
    return Representation(to_json({"data": composed[0]}), {"Content-Language": row.locale}, composed.entries)


def _in_other_form(resource: ContentResource, reading: Reading, row: Row, media_type: str) -> Representation:
    """One entry as Markdown or linked data."""
    kind = resource.type
    given = {"include": ["jsonld"], "fields": ["jsonld"]} if media_type == LINKED_DATA else {"formats": ["markdown"]}
    how = _composition(resource, reading, given, detail=True)
    (document,) = compose(reading.connection, kind, [row], how)
    if media_type == LINKED_DATA:
        content = script_safe(to_json(document["jsonld"]))
    else:
        content = _as_markdown(resource, row, document).encode()
    return Representation(content, {"Content-Language": row.locale}, media_type=media_type)


def _as_markdown(resource: ContentResource, row: Row, document: dict[str, Any]) -> str:
    """The written fields as front matter, with other entries by their slugs, and below it the first rich text."""
    kind = resource.type
    identity = {name: document[name] for name in IDENTITY}
    shared = Written._declared_fields
    # The type's own fields come first, as a person would write them.
    names_written = sorted(resource.written._declared_fields, key=lambda name: name in shared)
    hidden = (*kind.bodies, "note", "translation_of")
    written = {name: row.data[name] for name in names_written if name in row.data and name not in hidden}
    names = {
        each.field: [_name_of(entry) for entry in document[each.field]]
        for each in kind.references
        if isinstance(document.get(each.field), list)
    }
    main, *others = kind.bodies
    texts = {name: (document[name] or {}).get("markdown") for name in others}
    return with_front_matter({**written, **texts, **names, **identity}, (document[main] or {}).get("markdown") or "")


def _name_of(entry: Any) -> str:
    return str(entry["slug"]) if isinstance(entry, dict) else str(entry)


def _redirect_answer(resource: ContentResource, reading: Reading, name: str, chain: list[str]) -> Representation | None:
    kind = resource.type
    row: Row | None = None
    if kind.has_slug:
        row = find_renamed(reading.connection, kind, name, chain, reading.perspective)
    if row is None or row.slug == name or reading.only not in (None, row.entry_id):
        return None
    url = reading.moment.site.url(kind.name, row.slug)
    document = {"moved_to": {"id": row.entry_id, "slug": row.slug, "url": url}}
    asked = request.query_string.decode("ascii", "replace")
    # The same path with the present slug, in the space of the request.
    address = f"{request.path.rpartition('/')[0]}/{quote(row.slug)}" + (f"?{asked}" if asked else "")
    return Representation(to_json(document), {"Location": address}, [(kind.name, row.entry_id)], status=308)


def _asked_by_name(resource: ContentResource, given: Mapping[str, Any], *, detail: bool) -> frozenset[str]:
    """The members in ``fields`` that otherwise need ``include``: naming one includes it."""
    declared = resource.delivered._declared_fields
    named = set(given.get("fields") or ()).intersection(_includes(resource.type, lists=not detail))
    return frozenset(name for name in named if not declared[name].required)


def _composition(resource: ContentResource, reading: Reading, given: Mapping[str, Any], *, detail: bool) -> Composition:
    known = services()
    includes = frozenset(given.get("include") or ()) | _asked_by_name(resource, given, detail=detail)
    return Composition(
        types=known.types,
        fields=known.fields,
        cards=known.cards,
        site=reading.moment.site,
        perspective=reading.perspective,
        formats=[each for each in FORMATS if each in (given.get("formats") or ("html",))],
        includes=includes,
        own_entries=own_entries(reading) if "jsonld" in includes else (),
        only=frozenset(given["fields"]) if given.get("fields") else None,
        without=frozenset(given.get("exclude") or ()),
        detail=detail,
    )


def own_entries(reading: Reading) -> list[Row]:
    """The site's own entries of every type that has such, in the perspective that the reading has of other entries."""
    rows: list[Row] = []
    for kind in services().types.values():
        if (owner := kind.site_filter) is not None:
            chain = list(reading.moment.site.locales)
            query = ListQuery({owner.parameter: "site"}, chain=chain, limit=OWN_ENTRIES_AT_MOST)
            rows += list_published(reading.connection, kind, query, reading.perspective.of_others)[0]
    return rows


ROUTES: TypeRoutes = (("", Entries), ("/<name>", Entry))
