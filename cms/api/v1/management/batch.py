"""Many writes in one request: all of them happen, in order and with one number of the counter, or none does.

An operation is like a separate request, and goes through the same contract: scope, query, body, precondition. All
operations are read before the first one runs, so that all errors in their form are reported together.
"""

import io
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

from flask import current_app, g, request

from cms.api.execution import perform, read_call_of
from cms.api.http import fields
from cms.api.http.contract import (
    ANY,
    DRY_RUN,
    JSON,
    MERGE_PATCH,
    ahead,
    body,
    contract_of,
    operation,
    problems,
    returns,
)
from cms.api.http.contract import scope as needs
from cms.api.http.endpoint import Call, Endpoint
from cms.api.http.fields import JSONSchema, Schema, nullable
from cms.api.http.loading import pointer
from cms.api.http.problems import InvalidParameter, request_id
from cms.api.http.responses import Answer
from cms.api.v1.management.answers import quoted
from cms.api.v1.schemas import OBJECT, TEXT, made
from cms.api.versions import V1
from cms.content.editing.write import Write
from cms.errors import CMSError, Fault, Invalid
from cms.keys import Actor

MOST = 100
BYTES = 8 * 1024 * 1024
ROOT = V1.management
PATH = r"^(/[A-Za-z0-9._~-]{1,120}){1,6}$"
SCOPES = ("content:write", "content:publish", "site:write")
"""The scopes of the operations that a batch can hold. It cannot create keys or tokens, or hold another batch."""
BATCH_VARIABLES = (
    *("HTTP_ACCEPT", "HTTP_CONTENT_", "HTTP_IDEMPOTENCY_KEY", "HTTP_IF_", "HTTP_TRANSFER_ENCODING"),
    *("RAW_URI", "REQUEST_URI", "cms.", "werkzeug."),
)
"""The beginnings of WSGI variables that describe the batch, and not its operations."""


class QueryValues(fields.Field):
    """Query parameters by name; a list repeats the parameter."""

    example = {"publish": True}

    def json_schema(self) -> JSONSchema:
        scalar: JSONSchema = {
            "type": ["boolean", "number", "string"],
            "maxLength": 2000,
            "pattern": fields.TEXT_PATTERN,
        }
        several = {"type": "array", "items": scalar, "maxItems": 100}
        return {"type": "object", "additionalProperties": {"anyOf": [scalar, several]}, "maxProperties": 50}

    def _deserialize(self, value: Any, attr: str | None, data: Any, **_: Any) -> list[tuple[str, str]]:
        if not isinstance(value, dict) or len(value) > 50:
            raise fields.fault("invalid_type", "This must be an object with at most 50 parameters.")
        return [(name, _as_text(each)) for name, given in value.items() for each in _several(given)]


def _several(value: Any) -> list[Any]:
    if isinstance(value, list) and len(value) > 100:
        raise fields.fault("too_many", "A parameter must not be repeated more than 100 times.")
    return value if isinstance(value, list) else [value]


def _as_text(value: Any) -> str:
    """A value as a query string has it."""
    match value:
        case bool():
            return "true" if value else "false"
        case int() | float():
            return str(value)
        case str() if "\x00" not in value and value.isprintable() and len(value) <= 2000:
            return value
    raise fields.fault("invalid_type", "A parameter must be a string, a number, true or false, or a list of these.")


class AnyJSON(fields.Field):
    """Any JSON value: the contract of the operation validates it."""

    example: Any = {"name": "Orla Wrenmoor"}

    def json_schema(self) -> JSONSchema:
        return {"description": "The body that a separate request would have."}


class Preconditions(Schema):
    """The headers that an operation can have."""

    if_match = fields.Line(
        200, data_key="If-Match", description="The entity tag of what was read, or `*`.", example='"42"'
    )
    if_none_match = fields.Line(
        200, data_key="If-None-Match", description="`*` to create an entry under an id of your own.", example="*"
    )


class BatchOperation(Schema):
    """One write, in the form of a separate request."""

    method = fields.Choice("POST", "PUT", "PATCH", "DELETE", required=True, example="PUT")
    path = fields.Line(
        500,
        pattern=PATH,
        required=True,
        description=f"The path below `{ROOT}`, such as that of an entry, of its publication, or of the site.",
        example="/authors/0199c0de-0000-7000-8000-000000000001",
    )
    query = QueryValues(load_default=list, description="The query parameters, without `dry_run`.")
    headers = fields.Group(Preconditions, load_default=dict)
    body = AnyJSON(allow_none=True)


class BatchWrite(Schema):
    """Up to 100 writes, which run in this order."""

    operations = fields.Many(fields.Group(BatchOperation), most=MOST, required=True)


RESULT_HEADERS: JSONSchema = {"type": "object", "properties": {"ETag": TEXT, "Location": TEXT}}


class BatchResult(Schema):
    """The answer to one operation, as a separate request would get it."""

    status = fields.Whole(200, 299, required=True, example=201)
    headers = fields.Delivered(RESULT_HEADERS, required=True, example={"ETag": '"42"'})
    body = fields.Delivered(nullable(OBJECT), required=True, example={"data": {}, "warnings": []})


BatchAnswer = made(
    "BatchAnswer",
    "The answers to the operations, in order.",
    {"data": fields.Many(fields.Group(BatchResult), most=MOST, required=True)},
)

EXAMPLE = {
    "operations": [
        {
            "method": "PUT",
            "path": "/authors/0199c0de-0000-7000-8000-00000000a001",
            "query": {"publish": True},
            "headers": {"If-None-Match": "*"},
            "body": {"name": "Orla Wrenmoor", "slug": "orla-of-the-batch"},
        },
        {
            "method": "PUT",
            "path": "/articles/0199c0de-0000-7000-8000-00000000a002",
            "headers": {"If-None-Match": "*"},
            "body": {"title": "A page in one request", "authors": ["orla-of-the-batch"]},
        },
        {
            "method": "PUT",
            "path": "/articles/0199c0de-0000-7000-8000-00000000a002/publication",
            "headers": {"If-Match": "*"},
        },
    ]
}


def _read_all(body: Mapping[str, Any], actor: Actor) -> list[tuple[Mapping[str, Any], Call]]:
    """Read every operation; raises the first error, with the faults of all operations."""
    calls, errors = [], []
    for position, each in enumerate(body["operations"]):
        try:
            with _as_request(each):
                calls.append((each, _read(actor)))
        except CMSError as error:
            errors.append(_placed(error, position))
    if errors:
        errors[0].faults = tuple(fault for error in errors for fault in error.faults)
        raise errors[0]
    g.called_in_batch = [call.contract for _, call in calls]
    return calls


@contextmanager
def _as_request(each: Mapping[str, Any]) -> Iterator[None]:
    """A block in which the operation is the request, with contexts of its own, so that nothing of it is left behind."""
    environ = {name: value for name, value in request.environ.items() if not name.startswith(BATCH_VARIABLES)}
    content = json.dumps(each["body"]).encode() if "body" in each else b""
    environ |= {f"HTTP_{name.upper()}": value for name, value in each["headers"].items()}
    environ |= {
        "REQUEST_METHOD": each["method"],
        "PATH_INFO": ROOT + each["path"],
        "QUERY_STRING": urlencode(each["query"]),
        "CONTENT_TYPE": MERGE_PATCH if each["method"] == "PATCH" else JSON,
        "CONTENT_LENGTH": str(len(content)),
        "HTTP_X_REQUEST_ID": request_id(),
        "wsgi.input": io.BytesIO(content),
    }
    with current_app.app_context(), current_app.request_context(environ):
        yield


def _read(actor: Actor) -> Call:
    view: Any = current_app.view_functions[request.url_rule.endpoint] if request.url_rule else None
    endpoint = getattr(view, "view_class", None)
    method = getattr(endpoint, request.method.lower(), None)
    if endpoint is None or method is None or contract_of(method).scope not in SCOPES:
        raise Invalid(Fault("unknown_operation", "There is no such operation, or a batch cannot run it."))
    call = read_call_of(endpoint(), request.view_args or {}, actor)
    if call.dry_run:
        detail = "Only a whole batch can be a dry run: send `dry_run` with the batch."
        raise InvalidParameter(Fault("excluded", detail, parameter=DRY_RUN))
    return call


def _placed(error: CMSError, position: int) -> CMSError:
    """The same error, with each fault at its place in the batch."""
    place = ("operations", str(position))
    faults = error.faults or (Fault("refused", error.detail),)
    error.faults = tuple(replace(each, pointer=_place_of(each, place), parameter=None, header=None) for each in faults)
    error.detail = f"Operation {position}: {error.detail}"
    error.extensions = {**error.extensions, "operation": position}
    return error


def _place_of(fault: Fault, place: tuple[str, ...]) -> str:
    if fault.pointer is not None:
        return pointer((*place, "body")) + fault.pointer.removeprefix("#")
    if fault.parameter is not None:
        return pointer((*place, "query", fault.parameter))
    return pointer(place if fault.header is None else (*place, "headers", fault.header))


class Batch(Endpoint):
    """Many writes at once."""

    @needs(ANY)
    @operation("batch")
    @body(BatchWrite, example=EXAMPLE, most_bytes=BYTES)
    @ahead(_read_all)
    @returns(200, BatchAnswer)
    @problems("not-found", "not-ready", "conflict", "slug-taken", "precondition-required", "precondition-failed")
    def post(self, write: Write, body: list[tuple[Mapping[str, Any], Call]]) -> Answer:
        """Run up to 100 writes in one transaction; if one fails, none is stored.

        Each operation needs the scope that it needs as a separate request. An error has the status of the first
        operation that fails, its position as `operation`, and pointers such as `#/operations/3/body/title`. Errors in
        the form of all operations are reported before the first one runs. An operation sees the effects of those
        before it, so an article can name an author that an earlier operation creates.
        """
        return Answer({"data": [_run(write, position, *each) for position, each in enumerate(body)]})


def _run(write: Write, position: int, each: Mapping[str, Any], call: Call) -> dict[str, Any]:
    try:
        with _as_request(each):
            answer = perform(call, write)
    except CMSError as error:
        if error.extensions.get("etag") == quoted(write.number):
            # That state is undone with the batch. Its tag must not be returned: another write will get the same one.
            error.detail = "An earlier operation changes the same entry or settings. Send `If-Match: *`."
            error.extensions = {}
        raise _placed(error, position) from None
    # The next operation must read from the database what this one wrote, and find nothing of it in memory.
    write.session.flush()
    write.session.expunge_all()
    deprecation = call.contract.deprecation.headers if call.contract.deprecation else {}
    return {"status": answer.status, "headers": {**answer.headers, **deprecation}, "body": answer.document}


ROUTES = (("batch", "/batch", Batch),)
