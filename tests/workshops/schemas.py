"""The schemas of workshops."""

from cms.api import entry_fields
from cms.api.http import fields
from cms.api.v1.rich_text import RichText
from cms.api.v1.schemas import Body, ContentResource, Document, Written, embeds, linked_data
from tests.workshops import WORKSHOP


class WorkshopWrite(Written):
    """A workshop as an editor writes one."""

    name = fields.Line(200, required=True, example="An open bench")
    starts_at = fields.Time(required=True, example="2026-06-01T19:00:00+02:00")
    venue = fields.Line(200, load_default=None, allow_none=True, example="The bindery")
    description = RichText(load_default=None, allow_none=True, example="Bring a book that is *broken*.")
    hosts = fields.Many(
        entry_fields.EntryName(example="orla-wrenmoor"),
        most=50,
        load_default=list,
        description="Ids or slugs of authors, in order.",
    )


class Workshop(Document):
    """A workshop."""

    name = fields.Line(200, required=True, example="An open bench")
    starts_at = fields.Time(required=True, example="2026-06-01T17:00:00.000Z")
    venue = fields.Line(200, required=True, allow_none=True, example="The bindery")
    description = fields.Group(Body, allow_none=True, description="Lists leave it out unless `fields` names it.")
    hosts = fields.Delivered(
        embeds("AuthorCard", "Author"), required=True, example=[], description="Cards in order; in full by `include`."
    )
    jsonld = linked_data()
    extra = fields.FreeObject(required=True)


WORKSHOPS = ContentResource(
    type=WORKSHOP,
    written=WorkshopWrite,
    delivered=Workshop,
    example={"name": "An open bench", "starts_at": "2026-06-01T19:00:00+02:00", "venue": "The bindery"},
)
