"""The header ``Idempotency-Key`` (draft-ietf-httpapi-idempotency-key-header)."""

import re

from flask import request

from cms.api.http.problems import MalformedRequest
from cms.errors import Fault

HEADER = "Idempotency-Key"
REPLAYED = "Idempotency-Replayed"
PATTERN = '^([A-Za-z0-9_-]{1,64}|"[A-Za-z0-9_-]{1,64}")$'
"""A String of structured fields (RFC 9651), with or without its quotes."""


def given_key() -> str | None:
    """The key of this request, or ``None`` without the header. Raises ``MalformedRequest`` for an invalid key."""
    given = request.headers.get(HEADER)
    if given is None:
        return None
    if not re.fullmatch(PATTERN, given.strip()):
        detail = "The key must be 1 to 64 letters, digits, hyphens and underscores, with or without quotes."
        raise MalformedRequest(f"The header {HEADER} is invalid.", Fault("invalid_format", detail, header=HEADER))
    return given.strip().strip('"')
