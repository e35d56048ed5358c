"""Requests for what is deprecated: every answer to them says so, and it is counted which key makes them."""

from flask import Response, current_app, g, request
from sqlalchemy.exc import SQLAlchemyError

from cms import clock
from cms.api.http.contract import DRY_RUN, METHODS, Contract, contract_of
from cms.api.http.deprecation import LINK
from cms.api.services import services
from cms.errors import Unavailable
from cms.keys import Actor, note_deprecated_use


def finish(response: Response) -> None:
    """Say in the answer that the operation is deprecated, and count the call if it was made with a key."""
    contract = _contract_of_request()
    if contract is None:
        return
    if contract.deprecation is not None:
        for name, value in contract.deprecation.headers.items():
            if name == LINK:
                response.headers.add(name, value)  # Beside the links to other pages.
            else:
                response.headers[name] = value
    called = [each for each in (contract, *g.get("called_in_batch", ())) if each.deprecation is not None]
    if called and not (contract.writes and request.args.get(DRY_RUN) == "true"):
        _count([each.operation_id for each in called])


def _contract_of_request() -> Contract | None:
    """The contract of the operation that is asked for; ``None`` where there is no operation."""
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
