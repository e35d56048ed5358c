"""A purge erases all content of an entry: not a word of it stays in any table of either database."""

import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sqlalchemy import event, inspect, text

from cms.worker import announce_due
from tests.api.v1.management.test_publication import Hours
from tests.service import Service

WORD = "zanzibarium"
SPOKEN_OF = {
    "title": "Zanzibarium",
    "subtitle": "Zanzibarium",
    "summary": "Zanzibarium",
    "slug": "zanzibarium",
    "body": "## Zanzibarium\n\n<script>zanzibarium</script><p onclick='zanzibarium'>A zanzibarium</p>\n\n#### Jumped",
    "seo": {"title": "Zanzibarium", "image": {"url": "/zanzibarium.jpg"}},
    "calls_to_action": [{"label": "Zanzibarium", "url": "/zanzibarium"}],
    "extra": {"zanzibarium": "zanzibarium"},
    "note": "Zanzibarium",
}


def cells(service: Service) -> Iterator[tuple[str, bytes]]:
    """Every value in every table, including the internal tables of SQLite's search index."""
    with service.services.database.snapshot() as connection:
        for table in inspect(connection).get_table_names():
            for row in connection.execute(text(f'SELECT * FROM "{table}"')):
                for value in row:
                    held = bytes(value) if isinstance(value, bytes | memoryview) else str(value).encode()
                    yield table, held.lower()


def file_of(service: Service) -> bytes:
    """The bytes of an SQLite database, including its write-ahead log; empty for PostgreSQL."""
    database = service.services.database
    if not database.is_sqlite:
        return b""
    with database.engine.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA secure_delete").scalar_one() == 1
        assert connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)").one()[0] == 0
    return Path(database.engine.url.database or "").read_bytes().lower()


def as_most_builds_are(service: Service) -> None:
    """Switch off ``secure_delete`` in builds of SQLite that have it on by default."""
    database = service.services.database
    if database.is_sqlite:
        database.engine.dispose()
        off = "PRAGMA secure_delete=OFF"
        event.listen(database.engine, "connect", lambda opened, _: opened.execute(off).close(), insert=True)


def tables_that_tell(service: Service, word: str) -> set[str]:
    return {table for table, held in cells(service) if word.encode() in held}


def test_a_purge_leaves_no_word_of_an_entry_that_went_through_everything(service: Service) -> None:
    as_most_builds_are(service)
    editor, at = service.editor, Hours()
    response = editor.post("/api/v1/manage/articles", json=SPOKEN_OF, headers={"Idempotency-Key": str(uuid.uuid4())})
    entry: dict[str, Any] = response.get_json()["data"]
    path = f"/api/v1/manage/articles/{entry['id']}"
    editor.publish("articles", entry, live_until=at(2))
    editor.change("articles", entry, title="Zanzibarium again", slug="zanzibarium-again", note="zanzibarium")
    editor.publish("articles", entry, live_from=at(1))
    with at.passed(1.5):
        known = service.services
        announce_due(known.database, known.types, known.settings.public_url)
        key = {"Idempotency-Key": str(uuid.uuid4())}
        assert editor.post(f"{path}/restore", json={"revision": 1}, headers=key).status_code == 200
        operation = {"method": "PATCH", "path": f"/articles/{entry['id']}", "body": {"summary": "A zanzibarium."}}
        operation |= {"headers": {"If-Match": "*"}}
        key = {"Idempotency-Key": str(uuid.uuid4())}
        response = editor.post("/api/v1/manage/batch", json={"operations": [operation]}, headers=key)
        assert response.status_code == 200, response.get_data(as_text=True)
        assert tables_that_tell(service, WORD) >= {"revisions", "slugs", "articles", "idempotency_keys"}
        other = editor.create("articles", title="Another")
        service.editor.trash("articles", entry)
        service.editor.post(f"{path}/undelete", headers={"Idempotency-Key": str(uuid.uuid4())})
        service.editor.trash("articles", entry, purge="true")
    assert tables_that_tell(service, WORD) == set()
    assert WORD.encode() not in file_of(service)
    assert "events" in tables_that_tell(service, entry["id"])
    assert "articles" in tables_that_tell(service, other["title"].lower())
