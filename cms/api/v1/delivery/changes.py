"""Changes since a token for clients that keep a copy: by polling (``/changes``) or as server-sent events (``/stream``).

A stream does not keep its connection open, since a worker answers one request at a time. It sends the events that there
are and ends. ``EventSource`` connects again by itself after ``retry`` milliseconds, with the id of the last event.
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
    """The present state of an entry or of the site's settings: store it (`upsert`) or remove it (`delete`)."""

    action = fields.Choice("upsert", "delete", required=True)
    type = fields.Delivered(TEXT, required=True, example="article", description="A content type, or `site`.")
    id = fields.Id(required=True, allow_none=True, description="Null for the site.")
    locale = fields.Locale(required=True, allow_none=True, description="Null for `delete` and for the site.")
    slug = entry_fields.EntrySlug(required=True, allow_none=True, description="Null for `delete` and for the site.")
    version = fields.Whole(
        1,
        required=True,
        allow_none=True,
        description="The number of the live revision; null for `delete` and for the site.",
    )
    url = address_fields.URL(
        required=True,
        allow_none=True,
        example="https://harbour-and-reed.example/blog/a-quiet-morning",
        description="The canonical address; null for `delete`, or if there is no page.",
    )
    updated_at = fields.Time(
        required=True, allow_none=True, description="When its latest change went live; null for `delete`."
    )
    at = fields.Time(required=True, description="When this state began.")


class ChangePage(Schema):
    """The position in the feed."""

    limit = fields.Whole(1, LIMIT_AT_MOST, required=True, example=20)
    next = fields.Delivered(
        TEXT, required=True, example="Fb0zqK3uVYw2dN7s", description="The `since` of the next request."
    )
    more = fields.Flag(
        required=True, example=False, description="True if more changes are waiting: send the next request at once."
    )


class ChangeLinks(Schema):
    """The addresses of this page and, if there is more, of the next one."""

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


def _feed_types(catalog: Sequence[ContentResource]) -> tuple[str, ...]:
    """The types of items in the feed: the content types, and the site's settings."""
    return (*(each.type.name for each in catalog), SITE)


def _changes_query(catalog: Sequence[ContentResource]) -> type[Schema]:
    declared = {
        "since": fields.Line(2000, description="`page.next` of the previous page, with the same types."),
        "type": _types_field(catalog),
        "limit": fields.Whole(1, LIMIT_AT_MOST, load_default=LIMIT, example=20),
    }
    return made("ChangesQuery", "", {**declared, "is_query": True})


def _stream_query(catalog: Sequence[ContentResource]) -> type[Schema]:
    declared = {
        "since": fields.Line(2000, description="A token of `/changes` to begin at, if there is no `Last-Event-ID`."),
        "type": _types_field(catalog),
    }
    return made("StreamQuery", "", {**declared, "is_query": True})


def _types_field(catalog: Sequence[ContentResource]) -> fields.Many:
    names = _feed_types(catalog)
    return fields.Many(fields.Choice(*names), most=len(names), description="Only these types; repeat for several.")


class ChangeFeed(CatalogEndpoint):
    """The feed of changes."""

    @public
    @operation("listChanges")
    @query(_changes_query)
    @returns(200, ChangeList, Link="`next`, if there is more (RFC 8288).")
    def get(self, reading: Reading, query: dict[str, Any]) -> Answer:
        """List the entries that became live, changed or were removed since a token, each once and as it is now.

        Without `since`, everything live is listed. Follow `page.next` while `page.more` is true. Then the copy is
        exact, and the last token is the `since` for later changes. An entry is listed when it changes itself, not when
        an entry that is embedded in it changes.
        """
        return _changes(reading, _feed_types(self.catalog), query)


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
        description="The events `upsert` and `delete`; then the answer ends.",
    )
    def get(self, reading: Reading, query: dict[str, Any]) -> Response:
        """Stream the changes since the client's last event, as server-sent events.

        The answer is finite: `EventSource` connects again after `retry` milliseconds with `Last-Event-ID`, and misses
        nothing. The id of an event is a token of `/changes`, and the other way round. The data of an event is an item
        of `/changes`. Without `Last-Event-ID` and `since`, the stream begins now.
        """
        return _stream(reading, _feed_types(self.catalog), query)


def _changes(reading: Reading, feed_types: Sequence[str], query: dict[str, Any]) -> Answer:
    requested = _requested_types(query)
    place = _read_token(query["since"], requested, "since") if query.get("since") else None
    found = _list_changes(reading, place, requested or feed_types, query["limit"], "since")
    token = make_token(found.place, requested)
    following = _address(token) if found.more else None
    document = {
        "data": [_item(each, reading.moment.site) for each in found.items],
        "page": {"limit": query["limit"], "next": token, "more": found.more},
        "links": {"self": _address(query.get("since")), "next": following},
    }
    return Answer(document, headers={"Link": f'<{following}>; rel="next"'} if following else {})


def _requested_types(query: dict[str, Any]) -> list[str]:
    """The types that the query names, to which a token is bound. It is empty for all types, future ones included."""
    return sorted(set(query.get("type") or ()))


def _list_changes(reading: Reading, place: Place | None, types: Sequence[str], limit: int, source: str) -> Changes:
    try:
        return list_changes(reading.connection, reading.moment, place, types, limit)
    except PlaceLost:
        detail = "The token has expired, or belongs to another database. Start again without a token."
        raise _refused("expired_token", detail, source) from None


def _refused(code: str, detail: str, source: str) -> InvalidParameter:
    if source == LAST_EVENT_ID:
        return InvalidParameter(Fault(code, detail, header=source))
    return InvalidParameter(Fault(code, detail, parameter=source))


def make_token(place: Place, types: Sequence[str]) -> str:
    """The token of a place in the feed, bound to the requested types.

    It is sealed, since its numbers and times would reveal how much is written in private. All numbers have the same
    width, since the length of the token would reveal it too.
    """
    changed_at, instant = clock.to_wire(place.changed_at), clock.to_wire(place.instant)
    walk = place.walk and (*place.walk[:2], clock.to_wire(place.walk.published_at), place.walk.entry_id)
    number = f"{place.change:019}-{place.position:010}"
    parts = (types, number, changed_at, instant, place.entry_id, walk)
    return seal(services().settings.secret_key, orjson.dumps(parts))


def _read_token(token: str, requested: Sequence[str], source: str) -> Place:
    """The place in the feed that a token holds; raises ``InvalidParameter`` for any other string."""
    try:
        content = unseal(services().settings.secret_key, token)
    except ValueError:
        detail = "The token is invalid. Use `page.next` of a previous answer, or the id of an event."
        raise _refused("invalid_token", detail, source) from None
    types, number, changed_at, instant, entry_id, walk = orjson.loads(content)
    if types != list(requested):
        raise _refused("invalid_token", "The token belongs to a request with another `type`.", source)
    key = WalkKey(walk[0], walk[1], clock.from_wire(walk[2]), walk[3]) if walk else None
    change, position = map(int, number.split("-"))
    return Place(change, position, clock.from_wire(changed_at), clock.from_wire(instant), entry_id, key)


def _item(change: Change, site: Site) -> dict[str, Any]:
    row = change.row
    updated_at = row.updated_at if row else None
    return {
        "action": change.action,
        "type": change.type,
        "id": change.entry_id,
        "locale": row.locale if row else None,
        "slug": row.slug if row else None,
        "version": row.revision if row else None,
        "url": _url(change, site),
        "updated_at": change.at if change.type == SITE else updated_at,
        "at": change.at,
    }


def _url(change: Change, site: Site) -> str | None:
    if change.type == SITE:
        return site.url("home")
    return site.url(change.type, change.row.slug) if change.row else None


def _address(since: str | None) -> str:
    given = [(name, value) for name, value in sorted(request.args.items(multi=True)) if name != "since"]
    if since:
        given.append(("since", since))
    return f"{services().settings.public_url}{request.path}" + (f"?{urlencode(given)}" if given else "")


def _stream(reading: Reading, feed_types: Sequence[str], query: dict[str, Any]) -> Response:
    requested = _requested_types(query)
    last = request.headers.get(LAST_EVENT_ID)
    source = LAST_EVENT_ID if last else "since"
    token = last or query.get("since")
    if token:
        place = _read_token(token, requested, source)
        found = _list_changes(reading, place, requested or feed_types, STREAM_AT_MOST, source)
    else:
        found = Changes([], current_place(reading.connection, reading.moment), more=False)
    response = Response(_events(found, requested, reading.moment.site), content_type="text/event-stream")
    response.headers["Cache-Control"] = "no-store"
    return response


def _events(changes: Changes, requested: Sequence[str], site: Site) -> bytes:
    """The events, and at the end the id to connect again with: an event without data, which no listener sees."""
    retry = RETRY_FOR_MORE_MILLISECONDS if changes.more else RETRY_MILLISECONDS
    parts = [f"retry: {retry}\n\n".encode()]
    for each in changes.items:
        head = f"id: {make_token(each.place, requested)}\nevent: {each.action}\ndata: ".encode()
        parts += [head, to_json(_item(each, site)), b"\n\n"]
    parts.append(f"id: {make_token(changes.place, requested)}\n\n".encode())
    return b"".join(parts)


ROUTES = (
    ("changes", "/changes", ChangeFeed),
    ("changes", "/stream", Stream),
)
