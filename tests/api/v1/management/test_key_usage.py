"""Which key still calls what is deprecated: counted without ever being in a caller's way."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import create_engine, event, text

from cms import clock
from cms.db import LOCK_SECONDS
from tests.deprecated import MANAGED, PATH, PREVIEWED, with_deprecated_operations
from tests.dumps import dump
from tests.service import Caller, Service

KEYS = "/api/v1/manage/keys"
OPEN = {"text": "Open"}


@pytest.fixture
def service(database_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Service]:
    """The service with deprecated operations."""
    running = with_deprecated_operations(database_url, monkeypatch)
    yield running
    running.close()


def id_of(caller: Caller) -> str:
    assert caller.key is not None
    return caller.key.split("_")[1]


def usage(service: Service, caller: Caller) -> list[dict[str, Any]]:
    response = service.admin.get(f"{KEYS}/{id_of(caller)}/usage")
    assert response.status_code == 200, response.get_data(as_text=True)
    data: list[dict[str, Any]] = response.get_json()["data"]
    return data


def counts(service: Service, caller: Caller) -> dict[str, int]:
    return {each["operation"]: each["count"] for each in usage(service, caller)}


def test_a_key_that_uses_nothing_deprecated_has_nothing_listed(service: Service) -> None:
    service.author.create("tags")
    assert service.author.delete(MANAGED).status_code == 204
    assert usage(service, service.author) == []


def test_each_call_of_each_operation_is_counted(service: Service) -> None:
    before = clock.to_wire(clock.now())
    for _ in range(3):
        assert service.author.get(MANAGED).status_code == 200
    with clock.moved(timedelta(minutes=1)):
        for _ in range(2):
            assert service.author.post(MANAGED, json=OPEN).status_code == 201
    latest, first = usage(service, service.author)
    assert (latest["operation"], latest["count"]) == ("writeHeadline", 2)
    assert (first["operation"], first["count"]) == ("getManagedHeadline", 3)
    assert before <= first["last_used_at"] < latest["last_used_at"]


def test_each_key_has_its_own(service: Service) -> None:
    service.viewer.get(MANAGED)
    assert counts(service, service.viewer) == {"getManagedHeadline": 1}
    assert counts(service, service.author) == {}


def test_what_is_asked_for_and_refused_counts(service: Service) -> None:
    author = service.author
    assert author.get(f"{MANAGED}?nonsense=1").status_code == 400
    assert author.post(MANAGED, json={}).status_code == 422
    assert author.post(MANAGED, json={"text": "Closed"}).status_code == 409
    assert counts(service, author) == {"getManagedHeadline": 1, "writeHeadline": 2}


def test_what_has_no_good_key_or_keeps_nothing_does_not_count(service: Service) -> None:
    service.viewer.get(KEYS)
    author = service.author
    assert author.get("/api/v1/manage/whoami").status_code == 200
    before = dump(service)
    assert service.get(MANAGED).status_code == 401
    assert service.viewer.post(MANAGED, json=OPEN).status_code == 403
    assert author.post(f"{MANAGED}?dry_run=true", json=OPEN).status_code == 201
    assert dump(service) == before


def test_readers_of_delivery_write_nothing(service: Service) -> None:
    key = service.author.key
    before = dump(service)
    with service.counting() as measured:
        assert service.get(PATH).status_code == 200
        assert service.get(PATH, headers={"Authorization": f"Bearer {key}"}).status_code == 200
    assert measured.statements <= 2
    assert dump(service) == before


def test_a_preview_token_counts_for_the_key_that_made_it(service: Service) -> None:
    entry = service.author.create("tags")
    made = service.author.post(f"/api/v1/manage/tags/{entry['id']}/preview-tokens", json={})
    reader = Caller(service.app, made.get_json()["data"]["token"])
    assert reader.get(PREVIEWED).status_code == 200
    assert counts(service, service.author) == {"previewHeadline": 1}


def test_the_operations_of_a_batch_count(service: Service) -> None:
    write = {"method": "POST", "path": "/headline", "body": OPEN}
    body = {"operations": [write, {"method": "DELETE", "path": "/headline"}, write]}
    assert service.author.post("/api/v1/manage/batch?dry_run=true", json=body).status_code == 200
    assert counts(service, service.author) == {}
    assert service.author.post("/api/v1/manage/batch", json=body).status_code == 200
    assert counts(service, service.author) == {"writeHeadline": 2}


def test_the_audit_log_is_not_filled_with_it(service: Service) -> None:
    service.viewer.get(MANAGED)
    actions = [each["action"] for each in service.admin.get("/api/v1/manage/events").get_json()["data"]]
    assert set(actions) == {"key_created"}


def test_the_usage_of_a_key_that_ended_stays(service: Service) -> None:
    expiring = service.with_key("content:preview", expires_at=clock.now() + timedelta(hours=1))
    revoked = service.with_key("content:preview")
    for caller in (expiring, revoked):
        assert caller.get(MANAGED).status_code == 200
    assert service.admin.delete(f"{KEYS}/{id_of(revoked)}").status_code == 204
    assert revoked.get(MANAGED).status_code == 401
    assert counts(service, revoked) == {"getManagedHeadline": 1}
    with clock.moved(timedelta(hours=2)):
        assert expiring.get(MANAGED).status_code == 401
        assert counts(service, expiring) == {"getManagedHeadline": 1}


def test_nothing_is_left_of_a_key_whose_row_is_deleted(service: Service) -> None:
    service.viewer.get(MANAGED)
    with service.services.database.transaction() as session:
        session.execute(text("DELETE FROM api_keys WHERE id = :id"), {"id": id_of(service.viewer)})
    assert service.admin.get(f"{KEYS}/{id_of(service.viewer)}/usage").status_code == 404
    with service.services.database.snapshot() as connection:
        assert connection.execute(text("SELECT count(*) FROM deprecated_usage")).scalar_one() == 0


def test_only_who_manages_keys_may_see_it(service: Service) -> None:
    path = f"{KEYS}/{id_of(service.viewer)}/usage"
    assert service.get(path).status_code == 401
    assert service.editor.get(path).status_code == 403
    assert service.with_key("keys:write").get(path).get_json() == {"data": []}
    assert service.admin.get(f"{KEYS}/nobody/usage").status_code == 404


@contextmanager
def another_writer(service: Service) -> Iterator[None]:
    """Another process that writes meanwhile, and on PostgreSQL counts a call of the same key."""
    engine = create_engine(service.services.settings.url)
    if service.services.database.is_sqlite:
        event.listen(engine, "connect", lambda connection, _: setattr(connection, "isolation_level", None))
    with engine.connect() as connection:
        if service.services.database.is_sqlite:
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        else:
            connection.execute(text("UPDATE deprecated_usage SET count = count + 1"))
        yield
        connection.rollback()
    engine.dispose()


def test_a_caller_does_not_wait_for_other_writers(service: Service) -> None:
    assert service.viewer.get(MANAGED).status_code == 200
    with another_writer(service):
        started = time.monotonic()
        assert service.viewer.get(MANAGED).get_json()["text"] == "Open today"
        assert time.monotonic() - started < LOCK_SECONDS / 2
    assert counts(service, service.viewer) == {"getManagedHeadline": 1}
    # The connection is as patient as before, and counts again.
    assert service.viewer.get(MANAGED).status_code == 200
    assert counts(service, service.viewer) == {"getManagedHeadline": 2}


def test_a_caller_does_not_wait_for_a_writer_of_the_same_process(service: Service) -> None:
    assert service.viewer.get(MANAGED).status_code == 200
    with service.services.database.transaction() as session:
        session.execute(text("UPDATE deprecated_usage SET count = 7"))
        started = time.monotonic()
        assert service.viewer.get(MANAGED).status_code == 200
        assert time.monotonic() - started < LOCK_SECONDS / 2
    assert counts(service, service.viewer) == {"getManagedHeadline": 7}


def test_a_call_that_cannot_be_counted_is_answered(service: Service, caplog: pytest.LogCaptureFixture) -> None:
    with service.services.database.transaction() as session:
        session.execute(text("DROP TABLE deprecated_usage"))
    assert service.viewer.get(MANAGED).get_json()["text"] == "Open today"
    assert service.author.post(MANAGED, json=OPEN).status_code == 201
    told = [each.message.split(":")[0] for each in caplog.records]
    expected = ["a call of getManagedHeadline was not counted", "a call of writeHeadline was not counted"]
    # SQLite says it as it says that the file is busy, which is told of nowhere.
    assert told == ([] if service.services.database.is_sqlite else expected)


def test_a_brief_wait_leaves_the_connection_as_it_was(service: Service) -> None:
    database = service.services.database
    service.viewer.get(MANAGED)
    ask = "PRAGMA busy_timeout" if database.is_sqlite else "SELECT setting FROM pg_settings WHERE name = 'lock_timeout'"
    with database.snapshot() as connection:
        assert int(connection.exec_driver_sql(ask).scalar_one()) == LOCK_SECONDS * 1000
