"""Many clients in separate processes against a server of two processes: no write is lost and none succeeds twice."""

import random
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.processes import PATIENCE, Client, Server, at_once, new_key, rows, serving, variables

pytestmark = pytest.mark.process

ARTICLES = "/api/v1/manage/articles"
COUNTED = "01900000-0000-7000-8000-000000000001"


@pytest.fixture
def server(database_url: str, tmp_path: Path) -> Iterator[Server]:
    with serving(folder=tmp_path, settings=variables(database_url)) as server:
        yield server
        assert "Traceback" not in server.output


@pytest.fixture
def editor(server: Server, database_url: str, tmp_path: Path) -> Client:
    return Client(server.port, new_key(database_url, "editor"))


def check_numbers(database_url: str) -> None:
    """Check that every write has its number in the audit log, and that the counter is the last number."""
    events = rows(database_url, "SELECT change, position FROM events ORDER BY change, position")
    ((counter,),) = rows(database_url, "SELECT change FROM content_version")
    numbers = sorted({change for change, _ in events})
    # A new database is at change 1, which no event tells of.
    assert numbers == list(range(2, counter + 1))
    positions = Counter(change for change, _ in events)
    assert all((change, count - 1) in events for change, count in positions.items())


def claim_slug(client: Client, number: int) -> tuple[int, str, int]:
    reply, busy = client.insist("POST", ARTICLES, json={"title": f"Claim {number}", "slug": "wanted-by-all"})
    return reply.status, reply.document.get("type", ""), busy


def test_of_fifty_claims_to_one_slug_one_wins(editor: Client, database_url: str) -> None:
    answers = at_once(claim_slug, editor)
    assert Counter(status for status, _, _ in answers) == {201: 1, 409: 49}
    assert {kind.rpartition("/")[2] for status, kind, _ in answers if status == 409} == {"slug-taken"}
    assert rows(database_url, "SELECT count(*) FROM entries") == [(1,)]
    assert rows(database_url, "SELECT count(*) FROM revisions") == [(1,)]
    check_numbers(database_url)


def claim_title(client: Client, number: int) -> tuple[int, str, int]:
    reply, busy = client.insist("POST", ARTICLES, json={"title": "The same title"})
    return reply.status, reply.data["slug"] if reply.status == 201 else "", busy


def test_fifty_articles_of_one_title_get_fifty_slugs(editor: Client, database_url: str) -> None:
    answers = at_once(claim_title, editor)
    assert Counter(status for status, _, _ in answers) == {201: 50}
    expected = {"the-same-title"} | {f"the-same-title-{number}" for number in range(2, 51)}
    assert {slug for _, slug, _ in answers} == expected
    check_numbers(database_url)


def send_once(client: Client, number: int) -> tuple[int, str | None, str | None, int]:
    """Send the same request as all other clients, with the same idempotency key."""
    headers = {"Idempotency-Key": "8e03978e-40d5-43e8-bc93-6894a57f9324"}
    reply, busy = client.insist("POST", ARTICLES, json={"title": "Sent by all"}, headers=headers)
    made = reply.data["id"] if reply.status == 201 else reply.document["type"].rpartition("/")[2]
    return reply.status, reply.headers.get("idempotency-replayed"), made, busy


def test_fifty_equal_posts_under_one_key_make_one(editor: Client, database_url: str) -> None:
    answers = at_once(send_once, editor, processes=2, threads=25)
    seen = Counter((status, replayed) for status, replayed, _, _ in answers)
    assert seen[201, None] == 1
    assert seen[201, "true"] + seen[409, None] == 49
    assert {made for status, _, made, _ in answers if status == 409} <= {"idempotency-in-progress"}
    ((entry_id,),) = rows(database_url, "SELECT CAST(id AS VARCHAR(36)) FROM entries")
    assert {made for status, _, made, _ in answers if status == 201} == {entry_id}
    assert rows(database_url, "SELECT count(*) FROM idempotency_keys") == [(1,)]
    again = send_once(editor, 0)
    assert again[:3] == (201, "true", entry_id)
    check_numbers(database_url)


INCREMENTS = 20


def count_up(client: Client, number: int) -> Counter[str]:
    """Read a number, add one and write it back; a client that was too late reads again."""
    path, seen = f"{ARTICLES}/{COUNTED}", Counter[str]()
    patience = 0.2
    for _ in range(INCREMENTS):
        while True:
            read, busy = client.insist("GET", path)
            value = read.expect(200).data["extra"]["count"]
            patch = {"extra": {"count": value + 1}}
            written, busy_too = client.insist("PATCH", path, json=patch, if_match=read.headers["etag"])
            seen[str(written.status)] += 1
            seen["busy"] += busy + busy_too
            if written.status == 200:
                patience = max(patience / 2, 0.2)
                break
            written.expect(412)
            # Without a pause that grows, fifty writers would mostly refuse one another.
            time.sleep(random.uniform(0, patience))
            patience = min(patience * 2, 2)
    return seen


def test_a_thousand_increments_by_fifty_writers_make_a_thousand(editor: Client, database_url: str) -> None:
    created = {"title": "Counted", "extra": {"count": 0}}
    editor.request("PUT", f"{ARTICLES}/{COUNTED}", json=created, If_None_Match="*").expect(201)
    seen = sum(at_once(count_up, editor, seconds=4 * PATIENCE), Counter[str]())
    assert seen["200"] == 50 * INCREMENTS
    assert set(seen) <= {"200", "412", "busy"}
    final = editor.get(f"{ARTICLES}/{COUNTED}").data
    assert final["extra"] == {"count": 50 * INCREMENTS}
    assert final["version"] == 50 * INCREMENTS + 1
    check_numbers(database_url)


@dataclass(frozen=True)
class Publish:
    """Publish the version that has this entity tag."""

    etag: str

    def __call__(self, client: Client, number: int) -> tuple[int, int]:
        reply, busy = client.insist("PUT", f"{ARTICLES}/{COUNTED}/publication", json={}, if_match=self.etag)
        return reply.status, busy


def test_of_twenty_publishes_of_one_version_one_succeeds(editor: Client, database_url: str) -> None:
    created = {"title": "Published once"}
    made = editor.request("PUT", f"{ARTICLES}/{COUNTED}", json=created, If_None_Match="*").expect(201)
    answers = at_once(Publish(made.headers["etag"]), editor, processes=4, threads=5)
    assert Counter(status for status, _ in answers) == {200: 1, 412: 19}
    assert rows(database_url, "SELECT count(*) FROM publications") == [(1,)]
    assert rows(database_url, "SELECT count(*) FROM events WHERE action = 'published'") == [(1,)]
    assert Client(editor.port).get("/api/v1/articles/published-once").status == 200
    check_numbers(database_url)
