"""The audit log: who did what and when, with which program, and what it changed."""

import re
from collections.abc import Sequence
from typing import Any

from flask import g

from cms.api.http import fields
from cms.api.http.contract import operation, problems, query, returns, scope
from cms.api.http.endpoint import Endpoint
from cms.api.http.fields import Schema, nullable
from cms.api.http.pagination import LIMIT, LIMIT_AT_MOST, page, read_cursor
from cms.api.http.responses import Answer
from cms.api.services import services
from cms.api.v1.schemas import OBJECT, TEXT, ContentResource, item_of, list_of, made
from cms.api.v1.type_endpoint import CatalogEndpoint
from cms.content.editing import audit
from cms.errors import NotFound

EVENT_ID = re.compile(r"(0|[1-9][0-9]{0,14})-(0|[1-9][0-9]{0,8})")
NUMBER_AT_MOST = 999_999_999_999
PROPERTIES = {"id": TEXT, "name": TEXT}
STANDING = {
    "status": "published",
    "revision": 3,
    "live_from": "2026-03-03T08:00:00.000Z",
    "live_until": None,
    "timeline": [{"revision": 3, "live_from": "2026-03-03T08:00:00.000Z", "live_until": None}],
}


class AuditEvent(Schema):
    """Something that a key or the service itself did."""

    id = fields.Delivered(
        TEXT, required=True, example="42-0", description="The number of the write, and the position in it."
    )
    change = fields.Whole(0, required=True, example=42, description="The number of the write. Numbers have no gaps.")
    at = fields.Time(required=True, description="When it was done.")
    action = fields.Delivered(
        TEXT, required=True, example="published", description="The list's parameter `action` explains the values."
    )
    type = fields.Delivered(
        TEXT, required=True, example="article", description="The content type, or what else the event is about."
    )
    subject = fields.Delivered(
        nullable({"type": "object", "properties": {"id": TEXT, "label": nullable(TEXT)}}),
        required=True,
        example={"id": "0198c0de-0000-7000-8000-000000000001", "label": "A quiet morning"},
        description="The entry or key concerned. `label` is its present name; null if it no longer exists.",
    )
    revision = fields.Whole(1, required=True, allow_none=True, description="The revision that was saved or published.")
    key = fields.Delivered(
        nullable({"type": "object", "properties": PROPERTIES}),
        required=True,
        example={"id": "Q3v9sK2mB7xD", "name": "Newsroom"},
        description="The key that did it; null for the service itself, which `client` then names.",
    )
    client = fields.Delivered(
        nullable(TEXT), required=True, example="curl/8.15.0", description="The name that the program gave itself."
    )
    request_id = fields.Delivered(
        nullable(TEXT),
        required=True,
        example="0198c0de-0000-7000-8000-000000000002",
        description="The `X-Request-Id` of the request.",
    )
    reason = fields.Delivered(
        nullable(TEXT), required=True, example=None, description="The `override_reason` of the request."
    )
    before = fields.Delivered(
        nullable(OBJECT),
        required=True,
        example=STANDING | {"status": "draft", "timeline": []},
        description="The state before the event, such as that of the timeline or of the settings.",
    )
    after = fields.Delivered(
        nullable(OBJECT), required=True, example=STANDING, description="The same state after the event."
    )


class FullAuditEvent(AuditEvent):
    """Something that a key or the service itself did, with what it changed."""

    changed_fields = fields.Delivered(
        nullable({"type": "array", "items": TEXT}),
        required=True,
        example=["summary"],
        description="Null if no content changed, if it was erased, or without the scope `content:preview`.",
    )
    patch = fields.Delivered(
        nullable({"type": "array", "items": OBJECT}),
        required=True,
        example=[{"op": "replace", "path": "/summary", "value": "Shorter."}],
        description="A JSON Patch (RFC 6902) of what was saved or published; null like `changed_fields`.",
    )


AuditEventList, FullAuditEventItem = list_of(AuditEvent), item_of(FullAuditEvent)


def _list_query(catalog: Sequence[ContentResource]) -> type[Schema]:
    declared: dict[str, Any] = {
        "is_query": True,
        "type": fields.Choice(
            *(each.type.name for each in catalog), *audit.OTHER_TYPES, description="Only events about this."
        ),
        "subject": fields.Line(36, pattern=r"^[0-9A-Za-z-]+$", description="The id of an entry or a key."),
        "action": fields.Choice(*audit.ACTIONS, description=" ".join(f"`{a}`: {b}" for a, b in audit.ACTIONS.items())),
        "key": fields.Line(24, pattern=r"^[0-9A-Za-z]+$", description="The id of the key that did it."),
    }
    for operator in audit.OPERATORS:
        declared[f"at__{operator}"] = fields.Time(description="Compared with the time of the event.")
    for operator in audit.OPERATORS:
        declared[f"change__{operator}"] = fields.Whole(
            0, NUMBER_AT_MOST, description="Compared with the number of the write."
        )
    declared["sort"] = fields.Choice(
        "-change", "change", load_default="-change", description="By the number of the write; `-` means descending."
    )
    declared["limit"] = fields.Whole(
        1, LIMIT_AT_MOST, load_default=LIMIT, example=20, description="The number of items on a page."
    )
    declared["cursor"] = fields.Line(2000, description="`page.next` of the previous page.")
    return made("AuditEventQuery", "", declared)


class AuditLog(CatalogEndpoint):
    """The audit log."""

    @scope("events:read")
    @operation("listAuditEvents")
    @query(_list_query)
    @returns(200, AuditEventList, Link="`next` and `first` (RFC 8288).")
    def get(self, connection: Any, query: dict[str, Any]) -> Answer:
        """List the events of the audit log, newest first.

        To follow the log, use `sort=change` and `change__gt` with the last number that you have: no event with a lower
        number appears later.
        """
        filters = {name: value for name, value in query.items() if name not in ("sort", "limit", "cursor")}
        after = read_cursor(query.get("cursor"), query)
        rows, following = audit.list_events(
            connection,
            filters,
            descending=query["sort"].startswith("-"),
            after=(after[0], int(after[1])) if after else None,
            limit=query["limit"],
        )
        labels = audit.find_labels(connection, services().types, rows)
        cursor = (following[0], str(following[1])) if following else None
        document, headers = page([_event_document(row, labels) for row in rows], query, cursor, None)
        return Answer(document, headers=headers)


class OneEvent(Endpoint):
    """One event."""

    @scope("events:read")
    @operation("getAuditEvent")
    @returns(200, FullAuditEventItem)
    @problems("not-found")
    def get(self, connection: Any, event_id: str) -> Answer:
        """Get one event with what it changed, unless that has been erased."""
        match = EVENT_ID.fullmatch(event_id)
        if match is None:
            raise NotFound
        row = audit.find_event(connection, (int(match[1]), int(match[2])))
        labels = audit.find_labels(connection, services().types, [row])
        found = audit.difference(connection, services().types, row) if _may_read(row) else None
        changed = {"changed_fields": found and found.fields, "patch": found and found.patch}
        return Answer({"data": _event_document(row, labels) | changed})


def _reads_content() -> bool:
    """True if the caller may read drafts. Only such callers see the names and the content of entries in the log."""
    return "content:preview" in g.actor.scopes


def _may_read(row: Any) -> bool:
    return _reads_content() or row.type not in services().types


def _event_document(row: Any, labels: dict[str, str]) -> dict[str, Any]:
    label = labels.get(row.subject) if _may_read(row) else None
    return {
        "id": f"{row.change}-{row.position}",
        "change": row.change,
        "at": row.at,
        "action": row.action,
        "type": row.type,
        "subject": row.subject and {"id": row.subject, "label": label},
        "revision": row.revision,
        "key": row.key_id and {"id": row.key_id, "name": row.key_name},
        "client": row.client,
        "request_id": row.request_id,
        "reason": row.reason,
        "before": row.before,
        "after": row.after,
    }


ROUTES = (
    ("events", "/events", AuditLog),
    ("events", "/events/<event_id>", OneEvent),
)
