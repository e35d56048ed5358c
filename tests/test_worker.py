"""The worker records what became due, once; readers do not depend on it."""

import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from cms import clock
from cms.db import Database
from cms.worker import announce_due
from tests.processes import PATIENCE, comes_true, rows, variables, working
from tests.service import Service
from tests.test_crashes import write_lock

HOUR = timedelta(hours=1)


def in_hours(hours: float) -> str:
    return clock.to_wire(datetime.now(UTC) + hours * HOUR)


def look(service: Service) -> bool:
    """One pass of the worker."""
    known = service.services
    return announce_due(known.database, known.types, known.settings.public_url)


def told(service: Service) -> list[tuple[Any, ...]]:
    """The events that the worker has recorded, oldest first."""
    return rows(
        service.services.settings.database_url,
        "SELECT action, type, subject, revision FROM events WHERE action IN ('went_live', 'expired') "
        "ORDER BY change, position",
    )


def scheduled(service: Service, **times: str) -> dict[str, Any]:
    """Create an article with a plan."""
    entry = service.editor.create("articles")
    service.editor.publish("articles", entry, **times)
    return entry


def told_of(service: Service) -> list[tuple[str, str]]:
    return [(action, str(entry_id)) for action, _, entry_id, _ in told(service)]


def test_a_beginning_is_told_once_and_not_before_its_time(service: Service) -> None:
    entry = scheduled(service, live_from=in_hours(1))
    assert look(service) is False
    assert told(service) == []
    with clock.moved(2 * HOUR):
        assert look(service) is True
        assert look(service) is False
    ((action, kind, entry_id, revision),) = told(service)
    assert (action, kind, str(entry_id), revision) == ("went_live", "article", entry["id"], 1)


def test_an_end_is_told_once_and_marked_as_over(service: Service) -> None:
    tag = service.editor.create_published("tags")
    entry = service.editor.create("articles", tags=[tag["id"]])
    service.editor.publish("articles", entry, live_from=in_hours(1), live_until=in_hours(3))
    url = service.services.settings.database_url
    with clock.moved(2 * HOUR):
        assert look(service) is True
    assert rows(url, "SELECT count(*) FROM publications WHERE over AND type = 'article'") == [(0,)]
    with clock.moved(4 * HOUR):
        assert look(service) is True
        assert look(service) is False
    assert told_of(service) == [("went_live", entry["id"]), ("expired", entry["id"])]
    assert rows(url, "SELECT count(*) FROM publications WHERE over AND type = 'article'") == [(1,)]
    assert rows(url, "SELECT count(*) FROM publication_links WHERE NOT over") == [(0,)]


def test_what_began_and_ended_unseen_is_told_in_that_order(service: Service) -> None:
    entry = scheduled(service, live_from=in_hours(1), live_until=in_hours(2))
    with clock.moved(3 * HOUR):
        assert look(service) is True
        assert look(service) is False
    assert told_of(service) == [("went_live", entry["id"]), ("expired", entry["id"])]


def test_what_another_revision_follows_without_a_gap_did_not_expire(service: Service) -> None:
    entry = service.editor.create_published("articles")
    service.editor.change("articles", entry, title="The second revision")
    service.editor.publish("articles", entry, live_from=in_hours(1))
    with clock.moved(2 * HOUR):
        assert look(service) is True
        assert look(service) is False
    assert [(action, revision) for action, _, _, revision in told(service)] == [("went_live", 2)]
    assert rows(service.services.settings.database_url, "SELECT revision FROM publications WHERE over") == [(1,)]


def test_what_editors_did_at_once_is_not_told_again(service: Service) -> None:
    entry = service.editor.create_published("articles")
    service.editor.unpublish("articles", entry)
    assert look(service) is False
    assert told(service) == []


def test_two_workers_tell_it_once(service: Service) -> None:
    entries = [scheduled(service, live_from=in_hours(1), live_until=in_hours(2)) for _ in range(5)]
    known = service.services
    together = threading.Barrier(2)

    def work() -> None:
        database = Database(known.settings.url)
        try:
            together.wait(PATIENCE)
            while announce_due(database, known.types, known.settings.public_url):
                pass
        finally:
            database.dispose()

    with clock.moved(3 * HOUR), ThreadPoolExecutor(2) as pool:
        for future in [pool.submit(work) for _ in range(2)]:
            future.result(PATIENCE)
    expected = sorted((action, entry["id"]) for entry in entries for action in ("went_live", "expired"))
    assert sorted(told_of(service)) == expected


def test_a_backlog_is_told_whole(service: Service) -> None:
    known = service.services
    entries = [scheduled(service, live_from=in_hours(1))["id"] for _ in range(12)]
    with clock.moved(2 * HOUR):
        while announce_due(known.database, known.types, known.settings.public_url):
            pass
    assert sorted(told_of(service)) == sorted(("went_live", each) for each in entries)


def test_with_nothing_to_do_it_changes_nothing_and_waits_for_nobody(service: Service) -> None:
    scheduled(service, live_from=in_hours(1))
    url = service.services.settings.database_url
    before = rows(url, "SELECT change, content FROM content_version")
    with write_lock(url):
        begun = time.monotonic()
        assert look(service) is False
        assert time.monotonic() - begun < 4  # Who waited would wait five.
    assert rows(url, "SELECT change, content FROM content_version") == before


def test_readers_see_a_plan_come_true_without_a_worker(service: Service) -> None:
    entry = scheduled(service, live_from=in_hours(1), live_until=in_hours(3))
    path = f"/api/v1/articles/{entry['slug']}"
    seen = []
    for hours in (0, 2, 4):
        with clock.moved(hours * HOUR):
            listed = [each["id"] for each in service.get("/api/v1/articles").get_json()["data"]]
            seen.append((service.get(path).status_code, listed))
    assert seen == [(404, []), (200, [entry["id"]]), (404, [])]


def test_readers_see_the_same_before_and_after_the_worker(service: Service) -> None:
    entry = scheduled(service, live_from=in_hours(1))
    path = f"/api/v1/articles/{entry['slug']}"
    with clock.moved(2 * HOUR):
        before = service.get(path)
        assert look(service) is True
        after = service.get(path)
    assert (before.data, before.headers["ETag"]) == (after.data, after.headers["ETag"])


@pytest.mark.process
def test_two_worker_processes_tell_what_became_due_once(service: Service, tmp_path: Path) -> None:
    url = service.services.settings.database_url
    with working(tmp_path, variables(url)) as one, working(tmp_path, variables(url)) as other:
        soon = datetime.now(UTC) + timedelta(seconds=10)
        entries = [scheduled(service, live_from=clock.to_wire(soon))["id"] for _ in range(3)]
        assert comes_true(lambda: len(told(service)) >= 3)
        # Had one of them not noticed, it would tell it at its next look.
        time.sleep(2.5)
        one.stop()
        other.stop()
        assert one.output + other.output == ""
    assert sorted(told_of(service)) == sorted(("went_live", each) for each in entries)


@pytest.mark.process
def test_a_signal_is_heard_at_every_step_of_waiting() -> None:
    """A handler that waited for a lock would wait for ever in the thread that holds it."""
    run = subprocess.run(
        [sys.executable, "-c", INTERRUPTED], check=True, capture_output=True, timeout=PATIENCE, text=True
    )
    assert int(run.stdout) > 5


INTERRUPTED = """
import signal, sys
from contextlib import closing
from cms.worker import StopSignal

left = 0

def count(frame, event, argument):
    global left
    left -= 1
    if left == 0:
        signal.raise_signal(signal.SIGTERM)
    return count

for step in range(1, 1000):
    with closing(StopSignal()) as stop:
        left = step
        sys.settrace(count)
        stop.wait(0.05)
        sys.settrace(None)
        if not stop.is_asked_for:
            break
print(step)
"""


@pytest.mark.process
def test_a_worker_process_that_is_stopped_ends_at_once(service: Service, tmp_path: Path) -> None:
    scheduled(service, live_from=clock.to_wire(datetime.now(UTC) + timedelta(seconds=6)))
    with working(tmp_path, variables(service.services.settings.database_url)) as worker:
        # It has told something, so it has started.
        assert comes_true(lambda: len(told(service)) == 1)
        begun = time.monotonic()
        assert worker.stop() == 0
        assert time.monotonic() - begun < 10
        assert worker.output == ""
