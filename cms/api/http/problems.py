"""Errors on the wire: RFC 9457 problem details on every status and every route, HTML never."""

import html
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from http import HTTPStatus
from typing import Any

import orjson
from flask import Response, current_app, g, has_request_context, request
from uuid_utils import uuid7
from werkzeug.exceptions import HTTPException

from cms.errors import CMSError, Fault, Unavailable

MEDIA_TYPE = "application/problem+json"
FAULTS_AT_MOST = 50
RETRY_SECONDS = 2
RUNNING_SECONDS = 1


@dataclass(frozen=True)
class ProblemType:
    """One kind of problem: its word, status, constant title, and what a client should do about it."""

    code: str
    status: int
    title: str
    advice: str


_BY_STATUS = {
    404: "not-found",
    405: "method-not-allowed",
    413: "content-too-large",
    414: "uri-too-long",
    415: "unsupported-media-type",
    431: "headers-too-large",
    501: "not-implemented",
    503: "temporarily-unavailable",
}


class MalformedRequest(CMSError):
    """The request cannot be read."""

    code = "malformed-request"


class InvalidParameter(CMSError):
    """One or more query parameters are unknown, repeated or wrong."""

    code = "invalid-parameter"

    def __init__(self, *faults: Fault) -> None:
        super().__init__("The query has one fault." if len(faults) == 1 else "The query has several faults.", *faults)


class Unauthorized(CMSError):
    """No key, or one that is not good; ``sent`` says which, for ``WWW-Authenticate`` (RFC 6750)."""

    code = "unauthorized"

    def __init__(self, *, sent: bool) -> None:
        super().__init__(
            "The key is not valid."
            if sent
            else "This address needs an API key; send it as Authorization: Bearer <key>."
        )
        self.sent = sent


class MethodNotAllowed(CMSError):
    """The address exists without this method."""

    code = "method-not-allowed"

    def __init__(self, allowed: str) -> None:
        super().__init__(f"Allowed here: {allowed}.")
        self.allowed = allowed


class NotAcceptable(CMSError):
    """The client accepts nothing that the resource has."""

    code = "not-acceptable"


class UnsupportedMediaType(CMSError):
    """The body's type or encoding is none that is read here; ``headers`` say which are."""

    code = "unsupported-media-type"

    def __init__(self, detail: str, headers: dict[str, str]) -> None:
        super().__init__(detail)
        self.headers = headers


class ContentTooLarge(CMSError):
    """The body is over the limit."""

    code = "content-too-large"


class URITooLong(CMSError):
    """The request target is over the limit."""

    code = "uri-too-long"


class IdempotencyInProgress(CMSError):
    """A request with this ``Idempotency-Key`` is being answered at this moment."""

    code = "idempotency-in-progress"


class IdempotencyKeyReused(CMSError):
    """The ``Idempotency-Key`` was sent before, with a request that asked for something else."""

    code = "idempotency-key-reused"


class PreconditionRequired(CMSError):
    """The change needs ``If-Match`` (RFC 6585)."""

    code = "precondition-required"


def problem_type(code: str) -> ProblemType:
    """The kind of problem that the application calls by this word (``PROBLEM_TYPES`` in its configuration)."""
    known: Mapping[str, ProblemType] = current_app.config["PROBLEM_TYPES"]
    return known[code]


def type_url(code: str) -> str:
    """The address that names a kind of problem and answers with its description."""
    return f"{current_app.config['PUBLIC_URL']}/docs/problems/{code}"


def problem_response(error: Exception) -> Response:
    """The answer to any exception; what is not expected is logged and says nothing of itself."""
    if isinstance(error, Unavailable):
        current_app.logger.warning("request %s: %s (%s)", request_id(), error, error.__cause__)
    if isinstance(error, CMSError):
        return _from_domain(error)
    if isinstance(error, HTTPException):
        return _from_http(error)
    current_app.logger.exception("request %s failed", request_id(), exc_info=error)
    return problem("internal", "Something went wrong on our side; nothing was changed.")


def _from_domain(error: CMSError) -> Response:
    response = problem(error.code, error.detail, error.faults, error.extensions)
    match error:
        case Unauthorized():
            described = ', error="invalid_token"' if error.sent else ""
            response.headers["WWW-Authenticate"] = f'Bearer realm="cms"{described}'
        case MethodNotAllowed():
            response.headers["Allow"] = error.allowed
        case UnsupportedMediaType():
            response.headers.update(error.headers)
        case IdempotencyInProgress():
            response.headers["Retry-After"] = str(RUNNING_SECONDS)
    if etag := error.extensions.get("etag"):
        response.headers["ETag"] = etag
    return response


def _from_http(error: HTTPException) -> Response:
    status = error.code or 500
    code = _BY_STATUS.get(status, "malformed-request" if status < 500 else "internal")
    detail = {404: "There is nothing here.", 405: "The address does not have this method."}.get(status)
    response = problem(code, detail or problem_type(code).advice)
    if methods := getattr(error, "valid_methods", None):
        response.headers["Allow"] = ", ".join(sorted(methods))
    return response


def problem(
    code: str, detail: str, faults: tuple[Fault, ...] = (), extensions: dict[str, Any] | None = None
) -> Response:
    """A problem document; extension members stand beside the standard ones."""
    kind = problem_type(code)
    document: dict[str, Any] = {
        "type": type_url(code),
        "title": kind.title,
        "status": kind.status,
        "detail": detail,
        "instance": f"urn:request:{request_id()}",
        **(extensions or {}),
    }
    # In delivery the 404 of a slug that nobody has and of one that nobody may see yet are the same bytes; the
    # request's id stands in the header alone, since shared caches keep the body.
    if kind.status == HTTPStatus.NOT_FOUND and has_request_context() and g.get("is_delivery", False):
        del document["instance"]
    if faults:
        document["errors"] = [_fault(each) for each in faults[:FAULTS_AT_MOST]]
    response = Response(orjson.dumps(document), status=kind.status, content_type=MEDIA_TYPE)
    response.headers["Cache-Control"] = "no-store"
    if kind.status == HTTPStatus.SERVICE_UNAVAILABLE:
        response.headers["Retry-After"] = str(RETRY_SECONDS)
    return response


def _fault(fault: Fault) -> dict[str, str]:
    return {name: value for name, value in asdict(fault).items() if value is not None}


REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")


def request_id() -> str:
    """The id of this request: the client's if it is a plain word, else one made for it."""
    if not has_request_context():
        return "none"
    if "request_id" not in g:
        g.request_id = request_id_from(request.headers.get("X-Request-Id", ""))
    known: str = g.request_id
    return known


def request_id_from(given: str) -> str:
    """The id that a client gave if it is a plain word, else a new one."""
    return given if REQUEST_ID.fullmatch(given) else str(uuid7())


def problem_page(code: str) -> str:
    """The description of a problem for people, as HTML."""
    kind = problem_type(code)
    advice = re.sub(r"`([^`]*)`", r"<code>\1</code>", html.escape(kind.advice, quote=False))
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{kind.title}</title>'
        f"<h1>{kind.title}</h1><p>Status {kind.status}, code <code>{kind.code}</code>.</p><p>{advice}</p>"
    )
