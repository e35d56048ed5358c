"""A new draft with the content of an entry, for every type."""

from typing import Any

from cms.api import entry_fields
from cms.api.http import fields
from cms.api.http.conditional import tags_if_any
from cms.api.http.contract import body, operation, optionally_conditional, problems, returns, scope
from cms.api.http.fields import Schema
from cms.api.http.responses import Answer
from cms.api.v1.management.answers import ETAG, creation_answer, slug_problems, written_draft
from cms.api.v1.type_endpoint import TypeEndpoint, TypeRoutes
from cms.content.editing import actions
from cms.content.editing.write import Write


class Duplicate(Schema):
    """The values in which a duplicate differs."""

    slug = entry_fields.EntrySlug(
        load_default=None, allow_none=True, description="By default the slug of the entry with `-copy`."
    )
    note = fields.Line(
        500,
        load_default=None,
        allow_none=True,
        example="The start of next year's guide.",
        description="Kept with the first revision; by default it names the entry.",
    )


class EntryDuplicate(TypeEndpoint):
    """The duplicate of an entry."""

    @scope("content:write")
    @operation("duplicate{Type}")
    @body(Duplicate, required=False, example={"note": "The start of next year's guide."})
    @returns(201, written_draft, Location="The new entry.", ETag=ETAG)
    @problems("not-found", slug_problems)
    @optionally_conditional
    def post(self, write: Write, body: dict[str, Any], entry_id: str) -> Answer:
        """Create a new draft with the content of an entry's draft.

        It has no editorial date, and it is not a translation of another entry.
        """
        entry = actions.find_entry(write, self.kind, entry_id)
        actions.check_precondition(write, entry, tags_if_any())
        return creation_answer(write, self.resource, actions.duplicate(write, self.kind, entry, **body))


ROUTES: TypeRoutes = (("/<entry_id>/duplicate", EntryDuplicate),)
