"""Reads the version of the content as cheaply as possible, to decide if a kept answer is still valid."""

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
    """The version of the content, and the time by the database's clock."""

    content: int
    at: datetime


class VersionWatch:
    """Reads the version of the content and the time, over connections of its own that never write.

    The version is the present one, or with ``staleness`` one that was read at most so long ago. The time is always the
    present one. Connections are opened when they are first needed, so that a process may fork before. One thread at a
    time uses a connection. All are closed with the database.
    """

    def __init__(self, database: Database, staleness: timedelta = timedelta()) -> None:
        self._database = database
        self._staleness = staleness.total_seconds()
        self._latest: tuple[float, float, _Reading] | None = None
        self._idle: list[_Watch] = []
        self._errors: tuple[type[Exception], ...] = (SQLAlchemyError, Unavailable, _driver_error(database))
        event.listen(database.engine, "engine_disposed", self._close)

    def read(self, seen: int = 0) -> VersionReading | None:
        """The version and the time, or ``None`` if the database does not answer.

        An earlier reading is used only if it is not older than ``seen``, a version that is known to exist.
        """
        if self._latest is not None:
            read_at, offset, (content, last, now) = self._latest
            age = time.perf_counter() - read_at
            if age <= self._staleness and content >= seen:
                later = timedelta(seconds=age + clock.offset_seconds() - offset)
                return VersionReading(content, steady(clock.to_millisecond(now + later), last))
        # The age counts from before the query, so that a later time is early rather than late, and no plan is late.
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
        pooled = self._database.engine.raw_connection()
        connection = pooled.driver_connection
        # This object keeps the connection for a long time, so it leaves its place in the pool to others.
        pooled.detach()
        return _SQLiteWatch(connection) if self._database.is_sqlite else _PostgreSQLWatch(connection)

    def _close(self, _engine: object) -> None:
        self._latest = None
        while self._idle:
            _close(self._idle.pop())


_Reading = tuple[int, datetime, datetime]
"""The counter, the instant of the last write, and the time by the database's clock."""


class _Watch(Protocol):
    connection: Any

    def read(self) -> _Reading: ...


class _SQLiteWatch:
    """Asks SQLite if another connection has committed, and reads the counter only then.

    The clock of SQLite is the clock of the machine.
    """

    def __init__(self, connection: Any) -> None:
        self.connection = connection
        self._cursor = connection.cursor()
        self._version: int | None = None
        self._counter: tuple[int, datetime] | None = None

    def read(self) -> _Reading:
        # This is read before the counter, so that the next reading notices a commit in between.
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
