"""The server ends in the middle of work: killed, it loses nothing it has acknowledged; asked to, it finishes first."""

import http.client
import os
import signal
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine

from tests.processes import Client, Reply, Server, comes_true, new_key, rows, serving, variables
from tests.test_races import check_numbers

ARTICLES = "/api/v1/manage/articles"
WRITES = 200


@dataclass
class Story:
    """What one client tried with one article, in order, and how much of it was acknowledged."""

    slug: str
    tried: list[str] = field(default_factory=list)
    acknowledged: list[str] = field(default_factory=list)


@dataclass
class Stories:
    """What all clients did; ``enough`` is set when the server is to be killed."""

    all: list[Story] = field(default_factory=list)
    enough: threading.Event = field(default_factory=threading.Event)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def acknowledge(self, story: Story, step: str) -> None:
        with self._lock:
            story.acknowledged.append(step)
            if sum(len(each.acknowledged) for each in self.all) >= WRITES // 2:
                self.enough.set()


def write_until_cut_off(client: Client, stories: Stories, number: int) -> None:
    """Create, change, publish, change and publish again, one article after the other, until nobody answers."""
    try:
        for count in range(WRITES):
            story = Story(slug=f"writer-{number}-{count}")
            stories.all.append(story)
            _write(client, stories, story)
    except (OSError, http.client.HTTPException):
        return


def _write(client: Client, stories: Stories, story: Story) -> None:
    def step(name: str, status: int, method: str, path: str, **options: Any) -> Reply:
        story.tried.append(name)
        reply, _ = client.insist(method, path, **options)
        reply.expect(status)
        stories.acknowledge(story, name)
        return reply

    body = {"slug": story.slug, "title": "created", "body": "*A text* in Markdown. " * 50}
    path = f"{ARTICLES}/{step('created', 201, 'POST', ARTICLES, json=body).data['id']}"
    step("first", 200, "PATCH", path, json={"title": "first"}, if_match="*")
    step("published first", 200, "PUT", f"{path}/publication", json={}, if_match="*")
    step("second", 200, "PATCH", path, json={"title": "second"}, if_match="*")
    step("published second", 200, "PUT", f"{path}/publication", json={}, if_match="*")


def test_a_killed_server_keeps_what_it_acknowledged_and_nothing_by_halves(database_url: str, tmp_path: Path) -> None:
    settings = variables(database_url)
    stories = Stories()
    with serving(folder=tmp_path, settings=settings) as server, ThreadPoolExecutor(8) as pool:
        client = Client(server.port, new_key(tmp_path, settings))
        writers = [pool.submit(write_until_cut_off, client, stories, number) for number in range(8)]
        assert stories.enough.wait(60)
        server.kill()
        for writer in writers:
            writer.result(60)
    assert sum(len(story.tried) > len(story.acknowledged) for story in stories.all) > 0, "nothing was cut off"
    check_whole(database_url)
    with serving(folder=tmp_path, settings=settings, port=server.port) as again:
        client = Client(again.port, client.key)
        for story in stories.all:
            check_story(client, story)
        # It goes on as if nothing had happened.
        client.request("POST", ARTICLES, json={"title": "Afterwards"}).expect(201)
    check_numbers(database_url)


def check_story(client: Client, story: Story) -> None:
    """Everything acknowledged is there; the one step that was cut off is there or not."""
    possible = {len(story.acknowledged), len(story.tried)}
    found = client.get(f"{ARTICLES}?slug={story.slug}").expect(200).data
    steps = 0
    if found:
        live = client.get(f"/api/v1/articles/{story.slug}")
        seen = (found[0]["title"], live.data["title"] if live.status == 200 else None)
        steps = {
            ("created", None): 1,
            ("first", None): 2,
            ("first", "first"): 3,
            ("second", "first"): 4,
            ("second", "second"): 5,
        }[seen]
    assert steps in possible, f"{story} has {steps} steps"


def check_whole(database_url: str) -> None:
    """Every entry has its draft, its slug and every revision; every publication shows a revision; all are audited."""
    if database_url.startswith("sqlite"):
        assert rows(database_url, "PRAGMA integrity_check") == [("ok",)]
        assert rows(database_url, "PRAGMA foreign_key_check") == []
    ((entries,),) = rows(database_url, "SELECT count(*) FROM entries")
    assert entries > 0
    for part in (
        "entries e JOIN articles a ON a.entry_id = e.id",
        "entries e JOIN slugs s ON s.entry_id = e.id AND s.slug = e.slug AND s.type = e.type",
        "entries e JOIN revisions r ON r.entry_id = e.id AND r.number = e.version",
        "entries e JOIN events v ON v.subject = CAST(e.id AS VARCHAR(36)) AND v.action = 'created'",
    ):
        assert rows(database_url, f"SELECT count(*) FROM {part}") == [(entries,)], part
    for table in ("articles", "slugs"):
        assert rows(database_url, f"SELECT count(*) FROM {table}") == [(entries,)], table
    ((revisions,),) = rows(database_url, "SELECT count(*) FROM revisions")
    assert rows(database_url, "SELECT sum(version) FROM entries") == [(revisions,)]
    ((saved,),) = rows(database_url, "SELECT count(*) FROM events WHERE action IN ('created', 'saved')")
    assert saved == revisions
    ((publications,),) = rows(database_url, "SELECT count(*) FROM publications")
    assert rows(database_url, "SELECT count(*) FROM events WHERE action = 'published'") == [(publications,)]
    check_numbers(database_url)


@contextmanager
def write_lock(database_url: str) -> Iterator[None]:
    """Keep every writer waiting, as another long write would."""
    engine = create_engine(database_url)
    with engine.connect() as connection:
        if connection.dialect.name == "sqlite":
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        else:
            connection.exec_driver_sql("SELECT * FROM content_version FOR UPDATE")
        yield
        connection.rollback()
    engine.dispose()


def test_a_server_that_is_stopped_finishes_what_it_has_begun(database_url: str, tmp_path: Path) -> None:
    settings = variables(database_url)
    with serving("--with-worker", folder=tmp_path, settings=settings) as server, ThreadPoolExecutor(1) as pool:
        client = Client(server.port, new_key(tmp_path, settings))
        # The key's first use is a write of its own, and must not be what waits.
        client.get(ARTICLES).expect(200)
        with write_lock(database_url):
            waiting = pool.submit(client.request, "POST", ARTICLES, json={"title": "In flight"})
            time.sleep(0.7)
            assert not waiting.done()
            server.terminate()
            time.sleep(1)
            assert not waiting.done()
            assert server.status is None
        made = waiting.result(20).expect(201)
        assert server.wait() == 0
        assert server.members() == []
    assert rows(database_url, "SELECT slug FROM entries") == [("in-flight",)]
    assert made.data["slug"] == "in-flight"


def test_a_server_that_is_stopped_during_traffic_ends_in_time_with_all_its_processes(
    database_url: str, tmp_path: Path
) -> None:
    settings = variables(database_url)
    stories = Stories()
    with serving("--with-worker", folder=tmp_path, settings=settings) as server, ThreadPoolExecutor(4) as pool:
        # The command, two that answer and the worker; an interpreter's own helpers may stand beside them.
        assert len(server.members()) >= 4
        client = Client(server.port, new_key(tmp_path, settings))
        writers = [pool.submit(write_until_cut_off, client, stories, number) for number in range(4)]
        assert comes_true(lambda: sum(len(story.acknowledged) for story in stories.all) > 20, seconds=30)
        begun = time.monotonic()
        assert server.stop() == 0
        assert time.monotonic() - begun < 20
        assert server.members() == []
        assert "Traceback" not in server.output
        for writer in writers:
            writer.result(60)
    check_whole(database_url)
    with serving(folder=tmp_path, settings=settings, port=server.port) as again:
        for story in stories.all:
            check_story(Client(again.port, client.key), story)


def test_a_process_that_dies_is_replaced(database_url: str, tmp_path: Path) -> None:
    with serving("--without-worker", folder=tmp_path, settings=variables(database_url)) as server:
        before = answering(server)
        assert len(before) == 2
        os.kill(before[0], signal.SIGKILL)
        assert comes_true(lambda: before[0] not in server.members())
        assert comes_true(lambda: len(answering(server)) == 2, seconds=30)
        assert comes_true(server.is_ready, seconds=30)
        assert server.stop() == 0
        assert server.members() == []


def answering(server: Server) -> list[int]:
    """The processes that answer; where they are not copies of the command, Python's own helper is none of them."""
    helper = "resource_tracker"
    return [pid for pid in server.members() if pid != server.pid and helper not in command_line(pid)]


def command_line(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_text()
    except OSError:
        return ""


@pytest.mark.parametrize("moment", [0.0, 0.3, 0.6, 1.0, 1.4, 1.8])
def test_a_server_that_is_stopped_while_it_starts_leaves_no_process(
    sqlite_template: Path, tmp_path: Path, moment: float
) -> None:
    server = Server("--with-worker", folder=tmp_path, settings=variables(f"sqlite:///{tmp_path}/cms.db"))
    try:
        time.sleep(moment)
        server.terminate()
        server.wait()
        assert comes_true(lambda: server.members() == [], seconds=5), "a process was left behind"
    finally:
        server.clean_up()
