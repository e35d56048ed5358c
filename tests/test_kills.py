"""Five hundred mixed writes, during which the server is killed again and again.

Every acknowledged write is there afterwards. A write that was cut off is there wholly or not at all. Every copy in the
database agrees with its source.
"""

import http.client
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import timedelta
from itertools import repeat
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, text
from uuid_utils.compat import uuid7

from cms import clock
from tests.invariants import check_invariants
from tests.processes import PATIENCE, Client, Reply, comes_true, free_port, new_key, rows, serving, variables

pytestmark = pytest.mark.process

MANAGE = "/api/v1/manage"
ROUNDS = (170, 340, 500)
"""After how many acknowledged writes the server is killed."""
WRITERS = 8


@dataclass(frozen=True)
class State:
    """The state of an article as clients read it; ``None`` for a title that they cannot read."""

    title: str | None = None
    version: int = 0
    status: str = ""
    live: str | None = None
    trashed: bool = False


NOTHING = State()


# The writes: what is asked for, and what has become of the article when it is answered.


def create(client: Client, path: str, state: State) -> tuple[Reply, State]:
    body = {"title": "created", "body": "*A text* in Markdown.", "tags": ["repair", "paper"]}
    reply = client.send("PUT", path, json=body, headers={"If-None-Match": "*"})
    return reply, State("created", 1, "draft")


def create_in_batch(client: Client, path: str, state: State) -> tuple[Reply, State]:
    """Create, change and publish in one request: all of it or nothing."""
    place, any_tag = path.removeprefix(MANAGE), {"If-Match": "*"}
    operations = [
        {"method": "PUT", "path": place, "headers": {"If-None-Match": "*"}, "body": {"title": "created"}},
        {"method": "PATCH", "path": place, "headers": any_tag, "body": {"title": "batch", "tags": ["repair"]}},
        {"method": "PUT", "path": f"{place}/publication", "headers": any_tag},
    ]
    reply = client.request("POST", f"{MANAGE}/batch", json={"operations": operations})
    return reply, State("batch", 2, "published", "batch")


def save(client: Client, path: str, state: State) -> tuple[Reply, State]:
    title = f"saved {state.version}"
    reply = client.request("PATCH", path, json={"title": title, "tags": ["paper"]}, if_match="*")
    return reply, replace(state, title=title, version=state.version + 1)


def publish(client: Client, path: str, state: State) -> tuple[Reply, State]:
    reply = client.request("PUT", f"{path}/publication", json={}, if_match="*")
    return reply, replace(state, status="published", live=state.title)


def schedule(client: Client, path: str, state: State) -> tuple[Reply, State]:
    body = {"live_from": clock.to_wire(clock.now() + timedelta(hours=1))}
    reply = client.request("PUT", f"{path}/publication", json=body, if_match="*")
    return reply, replace(state, status="published" if state.live else "scheduled")


def unpublish(client: Client, path: str, state: State) -> tuple[Reply, State]:
    reply = client.request("DELETE", f"{path}/publication", if_match="*")
    return reply, replace(state, status="unpublished" if state.live else "draft", live=None)


def trash(client: Client, path: str, state: State) -> tuple[Reply, State]:
    reply = client.request("DELETE", path, if_match="*")
    return reply, replace(state, status="unpublished" if state.live else "draft", live=None, trashed=True)


def undelete(client: Client, path: str, state: State) -> tuple[Reply, State]:
    return client.request("POST", f"{path}/undelete"), replace(state, trashed=False)


def restore(client: Client, path: str, state: State) -> tuple[Reply, State]:
    reply = client.request("POST", f"{path}/restore", json={"revision": 1})
    return reply, replace(state, title="created", version=state.version + 1)


def purge(client: Client, path: str, state: State) -> tuple[Reply, State]:
    return client.request("DELETE", f"{path}?purge=true", if_match="*"), NOTHING


Step = Callable[[Client, str, State], tuple[Reply, State]]
PLOTS: tuple[tuple[Step, ...], ...] = (
    (create, save, publish, save, schedule, publish, unpublish),
    (create, schedule, trash, undelete, save, publish, restore),
    (create_in_batch, schedule, save, trash, purge),
    (create, publish, save, publish, trash, purge),
)


@dataclass
class Story:
    """What one client does with one article: the steps to come, where it stands, and where it may stand instead."""

    steps: list[Step]
    path: str = field(default_factory=lambda: f"{MANAGE}/articles/{uuid7()}")
    state: State = NOTHING
    doubt: State | None = None
    """What has become of it if the step that nobody answered was done."""

    def go_on(self, client: Client) -> bool:
        """Take the next step; returns whether it was acknowledged."""
        reply, after = None, self.state
        try:
            reply, after = self.steps[0](client, self.path, self.state)
        except (OSError, http.client.HTTPException):
            _, after = self.steps[0](_Mute(client.port), self.path, self.state)
        if reply is None or reply.status == 503:
            self.doubt = after
            return False
        assert reply.status < 300, f"{self.steps[0].__name__}: {reply.body.decode()}"
        self.state = after
        del self.steps[0]
        return True

    def settle(self, client: Client) -> None:
        """Check that the article is as acknowledged, or as the write that was cut off would have made it."""
        found = read(client, self.path)
        assert found in (self.state, self.doubt or self.state), f"{self} is {found}"
        if self.doubt is not None:
            if found == self.doubt != self.state:
                del self.steps[0]
            self.state, self.doubt = found, None


class _Mute(Client):
    """A client that sends nothing, to work out the outcome that a request would have."""

    def send(self, method: str, path: str, **_: Any) -> Reply:
        return Reply(0, {}, b"")


def read(client: Client, path: str) -> State:
    """The article as management and delivery answer it."""
    managed, _ = client.insist("GET", path)
    live, _ = client.insist("GET", path.replace("/manage", ""))
    if managed.status == 404:
        assert live.status == 404
        return NOTHING
    data = managed.expect(200).data
    title = live.data["title"] if live.status == 200 else None
    return State(data["title"], data["version"], data["status"], title, data["trashed_at"] is not None)


@dataclass
class Crowd:
    """Clients that write until they are cut off; ``enough`` is set when the server is to be killed."""

    stories: list[list[Story]] = field(default_factory=lambda: [[] for _ in range(WRITERS)])
    acknowledged: int = 0
    until: int = 0
    enough: threading.Event = field(default_factory=threading.Event)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def write(self, client: Client, writer: int) -> None:
        """Go on with the article that was left, then with others, until nobody answers."""
        while True:
            story = next((each for each in self.stories[writer] if each.steps), None) or self._begin(writer)
            if story.go_on(client):
                self._count()
            elif self.enough.is_set():
                return
            else:  # The service itself said that it could not, or nobody did: what has become of it can be asked.
                try:
                    story.settle(client)
                except (OSError, http.client.HTTPException):
                    return

    def _begin(self, writer: int) -> Story:
        number = sum(len(each) for each in self.stories)
        self.stories[writer].append(Story(list(PLOTS[(number + writer) % len(PLOTS)])))
        return self.stories[writer][-1]

    def _count(self) -> None:
        with self._lock:
            self.acknowledged += 1
            if self.acknowledged >= self.until:
                self.enough.set()

    def cut_off(self) -> list[Story]:
        """The stories whose last step was neither acknowledged nor checked."""
        return [each for each in self.all() if each.doubt is not None]

    def all(self) -> Iterator[Story]:
        for stories in self.stories:
            yield from stories


@pytest.fixture
def database_url(database_url: str, request: pytest.FixtureRequest) -> str:
    """A database that no test is connected to."""
    if not database_url.startswith("sqlite"):
        request.getfixturevalue("postgresql_database").disconnect()
    return database_url


def test_whatever_is_killed_acknowledged_writes_are_there_and_no_write_is_there_by_halves(
    database_url: str, tmp_path: Path
) -> None:
    settings = variables(database_url)
    key, port, cut_off, crowd = new_key(database_url), free_port(), 0, Crowd()
    client = Client(port, key)
    for number in ROUNDS:
        with serving(folder=tmp_path, settings=settings, port=port) as server, ThreadPoolExecutor(WRITERS) as pool:
            if number == ROUNDS[0]:
                create_tags(client)
            list(pool.map(Story.settle, crowd.cut_off(), repeat(client)))
            crowd.until, crowd.enough = number, threading.Event()
            writers = [pool.submit(crowd.write, client, each) for each in range(WRITERS)]
            if number == ROUNDS[1]:
                kill_connections(database_url)
            assert crowd.enough.wait(PATIENCE), "the clients do not get on"
            server.kill()
            for writer in writers:
                writer.result(PATIENCE)
        cut_off += len(crowd.cut_off())
        assert comes_true(lambda: not connections(database_url)), "a connection outlives its server"
        check_invariants(database_url)
    with serving(folder=tmp_path, settings=settings, port=port), ThreadPoolExecutor(WRITERS) as pool:
        list(pool.map(Story.settle, crowd.all(), repeat(client)))
        # It goes on as if nothing had happened.
        client.request("POST", f"{MANAGE}/articles", json={"title": "Afterwards"}).expect(201)
    check_invariants(database_url)
    assert crowd.acknowledged >= ROUNDS[-1]
    assert cut_off > 0, "nothing was cut off"
    seen = {row[0] for row in rows(database_url, "SELECT DISTINCT action FROM events")}
    assert seen >= {"created", "saved", "published", "scheduled", "unpublished", "trashed", "undeleted", "purged"}


def create_tags(client: Client) -> None:
    """Create the tags that the articles refer to."""
    for name in ("repair", "paper"):
        body = {"name": name, "slug": name}
        client.request("POST", f"{MANAGE}/tags?publish=true", json=body).expect(201)


def connections(database_url: str) -> list[tuple[Any, ...]]:
    """The other connections to the database; SQLite has none."""
    if database_url.startswith("sqlite"):
        return []
    others = "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    return rows(database_url, others)


def kill_connections(database_url: str) -> None:
    """End the connections of the server, as a failing database would."""
    if not database_url.startswith("sqlite"):
        engine = create_engine(database_url)
        with engine.connect() as connection:
            connection.execute(
                text(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                    "WHERE datname = current_database() AND pid <> pg_backend_pid()"
                )
            )
        engine.dispose()
