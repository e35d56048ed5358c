"""Preview: the answers of delivery, from drafts or as of any instant, for callers with a key or a token.

It runs the code of delivery in another perspective. No cache may keep its answers.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from flask import Response, after_this_request, g

from cms.api.auth import BY_QUERY, TokenHolder
from cms.api.http import fields
from cms.api.http.contract import opened_by_token, operation, problems, query, returns, scope
from cms.api.http.endpoint import Endpoint
from cms.api.http.fields import Schema
from cms.api.http.problems import InvalidParameter
from cms.api.http.responses import content_type
from cms.api.reading import Reading
from cms.api.services import services
from cms.api.v1.delivery import entries, search
from cms.api.v1.delivery.entries import (
    Representation,
    delivered_item,
    delivered_list,
    may_have_moved,
    one_of,
    other_forms,
    page_of,
)
from cms.api.v1.delivery.search import SearchResults, names_searched
from cms.api.v1.schemas import ContentResource, fields_of, made
from cms.api.v1.type_endpoint import CatalogEndpoint, TypeEndpoint, TypeRoutes
from cms.content.editing import preview
from cms.content.published.moment import Moment, read_moment
from cms.content.published.perspective import Perspective
from cms.errors import Fault, NotFound
from cms.wire import to_json

# The space is private: no cache may keep an answer, whatever its own rules, and no search engine may list it.
PRIVATE = {"Cache-Control": "private, no-store", "Vary": "Authorization", "X-Robots-Tag": "noindex"}
PERSPECTIVES = ("draft", "published")
AT = "As of this instant, in the past or in the future as it is planned now."


class Preview(Endpoint):
    """An endpoint of the preview space: its answers, errors included, are for the caller alone."""

    def dispatch_request(self, *arguments: Any, **path: Any) -> Response:
        after_this_request(_private)
        return super().dispatch_request(*arguments, **path)


def _private(response: Response) -> Response:
    response.headers.update(PRIVATE)
    return response


def list_query(resource: ContentResource) -> type[Schema]:
    """The parameters of delivery's list, with ``perspective`` and ``at``."""
    declared = fields_of(entries.list_query(resource))
    return made(f"Preview{resource.name}ListQuery", "", {**declared, **_when(), "is_query": True})


def item_query(resource: ContentResource) -> type[Schema]:
    """The parameters of delivery's item, with ``perspective``, ``at`` and the token of clients that send no header."""
    token = fields.Line(2000, description="A preview token, for clients that cannot send `Authorization`.")
    declared = {
        **fields_of(entries.item_query(resource)),
        **_when(AT + " Not allowed with a preview token."),
        BY_QUERY: token,
    }
    return made(f"Preview{resource.name}Query", "", {**declared, "is_query": True})


def search_query(catalog: Sequence[ContentResource]) -> type[Schema]:
    """The parameters of delivery's search, with ``perspective`` and ``at``."""
    declared = fields_of(search.search_query(catalog))
    return made("PreviewSearchQuery", "", {**declared, **_when(), "is_query": True})


def _when(at: str = AT) -> dict[str, fields.Field]:
    return {
        "perspective": fields.Choice(
            *PERSPECTIVES,
            description="`draft`: everything as last saved, live or not. `published`: what is live. "
            "By default `draft`, or `published` with `at`.",
        ),
        "at": fields.Time(description=at),
    }


class Entries(Preview, TypeEndpoint):
    """The entries of a type, live or not."""

    @scope("content:preview")
    @operation("listPreview{Type}s")
    @query(list_query)
    @returns(200, delivered_list, Link="`next` and `first` (RFC 8288).")
    def get(self, connection: Any, query: dict[str, Any]) -> Response:
        """List {plural} as drafts, or as of any instant."""
        return _response(page_of(self.resource, _reading(connection, query), query))


class Entry(Preview, TypeEndpoint):
    """One entry, live or not."""

    @scope("content:preview")
    @opened_by_token
    @operation("preview{Type}")
    @query(item_query)
    @returns(200, delivered_item, also=other_forms, Content_Language="The language of the answer.")
    @may_have_moved
    @problems("not-found")
    def get(self, connection: Any, query: dict[str, Any], name: str) -> Response:
        """Get one {name} as its draft, or as of any instant."""
        found = one_of(self.resource, _reading(connection, query), query, name)
        if found is None:
            raise NotFound
        return _response(found)


class Search(Preview, CatalogEndpoint):
    """The search over entries, live or not."""

    @scope("content:preview")
    @operation("previewSearch")
    @query(search_query)
    @returns(200, SearchResults, Link="`next` and `first` (RFC 8288).")
    def get(self, connection: Any, query: dict[str, Any]) -> Response:
        """Search drafts, or what was or will be live at any instant.

        It works as the search of delivery, over drafts, or with `at` over what was live or is planned.
        """
        answered = search.results(_reading(connection, query), names_searched(self.catalog), query)
        return _response(Representation(to_json(answered.document), answered.headers))


def _reading(connection: Any, given: dict[str, Any]) -> Reading:
    moment = read_moment(connection, services().settings.public_url)
    if isinstance(g.actor, TokenHolder):
        if given.get("at") is not None:
            raise InvalidParameter(
                Fault(
                    "excluded",
                    "A preview token shows one entry among what is live now: leave out `at`.",
                    parameter="at",
                )
            )
        return Reading(connection, moment, _perspective(moment, given, alone=True), only=g.actor.entry_id)
    return Reading(connection, moment, _perspective(moment, given, alone=False))


def _perspective(moment: Moment, given: dict[str, Any], *, alone: bool) -> Perspective:
    """The perspective of a request; with ``alone``, only the requested entry is a draft, and all others are live."""
    at: datetime | None = given.get("at")
    perspective = given.get("perspective") or ("draft" if at is None else "published")
    if perspective == "published":
        return moment.perspective if at is None else preview.as_of(at)
    if at is not None:
        raise InvalidParameter(
            Fault(
                "excluded", "A draft is as it is now: leave out `perspective=draft` or `at`.", parameter="perspective"
            )
        )
    return preview.as_draft_alone(moment) if alone else preview.as_drafts(moment)


def _response(found: Representation) -> Response:
    """The response for one caller: with the headers that describe it, and none that let a cache keep it."""
    response = Response(found.content, found.status, content_type=content_type(found.media_type))
    response.headers.update(found.headers)
    return response


TYPE_ROUTES: TypeRoutes = (("", Entries), ("/<name>", Entry))
ROUTES = (("preview", "/search", Search),)
