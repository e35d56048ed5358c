"""The contract of an operation, declared once on its method: its parameters, body, answers, problems and scope.

``endpoint`` enforces the declarations and ``openapi`` writes them into the OpenAPI document: a parameter or an answer
that is not declared does not exist. Every write takes ``dry_run`` and every POST takes ``Idempotency-Key`` without a
declaration.

A class of endpoints that serves many subjects, such as content types, declares a function where a declaration depends
on the subject: ``@query(list_query)``, where ``list_query(resource)`` returns a schema class. ``Contract.resolved``
calls these functions. A contract is immutable: a decorator replaces it by a new one.
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
"""Declared in place of a scope where every valid key may call."""

Value = TypeVar("Value")
OfSubject = Callable[[Any], Value]
"""A declaration that depends on the subject: a function that is called with it and returns the declared value."""


def resolve(declared: Any, subject: Any) -> Any:
    """The declared value for a subject. A function is called with the subject; anything else is returned unchanged."""
    is_function = callable(declared) and not isinstance(declared, type)
    return declared(subject) if is_function else declared


@dataclass(frozen=True)
class Form:
    """The content of an answer in another media type."""

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
    """The media type; if it is ``None`` and there is a schema, JSON."""
    example: Any = None
    """An example of an answer without a schema. Schemas make their own examples."""
    also: Mapping[str, Form] = field(default_factory=dict)
    """The same answer in other media types, or with other content in the same one."""
    when: OfSubject[bool] | None = None
    """Decides for which subjects the answer is possible; ``None`` means for all."""

    def resolved(self, subject: Any) -> "Declared":
        """The answer for one subject."""
        return replace(self, schema=resolve(self.schema, subject), also=resolve(self.also, subject), when=None)


@dataclass(frozen=True)
class Contract:
    """Everything that is declared for one method."""

    operation_id: str = ""
    method: str = ""
    """The HTTP method, which ``Endpoint`` sets."""
    query: type[Schema] | None = None
    body: type[Schema] | None = None
    body_type: str = JSON
    body_forms: Mapping[str, OtherForm] = field(default_factory=dict)
    """The other media types in which the same document may be sent."""
    body_required: bool = True
    body_bytes: int = BODY_BYTES
    body_example: Any = None
    prepare: Callable[[Any, Any], Any] | None = None
    secrets: tuple[str, ...] = ()
    """The members of the answer's ``data`` that are shown once and never stored."""
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
        """The contract for one subject: each declaration that is a function is called with the subject."""
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
        """True if the operation may change something."""
        return self.method not in SAFE

    @property
    def may_be_repeated(self) -> bool:
        """True if ``Idempotency-Key`` is accepted; the other methods are idempotent by themselves (RFC 9110, 9.2.2)."""
        return self.method == "POST"

    @cached_property
    def parameters(self) -> type[Schema] | None:
        """Every query parameter: the declared ones, and for a write also ``dry_run``."""
        if not self.writes:
            return self.query
        dry_run = Flag(load_default=False, description="Only show what would happen; save nothing.", example=False)
        return type("WriteQuery", (self.query or Schema,), {DRY_RUN: dry_run, "is_query": True})

    @property
    def media_types(self) -> list[str]:
        """The media types of successful answers."""
        successes = [each for status, each in self.answers.items() if status < 300]
        return list(dict.fromkeys(name for each in successes for name in (each.media_type or JSON, *each.also)))


def contract_of(method: Callable[..., Any]) -> Contract:
    """The contract of a function; an empty one if nothing is declared."""
    declared: Contract = getattr(method, "contract", Contract())
    return declared


Method = TypeVar("Method", bound=Callable[..., Any])


def keep_contract(method: Method, contract: Contract) -> Method:
    """Set the contract of a function, in place of its present one."""
    method.contract = contract  # type: ignore[attr-defined]
    return method


def _declares(**fields: Any) -> Callable[[Method], Method]:
    return lambda method: keep_contract(method, replace(contract_of(method), **fields))


def operation(name: str) -> Callable[[Method], Method]:
    """Declare the operation's id in the document. Its summary is the docstring's first line."""
    return _declares(operation_id=name)


def query(schema: type[Schema] | OfSubject[type[Schema]]) -> Callable[[Method], Method]:
    """Declare the query parameters, which the method gets as ``query``."""
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
    """Declare the body, which the method gets as ``body``: validated, or as it was sent if it is a merge patch."""
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
    """Declare a possible answer: JSON of a schema, or text of another media type.

    ``headers`` has the description of each header by its name, with underscores for hyphens. ``when`` decides for which
    subjects the answer is possible.
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
    """Declare the codes of possible problems, beyond those that follow from the other declarations."""
    added = cast("tuple[str, ...]", codes)

    def decorate(method: Method) -> Method:
        contract = contract_of(method)
        return keep_contract(method, replace(contract, problems=contract.problems.union(added)))

    return decorate


def scope(name: str) -> Callable[[Method], Method]:
    """Declare the scope that a key needs."""
    return _declares(scope=name)


def ahead(prepare: Callable[[Any, Any], Any]) -> Callable[[Method], Method]:
    """Declare a function that prepares the body before the transaction begins, so that no other writer waits for it."""
    return _declares(prepare=prepare)


def shows_once(*names: str) -> Callable[[Method], Method]:
    """Declare members of ``data`` as secrets, which are not stored: in a replayed answer they are null."""
    return _declares(secrets=names)


def opened_by_token(method: Method) -> Method:
    """Allow a preview token in place of a key. The method itself must show nothing but the token's entry."""
    return keep_contract(method, replace(contract_of(method), takes_token=True))


def public(method: Method) -> Method:
    """Allow everyone to call the method. Credentials make no difference."""
    return keep_contract(method, replace(contract_of(method), is_public=True))


def needs_no_database(method: Method) -> Method:
    """Call the method without a snapshot, so that it answers even if the database is not available."""
    return keep_contract(method, replace(contract_of(method), reads_database=False))


def conditional(method: Method) -> Method:
    """Require ``If-Match`` (RFC 9110, 13.1.1)."""
    declared = problems("precondition-required", "precondition-failed")(method)
    return keep_contract(declared, replace(contract_of(declared), conditional=True))


def optionally_conditional(method: Method) -> Method:
    """Check ``If-Match`` if it is sent."""
    declared = problems("precondition-failed")(method)
    return keep_contract(declared, replace(contract_of(declared), heeds_if_match=True))


def deprecated(
    *, since: datetime, sunset: datetime | None = None, link: str, replacement: str
) -> Callable[[Method], Method]:
    """Mark the operation as deprecated, in its answers and in the document. It still works.

    ``replacement`` becomes part of a sentence: "`GET /search`" of "Use `GET /search` instead". ``link`` is the URL of a
    page that explains more, or its path on this service.
    """
    return _declares(deprecation=Deprecation(since, sunset, link, replacement))


def creates(method: Method) -> Method:
    """Accept ``If-None-Match: *``, with which a client creates a resource under an id of its own."""
    return keep_contract(method, replace(contract_of(method), creates=True))


def resumes(method: Method) -> Method:
    """Accept ``Last-Event-ID``, after which the answer continues (HTML standard, server-sent events)."""
    return keep_contract(method, replace(contract_of(method), resumes=True))
