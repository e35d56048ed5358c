"""The memory for answers stays within its limit, whatever is requested."""

import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from cms.api.answers.memory import LARGEST_SHARE, AnswerMemory, KeptAnswer, Validity, Variant
from cms.content.published.moment import read_moment
from cms.settings import Settings
from tests.applications import serve
from tests.processes import PATIENCE
from tests.service import SECRET, Service

MEGABYTE = 1_000_000
NOON = datetime(2026, 3, 3, 12, 0, tzinfo=UTC)


def page(body: bytes, content: int = 1) -> KeptAnswer:
    return KeptAnswer(
        "200 OK", "application/json", '"a"', True, [], {"identity": Variant(body, [])}, Validity(content, NOON, None)
    )


def key(number: int) -> tuple[str, str, str]:
    return (f"/{number}", "", "")


def held(store: AnswerMemory, numbers: range) -> list[int]:
    return [number for number in numbers if store.find(key(number)) is not None]


def test_the_least_recently_used_is_given_up_first() -> None:
    store = AnswerMemory(MEGABYTE)
    for number in range(12):
        assert store.keep(key(number), page(b"x" * 50_000))
    for number in range(12, 30):
        store.find(key(0))
        store.keep(key(number), page(b"x" * 50_000))
    assert store.find(key(0)) is not None
    kept = held(store, range(30))
    assert kept == [0, *range(30 - len(kept) + 1, 30)]
    assert store.size <= MEGABYTE
    assert 15 < len(kept) < 25


def test_the_size_is_that_of_all_that_is_kept() -> None:
    store = AnswerMemory(MEGABYTE)
    first, second = page(b"x" * 10_000), page(b"y" * 20_000)
    store.keep(key(1), first)
    store.keep(key(2), second)
    assert 30_000 < store.size < 35_000
    assert store.size == first.size + second.size
    store.add(first, "br", Variant(b"z" * 5_000, [("Content-Encoding", "br")]))
    store.add(first, "br", Variant(b"z" * 5_000, []))
    assert 35_000 < store.size < 40_000
    store.keep(key(1), page(b"x" * 100, content=2))
    assert 20_000 < store.size < 25_000
    assert first.size == 0
    store.add(first, "gzip", Variant(b"z" * 5_000, []))
    assert 20_000 < store.size < 25_000, "What is no longer kept is not counted."
    store.clear()
    assert (store.size, len(store)) == (0, 0)


def test_one_answer_has_no_more_than_its_share() -> None:
    store = AnswerMemory(MEGABYTE)
    share = MEGABYTE // LARGEST_SHARE
    assert not store.keep(key(1), page(b"x" * share))
    assert store.keep(key(2), page(b"x" * (share - 5_000)))
    kept = store.find(key(2))
    assert kept is not None
    store.add(kept, "br", Variant(b"x" * 5_000, []))
    assert list(kept.variants) == ["identity"]
    assert store.size <= share


def test_an_older_answer_does_not_replace_a_newer_one() -> None:
    store = AnswerMemory(MEGABYTE)
    newer, older = page(b"newer", content=5), page(b"older", content=4)
    assert store.keep(key(1), newer)
    assert not store.keep(key(1), older)
    assert store.find(key(1)) is newer


def test_a_bound_of_nothing_keeps_nothing() -> None:
    store = AnswerMemory(0)
    assert not store.keep(key(1), page(b""))
    assert (store.size, len(store)) == (0, 0)


def test_threads_do_not_confuse_the_count() -> None:
    store = AnswerMemory(MEGABYTE)
    begin = threading.Barrier(8)

    def work(first: int) -> None:
        begin.wait(PATIENCE)
        for number in range(first, first + 400):
            made = page(b"x" * (number % 50) * 500)
            store.keep(key(number % 90), made)
            store.add(made, "br", Variant(b"y" * 300, []))
            store.find(key(number % 70))

    threads = [threading.Thread(target=work, args=(first * 37,)) for first in range(8)]
    for each in threads:
        each.start()
    for each in threads:
        each.join(PATIENCE)
    kept = [found for number in range(90) if (found := store.find(key(number)))]
    assert store.size == sum(each.size for each in kept) <= MEGABYTE
    assert len(kept) == len(store)


@pytest.fixture
def small(sqlite_url: str) -> Iterator[Service]:
    """A site whose answers have two megabytes."""
    service = serve(Settings(database_url=sqlite_url, secret_key=SECRET, cache_memory=2))
    yield service
    service.close()


@pytest.mark.parametrize("vary", ["query", "path", "accept", "host", "encoding"])
def test_ten_thousand_ways_to_ask_stay_within_the_bound(small: Service, vary: str) -> None:
    """The application is replaced by one that answers anything at once, with all that it would say."""
    small.editor.create_published("articles", slug="one", body="word " * 300)
    answers: list[tuple[str, Any, bytes]] = []
    small.get("/api/v1/articles/one")
    moment = _moment(small)

    def application(environ: Any, start_response: Any) -> list[bytes]:
        environ["cms.moment"] = moment
        start_response(*answers[0][:2])
        return [answers[0][2]]

    made = small.get("/api/v1/articles/one")
    answers.append((made.status, list(made.headers), made.get_data()))
    front = small.answer_cache
    front._application = application
    sizes = []
    for number in range(10_000):
        environ = {
            "REQUEST_METHOD": "GET",
            "PATH_INFO": f"/api/v1/articles/{number}" if vary == "path" else "/api/v1/articles/one",
            "QUERY_STRING": f"a={number}" if vary == "query" else "",
            "HTTP_HOST": f"127.0.0.1:{number}" if vary == "host" else "127.0.0.1",
            "HTTP_ACCEPT": f"text/{number}, */*" if vary == "accept" else "*/*",
            "HTTP_ACCEPT_ENCODING": f"br;q=0.{number}, gzip" if vary == "encoding" else "br",
        }
        front(environ, lambda *_: None)  # type: ignore[arg-type]
        sizes.append(front.memory.size)
    assert max(sizes) <= 2 * MEGABYTE
    assert 0 < len(front.memory) < 1000


def _moment(service: Service) -> Any:
    with service.services.database.snapshot() as connection:
        return read_moment(connection, service.services.settings.public_url)
