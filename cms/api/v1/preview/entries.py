"""Preview: what delivery will answer, seen as the draft or as of any moment, for those who may; and its tokens.

The same code as delivery, over another perspective. Nothing here may be kept by any cache.
"""

import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from flask import Response, after_this_request, g

from cms.api.auth import BY_QUERY, TokenHolder
from cms.api.http import fields
from cms.api.http.contract import body, opened_by_token, operation, problems, query, returns, scope, shows_once
from cms.api.http.endpoint import Endpoint
from cms.api.http.fields import Schema
from cms.api.http.problems import InvalidParameter
from cms.api.http.responses import Answer, content_type, encode
from cms.api.reading import Reading
from cms.api.services import services
from cms.api.v1.delivery import entries, search
from cms.api.v1.delivery.entries import Representation, also_as, may_have_moved, one_of, page_of
from cms.api.v1.delivery.search import SearchResults
from cms.api.v1.schemas import ContentResource, fields_of, item_of, list_of, made
from cms.content.editing import actions, preview
from cms.content.editing.write import Write
from cms.content.published.moment import Moment, read_moment
from cms.content.published.perspective import Perspective
from cms.content.published.searching import searchable
from cms.errors import Fault, NotFound
from cms.keys.tokens import make_token

HOUR, WEEK = 3600, 7 * 24 * 3600
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


class PreviewTokenWrite(Schema):
    """For how long a token is good."""

    expires_in_seconds = fields.Whole(60, WEEK, load_default=HOUR, description="A minute to a week.", example=HOUR)


class PreviewToken(Schema):
    """A token for one entry, shown this once; whoever has it needs no key."""

    token = fields.Delivered(
        {"type": "string"},
        required=True,
        allow_none=True,
        description="Kept nowhere, and so null where the answer is given again for an `Idempotency-Key`.",
        example="preview_WyIwMTk5YzBkZSJd.c2lnbmF0dXJl",
    )
    expires_at = fields.Time(required=True)
    url = fields.Delivered(
        {"type": "string", "format": "uri"},
        required=True,
        description="The entry in the preview space; send the token as `Authorization: Bearer` or as `token`.",
        example="http://127.0.0.1:8000/api/v1/preview/articles/0199c0de-0000-7000-8000-000000000001",
    )


PreviewTokenItem = item_of(PreviewToken)


def preview_routes(resource: ContentResource) -> list[tuple[str, str, type[Endpoint]]]:
    """The list and the item of one type in the preview space, as tag, path and endpoint."""
    kind, title = resource.type, resource.name

    class List(Preview):
        @scope("content:preview")
        @operation(f"listPreview{title}s")
        @query(list_query(resource))
        @returns(200, list_of(resource.delivered), Link="`next` and `first` (RFC 8288).")
        def get(self, connection: Any, query: dict[str, Any]) -> Response:
            return _response(page_of(resource, _reading(connection, query), query))

    class Item(Preview):
        @scope("content:preview")
        @opened_by_token
        @operation(f"preview{title}")
        @query(item_query(resource))
        @returns(200, item_of(resource.delivered), also=also_as(kind), Content_Language="The language that came.")
        @may_have_moved(kind)
        @problems("not-found")
        def get(self, connection: Any, query: dict[str, Any], name: str) -> Response:
            found = one_of(resource, _reading(connection, query), query, name)
            if found is None:
                raise NotFound
            return _response(found)

    words = kind.plural.replace("-", " ")
    List.get.__doc__ = f"List {words} as their drafts, or as of any moment."
    Item.get.__doc__ = f"Get one {kind.name.replace('-', ' ')} as its draft, or as of any moment."
    path = f"/api/v1/preview/{kind.plural}"
    return [("preview", path, List), ("preview", f"{path}/<name>", Item)]


def list_query(resource: ContentResource) -> type[Schema]:
    """The parameters of delivery's list, and when to look at it."""
    declared = fields_of(entries.list_query(resource))
    return made(f"Preview{resource.name}ListQuery", "", {**declared, **_when(), "is_query": True})


def preview_search_routes(catalog: Sequence[ContentResource]) -> list[tuple[str, str, type[Endpoint]]]:
    """The search in the preview space, as tag, path and endpoint."""
    types = {each.type.name: each.type for each in catalog}
    names = searchable(types)
    declared = {**fields_of(search.search_query(types)), **_when(), "is_query": True}

    class Search(Preview):
        @scope("content:preview")
        @operation("previewSearch")
        @query(made("PreviewSearchQuery", "", declared))
        @returns(200, SearchResults, Link="`next` and `first` (RFC 8288).")
        def get(self, connection: Any, query: dict[str, Any]) -> Response:
            """Search drafts, or what was or will be live at any moment.

            As the search of delivery, over the working copies, or with `at` over the past and what is planned.
            """
            answered = search.results(_reading(connection, query), names, query)
            return _response(Representation(encode(answered.document), answered.headers))

    return [("preview", "/api/v1/preview/search", Search)]


def item_query(resource: ContentResource) -> type[Schema]:
    """The parameters of delivery's item, when to look at it, and the token for those who can send no header."""
    token = fields.Line(2000, description="A preview token, where no `Authorization` can be sent.")
    declared = {**fields_of(entries.item_query(resource)), **_when(AT + " Not with a token."), BY_QUERY: token}
    return made(f"Preview{resource.name}Query", "", {**declared, "is_query": True})


def _when(at: str = AT) -> dict[str, fields.Field]:
    return {
        "perspective": fields.Choice(
            *PERSPECTIVES,
            description="`draft`: everything as last saved, live or not; `published`: what is live. "
            "By default `draft`, and `published` with `at`.",
        ),
        "at": fields.Time(description=at),
    }


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


def preview_token_routes(resource: ContentResource) -> list[tuple[str, str, type[Endpoint]]]:
    """The tokens of one type's entries, as tag, path and endpoint."""
    kind = resource.type

    class PreviewTokens(Endpoint):
        @scope("content:preview")
        @operation(f"create{resource.name}PreviewToken")
        @body(PreviewTokenWrite, required=False, example={"expires_in_seconds": HOUR})
        @returns(201, PreviewTokenItem)
        @shows_once("token")
        @problems("not-found")
        def post(self, write: Write, body: dict[str, Any], entry_id: str) -> Answer:
            """Sign a token with which anybody can see this one entry in the preview space, for a while.

            As its draft or as it is live, among what is live now: a token looks at no other instant.
            """
            entry = actions.find(write, kind, entry_id)
            asked = write.at + timedelta(seconds=body["expires_in_seconds"])
            expires_at = min(asked, write.actor.expires_at or asked)
            assert write.actor.key_id is not None, "whoever calls has a key"
            settings = services().settings
            write.record("preview_token_created", kind.name, entry.id, after={"expires_at": expires_at})
            # Nothing of a token is stored: what a dry run shows must be signed with what nobody knows.
            secret = secrets.token_hex() if write.dry_run else settings.secret_key
            document = {
                "token": make_token(secret, write.actor.key_id, entry.id, expires_at),
                "expires_at": expires_at,
                "url": f"{settings.public_url}/api/v1/preview/{kind.plural}/{entry.id}",
            }
            return Answer({"data": document}, 201)

    path = f"/api/v1/manage/{kind.plural}/<entry_id>/preview-tokens"
    return [(f"manage {kind.plural}", path, PreviewTokens)]
