"""The background process: it records scheduled beginnings and ends in the audit log, and deletes expired answers.

Readers do not depend on it: what is live follows from the timeline alone.
"""

import logging
import signal
import socket
from contextlib import closing, suppress
from datetime import datetime, timedelta

from sqlalchemy import Select, exists, select
from sqlalchemy.orm import aliased

from cms import clock
from cms.content.editing import indexing
from cms.content.editing.links import mark_progress
from cms.content.editing.timeline import log_of_instant
from cms.content.editing.write import Write, begin_write
from cms.content.model import Publication
from cms.content.types import Types
from cms.db import Database, database_now
from cms.errors import Unavailable
from cms.idempotency import forget_expired_answers, has_expired_answers
from cms.keys import Actor

logger = logging.getLogger(__name__)

INTERVAL_SECONDS = 1.0
PRUNED_EVERY = timedelta(minutes=1)
BATCH = 100


def run_worker(database: Database, types: Types, public_url: str) -> None:
    """Work until SIGTERM or SIGINT; if the database is unavailable, try again until it is back."""
    with closing(StopSignal()) as stop:
        _work(database, types, public_url, stop)


def _work(database: Database, types: Types, public_url: str, stop: "StopSignal") -> None:
    prune_at = clock.now()
    while not stop.is_asked_for:
        try:
            busy = announce_due(database, types, public_url)
            if clock.now() >= prune_at:
                prune(database)
                prune_at = clock.now() + PRUNED_EVERY
        except Unavailable as error:
            logger.warning("the database is unavailable: %s", error.__cause__ or error)
            busy = False
        if not busy:
            stop.wait(INTERVAL_SECONDS)


class StopSignal:
    """Notes SIGTERM and SIGINT, and wakes the thread that waits for them.

    A ``threading.Event`` is not safe here: the thread that the handler interrupts may hold the lock of the event.
    """

    def __init__(self) -> None:
        self.is_asked_for = False
        self._receiver, self._sender = socket.socketpair()
        self._before = {each: signal.signal(each, self._ask_for) for each in (signal.SIGTERM, signal.SIGINT)}

    def _ask_for(self, *_: object) -> None:
        if not self.is_asked_for:
            self.is_asked_for = True
            self._sender.send(b".")

    def wait(self, seconds: float) -> None:
        """Wait for a signal, but no longer than this."""
        self._receiver.settimeout(seconds)
        with suppress(TimeoutError):
            self._receiver.recv(1)

    def close(self) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)
        self._receiver.close()
        self._sender.close()


def prune(database: Database) -> None:
    """Delete the stored answers that have expired; if there are none, nothing is written."""
    with database.snapshot() as connection:
        now = connection.execute(select(database_now())).scalar_one()
        if not has_expired_answers(connection, now):
            return
    with database.transaction() as session:
        forget_expired_answers(session, now)


def announce_due(database: Database, types: Types, public_url: str) -> bool:
    """Record each scheduled beginning and end once; returns whether there were any.

    It first looks without a lock, so that an idle worker never delays a writer.
    """
    with database.snapshot() as connection:
        now = connection.execute(select(database_now())).scalar_one()
        if connection.execute(_due_beginnings(now).union_all(_due_ends(now)).limit(1)).first() is None:
            return False
    with begin_write(database, types, Actor(name="worker"), public_url) as write:
        for publication_id in write.session.scalars(_due_beginnings(write.at).limit(BATCH)).all():
            _announce_beginning(write, publication_id)
        for publication_id in write.session.scalars(_due_ends(write.at).limit(BATCH)).all():
            _announce_end(write, publication_id)
    return True


def _due_beginnings(now: datetime) -> Select[str]:
    return select(Publication.id).where(~Publication.announced, Publication.live_from <= now)


def _due_ends(now: datetime) -> Select[str]:
    return select(Publication.id).where(~Publication.over, Publication.live_until <= now)


def _announce_beginning(write: Write, publication_id: str) -> None:
    publication = write.session.get_one(Publication, publication_id)
    mark_progress(write.session, publication, announced=True, over=publication.over)
    details = log_of_instant(write.session, publication.entry_id, publication.live_from)
    write.record("went_live", publication.type, publication.entry_id, publication.revision, **details)


def _announce_end(write: Write, publication_id: str) -> None:
    """Record an end: ``superseded`` if another publication follows without a gap, else ``expired``."""
    publication = write.session.get_one(Publication, publication_id)
    mark_progress(write.session, publication, announced=publication.announced, over=True)
    indexing.move_to_past(write.session, write.types[publication.type], publication)
    following = aliased(Publication)
    followed = write.session.scalar(
        select(
            exists().where(following.entry_id == publication.entry_id, following.live_from == publication.live_until)
        )
    )
    action = "superseded" if followed else "expired"
    details = log_of_instant(write.session, publication.entry_id, publication.live_until)
    write.record(action, publication.type, publication.entry_id, publication.revision, **details)
