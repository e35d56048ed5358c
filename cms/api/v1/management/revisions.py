"""The history of an entry, for every type: who saved what when, and back to it."""

from collections.abc import Sequence
from typing import Any

from cms.api.http import fields
from cms.api.http.conditional import tags_if_any
from cms.api.http.contract import body, operation, optionally_conditional, problems, query, returns, scope
from cms.api.http.fields import Schema, nullable
from cms.api.http.pagination import page, read_cursor
from cms.api.http.responses import Answer
from cms.api.v1.management.answers import ETAG, slug_problems, write_answer, written_draft
from cms.api.v1.schemas import OBJECT, TEXT, PageQuery, item_of, list_of
from cms.api.v1.type_endpoint import TypeEndpoint, TypeRoutes
from cms.content.editing import actions, drafts, revisions
from cms.content.editing.write import Write
from cms.content.renditions import to_content
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


class Revisions(TypeEndpoint):
    """The saved states of an entry."""

    @scope("content:preview")
    @operation("list{Type}Revisions")
    @query(PageQuery)
    @returns(200, RevisionList, Link="`next` and `first` (RFC 8288).")
    @problems("not-found")
    def get(self, connection: Any, query: dict[str, Any], entry_id: str) -> Answer:
        """List the saved states of an entry, newest first."""
        drafts.find_draft(connection, self.kind, entry_id)
        after = read_cursor(query.get("cursor"), query)
        rows, last = drafts.list_revisions(
            connection, entry_id, before=after[0] if after else None, limit=query["limit"]
        )
        document, headers = page(revision_documents(connection, rows), query, (last, entry_id) if last else None, None)
        return Answer(document, headers=headers)


class OneRevision(TypeEndpoint):
    """One saved state."""

    @scope("content:preview")
    @operation("get{Type}Revision")
    @returns(200, FullRevisionItem)
    @problems("not-found")
    def get(self, connection: Any, entry_id: str, number: str) -> Answer:
        """Get one saved state with what was written."""
        drafts.find_draft(connection, self.kind, entry_id)
        row = drafts.find_revision(connection, entry_id, _number(number))
        (document,) = revision_documents(connection, [row])
        return Answer({"data": document | {"content": to_content(row)}})


class EntryRestore(TypeEndpoint):
    """The way back to a saved state."""

    @scope("content:write")
    @operation("restore{Type}")
    @body(Restore, example={"revision": 1})
    @returns(200, written_draft, ETag=ETAG)
    @problems("not-found", slug_problems)
    @optionally_conditional
    def post(self, write: Write, body: dict[str, Any], entry_id: str) -> Answer:
        """Make an old revision's content the draft again, as a new revision."""
        entry = actions.find_entry(write, self.kind, entry_id)
        actions.check_precondition(write, entry, tags_if_any())
        actions.restore(write, self.kind, entry, body["revision"], note=body["note"])
        return write_answer(write, self.resource, entry)


def _number(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 16 and not text.startswith("0")):
        raise NotFound
    return int(text)


def revision_documents(connection: Any, rows: Sequence[Any]) -> list[dict[str, Any]]:
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


ROUTES: TypeRoutes = (
    ("/<entry_id>/revisions", Revisions),
    ("/<entry_id>/revisions/<number>", OneRevision),
    ("/<entry_id>/restore", EntryRestore),
)
