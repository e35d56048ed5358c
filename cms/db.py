"""The database: snapshots to read, transactions to write, column types, and the only place that commits."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
from sqlalchemy import JSON as PlainJSON  # noqa: N811 - our own JSON is a constant
from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Connection,
    Dialect,
    Engine,
    Float,
    MetaData,
    String,
    TypeDecorator,
    bindparam,
    create_engine,
    event,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.dialects.postgresql import ARRAY, TIMESTAMP, UUID
from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import DeclarativeBase, Session
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import NullType, TypeEngine

from cms import clock
from cms.errors import Unavailable
from cms.wire import to_json

LOCK_SECONDS = 5
BRIEF_SECONDS = 0.1
"""How long a brief write waits for other writers before it is given up, so that it does not delay a request."""
POOL_SECONDS = 2
SESSION_OPTIONS = (
    # Compiling or planning a statement takes longer than running it by an index, so each statement is planned once in
    # a session, for any values. That plan must also suit values unlike the average, so joins never read whole tables
    # and no parallel workers are started: every query asks for few rows, and an index leads to them.
    "-c jit=off -c plan_cache_mode=force_generic_plan -c enable_hashjoin=off -c enable_mergejoin=off "
    "-c max_parallel_workers_per_gather=0 "
    # A node that stalls while it has the counter locked must not stop the writers of other nodes for long.
    "-c timezone=UTC -c statement_timeout=15000 -c lock_timeout=5000 -c idle_in_transaction_session_timeout=15000"
)

NAMING_CONVENTION = {
    "ix": "ix_%(column_0_N_label)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}

Identifier = String(36).with_variant(UUID(as_uuid=False), "postgresql")
"""A UUID in its text form: native on PostgreSQL, 36 characters on SQLite, a ``str`` in Python."""

# JSON instead of JSONB keeps the order of keys on both databases, since bodies are compared byte for byte.
JSON = PlainJSON(none_as_null=True)

Collated = String().with_variant(String(collation="C"), "postgresql")
"""Text ordered by its UTF-8 bytes, so that lists have the same order on both databases."""


class UTCDateTime(TypeDecorator[datetime]):
    """An aware datetime in UTC with milliseconds: ``timestamptz(3)`` on PostgreSQL, text as in the API on SQLite.

    SQLite has no type for time and would drop the offset. The text has a fixed width, so it sorts by time.
    """

    impl = String(24)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        native = dialect.name == "postgresql"
        return dialect.type_descriptor(TIMESTAMP(timezone=True, precision=3) if native else String(24))

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        if value is None or dialect.name == "postgresql":
            return value
        return clock.to_wire(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.astimezone(UTC) if isinstance(value, datetime) else clock.from_wire(value)


class ListOf(TypeDecorator[list[str]]):
    """A list of ids or texts as one parameter: an array on PostgreSQL, JSON text on SQLite."""

    impl = String
    cache_ok = True

    def __init__(self, item: TypeEngine[str]) -> None:
        super().__init__()
        self.item = item

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        if dialect.name == "postgresql":
            return dialect.type_descriptor(ARRAY(self.item.dialect_impl(dialect)))
        return dialect.type_descriptor(String())

    def process_bind_param(self, value: list[str] | None, dialect: Dialect) -> Any:
        return value if value is None or dialect.name == "postgresql" else orjson.dumps(value).decode()


class is_among(FunctionElement[Any]):  # noqa: N801 - a SQL function, named as one
    """True if the value of a column is in the list that a parameter holds.

    Example: ``id = ANY(:ids)`` on PostgreSQL. Unlike an expanded ``IN``, the text of the statement does not depend on
    the length of the list, so it is parsed once.
    """

    # SQLAlchemy would compare a Boolean with 1 on SQLite, and then no index would be used.
    type = NullType()
    inherit_cache = True

    def __init__(self, column: ColumnElement[Any], parameter: str) -> None:
        super().__init__(column, bindparam(parameter, type_=ListOf(column.type)))


@compiles(is_among, "sqlite")
def _sqlite_among(element: is_among, compiler: Any, **options: Any) -> str:
    column, parameter = (compiler.process(each, **options) for each in element.clauses)
    return f"{column} IN (SELECT value FROM json_each({parameter}))"  # noqa: S608 - both are compiled SQL


@compiles(is_among, "postgresql")
def _postgresql_among(element: is_among, compiler: Any, **options: Any) -> str:
    column, parameter = (compiler.process(each, **options) for each in element.clauses)
    return f"{column} = ANY({parameter})"


class database_now(FunctionElement[datetime]):  # noqa: N801 - a SQL function, named as one
    """The time of the database's clock, read by the statement that contains it.

    On PostgreSQL all nodes share this clock. On both databases it is read after the statement's snapshot is taken, so
    the snapshot contains no write from a later time.
    """

    type = UTCDateTime()
    inherit_cache = True

    def __init__(self) -> None:
        super().__init__(_offset_parameter())


def _offset_parameter() -> BindParameter[float]:
    return bindparam(None, callable_=clock.offset_seconds, type_=Float, unique=True)


@compiles(database_now, "sqlite")
def _sqlite_now(element: database_now, compiler: Any, **options: Any) -> str:
    offset = compiler.process(element.clauses, **options)
    return f"strftime('%Y-%m-%dT%H:%M:%fZ', 'now', {offset} || ' seconds')"


@compiles(database_now, "postgresql")
def _postgresql_now(element: database_now, compiler: Any, **options: Any) -> str:
    offset = compiler.process(element.clauses, **options)
    return f"date_trunc('milliseconds', clock_timestamp() + make_interval(secs => {offset}))"


class Base(DeclarativeBase):
    """The parent of every table of the project."""

    metadata = MetaData(naming_convention=NAMING_CONVENTION)


def insert_for(session: Session) -> Callable[[Any], Any]:
    """The ``insert`` of the session's database. Both support ``on_conflict_do_…``, which the general one does not."""
    return postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert


def discard(session: Session) -> None:
    """Roll the running transaction back at its end, even without an error."""
    session.info["discarded"] = True


@dataclass
class Usage:
    """The use of the database by one request: the number of statements, and the seconds spent in them."""

    statements: int = 0
    seconds: float = 0.0


usage: ContextVar[Usage | None] = ContextVar("usage", default=None)
"""Set while a request is measured; the engine adds each statement to it."""


class Database:
    """An engine with snapshots to read and the only transactions that commit.

    Flask-Migrate uses the attributes ``engine`` and ``metadata``.
    """

    def __init__(self, url: URL) -> None:
        self.engine = _sqlite_engine(url) if url.get_backend_name() == "sqlite" else _postgresql_engine(url)
        self.metadata = Base.metadata
        self._readers = self.engine.execution_options(
            **({} if self.is_sqlite else {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True})
        )
        self._writers = self.engine.execution_options(write=True)
        self._brief_writers = self.engine.execution_options(write=True, brief=True)
        # SQLite has one writer at a time. A queue in the process is fair; polling the lock of the file is not.
        self._writing = threading.Lock()
        event.listen(self.engine, "before_cursor_execute", _start_statement)
        event.listen(self.engine, "after_cursor_execute", _count_statement)

    @property
    def is_sqlite(self) -> bool:
        return self.engine.dialect.name == "sqlite"

    @contextmanager
    def snapshot(self) -> Iterator[Connection]:
        """An unchanging view of all committed data, to read from; raises ``Unavailable`` if there is none."""
        with _raise_unavailable(), self._readers.connect() as connection:
            yield connection
            if not self.is_sqlite:
                # A rollback would make the driver forget its prepared statements; a commit has nothing to write.
                connection.commit()

    @contextmanager
    def transaction(self, *, brief: bool = False) -> Iterator[Session]:
        """A transaction that commits the whole block, or nothing if the block raises or is discarded.

        A ``brief`` one hardly waits for other writers: it raises ``Unavailable`` where another one would wait.
        """
        with (
            _raise_unavailable(),
            self._write_lock(BRIEF_SECONDS if brief else LOCK_SECONDS),
            Session(self._brief_writers if brief else self._writers, expire_on_commit=False) as session,
            session.begin() as transaction,
        ):
            if brief and not self.is_sqlite:
                session.connection().exec_driver_sql(f"SET LOCAL lock_timeout = {_milliseconds(BRIEF_SECONDS)}")
            yield session
            session.flush()
            if session.info.get("discarded"):
                transaction.rollback()

    @contextmanager
    def _write_lock(self, seconds: float) -> Iterator[None]:
        if not self.is_sqlite:
            yield
            return
        if not self._writing.acquire(timeout=seconds):
            raise Unavailable("Other writes are still running.")
        try:
            yield
        finally:
            self._writing.release()

    def dispose(self) -> None:
        self.engine.dispose()


def _sqlite_engine(url: URL) -> Engine:
    if url.database:
        # If the folder cannot be made, the error appears when the database is first opened.
        with suppress(OSError):
            Path(url.database).parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(
        url, pool_timeout=POOL_SECONDS, json_serializer=_json_text, json_deserializer=orjson.loads, max_overflow=20
    )

    @event.listens_for(engine, "connect")
    def prepare(connection: Any, _record: Any) -> None:
        # The driver's own transactions start DEFERRED and can lose updates silently, so ``begin`` below starts ours.
        connection.isolation_level = None
        for pragma in (
            _busy_timeout(LOCK_SECONDS),
            "journal_mode=WAL",
            "synchronous=FULL",
            "foreign_keys=ON",
            # Erased data is overwritten at once, and not only marked as free space.
            "secure_delete=ON",
            "journal_size_limit=67108864",
        ):
            connection.execute(f"PRAGMA {pragma}").close()

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        options = connection.get_execution_options()
        if not options.get("brief"):
            connection.exec_driver_sql("BEGIN IMMEDIATE" if options.get("write") else "BEGIN")
            return
        driver: Any = connection.connection.driver_connection
        driver.execute(f"PRAGMA {_busy_timeout(BRIEF_SECONDS)}").close()
        try:
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        finally:
            driver.execute(f"PRAGMA {_busy_timeout(LOCK_SECONDS)}").close()

    return engine


def _busy_timeout(seconds: float) -> str:
    return f"busy_timeout={_milliseconds(seconds)}"


def _milliseconds(seconds: float) -> int:
    return int(seconds * 1000)


def _postgresql_engine(url: URL) -> Engine:
    return create_engine(
        url,
        pool_timeout=POOL_SECONDS,
        pool_pre_ping=True,
        json_serializer=_json_text,
        json_deserializer=orjson.loads,
        connect_args={"connect_timeout": 3, "options": SESSION_OPTIONS},
    )


def _json_text(value: Any) -> str:
    return to_json(value).decode()


@contextmanager
def _raise_unavailable() -> Iterator[None]:
    try:
        yield
    except PoolTimeout as error:
        raise Unavailable("Every database connection is in use.") from error
    except OperationalError as error:
        raise Unavailable("The database is out of reach or busy.") from error
    except DBAPIError as error:
        if error.connection_invalidated:
            raise Unavailable("The database connection was lost.") from error
        raise


def _start_statement(connection: Connection, *_: Any) -> None:
    if usage.get() is not None:
        connection.info["started"] = time.perf_counter()


def _count_statement(connection: Connection, _cursor: Any, statement: str, *_: Any) -> None:
    measured = usage.get()
    if measured is not None and not statement.startswith("BEGIN"):
        measured.statements += 1
        measured.seconds += time.perf_counter() - connection.info.pop("started", time.perf_counter())


class unindexed(FunctionElement[Any]):  # noqa: N801 - a SQL function, named as one
    """A column in a condition that must not choose the index: ``+type`` on SQLite, the plain column elsewhere.

    Without gathered statistics, SQLite assumes that all rows of a type are fewer than those of a list of ids.
    """

    inherit_cache = True

    def __init__(self, column: ColumnElement[Any]) -> None:
        super().__init__(column)
        self.type = column.type


@compiles(unindexed, "sqlite")
def _sqlite_unindexed(element: unindexed, compiler: Any, **options: Any) -> str:
    return f"+{compiler.process(next(iter(element.clauses)), **options)}"


@compiles(unindexed)
def _plain(element: unindexed, compiler: Any, **options: Any) -> str:
    return str(compiler.process(next(iter(element.clauses)), **options))
