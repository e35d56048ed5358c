"""The audit log: who did what when, with which program, and what it changed."""

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
    """Something that was done, by a key or by the service itself."""

    id = fields.Delivered(TEXT, required=True, example="42-0", description="The change, and the position in it.")
    change = fields.Whole(0, required=True, example=42, description="Each write has the next number, without gaps.")
    at = fields.Time(required=True)
    action = fields.Delivered(TEXT, required=True, example="published")
    type = fields.Delivered(TEXT, required=True, example="article")
    subject = fields.Delivered(
        nullable({"type": "object", "properties": {"id": TEXT, "label": nullable(TEXT)}}),
        required=True,
        example={"id": "0198c0de-0000-7000-8000-000000000001", "label": "A quiet morning"},
        description="The entry or key that it was done to; `label` is what it is called now, null if it is gone.",
    )
    revision = fields.Whole(1, required=True, allow_none=True, description="That was saved or published.")
    key = fields.Delivered(
        nullable({"type": "object", "properties": PROPERTIES}),
        required=True,
        example={"id": "Q3v9sK2mB7xD", "name": "Newsroom"},
        description="Who did it; null for the service itself, whose part `client` names.",
    )
    client = fields.Delivered(
        nullable(TEXT), required=True, example="curl/8.15.0", description="The program, as it named itself."
    )
    request_id = fields.Delivered(nullable(TEXT), required=True, example="0198c0de-0000-7000-8000-000000000002")
    reason = fields.Delivered(nullable(TEXT), required=True, example=None, description="Why a warning was overridden.")
    before = fields.Delivered(nullable(OBJECT), required=True, example=STANDING | {"status": "draft", "timeline": []})
    after = fields.Delivered(nullable(OBJECT), required=True, example=STANDING)


class FullAuditEvent(AuditEvent):
    """Something that was done, and what it changed."""

    changed_fields = fields.Delivered(
        nullable({"type": "array", "items": TEXT}),
        required=True,
        example=["summary"],
        description="Null where no content changed, where it was erased, and without `content:preview`.",
    )
    patch = fields.Delivered(
        nullable({"type": "array", "items": OBJECT}),
        required=True,
        example=[{"op": "replace", "path": "/summary", "value": "Shorter."}],
        description="JSON Patch (RFC 6902) of what was written, or of what is shown.",
    )


AuditEventList, FullAuditEventItem = list_of(AuditEvent), item_of(FullAuditEvent)


def _list_query(catalog: Sequence[ContentResource]) -> type[Schema]:
    declared: dict[str, Any] = {
        "is_query": True,
        "type": fields.Choice(*(each.type.name for each in catalog), *audit.OTHER_TYPES, description="Of what it is."),
        "subject": fields.Line(36, pattern=r"^[0-9A-Za-z-]+$", description="The id of an entry or a key."),
        "action": fields.Choice(*audit.ACTIONS, description=" ".join(f"`{a}`: {b}" for a, b in audit.ACTIONS.items())),
        "key": fields.Line(24, pattern=r"^[0-9A-Za-z]+$", description="The id of the key that did it."),
    }
    for operator in audit.OPERATORS:
        declared[f"at__{operator}"] = fields.Time(description="When it was done.")
    for operator in audit.OPERATORS:
        declared[f"change__{operator}"] = fields.Whole(0, NUMBER_AT_MOST, description="The number of the change.")
    declared["sort"] = fields.Choice("-change", "change", load_default="-change")
    declared["limit"] = fields.Whole(1, LIMIT_AT_MOST, load_default=LIMIT, example=20)
    declared["cursor"] = fields.Line(2000, description="`page.next` of the page before.")
    return made("AuditEventQuery", "", declared)


class AuditLog(CatalogEndpoint):
    """The log."""

    @scope("events:read")
    @operation("listAuditEvents")
    @query(_list_query)
    @returns(200, AuditEventList, Link="`next` and `first` (RFC 8288).")
    def get(self, connection: Any, query: dict[str, Any]) -> Answer:
        """List what was done, in the order of its numbers, the last first.

        To follow the log, ask with `sort=change` and `change__gt`: no event appears behind a number already seen.
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
        """Get one event with what it changed, as far as that has not been erased."""
        match = EVENT_ID.fullmatch(event_id)
        if match is None:
            raise NotFound
        row = audit.find_event(connection, (int(match[1]), int(match[2])))
        labels = audit.find_labels(connection, services().types, [row])
        found = audit.difference(connection, services().types, row) if _may_read(row) else None
        changed = {"changed_fields": found and found.fields, "patch": found and found.patch}
        return Answer({"data": _event_document(row, labels) | changed})


def _reads_content() -> bool:
    """What an entry is called and holds is for those who may read drafts; the log itself tells of numbers."""
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
