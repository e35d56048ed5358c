"""The history of an entry, for every type: who saved what when, and back to it."""

from collections.abc import Sequence
from typing import Any

from cms.api.http import fields
from cms.api.http.conditional import tags_if_any
from cms.api.http.contract import body, operation, optionally_conditional, problems, query, returns, scope
from cms.api.http.endpoint import Endpoint
from cms.api.http.fields import Schema, nullable
from cms.api.http.pagination import page, read_cursor
from cms.api.http.responses import Answer
from cms.api.v1.management.entries import ETAG, written
from cms.api.v1.schemas import OBJECT, TEXT, ContentResource, PageQuery, item_of, list_of, write_of
from cms.content.editing import actions, drafts, revisions
from cms.content.editing.write import Write
from cms.errors import NotFound


class Revision(Schema):
    """A saved state, without its content."""

    number = fields.Whole(1, required=True)
    created_at = fields.Time(required=True)
    created_by = fields.Delivered(
        nullable({"type": "object", "properties": {"id": TEXT, "name": TEXT}}),
        required=True,
        example={"id": "Q3v9sK2mB7xD", "name": "Newsroom"},
    )
    note = fields.Delivered(nullable(TEXT), required=True, example="Shorter opening.")


class FullRevision(Revision):
    """A saved state with what was written."""

    content = fields.Delivered(OBJECT, required=True, example={"title": "A quiet morning"})


class Restore(Schema):
    """Which revision to go back to."""

    revision = fields.Whole(1, required=True)
    note = fields.Line(500, load_default=None, allow_none=True, example="The old opening was better.")


RevisionList, FullRevisionItem = list_of(Revision), item_of(FullRevision)


def revision_routes(resource: ContentResource) -> list[tuple[str, str, type[Endpoint]]]:
    """The history of one type's entries, as tag, path and endpoint."""
    kind, title = resource.type, resource.name

    class Revisions(Endpoint):
        @scope("content:preview")
        @operation(f"list{title}Revisions")
        @query(PageQuery)
        @returns(200, RevisionList, Link="`next` and `first` (RFC 8288).")
        @problems("not-found")
        def get(self, connection: Any, query: dict[str, Any], entry_id: str) -> Answer:
            """List the saved states of an entry, newest first."""
            drafts.find_entry(connection, kind, entry_id)
            after = read_cursor(query.get("cursor"), query)
            rows, last = drafts.list_revisions(
                connection, entry_id, before=after[0] if after else None, limit=query["limit"]
            )
            document, headers = page(represent(connection, rows), query, (last, entry_id) if last else None, None)
            return Answer(document, headers=headers)

    class OneRevision(Endpoint):
        @scope("content:preview")
        @operation(f"get{title}Revision")
        @returns(200, FullRevisionItem)
        @problems("not-found")
        def get(self, connection: Any, entry_id: str, number: str) -> Answer:
            """Get one saved state with what was written."""
            drafts.find_entry(connection, kind, entry_id)
            row = drafts.find_revision(connection, entry_id, _number(number))
            (document,) = represent(connection, [row])
            return Answer({"data": document | {"content": revisions.to_content(row)}})

    class EntryRestore(Endpoint):
        @scope("content:write")
        @operation(f"restore{title}")
        @body(Restore, example={"revision": 1})
        @returns(200, write_of(resource.managed), ETag=ETAG)
        @problems("not-found", *(("slug-taken",) if kind.has_slug else ()))
        @optionally_conditional
        def post(self, write: Write, body: dict[str, Any], entry_id: str) -> Answer:
            """Make an old revision's content the draft again, as a new revision."""
            entry = actions.find(write, kind, entry_id)
            actions.expect(write, entry, tags_if_any())
            actions.restore(write, kind, entry, body["revision"], note=body["note"])
            return written(write, resource, entry)

    path = f"/api/v1/manage/{kind.plural}/<entry_id>"
    tag = f"manage {kind.plural}"
    return [
        (tag, f"{path}/revisions", Revisions),
        (tag, f"{path}/revisions/<number>", OneRevision),
        (tag, f"{path}/restore", EntryRestore),
    ]


def _number(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 16 and not text.startswith("0")):
        raise NotFound
    return int(text)


def represent(connection: Any, rows: Sequence[Any]) -> list[dict[str, Any]]:
    """Saved states on the wire, without their content."""
    return [
        {
            "number": row.number,
            "created_at": row.created_at,
            "created_by": row.created_by and {"id": row.created_by, "name": row.created_by_name},
            "note": note,
        }
        for row, note in zip(rows, revisions.readable_notes(connection, rows), strict=True)
    ]
