"""Entity tags: they change if and only if the bytes do, on any database; who has the bytes is not sent them again."""

import re
from collections.abc import Iterator
from typing import Any

import pytest

from cms.settings import Settings
from tests.applications import serve
from tests.postgresql import PostgreSQLServer
from tests.service import SECRET, Service, written

KEPT = {"ETag", "Cache-Control", "CDN-Cache-Control", "Surrogate-Control", "Vary"}
"""Of what describes the representation, all that a 304 says (RFC 9110, 15.4.5; RFC 9213)."""
COMMON = {
    "Access-Control-Allow-Origin",
    "Access-Control-Expose-Headers",
    "Cache-Status",
    "Content-Security-Policy",
    "Referrer-Policy",
    "X-Content-Type-Options",
    "X-Request-Id",
}
EVERYTHING = "authors,authors.social_links,tags,faqs,related,adjacent,translations,seo"


@pytest.fixture
def site(service: Service) -> Service:
    """Two articles and an author, one of each type besides."""
    author = service.editor.create_published("authors", slug="orla")
    service.editor.create_published("articles", slug="one", authors=[author["id"]], body="A *body*.")
    service.editor.create_published("articles", slug="two")
    return service


def tag_of(service: Service, path: str) -> str:
    response = service.get(f"/api/v1/{path}")
    assert response.status_code == 200, response.get_data(as_text=True)
    return response.headers["ETag"]


PATHS = ("articles/one", "articles", "articles?limit=1", f"articles/one?include={EVERYTHING}", "site", "platforms")


def test_every_200_has_a_strong_tag_that_stays(site: Service) -> None:
    tags = {path: tag_of(site, path) for path in PATHS}
    assert all(re.fullmatch(r'"[!#-~]+"', tag) for tag in tags.values())
    assert len(set(tags.values())) == len(PATHS)
    for _ in range(3):
        assert {path: tag_of(site, path) for path in PATHS} == tags


def test_who_has_the_bytes_is_answered_304(site: Service) -> None:
    for path in PATHS:
        tag = tag_of(site, path)
        for given in (tag, f"W/{tag}", "*", f'"other", {tag}', f'"other",W/{tag},"more"'):
            for method in ("GET", "HEAD"):
                response = site.request(method, f"/api/v1/{path}", headers={"If-None-Match": given})
                assert (response.status_code, response.get_data()) == (304, b""), (path, given)
                assert response.headers["ETag"] == tag


def test_who_has_other_bytes_is_sent_these(site: Service) -> None:
    tag = tag_of(site, "articles/one")
    for given in ('"other"', f'"{tag[1:-2]}"', f'W/"{tag[1:-1]}x"', '"a", "b"', tag.upper(), "", ";;", '"'):
        response = site.get("/api/v1/articles/one", headers={"If-None-Match": given})
        assert response.status_code == 200, given
        assert response.get_data()


def test_a_304_says_what_guides_a_cache_and_nothing_of_the_representation(site: Service) -> None:
    for path in PATHS:
        whole = site.get(f"/api/v1/{path}")
        response = site.get(f"/api/v1/{path}", headers={"If-None-Match": whole.headers["ETag"]})
        assert {name for name, _ in response.headers} == KEPT | COMMON, path
        for name in KEPT:
            assert response.headers[name] == whole.headers[name]


def test_a_tag_does_not_stand_in_for_what_is_not_there(site: Service) -> None:
    for path, status in (("articles/none", 404), ("articles?limit=0", 400)):
        assert site.get(f"/api/v1/{path}", headers={"If-None-Match": "*"}).status_code == status


def test_a_draft_moves_no_tag_and_a_publication_moves_those_that_show_it(site: Service) -> None:
    paths = ("articles/one", "articles/two", "articles", "authors/orla", "authors/orla?include=articles")
    before = {path: tag_of(site, path) for path in paths}
    article = site.get("/api/v1/articles/one").get_json()["data"]["id"]
    site.editor.change("articles", article, title="Another title")
    site.editor.create("articles", authors=["orla"])
    assert {path: tag_of(site, path) for path in paths} == before
    site.editor.publish("articles", article)
    after = {path: tag_of(site, path) for path in paths}
    changed = {path for path in paths if after[path] != before[path]}
    assert changed == {"articles/one", "articles", "authors/orla?include=articles"}
    for path in changed:
        assert site.get(f"/api/v1/{path}", headers={"If-None-Match": before[path]}).status_code == 200


def test_what_is_embedded_moves_the_tag_of_what_shows_it(site: Service) -> None:
    before = {path: tag_of(site, path) for path in ("articles/one", "articles/two")}
    author = site.get("/api/v1/authors/orla").get_json()["data"]["id"]
    site.editor.change("authors", author, name="Orla Wrenmoor-Hale")
    site.editor.publish("authors", author)
    assert tag_of(site, "articles/one") != before["articles/one"]
    assert tag_of(site, "articles/two") == before["articles/two"]
    assert site.admin.patch("/api/v1/manage/site", json={"words_per_minute": 50}, if_match="*").status_code == 200
    assert tag_of(site, "articles/two") == before["articles/two"]
    home = {"base_url": "https://harbour-and-reed.example"}
    assert site.admin.patch("/api/v1/manage/site", json=home, if_match="*").status_code == 200
    assert tag_of(site, "articles/two") != before["articles/two"]


def test_bytes_that_come_back_have_their_tag_back(site: Service) -> None:
    """The tag is of the bytes: a list that is again what it was is again valid."""
    before = site.get("/api/v1/articles")
    extra = site.editor.create_published("articles")
    assert tag_of(site, "articles") != before.headers["ETag"]
    site.editor.unpublish("articles", extra)
    again = site.get("/api/v1/articles")
    assert (again.get_data(), again.headers["ETag"]) == (before.get_data(), before.headers["ETag"])


@pytest.fixture
def both(
    sqlite_url: str, postgresql: PostgreSQLServer, postgresql_template: str, worker_name: str
) -> Iterator[tuple[Service, Service]]:
    """Two services: one on SQLite, one on PostgreSQL."""
    name = f"both_{worker_name}"
    urls = (sqlite_url, postgresql.create_database(name, template=postgresql_template))
    services = [serve(Settings(database_url=url, secret_key=SECRET)) for url in urls]
    yield services[0], services[1]
    for each in services:
        each.close()
    postgresql.drop_database(name)


def put(service: Service, plural: str, number: int, **fields: Any) -> str:
    """Create under an id of our own, and publish."""
    entry_id = f"0199c0de-0000-7000-8000-{number:012d}"
    response = service.editor.put(
        f"/api/v1/manage/{plural}/{entry_id}?publish=true",
        json=written(plural, **fields),
        headers={"If-None-Match": "*"},
    )
    assert response.status_code == 201, response.get_data(as_text=True)
    return entry_id


def fill(service: Service) -> None:
    locales = [{"code": "en", "fallback": None}, {"code": "de", "fallback": "en"}]
    assert service.admin.patch("/api/v1/manage/site", json={"locales": locales}, if_match="*").status_code == 200
    authors = [put(service, "authors", n, name=f"Åsa {n}", bio="*Bio*", slug=f"asa-{n}") for n in (2, 1)]
    links = (("github", 11), ("linkedin", 12), ("github", 13))
    for platform, number in links:
        put(service, "social-links", number, platform=platform, handle=f"asa-{number}", author=authors[0])
    tags = [put(service, "tags", n, name=name) for n, name in ((22, "Straße"), (21, "paper"), (23, "Paper & glue"))]
    faqs = [put(service, "faqs", n, question=f"Question {n % 2}?", tags=tags[:2]) for n in (32, 31, 33)]
    made: list[str] = []
    for number, title in ((44, "Zebra"), (42, "éclair"), (43, "Eclair"), (41, "日本"), (45, "😀")):
        relations = {"authors": authors, "tags": tags, "faqs": faqs, "related": made[:2]}
        day, text = f"2020-03-0{number % 3 + 1}T08:00:00Z", "## A\n\nB *c* “d”\n"
        extra = {"z": 1, "a": {"y": 1.5, "b": None}, "m": [True, "ü"]}
        made.append(
            put(service, "articles", number, title=title, slug=f"s-{number}", published_at=day, body=text, extra=extra)
        )
        service.editor.change("articles", made[-1], **relations)
        service.editor.publish("articles", made[-1])
    put(service, "articles", 51, title="Zebra auf Deutsch", locale="de", translation_of=made[0])


def test_both_databases_give_the_same_bytes_but_for_the_times(both: tuple[Service, Service]) -> None:
    for service in both:
        fill(service)
    lists = EVERYTHING.replace("adjacent,", "")
    ids = "0199c0de-0000-7000-8000-000000000044"
    for path in (
        *(
            f"articles?include={lists}&fields=title,body,extra,tags,seo&sort={sort}"
            for sort in ("title", "-published_at")
        ),
        f"articles/{ids}?include={EVERYTHING}&formats=html,markdown,text",
        f"articles/{ids}?locale=de",
        "articles?locale=de&sort=title&include_total=true",
        "articles?tag=paper&tag=strasse&sort=published_at",
        "authors?include=social_links,articles",
        "faqs?sort=question&include=tags,articles",
        "social-links?sort=platform&include=author",
        "tags?sort=name",
        "tags?sort=-article_count",
        "site?include=social_links",
        "platforms",
    ):
        sqlite, postgresql = (without_times(each.get(f"/api/v1/{path}")) for each in both)
        assert sqlite == postgresql, path


def without_times(response: Any) -> str:
    assert response.status_code == 200, response.get_data(as_text=True)
    return re.sub(r"\d{4}-\d\d-\d\dT[\d:.]+Z", "then", response.get_data(as_text=True))
