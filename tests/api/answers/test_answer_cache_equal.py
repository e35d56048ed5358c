"""A kept answer equals a new one, whatever is written, planned and requested, and whatever the time is."""

import gzip
import random
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import brotli
import pytest

from cms import clock
from tests.applications import serve
from tests.service import Caller, Service

pytestmark = pytest.mark.exhaustive

SLUGS = ("one", "two", "three")
INCLUDES = "authors,tags,faqs,related,adjacent,translations,seo"
PATHS = (
    *(f"articles/{slug}" for slug in SLUGS),
    f"articles/one?include={INCLUDES}&formats=html,text",
    "articles/gone",
    "articles",
    "articles?tag=paper&include_total=true",
    "articles?limit=1&sort=title",
    "articles?include_total=true&tag=paper",
    "articles?limit=0",
    "tags",
    "tags/paper",
    "authors?include=articles",
    "site",
    # The slug of before: a 308.
    "articles/zero",
    "articles/zero?fields=title",
    "articles/one?include=jsonld",
    "site?include=jsonld",
    "articles?q=body",
    "search?q=title",
    "redirects",
    "redirects?format=netlify",
    "/feeds/articles.rss",
    "/feeds/articles.atom",
    "/feeds/articles.json",
    "/sitemap.xml",
    "/sitemaps/pages.xml",
    "/llms.txt",
    "/robots.txt",
)
ACCEPTS = ("*/*", "application/json", "application/ld+json, */*;q=0.1")
ENCODINGS = ("", "br", "gzip")
SECONDS = (5, 40, 100, 400, 5000)
# How this one request was answered, and what counts down by the second.
PASSING = {"Cache-Status", "X-Request-Id", "Cache-Control", "CDN-Cache-Control", "Surrogate-Control"}
DECODERS: dict[str, Callable[[bytes], bytes]] = {"identity": bytes, "br": brotli.decompress, "gzip": gzip.decompress}
STEPS = 40


@pytest.mark.parametrize("seed", [1, 2])
def test_what_is_kept_is_what_would_be_made(service: Service, uncached: Service, seed: int) -> None:
    chance = random.Random(seed)
    editor = service.editor
    entries = _entries(service)
    hits = 0
    for _ in range(STEPS):
        with clock.moved(timedelta(seconds=chance.choice((0, 0, *SECONDS)))):
            chance.choice(WRITES)(editor, chance, *chance.choice(entries))
        for _ in range(6):
            with clock.moved(timedelta(seconds=chance.choice((0, 0, 0, *SECONDS)))):
                hits += _is_the_same(service, uncached, chance)
    assert hits > STEPS


@pytest.mark.parametrize("staleness", [0, 250])
def test_no_write_empties_the_memory(service: Service, staleness: int) -> None:
    chance = random.Random(3)
    lenient = serve(replace(service.services.settings, cache_staleness=staleness))
    store = lenient.answer_cache.memory
    try:
        entries = _entries(service)
        for _ in range(STEPS // 2):
            before = len(store)
            chance.choice(WRITES)(service.editor, chance, *chance.choice(entries))
            for path in chance.sample(PATHS, 4) * 2:
                lenient.get(_address(path))
            assert len(store) >= before
        assert len(store) > len(SLUGS)
    finally:
        lenient.close()


def _entries(service: Service) -> list[tuple[str, dict[str, Any]]]:
    """Articles with a tag, an author and a page that has moved, each with the plural of its type."""
    editor = service.editor
    home = {"name": "Harbour & Reed", "base_url": "https://harbour-and-reed.example"}
    response = service.admin.patch("/api/v1/manage/site", json=home, if_match="*")
    assert response.status_code == 200, response.get_data(as_text=True)
    tag = editor.create_published("tags", slug="paper")
    author = editor.create_published("authors", slug="orla", name="Orla Wrenmoor")
    articles = [
        editor.create_published("articles", slug=slug, tags=[tag["id"]], body="*Body* " * 300) for slug in SLUGS
    ]
    moved = editor.create_published("articles", slug="zero")
    editor.change("articles", moved, slug="zero-moved")
    editor.publish("articles", moved)
    return [("articles", each) for each in articles] + [("tags", tag), ("authors", author)]


def _address(path: str) -> str:
    return path if path.startswith("/") else f"/api/v1/{path}"


def _is_the_same(service: Service, uncached: Service, chance: random.Random) -> bool:
    """Ask both, and the one with memory again; says whether that came from memory."""
    path = _address(chance.choice(PATHS))
    method = chance.choice(("GET", "GET", "GET", "HEAD"))
    headers = {"Accept-Encoding": chance.choice(ENCODINGS), "Accept": chance.choice(ACCEPTS)}
    if chance.random() < 0.2:
        headers["If-None-Match"] = uncached.get(path).headers.get("ETag", "*")
    # Something planned may come between two questions; it comes once, and two things hardly one after the other.
    for _ in range(3):
        made = uncached.request(method, path, headers=headers)
        kept = [service.request(method, path, headers=headers) for _ in range(2)]
        if all(_lasting(each) == _lasting(made) and _seconds_apart(each, made) <= 2 for each in kept):
            break
    for each in kept:
        assert _lasting(each) == _lasting(made), path
        assert _seconds_apart(each, made) <= 2
    return "hit" in kept[1].headers.get("Cache-Status", "")


def _lasting(response: Any) -> tuple[int, bytes, list[tuple[str, str]]]:
    headers = sorted(each for each in response.headers if each[0] not in PASSING)
    content = response.get_data()
    if content:
        content = DECODERS[response.headers.get("Content-Encoding", "identity")](content)
    if response.status_code in (400, 406):  # The request has an id, which stands in the problem.
        content, headers = b"", [each for each in headers if each[0] != "Content-Length"]
    return response.status_code, content, headers


def _seconds_apart(one: Any, other: Any) -> int:
    return abs(_browser_seconds(one) - _browser_seconds(other))


def _browser_seconds(response: Any) -> int:
    _, found, rest = response.headers["Cache-Control"].partition("max-age=")
    return int(rest.partition(",")[0]) if found else 0


def _edit(editor: Caller, chance: random.Random, plural: str, entry: dict[str, Any]) -> None:
    field = "title" if plural == "articles" else "name"
    editor.change(plural, entry, **{field: f"{field} {chance.randrange(1000)}"})


def _publish(editor: Caller, chance: random.Random, plural: str, entry: dict[str, Any]) -> None:
    editor.publish(plural, entry)


def _plan(editor: Caller, chance: random.Random, plural: str, entry: dict[str, Any]) -> None:
    start = timedelta(seconds=chance.choice(SECONDS))
    times = {"live_from": clock.to_wire(clock.now() + start)}
    if chance.random() < 0.5:
        times["live_until"] = clock.to_wire(clock.now() + start + timedelta(seconds=chance.choice(SECONDS)))
    path = f"/api/v1/manage/{plural}/{entry['id']}/publication"
    editor.put(path, json=times, if_match="*")  # 409 if something else is planned in between.


def _unpublish(editor: Caller, chance: random.Random, plural: str, entry: dict[str, Any]) -> None:
    path = f"/api/v1/manage/{plural}/{entry['id']}/publication"
    editor.delete(path, if_match="*")  # 409 if there is nothing to end.


def _rename(editor: Caller, chance: random.Random, plural: str, entry: dict[str, Any]) -> None:
    if plural == "articles":
        editor.change(plural, entry, slug=f"renamed-{chance.randrange(10**9)}")
        editor.publish(plural, entry)


WRITES: tuple[Callable[[Caller, random.Random, str, dict[str, Any]], None], ...] = (
    _edit,
    _edit,
    _publish,
    _publish,
    _plan,
    _plan,
    _unpublish,
    _rename,
)
