"""A new draft from the content of an entry, for every type."""

from typing import Any

from cms.api import entry_fields
from cms.api.http import fields
from cms.api.http.conditional import tags_if_any
from cms.api.http.contract import body, operation, optionally_conditional, problems, returns, scope
from cms.api.http.endpoint import Endpoint
from cms.api.http.fields import Schema
from cms.api.http.responses import Answer
from cms.api.v1.management.entries import ETAG, created
from cms.api.v1.schemas import ContentResource, write_of
from cms.content.editing import actions
from cms.content.editing.write import Write


class Duplicate(Schema):
    """What of a duplicate differs."""

    slug = entry_fields.Slug(load_default=None, allow_none=True, description="Else the entry's with `-copy`.")
    note = fields.Line(500, load_default=None, allow_none=True, example="The start of next year's guide.")


def duplicate_routes(resource: ContentResource) -> list[tuple[str, str, type[Endpoint]]]:
    """The duplication of one type's entries, as tag, path and endpoint."""
    kind, title = resource.type, resource.name

    class EntryDuplicate(Endpoint):
        @scope("content:write")
        @operation(f"duplicate{title}")
        @body(Duplicate, required=False, example={"note": "The start of next year's guide."})
        @returns(201, write_of(resource.managed), Location="The new entry.", ETag=ETAG)
        @problems("not-found", *(("slug-taken",) if kind.has_slug else ()))
        @optionally_conditional
        def post(self, write: Write, body: dict[str, Any], entry_id: str) -> Answer:
            """Make a new draft of an entry's working copy: undated, and the translation of nothing."""
            entry = actions.find(write, kind, entry_id)
            actions.expect(write, entry, tags_if_any())
            return created(write, resource, actions.duplicate(write, kind, entry, **body))

    return [(f"manage {kind.plural}", f"/api/v1/manage/{kind.plural}/<entry_id>/duplicate", EntryDuplicate)]
