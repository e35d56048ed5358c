"""The contract of an operation, declared once on its method: what it takes, answers, refuses and requires.

``endpoint`` enforces the declarations and ``openapi`` writes them into the OpenAPI document: what is not declared does
not exist. Every write takes ``dry_run``, and every POST ``Idempotency-Key``, without declaring it.

A class of endpoints that serves many subjects, such as content types, declares a function where a declaration depends
on the subject: ``@query(list_query)``, with ``list_query(resource)`` returning a schema class. ``Contract.resolved``
calls these functions. A contract never changes: a decorator puts a new one in its place.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property
from typing import Any, TypeVar, cast

from cms.api.http.body import BODY_BYTES, OtherForm
from cms.api.http.deprecation import Deprecation
from cms.api.http.fields import Flag, JSONSchema, Schema

JSON = "application/json"
MERGE_PATCH = "application/merge-patch+json"
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
SAFE = ("GET", "HEAD")
DRY_RUN = "dry_run"
ANY = "any"
"""In place of a scope: every good key will do."""

Value = TypeVar("Value")
OfSubject = Callable[[Any], Value]
"""A declaration that depends on the subject: it is called with the subject and returns what is declared."""


def resolve(declared: Any, subject: Any) -> Any:
    """A declaration as it is for a subject: a function is called with it, and everything else stays as it is."""
    is_function = callable(declared) and not isinstance(declared, type)
    return declared(subject) if is_function else declared


@dataclass(frozen=True)
class Form:
    """What an answer holds when it comes as another media type."""

    description: str
    example: Any
    schema: JSONSchema = field(default_factory=lambda: {"type": "string"})


@dataclass(frozen=True)
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
    when: OfSubject[bool] | None = None
    """For which subjects the answer is possible; for all of them where it is not said."""

    def resolved(self, subject: Any) -> "Declared":
        """The answer for one subject."""
        return replace(self, schema=resolve(self.schema, subject), also=resolve(self.also, subject), when=None)


@dataclass(frozen=True)
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
    prepare: Callable[[Any, Any], Any] | None = None
    secrets: tuple[str, ...] = ()
    """Members of the answer's ``data`` that are shown once and stored nowhere."""
    answers: Mapping[int, Declared] = field(default_factory=dict)
    problems: frozenset[str] = frozenset()
    scope: str | None = None
    is_public: bool = False
    conditional: bool = False
    heeds_if_match: bool = False
    creates: bool = False
    resumes: bool = False
    reads_database: bool = True
    takes_token: bool = False
    deprecation: Deprecation | None = None

    def resolved(self, subject: Any) -> "Contract":
        """The contract for one subject: each declaration that is a function is called with it."""
        declared = (resolve(each, subject) for each in self.problems)
        return replace(
            self,
            query=resolve(self.query, subject),
            body=resolve(self.body, subject),
            body_forms=resolve(self.body_forms, subject),
            body_example=resolve(self.body_example, subject),
            problems=frozenset(code for codes in declared for code in ((codes,) if isinstance(codes, str) else codes)),
            answers={
                status: each.resolved(subject)
                for status, each in self.answers.items()
                if each.when is None or each.when(subject)
            },
        )

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
    """The contract kept on a function; an empty one where nothing is declared."""
    declared: Contract = getattr(method, "contract", Contract())
    return declared


Method = TypeVar("Method", bound=Callable[..., Any])


def keep_contract(method: Method, contract: Contract) -> Method:
    """Keep a contract on a function, in place of the one that it had."""
    method.contract = contract  # type: ignore[attr-defined]
    return method


def _declares(**fields: Any) -> Callable[[Method], Method]:
    return lambda method: keep_contract(method, replace(contract_of(method), **fields))


def operation(name: str) -> Callable[[Method], Method]:
    """The operation's id in the document; its summary is the docstring's first sentence."""
    return _declares(operation_id=name)


def query(schema: type[Schema] | OfSubject[type[Schema]]) -> Callable[[Method], Method]:
    """The query parameters; the method gets them as ``query``."""
    return _declares(query=schema)


def body(
    schema: type[Schema] | OfSubject[type[Schema]],
    *,
    media_type: str = JSON,
    required: bool = True,
    example: Any = None,
    most_bytes: int = BODY_BYTES,
    also: Mapping[str, OtherForm] | OfSubject[Mapping[str, OtherForm]] | None = None,
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
    schema: type[Schema] | OfSubject[type[Schema]] | None = None,
    *,
    description: str = "",
    media_type: str | None = None,
    example: Any = None,
    also: Mapping[str, Form] | OfSubject[Mapping[str, Form]] | None = None,
    when: OfSubject[bool] | None = None,
    **headers: str,
) -> Callable[[Method], Method]:
    """A possible answer: JSON of a schema, or text of another media type. Header names are written with underscores.

    ``when`` says for which subjects the answer is possible, where it is not possible for all.
    """
    names = {name.replace("_", "-"): text for name, text in headers.items()}
    declared = Declared(
        schema=cast("type[Schema] | None", schema),
        headers=names,
        description=description,
        media_type=media_type,
        example=example,
        also=cast("Mapping[str, Form]", also or {}),
        when=when,
    )

    def decorate(method: Method) -> Method:
        contract = contract_of(method)
        return keep_contract(method, replace(contract, answers={**contract.answers, status: declared}))

    return decorate


def problems(*codes: str | OfSubject[Iterable[str]]) -> Callable[[Method], Method]:
    """The problems beyond those that follow from the other declarations."""
    added = cast("tuple[str, ...]", codes)

    def decorate(method: Method) -> Method:
        contract = contract_of(method)
        return keep_contract(method, replace(contract, problems=contract.problems.union(added)))

    return decorate


def scope(name: str) -> Callable[[Method], Method]:
    """The scope that a key needs here."""
    return _declares(scope=name)


def ahead(prepare: Callable[[Any, Any], Any]) -> Callable[[Method], Method]:
    """What to make of the body before the transaction begins, so that no other writer waits for it."""
    return _declares(prepare=prepare)


def shows_once(*names: str) -> Callable[[Method], Method]:
    """These members of ``data`` are secrets: null in an answer that is given again, since nothing keeps them."""
    return _declares(secrets=names)


def opened_by_token(method: Method) -> Method:
    """A preview token will do in place of a key; the method sees to it that it shows that one entry only."""
    return keep_contract(method, replace(contract_of(method), takes_token=True))


def public(method: Method) -> Method:
    """Anyone may call this, and credentials change nothing."""
    return keep_contract(method, replace(contract_of(method), is_public=True))


def needs_no_database(method: Method) -> Method:
    """The method is called without a snapshot, and answers when there is no database."""
    return keep_contract(method, replace(contract_of(method), reads_database=False))


def conditional(method: Method) -> Method:
    """The change needs ``If-Match`` (RFC 9110, 13.1.1)."""
    refused = problems("precondition-required", "precondition-failed")(method)
    return keep_contract(refused, replace(contract_of(refused), conditional=True))


def optionally_conditional(method: Method) -> Method:
    """The change heeds ``If-Match`` where it is sent."""
    refused = problems("precondition-failed")(method)
    return keep_contract(refused, replace(contract_of(refused), heeds_if_match=True))


def deprecated(
    *, since: datetime, sunset: datetime | None = None, link: str, replacement: str
) -> Callable[[Method], Method]:
    """The operation still works, and its answers and the document say since when and until when, and what to use.

    ``replacement`` stands in a sentence: "Use `GET /search` instead". ``link`` is an address, or a path of this
    service, that explains more.
    """
    return _declares(deprecation=Deprecation(since, sunset, link, replacement))


def creates(method: Method) -> Method:
    """``If-None-Match: *`` creates under an id of the client's own."""
    return keep_contract(method, replace(contract_of(method), creates=True))


def resumes(method: Method) -> Method:
    """``Last-Event-ID`` says where to go on (HTML standard, server-sent events)."""
    return keep_contract(method, replace(contract_of(method), resumes=True))
