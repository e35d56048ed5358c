"""Search over everything that is live: ranked, with the words marked, and with a suggestion if nothing is found."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask import Response

from cms.api import entry_fields
from cms.api.answers.cacheable import cached_response
from cms.api.answers.lifetimes import cache_headers, tag_headers
from cms.api.http import address_fields, fields
from cms.api.http.contract import operation, public, query, returns
from cms.api.http.fields import Schema, nullable
from cms.api.http.pagination import LIMIT, LIMIT_AT_MOST, page, read_cursor
from cms.api.languages import languages
from cms.api.reading import Reading
from cms.api.services import services
from cms.api.v1.delivery.entries import FILTER_VALUES, QUERY_LENGTH
from cms.api.v1.schemas import TEXT, ContentResource, PageInformation, PageLinks, made
from cms.api.v1.type_endpoint import CatalogEndpoint
from cms.content.published.narrowing import narrowed, narrowings
from cms.content.published.searching import FoundEntry, Results, SearchQuery, search_published, searchable
from cms.content.types import Types
from cms.site import Site

DIGITS = 4
"""The decimal places of a score; further ones mean nothing."""

MARKED = "Null if none of the words occurs there."


class Snippets(Schema):
    """Excerpts with the words of the query marked: safe HTML whose only element is `mark`."""

    title = fields.Delivered(
        TEXT,
        required=True,
        example="A <mark>quiet</mark> morning",
        description="The whole title, with or without a mark.",
    )
    summary = fields.Delivered(nullable(TEXT), required=True, example=None, description=MARKED)
    body = fields.Delivered(
        nullable(TEXT),
        required=True,
        example="… before the shop opens it is <mark>quiet</mark> at the bench …",
        description=f"The most relevant part of the text. {MARKED}",
    )


class SearchResult(Schema):
    """An entry that was found."""

    id = fields.Id(required=True)
    type = fields.Delivered(TEXT, required=True, example="article", description="The name of the content type.")
    locale = fields.Locale(required=True, description="The language of this entry; it may be a fallback.")
    slug = entry_fields.EntrySlug(required=True, allow_none=True)
    url = address_fields.URL(
        required=True, allow_none=True, example="https://harbour-and-reed.example/blog/a-quiet-morning"
    )
    title = fields.Delivered(
        TEXT, required=True, example="A quiet morning", description="The title, question or name as plain text."
    )
    summary = fields.Delivered(
        nullable(TEXT),
        required=True,
        example="What the bench is like before eight.",
        description="The summary as plain text.",
    )
    published_at = fields.Time(required=True)
    score = fields.Delivered(
        {"type": "number", "minimum": 0, "maximum": 1},
        required=True,
        example=0.7312,
        description="The best result has 1. Scores of different queries cannot be compared.",
    )
    snippets = fields.Group(Snippets, required=True)


SearchResults = made(
    "SearchResults",
    "A page of results, the most relevant first.",
    {
        "data": fields.Many(fields.Group(SearchResult), required=True),
        "page": fields.Group(PageInformation, required=True),
        "links": fields.Group(PageLinks, required=True),
        "suggestion": fields.Delivered(
            nullable(TEXT),
            required=True,
            example=None,
            description="If nothing was found: a spelling of the query that finds something, or null.",
        ),
    },
)


def types_of(catalog: Sequence[ContentResource]) -> Types:
    """The content types of a catalogue by name."""
    return {each.type.name: each.type for each in catalog}


def names_searched(catalog: Sequence[ContentResource]) -> list[str]:
    """The names of the types that can be searched."""
    return searchable(types_of(catalog))


def search_query(catalog: Sequence[ContentResource]) -> type[Schema]:
    """The query schema of a search over these types."""
    names = names_searched(catalog)
    declared: dict[str, Any] = {
        "q": fields.Line(QUERY_LENGTH, required=True, example="quiet morning", description="The words to search for."),
        "type": fields.Many(
            fields.Choice(*names), most=len(names), description="Only entries of this type; repeat for several."
        ),
        "locale": fields.Locale(
            description="By default the site's default locale. Untranslated entries are searched in their fallback."
        ),
        **{each.parameter: _names_field(each.parameter) for each in narrowings(types_of(catalog))},
        "limit": fields.Whole(
            1, LIMIT_AT_MOST, load_default=LIMIT, example=20, description="The number of items on a page."
        ),
        "cursor": fields.Line(2000, description="`page.next` of the previous page."),
    }
    return made("SearchQuery", "", {**declared, "is_query": True})


def _names_field(parameter: str) -> fields.Many:
    text = f"Id or slug of the {parameter}; repeat for several."
    return fields.Many(entry_fields.EntryName(), most=FILTER_VALUES, description=text)


class Search(CatalogEndpoint):
    """The search."""

    @public
    @operation("search")
    @query(search_query)
    @returns(200, SearchResults, ETag="Strong entity tag of the answer's bytes.", Link="`next` and `first`.")
    def get(self, reading: Reading, query: dict[str, Any]) -> Response:
        """Search the titles, summaries and texts of everything that is live.

        Every word must occur, in any form that it has in the language of the locale. `"several words"` must occur in
        this order, and `-word` must not occur. Other characters have no meaning, and no combination is an error.
        Titles count most, then summaries; case and accents make no difference. The newest 2,000 matches are ranked,
        or 500 if there are very many.
        """
        return _public(reading, results(reading, names_searched(self.catalog), query))


@dataclass(frozen=True)
class Answered:
    """A page of results before it is decided who may cache it; its headers describe the content."""

    document: dict[str, Any]
    headers: dict[str, str]
    entries: Sequence[tuple[str, str]]
    """The type and id of each entry in the answer."""
    types: Sequence[str]
    """The types that were searched."""


def _public(reading: Reading, answered: Answered) -> Response:
    headers = cache_headers(reading.moment) | answered.headers | tag_headers(answered.entries, answered.types)
    return cached_response(answered.document, headers)


def results(reading: Reading, names: Sequence[str], given: dict[str, Any]) -> Answered:
    """A page of results, in the perspective of the reading; raises ``InvalidParameter``."""
    moment = reading.moment
    chain = languages(moment.site, given.get("locale"))
    after, best = _place(read_cursor(given.get("cursor"), given))
    found = _found(reading, chain, given, after)
    best = best or next((each.hit.score for each in found.found), 1.0)
    following = None
    if found.more:
        last = found.found[-1].hit
        following = ([last.score, best], str(last.id))
    items = [_item(moment.site, each, best) for each in found.found]
    document, headers = page(items, given, following, None)
    document["suggestion"] = found.suggestion
    headers["Content-Language"] = chain[0]
    entries = [(each.row.type, each.row.entry_id) for each in found.found]
    return Answered(document, headers, entries, given.get("type") or names)


def _found(
    reading: Reading, chain: Sequence[str], given: Mapping[str, Any], after: tuple[float, int] | None
) -> Results:
    types = services().types
    where = narrowed(types, given, given.get("type") or ())
    if where is None:
        return Results([], more=False)
    query = SearchQuery(
        text=given["q"],
        chain=chain,
        types=where.types,
        references=where.references,
        after=after,
        limit=given["limit"],
    )
    return search_published(reading.connection, types, query, reading.perspective)


def _place(cursor: tuple[Any, str] | None) -> tuple[tuple[float, int] | None, float | None]:
    """The score and the number of the last hit on the previous page, and the best score of all.

    The score of a document depends on the document alone, so the place stays valid while other documents change.
    """
    if cursor is None:
        return None, None
    (score, best, *_), number = cursor
    return (score, int(number)), best


def _item(site: Site, found: FoundEntry, best: float) -> dict[str, Any]:
    row = found.row
    return {
        "id": row.entry_id,
        "type": row.type,
        "locale": row.locale,
        "slug": row.slug,
        "url": site.url(row.type, row.slug),
        "title": found.title,
        "summary": found.summary,
        "published_at": row.published_at,
        "score": round(min(found.hit.score / best, 1.0), DIGITS),
        "snippets": found.snippets,
    }


ROUTES = (("search", "/search", Search),)
