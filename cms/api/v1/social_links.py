"""Social links on the wire, and the registry of platforms."""

from typing import Any

from flask import Response

from cms.api import entry_fields
from cms.api.answers.cacheable import cached_response
from cms.api.answers.lifetimes import cache_headers
from cms.api.http import fields
from cms.api.http.contract import operation, public, returns
from cms.api.http.endpoint import Endpoint
from cms.api.http.fields import Schema, nullable
from cms.api.reading import Reading
from cms.api.v1.schemas import TEXT, ContentResource, Document, Written, embeds, made
from cms.social_links import SOCIAL_LINK
from cms.social_links.platforms import PLATFORMS, Platform


class SocialLinkWrite(Written):
    """A social link as an editor writes one: a platform, with a handle or any address of the profile."""

    platform = fields.Line(40, required=True, example="mastodon", description="A key of `/platforms`.")
    handle = fields.Line(2048, load_default=None, allow_none=True, example="harbour@bookbinders.example")
    url = fields.Line(2048, load_default=None, allow_none=True, example="https://bookbinders.example/@harbour")
    label = fields.Line(120, load_default=None, allow_none=True, example="The workshop on Mastodon")
    author = entry_fields.EntryName(
        load_default=None,
        allow_none=True,
        description="The owner's id or slug; else the site is.",
        example="orla-wrenmoor",
    )
    position = fields.Whole(load_default=0, description="Where it stands among its owner's links.")


class Icon(Schema):
    """The platform's icon by its name in three sets; null where a set has none."""

    simple_icons = fields.Delivered(nullable(TEXT), required=True, example="mastodon")
    font_awesome = fields.Delivered(nullable(TEXT), required=True, example="mastodon")
    lucide = fields.Delivered(nullable(TEXT), required=True, example="link")


class Owner(Schema):
    """Whose profile it is."""

    type = fields.Choice("author", "site", required=True, example="author")
    id = fields.Id(required=True, allow_none=True, description="The author's, once live; null for the site's own.")


class SocialLink(Document):
    """A profile elsewhere."""

    slug = fields.Delivered(  # type: ignore[assignment]
        {"type": "null"}, required=True, description="Social links have none."
    )
    url = fields.URL(
        required=True, description="The profile's canonical address.", example="https://bookbinders.example/@harbour"
    )
    platform = fields.Line(40, required=True, example="mastodon")
    handle = fields.Delivered(nullable(TEXT), required=True, example="harbour@bookbinders.example")
    label = fields.Line(120, required=True, description="As written, else the platform's.", example="Mastodon")
    icon = fields.Group(Icon, required=True)
    rel = fields.Delivered(nullable(TEXT), required=True, example="me noopener", description="For the link's `rel`.")
    position = fields.Whole(required=True)
    owner = fields.Group(Owner, required=True)
    author = fields.Delivered(
        nullable(embeds("Author", many=False)), description="The owner in full, by `include`; null for the site's own."
    )
    extra = fields.FreeObject(required=True)


class PlatformEntry(Schema):
    """A platform that social links know."""

    key = fields.Delivered(TEXT, required=True, example="mastodon")
    label = fields.Delivered(TEXT, required=True, example="Mastodon")
    url_pattern = fields.Delivered(nullable(TEXT), required=True, example="https://{server}/@{name}")
    handle_pattern = fields.Delivered(nullable(TEXT), required=True, description="An ECMAScript regular expression.")
    icons = fields.Group(Icon, required=True)
    rel = fields.Delivered(nullable(TEXT), required=True, example="me noopener")
    same_as = fields.Flag(required=True, description="Whether a profile counts for schema.org `sameAs`.")


PlatformList = made(
    "PlatformList",
    "Every platform, in reading order.",
    {"data": fields.Many(fields.Group(PlatformEntry), required=True)},
)


class Platforms(Endpoint):
    """The registry."""

    @public
    @operation("listPlatforms")
    @returns(200, PlatformList, ETag="The answer's entity tag.")
    def get(self, reading: Reading) -> Response:
        """List the platforms that social links know."""
        return cached_response({"data": [_entry(each) for each in PLATFORMS.values()]}, cache_headers(reading.moment))


def _entry(platform: Platform) -> dict[str, Any]:
    return {
        "key": platform.key,
        "label": platform.label,
        "url_pattern": platform.url_pattern,
        "handle_pattern": platform.handle_pattern,
        "icons": dict(platform.icons),
        "rel": platform.rel,
        "same_as": platform.same_as,
    }


SOCIAL_LINKS = ContentResource(
    type=SOCIAL_LINK,
    written=SocialLinkWrite,
    delivered=SocialLink,
    routes=(("platforms", "/api/v1/platforms", Platforms),),
    example={"platform": "mastodon", "handle": "@harbour@bookbinders.example", "position": 1},
)
