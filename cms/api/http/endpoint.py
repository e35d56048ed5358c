"""A flask-restx resource that runs its methods by their contracts, and the reading of a request.

A request is read in this order: media type of the answer, key and scope, query, body. The application registers a
``Runner``, which runs the method, for example in a transaction.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Protocol

from flask import Response, current_app, g, request
from flask_restx import Resource

from cms.api.http.body import read_body
from cms.api.http.contract import DRY_RUN, MERGE_PATCH, METHODS, Contract, contract_of, keep_contract
from cms.api.http.fields import Field
from cms.api.http.idempotency import given_key
from cms.api.http.loading import instance_of, load
from cms.api.http.negotiation import check_accept
from cms.api.http.parameters import load_query
from cms.errors import NotFound


class Runner(Protocol):
    """Runs operations: identifies the caller, and opens the snapshot or the transaction that a method works in."""

    def run(self, endpoint: "Endpoint", path: Mapping[str, str]) -> Response:
        """Answer one request to this resource."""


RUNNER = "runner"
"""The name of the runner among the application's Flask extensions."""


def _runner() -> Runner:
    known: Runner = current_app.extensions[RUNNER]
    return known


@dataclass(frozen=True)
class Call:
    """A request that has been read: its operation, its caller and its arguments."""

    contract: Contract
    method: Callable[..., Any]
    actor: Any
    """The caller, as the runner identifies it; ``None`` if everyone may call."""
    arguments: Mapping[str, Any]
    dry_run: bool = False
    idempotency_key: str | None = None
    document: Any = None
    """The parsed body, before validation."""


class Endpoint(Resource):  # type: ignore[misc]
    """A resource whose methods run by their contracts."""

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        for name in METHODS:
            method = getattr(cls, name.lower(), None)
            if method is not None and contract_of(method).method != name:
                keep_contract(method, replace(contract_of(method), method=name))

    def dispatch_request(self, *_: Any, **path: Any) -> Response:
        """Run one request by the contract of its method."""
        return self.options() if request.method == "OPTIONS" else _runner().run(self, path)

    def options(self) -> Response:
        """Answer with the allowed methods (RFC 9110, 9.3.7). A CORS preflight is answered by this too."""
        response = Response(status=204)
        response.headers.pop("Content-Type", None)
        allowed = [name for name in METHODS if hasattr(self, name.lower())]
        response.headers["Allow"] = ", ".join(
            [*allowed, "HEAD", "OPTIONS"] if "GET" in allowed else [*allowed, "OPTIONS"]
        )
        if hasattr(self, "patch"):
            response.headers["Accept-Patch"] = MERGE_PATCH
        return response


def read_call(endpoint: Endpoint, path: Mapping[str, str], identify: Callable[[Contract], Any]) -> Call:
    """Read the request and check it. ``identify`` returns the caller, or raises if the caller may not do this."""
    method = getattr(endpoint, "get" if request.method == "HEAD" else request.method.lower())
    contract = contract_of(method)
    if not all(value.isascii() and value.isprintable() for value in path.values()):
        raise NotFound  # No id and no slug has such characters, and some databases refuse them in a query.
    check_accept(*contract.media_types)
    actor = g.actor = None if contract.is_public else identify(contract)
    arguments: dict[str, Any] = dict(path)
    parameters = load_query(contract.parameters)
    dry_run = contract.writes and parameters.pop(DRY_RUN)
    if contract.query is not None:
        arguments["query"] = parameters
    idempotency_key = given_key() if contract.may_be_repeated else None
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


def _load_body(contract: Contract, document: Any) -> Any:
    """The loaded body, or the merge patch as it was sent, with its costly fields prepared."""
    assert contract.body is not None
    schema = instance_of(contract.body)
    if contract.body_type == MERGE_PATCH:
        for name, field in schema.load_fields.items():
            if isinstance(field, Field) and isinstance(document, dict) and document.get(name) is not None:
                field.prepare_patch(document[name])
        return document
    loaded = load(schema, document)
    for name, field in schema.load_fields.items():
        if isinstance(field, Field) and loaded.get(name) is not None:
            field.prepare(loaded[name])
    return loaded
