"""The endpoints about the service itself: versions, health, the OpenAPI document, and the interactive reference."""

import html
from importlib import resources

from flask import Flask, Response
from werkzeug.exceptions import NotFound

from cms.api.answers.cacheable import fixed_response
from cms.api.http import fields
from cms.api.http.contract import JSON, needs_no_database, operation, problems, public, returns
from cms.api.http.endpoint import Endpoint
from cms.api.http.fields import Schema
from cms.api.http.problems import problem_page
from cms.api.http.responses import Answer
from cms.api.problem_types import PROBLEMS
from cms.api.reading import Reading
from cms.api.services import services
from cms.api.v1.schemas import OBJECT, TEXT, made
from cms.api.versions import V1, VERSIONS
from cms.wire import to_json

REFERENCE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
)
MINUTES = {"Cache-Control": "public, max-age=300"}
SWAGGER_FILES = {
    "swagger-ui.css": "text/css; charset=utf-8",
    "swagger-ui-bundle.js": "text/javascript; charset=utf-8",
    "favicon-32x32.png": "image/png",
}


class Version(Schema):
    """A version of the API."""

    name = fields.Delivered(TEXT, required=True, example="v1")
    state = fields.Choice("current", "deprecated", required=True)
    url = fields.Delivered(TEXT, required=True, example=f"http://127.0.0.1:8000{V1.prefix}")
    document = fields.Delivered(TEXT, required=True, example=f"http://127.0.0.1:8000{V1.document}")


VersionList = made(
    "VersionList", "Every version of the API.", {"data": fields.Many(fields.Group(Version), required=True)}
)


class Health(Schema):
    """The state of the service."""

    status = fields.Choice("ok", required=True)


class OpenAPIDocument(Schema):
    """An OpenAPI 3.1 document."""

    openapi = fields.Delivered(TEXT, required=True, example="3.1.0")
    info = fields.Delivered(OBJECT, required=True, example={"title": "Headless CMS", "version": "1.0.0"})
    servers = fields.Delivered({"type": "array", "items": OBJECT}, example=[])
    tags = fields.Delivered({"type": "array", "items": OBJECT}, example=[])
    paths = fields.Delivered(OBJECT, required=True, example={})
    components = fields.Delivered(OBJECT, required=True, example={})


class Versions(Endpoint):
    """The versions of the API."""

    @public
    @needs_no_database
    @operation("listVersions")
    @returns(200, VersionList, ETag="The answer's entity tag.")
    def get(self) -> Response:
        """List the versions of the API and their state."""
        address = services().settings.public_url
        versions = [
            {
                "name": each.name,
                "state": each.state,
                "url": f"{address}{each.prefix}",
                "document": f"{address}{each.document}",
            }
            for each in VERSIONS
        ]
        return fixed_response(to_json({"data": versions}), JSON, MINUTES)


class OpenAPI(Endpoint):
    """The OpenAPI document."""

    @public
    @needs_no_database
    @operation("getOpenAPI")
    @returns(200, OpenAPIDocument, ETag="The answer's entity tag.")
    def get(self) -> Response:
        """Get this document."""
        return fixed_response(to_json(services().document), JSON, MINUTES)


class Alive(Endpoint):
    """Liveness."""

    @public
    @needs_no_database
    @operation("isAlive")
    @returns(200, Health)
    def get(self) -> Answer:
        """Check that the process answers, without the database."""
        return Answer({"status": "ok"})


class Ready(Endpoint):
    """Readiness."""

    @public
    @operation("isReady")
    @returns(200, Health)
    @problems("temporarily-unavailable")
    def get(self, reading: Reading) -> Answer:
        """Check that the service can answer, with a read of the database."""
        return Answer({"status": "ok"})


ROUTES = (
    ("service", "/api", Versions),
    ("service", V1.document, OpenAPI),
    ("service", "/livez", Alive),
    ("service", "/readyz", Ready),
)


def add_reference(app: Flask) -> None:
    """Serve Swagger UI under ``/docs``, from the files of an installed package. It loads nothing from other servers."""
    files = resources.files("flask_swagger_ui") / "dist"

    @app.get("/docs")
    def docs() -> Response:
        return _page(REFERENCE)

    @app.get("/docs/<name>")
    def docs_file(name: str) -> Response:
        if name == "start.js":
            return _static(START.encode(), "text/javascript; charset=utf-8")
        if name not in SWAGGER_FILES:
            raise NotFound
        return _static((files / name).read_bytes(), SWAGGER_FILES[name])

    @app.get("/docs/problems", strict_slashes=False)
    def problem_list() -> Response:
        items = "".join(
            f'<li><a href="/docs/problems/{code}">{html.escape(kind.title)}</a> ({kind.status})</li>'
            for code, kind in PROBLEMS.items()
        )
        return _page(f'<!doctype html><html lang="en"><meta charset="utf-8"><title>Problems</title><ul>{items}</ul>')

    @app.get("/docs/problems/<code>")
    def problem_of(code: str) -> Response:
        if code not in PROBLEMS:
            raise NotFound
        return _page(problem_page(code))


def _page(content: str) -> Response:
    headers = {"Content-Security-Policy": REFERENCE_POLICY, **MINUTES}
    return fixed_response(content.encode(), "text/html; charset=utf-8", headers)


def _static(content: bytes, content_type: str) -> Response:
    return fixed_response(content, content_type, {"Cache-Control": "public, max-age=86400"})


REFERENCE = """\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>API reference</title>
<link rel="stylesheet" href="/docs/swagger-ui.css">
<link rel="icon" type="image/png" href="/docs/favicon-32x32.png">
</head>
<body>
<p style="font-family: sans-serif; margin: 1rem"><a href="/docs/guides/">Guides</a></p>
<div id="reference"></div>
<script src="/docs/swagger-ui-bundle.js"></script>
<script src="/docs/start.js"></script>
</body>
</html>
"""

START = f"""\
window.ui = SwaggerUIBundle({{
  url: "{V1.document}",
  dom_id: "#reference",
  deepLinking: true,
  displayRequestDuration: true,
  docExpansion: "none",
  filter: true,
  persistAuthorization: false,
  validatorUrl: null,
}});
"""
