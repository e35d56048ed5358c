"""Content negotiation by ``Accept`` (RFC 9110, 12.5.1): every resource here is JSON."""

from typing import Any

from flask import request

from cms.api.problems import NotAcceptable


def check_accept(contract: Any) -> None:
    """Raises ``NotAcceptable`` where the client rules JSON out; a header that cannot be read counts as absent."""
    given = request.headers.get("Accept", "")
    if not given or not request.accept_mimetypes:
        return
    if request.accept_mimetypes["application/json"] <= 0:
        raise NotAcceptable("This resource is application/json.")
