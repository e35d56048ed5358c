"""Run migrations on the database of the Flask application, as Flask-Migrate does, with SQLite's foreign keys minded."""

import logging
import sqlite3
import time
from typing import Any

from alembic import context
from flask import current_app
from sqlalchemy import Connection
from sqlalchemy.exc import OperationalError

logger = logging.getLogger("cms.migrations")
database = current_app.extensions["migrate"].db

LOCK_HOURS = 1
"""How long SQLite's lock is waited for: whoever holds it may be building a large index."""


def run() -> None:
    """Migrate in one transaction; a failed step leaves the database as it was."""
    with database.engine.connect() as connection:
        if database.is_sqlite:
            _migrate_sqlite(connection)
        else:
            # A large index takes longer to build than any request may last.
            connection.exec_driver_sql("SET statement_timeout = 0")
            connection.exec_driver_sql("SET lock_timeout = 0")
            # Two nodes that start at once migrate one after the other.
            connection.exec_driver_sql("SELECT pg_advisory_lock(7266250117)")
            connection.commit()
            _migrate(connection)
            connection.exec_driver_sql("SELECT pg_advisory_unlock(7266250117)")
            connection.commit()


def _migrate_sqlite(connection: Connection) -> None:
    # Rebuilding a table in batch mode would delete its children's rows; the pragma counts outside transactions only.
    driver: Any = connection.connection.driver_connection
    driver.execute("PRAGMA foreign_keys=OFF")
    try:
        _migrate_in_turn(connection.execution_options(write=True))
        if driver.execute("PRAGMA foreign_key_check").fetchall():
            raise RuntimeError("The migration left references to rows that are gone.")
    finally:
        driver.execute("PRAGMA foreign_keys=ON")


def _migrate_in_turn(connection: Connection) -> None:
    """Try again and again: within SQLite's own waiting no signal is heard."""
    until = time.monotonic() + LOCK_HOURS * 3600
    is_told = False
    while True:
        try:
            return _migrate(connection)
        except OperationalError as error:
            if getattr(error.orig, "sqlite_errorcode", None) != sqlite3.SQLITE_BUSY or time.monotonic() > until:
                raise
            if not is_told:
                logger.warning("another process writes to the database; it is waited for")
                is_told = True


def _migrate(connection: Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=database.metadata,
        include_name=_is_ours,
        include_object=_is_for_this_database,
        # SQLite's too, as we begin it: between two steps another process would take the second for its own.
        transactional_ddl=True,
        **current_app.extensions["migrate"].configure_args,
    )
    with context.begin_transaction():
        context.run_migrations()


def _is_ours(name: str | None, kind: str, _parents: Any) -> bool:
    """Whether a model declares it: FTS5 keeps its index in tables that no model knows."""
    return kind != "table" or "search_index" not in (name or "")


def _is_for_this_database(item: Any, _name: str | None, kind: str, is_reflected: bool, _other: Any) -> bool:
    """Whether this database has such a thing: an index that names its kind on PostgreSQL is for that alone."""
    is_postgresql = kind == "index" and bool(item.dialect_options["postgresql"]["using"])
    return is_reflected or not (is_postgresql and database.is_sqlite)


if context.is_offline_mode():
    raise SystemExit("Migrations need a database: --sql is not supported.")
run()
