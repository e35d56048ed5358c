"""The version watch sees every commit at once, follows the clock, and says when it cannot know."""

import sqlite3
import threading
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from sqlalchemy import event
from sqlalchemy.engine import make_url

from cms import clock
from cms.api.answers.version_watch import IDLE_CONNECTIONS, VersionReading, VersionWatch
from cms.content.published.moment import read_moment
from cms.db import Database
from tests.processes import PATIENCE
from tests.service import Service

pytestmark = pytest.mark.both_databases

HOUR = timedelta(hours=1)


@pytest.fixture
def version_watch(service: Service) -> VersionWatch:
    return VersionWatch(service.services.database)


def reading_of(version_watch: VersionWatch) -> VersionReading:
    found = version_watch.read()
    assert found is not None
    return found


def moment(service: Service) -> Any:
    with service.services.database.snapshot() as connection:
        return read_moment(connection, "")


def test_it_reads_what_delivery_reads(service: Service, version_watch: VersionWatch) -> None:
    for _ in range(3):
        before, found, after = moment(service), reading_of(version_watch), moment(service)
        assert before.content == found.content == after.content
        assert before.at <= found.at <= after.at
        service.editor.create_published("tags")


def test_it_sees_every_commit_at_once(service: Service, version_watch: VersionWatch) -> None:
    for _ in range(5):
        before = reading_of(version_watch).content
        assert reading_of(version_watch).content == before
        service.editor.create("tags")
        assert reading_of(version_watch).content == before, "A draft shows nowhere."
        service.editor.create_published("tags")
        assert reading_of(version_watch).content == moment(service).content > before


def test_it_heeds_a_clock_that_is_moved(service: Service, version_watch: VersionWatch) -> None:
    now = reading_of(version_watch).at
    with clock.moved(HOUR):
        assert timedelta(0) <= reading_of(version_watch).at - now - HOUR < timedelta(minutes=1)
        assert moment(service).at <= reading_of(version_watch).at
    assert timedelta(0) <= reading_of(version_watch).at - now < timedelta(minutes=1)


@pytest.fixture
def much_slack(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let "a little" be more than a test takes, however slow the machine."""
    monkeypatch.setattr("cms.content.counter.CLOCK_SLACK", timedelta(minutes=10))


@pytest.mark.usefixtures("much_slack")
def test_its_clock_does_not_run_backwards_a_little(service: Service, version_watch: VersionWatch) -> None:
    with clock.moved(timedelta(minutes=8)):
        service.editor.create("tags")
        last = reading_of(version_watch).at
    assert reading_of(version_watch).at <= last
    assert reading_of(version_watch).at == moment(service).at > clock.now()
    with clock.moved(-HOUR):
        assert reading_of(version_watch).at < last - timedelta(minutes=59), "Far ahead it is not followed."


@pytest.mark.usefixtures("much_slack")
def test_a_planned_change_that_the_clock_ran_past_hides_none_after_it(service: Service) -> None:
    """Delivery's clock may be ahead of the database's a little; what is planned between the two counts as next."""
    editor = service.editor
    for minutes in (5, 100):
        planned = clock.to_wire(clock.now() + timedelta(minutes=minutes))
        editor.publish("tags", editor.create("tags"), live_from=planned)
    with clock.moved(timedelta(minutes=8)):
        editor.create("tags")
    now = moment(service)
    assert now.at > clock.now() + timedelta(minutes=2)
    assert now.next_change is not None
    assert now.next_change <= now.at


def test_what_it_read_is_good_for_as_long_as_is_allowed(service: Service) -> None:
    lenient = VersionWatch(service.services.database, timedelta(minutes=5))
    first = reading_of(lenient)
    service.editor.create_published("tags")
    second = reading_of(lenient)
    assert second.content == first.content < moment(service).content
    assert first.at <= second.at, "The time goes on."
    with clock.moved(HOUR):
        assert reading_of(lenient).at - first.at >= HOUR
    service.services.database.dispose()
    assert reading_of(lenient).content == moment(service).content


def test_what_it_read_does_not_stand_against_what_is_known(service: Service) -> None:
    lenient = VersionWatch(service.services.database, timedelta(minutes=5))
    first = reading_of(lenient).content
    service.editor.create_published("tags")
    assert reading_of(lenient).content == first
    seen = moment(service).content
    found = lenient.read(seen)
    assert found is not None
    assert found.content == seen == reading_of(lenient).content > first
    beyond = lenient.read(seen + 5)
    assert beyond is not None
    assert beyond.content == seen, "The database runs back: it is said as it is."


def test_a_staleness_that_is_over_is_over(service: Service) -> None:
    impatient = VersionWatch(service.services.database, timedelta(microseconds=1))
    for _ in range(3):
        service.editor.create_published("tags")
        assert reading_of(impatient).content == moment(service).content


def test_threads_share_connections_and_keep_few(service: Service, version_watch: VersionWatch) -> None:
    service.editor.create_published("tags")
    opened: list[Any] = []
    event.listen(service.services.database.engine, "connect", lambda connection, _: opened.append(connection))
    for _ in range(20):
        reading_of(version_watch)
    assert len(opened) <= 1
    begin = threading.Barrier(16)
    found: list[int] = []

    def work() -> None:
        begin.wait(PATIENCE)
        found.extend(reading_of(version_watch).content for _ in range(20))

    threads = [threading.Thread(target=work) for _ in range(16)]
    for each in threads:
        each.start()
    for each in threads:
        each.join(PATIENCE)
    assert found == [moment(service).content] * 320
    assert len(version_watch._idle) <= IDLE_CONNECTIONS


def test_a_broken_connection_is_replaced(service: Service, version_watch: VersionWatch) -> None:
    content = reading_of(version_watch).content
    version_watch._idle[0].connection.close()
    assert version_watch.read() is None
    assert version_watch._idle == []
    assert reading_of(version_watch).content == content


def test_its_connections_are_closed_with_the_database(service: Service, version_watch: VersionWatch) -> None:
    reading_of(version_watch)
    (watch,) = version_watch._idle
    service.services.database.dispose()
    assert version_watch._idle == []
    with pytest.raises((sqlite3.ProgrammingError, psycopg.OperationalError)):
        watch.connection.execute("SELECT 1")
    assert reading_of(version_watch).content == moment(service).content


@pytest.fixture
def unreachable() -> Iterator[Database]:
    """A database that nobody serves."""
    database = Database(make_url("postgresql+psycopg://nobody:x@127.0.0.1:1/none"))
    yield database
    database.dispose()


def test_a_database_out_of_reach_says_nothing(unreachable: Database) -> None:
    assert VersionWatch(unreachable).read() is None


def test_an_empty_database_says_nothing(tmp_path: Any) -> None:
    database = Database(make_url(f"sqlite:///{tmp_path}/new.db"))
    assert VersionWatch(database).read() is None
    database.dispose()
