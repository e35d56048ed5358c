"""Keeping a copy in step: what changed since a token, by polling (``/changes``) or by server-sent events (``/stream``).

A stream holds no connection, since a worker answers one request at a time: it tells what there is and ends, and
``EventSource`` comes back by itself after ``retry`` milliseconds with the id of the last event it had.
"""

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

import orjson
from flask import Response, request

from cms import clock
from cms.api import entry_fields
from cms.api.http import address_fields, fields
from cms.api.http.contract import operation, public, query, resumes, returns
from cms.api.http.fields import Schema, nullable
from cms.api.http.pagination import LIMIT, LIMIT_AT_MOST
from cms.api.http.problems import InvalidParameter
from cms.api.http.responses import Answer
from cms.api.http.sealed_tokens import seal, unseal
from cms.api.reading import Reading
from cms.api.services import services
from cms.api.v1.schemas import TEXT, ContentResource, made
from cms.api.v1.type_endpoint import CatalogEndpoint
from cms.api.versions import V1
from cms.content.published.changes import SITE, Change, Changes, Place, PlaceLost, WalkKey, current_place, list_changes
from cms.errors import Fault
from cms.site import Site
from cms.wire import to_json

STREAM_AT_MOST = 100
RETRY_MILLISECONDS = 2000
RETRY_FOR_MORE_MILLISECONDS = 10
LAST_EVENT_ID = "Last-Event-ID"


class ChangeItem(Schema):
    """An entry, or the site's settings, as it is now: to be kept (`upsert`) or thrown away (`delete`)."""

    action = fields.Choice("upsert", "delete", required=True)
    type = fields.Delivered(TEXT, required=True, example="article", description="A content type, or `site`.")
    id = fields.Id(required=True, allow_none=True, description="Null for the site.")
    locale = fields.Locale(required=True, allow_none=True)
    slug = entry_fields.Slug(required=True, allow_none=True)
    version = fields.Whole(1, required=True, allow_none=True, description="The number of the revision that is live.")
    url = address_fields.URL(
        required=True, allow_none=True, example="https://harbour-and-reed.example/blog/a-quiet-morning"
    )
    updated_at = fields.Time(required=True, allow_none=True, description="When its last change went live.")
    at = fields.Time(required=True, description="When it became so.")


class ChangePage(Schema):
    """Where the feed stands."""

    limit = fields.Whole(1, LIMIT_AT_MOST, required=True, example=20)
    next = fields.Delivered(TEXT, required=True, example="Fb0zqK3uVYw2dN7s", description="The next `since`.")
    more = fields.Flag(required=True, example=False, description="Whether to ask again at once: the copy lags.")


class ChangeLinks(Schema):
    """Addresses of this page and, if there is more, of the next."""

    self = fields.Delivered(TEXT, required=True, example=f"http://127.0.0.1:8000{V1.prefix}/changes")
    next = fields.Delivered(nullable(TEXT), required=True, example=None)


ChangeList = made(
    "ChangeList",
    "What changed, oldest first.",
    {
        "data": fields.Many(fields.Group(ChangeItem), required=True),
        "page": fields.Group(ChangePage, required=True),
        "links": fields.Group(ChangeLinks, required=True),
    },
)


def _names_told(catalog: Sequence[ContentResource]) -> tuple[str, ...]:
    """What changes are told of: the types, and the site's settings."""
    return (*(each.type.name for each in catalog), SITE)


def _changes_query(catalog: Sequence[ContentResource]) -> type[Schema]:
    declared = {
        "since": fields.Line(2000, description="`page.next` of the page before, with the same types."),
        "type": _types_field(catalog),
        "limit": fields.Whole(1, LIMIT_AT_MOST, load_default=LIMIT, example=20),
    }
    return made("ChangesQuery", "", {**declared, "is_query": True})


def _stream_query(catalog: Sequence[ContentResource]) -> type[Schema]:
    declared = {
        "since": fields.Line(2000, description="Where to begin without `Last-Event-ID`: a token of the changes."),
        "type": _types_field(catalog),
    }
    return made("StreamQuery", "", {**declared, "is_query": True})


def _types_field(catalog: Sequence[ContentResource]) -> fields.Many:
    names = _names_told(catalog)
    return fields.Many(fields.Choice(*names), most=len(names), description="Only these types; repeat for several.")


class ChangeFeed(CatalogEndpoint):
    """The feed of changes."""

    @public
    @operation("listChanges")
    @query(_changes_query)
    @returns(200, ChangeList, Link="`next`, if there is more (RFC 8288).")
    def get(self, reading: Reading, query: dict[str, Any]) -> Answer:
        """List what became live, changed or went since a token, each entry once, as it is now.

        Without `since` everything live is listed. Follow `page.next` while `page.more` is true; then the copy is
        exact, and the last token asks for what comes later. An entry is told when it changes itself, not when
        another that is embedded in it does.
        """
        return _changes(reading, _names_told(self.catalog), query)


class Stream(CatalogEndpoint):
    """The feed of changes as server-sent events."""

    @public
    @operation("streamChanges")
    @query(_stream_query)
    @resumes
    @returns(
        200,
        media_type="text/event-stream",
        example='retry: 2000\n\nid: Fb0zqK3uVYw2dN7s\nevent: upsert\ndata: {"action":"upsert","type":"tag"}\n\n',
        description="Events `upsert` and `delete`, then the end.",
    )
    def get(self, reading: Reading, query: dict[str, Any]) -> Response:
        """Stream what changed since the last event that the client had, as server-sent events.

        The answer is finite: `EventSource` reconnects after `retry` with `Last-Event-ID`, and misses nothing. An
        id is a token of the changes, and the other way round. The data of an event is an item of the changes.
        Without `Last-Event-ID` and `since` it begins now.
        """
        return _stream(reading, _names_told(self.catalog), query)


def _changes(reading: Reading, names: Sequence[str], query: dict[str, Any]) -> Answer:
    bound = _bound(query)
    place = _read_token(query["since"], bound, "since") if query.get("since") else None
    telling = _tell(reading, place, bound or names, query["limit"], "since")
    token = make_token(telling.place, bound)
    following = _address(token) if telling.more else None
    document = {
        "data": [_item(each, reading.moment.site) for each in telling.items],
        "page": {"limit": query["limit"], "next": token, "more": telling.more},
        "links": {"self": _address(query.get("since")), "next": following},
    }
    return Answer(document, headers={"Link": f'<{following}>; rel="next"'} if following else {})


def _bound(query: dict[str, Any]) -> list[str]:
    """The types that are asked for, to which a token is bound; none for all, those to come included."""
    return sorted(set(query.get("type") or ()))


def _tell(reading: Reading, place: Place | None, types: Sequence[str], limit: int, source: str) -> Changes:
    try:
        return list_changes(reading.connection, reading.moment, place, types, limit)
    except PlaceLost:
        raise _refused(
            "expired_token", "This token is too old or of another database; start without.", source
        ) from None


def _refused(code: str, detail: str, source: str) -> InvalidParameter:
    if source == LAST_EVENT_ID:
        return InvalidParameter(Fault(code, detail, header=source))
    return InvalidParameter(Fault(code, detail, parameter=source))


def make_token(place: Place, bound: Sequence[str]) -> str:
    """A place as a token, bound to the types that it is of.

    It is sealed, since its numbers and times tell how much is written in private; so does their length, if they have
    not all the same.
    """
    changed_at, instant = clock.to_wire(place.changed_at), clock.to_wire(place.instant)
    walk = place.walk and (*place.walk[:2], clock.to_wire(place.walk.published_at), place.walk.entry_id)
    number = f"{place.change:019}-{place.position:010}"
    parts = (bound, number, changed_at, instant, place.entry_id, walk)
    return seal(services().settings.secret_key, orjson.dumps(parts))


def _read_token(token: str, bound: Sequence[str], source: str) -> Place:
    """The place that a token stands for; raises ``InvalidParameter`` for any other string."""
    try:
        content = unseal(services().settings.secret_key, token)
    except ValueError:
        raise _refused("invalid_token", "This is no token of ours.", source) from None
    types, number, changed_at, instant, entry_id, walk = orjson.loads(content)
    if types != list(bound):
        raise _refused("invalid_token", "This token belongs to other types.", source)
    key = WalkKey(walk[0], walk[1], clock.from_wire(walk[2]), walk[3]) if walk else None
    change, position = map(int, number.split("-"))
    return Place(change, position, clock.from_wire(changed_at), clock.from_wire(instant), entry_id, key)


def _item(told: Change, site: Site) -> dict[str, Any]:
    row = told.row
    updated_at = row.updated_at if row else None
    return {
        "action": told.action,
        "type": told.type,
        "id": told.entry_id,
        "locale": row.locale if row else None,
        "slug": row.slug if row else None,
        "version": row.revision if row else None,
        "url": _url(told, site),
        "updated_at": told.at if told.type == SITE else updated_at,
        "at": told.at,
    }


def _url(told: Change, site: Site) -> str | None:
    if told.type == SITE:
        return site.url("home")
    return site.url(told.type, told.row.slug) if told.row else None


def _address(since: str | None) -> str:
    given = [(name, value) for name, value in sorted(request.args.items(multi=True)) if name != "since"]
    if since:
        given.append(("since", since))
    return f"{services().settings.public_url}{request.path}" + (f"?{urlencode(given)}" if given else "")


def _stream(reading: Reading, names: Sequence[str], query: dict[str, Any]) -> Response:
    bound = _bound(query)
    last = request.headers.get(LAST_EVENT_ID)
    source = LAST_EVENT_ID if last else "since"
    token = last or query.get("since")
    if token:
        telling = _tell(reading, _read_token(token, bound, source), bound or names, STREAM_AT_MOST, source)
    else:
        telling = Changes([], current_place(reading.connection, reading.moment), more=False)
    response = Response(_events(telling, bound, reading.moment.site), content_type="text/event-stream")
    response.headers["Cache-Control"] = "no-store"
    return response


def _events(telling: Changes, bound: Sequence[str], site: Site) -> bytes:
    """The events, and at the end the id to come back with, which is an event of its own that nobody is told."""
    retry = RETRY_FOR_MORE_MILLISECONDS if telling.more else RETRY_MILLISECONDS
    parts = [f"retry: {retry}\n\n".encode()]
    for each in telling.items:
        head = f"id: {make_token(each.place, bound)}\nevent: {each.action}\ndata: ".encode()
        parts += [head, to_json(_item(each, site)), b"\n\n"]
    parts.append(f"id: {make_token(telling.place, bound)}\n\n".encode())
    return b"".join(parts)


ROUTES = (
    ("changes", "/changes", ChangeFeed),
    ("changes", "/stream", Stream),
)
