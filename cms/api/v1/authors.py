"""Authors on the wire."""

from cms.api import entry_fields
from cms.api.http import address_fields, fields
from cms.api.http.fields import Schema
from cms.api.v1.rich_text import RichText
from cms.api.v1.schemas import Body, ContentResource, Document, Image, Written, embeds, linked_data
from cms.authors import AUTHOR

PORTRAIT = "https://harbour-and-reed.example/media/portrait.jpg"


class AuthorWrite(Written):
    """An author as an editor writes one."""

    name = fields.Line(120, required=True, example="Orla Wrenmoor")
    honorific_prefix = fields.Line(60, load_default=None, allow_none=True, example="Dr")
    credentials = fields.Line(
        60, load_default=None, allow_none=True, example="MA, ACR", description="The letters after the name."
    )
    job_title = fields.Line(120, load_default=None, allow_none=True, example="Bookbinder")
    bio = RichText(load_default=None, allow_none=True, example="Mends books at a bench by the **harbour**.")
    avatar = fields.Group(Image, load_default=None, allow_none=True)
    website = address_fields.URL(load_default=None, allow_none=True, example="https://orla-wrenmoor.example/")


class Author(Document):
    """An author."""

    name = fields.Line(120, required=True, example="Orla Wrenmoor")
    honorific_prefix = fields.Line(60, required=True, allow_none=True, example="Dr")
    credentials = fields.Line(60, required=True, allow_none=True, example="MA, ACR")
    job_title = fields.Line(120, required=True, allow_none=True, example="Bookbinder")
    bio = fields.Group(Body, required=True, allow_none=True)
    avatar = fields.Group(Image, required=True, allow_none=True)
    website = address_fields.URL(required=True, allow_none=True, example="https://orla-wrenmoor.example/")
    social_links = fields.Delivered(
        embeds("SocialLink", identifiers=True),
        required=True,
        description="Ids; in full by `include`, in order.",
        example=["0199c0de-0000-7000-8000-000000000007"],
    )
    article_count = fields.Whole(0, required=True, description="How many live articles the author has signed.")
    articles = fields.Delivered(embeds("Article"), description="The newest five, by `include`.")
    jsonld = linked_data()
    extra = fields.FreeObject(required=True)


class AuthorCard(Schema):
    """An author as other entries embed one."""

    id = fields.Id(required=True)
    slug = entry_fields.Slug(required=True, example="orla-wrenmoor")
    name = fields.Line(120, required=True, example="Orla Wrenmoor")
    credentials = fields.Line(60, required=True, allow_none=True, example="MA, ACR")
    avatar = fields.Group(Image, required=True, allow_none=True)
    url = address_fields.URL(
        required=True, allow_none=True, example="https://harbour-and-reed.example/team/orla-wrenmoor"
    )


AUTHORS = ContentResource(
    type=AUTHOR,
    written=AuthorWrite,
    delivered=Author,
    card=AuthorCard,
    example={
        "name": "Orla Wrenmoor",
        "credentials": "MA, ACR",
        "job_title": "Bookbinder",
        "bio": "Mends books at a bench by the **harbour**.",
        "avatar": {"url": PORTRAIT, "alt": "Orla at her bench.", "width": 400, "height": 400},
    },
)
