"""Requests for what is deprecated: every answer to them says so."""

from flask import Response, current_app, request

from cms.api.http.contract import METHODS, Contract, contract_of
from cms.api.http.deprecation import LINK


def announce(response: Response) -> None:
    """Add the headers of a deprecation to an answer, whatever it is, of an operation that is deprecated."""
    contract = _contract_of_request()
    if contract is None or contract.deprecation is None:
        return
    for name, value in contract.deprecation.headers.items():
        if name == LINK:
            response.headers.add(name, value)  # Beside the links to other pages.
        else:
            response.headers[name] = value


def _contract_of_request() -> Contract | None:
    """The contract of the operation that is asked for; ``None`` where there is no operation."""
    method = "GET" if request.method == "HEAD" else request.method
    if request.url_rule is None or method not in METHODS:
        return None
    endpoint = getattr(current_app.view_functions[request.url_rule.endpoint], "view_class", None)
    function = getattr(endpoint, method.lower(), None)
    return None if function is None else contract_of(function)
