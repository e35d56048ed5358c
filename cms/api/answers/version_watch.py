"""The cheapest question that tells whether an answer made a while ago is still right."""

import time
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any, NamedTuple, Protocol

from sqlalchemy import event
from sqlalchemy.exc import SQLAlchemyError

from cms import clock
from cms.content.counter import steady
from cms.db import Database
from cms.errors import Unavailable

IDLE_CONNECTIONS = 8


class VersionReading(NamedTuple):
    """What answers are judged by: the version of the content, and the time by the database's clock."""

    content: int
    at: datetime


class VersionWatch:
    """Reads the version of the content and the time, over connections of its own that never write.

    The version is of this instant, unless ``staleness`` allows one that was read so long ago; the time is of this
    instant always. Connections are opened when first needed, so that a process may fork before; each is lent to one
    thread at a time; they are closed with the database.
    """

    def __init__(self, database: Database, staleness: timedelta = timedelta()) -> None:
        self._database = database
        self._staleness = staleness.total_seconds()
        self._latest: tuple[float, float, _Reading] | None = None
        self._idle: list[_Watch] = []
        self._errors: tuple[type[Exception], ...] = (SQLAlchemyError, Unavailable, _driver_error(database))
        event.listen(database.engine, "engine_disposed", self._close)

    def read(self, seen: int = 0) -> VersionReading | None:
        """How things stand; ``None`` when the database does not say.

        What was read a while ago counts only if it is not older than ``seen``, a version known to be there already.
        """
        if self._latest is not None:
            read_at, offset, (content, last, now) = self._latest
            age = time.perf_counter() - read_at
            if age <= self._staleness and content >= seen:
                later = timedelta(seconds=age + clock.offset_seconds() - offset)
                return VersionReading(content, steady(clock.to_millisecond(now + later), last))
        # Counted from before the question: the time told later is rather ahead, and what is planned never late.
        started = time.perf_counter()
        try:
            content, last, now = reading = self._ask()
        except self._errors:
            return None
        if self._staleness:
            self._latest = (started, clock.offset_seconds(), reading)
        return VersionReading(content, steady(now, last))

    def _ask(self) -> "_Reading":
        try:
            watch = self._idle.pop()  # Popping from a list and appending to it are atomic: no lock is needed.
        except IndexError:
            watch = self._open()
        try:
            reading = watch.read()
        except BaseException:
            _close(watch)
            raise
        if len(self._idle) < IDLE_CONNECTIONS:
            self._idle.append(watch)
        else:
            _close(watch)
        return reading

    def _open(self) -> "_Watch":
        lent = self._database.engine.raw_connection()
        connection = lent.driver_connection
        # Kept for long and by this object alone: the pool has its place back at once.
        lent.detach()
        return _SQLiteWatch(connection) if self._database.is_sqlite else _PostgreSQLWatch(connection)

    def _close(self, _engine: object) -> None:
        self._latest = None
        while self._idle:
            _close(self._idle.pop())


_Reading = tuple[int, datetime, datetime]
"""The counter, the instant of its last change, and the database's clock."""


class _Watch(Protocol):
    connection: Any

    def read(self) -> _Reading: ...


class _SQLiteWatch:
    """Asks SQLite whether another connection has committed, and reads the counter only then.

    The clock of SQLite is the machine's.
    """

    def __init__(self, connection: Any) -> None:
        self.connection = connection
        self._cursor = connection.cursor()
        self._version: int | None = None
        self._counter: tuple[int, datetime] | None = None

    def read(self) -> _Reading:
        # Before the counter: a commit in between is then seen by the next reading.
        ((version,),) = self._cursor.execute("PRAGMA data_version")
        if self._counter is None or version != self._version:
            ((content, last),) = self._cursor.execute("SELECT content, at FROM content_version WHERE id = 1")
            self._version, self._counter = version, (content, clock.from_wire(last))
        return *self._counter, clock.now()


class _PostgreSQLWatch:
    """Asks PostgreSQL for the counter and the clock with one prepared statement, without a transaction around it."""

    STATEMENT = "SELECT content, at, date_trunc('milliseconds', clock_timestamp()) FROM content_version WHERE id = 1"

    def __init__(self, connection: Any) -> None:
        self.connection = connection
        connection.rollback()
        connection.autocommit = True
        self._cursor = connection.cursor(binary=True)

    def read(self) -> _Reading:
        content, last, now = self._cursor.execute(self.STATEMENT, prepare=True).fetchone()
        offset = clock.offset_seconds()
        return content, last, now + timedelta(seconds=offset) if offset else now


def _driver_error(database: Database) -> type[Exception]:
    error: type[Exception] = database.engine.dialect.loaded_dbapi.Error
    return error


def _close(watch: _Watch) -> None:
    with suppress(Exception):
        watch.connection.close()
