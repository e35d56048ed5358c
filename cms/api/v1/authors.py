"""The schemas of authors."""

from cms.api import entry_fields
from cms.api.http import address_fields, fields
from cms.api.http.fields import Schema
from cms.api.v1.rich_text import RichText
from cms.api.v1.schemas import Body, ContentResource, Document, Image, Written, embeds, linked_data
from cms.authors import AUTHOR

PORTRAIT = "https://harbour-and-reed.example/media/portrait.jpg"


class AuthorWrite(Written):
    """An author as an editor writes one."""

    name = fields.Line(120, required=True, example="Orla Wrenmoor", description="The full name.")
    honorific_prefix = fields.Line(
        60, load_default=None, allow_none=True, example="Dr", description="The title before the name."
    )
    credentials = fields.Line(
        60, load_default=None, allow_none=True, example="MA, ACR", description="The letters after the name."
    )
    job_title = fields.Line(
        120, load_default=None, allow_none=True, example="Bookbinder", description="The profession or position."
    )
    bio = RichText(
        load_default=None,
        allow_none=True,
        example="Mends books at a bench by the **harbour**.",
        description="A short biography.",
    )
    avatar = fields.Group(Image, load_default=None, allow_none=True, description="A portrait.")
    website = address_fields.URL(
        load_default=None,
        allow_none=True,
        example="https://orla-wrenmoor.example/",
        description="The author's own website.",
    )


class Author(Document):
    """An author."""

    name = fields.Line(120, required=True, example="Orla Wrenmoor", description="The full name.")
    honorific_prefix = fields.Line(
        60, required=True, allow_none=True, example="Dr", description="The title before the name."
    )
    credentials = fields.Line(
        60, required=True, allow_none=True, example="MA, ACR", description="The letters after the name."
    )
    job_title = fields.Line(
        120, required=True, allow_none=True, example="Bookbinder", description="The profession or position."
    )
    bio = fields.Group(Body, required=True, allow_none=True, description="A short biography.")
    avatar = fields.Group(Image, required=True, allow_none=True, description="A portrait.")
    website = address_fields.URL(
        required=True,
        allow_none=True,
        example="https://orla-wrenmoor.example/",
        description="The author's own website.",
    )
    social_links = fields.Delivered(
        embeds("SocialLink", identifiers=True),
        required=True,
        description="Ids, in order; in full with `include=social_links`.",
        example=["0199c0de-0000-7000-8000-000000000007"],
    )
    article_count = fields.Whole(0, required=True, description="The number of live articles by this author.")
    articles = fields.Delivered(embeds("Article"), description="With `include=articles`: the newest five.")
    jsonld = linked_data()
    extra = fields.FreeObject(required=True, description="Other data for the frontend, as written.")


class AuthorCard(Schema):
    """The short form in which other entries embed an author."""

    id = fields.Id(required=True)
    slug = entry_fields.EntrySlug(required=True, example="orla-wrenmoor")
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
