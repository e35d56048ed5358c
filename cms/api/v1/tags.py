"""Tags on the wire."""

from cms.api import entry_fields
from cms.api.http import address_fields, fields
from cms.api.http.fields import Schema
from cms.api.v1.schemas import ContentResource, Document, Written
from cms.tags import TAG


class TagWrite(Written):
    """A tag as an editor writes it."""

    name = fields.Line(80, required=True, example="Repair")
    description = fields.Line(500, load_default=None, allow_none=True, example="Mending what is worth keeping.")


class Tag(Document):
    """A tag."""

    name = fields.Line(80, required=True, example="Repair")
    description = fields.Line(500, required=True, allow_none=True, example="Mending what is worth keeping.")
    article_count = fields.Whole(0, required=True, description="How many live articles carry it.")
    extra = fields.FreeObject(required=True)


class TagCard(Schema):
    """A tag as other entries embed it."""

    id = fields.Id(required=True)
    slug = entry_fields.Slug(required=True, example="repair")
    name = fields.Line(80, required=True, example="Repair")
    url = address_fields.URL(required=True, allow_none=True, example="https://harbour-and-reed.example/topics/repair")


TAGS = ContentResource(
    type=TAG,
    written=TagWrite,
    delivered=Tag,
    card=TagCard,
    example={"name": "Repair", "description": "Mending what is worth keeping."},
)
