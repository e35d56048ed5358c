"""Content negotiation by ``Accept`` (RFC 9110, 12.5.1): every resource here is JSON."""

import re

from flask import request

from cms.api.problems import NotAcceptable

RANGE = re.compile(r"[\w!#$&^.+*-]+/[\w!#$&^.+*-]+")


def check_accept() -> None:
    """Raises ``NotAcceptable`` where the client rules JSON out; a header that cannot be read counts as absent.

    Parameters of a range are passed over: JSON has none.
    """
    ranges = [(kind.partition(";")[0].strip().lower(), quality) for kind, quality in request.accept_mimetypes]
    readable = [(kind, quality) for kind, quality in ranges if RANGE.fullmatch(kind)]
    for wanted in ("application/json", "application/*", "*/*"):
        qualities = [quality for kind, quality in readable if kind == wanted]
        if qualities:
            acceptable = max(qualities) > 0
            break
    else:
        acceptable = not readable
    if not acceptable:
        raise NotAcceptable("This resource is application/json.")
