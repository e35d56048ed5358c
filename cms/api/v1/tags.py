"""The schemas of tags."""

from cms.api import entry_fields
from cms.api.http import address_fields, fields
from cms.api.http.fields import Schema
from cms.api.v1.schemas import ContentResource, Document, Written
from cms.tags import TAG


class TagWrite(Written):
    """A tag as an editor writes it."""

    name = fields.Line(80, required=True, example="Repair", description="The name that readers see.")
    description = fields.Line(
        500,
        load_default=None,
        allow_none=True,
        example="Mending what is worth keeping.",
        description="A short text about the tag.",
    )


class Tag(Document):
    """A tag."""

    name = fields.Line(80, required=True, example="Repair", description="The name that readers see.")
    description = fields.Line(
        500,
        required=True,
        allow_none=True,
        example="Mending what is worth keeping.",
        description="A short text about the tag.",
    )
    article_count = fields.Whole(0, required=True, description="The number of live articles with this tag.")
    extra = fields.FreeObject(required=True, description="Other data for the frontend, as written.")


class TagCard(Schema):
    """The short form in which other entries embed a tag."""

    id = fields.Id(required=True)
    slug = entry_fields.EntrySlug(required=True, example="repair")
    name = fields.Line(80, required=True, example="Repair")
    url = address_fields.URL(required=True, allow_none=True, example="https://harbour-and-reed.example/topics/repair")


TAGS = ContentResource(
    type=TAG,
    written=TagWrite,
    delivered=Tag,
    card=TagCard,
    example={"name": "Repair", "description": "Mending what is worth keeping."},
)
