"""A new draft from the content of an entry, for every type."""

from typing import Any

from cms.api import fields
from cms.api.conditional import tags_if_any
from cms.api.contract import Endpoint, body, operation, optionally_conditional, problems, returns, scope
from cms.api.fields import Schema
from cms.api.responses import Answer
from cms.api.v1.entries import ETAG, created
from cms.api.v1.schemas import ContentResource, write_of
from cms.content import actions
from cms.content.version import Change


class Duplicate(Schema):
    """What of a duplicate differs."""

    slug = fields.Slug(load_default=None, allow_none=True, description="Else the entry's with `-copy`.")
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
        def post(self, change: Change, body: dict[str, Any], entry_id: str) -> Answer:
            """Make a new draft of an entry's working copy: undated, and the translation of nothing."""
            entry = actions.find(change, kind, entry_id)
            actions.expect(change, entry, tags_if_any())
            return created(change, resource, actions.duplicate(change, kind, entry, **body))

    return [(f"manage {kind.plural}", f"/api/v1/manage/{kind.plural}/<entry_id>/duplicate", EntryDuplicate)]
