"""The contract of an operation, declared once on its method: what it takes, answers, refuses and requires.

The declarations are enforced here and written into the OpenAPI document by ``openapi.py``: what is not declared does
not exist. ``Endpoint`` runs a request in this order: key and scope, query, body, the method in one snapshot or one
transaction, the answer.
"""

import difflib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, TypeVar
from urllib.parse import quote, unquote_to_bytes

from flask import Response, g, request
from flask_restx import Resource
from marshmallow import ValidationError

from cms.api import auth
from cms.api.body import read_json
from cms.api.fields import JSONSchema, Many, RichText, Schema, faults_of
from cms.api.negotiation import check_accept
from cms.api.problems import InvalidParameter, MalformedRequest, request_id
from cms.api.responses import Answer, json_response
from cms.api.services import services
from cms.content.queries import Perspective
from cms.content.version import Actor, Moment, change, read_moment
from cms.errors import Fault, Invalid, NotFound
from cms.rendering import render

JSON = "application/json"
MERGE_PATCH = "application/merge-patch+json"
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
SAFE = ("GET", "HEAD")
# What a URI fragment may hold as it is (RFC 3986, 3.5), beside letters and digits.
FRAGMENT = "-._~!$&'()*+,;=:@?"


@dataclass(frozen=True)
class Form:
    """What an answer holds when it comes as another media type."""

    description: str
    example: Any
    schema: JSONSchema = field(default_factory=lambda: {"type": "string"})


@dataclass
class Declared:
    """One possible answer: its schema, if it has a body, and its own headers with their descriptions."""

    schema: type[Schema] | None
    headers: Mapping[str, str]
    description: str
    media_type: str | None = None
    """JSON where there is a schema, unless it says otherwise."""
    example: Any = None
    """Of what has no schema; the others make their own."""
    also: Mapping[str, Form] = field(default_factory=dict)
    """The same answer in other media types, or with other content in the same one."""


@dataclass
class Contract:
    """Everything declared of one method."""

    operation_id: str = ""
    query: type[Schema] | None = None
    body: type[Schema] | None = None
    body_type: str = JSON
    body_required: bool = True
    body_example: Any = None
    answers: dict[int, Declared] = field(default_factory=dict)
    problems: set[str] = field(default_factory=set)
    scope: str | None = None
    is_public: bool = False
    conditional: bool = False
    heeds_if_match: bool = False
    creates: bool = False
    resumes: bool = False
    reads_database: bool = True
    takes_token: bool = False

    @property
    def media_types(self) -> list[str]:
        """What a success may come as."""
        successes = [each for status, each in self.answers.items() if status < 300]
        return list(dict.fromkeys(name for each in successes for name in (each.media_type or JSON, *each.also)))


def contract_of(method: Callable[..., Any]) -> Contract:
    """The contract kept on a function, made when first asked for."""
    if not hasattr(method, "contract"):
        method.contract = Contract()  # type: ignore[attr-defined]
    declared: Contract = method.contract  # type: ignore[attr-defined]
    return declared


Method = TypeVar("Method", bound=Callable[..., Any])


def _declares(**fields: Any) -> Callable[[Method], Method]:
    def decorate(method: Method) -> Method:
        contract = contract_of(method)
        for name, value in fields.items():
            setattr(contract, name, value)
        return method

    return decorate


def operation(name: str) -> Callable[[Method], Method]:
    """The operation's id in the document; its summary is the docstring's first sentence."""
    return _declares(operation_id=name)


def query(schema: type[Schema]) -> Callable[[Method], Method]:
    """The query parameters; the method gets them as ``query``."""
    return _declares(query=schema)


def body(
    schema: type[Schema], *, media_type: str = JSON, required: bool = True, example: Any = None
) -> Callable[[Method], Method]:
    """The body: parsed, and unless it is a merge patch validated; the method gets it as ``body``."""
    return _declares(body=schema, body_type=media_type, body_required=required, body_example=example)


def returns(
    status: int,
    schema: type[Schema] | None = None,
    *,
    description: str = "",
    media_type: str | None = None,
    example: Any = None,
    also: Mapping[str, Form] | None = None,
    **headers: str,
) -> Callable[[Method], Method]:
    """A possible answer: JSON of a schema, or text of another media type. Header names are written with underscores."""

    def decorate(method: Method) -> Method:
        contract = contract_of(method)
        names = {name.replace("_", "-"): text for name, text in headers.items()}
        contract.answers[status] = Declared(schema, names, description, media_type, example, also or {})
        return method

    return decorate


def problems(*codes: str) -> Callable[[Method], Method]:
    """The problems beyond those that follow from the other declarations."""

    def decorate(method: Method) -> Method:
        contract_of(method).problems.update(codes)
        return method

    return decorate


def scope(name: str) -> Callable[[Method], Method]:
    """The scope that a key needs here."""
    return _declares(scope=name)


def opened_by_token(method: Method) -> Method:
    """A preview token will do in place of a key; the method sees to it that it shows that one entry only."""
    contract_of(method).takes_token = True
    return method


def public(method: Method) -> Method:
    """Anyone may call this, and credentials change nothing."""
    contract_of(method).is_public = True
    return method


def needs_no_database(method: Method) -> Method:
    """The method is called without a snapshot, and answers when there is no database."""
    contract_of(method).reads_database = False
    return method


def conditional(method: Method) -> Method:
    """The change needs ``If-Match`` (RFC 9110, 13.1.1)."""
    contract = contract_of(method)
    contract.conditional = True
    contract.problems |= {"precondition-required", "precondition-failed"}
    return method


def optionally_conditional(method: Method) -> Method:
    """The change heeds ``If-Match`` where it is sent."""
    contract = contract_of(method)
    contract.heeds_if_match = True
    contract.problems |= {"precondition-failed"}
    return method


def creates(method: Method) -> Method:
    """``If-None-Match: *`` creates under an id of the client's own."""
    contract_of(method).creates = True
    return method


def resumes(method: Method) -> Method:
    """``Last-Event-ID`` says where to go on (HTML standard, server-sent events)."""
    contract_of(method).resumes = True
    return method


@dataclass(frozen=True)
class Reading:
    """What is read to deliver: one snapshot, the moment it is read at, and how its content is looked at."""

    connection: Any
    moment: Moment
    perspective: Perspective
    only: str | None = None
    """The id of the one entry that the caller may ask for; ``None`` for all."""


class Endpoint(Resource):  # type: ignore[misc]
    """A resource whose methods run by their contracts."""

    def dispatch_request(self, *_: Any, **path: Any) -> Response:
        """Run one request by the contract of its method."""
        name = "GET" if request.method == "HEAD" else request.method
        method = getattr(self, name.lower())
        if name == "OPTIONS":
            answered: Response = method()
            return answered
        contract = contract_of(method)
        if not all(value.isascii() and value.isprintable() for value in path.values()):
            raise NotFound  # No id and no slug looks like that, and not every database can be asked for it.
        check_accept(*contract.media_types)
        actor = None if contract.is_public else _actor(contract)
        g.actor = actor
        arguments = dict(path)
        parameters = _load_query(contract.query)
        if contract.query is not None:
            arguments["query"] = parameters
        if contract.body is not None:
            arguments["body"] = _load_body(contract)
        with _unit(contract, actor, name) as unit:
            answer: Answer | Response = method(**unit, **arguments)
            # Encoded before the commit: what cannot be answered is not done.
            return answer if isinstance(answer, Response) else json_response(answer)

    def options(self) -> Response:
        """What may be done here (RFC 9110, 9.3.7), and the CORS preflight of delivery."""
        response = Response(status=204)
        response.headers.pop("Content-Type", None)
        allowed = [name for name in METHODS if hasattr(self, name.lower())]
        response.headers["Allow"] = ", ".join(
            [*allowed, "HEAD", "OPTIONS"] if "GET" in allowed else [*allowed, "OPTIONS"]
        )
        if hasattr(self, "patch"):
            response.headers["Accept-Patch"] = MERGE_PATCH
        return response


def _actor(contract: Contract) -> Actor:
    return auth.actor_with(contract.scope or "", request_id(), takes_token=contract.takes_token)


@contextmanager
def _unit(contract: Contract, actor: Actor | None, method: str) -> Iterator[dict[str, Any]]:
    """What the method works in: one snapshot for what reads, one transaction for what writes."""
    known = services()
    if not contract.reads_database:
        yield {}
    elif method in SAFE:
        with known.database.snapshot() as connection:
            if actor is None:
                moment = read_moment(connection, known.settings.public_url)
                yield {"reading": Reading(connection, moment, moment.perspective)}
            else:
                yield {"connection": connection}
    else:
        assert actor is not None
        with change(known.database, known.types, actor, known.settings.public_url) as unit:
            yield {"change": unit}


def _check_encoding() -> None:
    """Raises ``MalformedRequest`` for a query that is not UTF-8: read as text, it would be another one."""
    try:
        unquote_to_bytes(request.query_string).decode()
    except UnicodeDecodeError:
        raise MalformedRequest("The query is not UTF-8.") from None


def _load_query(schema: type[Schema] | None) -> dict[str, Any]:
    _check_encoding()
    declared: dict[str, Any] = dict(_instance(schema).load_fields) if schema else {}
    names = {each.data_key or name: each for name, each in declared.items()}
    faults: list[Fault] = []
    given: dict[str, str | list[str]] = {}
    for name, values in request.args.lists():
        known = names.get(name)
        if known is None:
            faults.append(_unknown_parameter(name, names))
        elif isinstance(known, Many):
            given[name] = [part for value in values for part in (value.split(",") if known.commas else [value])]
        elif len(values) > 1:
            faults.append(Fault("repeated", "This parameter may stand here once.", parameter=name))
        else:
            given[name] = values[0]
    loaded: dict[str, Any] = {}
    if schema is not None:
        try:
            loaded = _instance(schema).load(given)
        except ValidationError as error:
            faults += [Fault(code, detail, parameter=path[0]) for path, code, detail in faults_of(error)]
    if faults:
        raise InvalidParameter(*faults)
    return loaded


@lru_cache(maxsize=512)
def _instance(schema: type[Schema]) -> Schema:
    """Making an instance copies every field; loading with one changes nothing of it."""
    return schema()


def _unknown_parameter(name: str, names: Mapping[str, Any]) -> Fault:
    near = difflib.get_close_matches(name[:60], names, n=1)
    hint = f" Did you mean '{near[0]}'?" if near else ""
    return Fault(
        "unknown_parameter",
        f"There is no such parameter here.{hint}",
        parameter=name[:100],
        did_you_mean=near[0] if near else None,
    )


def _load_body(contract: Contract) -> Any:
    assert contract.body is not None
    document = read_json(contract.body_type, required=contract.body_required)
    _render_ahead(_instance(contract.body), document)
    return document if contract.body_type == MERGE_PATCH else load(_instance(contract.body), document)


def _render_ahead(schema: Schema, document: Any) -> None:
    """Render rich texts before the transaction begins, so that no other writer waits; the engine finds them done."""
    for name, known in schema.load_fields.items():
        if isinstance(known, RichText) and isinstance(document, dict) and document.get(name) is not None:
            with suppress(ValidationError):  # Said with everything else.
                text: dict[str, Any] = known.deserialize(document[name]) or {}
                render(text["format"], text["source"])


def load(schema: Schema, document: Any) -> dict[str, Any]:
    """Validate a document; raises ``Invalid`` with every fault and its JSON Pointer."""
    try:
        loaded: dict[str, Any] = schema.load(document)
    except ValidationError as error:
        raise Invalid(*(Fault(code, detail, pointer(path)) for path, code, detail in faults_of(error))) from None
    return loaded


def pointer(path: tuple[str, ...]) -> str:
    """A JSON Pointer as a URI fragment (RFC 6901, 6)."""
    return "#" + "".join("/" + quote(each.replace("~", "~0").replace("/", "~1"), safe=FRAGMENT) for each in path)


def merge_patch(target: Any, patch: Any) -> Any:
    """Apply a JSON Merge Patch (RFC 7396)."""
    if not isinstance(patch, dict):
        return patch
    merged = dict(target) if isinstance(target, dict) else {}
    for name, value in patch.items():
        if value is None:
            merged.pop(name, None)
        else:
            merged[name] = merge_patch(merged.get(name), value)
    return merged
