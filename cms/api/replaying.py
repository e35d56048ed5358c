"""``Idempotency-Key`` (draft-ietf-httpapi-idempotency-key-header): a POST that is sent again is not done again.

An answer is kept in the transaction of its effect, for 24 hours and for the API key of the caller. A request that is
rejected before anything is done (400, 401, 403, 413, 415, 422, 428) leaves the idempotency key free, so that the fixed
request may use it. A dry run never uses it. A repetition that reaches the same process while the first request is
still running gets 409. In another process it waits until it may write, and then gets the first answer.
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
"""Errors whose answer is kept and repeated for the same ``Idempotency-Key``, because they depend on stored data."""

_running: set[tuple[str, str]] = set()
_guard = threading.Lock()


def repeatable(api_key_id: str, key: str, document: Any) -> Repeatable:
    """This request with its key, and a digest that does not depend on the order of parameters and members."""
    content = [request.method, request.path, sorted(request.args.items(multi=True)), document]
    fingerprint = hashlib.sha256(json.dumps(content, sort_keys=True, default=str).encode()).hexdigest()
    return Repeatable(api_key_id, key, fingerprint)


@contextmanager
def alone(repetition: Repeatable) -> Iterator[None]:
    """Let only one request of an idempotency key into the block. Raises ``IdempotencyInProgress`` for another one."""
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
    """The kept answer of this request, or ``None`` if there is none.

    Raises ``IdempotencyKeyReused`` if the key was sent with a different request.
    """
    kept = find_answer(session, repetition, now)
    if kept is None:
        return None
    if kept.fingerprint != repetition.fingerprint:
        raise IdempotencyKeyReused(
            "This Idempotency-Key was used for another request in the last 24 hours, or its answer has been purged."
        )
    response = Response(kept.content, kept.status)
    response.headers.pop("Content-Type", None)
    response.headers.update(kept.headers)
    response.headers[REPLAYED] = "true"
    return response


def keep(
    session: Session, repetition: Repeatable, now: datetime, response: Response, *, but: Collection[str] = ()
) -> None:
    """Keep the answer for repetitions.

    If it contains one of the ids in ``but``, which the same request purged, only the use of the key is kept.
    """
    headers = {name: value for name, value in response.headers.items() if name != "Content-Length"}
    content = response.get_data(as_text=True)
    if any(purged in content for purged in but):
        repetition, headers, content = replace(repetition, fingerprint=NO_REQUEST), {}, ""
    keep_answer(session, repetition, now, status=response.status_code, headers=headers, content=content)
