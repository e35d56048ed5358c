"""Errors as clients receive them: RFC 9457 problem details for every status on every route, never HTML."""

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

from cms.errors import FAULTS_LISTED, NOT_FOUND, CMSError, Fault, Unavailable

MEDIA_TYPE = "application/problem+json"
RETRY_SECONDS = 2
RUNNING_SECONDS = 1


@dataclass(frozen=True)
class ProblemType:
    """One kind of problem: its code, status and title, and advice for the client."""

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
    """The request is malformed."""

    code = "malformed-request"


class InvalidParameter(CMSError):
    """One or more query parameters are unknown, repeated or invalid."""

    code = "invalid-parameter"

    def __init__(self, *faults: Fault) -> None:
        count = "an error" if len(faults) == 1 else "several errors"
        super().__init__(f"The query string has {count}; see `errors`.", *faults)


class Unauthorized(CMSError):
    """The key is missing, or invalid if it was ``sent``. ``WWW-Authenticate`` says which (RFC 6750)."""

    code = "unauthorized"

    def __init__(self, *, sent: bool) -> None:
        super().__init__(
            "The key or token is invalid, expired or revoked."
            if sent
            else "An API key is required. Send it as Authorization: Bearer <key>."
        )
        self.sent = sent


class MethodNotAllowed(CMSError):
    """The address does not support this method."""

    code = "method-not-allowed"

    def __init__(self, allowed: str) -> None:
        super().__init__(f"Allowed methods: {allowed}.")
        self.allowed = allowed


class NotAcceptable(CMSError):
    """The client accepts none of the media types of the resource."""

    code = "not-acceptable"


class UnsupportedMediaType(CMSError):
    """The body has an unsupported media type or content coding. ``headers`` name the supported ones."""

    code = "unsupported-media-type"

    def __init__(self, detail: str, headers: dict[str, str]) -> None:
        super().__init__(detail)
        self.headers = headers


class ContentTooLarge(CMSError):
    """The body is larger than the limit."""

    code = "content-too-large"


class URITooLong(CMSError):
    """The request target is longer than the limit."""

    code = "uri-too-long"


class IdempotencyInProgress(CMSError):
    """The first request with this ``Idempotency-Key`` is still running."""

    code = "idempotency-in-progress"


class IdempotencyKeyReused(CMSError):
    """The ``Idempotency-Key`` was sent before with a different request."""

    code = "idempotency-key-reused"


class PreconditionRequired(CMSError):
    """The request must have ``If-Match`` (RFC 6585)."""

    code = "precondition-required"


def problem_type(code: str) -> ProblemType:
    """The kind of problem with this code, from ``PROBLEM_TYPES`` in the application's configuration."""
    known: Mapping[str, ProblemType] = current_app.config["PROBLEM_TYPES"]
    return known[code]


def type_url(code: str) -> str:
    """The URL that identifies a kind of problem, and that answers with its description."""
    return f"{current_app.config['PUBLIC_URL']}/docs/problems/{code}"


def problem_response(error: Exception) -> Response:
    """The answer to any exception. An unexpected one is logged, and the answer contains nothing of it."""
    if isinstance(error, Unavailable):
        current_app.logger.warning("request %s: %s (%s)", request_id(), error, error.__cause__)
    if isinstance(error, CMSError):
        return _from_domain(error)
    if isinstance(error, HTTPException):
        return _from_http(error)
    current_app.logger.exception("request %s failed", request_id(), exc_info=error)
    return problem("internal", "An unexpected error occurred on the server. Nothing was changed.")


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
    detail = {404: NOT_FOUND, 405: "This address does not support the method."}.get(status)
    response = problem(code, detail or problem_type(code).advice)
    if methods := getattr(error, "valid_methods", None):
        response.headers["Allow"] = ", ".join(sorted(methods))
    return response


def problem(
    code: str, detail: str, faults: tuple[Fault, ...] = (), extensions: dict[str, Any] | None = None
) -> Response:
    """The response with a problem document. ``extensions`` are members beside the standard ones."""
    kind = problem_type(code)
    document: dict[str, Any] = {
        "type": type_url(code),
        "title": kind.title,
        "status": kind.status,
        "detail": detail,
        "instance": f"urn:request:{request_id()}",
        **(extensions or {}),
    }
    # In delivery a 404 has the same bytes for an unknown slug and for an unpublished one, so that it reveals nothing.
    # The request's id is in the header only, because shared caches keep the body.
    if kind.status == HTTPStatus.NOT_FOUND and has_request_context() and g.get("is_delivery", False):
        del document["instance"]
    if faults:
        document["errors"] = [_fault(each) for each in faults[:FAULTS_LISTED]]
    response = Response(orjson.dumps(document), status=kind.status, content_type=MEDIA_TYPE)
    response.headers["Cache-Control"] = "no-store"
    if kind.status == HTTPStatus.SERVICE_UNAVAILABLE:
        response.headers["Retry-After"] = str(RETRY_SECONDS)
    return response


def _fault(fault: Fault) -> dict[str, str]:
    return {name: value for name, value in asdict(fault).items() if value is not None}


REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")


def request_id() -> str:
    """The id of this request: the client's if it is valid, else a new one."""
    if not has_request_context():
        return "none"
    if "request_id" not in g:
        g.request_id = request_id_from(request.headers.get("X-Request-Id", ""))
    known: str = g.request_id
    return known


def request_id_from(given: str) -> str:
    """The id that a client sent if it is valid, else a new one."""
    return given if REQUEST_ID.fullmatch(given) else str(uuid7())


def problem_page(code: str) -> str:
    """The description of a problem for people, as HTML."""
    kind = problem_type(code)
    advice = re.sub(r"`([^`]*)`", r"<code>\1</code>", html.escape(kind.advice, quote=False))
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{kind.title}</title>'
        f"<h1>{kind.title}</h1><p>Status {kind.status}, code <code>{kind.code}</code>.</p><p>{advice}</p>"
    )
