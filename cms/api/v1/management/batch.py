"""Many writes in one request: all of them happen, in their order and with one change number, or none does.

An operation is what a request of its own would be, and goes through the same contract: scope, query, body,
precondition. All are read before the first is run, so that what is wrong with their form is told at once.
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
"""What can be done in a batch needs one of these: what makes keys and tokens does not, nor does another batch."""
NOT_OF_OPERATIONS = (
    *("HTTP_ACCEPT", "HTTP_CONTENT_", "HTTP_IDEMPOTENCY_KEY", "HTTP_IF_", "HTTP_TRANSFER_ENCODING"),
    *("RAW_URI", "REQUEST_URI", "cms.", "werkzeug."),
)
"""What in the environment is the batch's alone."""


class QueryValues(fields.Field):
    """Query parameters by name; a list repeats one."""

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
            raise fields.fault("invalid_type", "This must be an object of at most 50 parameters.")
        return [(name, _word(each)) for name, given in value.items() for each in _several(given)]


def _several(value: Any) -> list[Any]:
    if isinstance(value, list) and len(value) > 100:
        raise fields.fault("too_many", "A parameter stands here 100 times at most.")
    return value if isinstance(value, list) else [value]


def _word(value: Any) -> str:
    """A value as it stands in an address."""
    match value:
        case bool():
            return "true" if value else "false"
        case int() | float():
            return str(value)
        case str() if "\x00" not in value and value.isprintable() and len(value) <= 2000:
            return value
    raise fields.fault("invalid_type", "A parameter is a string, a number, true or false, or a list of them.")


class AnyJSON(fields.Field):
    """Any JSON value: the operation's own contract judges it."""

    example: Any = {"name": "Orla Wrenmoor"}

    def json_schema(self) -> JSONSchema:
        return {"description": "What the request of its own would carry."}


class Preconditions(Schema):
    """The headers that an operation can have."""

    if_match = fields.Line(
        200, data_key="If-Match", description="The entity tag of what was read, or `*`.", example='"42"'
    )
    if_none_match = fields.Line(
        200, data_key="If-None-Match", description="`*` to create under an id of one's own.", example="*"
    )


class BatchOperation(Schema):
    """One write, as it would be as a request of its own."""

    method = fields.Choice("POST", "PUT", "PATCH", "DELETE", required=True, example="PUT")
    path = fields.Line(
        500,
        pattern=PATH,
        required=True,
        description=f"After `{ROOT}`: an entry, its publication, its restoration and the like, or the site.",
        example="/authors/0199c0de-0000-7000-8000-000000000001",
    )
    query = QueryValues(load_default=list, description="Its query parameters, without `dry_run`.")
    headers = fields.Group(Preconditions, load_default=dict)
    body = AnyJSON(allow_none=True)


class BatchWrite(Schema):
    """Up to 100 writes, in the order in which they depend on each other."""

    operations = fields.Many(fields.Group(BatchOperation), most=MOST, required=True)


RESULT_HEADERS: JSONSchema = {"type": "object", "properties": {"ETag": TEXT, "Location": TEXT}}


class BatchResult(Schema):
    """What an operation would have been answered as a request of its own."""

    status = fields.Whole(200, 299, required=True, example=201)
    headers = fields.Delivered(RESULT_HEADERS, required=True, example={"ETag": '"42"'})
    body = fields.Delivered(nullable(OBJECT), required=True, example={"data": {}, "warnings": []})


BatchAnswer = made(
    "BatchAnswer",
    "The answer to each operation, in their order.",
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
    """Read every operation; raises the first refusal, with what is wrong with all of them."""
    calls, refusals = [], []
    for position, each in enumerate(body["operations"]):
        try:
            with _as_request(each):
                calls.append((each, _read(actor)))
        except CMSError as error:
            refusals.append(_placed(error, position))
    if refusals:
        refusals[0].faults = tuple(fault for error in refusals for fault in error.faults)
        raise refusals[0]
    g.called_in_batch = [call.contract for _, call in calls]
    return calls


@contextmanager
def _as_request(each: Mapping[str, Any]) -> Iterator[None]:
    """A block in which the operation is the request; its context is its own, so that nothing of it is left behind."""
    environ = {name: value for name, value in request.environ.items() if not name.startswith(NOT_OF_OPERATIONS)}
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
        raise Invalid(Fault("unknown_operation", "There is no such address, or a batch cannot do this."))
    call = read_call_of(endpoint(), request.view_args or {}, actor)
    if call.dry_run:
        detail = "A batch is a dry run as a whole: send the parameter with the batch."
        raise InvalidParameter(Fault("excluded", detail, parameter=DRY_RUN))
    return call


def _placed(error: CMSError, position: int) -> CMSError:
    """The same refusal, with each fault where it stands in the batch."""
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
        """Do up to 100 writes in one transaction; when one is refused, none is done.

        Each needs the scope that it needs as a request of its own. A refusal has the status of the first operation
        that is refused, its place as `operation`, and pointers such as `#/operations/3/body/title`; whatever is wrong
        with the form of any operation is told before the first is run. An operation sees what those before it did, so
        an article can name an author that is made a few lines above it.
        """
        return Answer({"data": [_run(write, position, *each) for position, each in enumerate(body)]})


def _run(write: Write, position: int, each: Mapping[str, Any], call: Call) -> dict[str, Any]:
    try:
        with _as_request(each):
            answer = perform(call, write)
    except CMSError as error:
        if error.extensions.get("etag") == quoted(write.number):
            # That state is gone with the batch: nobody may be told its tag, which another write will have.
            error.detail, error.extensions = "An operation before this one changes the same; send If-Match: *.", {}
        raise _placed(error, position) from None
    # The next operation finds what this one left in the database, and nothing of it in memory.
    write.session.flush()
    write.session.expunge_all()
    deprecation = call.contract.deprecation.headers if call.contract.deprecation else {}
    return {"status": answer.status, "headers": {**answer.headers, **deprecation}, "body": answer.document}


ROUTES = (("batch", "/batch", Batch),)
