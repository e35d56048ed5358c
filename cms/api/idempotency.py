"""``Idempotency-Key`` (draft-ietf-httpapi-idempotency-key-header): a POST that is sent again is not done again.

An answer is kept in the transaction of its effect, for 24 hours and for the API key that asked. What is refused
before anything is done (400, 401, 403, 413, 415, 422, 428) leaves the key free, so that a mended request may use it;
a dry run never takes one. A repetition that reaches the same process while the first still runs is told to wait; at
another process it waits for its turn to write, and then gets the answer.
"""

import hashlib
import json
import re
import threading
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from typing import Any

from flask import Response, request
from sqlalchemy.orm import Session

from cms.api.problems import IdempotencyInProgress, IdempotencyKeyReused, MalformedRequest
from cms.errors import Conflict, Fault, NotFound, PreconditionFailed
from cms.keys import NO_REQUEST, Repeatable, find_answer, keep_answer

HEADER = "Idempotency-Key"
REPLAYED = "Idempotency-Replayed"
PATTERN = '^([A-Za-z0-9_-]{1,64}|"[A-Za-z0-9_-]{1,64}")$'
"""A String of structured fields (RFC 9651), or the same without its quotes."""
LASTING = (Conflict, NotFound, PreconditionFailed)
"""What is refused because of what is there, and is answered again as it was."""

_running: set[tuple[str, str]] = set()
_guard = threading.Lock()


def given_key() -> str | None:
    """The key of this request; raises ``MalformedRequest`` for one that has another form."""
    given = request.headers.get(HEADER)
    if given is None:
        return None
    if not re.fullmatch(PATTERN, given.strip()):
        detail = "The key is 1 to 64 letters, digits, hyphens and underscores, in quotes or without."
        raise MalformedRequest("A header cannot be read.", Fault("invalid_format", detail, header=HEADER))
    return given.strip().strip('"')


def repeatable(api_key_id: str, key: str, document: Any) -> Repeatable:
    """This request under its key, with a digest that does not depend on the order of parameters and members."""
    asked = [request.method, request.path, sorted(request.args.items(multi=True)), document]
    fingerprint = hashlib.sha256(json.dumps(asked, sort_keys=True, default=str).encode()).hexdigest()
    return Repeatable(api_key_id, key, fingerprint)


@contextmanager
def alone(repetition: Repeatable) -> Iterator[None]:
    """A block that no two requests of one key are in at once; raises ``IdempotencyInProgress``."""
    name = (repetition.api_key_id, repetition.key)
    with _guard:
        if name in _running:
            raise IdempotencyInProgress("The first request with this Idempotency-Key is still running.")
        _running.add(name)
    try:
        yield
    finally:
        with _guard:
            _running.discard(name)


def replay(session: Session, repetition: Repeatable, now: datetime) -> Response | None:
    """What this request was answered with before, if it was; raises ``IdempotencyKeyReused``."""
    kept = find_answer(session, repetition, now)
    if kept is None:
        return None
    if kept.fingerprint != repetition.fingerprint:
        raise IdempotencyKeyReused(
            "This Idempotency-Key was sent with another request in the last 24 hours, or its answer has been erased."
        )
    response = Response(kept.content, kept.status)
    response.headers.pop("Content-Type", None)
    response.headers.update(kept.headers)
    response.headers[REPLAYED] = "true"
    return response


def keep(
    session: Session, repetition: Repeatable, now: datetime, response: Response, *, but: Collection[str] = ()
) -> None:
    """Keep the answer for repetitions; of one that tells of what the same request erased for good, only that it was."""
    headers = {name: value for name, value in response.headers.items() if name != "Content-Length"}
    content = response.get_data(as_text=True)
    if any(erased in content for erased in but):
        repetition, headers, content = replace(repetition, fingerprint=NO_REQUEST), {}, ""
    keep_answer(session, repetition, now, status=response.status_code, headers=headers, content=content)
