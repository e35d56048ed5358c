"""The schemas of social links."""

from cms.api import entry_fields
from cms.api.http import address_fields, fields
from cms.api.http.fields import Schema, nullable
from cms.api.v1.schemas import TEXT, ContentResource, Document, Written, embeds
from cms.social_links import SOCIAL_LINK


class SocialLinkWrite(Written):
    """A social link as an editor writes one: a platform, and a handle or any address of the profile."""

    platform = fields.Line(
        40, required=True, example="mastodon", description="The key of a platform, from `/platforms`."
    )
    handle = fields.Line(
        2048,
        load_default=None,
        allow_none=True,
        example="harbour@bookbinders.example",
        description="The name of the profile on the platform. `handle` or `url` is required.",
    )
    url = fields.Line(
        2048,
        load_default=None,
        allow_none=True,
        example="https://bookbinders.example/@harbour",
        description="Any address of the profile; the canonical one is stored.",
    )
    label = fields.Line(
        120,
        load_default=None,
        allow_none=True,
        example="The workshop on Mastodon",
        description="The text of the link; by default the name of the platform.",
    )
    author = entry_fields.EntryName(
        load_default=None,
        allow_none=True,
        description="Id or slug of the author who owns the profile; null if it is the site's own.",
        example="orla-wrenmoor",
    )
    position = fields.Whole(load_default=0, description="The place among the owner's links; lower numbers come first.")


class Icon(Schema):
    """The name of the platform's icon in three icon sets; null if a set has none."""

    simple_icons = fields.Delivered(nullable(TEXT), required=True, example="mastodon")
    font_awesome = fields.Delivered(nullable(TEXT), required=True, example="mastodon")
    lucide = fields.Delivered(nullable(TEXT), required=True, example="link")


class Owner(Schema):
    """The owner of the profile."""

    type = fields.Choice("author", "site", required=True, example="author")
    id = fields.Id(
        required=True,
        allow_none=True,
        description="The author's id; null if the author is not live, or if the site is the owner.",
    )


class SocialLink(Document):
    """A profile on another site."""

    slug = fields.Delivered(  # type: ignore[assignment]
        {"type": "null"}, required=True, description="Always null: social links have no slugs."
    )
    url = address_fields.URL(
        required=True, description="The profile's canonical address.", example="https://bookbinders.example/@harbour"
    )
    platform = fields.Line(
        40, required=True, example="mastodon", description="The key of the platform, from `/platforms`."
    )
    handle = fields.Delivered(
        nullable(TEXT),
        required=True,
        example="harbour@bookbinders.example",
        description="The name of the profile; null if the platform has only addresses.",
    )
    label = fields.Line(
        120, required=True, description="As written, or else the name of the platform.", example="Mastodon"
    )
    icon = fields.Group(Icon, required=True, description="The name of the platform's icon in three icon sets.")
    rel = fields.Delivered(
        nullable(TEXT), required=True, example="me noopener", description="The value for the link's `rel` attribute."
    )
    position = fields.Whole(required=True, description="The place among the owner's links; lower numbers come first.")
    owner = fields.Group(Owner, required=True, description="The author or site that the profile belongs to.")
    author = fields.Delivered(
        nullable(embeds("Author", many=False)),
        description="With `include=author`: the owner in full; null if the site is the owner.",
    )
    extra = fields.FreeObject(required=True, description="Other data for the frontend, as written.")


SOCIAL_LINKS = ContentResource(
    type=SOCIAL_LINK,
    written=SocialLinkWrite,
    delivered=SocialLink,
    example={"platform": "mastodon", "handle": "@harbour@bookbinders.example", "position": 1},
)
