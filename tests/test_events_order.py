"""The audit log under parallel writers: each number once, in commit order, and none appears after a later one."""

import time
from collections import Counter
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from tests.invariants import check_invariants
from tests.processes import Client, at_once, new_key, serving, variables

pytestmark = pytest.mark.process

EVENTS = "/api/v1/manage/events"
WRITERS, FOLLOWERS = 6, 2
OF_EACH = 4
ARTICLES = WRITERS * OF_EACH


@dataclass(frozen=True)
class Write:
    """A write that was answered: its number, and the times of request and answer by the machine's clock."""

    number: int
    asked: float
    answered: float


def take_part(client: Client, number: int) -> tuple[list[Write], list[str]]:
    """Write if the number is a writer's, else follow the log; returns what was written, and the ids that were read."""
    if number < WRITERS:
        return write(client, number), []
    return [], follow(client)


def write(client: Client, number: int) -> list[Write]:
    """Create articles, some of them live at once (two events of one write), and change and trash others."""
    done: list[Write] = []

    def told(method: str, path: str, **options: Any) -> Any:
        asked = time.monotonic()
        reply, _ = client.insist(method, f"/api/v1/manage/articles{path}", **options)
        assert reply.status in (200, 201, 204), reply.body
        if "etag" in reply.headers:
            done.append(Write(int(reply.headers["etag"].strip('"')), asked, time.monotonic()))
        return reply

    for count in range(OF_EACH):
        made = told("POST", "?publish=true" if count % 2 else "", json={"title": f"Writer {number}, {count}"}).data
        told("PATCH", f"/{made['id']}", json={"title": "Changed"}, if_match="*")
        told("DELETE", f"/{made['id']}", if_match="*")
    return done


def follow(client: Client) -> list[str]:
    """Read the log as a consumer does, from the last number seen, until the last article is in the trash."""
    ids: list[str] = []
    last, trashed, patience = 0, 0, time.monotonic() + 120
    while trashed < ARTICLES and time.monotonic() < patience:
        page = whole_page(client, last)
        ids += [each["id"] for each in page]
        trashed += sum(each["action"] == "trashed" for each in page)
        last = page[-1]["change"] if page else last
        time.sleep(0.05)
    return ids


def whole_page(client: Client, last: int) -> list[Any]:
    """Everything after a number: a page may end in the middle of a change, and its cursor goes on from there."""
    found: list[Any] = []
    address = following = f"{EVENTS}?sort=change&limit=100&change__gt={last}"
    while following:
        reply, _ = client.insist("GET", following)
        found += reply.expect(200).data
        cursor = reply.document["page"]["next"]
        following = f"{address}&cursor={cursor}" if cursor else ""
    return found


def test_the_log_has_no_gaps_and_is_in_the_order_of_the_commits(database_url: str, tmp_path: Path) -> None:
    settings = variables(database_url)
    with serving(folder=tmp_path, settings=settings) as server:
        client = Client(server.port, new_key(database_url))
        client.get(EVENTS).expect(200)
        results = at_once(take_part, client, processes=2, threads=(WRITERS + FOLLOWERS) // 2)
        final = follow(client)
    check_numbers(final)
    check_order([each for written, _ in results for each in written])
    followed = [read for _, read in results if read]
    assert len(followed) == FOLLOWERS
    for read in followed:
        # Whoever follows sees what is there in the end, each once and in its place, whatever happened meanwhile.
        assert read == final
    check_invariants(database_url)


def check_numbers(ids: list[str]) -> None:
    """Check that no number is missing, and that the positions of each begin at 0."""
    places = [tuple(map(int, each.split("-"))) for each in ids]
    assert places == sorted(places)
    numbers = [number for number, _ in places]
    assert sorted(set(numbers)) == list(range(2, numbers[-1] + 1))
    positions = Counter(numbers)
    assert all((number, position) in places for number, count in positions.items() for position in range(count))
    assert max(positions.values()) > 1, "no change has two events"


def check_order(writes: list[Write]) -> None:
    """A write that was answered before another was asked for has the lower number; many ran side by side."""
    assert len({each.number for each in writes}) == len(writes) == ARTICLES * 2
    by_number = sorted(writes, key=lambda each: each.number)
    latest_asked = 0.0
    for each in by_number:
        assert each.answered > latest_asked, "a later commit has a lower number"
        latest_asked = max(latest_asked, each.asked)
    assert sum(later.asked < earlier.answered for earlier, later in pairwise(by_number)) > WRITERS
