"""A server that is asked to end finishes its running work first. ``test_kills`` tests kills."""

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

from tests.invariants import check_invariants
from tests.processes import PATIENCE, Client, Reply, Server, comes_true, new_key, rows, serving, variables

pytestmark = pytest.mark.process

ARTICLES = "/api/v1/manage/articles"
WRITES = 200


@dataclass
class Story:
    """The steps that one client tried with one article, in order, and how many of them were acknowledged."""

    slug: str
    tried: list[str] = field(default_factory=list)
    acknowledged: list[str] = field(default_factory=list)


@dataclass
class Stories:
    """The stories of all clients."""

    all: list[Story] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def acknowledge(self, story: Story, step: str) -> None:
        with self._lock:
            story.acknowledged.append(step)


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


@contextmanager
def write_lock(database_url: str) -> Iterator[None]:
    """Make every writer wait, as a long write would."""
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
        client = Client(server.port, new_key(database_url))
        # The key's first use is a write of its own, and must not be what waits.
        client.get(ARTICLES).expect(200)
        with write_lock(database_url):
            waiting = pool.submit(client.request, "POST", ARTICLES, json={"title": "In flight"})
            time.sleep(2)  # Long enough for it to have come; the lock is waited for longer still.
            assert not waiting.done()
            server.terminate()
            time.sleep(1)
            assert not waiting.done()
            assert server.status is None
        made = waiting.result(PATIENCE).expect(201)
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
        client = Client(server.port, new_key(database_url))
        writers = [pool.submit(write_until_cut_off, client, stories, number) for number in range(4)]
        assert comes_true(lambda: sum(len(story.acknowledged) for story in stories.all) > 20)
        begun = time.monotonic()
        assert server.stop() == 0
        assert time.monotonic() - begun < 30
        assert server.members() == []
        assert "Traceback" not in server.output
        for writer in writers:
            writer.result(PATIENCE)
    check_invariants(database_url)
    with serving(folder=tmp_path, settings=settings, port=server.port) as again:
        for story in stories.all:
            check_story(Client(again.port, client.key), story)


def test_a_process_that_dies_is_replaced(database_url: str, tmp_path: Path) -> None:
    with serving("--without-worker", folder=tmp_path, settings=variables(database_url)) as server:
        before = answering(server)
        assert len(before) == 2
        os.kill(before[0], signal.SIGKILL)
        assert comes_true(lambda: before[0] not in server.members())
        assert comes_true(lambda: len(answering(server)) == 2)
        assert comes_true(server.is_ready)
        assert server.stop() == 0
        assert server.members() == []


def answering(server: Server) -> list[int]:
    """The processes that answer requests. Python's own helper process is left out."""
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
        assert comes_true(lambda: server.members() == []), "a process was left behind"
    finally:
        server.clean_up()
