"""Snapshots and transactions on both databases: they are atomic and isolated, and report an unavailable database."""

import contextlib
import sqlite3
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import psycopg
import pytest
from sqlalchemy import Column, Integer, MetaData, Table, delete, event, insert, select, text, update
from sqlalchemy.engine import make_url
from sqlalchemy.exc import IntegrityError, InternalError

from cms import clock
from cms import db as module
from cms.db import JSON, Collated, Database, UTCDateTime, database_now, discard
from cms.errors import Unavailable
from cms.migrate import migrate
from cms.settings import Settings
from tests.applications import serve
from tests.postgresql import PostgreSQLServer, find_binaries
from tests.processes import PATIENCE, rows
from tests.service import SECRET, Service
from tests.test_crashes import write_lock

pytestmark = pytest.mark.both_databases

NOON = datetime(2026, 3, 3, 12, 0, tzinfo=UTC)

things = Table(
    "things",
    MetaData(),
    Column("id", Integer, primary_key=True),
    Column("at", UTCDateTime),
    Column("data", JSON),
    Column("name", Collated),
)


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """A database with one more table, ``things``."""
    database = Database(make_url(database_url))
    things.create(database.engine)
    yield database
    database.dispose()


def stored(database: Database, column: str = "id") -> list[Any]:
    with database.snapshot() as connection:
        return list(connection.scalars(select(things.c[column]).order_by(things.c.id)))


# Transactions.


def test_a_transaction_keeps_all_of_the_block(database: Database) -> None:
    with database.transaction() as session:
        session.execute(insert(things).values(id=1))
        session.execute(insert(things).values(id=2))
    assert stored(database) == [1, 2]


def add_twice(database: Database, first: int, second: int) -> None:
    with database.transaction() as session:
        session.execute(insert(things).values(id=first))
        session.execute(insert(things).values(id=second // (second - 1)))


def test_a_transaction_that_raises_keeps_nothing(database: Database) -> None:
    with pytest.raises(ZeroDivisionError):
        add_twice(database, 1, 1)
    assert stored(database) == []


def test_a_transaction_that_breaks_a_rule_of_the_database_keeps_nothing(database: Database) -> None:
    with pytest.raises(IntegrityError):
        add_twice(database, 2, 2)
    assert stored(database) == []
    with database.transaction() as session:
        session.execute(insert(things).values(id=1))
    assert stored(database) == [1]


def test_a_transaction_that_is_not_to_be_kept_is_rolled_back(database: Database) -> None:
    with database.transaction() as session:
        discard(session)
        session.execute(insert(things).values(id=1))
        assert session.scalars(select(things.c.id)).all() == [1]
    assert stored(database) == []


def test_writers_in_threads_come_one_after_the_other(database: Database) -> None:
    with database.transaction() as session:
        session.execute(insert(things).values(id=1, data={"count": 0}))

    def add() -> None:
        for _ in range(10):
            with database.transaction() as session:
                row = select(things.c.data).where(things.c.id == 1).with_for_update()
                count = session.execute(row).scalar_one()["count"]
                session.execute(update(things).values(data={"count": count + 1}))

    threads = [threading.Thread(target=add) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
    assert stored(database, "data") == [{"count": 80}]


# Snapshots.


def test_a_snapshot_does_not_change_while_others_write(database: Database) -> None:
    with database.transaction() as session:
        session.execute(insert(things).values(id=1))
    with database.snapshot() as connection:
        before = connection.scalars(select(things.c.id)).all()
        with database.transaction() as session:
            session.execute(insert(things).values(id=2))
        with database.transaction() as session:
            session.execute(delete(things).where(things.c.id == 1))
        assert connection.scalars(select(things.c.id)).all() == before == [1]
    assert stored(database) == [2]


def test_a_snapshot_waits_for_no_writer(database: Database) -> None:
    with database.transaction() as session:
        session.execute(insert(things).values(id=1))
        begun = time.monotonic()
        assert stored(database) == []
        assert time.monotonic() - begun < 4  # Who waited would wait five.


def test_a_snapshot_writes_nothing(database: Database) -> None:
    # SQLite lets the statement pass; nothing may remain of it.
    with contextlib.suppress(InternalError), database.snapshot() as connection:
        connection.execute(insert(things).values(id=1))
        assert database.is_sqlite
    assert stored(database) == []


# Values.


@pytest.mark.parametrize(
    "moment",
    [
        NOON,
        NOON.replace(microsecond=1000),
        NOON.replace(microsecond=999_000),
        NOON.astimezone(timezone(timedelta(hours=-8))),
        datetime(1753, 1, 1, tzinfo=UTC),
        clock.FOREVER,
        None,
    ],
)
def test_a_moment_comes_back_as_it_was_to_the_millisecond(database: Database, moment: datetime | None) -> None:
    with database.transaction() as session:
        session.execute(insert(things).values(id=1, at=moment))
    (back,) = stored(database, "at")
    assert back == moment
    assert back is None or back.tzinfo is UTC


def test_moments_are_ordered_and_compared_as_time(database: Database) -> None:
    offsets = (0, 1, 999, 1000, 60_000, 86_400_000, -1, -86_400_000)
    moments = [NOON + timedelta(milliseconds=each) for each in offsets]
    with database.transaction() as session:
        session.execute(insert(things), [{"id": number, "at": at} for number, at in enumerate(moments)])
    with database.snapshot() as connection:
        assert connection.scalars(select(things.c.at).order_by(things.c.at)).all() == sorted(moments)
        earlier = connection.scalars(select(things.c.at).where(things.c.at < NOON)).all()
        assert sorted(earlier) == sorted(moments)[:2]


def test_keys_of_json_keep_their_order(database: Database) -> None:
    written = {"z": 1, "a": {"y": None, "b": [1.5, "ü", True]}, "m": "☃", "": ""}
    with database.transaction() as session:
        session.execute(insert(things).values(id=1, data=written))
    (back,) = stored(database, "data")
    assert list(back) == list(written)
    assert list(back["a"]) == ["y", "b"]
    assert back == written


def test_json_that_is_nothing_is_null(database: Database) -> None:
    with database.transaction() as session:
        session.execute(insert(things).values(id=1, data=None))
    with database.snapshot() as connection:
        assert connection.scalars(select(things.c.id).where(things.c.data.is_(None))).all() == [1]


def test_moments_inside_json_are_written_as_on_the_wire(database: Database) -> None:
    with database.transaction() as session:
        session.execute(insert(things).values(id=1, data={"at": NOON}))
    assert stored(database, "data") == [{"at": "2026-03-03T12:00:00.000Z"}]


def test_collated_text_is_ordered_by_its_bytes(database: Database) -> None:
    names = ["b", "B", "a", "ä", "Z", "z", "_", "1", "日本", "🙂"]
    with database.transaction() as session:
        session.execute(insert(things), [{"id": number, "name": name} for number, name in enumerate(names)])
    with database.snapshot() as connection:
        ordered = connection.scalars(select(things.c.name).order_by(things.c.name)).all()
    assert ordered == sorted(names, key=str.encode)


def database_time(database: Database) -> datetime:
    with database.snapshot() as connection:
        moment: datetime = connection.execute(select(database_now())).scalar_one()
        return moment


def test_the_database_has_the_time(database: Database) -> None:
    moment = database_time(database)
    assert moment.microsecond % 1000 == 0
    assert abs(datetime.now(UTC) - moment) < timedelta(seconds=5)


@pytest.mark.parametrize("by", [timedelta(days=400), timedelta(days=-400), timedelta(milliseconds=90_500)])
def test_the_database_s_time_follows_a_moved_clock(database: Database, by: timedelta) -> None:
    still = database_time(database)
    with clock.moved(by):
        moved = database_time(database)
    assert timedelta(0) <= moved - by - still < timedelta(seconds=5)
    assert abs(database_time(database) - still) < timedelta(seconds=5)


def test_the_database_s_time_moves_on_within_a_transaction(database: Database) -> None:
    with database.transaction() as session:
        first = session.execute(select(database_now())).scalar_one()
        time.sleep(0.02)
        assert session.execute(select(database_now())).scalar_one() > first


# A database that is busy or away.


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Shorten all waiting times for these tests."""
    monkeypatch.setattr(module, "LOCK_SECONDS", 0.2)


@contextlib.contextmanager
def fresh(database_url: str) -> Iterator[Service]:
    service = serve(Settings(database_url=database_url, secret_key=SECRET))
    try:
        yield service
    finally:
        service.close()


def test_a_busy_sqlite_is_unavailable(impatient: None, sqlite_url: str) -> None:
    database = Database(make_url(sqlite_url))
    try:
        with write_lock(sqlite_url):
            with pytest.raises(Unavailable):
                count_on(database)
            # Readers are not held up.
            with database.snapshot() as connection:
                assert connection.execute(text("SELECT change FROM content_version")).scalar_one() == 1
        count_on(database)
        assert rows(sqlite_url, "SELECT change FROM content_version") == [(2,)]
    finally:
        database.dispose()


def count_on(database: Database) -> None:
    with database.transaction() as session:
        session.execute(text("UPDATE content_version SET change = change + 1"))


def test_a_writer_that_waits_too_long_for_another_of_its_process_is_refused(impatient: None, sqlite_url: str) -> None:
    database = Database(make_url(sqlite_url))
    refused: list[Exception] = []

    def wait() -> None:
        try:
            count_on(database)
        except Unavailable as error:
            refused.append(error)

    with database.transaction():
        other = threading.Thread(target=wait)
        other.start()
        other.join(PATIENCE)
    assert len(refused) == 1
    count_on(database)
    database.dispose()


def check_unavailable(response: Any) -> None:
    assert response.status_code == 503
    assert response.content_type == "application/problem+json"
    assert int(response.headers["Retry-After"]) > 0
    assert response.headers["Cache-Control"] == "no-store"
    assert response.get_json()["type"].endswith("/temporarily-unavailable")


def test_a_busy_sqlite_is_503_over_http_and_then_works(impatient: None, sqlite_url: str) -> None:
    with fresh(sqlite_url) as service:
        article = service.editor.create_published("articles")
        with write_lock(sqlite_url):
            check_unavailable(service.editor.post("/api/v1/manage/articles", json={"title": "Not now"}))
            assert service.get(f"/api/v1/articles/{article['slug']}").status_code == 200
            assert service.editor.get("/api/v1/manage/articles").status_code == 200
        assert service.editor.create("articles", title="Not now")["slug"] == "not-now"


def test_a_key_is_good_while_its_first_use_cannot_be_noted(impatient: None, sqlite_url: str) -> None:
    with fresh(sqlite_url) as service:
        viewer = service.viewer
        with write_lock(sqlite_url):
            assert viewer.get("/api/v1/manage/articles").status_code == 200


def check_all_unavailable(service: Service, key_holder: Any) -> None:
    for path in ("/api/v1/articles", "/api/v1/articles/any", "/api/v1/site", "/readyz"):
        check_unavailable(service.get(path))
    check_unavailable(key_holder.get("/api/v1/manage/articles"))
    check_unavailable(key_holder.post("/api/v1/manage/articles", json={"title": "Lost"}))
    for path in ("/livez", "/api", "/api/v1/openapi.json"):
        assert service.get(path).status_code == 200, path


@pytest.mark.process
def test_a_postgresql_that_stops_is_503_and_the_process_stays_alive() -> None:
    server = PostgreSQLServer(binaries=find_binaries())
    with server:
        url = server.create_database("stops")
        with fresh(url) as service:
            migrate(service.app)
            editor = service.editor
            assert editor.get("/api/v1/manage/articles").status_code == 200
            assert service.get("/readyz").status_code == 200
            server.stop()
            check_all_unavailable(service, editor)


def test_a_postgresql_that_was_never_there_is_503() -> None:
    with fresh("postgresql://nobody@127.0.0.1:9/cms") as service:
        check_unavailable(service.get("/api/v1/articles"))
        check_unavailable(service.get("/readyz"))
        assert service.get("/livez").status_code == 200


def test_a_postgresql_that_comes_back_is_used_again(
    postgresql: PostgreSQLServer, postgresql_template: str, worker_name: str
) -> None:
    name = f"returns_{worker_name}"
    url = postgresql.create_database(name, template=postgresql_template)
    try:
        with fresh(url) as service:
            assert service.get("/readyz").status_code == 200
            editor = service.editor
            postgresql.drop_database(name)
            check_all_unavailable(service, editor)
            postgresql.create_database(name, template=postgresql_template)
            assert service.get("/readyz").status_code == 200
            assert service.get("/api/v1/articles").status_code == 200
    finally:
        postgresql.drop_database(name)


def test_connections_that_were_cut_are_replaced_unseen(
    postgresql: PostgreSQLServer, postgresql_template: str, worker_name: str
) -> None:
    name = f"cut_{worker_name}"
    url = postgresql.create_database(name, template=postgresql_template)
    try:
        with fresh(url) as service:
            editor = service.editor
            for _ in range(3):
                assert service.get("/api/v1/articles").status_code == 200
                with psycopg.connect(url.replace("+psycopg", "", 1), autocommit=True) as connection:
                    connection.execute(
                        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                        "WHERE datname = current_database() AND pid <> pg_backend_pid()"
                    )
                editor.create("articles")
    finally:
        postgresql.drop_database(name)


def test_delivery_needs_no_more_of_sqlite_than_to_read(sqlite_url: str) -> None:
    with fresh(sqlite_url) as service:
        service.editor.create_published("articles", title="Seen everywhere")
    settings = Settings(database_url=sqlite_url, secret_key=SECRET, spaces=("delivery",))
    service = serve(settings)

    @event.listens_for(service.services.database.engine, "connect")
    def only_read(connection: Any, _record: Any) -> None:
        connection.execute("PRAGMA query_only=ON").close()

    try:
        with pytest.raises(Unavailable):
            count_on(service.services.database)
        for path in ("/api/v1/articles", "/api/v1/articles/seen-everywhere", "/api/v1/site", "/readyz"):
            assert service.get(path).status_code == 200, path
        assert service.get("/api/v1/manage/articles").status_code == 404
    finally:
        service.close()


def test_what_is_committed_on_sqlite_is_on_the_disk(sqlite_url: str) -> None:
    database = Database(make_url(sqlite_url))
    try:
        with database.snapshot() as connection:
            pragmas = {
                name: connection.exec_driver_sql(f"PRAGMA {name}").scalar_one()
                for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
            }
    finally:
        database.dispose()
    # FULL: a commit that was acknowledged outlives a power cut.
    assert pragmas == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "busy_timeout": 5000}


def test_the_sqlite_of_this_machine_is_new_enough() -> None:
    # RETURNING, which every write uses.
    assert sqlite3.sqlite_version_info >= (3, 35)
