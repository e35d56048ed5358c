"""The only place that wires everything."""

import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from flask import Flask, Request, Response, g, request
from flask_migrate import Migrate
from flask_restx import Api, Namespace
from werkzeug.exceptions import NotFound
from werkzeug.exceptions import NotImplemented as NotImplementedMethod
from werkzeug.routing import MapAdapter

from cms.api import about, guides
from cms.api.answers.middleware import AnswerCache
from cms.api.deprecated_use import finish
from cms.api.execution import Execution
from cms.api.feeds.routes import feed_routes
from cms.api.http.conditional import held_back
from cms.api.http.contract import ANY, METHODS, SAFE, contract_of
from cms.api.http.endpoint import RUNNER, Endpoint
from cms.api.http.hosts import host_check
from cms.api.http.pagination import CURSORS, cursor_signer
from cms.api.http.problems import MalformedRequest, URITooLong, problem_response, request_id
from cms.api.problem_types import PROBLEMS
from cms.api.services import Services
from cms.api.spaces import is_delivery, space_of
from cms.api.v1.description import describe
from cms.api.v1.routes import Route, every_route
from cms.api.v1.schemas import ContentResource
from cms.api.versions import V1, VERSIONS
from cms.catalog import CONTENT_TYPES
from cms.db import Database, Usage, usage
from cms.keys import SCOPES
from cms.settings import CACHE_TAG_HEADERS, Settings

ROUTES_OF = {V1: every_route}
URI_BYTES = 8000
# What a path has in one form only: unreserved characters as they are (RFC 3986, 2.3), and slashes that divide it.
NEEDLESSLY_ENCODED = re.compile(r"%(2[DEF]|3[0-9]|[46][1-9A-F]|[57][0-9A]|5F|7E)", re.IGNORECASE)

EXPOSED = (
    "Cache-Status, Content-Language, Deprecation, ETag, Link, Location, Retry-After, Server-Timing, "
    "Sunset, X-Request-Id"
)
ALLOWED = "Authorization, If-Match, If-None-Match, Last-Event-ID, X-Request-Id"
COMMON_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}
JSON_POLICY = "default-src 'none'; frame-ancestors 'none'"


def create_app(settings: Settings | None = None, catalog: Sequence[ContentResource] = CONTENT_TYPES) -> Flask:
    """Build the application for these settings, from the environment by default, and these content types.

    Raises ``SettingsError`` for settings, ``ContractError`` for routes that cannot be served.
    """
    settings = settings or Settings.from_environment()
    app = _Application("cms", static_folder=None)
    app.config["PUBLIC_URL"] = settings.public_url
    app.config["PROBLEM_TYPES"] = PROBLEMS
    app.extensions[RUNNER] = Execution()
    app.extensions[CURSORS] = cursor_signer(settings.secret_key)
    app.url_map.merge_slashes = False
    app.url_map.redirect_defaults = False
    routes = _routes(settings, catalog)
    _add_services(app, settings, catalog, routes)
    _add_hooks(app, settings)
    _add_routes(app, routes)
    about.add_reference(app)
    guides.add_guides(app)
    app.wsgi_app = AnswerCache(app.wsgi_app, settings, app.extensions["cms"].database)  # type: ignore[method-assign]
    return app


class _Application(Flask):
    """Flask, whose addresses do not depend on the ``Host`` header: ``check_request`` judges that, with a problem."""

    def create_url_adapter(self, request: Request | None) -> MapAdapter | None:
        if request is None:
            return super().create_url_adapter(request)
        return self.url_map.bind_to_environ({**request.environ, "HTTP_HOST": "localhost"})


class ContractError(Exception):
    """A route breaks the rules that every route keeps."""


def _routes(settings: Settings, catalog: Sequence[ContentResource]) -> list[Route]:
    of_versions = [route for version in VERSIONS for route in ROUTES_OF[version](catalog)]
    every: list[Route] = [*of_versions, *feed_routes(catalog), *about.ROUTES]
    return [route for route in every if space_of(route[0], route[1]) in (*settings.spaces, "service")]


def _add_services(app: Flask, settings: Settings, catalog: Sequence[ContentResource], routes: Sequence[Route]) -> None:
    database = Database(settings.url)
    app.extensions["cms"] = Services(
        settings=settings,
        database=database,
        types={each.type.name: each.type for each in catalog},
        fields={each.type.name: each.fields for each in catalog},
        cards={each.type.name: each.card_fields for each in catalog},
        make_document=lambda: describe(routes, catalog),
    )
    Migrate(app, database, directory=str(migrations_folder()), render_item=_render_item)


def migrations_folder() -> Path:
    """The migrations: beside the package in a checkout, inside it when installed."""
    package = Path(__file__).parent
    inside = package / "migrations"
    return inside if inside.is_dir() else package.parent / "migrations"


def _render_item(kind: str, item: Any, context: Any) -> str | bool:
    """Write the project's own column types into migrations with their import."""
    if kind == "type" and type(item).__module__ == "cms.db":
        context.imports.add("import cms.db")
        return f"cms.db.{item!r}"
    return False


class _ProblemApi(Api):  # type: ignore[misc]
    """flask-restx for routing and dispatch; its own errors and its Swagger 2.0 are off."""

    def handle_error(self, error: Exception) -> Response:
        return problem_response(error)

    def _register_doc(self, app_or_blueprint: Any) -> None:
        """Leave out the route of the library's own documentation, which it adds at the root even when that is off."""


def _add_routes(app: Flask, routes: Sequence[Route]) -> None:
    # Without this the library adds /swagger.json and its static files whatever it is told.
    app.extensions["restx"] = {"apidoc_registered": True}
    api = _ProblemApi(doc=False, catch_all_404s=False)
    namespaces: dict[str, Namespace] = {}
    paths = set[str]()
    for tag, path, endpoint in routes:
        if path in paths:
            raise ContractError(f"Two routes are {path}; a content type needs a plural that nothing else is called.")
        paths.add(path)
        _check(path, endpoint)
        namespace = namespaces.setdefault(tag, Namespace(tag, path="/"))
        namespace.add_resource(endpoint, path, endpoint=path)
    for namespace in namespaces.values():
        api.add_namespace(namespace, path="")
    api.init_app(app, add_specs=False)


def _check(path: str, endpoint: type[Endpoint]) -> None:
    """Every method says who may call it, what it is called and what it answers."""
    for name in METHODS:
        method = getattr(endpoint, name.lower(), None)
        if method is None:
            continue
        contract = contract_of(method)
        if contract.is_public == bool(contract.scope):
            raise ContractError(f"{name} {path} needs exactly one of a scope and public.")
        if contract.scope and contract.scope not in (*SCOPES, ANY):
            raise ContractError(f"{name} {path} needs the scope {contract.scope}, which no key can have.")
        if not (contract.operation_id.isalnum() and contract.answers and method.__doc__):
            raise ContractError(f"{name} {path} lacks an operation, an answer or a docstring.")
        if contract.is_public and name != "GET":
            raise ContractError(f"{name} {path} changes something and is public.")


def _add_hooks(app: Flask, settings: Settings) -> None:
    app.register_error_handler(Exception, problem_response)
    is_known_host = host_check(settings.hosts)
    unwanted = set(CACHE_TAG_HEADERS) - set(settings.cache_tag_headers)

    @app.before_request
    def check_request() -> Response | None:
        g.is_delivery = is_delivery(request.path)
        if settings.development:
            g.usage_token = usage.set(Usage())
        _check_request(is_known_host)
        is_of_service = request.method == "OPTIONS" and request.environ["PATH_INFO"] == "*"
        return _server_options() if is_of_service else None

    @app.after_request
    def complete(response: Response) -> Response:
        if request.method in SAFE:
            response = held_back(response)
        response.headers.update(COMMON_HEADERS)
        response.headers["X-Request-Id"] = request_id()
        finish(response)
        if "Content-Security-Policy" not in response.headers:
            response.headers["Content-Security-Policy"] = JSON_POLICY
        for name in unwanted:
            response.headers.pop(name, None)
        if g.get("is_delivery", False):
            _add_cors(response)
        if measured := usage.get():
            milliseconds = measured.seconds * 1000
            response.headers["Server-Timing"] = f'db;dur={milliseconds:.2f};desc="{measured.statements} statements"'
        return response

    @app.teardown_request
    def forget_usage(_error: BaseException | None) -> None:
        if "usage_token" in g:
            usage.reset(g.usage_token)


def _check_request(is_known_host: Callable[[str], bool]) -> None:
    """Refuse what no route should see: another service's name, an address too long or in a second form."""
    if not is_known_host(request.environ.get("HTTP_HOST", "")):
        raise MalformedRequest("This service has another name than the Host header says.")
    if request.environ["REQUEST_METHOD"] != request.method:
        raise NotImplementedMethod  # Methods are case-sensitive (RFC 9110, 9.1).
    sent = request.environ.get("RAW_URI") or request.environ.get("REQUEST_URI") or request.full_path
    if len(sent.encode()) > URI_BYTES:
        raise URITooLong(f"The address is longer than {URI_BYTES} bytes.")
    if request.environ["PATH_INFO"].startswith("//") or NEEDLESSLY_ENCODED.search(sent.partition("?")[0]):
        raise NotFound


def _server_options() -> Response:
    """``OPTIONS *`` asks for the service as a whole (RFC 9110, 9.3.7)."""
    response = Response(status=204, headers={"Allow": ", ".join([*METHODS, "HEAD", "OPTIONS"])})
    response.headers.pop("Content-Type", None)
    return response


def _add_cors(response: Response) -> None:
    response.headers["Access-Control-Allow-Origin"] = "*"
    response.headers["Access-Control-Expose-Headers"] = EXPOSED
    if request.method == "OPTIONS":
        response.headers["Access-Control-Allow-Methods"] = "GET, HEAD, OPTIONS"
        response.headers["Access-Control-Allow-Headers"] = ALLOWED
        response.headers["Access-Control-Max-Age"] = "7200"
