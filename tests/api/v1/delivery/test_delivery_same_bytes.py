"""Equal content has equal bytes, tags and headers on SQLite and on PostgreSQL, and in every process that serves it."""

from collections.abc import Iterator
from contextlib import ExitStack
from datetime import timedelta
from typing import Any

import pytest
from werkzeug.test import TestResponse

from cms import clock
from cms.settings import Settings
from tests.applications import serve
from tests.postgresql import PostgreSQLServer
from tests.service import SECRET, Service

OF_ONE_REQUEST = {"Cache-Status", "Date"}
# Words that databases like to put in orders of their own: by case, by accents, by scripts.
TITLES = (
    "Ärmel und älter",
    "aardvark",
    "Zebra",
    "zebra crossing",
    "Émile's <tools> & glue",
    "Łódź",
    "İstanbul",
    "東京",
)
EVERYTHING = "authors,authors.social_links,tags,faqs,related,translations,seo,jsonld"
ITEMS = (
    f"articles/article-1?include={EVERYTHING},adjacent",
    "articles/article-0?locale=de",
    "articles/unknown",
    "site?include=jsonld",
)
LISTS = (
    "articles",
    "articles?sort=title&limit=3",
    "articles?sort=-updated_at&include_total=true",
    f"articles?include={EVERYTHING}&fields=body,title,extra,seo,jsonld,tags&formats=html,markdown,text",
    "articles?tag=repair&author=orla",
    "articles?locale=de",
    "articles?q=glue",
    "articles?sort=nothing&tga=x",
    "faqs?include=tags,articles",
    "faqs?sort=question",
    "authors?include=social_links,articles",
    "tags?sort=-article_count",
    "tags?sort=name",
    "social-links",
    "redirects",
    "redirects?format=nginx",
)
FILES = ("feeds/articles.rss", "feeds/articles.atom", "feeds/articles.json", "sitemap.xml", "llms.txt")
# Not /search: what is relevant to a word is each database's own judgement.
CORPUS = (*(f"/api/v1/{path}" for path in ITEMS + LISTS), *(f"/{path}" for path in FILES))


@pytest.fixture
def services(
    sqlite_url: str, postgresql: PostgreSQLServer, postgresql_template: str, worker_name: str
) -> Iterator[list[Service]]:
    """The same site on each database, and once more on SQLite from a process's point of view: without its memory."""
    name = f"same_{worker_name}"
    urls = [sqlite_url, postgresql.create_database(name, template=postgresql_template)]
    with ExitStack() as stack:
        stack.callback(postgresql.drop_database, name)
        made = []
        begin = clock.to_millisecond(clock.now() + timedelta(hours=1))
        for url in urls:
            service = serve(Settings(database_url=url, secret_key=SECRET))
            stack.callback(service.close)
            _fill(service, clock.to_wire(begin))
            made.append(service)
        restarted = serve(Settings(database_url=sqlite_url, secret_key=SECRET, cache_memory=0))
        stack.callback(restarted.close)
        stack.enter_context(clock.moved(timedelta(hours=2)))
        yield [*made, restarted]


def _fill(service: Service, begin: str) -> None:
    """The same entries under the same ids, all live from the same instant."""
    locales = [{"code": "en", "fallback": None}, {"code": "de", "fallback": "en"}]
    service.admin.patch("/api/v1/manage/site", json={"locales": locales}, if_match="*")
    _put(service, "authors", 1, begin, name="Orla Wrenmoor", slug="orla", bio="Mends *kettles*.")
    _put(service, "social-links", 2, begin, platform="github", handle="orla", author=_id(1))
    _put(service, "tags", 3, begin, name="Repair", slug="repair")
    _put(service, "tags", 4, begin, name="äther")
    _put(service, "faqs", 5, begin, question="Which glue?", answer="A slow one.", tags=[_id(3)])
    for number, title in enumerate(TITLES):
        _put(
            service,
            "articles",
            10 + number,
            begin,
            title=title,
            slug=f"article-{number}",
            body=f"## {title}\n\nSlow glue, {number} times.",
            published_at=f"2026-01-0{1 + number % 3}T10:00:00Z",
            featured=number % 2 == 0,
            authors=[_id(1)],
            tags=[_id(3), _id(4)][: 1 + number % 2],
            faqs=[_id(5)],
            extra={"z": 1, "a": [1.5, 1e21, -0.0, 123456789012345], "ä": {"é": None}},
        )
    _put(
        service, "articles", 30, begin, title="Ein Kleber", locale="de", translation_of=_id(10), body="Langsamer Leim."
    )


def _put(service: Service, plural: str, number: int, begin: str, **fields: Any) -> None:
    path = f"/api/v1/manage/{plural}/{_id(number)}"
    created = service.admin.put(path, json=fields, headers={"If-None-Match": "*"})
    assert created.status_code == 201, created.get_data(as_text=True)
    service.admin.publish(plural, _id(number), live_from=begin)


def _id(number: int) -> str:
    return f"0199c0de-0000-7000-8000-{number:012d}"


@pytest.mark.exhaustive
def test_every_answer_is_the_same_on_each_database_and_after_a_restart(services: list[Service]) -> None:
    on_sqlite, on_postgresql, _ = services
    assert on_sqlite.get("/api/v1/articles?include_total=true").get_json()["page"]["total"] == len(TITLES)
    for path in CORPUS:
        for coding in ("identity", "gzip"):
            asked = {"Accept-Encoding": coding, "X-Request-Id": "the-same"}
            first, *others = [_seen(each.get(path, headers=asked)) for each in services]
            assert first[0] < 500, path
            for other in others:
                assert other == first, path
        if etag := on_sqlite.get(path).headers.get("ETag"):
            again = on_postgresql.get(path, headers={"If-None-Match": etag})
            assert (again.status_code, again.get_data()) == (304, b""), path


def _seen(response: TestResponse) -> tuple[int, bytes, list[tuple[str, str]]]:
    headers = sorted(each for each in response.headers if each[0] not in OF_ONE_REQUEST)
    return response.status_code, response.get_data(), headers
