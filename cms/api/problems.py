"""Errors on the wire: RFC 9457 problem details on every status and every route, HTML never."""

import html
import re
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


PROBLEMS: dict[str, ProblemType] = {
    each.code: each
    for each in (
        ProblemType("malformed-request", 400, "Malformed request", "Mend the request line, headers or JSON syntax."),
        ProblemType("invalid-parameter", 400, "Invalid parameter", "Mend the query parameters named in `errors`."),
        ProblemType("unauthorized", 401, "A key is needed", "Send `Authorization: Bearer cms_…` with a valid key."),
        ProblemType("forbidden", 403, "The key lacks a scope", "Use a key that has the scope named in `detail`."),
        ProblemType("not-found", 404, "Not found", "Nothing visible is at this address."),
        ProblemType("method-not-allowed", 405, "Method not allowed", "Use one of the methods in `Allow`."),
        ProblemType("not-acceptable", 406, "Not acceptable", "Accept a media type named in `detail`."),
        ProblemType(
            "conflict", 409, "Conflict", "The present state forbids this; `errors` say what stands in the way."
        ),
        ProblemType("slug-taken", 409, "The slug is taken", "Choose another slug."),
        ProblemType(
            "idempotency-in-progress", 409, "The first is still running", "Repeat after `Retry-After` seconds."
        ),
        ProblemType(
            "precondition-failed", 412, "Changed in the meantime", "Fetch it again and repeat with its present `ETag`."
        ),
        ProblemType("content-too-large", 413, "Content too large", "Send a smaller body."),
        ProblemType("uri-too-long", 414, "URI too long", "Send a shorter address."),
        ProblemType(
            "unsupported-media-type", 415, "Unsupported media type", "Send one of the media types in `Accept`."
        ),
        ProblemType("validation-error", 422, "The body breaks a rule", "Mend every fault in `errors` and repeat."),
        ProblemType(
            "not-ready",
            422,
            "Not ready to be published",
            "Mend what `errors` name, pointers being into the entry, or repeat with an `override_reason`.",
        ),
        ProblemType("idempotency-key-reused", 422, "The key is of another request", "Send a new `Idempotency-Key`."),
        ProblemType(
            "precondition-required", 428, "A precondition is required", "Send `If-Match` with the entry's `ETag`."
        ),
        ProblemType("headers-too-large", 431, "Header fields too large", "Send fewer or shorter headers."),
        ProblemType("internal", 500, "Internal error", "Report the request id in `instance`."),
        ProblemType("not-implemented", 501, "Not implemented", "Use a method that HTTP defines."),
        ProblemType("temporarily-unavailable", 503, "Temporarily unavailable", "Repeat after `Retry-After` seconds."),
    )
}

# What is wrong with one thing in a request: the ``code`` of each of a problem's ``errors``.
FAULTS: dict[str, str] = {
    "duplicate": "It stands there twice, or another has its place.",
    "handle_mismatch": "The handle and the address name different profiles.",
    "excluded": "It cannot stand beside another that is there.",
    "expired_token": "What the token stands for is no longer known.",
    "has_translations": "Other entries are translations of this one.",
    "immutable": "It is fixed once it is made.",
    "in_the_past": "The instant has passed.",
    "invalid_character": "It has a character that no text may have.",
    "invalid_cursor": "The cursor is none of this list, these filters and this sort.",
    "invalid_format": "It has another form than expected.",
    "invalid_handle": "The platform has no such handles.",
    "invalid_name": "It is no name.",
    "invalid_time": "It is no instant as RFC 3339 writes it.",
    "invalid_token": "The token is none of this feed and these types.",
    "invalid_type": "It has another JSON type than expected.",
    "invalid_url": "It is no usable address.",
    "missing_scope": "The key lacks the scope that this needs.",
    "no_slug": "The content type has no slugs.",
    "not_a_profile": "The address is not that of a profile.",
    "not_live": "Nothing of the entry is live.",
    "null": "It cannot be null.",
    "out_of_order": "The end is not after the beginning.",
    "out_of_range": "It lies outside the bounds.",
    "overlaps": "Another publication is planned for that time.",
    "referred_to": "Another entry refers to it.",
    "refused": "The operation is refused for the reason that `detail` gives.",
    "repeated": "It may stand there once.",
    "required": "It is missing.",
    "self_reference": "It refers to itself.",
    "slug_taken": "Another entry has the slug.",
    "too_deep": "It is nested too deep.",
    "too_long": "It is too long.",
    "too_many": "It has too many items.",
    "too_short": "It is empty.",
    "unknown_field": "There is no such field.",
    "unknown_mark": "The mark is no decorator, and the block does not define it.",
    "unknown_provider": "Nothing of that host can be embedded.",
    "unknown_locale": "The site has no such language.",
    "unknown_operation": "There is no such operation, or none that a batch can do.",
    "unknown_parameter": "There is no such parameter.",
    "unknown_platform": "There is no such platform in the registry.",
    "unknown_reference": "It refers to nothing.",
    "unknown_revision": "The entry has no such revision.",
    "unknown_value": "It is none of the words that may stand there.",
    "validator_failed": "It is not valid.",
    "wrong_type": "It names an entry of another content type.",
    "wrong_host": "The address is not one of the platform.",
}
# What did not stop a write and is worth knowing: the ``code`` of each of its ``warnings``.
WARNINGS: dict[str, str] = {
    "broken_link": "A link leads to an entry of the site that does not exist.",
    "ends": "A plan ends, and what it replaces was to last longer and does not come back.",
    "future_date": "The editorial date lies ahead, though the entry is live.",
    "heading_jump": "A heading leaves out a level.",
    "heading_level_1": "A heading has the level of the page's title.",
    "heading_start": "The first heading is below level 2.",
    "long_description": "Pages of results show only the beginning of the description.",
    "long_title": "Pages of results show only the beginning of the title.",
    "missing_alt": "An image has no text alternative.",
    "missing_summary": "There is no summary.",
    "moved_link": "A link leads to a slug that has moved.",
    "planned_change": "An older revision is planned and will replace what is live.",
    "plain_text": "A text has so much markup that it is taken for plain text.",
    "removed_attribute": "An attribute was taken out of a text to make it safe.",
    "removed_element": "An element was taken out of a text to make it safe.",
    "unpublished_author": "It is by an author who is not live.",
    "unpublished_link": "A link leads to an entry of the site that is not live.",
    "unpublished_reference": "It refers to an entry that is not live.",
    "vague_link": "A link's text does not say where it leads.",
}

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
    response = problem(code, detail or PROBLEMS[code].advice)
    if methods := getattr(error, "valid_methods", None):
        response.headers["Allow"] = ", ".join(sorted(methods))
    return response


def problem(
    code: str, detail: str, faults: tuple[Fault, ...] = (), extensions: dict[str, Any] | None = None
) -> Response:
    """A problem document; extension members stand beside the standard ones."""
    kind = PROBLEMS[code]
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
    kind = PROBLEMS[code]
    advice = re.sub(r"`([^`]*)`", r"<code>\1</code>", html.escape(kind.advice, quote=False))
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{kind.title}</title>'
        f"<h1>{kind.title}</h1><p>Status {kind.status}, code <code>{kind.code}</code>.</p><p>{advice}</p>"
    )
