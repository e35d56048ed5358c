"""Adds the headers of a deprecation to every answer of a deprecated operation."""

from flask import Response, current_app, request

from cms.api.http.contract import METHODS, Contract, contract_of
from cms.api.http.deprecation import LINK


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


def _contract_of_request() -> Contract | None:
    """The contract of the requested operation, or ``None`` if no operation has this method and address."""
    method = "GET" if request.method == "HEAD" else request.method
    if request.url_rule is None or method not in METHODS:
        return None
    endpoint = getattr(current_app.view_functions[request.url_rule.endpoint], "view_class", None)
    function = getattr(endpoint, method.lower(), None)
    return None if function is None else contract_of(function)
