"""The contract of an operation, declared once on its method: what it takes, answers, refuses and requires.

The declarations are enforced here and written into the OpenAPI document by ``openapi.py``: what is not declared does
not exist. ``Endpoint`` runs a request in this order: key and scope, query, body, the method in one snapshot or one
transaction, the answer. Every write takes ``dry_run``, and every POST ``Idempotency-Key``, without declaring it.
"""

import difflib
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property, lru_cache
from typing import Any, TypeVar
from urllib.parse import quote, unquote_to_bytes

import orjson
from flask import Response, g, request
from flask_restx import Resource
from marshmallow import ValidationError

from cms.api import auth, idempotency
from cms.api.body import BODY_BYTES, OtherForm, read_body
from cms.api.deprecation import Deprecation
from cms.api.fields import Flag, Group, JSONSchema, Many, Schema, faults_of
from cms.api.negotiation import check_accept
from cms.api.problems import InvalidParameter, MalformedRequest, problem_response, request_id
from cms.api.responses import Answer, encode, json_response
from cms.api.rich_text import RichText
from cms.api.services import services
from cms.content.blocks import BLOCKS
from cms.content.diffs import json_patch
from cms.content.queries import Perspective
from cms.content.version import Actor, Change, Moment, change, has_purged, hold_still, read_moment
from cms.errors import Fault, Invalid, NotFound
from cms.keys import Repeatable
from cms.rendering import remembered, render

JSON = "application/json"
MERGE_PATCH = "application/merge-patch+json"
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
SAFE = ("GET", "HEAD")
DRY_RUN = "dry_run"
# What a URI fragment may hold as it is (RFC 3986, 3.5), beside letters and digits.
FRAGMENT = "-._~!$&'()*+,;=:@?"
POINTED_AT_MOST = 200
"""Characters of each name in a pointer; no field has so long a one."""


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
    method: str = ""
    """Which method of HTTP it is; ``Endpoint`` sees to that."""
    query: type[Schema] | None = None
    body: type[Schema] | None = None
    body_type: str = JSON
    body_forms: Mapping[str, OtherForm] = field(default_factory=dict)
    """The media types that the same document may be sent as besides."""
    body_required: bool = True
    body_bytes: int = BODY_BYTES
    body_example: Any = None
    prepare: Callable[[Any, Actor], Any] | None = None
    secrets: tuple[str, ...] = ()
    """Members of the answer's ``data`` that are shown once and stored nowhere."""
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
    deprecation: Deprecation | None = None

    @property
    def writes(self) -> bool:
        """Whether it may change something."""
        return self.method not in SAFE

    @property
    def may_be_repeated(self) -> bool:
        """Whether it heeds ``Idempotency-Key``; the other methods are idempotent by themselves (RFC 9110, 9.2.2)."""
        return self.method == "POST"

    @cached_property
    def parameters(self) -> type[Schema] | None:
        """Every query parameter: the declared ones, and what all writes take."""
        if not self.writes:
            return self.query
        dry_run = Flag(load_default=False, description="Only show what would happen; nothing is kept.", example=False)
        return type("WriteQuery", (self.query or Schema,), {DRY_RUN: dry_run, "is_query": True})

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
    schema: type[Schema],
    *,
    media_type: str = JSON,
    required: bool = True,
    example: Any = None,
    most_bytes: int = BODY_BYTES,
    also: Mapping[str, OtherForm] | None = None,
) -> Callable[[Method], Method]:
    """The body: parsed, and unless it is a merge patch validated; the method gets it as ``body``."""
    return _declares(
        body=schema,
        body_type=media_type,
        body_forms=also or {},
        body_required=required,
        body_example=example,
        body_bytes=most_bytes,
    )


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


def ahead(prepare: Callable[[Any, Actor], Any]) -> Callable[[Method], Method]:
    """What to make of the body before the transaction begins, so that no other writer waits for it."""
    return _declares(prepare=prepare)


def shows_once(*names: str) -> Callable[[Method], Method]:
    """These members of ``data`` are secrets: null in an answer that is given again, since nothing keeps them."""
    return _declares(secrets=names)


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


def deprecated(
    *, since: datetime, sunset: datetime | None = None, link: str, replacement: str
) -> Callable[[Method], Method]:
    """The operation still works, and its answers and the document say since when and until when, and what to use.

    ``replacement`` stands in a sentence: "Use `GET /api/v1/search` instead". ``link`` is an address, or a path of this
    service, that explains more.
    """
    return _declares(deprecation=Deprecation(since, sunset, link, replacement))


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


@dataclass(frozen=True)
class Call:
    """A request that has been read: what is asked for, by whom, and with what."""

    contract: Contract
    method: Callable[..., Any]
    actor: Actor | None
    arguments: Mapping[str, Any]
    dry_run: bool = False
    idempotency_key: str | None = None
    document: Any = None
    """The body as it came."""


class Endpoint(Resource):  # type: ignore[misc]
    """A resource whose methods run by their contracts."""

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        for name in METHODS:
            if hasattr(cls, name.lower()):
                contract_of(getattr(cls, name.lower())).method = name

    def dispatch_request(self, *_: Any, **path: Any) -> Response:
        """Run one request by the contract of its method."""
        if request.method == "OPTIONS":
            return self.options()
        with remembered():
            call = read_call(self, path)
            return _write(call) if call.contract.writes else _read(call)

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


def read_call(endpoint: Endpoint, path: Mapping[str, str], known: Actor | None = None) -> Call:
    """Read the request, in the order in which it is judged; ``known`` is the caller where that is settled already."""
    method = getattr(endpoint, "get" if request.method == "HEAD" else request.method.lower())
    contract = contract_of(method)
    if not all(value.isascii() and value.isprintable() for value in path.values()):
        raise NotFound  # No id and no slug looks like that, and not every database can be asked for it.
    check_accept(*contract.media_types)
    actor = g.actor = None if contract.is_public else _actor(contract, known)
    arguments: dict[str, Any] = dict(path)
    parameters = _load_query(contract.parameters)
    dry_run = contract.writes and parameters.pop(DRY_RUN)
    if contract.query is not None:
        arguments["query"] = parameters
    idempotency_key = idempotency.given_key() if contract.may_be_repeated else None
    document = None
    if contract.body is not None:
        document = read_body(
            contract.body_type,
            required=contract.body_required,
            most_bytes=contract.body_bytes,
            also=contract.body_forms,
        )
        arguments["body"] = _load_body(contract, document)
    if contract.prepare is not None and actor is not None:
        arguments["body"] = contract.prepare(arguments["body"], actor)
    return Call(contract, method, actor, arguments, dry_run, idempotency_key, document)


def _actor(contract: Contract, known: Actor | None) -> Actor:
    wanted = contract.scope or ""
    if known is None:
        is_dry = contract.writes and request.args.get(DRY_RUN) == "true"
        return auth.actor_with(wanted, request_id(), takes_token=contract.takes_token, is_noted=not is_dry)
    auth.check_scope(known.scopes, wanted)
    return known


def _read(call: Call) -> Response:
    """Answer from one snapshot."""
    with _snapshot(call) as unit:
        answer: Answer | Response = call.method(**unit, **call.arguments)
        return answer if isinstance(answer, Response) else json_response(answer)


@contextmanager
def _snapshot(call: Call) -> Iterator[dict[str, Any]]:
    """What a method that reads works in."""
    known = services()
    if not call.contract.reads_database:
        yield {}
        return
    with known.database.snapshot() as connection:
        if call.actor is None:
            moment = read_moment(connection, known.settings.public_url)
            yield {"reading": Reading(connection, moment, moment.perspective)}
        else:
            yield {"connection": connection}


def _write(call: Call) -> Response:
    """Do what is asked for in one transaction, or give the answer of the time that it was done."""
    if call.idempotency_key is None or call.dry_run:
        return _in_one_transaction(call, None)
    assert call.actor is not None, "whoever writes has a key"
    assert call.actor.key_id is not None, "whoever writes has a key"
    repetition = idempotency.repeatable(call.actor.key_id, call.idempotency_key, call.document)
    with idempotency.alone(repetition):
        return _in_one_transaction(call, repetition)


def _in_one_transaction(call: Call, repetition: Repeatable | None) -> Response:
    known = services()
    assert call.actor is not None, "whoever writes has a key"
    try:
        with change(known.database, known.types, call.actor, known.settings.public_url, dry_run=call.dry_run) as unit:
            if repetition and (replayed := idempotency.replay(unit.session, repetition, unit.at)):
                return replayed
            answer = perform(call, unit)
            # Encoded before the commit: what cannot be answered is not done.
            response = json_response(answer)
            if repetition:
                kept = json_response(_without_secrets(call.contract, answer))
                idempotency.keep(unit.session, repetition, unit.at, kept, but=unit.erased)
    except idempotency.LASTING as error:
        if repetition:
            _keep_apart(repetition, problem_response(error), unit.number)
        raise
    if repetition and not unit.recorded:
        _keep_apart(repetition, kept, unit.number)
    return response


def perform(call: Call, unit: Change) -> Answer:
    """Do what is asked for in a unit of writing; the answer of a dry run tells what of the present would change."""
    answer: Answer = call.method(change=unit, **call.arguments)
    if not unit.dry_run or answer.before is None:
        return answer
    try:
        with services().database.snapshot() as connection:
            before = answer.before(connection)
    except NotFound:
        return answer  # It was made a moment ago, in the same batch.
    changes = json_patch(_plain(before), _plain(answer.document["data"]))
    return replace(answer, document={**answer.document, "changes": changes})


def _plain(document: Any) -> Any:
    """A document as a client reads it."""
    return orjson.loads(encode(document))


def _without_secrets(contract: Contract, answer: Answer) -> Answer:
    if not contract.secrets:
        return answer
    data = answer.document["data"] | dict.fromkeys(contract.secrets)
    return replace(answer, document={**answer.document, "data": data})


def _keep_apart(repetition: Repeatable, response: Response, number: int) -> None:
    """Keep the answer of what changed nothing, and so has no transaction of its own.

    It may tell of what another has erased since the number was had; then nothing is kept of it.
    """
    with services().database.transaction() as session:
        at = hold_still(session)
        if not has_purged(session, number):
            idempotency.keep(session, repetition, at, response)


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
    near = _near(name, names)
    hint = f" Did you mean '{near}'?" if near else ""
    return Fault(
        "unknown_parameter", f"There is no such parameter here.{hint}", parameter=name[:100], did_you_mean=near
    )


def _load_body(contract: Contract, document: Any) -> Any:
    assert contract.body is not None
    schema = _instance(contract.body)
    texts = {name: known for name, known in schema.load_fields.items() if isinstance(known, RichText)}
    if contract.body_type == MERGE_PATCH:
        _render_patch_ahead(texts, document)
        return document
    loaded = load(schema, document)
    for name in texts:
        _render_ahead(loaded.get(name))
    return loaded


def _render_ahead(text: dict[str, Any] | None) -> None:
    """Render a rich text before the transaction begins, so that no other writer waits; the engine finds it done."""
    if text is not None:
        render(text["format"], text["source"])


def _render_patch_ahead(texts: Mapping[str, RichText], patch: Any) -> None:
    """The same for what a patch says of rich texts, which is judged only when it is put together."""
    for name, known in texts.items():
        if isinstance(patch, dict) and patch.get(name) is not None:
            with suppress(ValidationError):  # Said with everything else.
                _render_ahead(known.deserialize(_likely(patch[name])))


def _likely(patch: Any) -> Any:
    """A patch of a rich text as it will be read, if its format stays and is the usual one."""
    if not isinstance(patch, dict) or "format" in patch:
        return patch
    return {"format": BLOCKS if isinstance(patch.get("source"), list) else "markdown", **patch}


def load(schema: Schema, document: Any) -> dict[str, Any]:
    """Validate a document; raises ``Invalid`` with every fault and its JSON Pointer."""
    try:
        loaded: dict[str, Any] = schema.load(document)
    except ValidationError as error:
        raise Invalid(*(_body_fault(schema, *each) for each in faults_of(error))) from None
    return loaded


def _body_fault(schema: Schema, path: tuple[str, ...], code: str, detail: str) -> Fault:
    """A fault of a body; a misspelt field of its first level is told the nearest that there is."""
    if code != "unknown_field" or len(path) != 1 or (near := _near(path[0], schema.load_fields)) is None:
        return Fault(code, detail, pointer(path))
    return Fault(code, f"{detail} Did you mean '{near}'?", pointer(path), did_you_mean=near)


def _near(name: str, names: Iterable[str]) -> str | None:
    return next(iter(difflib.get_close_matches(name[:60], names, n=1)), None)


def pointer(path: tuple[str, ...]) -> str:
    """A JSON Pointer as a URI fragment (RFC 6901, 6); of a name that is too long for any field, its beginning."""
    names = (each[:POINTED_AT_MOST].replace("~", "~0").replace("/", "~1") for each in path)
    return "#" + "".join("/" + quote(each, safe=FRAGMENT) for each in names)


def merge_patch(target: Any, patch: Any, schema: Schema | None = None) -> Any:
    """Apply a JSON Merge Patch (RFC 7396).

    A null for what the ``schema`` of the result does not have stays there: loading finds a name that is misspelt.
    """
    if not isinstance(patch, dict):
        return patch
    merged = dict(target) if isinstance(target, dict) else {}
    for name, value in patch.items():
        if value is None and (schema is None or name in schema.load_fields):
            merged.pop(name, None)
        else:
            known = schema.load_fields.get(name) if schema else None
            below = known.schema if isinstance(known, Group) else None
            merged[name] = merge_patch(merged.get(name), value, below)
    return merged
