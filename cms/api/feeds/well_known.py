"""Files at well-known addresses: robots.txt and security.txt."""

from flask import Response

from cms import clock
from cms.api.answers.cacheable import cached_bytes
from cms.api.http.contract import needs_no_database, operation, problems, public, returns
from cms.api.http.endpoint import Endpoint
from cms.api.http.problems import problem
from cms.api.http.responses import content_type
from cms.api.services import services
from cms.api.spaces import MANAGEMENT, PREVIEW
from cms.errors import NOT_FOUND
from cms.feeds import well_known

ETAG = "Entity tag of the answer."
FIXED_HEADERS = {"Cache-Control": "public, max-age=3600"}


class Robots(Endpoint):
    """The rules for crawlers."""

    @public
    @needs_no_database
    @operation("getRobots")
    @returns(
        200,
        media_type=well_known.MEDIA_TYPE,
        example=well_known.robots([MANAGEMENT], "http://127.0.0.1:8000/sitemap.xml").decode(),
        description="robots.txt.",
        ETag=ETAG,
    )
    def get(self) -> Response:
        """Get the rules for crawlers at this address (RFC 9309)."""
        content = well_known.robots([MANAGEMENT, PREVIEW], f"{services().settings.public_url}/sitemap.xml")
        return cached_bytes(content, content_type(well_known.MEDIA_TYPE), FIXED_HEADERS)


class SecurityContact(Endpoint):
    """The contact for reports of vulnerabilities."""

    @public
    @needs_no_database
    @operation("getSecurityContact")
    @returns(
        200,
        media_type=well_known.MEDIA_TYPE,
        example="Contact: mailto:security@harbour-and-reed.example\nExpires: 2026-11-28T00:00:00Z\n",
        description="security.txt.",
        ETag=ETAG,
    )
    @problems("not-found")
    def get(self) -> Response:
        """Get the contact for reports of vulnerabilities (RFC 9116), if the operator has set one."""
        settings = services().settings
        if not settings.security_contact:
            return problem("not-found", NOT_FOUND)
        canonical = f"{settings.public_url}/.well-known/security.txt"
        content = well_known.security(settings.security_contact, canonical, clock.now())
        return cached_bytes(content, content_type(well_known.MEDIA_TYPE), FIXED_HEADERS)
