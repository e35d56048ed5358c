"""The header ``Idempotency-Key`` (draft-ietf-httpapi-idempotency-key-header)."""

import re

from flask import request

from cms.api.http.problems import MalformedRequest
from cms.errors import Fault

HEADER = "Idempotency-Key"
REPLAYED = "Idempotency-Replayed"
PATTERN = '^([A-Za-z0-9_-]{1,64}|"[A-Za-z0-9_-]{1,64}")$'
"""A String of structured fields (RFC 9651), or the same without its quotes."""


def given_key() -> str | None:
    """The key of this request; raises ``MalformedRequest`` for one that has another form."""
    given = request.headers.get(HEADER)
    if given is None:
        return None
    if not re.fullmatch(PATTERN, given.strip()):
        detail = "The key is 1 to 64 letters, digits, hyphens and underscores, in quotes or without."
        raise MalformedRequest("A header cannot be read.", Fault("invalid_format", detail, header=HEADER))
    return given.strip().strip('"')
