"""Preview: what delivery will answer, seen as the draft or as of any moment, for those who may.

The same code as delivery, over another perspective. Nothing here may be kept by any cache.
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

# C2 of a private space: no cache keeps it, whatever its own rules, and no search engine lists it.
PRIVATE = {"Cache-Control": "private, no-store", "Vary": "Authorization", "X-Robots-Tag": "noindex"}
PERSPECTIVES = ("draft", "published")
AT = "As of this instant, past or to come, as far as it is planned by now."


class Preview(Endpoint):
    """A resource of the preview space: its answers, refusals included, are for the caller alone."""

    def dispatch_request(self, *arguments: Any, **path: Any) -> Response:
        after_this_request(_private)
        return super().dispatch_request(*arguments, **path)


def _private(response: Response) -> Response:
    response.headers.update(PRIVATE)
    return response


def list_query(resource: ContentResource) -> type[Schema]:
    """The parameters of delivery's list, and when to look at it."""
    declared = fields_of(entries.list_query(resource))
    return made(f"Preview{resource.name}ListQuery", "", {**declared, **_when(), "is_query": True})


def item_query(resource: ContentResource) -> type[Schema]:
    """The parameters of delivery's item, when to look at it, and the token for those who can send no header."""
    token = fields.Line(2000, description="A preview token, where no `Authorization` can be sent.")
    declared = {**fields_of(entries.item_query(resource)), **_when(AT + " Not with a token."), BY_QUERY: token}
    return made(f"Preview{resource.name}Query", "", {**declared, "is_query": True})


def search_query(catalog: Sequence[ContentResource]) -> type[Schema]:
    """The parameters of delivery's search, and when to look at it."""
    declared = fields_of(search.search_query(catalog))
    return made("PreviewSearchQuery", "", {**declared, **_when(), "is_query": True})


def _when(at: str = AT) -> dict[str, fields.Field]:
    return {
        "perspective": fields.Choice(
            *PERSPECTIVES,
            description="`draft`: everything as last saved, live or not; `published`: what is live. "
            "By default `draft`, and `published` with `at`.",
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
        """List {plural} as their drafts, or as of any moment."""
        return _response(page_of(self.resource, _reading(connection, query), query))


class Entry(Preview, TypeEndpoint):
    """One entry, live or not."""

    @scope("content:preview")
    @opened_by_token
    @operation("preview{Type}")
    @query(item_query)
    @returns(200, delivered_item, also=other_forms, Content_Language="The language that came.")
    @may_have_moved
    @problems("not-found")
    def get(self, connection: Any, query: dict[str, Any], name: str) -> Response:
        """Get one {name} as its draft, or as of any moment."""
        found = one_of(self.resource, _reading(connection, query), query, name)
        if found is None:
            raise NotFound
        return _response(found)


class Search(Preview, CatalogEndpoint):
    """The search over what is live or not."""

    @scope("content:preview")
    @operation("previewSearch")
    @query(search_query)
    @returns(200, SearchResults, Link="`next` and `first` (RFC 8288).")
    def get(self, connection: Any, query: dict[str, Any]) -> Response:
        """Search drafts, or what was or will be live at any moment.

        As the search of delivery, over the working copies, or with `at` over the past and what is planned.
        """
        answered = search.results(_reading(connection, query), names_searched(self.catalog), query)
        return _response(Representation(to_json(answered.document), answered.headers))


def _reading(connection: Any, given: dict[str, Any]) -> Reading:
    moment = read_moment(connection, services().settings.public_url)
    if isinstance(g.actor, TokenHolder):
        if given.get("at") is not None:
            raise InvalidParameter(
                Fault("excluded", "A token shows one entry among what is live now: leave this out.", parameter="at")
            )
        return Reading(connection, moment, _perspective(moment, given, alone=True), only=g.actor.entry_id)
    return Reading(connection, moment, _perspective(moment, given, alone=False))


def _perspective(moment: Moment, given: dict[str, Any], *, alone: bool) -> Perspective:
    """How content is looked at; ``alone`` shows the draft of what is asked for only, all else as it is live."""
    at: datetime | None = given.get("at")
    perspective = given.get("perspective") or ("draft" if at is None else "published")
    if perspective == "published":
        return moment.perspective if at is None else preview.as_of(at)
    if at is not None:
        raise InvalidParameter(
            Fault("excluded", "A draft is as it is now: leave out one of the two.", parameter="perspective")
        )
    return preview.as_draft_alone(moment) if alone else preview.as_drafts(moment)


def _response(found: Representation) -> Response:
    """The answer to one caller: with what describes it, and nothing that would let a cache keep it."""
    response = Response(found.content, found.status, content_type=content_type(found.media_type))
    response.headers.update(found.headers)
    return response


TYPE_ROUTES: TypeRoutes = (("", Entries), ("/<name>", Entry))
ROUTES = (("preview", "/search", Search),)
