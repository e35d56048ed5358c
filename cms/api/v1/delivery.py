"""Delivery: list and item, for every type, of what is live now.

Reads publications and nothing else: there is no import path from here to a working copy.
"""

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

from flask import Response, request

from cms.api import fields
from cms.api.caching import cache_headers, not_found_headers
from cms.api.contract import Endpoint, Reading, operation, problems, public, query, returns
from cms.api.fields import Schema
from cms.api.pagination import LIMIT, LIMIT_AT_MOST, page, read_cursor
from cms.api.problems import InvalidParameter, problem
from cms.api.responses import cached_response
from cms.api.services import services
from cms.api.v1.schemas import ContentResource, item_of, list_of, made
from cms.content.documents import Composition, compose
from cms.content.queries import ListQuery, Perspective, Row, find_moved, find_published, list_published
from cms.content.types import ByFacet, ByOwner, ByReference, ByReferrer, ByTime, ContentType
from cms.errors import Fault

FORMATS = ("html", "markdown", "text")
ETAG = "Strong entity tag of the answer's bytes."
FILTER_VALUES = 20


def delivery_routes(resource: ContentResource) -> list[tuple[str, str, type[Endpoint]]]:
    """The list and the item of one type, as tag, path and endpoint."""
    plural, kind = resource.type.plural, resource.type
    title = resource.name

    class List(Endpoint):
        @public
        @operation(f"list{title}s")
        @query(list_query(resource))
        @returns(200, list_of(resource.delivered), ETag=ETAG, Link="`next` and `first` (RFC 8288).")
        def get(self, reading: Reading, query: dict[str, Any]) -> Response:
            return _list(resource, reading, query)

    class Item(Endpoint):
        @public
        @operation(f"get{title}")
        @query(item_query(resource))
        @returns(200, item_of(resource.delivered), ETag=ETAG, Content_Language="The language that came.")
        @returns(308, Moved, description="The slug has moved.", Location="The same resource under its present slug.")
        @problems("not-found")
        def get(self, reading: Reading, query: dict[str, Any], name: str) -> Response:
            return _item(resource, reading, query, name)

    List.get.__doc__ = f"List live {plural.replace('-', ' ')}."
    Item.get.__doc__ = f"Get one live {kind.name.replace('-', ' ')}, by id{' or slug' if kind.has_slug else ''}."
    return [(plural, f"/api/v1/{plural}", List), (plural, f"/api/v1/{plural}/<name>", Item)]


class MovedTo(Schema):
    """Where an entry lives now."""

    id = fields.Id(required=True)
    slug = fields.Slug(required=True)
    url = fields.URL(required=True, allow_none=True)


class Moved(Schema):
    """A slug that has moved: API clients follow `Location`, a frontend redirects its visitor to `moved_to.url`."""

    moved_to = fields.Group(MovedTo, required=True)


def list_query(resource: ContentResource) -> type[Schema]:
    """The query schema of a type's list, from its declared filters, sorts and includes."""
    kind = resource.type
    declared: dict[str, Any] = {}
    if kind.has_locales:
        declared["locale"] = fields.Locale(description="Else the site's default.")
    for each in kind.filters:
        declared |= _parameters(each)
    declared["id"] = fields.Many(fields.Id(), most=LIMIT_AT_MOST, description="Repeat for several.")
    if kind.has_slug:
        declared["slug"] = fields.Many(fields.Slug(), most=LIMIT_AT_MOST, description="Repeat for several.")
    declared["sort"] = fields.Choice(
        *kind.sorts, load_default=next(iter(kind.sorts)), description="`-` means descending; ties go by id."
    )
    declared["limit"] = fields.Whole(1, LIMIT_AT_MOST, load_default=LIMIT, example=20)
    declared["cursor"] = fields.Line(2000, description="`page.next` of the page before.")
    declared["include_total"] = fields.Flag(load_default=False, description="Count all that match.", example=False)
    declared |= _shape_parameters(resource, lists=True)
    return made(f"{resource.name}ListQuery", "", {**declared, "is_query": True})


def item_query(resource: ContentResource) -> type[Schema]:
    """The query schema of a type's item."""
    declared = _shape_parameters(resource, lists=False)
    if resource.type.has_locales:
        declared = {"locale": fields.Locale(description="Else the site's default, or an id's own.")} | declared
    return made(f"{resource.name}Query", "", {**declared, "is_query": True})


def _parameters(each: ByReference | ByReferrer | ByTime | ByFacet | ByOwner) -> dict[str, Any]:
    match each:
        case ByReference() | ByReferrer():
            text = f"Id or slug: {each.parameter}; repeat for several."
            return {each.parameter: fields.Many(fields.EntryName(), most=FILTER_VALUES, description=text)}
        case ByTime():
            return {
                f"{each.parameter}__{operator}": fields.Time(description=f"{words} this instant.")
                for operator, words in (
                    ("gt", "After"),
                    ("gte", "At or after"),
                    ("lt", "Before"),
                    ("lte", "At or before"),
                )
            }
        case ByFacet(flag=None):
            return {each.parameter: fields.Many(fields.Line(40), most=FILTER_VALUES, description="Repeat for several.")}
        case ByFacet():
            return {each.parameter: fields.Flag()}
        case ByOwner():
            return {each.parameter: fields.Choice("site", each.field)}


def _shape_parameters(resource: ContentResource, *, lists: bool) -> dict[str, Any]:
    kind = resource.type
    names = resource.fields
    declared: dict[str, Any] = {
        "fields": _words(names, "Only these fields; `id` always comes."),
        "exclude": _words(names, "All but these fields."),
    }
    if includes := _includes(kind, lists=lists):
        declared["include"] = _words(includes, "What to embed in full.")
    if kind.bodies:
        declared["formats"] = _words(FORMATS, "The formats of rich text.")
    return declared


def _includes(kind: ContentType, *, lists: bool) -> tuple[str, ...]:
    """What may be included; neighbours are those of one entry."""
    return tuple(each for each in kind.includes if not (lists and each == "adjacent"))


def _words(words: Sequence[str], text: str) -> fields.Many:
    return fields.Many(
        fields.Choice(*words), most=len(words), commas=True, description=f"{text} Comma list or repeated."
    )


def _list(resource: ContentResource, reading: Reading, given: dict[str, Any]) -> Response:
    kind, moment = resource.type, reading.moment
    chain = _chain(kind, moment, given)
    perspective = Perspective(moment.at)
    shown = frozenset(given["fields"]) if given.get("fields") else None
    needs_bodies = any(
        name in shown if shown is not None else name not in kind.left_out_of_lists for name in kind.bodies
    )
    rows, more, total = list_published(
        reading.connection,
        kind,
        ListQuery(
            filters=given,
            chain=chain,
            sort=given["sort"],
            after=read_cursor(given.get("cursor"), given),
            limit=given["limit"],
            bodies=needs_bodies,
            total=given["include_total"],
        ),
        perspective,
    )
    documents = compose(
        reading.connection, kind, rows, _composition(resource, reading, given, perspective, detail=False)
    )
    following = (rows[-1].sort_value, rows[-1].entry_id) if more else None
    document, headers = page(documents, given, following, total)
    if kind.has_locales:
        headers["Content-Language"] = chain[0]
    return cached_response(document, cache_headers(moment) | headers)


def _item(resource: ContentResource, reading: Reading, given: dict[str, Any], name: str) -> Response:
    kind, moment = resource.type, reading.moment
    chain = _chain(kind, moment, given)
    perspective = Perspective(moment.at)
    row = find_published(
        reading.connection, kind, name, chain, perspective, asked_locale=given.get("locale") is not None
    )
    if row is None:
        return _moved_or_missing(resource, reading, name, chain, perspective)
    (document,) = compose(
        reading.connection, kind, [row], _composition(resource, reading, given, perspective, detail=True)
    )
    headers = cache_headers(moment) | {"Content-Language": row.locale}
    return cached_response({"data": document}, headers)


def _moved_or_missing(
    resource: ContentResource, reading: Reading, name: str, chain: list[str], perspective: Perspective
) -> Response:
    kind = resource.type
    row: Row | None = find_moved(reading.connection, kind, name, chain, perspective) if kind.has_slug else None
    if row is None or row.slug == name:
        response = problem("not-found", "There is nothing here.")
        response.headers.update(not_found_headers(reading.moment))
        return response
    url = reading.moment.site.url(kind.name, row.slug)
    document = {"moved_to": {"id": row.entry_id, "slug": row.slug, "url": url}}
    response = cached_response(document, cache_headers(reading.moment), status=308)
    asked = request.query_string.decode("ascii", "replace")
    response.headers["Location"] = f"/api/v1/{kind.plural}/{quote(row.slug)}" + (f"?{asked}" if asked else "")
    return response


def _chain(kind: ContentType, moment: Any, given: Mapping[str, Any]) -> list[str]:
    """The locales to look in, best first; raises ``InvalidParameter`` for one that the site does not have."""
    locale = given.get("locale") or moment.site.default_locale
    if locale not in moment.site.locales:
        known = ", ".join(moment.site.locales)
        raise InvalidParameter(
            Fault("unknown_locale", f"The site has no locale '{locale}'; it has {known}.", parameter="locale")
        )
    chain: list[str] = moment.site.chain(locale)
    if not kind.has_locales:
        chain += [each for each in moment.site.locales if each not in chain]
    return chain


def _asked_by_name(resource: ContentResource, given: Mapping[str, Any], *, detail: bool) -> frozenset[str]:
    """What ``fields`` names that comes by ``include`` only: naming it is asking for it."""
    declared = resource.delivered._declared_fields
    named = set(given.get("fields") or ()).intersection(_includes(resource.type, lists=not detail))
    return frozenset(name for name in named if not declared[name].required)


def _composition(
    resource: ContentResource, reading: Reading, given: Mapping[str, Any], perspective: Perspective, *, detail: bool
) -> Composition:
    known = services()
    return Composition(
        types=known.types,
        fields=known.fields,
        cards=known.cards,
        site=reading.moment.site,
        perspective=perspective,
        formats=[each for each in FORMATS if each in (given.get("formats") or ("html",))],
        includes=frozenset(given.get("include") or ()) | _asked_by_name(resource, given, detail=detail),
        only=frozenset(given["fields"]) if given.get("fields") else None,
        without=frozenset(given.get("exclude") or ()),
        detail=detail,
    )
