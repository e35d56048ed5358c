"""Requests for what is deprecated: the answers say so, and the calls of each key are counted."""

from flask import Response, current_app, g, request
from sqlalchemy.exc import SQLAlchemyError

from cms import clock
from cms.api.http.contract import DRY_RUN, METHODS, Contract, contract_of
from cms.api.http.deprecation import LINK
from cms.api.services import services
from cms.errors import Unavailable
from cms.keys import Actor, note_deprecated_use


def add_deprecation_headers(response: Response) -> None:
    """Add the headers of a deprecation to any answer, of any status, if the operation is deprecated."""
    contract = _contract_of_request()
    if contract is None or contract.deprecation is None:
        return
    for name, value in contract.deprecation.headers.items():
        if name == LINK:
            response.headers.add(name, value)  # The answer may have links to other pages already.
        else:
            response.headers[name] = value


def count_deprecated_calls() -> None:
    """Count the calls of deprecated operations in this request, which may be a batch, for the key that made it.

    A dry run is not counted.
    """
    contract = _contract_of_request()
    if contract is None:
        return
    called = [each for each in (contract, *g.get("called_in_batch", ())) if each.deprecation is not None]
    if called and not (contract.writes and request.args.get(DRY_RUN) == "true"):
        _count([each.operation_id for each in called])


def _contract_of_request() -> Contract | None:
    """The contract of the requested operation, or ``None`` if no operation has this method and address."""
    method = "GET" if request.method == "HEAD" else request.method
    if request.url_rule is None or method not in METHODS:
        return None
    endpoint = getattr(current_app.view_functions[request.url_rule.endpoint], "view_class", None)
    function = getattr(endpoint, method.lower(), None)
    return None if function is None else contract_of(function)


def _count(operations: list[str]) -> None:
    """Count a call of each operation; a request never fails because of it, nor waits for other writers."""
    actor: Actor | None = g.get("actor")
    if actor is None or actor.key_id is None:
        return
    try:
        with services().database.transaction(brief=True) as session:
            for operation in sorted(operations):  # In one order, so that no two requests wait for each other.
                note_deprecated_use(session, actor.key_id, operation, clock.now())
    except Unavailable:
        pass  # Another call will be counted.
    except SQLAlchemyError as error:
        current_app.logger.warning("a call of %s was not counted: %s", ", ".join(operations), error)
