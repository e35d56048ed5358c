"""Runs operations: a read in one snapshot, a write in one transaction.

The answer of a write is encoded before the commit, so that nothing is written if the encoding fails.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import orjson
from flask import Response, request

from cms.api import auth, replaying
from cms.api.http.contract import DRY_RUN, Contract
from cms.api.http.endpoint import Call, Endpoint, read_call
from cms.api.http.problems import problem_response, request_id
from cms.api.http.responses import Answer, json_response
from cms.api.reading import Reading
from cms.api.services import services
from cms.content.editing.diffs import json_patch
from cms.content.editing.write import Write, begin_write, block_writes, has_purged
from cms.content.published.moment import read_moment
from cms.errors import NotFound
from cms.idempotency import Repeatable
from cms.keys import Actor
from cms.rendering import remembered
from cms.wire import to_json


class Execution:
    """Runs every operation of the application."""

    def run(self, endpoint: Endpoint, path: Mapping[str, str]) -> Response:
        """Read one request and answer it. Within it, equal texts are rendered only once."""
        with remembered():
            call = read_call(endpoint, path, _identify)
            return _write(call) if call.contract.writes else _read(call)


def _identify(contract: Contract) -> Actor:
    """The caller of an operation that needs a key. Raises ``Unauthorized`` or ``Forbidden``."""
    is_dry = contract.writes and request.args.get(DRY_RUN) == "true"
    return auth.actor_with(contract.scope or "", request_id(), takes_token=contract.takes_token, is_noted=not is_dry)


def read_call_of(endpoint: Endpoint, path: Mapping[str, str], actor: Actor) -> Call:
    """Read a request whose caller is already identified, such as an operation of a batch. Raises as ``read_call``."""

    def identify(contract: Contract) -> Actor:
        auth.check_scope(actor.scopes, contract.scope or "")
        return actor

    return read_call(endpoint, path, identify)


def _read(call: Call) -> Response:
    """Answer from one snapshot."""
    with _snapshot(call) as snapshot:
        answer: Answer | Response = call.method(**snapshot, **call.arguments)
        return answer if isinstance(answer, Response) else json_response(answer)


@contextmanager
def _snapshot(call: Call) -> Iterator[dict[str, Any]]:
    """The arguments from which a reading method reads: ``reading``, or ``connection`` if there is a caller."""
    known = services()
    if not call.contract.reads_database:
        yield {}
        return
    with known.database.snapshot() as connection:
        if call.actor is None:
            moment = read_moment(connection, known.settings.public_url)
            yield {"reading": Reading(connection, moment, moment.perspective)}
        else:
            yield {"connection": connection}


def _write(call: Call) -> Response:
    """Run the operation in one transaction, or repeat the answer of the first request with its ``Idempotency-Key``."""
    if call.idempotency_key is None or call.dry_run:
        return _in_one_transaction(call, None)
    assert call.actor is not None, "every write has a caller"
    assert call.actor.key_id is not None, "every caller has a key"
    repetition = replaying.repeatable(call.actor.key_id, call.idempotency_key, call.document)
    with replaying.alone(repetition):
        return _in_one_transaction(call, repetition)


def _in_one_transaction(call: Call, repetition: Repeatable | None) -> Response:
    known = services()
    assert call.actor is not None, "every write has a caller"
    try:
        with begin_write(
            known.database, known.types, call.actor, known.settings.public_url, dry_run=call.dry_run
        ) as write:
            if repetition and (replayed := replaying.replay(write.session, repetition, write.at)):
                return replayed
            answer = perform(call, write)
            # The answer is encoded before the commit, so that nothing is written if the encoding fails.
            response = json_response(answer)
            if repetition:
                kept = json_response(_without_secrets(call.contract, answer))
                replaying.keep(write.session, repetition, write.at, kept, but=write.erased)
    except replaying.LASTING as error:
        if repetition:
            _keep_apart(repetition, problem_response(error), write.number)
        raise
    if repetition and not write.recorded:
        _keep_apart(repetition, kept, write.number)
    return response


def perform(call: Call, write: Write) -> Answer:
    """Run the operation in a write. The answer of a dry run has ``changes``, a JSON Patch of the present state."""
    answer: Answer = call.method(write=write, **call.arguments)
    if not write.dry_run or answer.before is None:
        return answer
    try:
        with services().database.snapshot() as connection:
            before = answer.before(connection)
    except NotFound:
        return answer  # The entry was created in the same batch, so it has no present state.
    changes = json_patch(_plain(before), _plain(answer.document["data"]))
    return replace(answer, document={**answer.document, "changes": changes})


def _plain(document: Any) -> Any:
    """A document as a client receives it, of plain JSON values."""
    return orjson.loads(to_json(document))


def _without_secrets(contract: Contract, answer: Answer) -> Answer:
    if not contract.secrets:
        return answer
    data = answer.document["data"] | dict.fromkeys(contract.secrets)
    return replace(answer, document={**answer.document, "data": data})


def _keep_apart(repetition: Repeatable, response: Response, number: int) -> None:
    """Keep the answer of a request that changed nothing, in a transaction of its own.

    The answer may contain content that another request has purged since ``number``. Then it is not kept.
    """
    with services().database.transaction() as session:
        at = block_writes(session)
        if not has_purged(session, number):
            replaying.keep(session, repetition, at, response)
