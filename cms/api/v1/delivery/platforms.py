"""The registry of platforms that social links can belong to."""

from typing import Any

from flask import Response

from cms.api.answers.cacheable import cached_response
from cms.api.answers.lifetimes import cache_headers
from cms.api.http import fields
from cms.api.http.contract import operation, public, returns
from cms.api.http.endpoint import Endpoint
from cms.api.http.fields import Schema, nullable
from cms.api.reading import Reading
from cms.api.v1.schemas import TEXT, made
from cms.api.v1.social_links import Icon
from cms.social_links.platforms import PLATFORMS, Platform


class PlatformEntry(Schema):
    """A platform that social links can belong to."""

    key = fields.Delivered(TEXT, required=True, example="mastodon", description="The `platform` of a social link.")
    label = fields.Delivered(TEXT, required=True, example="Mastodon", description="The name of the platform.")
    url_pattern = fields.Delivered(
        nullable(TEXT),
        required=True,
        example="https://{server}/@{name}",
        description="The form of a canonical address; null if the platform has no handles.",
    )
    handle_pattern = fields.Delivered(
        nullable(TEXT),
        required=True,
        description="An ECMAScript regular expression for handles; null if the platform has none.",
    )
    icons = fields.Group(Icon, required=True)
    rel = fields.Delivered(
        nullable(TEXT), required=True, example="me noopener", description="The value for the `rel` attribute of links."
    )
    same_as = fields.Flag(required=True, description="True if a profile counts for schema.org `sameAs`.")


PlatformList = made(
    "PlatformList",
    "Every platform, in reading order.",
    {"data": fields.Many(fields.Group(PlatformEntry), required=True)},
)


class Platforms(Endpoint):
    """The registry of platforms."""

    @public
    @operation("listPlatforms")
    @returns(200, PlatformList, ETag="The answer's entity tag.")
    def get(self, reading: Reading) -> Response:
        """List the platforms that social links can belong to."""
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


ROUTES = (("platforms", "/platforms", Platforms),)
