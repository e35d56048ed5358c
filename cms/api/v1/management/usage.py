"""The references to an entry, for every type."""

from typing import Any

from cms import clock
from cms.api import entry_fields
from cms.api.http import fields
from cms.api.http.contract import operation, problems, query, returns, scope
from cms.api.http.pagination import page, read_cursor
from cms.api.http.responses import Answer
from cms.api.services import services
from cms.api.v1.schemas import TEXT, PageQuery, list_of, made
from cms.api.v1.type_endpoint import TypeEndpoint, TypeRoutes
from cms.content.editing import drafts
from cms.content.editing.usage import UseKey, uses

Usage = made(
    "Usage",
    "A reference to an entry from another one: from its draft, or from a live or planned revision.",
    {
        "id": fields.Id(required=True, description="The id of the entry that refers to this one."),
        "type": fields.Delivered(TEXT, required=True, example="article", description="The content type of that entry."),
        "title": fields.Delivered(
            TEXT, required=True, example="A quiet morning", description="The title, question or name of that entry."
        ),
        "slug": entry_fields.EntrySlug(required=True, allow_none=True, description="The slug of that entry."),
        "field": fields.Delivered(TEXT, required=True, example="authors", description="The field with the reference."),
        "in": fields.Choice(
            "draft", "live", "planned", required=True, description="Where that entry has the reference."
        ),
        "revision": fields.Whole(1, required=True, description="The number of the revision with the reference."),
    },
)


UsageList = list_of(Usage)


class EntryUsage(TypeEndpoint):
    """The references to an entry."""

    @scope("content:preview")
    @operation("list{Type}Usage")
    @query(PageQuery)
    @returns(200, UsageList, Link="`next` and `first` (RFC 8288).")
    @problems("not-found")
    def get(self, connection: Any, query: dict[str, Any], entry_id: str) -> Answer:
        """List the references to an entry, from drafts and from what is live or planned."""
        draft = drafts.find_draft(connection, self.kind, entry_id)
        found, last = uses(connection, services().types, entry_id, draft.at, after=_read(query), limit=query["limit"])
        following = last and ([last.field, last.type, *map(clock.to_wire, (last[2], last[4]))], last.entry_id)
        document, headers = page([each.as_document() for each in found], query, following, None)
        return Answer(document, headers=headers)


def _read(query: dict[str, Any]) -> UseKey | None:
    after = read_cursor(query.get("cursor"), query)
    if after is None:
        return None
    (field, type_name, published_at, live_from), entry_id = after
    return UseKey(field, type_name, clock.from_wire(published_at), entry_id, clock.from_wire(live_from))


ROUTES: TypeRoutes = (("/<entry_id>/usage", EntryUsage),)
