"""The answer cache keeps an answer while it is right, apart from the answers to other requests."""

import gzip
import math
import re
import time
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from werkzeug.datastructures import Headers
from werkzeug.test import EnvironBuilder, TestResponse

from cms import clock
from cms.api.answers import middleware
from cms.settings import Settings
from tests.applications import serve
from tests.service import SECRET, Service

HOUR = timedelta(hours=1)
HIT = re.compile(r"cms; hit; ttl=\d+")
STORED, STALE, BYPASS = "cms; fwd=uri-miss; stored", "cms; fwd=stale; stored", "cms; fwd=bypass"
ONE = "/api/v1/articles/one"
BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
OF_ONE_REQUEST = {"X-Request-Id", "Cache-Status", "Server-Timing"}


@pytest.fixture
def site(service: Service) -> Service:
    """A site with one article."""
    service.editor.create_published("articles", slug="one", title="One", body="A *body*.\n\n" * 200)
    return service


def after(delta: timedelta) -> str:
    return clock.to_wire(clock.now() + delta)


def asked(service: Service, path: str = ONE, **headers: str) -> str:
    """The Cache-Status of a GET."""
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    return service.get(path, headers=given).headers["Cache-Status"]


def lasting(response: TestResponse) -> list[tuple[str, str]]:
    return sorted(each for each in response.headers if each[0] not in OF_ONE_REQUEST)


def test_an_answer_is_made_once_and_then_sent_from_memory(site: Service) -> None:
    with site.counting() as measured:
        first = site.get(ONE)
        made = measured.statements
        second = site.get(ONE)
    assert first.headers["Cache-Status"] == STORED
    assert HIT.fullmatch(second.headers["Cache-Status"])
    assert made > 0
    assert measured.statements == made
    assert (second.get_data(), lasting(second)) == (first.get_data(), lasting(first))


def test_an_answer_from_memory_has_the_headers_of_one_that_was_made(site: Service, uncached: Service) -> None:
    site.get(ONE)
    for method in ("GET", "HEAD"):
        for headers in ({}, {"Accept-Encoding": "br"}, {"Accept-Encoding": "gzip"}, {"If-None-Match": "*"}):
            kept = site.request(method, ONE, headers=headers)
            made = uncached.request(method, ONE, headers=headers)
            assert HIT.fullmatch(kept.headers["Cache-Status"])
            assert made.headers["Cache-Status"] == BYPASS
            assert (kept.status, kept.get_data(), lasting(kept)) == (made.status, made.get_data(), lasting(made))


def test_every_write_that_shows_is_seen_at_once(site: Service) -> None:
    site.get(ONE)
    article = site.get(ONE).get_json()["data"]["id"]
    site.editor.change("articles", article, title="Another")
    assert HIT.fullmatch(asked(site)), "A draft shows nowhere."
    site.editor.publish("articles", article)
    changed = site.get(ONE)
    assert changed.headers["Cache-Status"] == STALE
    assert changed.get_json()["data"]["title"] == "Another"
    assert HIT.fullmatch(asked(site))
    site.editor.unpublish("articles", article)
    assert site.get(ONE).status_code == 404


def test_a_write_to_one_entry_renews_what_shows_another(site: Service) -> None:
    """Any content stands in any answer: in links, in counts, in the site's settings."""
    assert asked(site, "/api/v1/site") == STORED
    home = {"name": "Harbour & Reed"}
    assert site.admin.patch("/api/v1/manage/site", json=home, if_match="*").status_code == 200
    renewed = site.get("/api/v1/site")
    assert renewed.headers["Cache-Status"] == STALE
    assert renewed.get_json()["data"]["name"] == "Harbour & Reed"


def test_what_is_scheduled_comes_though_an_answer_is_kept(site: Service) -> None:
    article = site.get(ONE).get_json()["data"]["id"]
    site.editor.change("articles", article, title="Planned")
    site.editor.publish("articles", article, live_from=after(HOUR))
    assert asked(site) == STALE
    assert HIT.fullmatch(asked(site))
    with clock.moved(HOUR - timedelta(minutes=1)):
        assert HIT.fullmatch(asked(site))
    with clock.moved(HOUR + timedelta(minutes=1)):
        later = site.get(ONE)
        assert later.headers["Cache-Status"] == STALE
        assert later.get_json()["data"]["title"] == "Planned"
        assert HIT.fullmatch(asked(site))
    again = site.get(ONE)
    assert again.get_json()["data"]["title"] == "One", "A clock that is set back does not bring the future."


def test_the_lifetimes_of_a_kept_answer_count_down_to_the_next_change(site: Service) -> None:
    tag = site.editor.create("tags")
    begun = time.monotonic()
    site.editor.publish("tags", tag, live_from=after(timedelta(seconds=100)))
    first = site.get(ONE)
    for seconds, browser, shared in ((0, 60, 100), (50, 50, 50), (90, 10, 10)):
        with clock.moved(timedelta(seconds=seconds)):
            response = site.get(ONE)
        assert HIT.fullmatch(response.headers["Cache-Status"])
        passed = math.ceil(time.monotonic() - begun)
        for name, most in (("Cache-Control", browser), ("CDN-Cache-Control", shared), ("Surrogate-Control", shared)):
            lifetimes = {key: int(value) for key, value in re.findall(r"([a-z-]+)=(\d+)", response.headers[name])}
            assert most - 1 - passed <= lifetimes["max-age"] <= most
            assert lifetimes["max-age"] + lifetimes.get("stale-while-revalidate", 0) <= 100 - seconds
        ttl = int(response.headers["Cache-Status"].partition("ttl=")[2])
        assert browser - 1 - passed <= ttl <= browser
        assert response.headers["ETag"] == first.headers["ETag"]


def test_after_a_day_an_answer_is_made_again(site: Service) -> None:
    site.get(ONE)
    with clock.moved(timedelta(hours=23)):
        assert HIT.fullmatch(asked(site))
    with clock.moved(timedelta(hours=25)):
        assert asked(site) == STALE


def test_an_answer_is_told_from_others_by_its_whole_address(site: Service) -> None:
    site.editor.create_published("tags", slug="paper")
    paths = (ONE, f"{ONE}?fields=title", "/api/v1/articles", "/api/v1/articles?limit=1", "/api/v1/tags/paper")
    answers = {path: site.get(path).get_data() for path in paths}
    assert len(set(answers.values())) == len(paths)
    for path in paths:
        response = site.get(path)
        assert HIT.fullmatch(response.headers["Cache-Status"]), path
        assert response.get_data() == answers[path]


def test_the_order_of_parameters_makes_no_other_answer(site: Service) -> None:
    first = site.get("/api/v1/articles?limit=5&sort=title")
    second = site.get("/api/v1/articles?sort=title&limit=5")
    assert HIT.fullmatch(second.headers["Cache-Status"])
    assert second.get_data() == first.get_data()
    site.get("/api/v1/articles?slug=one&slug=two&limit=5")
    assert asked(site, "/api/v1/articles?slug=two&limit=5&slug=one") == STORED, "What is repeated has an order."


def test_the_usual_ways_to_accept_json_are_one(site: Service) -> None:
    site.get(ONE)
    for accept in ("", "*/*", "application/json", "application/json, text/plain, */*"):
        assert HIT.fullmatch(asked(site, Accept=accept)), accept
    assert asked(site, Accept=BROWSER) == STORED
    assert HIT.fullmatch(asked(site, Accept=BROWSER))
    assert asked(site, Accept=f"{BROWSER}, {'a' * 200}/b") == BYPASS
    refused = site.get(ONE, headers={"Accept": "text/html"})
    assert refused.status_code == 406


def test_a_feed_is_not_sent_to_who_wants_json(site: Service) -> None:
    """Kept for those who accept anything, and told apart by what it is."""
    site.get(ONE)
    page = site.answer_cache.memory.find(("/api/v1/articles/one", "", ""))
    assert page is not None
    page.media_type = "application/rss+xml"
    assert HIT.fullmatch(asked(site, Accept="*/*"))
    assert asked(site, Accept="application/json") == BYPASS


def test_head_and_get_share_what_is_kept(site: Service) -> None:
    head = site.request("HEAD", ONE)
    assert head.headers["Cache-Status"] == STORED
    get = site.get(ONE)
    assert HIT.fullmatch(get.headers["Cache-Status"])
    again = site.request("HEAD", ONE)
    assert lasting(head) == lasting(get) == lasting(again)
    assert int(head.headers["Content-Length"]) == len(get.get_data())
    assert head.get_data() == again.get_data() == b""


def test_a_moved_slug_is_kept_as_it_was_asked_for(site: Service) -> None:
    article = site.get(ONE).get_json()["data"]["id"]
    site.editor.change("articles", article, slug="two")
    site.editor.publish("articles", article)
    for path in (ONE, f"{ONE}?fields=title"):
        first, second = site.get(path), site.get(path)
        assert (first.status_code, first.headers["Cache-Status"]) == (308, STALE if path == ONE else STORED)
        assert HIT.fullmatch(second.headers["Cache-Status"])
        assert (lasting(second), second.get_data()) == (lasting(first), first.get_data())
    assert site.get(ONE, headers={"If-None-Match": "*"}).status_code == 308
    several = [site.get(f"{ONE}?{query}") for query in ("fields=title&locale=en", "locale=en&fields=title")]
    assert [each.headers["Location"].partition("?")[2] for each in several] == [
        "fields=title&locale=en",
        "locale=en&fields=title",
    ]


def test_what_is_not_there_is_not_kept(site: Service) -> None:
    for path, status in (("/api/v1/articles/none", 404), ("/api/v1/articles?limit=0", 400), ("/api/v1/nothing", 404)):
        for _ in range(2):
            response = site.get(path)
            assert response.status_code == status
            assert "hit" not in response.headers.get("Cache-Status", "")
            assert "stored" not in response.headers.get("Cache-Status", "")
    assert len(site.answer_cache.memory) == 0


def test_who_asks_makes_no_difference(site: Service) -> None:
    site.get(ONE)
    for caller in (site.admin, site.viewer):
        response = caller.get(ONE)
        assert HIT.fullmatch(response.headers["Cache-Status"])
    response = site.get(
        ONE, headers={"Authorization": "Bearer nonsense", "Cookie": "a=b", "Origin": "https://x.example"}
    )
    assert HIT.fullmatch(response.headers["Cache-Status"])
    assert response.headers["Access-Control-Allow-Origin"] == "*"


def test_management_is_never_kept_nor_compressed(site: Service) -> None:
    article = site.get(ONE).get_json()["data"]["id"]
    path = f"/api/v1/manage/articles/{article}"
    for _ in range(2):
        response = site.editor.get(path, headers={"Accept-Encoding": "gzip, br, zstd"})
        assert response.status_code == 200
        assert response.headers["Cache-Control"] == "no-store"
        assert not {"Cache-Status", "Content-Encoding"} & set(dict(response.headers))
    assert site.get(path).status_code == 401


def test_another_host_is_refused_whatever_is_kept(site: Service) -> None:
    site.get(ONE)
    for host in ("evil.example", "", "127.0.0.1:8000,evil.example", "127.0.0.1.evil.example", "a" * 300):
        assert site.get(ONE, headers={"Host": host}).status_code == 400, host
    for host in ("localhost", "127.0.0.1", "[::1]:8000", "LOCALHOST:1"):
        assert HIT.fullmatch(asked(site, Host=host)), host


def test_a_trusted_host_may_be_a_name_in_a_network_of_containers(sqlite_url: str) -> None:
    settings = Settings(database_url=sqlite_url, secret_key=SECRET, trusted_hosts=("my_service", ".bücher.example"))
    service = serve(settings)
    try:
        for host in ("my_service:8000", "MY_SERVICE", "shop.xn--bcher-kva.example"):
            assert service.get("/api/v1/site", headers={"Host": host}).status_code == 200, host
        for host in ("my_other", "my_service.", "xn--bcher-kva.example", "shopxn--bcher-kva.example"):
            assert service.get("/api/v1/site", headers={"Host": host}).status_code == 400, host
    finally:
        service.close()


def test_a_request_out_of_the_ordinary_goes_to_the_application(site: Service) -> None:
    plain = site.get(ONE)
    odd: tuple[dict[str, Any], ...] = ({"headers": {"Range": "bytes=0-9"}}, {"data": b"body"})
    for options in odd:
        response = site.get(ONE, **options)
        assert (response.status_code, response.get_data()) == (200, plain.get_data())
        assert response.headers["Cache-Status"] == BYPASS


def test_the_request_id_is_that_of_the_request(site: Service) -> None:
    site.get(ONE)
    given = site.get(ONE, headers={"X-Request-Id": "my-own.1"})
    assert (given.headers["X-Request-Id"], given.headers["Cache-Status"][:8]) == ("my-own.1", "cms; hit")
    made = [site.get(ONE, headers=headers).headers["X-Request-Id"] for headers in ({}, {}, {"X-Request-Id": "a b"})]
    assert len(set(made)) == 3
    assert all(re.fullmatch(r"[0-9a-f-]{36}", each) for each in made)


def test_in_development_a_kept_answer_says_what_the_check_took(database_url: str) -> None:
    service = serve(Settings(database_url=database_url, secret_key=SECRET, development=True))
    try:
        service.editor.create_published("articles", slug="one")
        made, kept = service.get(ONE), service.get(ONE)
        assert re.fullmatch(r'db;dur=\d+\.\d\d;desc="\d+ statements"', made.headers["Server-Timing"])
        assert HIT.fullmatch(kept.headers["Cache-Status"])
        assert re.fullmatch(r'db;dur=\d+\.\d\d;desc="version check"', kept.headers["Server-Timing"])
    finally:
        service.close()


def test_without_the_database_nothing_kept_is_sent(site: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    site.get(ONE)
    assert HIT.fullmatch(asked(site))
    monkeypatch.setattr(site.answer_cache._version_watch, "read", lambda _seen: None)
    response = site.get(ONE)
    assert (response.status_code, response.headers["Cache-Status"]) == (200, BYPASS)


def test_a_database_put_back_to_an_older_state_empties_the_memory(site: Service) -> None:
    site.get(ONE)
    site.get("/api/v1/site")
    with site.services.database.transaction() as session:
        session.connection().exec_driver_sql("UPDATE content_version SET content = content - 1")
    assert asked(site) == STALE
    assert len(site.answer_cache.memory) == 1


@pytest.fixture
def lenient(database_url: str) -> Iterator[Service]:
    """A site whose readings of the counter are good for a minute."""
    settings = Settings(database_url=database_url, secret_key=SECRET, cache_staleness=60_000)
    service = serve(settings)
    yield service
    service.close()


def test_a_remembered_reading_is_not_taken_for_an_older_state(lenient: Service) -> None:
    lenient.editor.create_published("articles", slug="one")
    kept = (ONE, "/api/v1/site", "/api/v1/articles")
    for path in kept:
        lenient.get(path)
    assert HIT.fullmatch(asked(lenient)), "The counter is read, and remembered."
    lenient.editor.create_published("articles", slug="two")
    assert asked(lenient, "/api/v1/articles/two") == STORED
    assert HIT.fullmatch(asked(lenient, "/api/v1/articles/two"))
    assert len(lenient.answer_cache.memory) == len(kept) + 1
    assert asked(lenient) == STALE, "What was read for the newer answer counts for the older ones too."


def test_an_older_state_is_seen_past_a_remembered_reading(lenient: Service) -> None:
    for path in ("/api/v1/site", "/api/v1/articles"):
        lenient.get(path)
    assert HIT.fullmatch(asked(lenient, "/api/v1/site"))
    lenient.editor.create_published("tags")
    assert asked(lenient, "/api/v1/tags") == STORED
    with lenient.services.database.transaction() as session:
        session.connection().exec_driver_sql("UPDATE content_version SET content = 0")
    assert asked(lenient, "/api/v1/tags") == STALE
    assert len(lenient.answer_cache.memory) == 1


FIXED = ("/api", "/api/v1/openapi.json", "/docs", "/docs/swagger-ui-bundle.js", "/docs/start.js", "/docs/problems/")


@pytest.mark.parametrize("path", FIXED)
def test_what_is_fixed_is_made_and_coded_once(site: Service, path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    codings = [{}, {"Accept-Encoding": "br"}, {"Accept-Encoding": "gzip"}]
    first = [site.get(path, headers=headers) for headers in codings]
    assert first[0].headers["Cache-Status"] == STORED
    monkeypatch.setattr(middleware, "compress", None)
    site.editor.create_published("tags")
    with site.counting() as measured, clock.moved(timedelta(days=40)):
        again = [site.get(path, headers=headers) for headers in codings]
    assert measured.statements == 0
    assert {each.headers["Cache-Status"] for each in again} == {"cms; hit"}
    assert [(lasting(each), each.get_data()) for each in again] == [(lasting(each), each.get_data()) for each in first]
    for each in again:
        held = site.get(path, headers={"If-None-Match": each.headers["ETag"]})
        assert held.status_code == 304
        assert held.headers["Cache-Control"] == each.headers["Cache-Control"]
        assert not {"CDN-Cache-Control", "Surrogate-Control"} & set(dict(held.headers))


def test_a_query_that_means_nothing_fills_no_memory(site: Service) -> None:
    for number in range(3):
        assert asked(site, f"/docs/start.js?{number}") == "cms; fwd=uri-miss"
    assert len(site.answer_cache.memory) == 0


def test_a_slow_answer_does_not_replace_that_of_newer_content(site: Service) -> None:
    site.get(ONE)
    store = site.answer_cache.memory
    slow = store.find((ONE, "", ""))
    assert slow is not None
    assert slow.validity is not None
    site.editor.create_published("tags")
    site.get(ONE)
    newer = store.find((ONE, "", ""))
    assert newer is not slow
    assert not store.keep((ONE, "", ""), slow)
    assert store.find((ONE, "", "")) is newer


@pytest.fixture
def streaming(site: Service) -> Iterator[Service]:
    """A site whose application also hands over texts piece by piece."""
    closed: list[str] = []
    inner = site.answer_cache._application

    def application(environ: Any, start_response: Any) -> Any:
        if not environ["PATH_INFO"].startswith("/stream"):
            return inner(environ, start_response)
        kind = "text/event-stream" if environ["PATH_INFO"].endswith("events") else "application/xml"
        start_response("200 OK", [("Content-Type", kind), ("Cache-Control", "public, max-age=60")])
        return _Pieces(closed)

    site.answer_cache._application = application
    site.closed = closed  # type: ignore[attr-defined]
    yield site
    site.answer_cache._application = inner


class _Pieces:
    """Chunks that count how many were taken, and know whether they were closed."""

    def __init__(self, closed: list[str]) -> None:
        self.taken, self.closed = 0, closed

    def __iter__(self) -> Iterator[bytes]:
        for number in range(100):
            self.taken += 1
            yield b"<url>%d</url>" % number

    def close(self) -> None:
        self.closed.append("closed")


def _answer(service: Service, path: str, **headers: str) -> tuple[dict[str, str], Any]:
    """The headers and the unread body of an answer at the WSGI interface."""
    builder = EnvironBuilder(path=path, headers=Headers({"Host": "127.0.0.1:8000"} | headers))
    started: list[Any] = []
    body = service.answer_cache(builder.get_environ(), lambda status, given, *_: started.append(dict(given)))  # type: ignore[arg-type]
    return started[0], body


def test_a_stream_goes_through_piece_by_piece(streaming: Service) -> None:
    for path in ("/stream.xml", "/stream/events"):
        headers, body = _answer(streaming, path)
        assert "Content-Length" not in headers
        assert "Content-Encoding" not in headers
        assert body.taken == 0
        assert next(iter(body)) == b"<url>0</url>"
        assert body.taken == 1
    assert len(streaming.answer_cache.memory) == 0


def test_a_stream_of_text_is_compressed_on_the_way_and_closed(streaming: Service) -> None:
    headers, body = _answer(streaming, "/stream.xml", **{"Accept-Encoding": "gzip, br"})
    assert (headers["Content-Encoding"], headers["Vary"]) == ("gzip", "Accept-Encoding")
    text = gzip.decompress(b"".join(body))
    assert text.count(b"<url>") == 100
    body.close()
    assert streaming.closed == ["closed"]  # type: ignore[attr-defined]
    headers, _ = _answer(streaming, "/stream/events", **{"Accept-Encoding": "gzip, br"})
    assert "Content-Encoding" not in headers
    response = streaming.request("HEAD", "/stream.xml")
    assert (response.status_code, response.get_data()) == (200, b"")
    assert streaming.closed == ["closed", "closed"]  # type: ignore[attr-defined]


LARGE = b"<url>one</url>" * 600_000


@pytest.fixture
def large(site: Service) -> Service:
    """A site whose application has a text and a picture that are too long to be held in memory."""

    def application(environ: Any, start_response: Any) -> Any:
        kind = "image/png" if environ["PATH_INFO"].endswith("png") else "application/xml"
        headers = [("Content-Type", kind), ("Content-Length", str(len(LARGE))), ("Cache-Control", "public, max-age=60")]
        start_response("200 OK", [*headers, ("ETag", '"abc"'), ("X-Request-Id", "given")])
        return [LARGE]

    site.answer_cache._application = application
    return site


@pytest.mark.parametrize(
    ("path", "given", "coding", "tag"),
    [
        ("/large.xml", '"abc"', "gzip", '"abc"'),
        ("/large.xml", '"abc-gzip"', "gzip, br", '"abc-gzip"'),
        ("/large.xml", 'W/"abc-gzip", "abc"', "gzip", '"abc-gzip"'),
        ("/large.xml", '"abc"', "", '"abc"'),
        ("/large.xml", "*", "gzip", '"abc-gzip"'),
        ("/large.xml", '"abc-gzip"', "", None),
        ("/large.xml", '"abc-br"', "br", None),
        ("/large.xml", '"abc"', "gzip, identity;q=0", None),
        ("/large.png", '"abc"', "gzip", '"abc"'),
        ("/large.png", '"abc-gzip"', "gzip", None),
    ],
)
def test_who_has_what_is_too_long_to_be_kept_is_answered_304(
    large: Service, path: str, given: str, coding: str, tag: str | None
) -> None:
    headers, body = _answer(large, path, **{"If-None-Match": given, "Accept-Encoding": coding})
    if tag is None:
        assert "Content-Type" in headers
        return
    assert (headers["ETag"], list(body)) == (tag, [])
    assert headers["Cache-Control"] == "public, max-age=60"
    assert headers["X-Request-Id"] == "given"
    assert not {"Content-Type", "Content-Length", "Content-Encoding"} & headers.keys()
    assert ("Vary" in headers) == path.endswith("xml")
