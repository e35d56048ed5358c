"""Migrations: up, down and up again on both databases, and exactly the tables that the models declare."""

import sqlite3
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import flask_migrate
import pytest
from flask import Flask
from sqlalchemy import Engine, NullPool, create_engine, inspect

from cms.app import create_app
from cms.db import LOCK_SECONDS, Base
from cms.migrate import is_current, migrate
from cms.settings import Settings
from tests.postgresql import PostgreSQLServer
from tests.processes import PATIENCE, cms, rows, variables
from tests.service import SECRET, Service

pytestmark = pytest.mark.both_databases

HEAD = max(path.name[:4] for path in (Path(__file__).parents[1] / "migrations/versions").glob("[0-9]*.py"))
WAITING = "another process writes to the database; it is waited for"


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path, worker_name: str) -> Iterator[str]:
    """The address of a database without a table."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/cms.db"
        return
    server: PostgreSQLServer = request.getfixturevalue("postgresql")
    name = f"unmigrated_{worker_name}"
    yield server.create_database(name)
    server.drop_database(name)


@pytest.fixture
def app(empty_url: str) -> Iterator[Flask]:
    app = create_app(Settings(database_url=empty_url, secret_key=SECRET))
    yield app
    app.extensions["cms"].database.dispose()


def to(app: Flask, revision: str) -> None:
    with app.app_context():
        if revision == "base":
            flask_migrate.downgrade(revision="base")
        else:
            flask_migrate.upgrade(revision=revision)


def tables(url: str) -> dict[str, Any]:
    """The description of all tables of a database, except the one of Alembic."""
    engine = create_engine(url, poolclass=NullPool)
    inspector = inspect(engine)
    return {name: table(engine, name) for name in inspector.get_table_names() if name != "alembic_version"}


def table(engine: Engine, name: str) -> dict[str, Any]:
    inspector = inspect(engine)

    def by_name(items: Any) -> dict[Any, Any]:
        return {each["name"]: plain(each) for each in items}

    return {
        "columns": by_name(inspector.get_columns(name)),
        "primary key": inspector.get_pk_constraint(name),
        "foreign keys": by_name(inspector.get_foreign_keys(name)),
        "unique": by_name(inspector.get_unique_constraints(name)),
        "checks": by_name(inspector.get_check_constraints(name)),
        "indexes": by_name(inspector.get_indexes(name)),
    }


def plain(value: Any) -> Any:
    """The same value with types and conditions as text, so that it can be compared."""
    if isinstance(value, dict):
        return {key: plain(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [plain(part) for part in value]
    return str(value)


def test_up_down_and_up_again(app: Flask, empty_url: str) -> None:
    assert not is_current(app)
    to(app, "head")
    assert is_current(app)
    first = tables(empty_url)
    assert {"entries", "revisions", "publications", "events", "api_keys"} <= first.keys()
    to(app, "base")
    assert tables(empty_url) == {}
    assert not is_current(app)
    to(app, "head")
    assert tables(empty_url) == first
    service = Service(app)
    assert service.editor.create_published("articles")["status"] == "published"


@pytest.mark.exhaustive
def test_there_is_content_before_a_downgrade_and_it_still_works(app: Flask, empty_url: str) -> None:
    migrate(app)
    service = Service(app)
    service.editor.create_published("articles", tags=[service.editor.create_published("tags")["id"]])
    to(app, "base")
    assert tables(empty_url) == {}


def test_the_models_need_no_further_migration(app: Flask) -> None:
    migrate(app)
    with app.app_context():
        flask_migrate.check()


def test_migrated_tables_are_those_of_the_models(app: Flask, empty_url: str, request: pytest.FixtureRequest) -> None:
    migrate(app)
    migrated = tables(empty_url)
    with app.app_context():
        flask_migrate.downgrade(revision="base")
    engine = create_engine(empty_url, poolclass=NullPool)
    Base.metadata.create_all(engine)
    created = tables(empty_url)
    assert migrated.keys() == created.keys()
    for name, parts in created.items():
        assert migrated[name] == parts, name
    assert sum(len(parts["foreign keys"]) for parts in created.values()) >= 10


@pytest.mark.exhaustive
def test_migrating_twice_changes_nothing(app: Flask, empty_url: str) -> None:
    migrate(app)
    before = rows(empty_url, "SELECT change, content FROM content_version")
    migrate(app)
    assert rows(empty_url, "SELECT change, content FROM content_version") == before == [(1, 1)]


@pytest.mark.process
def test_processes_that_migrate_together_all_succeed(empty_url: str, tmp_path: Path) -> None:
    def run(_: int) -> tuple[int, str]:
        ended = cms("migrate", folder=tmp_path, settings=variables(empty_url))
        return ended.returncode, ended.stderr.replace(f"{WAITING}\n", "")

    with ThreadPoolExecutor(3) as pool:
        assert list(pool.map(run, range(3))) == [(0, "")] * 3
    assert rows(empty_url, "SELECT version_num FROM alembic_version") == [(HEAD,)]
    assert rows(empty_url, "SELECT count(*) FROM content_version") == [(1,)]


@pytest.mark.exhaustive
def test_nothing_is_seen_of_a_migration_before_all_of_it_is_done(app: Flask, empty_url: str) -> None:
    seen: list[Any] = []
    app.extensions["migrate"].configure_args["on_version_apply"] = lambda **_: seen.append(tables(empty_url))
    migrate(app)
    assert len(seen) > 1
    assert not any(seen)


@pytest.mark.exhaustive
def test_a_migration_waits_for_whoever_writes_to_the_file(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = tmp_path / "cms.db"
    app = create_app(Settings(database_url=f"sqlite:///{path}", secret_key=SECRET))
    with ThreadPoolExecutor(1) as pool, closing(sqlite3.connect(path, isolation_level=None)) as writer:
        writer.execute("PRAGMA journal_mode=WAL")
        writer.execute("BEGIN IMMEDIATE")
        migrating = pool.submit(migrate, app)
        time.sleep(LOCK_SECONDS + 2)  # Longer than a request would wait.
        assert not migrating.done()
        writer.execute("ROLLBACK")
        migrating.result(PATIENCE)
    assert is_current(app)
    app.extensions["cms"].database.dispose()
    assert [each.message for each in caplog.records] == [WAITING]


@pytest.mark.exhaustive
def test_a_migration_that_fails_leaves_the_database_as_it_was(
    app: Flask, empty_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from alembic import op

    def fail(*_: Any, **__: Any) -> None:
        raise ValueError("the power went out")

    # The last statement of the first migration.
    monkeypatch.setattr(op, "bulk_insert", fail)
    with pytest.raises(ValueError, match="the power went out"):
        to(app, "head")
    assert tables(empty_url) == {}
    monkeypatch.undo()
    migrate(app)
    assert is_current(app)


@pytest.mark.exhaustive
def test_foreign_keys_are_minded_again_after_a_migration(app: Flask, empty_url: str) -> None:
    migrate(app)
    database = app.extensions["cms"].database
    if database.is_sqlite:
        for _ in range(3):
            with database.snapshot() as connection:
                assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar_one() == 1
