"""``Idempotency-Key`` (draft-ietf-httpapi-idempotency-key-header): a POST that is sent again is not done again.

An answer is kept in the transaction of its effect, for 24 hours and for the API key that asked. What is refused
before anything is done (400, 401, 403, 413, 415, 422, 428) leaves the key free, so that a mended request may use it;
a dry run never takes one. A repetition that reaches the same process while the first still runs is told to wait; at
another process it waits for its turn to write, and then gets the answer.
"""

import hashlib
import json
import threading
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from typing import Any

from flask import Response, request
from sqlalchemy.orm import Session

from cms.api.http.idempotency import REPLAYED
from cms.api.http.problems import IdempotencyInProgress, IdempotencyKeyReused
from cms.errors import Conflict, NotFound, PreconditionFailed
from cms.idempotency import NO_REQUEST, Repeatable, find_answer, keep_answer

LASTING = (Conflict, NotFound, PreconditionFailed)
"""What is refused because of what is there, and is answered again as it was."""

_running: set[tuple[str, str]] = set()
_guard = threading.Lock()


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
