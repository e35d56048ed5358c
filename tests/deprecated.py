"""An application in which some operations are deprecated, as they are when a later release replaces them."""

from datetime import UTC, datetime
from typing import Any

import pytest
from flask import Flask

from cms.api import about as service_routes
from cms.api.answers.cacheable import cached_response, not_found
from cms.api.answers.lifetimes import cache_headers
from cms.api.http import fields
from cms.api.http.contract import body, deprecated, opened_by_token, operation, problems, public, query, returns, scope
from cms.api.http.endpoint import Endpoint
from cms.api.http.fields import Schema
from cms.api.http.responses import Answer
from cms.api.reading import Reading
from cms.app import create_app
from cms.content.editing.write import Write
from cms.errors import Conflict
from cms.settings import Settings
from tests.service import SECRET, Service

SINCE, SUNSET = datetime(2026, 3, 1, 12, tzinfo=UTC), datetime(2027, 3, 1, tzinfo=UTC)
GUIDE = "/docs/guides/headlines"
HEADERS = {
    "Deprecation": "@1772366400",
    "Sunset": "Mon, 01 Mar 2027 00:00:00 GMT",
}
LINK = '<http://127.0.0.1:8000/docs/guides/headlines>; rel="deprecation"; type="text/html"'
PATH = "/api/v1/headline"
MANAGED = "/api/v1/manage/headline"
PREVIEWED = "/api/v1/preview/headline"


class HeadlineQuery(Schema):
    """Which headline."""

    is_query = True

    locale = fields.Locale(description="The language.")
    size = fields.Whole(0, 3, description="How large.", deprecated="the style sheet says so.")


class Headline(Schema):
    """A line that stands above everything."""

    text = fields.Line(80, required=True, example="Open today", description="The line.")
    colour = fields.Line(20, deprecated="nothing; it has no colour.", load_default=None, allow_none=True)


class Delivered(Endpoint):
    """The headline for anyone."""

    @deprecated(since=SINCE, sunset=SUNSET, link=GUIDE, replacement="`GET /api/v1/site`")
    @public
    @operation("getHeadline")
    @query(HeadlineQuery)
    @returns(200, Headline, ETag="The answer's entity tag.", Link="`canonical`.")
    @problems("not-found")
    def get(self, reading: Reading, query: dict[str, Any]) -> Any:
        """Get the headline."""
        if query.get("locale") == "de":
            return not_found(reading.moment)
        headers = cache_headers(reading.moment) | {"Link": '<https://harbour.example/>; rel="canonical"'}
        return cached_response({"text": "Open today " * 7, "colour": None}, headers)


class Managed(Endpoint):
    """The headline for editors. Reading is deprecated without a sunset, writing with one, deleting is not."""

    @deprecated(since=SINCE, link="https://harbour.example/news", replacement="`GET /api/v1/manage/site`")
    @scope("content:preview")
    @operation("getManagedHeadline")
    @returns(200, Headline)
    def get(self, connection: Any) -> Answer:
        """Get the headline as written."""
        return Answer({"text": "Open today", "colour": None})

    @scope("content:write")
    @operation("writeHeadline")
    @body(Headline, example={"text": "Open today"})
    @returns(201, Headline)
    @problems("conflict")
    @deprecated(since=SINCE, sunset=SUNSET, link=GUIDE, replacement="`PATCH /api/v1/manage/site`")
    def post(self, write: Write, body: dict[str, Any]) -> Answer:
        """Write a headline."""
        if body["text"] == "Closed":
            raise Conflict("It is open.")
        write.record("saved", "site")
        return Answer(body, 201)

    @scope("content:write")
    @operation("deleteHeadline")
    @returns(204)
    def delete(self, write: Write) -> Answer:
        """Delete the headline."""
        write.record("saved", "site")
        return Answer(status=204)


class Previewed(Endpoint):
    """The headline as it will be."""

    @deprecated(since=SINCE, link=GUIDE, replacement="`GET /api/v1/site`")
    @scope("content:preview")
    @opened_by_token
    @operation("previewHeadline")
    @returns(200, Headline)
    def get(self, connection: Any) -> Answer:
        """Get the headline as it will be."""
        return Answer({"text": "Open tomorrow", "colour": None})


ROUTES = (
    ("site", PATH, Delivered),
    ("manage site", MANAGED, Managed),
    ("preview", PREVIEWED, Previewed),
)


def with_deprecated_operations(database_url: str, monkeypatch: pytest.MonkeyPatch) -> Service:
    """The service with these routes besides its own."""
    return Service(deprecating_app(database_url, monkeypatch))


def deprecating_app(database_url: str, monkeypatch: pytest.MonkeyPatch) -> Flask:
    """The application with these routes besides its own."""
    with monkeypatch.context() as patched:
        patched.setattr(service_routes, "ROUTES", (*service_routes.ROUTES, *ROUTES))
        return create_app(Settings(database_url=database_url, secret_key=SECRET))
