"""Two services that differ only in private content answer clients without a key with the same bytes.

The second is a copy of the first in which editors continue to work: drafts, plans, trash, keys and a growing log.
"""

import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.engine import make_url

from cms import clock
from cms.settings import Settings
from tests.api.v1.delivery.test_delivery_corpus import PLURALS, told
from tests.applications import serve
from tests.service import SECRET, Caller, Service, written

EVERYTHING = "authors,authors.social_links,tags,faqs,related,adjacent,translations,seo,jsonld"
IDS = {plural: f"01900000-0000-7000-8000-00000000{number:04}" for number, plural in enumerate(PLURALS)}
"""What private entries are called in the second service."""
TOKEN = re.compile(rb"[\w-]{200,}")
"""A sealed token: the instant of the answer and the number of the last write, which nobody can read."""
OF_TOKENS = ("ETag", "Link")
"""Headers that depend on a token in the body; its length does not."""


# Words that nothing live has, neighbours of those that something has, and these themselves, again and again.
PLANNED_WORDS = "Nobody knows *quoins* yet, nor pasta, and warn of spines. " + "Warm paste on a loose spine. " * 5


def make_public(service: Service) -> dict[str, str]:
    """Make a small site with everything that can be live and a redirect; returns the ids by plural."""
    editor = service.editor
    home = {"name": "Harbour & Reed", "base_url": "https://harbour-and-reed.example"}
    assert service.admin.patch("/api/v1/manage/site", json=home, if_match="*").status_code == 200
    author = editor.create_published("authors", slug="orla", name="Orla Wrenmoor")["id"]
    link = editor.create_published("social-links", platform="github", handle="orla", author=author)["id"]
    tag, faq = editor.create_published("tags", slug="repair")["id"], editor.create_published("faqs", slug="glue")["id"]
    shared: dict[str, Any] = {"authors": [author], "tags": [tag], "faqs": [faq]}
    spine = {"title": "A loose spine", "body": "Paste, warm."}
    first = editor.create_published("articles", slug="first", **spine, **shared)["id"]
    article = editor.create_published("articles", slug="old-name", body="Warm *paste*.", related=[first], **shared)
    editor.change("articles", article, slug="new-name")
    editor.publish("articles", article)
    return {"authors": author, "social-links": link, "tags": tag, "faqs": faq, "articles": article["id"]}


def work_in_private(service: Service, public: dict[str, str]) -> None:
    """Make all changes that must be invisible without a key."""
    editor, admin = service.editor, service.admin
    words = {"articles": "title", "faqs": "question", "authors": "name", "tags": "name", "social-links": "label"}
    references = {"tags": [public["tags"]], "authors": [public["authors"]], "faqs": [public["faqs"]]}
    for plural, word in words.items():
        # Unpublished changes of what is live, its slug included.
        other = {} if plural == "social-links" else {"slug": f"{plural}-renamed"}
        editor.change(plural, public[plural], **{word: f"Xylographic {plural}"}, **other)
        # Drafts under ids and slugs that are asked for.
        own = (
            {"platform": "other", "url": "https://private.example/"}
            if plural == "social-links"
            else {word: "Xylograph"}
        )
        slug = {} if plural == "social-links" else {"slug": f"private-{plural}"}
        body = written(plural, **own, **slug, **(references if plural == "articles" else {}))
        made = editor.put(f"/api/v1/manage/{plural}/{IDS[plural]}", json=body, headers={"If-None-Match": "*"})
        assert made.status_code == 201, made.get_data(as_text=True)
    tomorrow, later = (clock.to_wire(clock.now() + timedelta(days=days)) for days in (40, 50))
    for title in ("Planned xylographs", "Planned xylography"):
        planned = editor.create("articles", title=title, body=PLANNED_WORDS, **references)
        editor.publish("articles", planned, live_from=tomorrow, live_until=later)
    editor.publish("articles", public["articles"], live_from=later)
    trashed = editor.create("articles", slug="in-the-trash", **references)
    editor.trash("articles", trashed)
    erased = editor.create("articles", slug="erased", **references)
    editor.trash("articles", erased, purge="true")
    token = editor.post(f"/api/v1/manage/articles/{public['articles']}/preview-tokens")
    assert token.status_code == 201
    key = admin.post("/api/v1/manage/keys", json={"name": "Newsroom", "role": "admin"}).get_json()["data"]
    assert admin.delete(f"/api/v1/manage/keys/{key['id']}").status_code == 204
    service.with_key("content:preview").get("/api/v1/manage/articles")


def questions(public: dict[str, str]) -> Iterator[tuple[str, str, dict[str, str]]]:
    """The requests that a client without a key may try, as method, path and headers."""
    paths = [
        *(f"/api/v1/{plural}?include_total=true" for plural in PLURALS),
        *(f"/api/v1/{plural}/{public[plural]}" for plural in PLURALS),
        *(f"/api/v1/{plural}/{IDS[plural]}" for plural in PLURALS),
        *(f"/api/v1/{plural}/{plural}-renamed" for plural in PLURALS),
        *(f"/api/v1/{plural}/private-{plural}" for plural in PLURALS),
        *(f"/api/v1/articles/{slug}" for slug in ("in-the-trash", "erased", "planned-xylographs", "no-such")),
        f"/api/v1/articles/new-name?include={EVERYTHING}&formats=html,markdown,text",
        f"/api/v1/articles?include={EVERYTHING}&limit=1",
        "/api/v1/articles/old-name",
        *(f"/api/v1/articles?sort={sort}" for sort in ("published_at", "title", "-updated_at")),
        "/api/v1/articles?tag=repair&author=orla&include_total=true",
        "/api/v1/articles?tag=private-tags",
        f"/api/v1/articles?tag={IDS['tags']}&author={IDS['authors']}",
        f"/api/v1/articles?id={IDS['articles']}&id={public['articles']}",
        "/api/v1/articles?slug=private-articles&slug=articles-renamed&slug=first",
        "/api/v1/articles?published_at__gte=2020-01-01T00:00:00Z&updated_at__lt=2999-01-01T00:00:00Z",
        f"/api/v1/faqs?article={IDS['articles']}",
        "/api/v1/authors?include=social_links,articles",
        "/api/v1/tags?sort=-article_count",
        *(f"/api/v1/articles?q={word}" for word in ("paste", "xylographs", "quoins")),
        *(
            f"/api/v1/search?q={word}"
            for word in ("paste", "spine", "pasta", "xylographs", "xylograps", "quoins", "quoin")
        ),
        "/api/v1/search?q=warm+paste",
        "/api/v1/search?q=warm+paste&limit=1",
        "/api/v1/search?q=warn+paste",
        "/api/v1/site?include=social_links,jsonld",
        "/api/v1/redirects",
        "/api/v1/redirects?from=/blog/old-name",
        "/api/v1/redirects?format=nginx",
        "/api/v1/changes",
        "/api/v1/changes?type=article&limit=1",
        "/api/v1/stream",
        "/api/v1/platforms",
        "/api/v1/openapi.json",
        "/api",
        "/feeds/articles.rss",
        "/feeds/articles.atom?tag=private-tags",
        "/sitemap.xml",
        "/sitemaps/pages.xml",
        "/llms.txt",
        "/robots.txt",
        "/readyz",
        f"/api/v1/preview/articles/{IDS['articles']}",
        f"/api/v1/preview/articles/{IDS['articles']}?token=guessed",
        f"/api/v1/manage/articles/{IDS['articles']}",
        f"/api/v1/manage/articles/{IDS['articles']}/revisions/1",
        f"/api/v1/manage/articles/{IDS['articles']}/usage",
        "/api/v1/manage/events",
        "/api/v1/manage/keys",
    ]
    for path in paths:
        for method in ("GET", "HEAD", "OPTIONS"):
            yield method, path, {}
    for method in ("POST", "PUT", "PATCH", "DELETE"):
        for path in (f"/api/v1/articles/{IDS['articles']}", f"/api/v1/manage/articles/{IDS['articles']}"):
            yield method, path, {"If-Match": "*"}
    for path in ("/api/v1/articles", f"/api/v1/articles/{IDS['articles']}", "/api/v1/manage/events"):
        yield "GET", path, {"If-None-Match": "*"}
        yield "GET", path, {"Authorization": "Bearer cms_guessed"}
        yield "GET", path, {"Accept": "text/html"}
    yield "GET", "/api/v1/articles", {"Accept-Encoding": "gzip"}


def seen(caller: Caller, method: str, path: str, headers: dict[str, str]) -> Any:
    """The status, body and headers of an answer, without the contents of tokens."""
    response = caller.request(method, path, headers=headers | {"X-Request-Id": "the-same"})
    assert response.status_code < 500, path
    body, shown = response.get_data(), told(response)
    if path.startswith(("/api/v1/changes", "/api/v1/stream")):
        body = TOKEN.sub(lambda found: b"T" * len(found[0]), body)
        shown = [each for each in shown if each[0] not in OF_TOKENS]
    return response.status_code, body, shown


@pytest.fixture
def copy_of(request: pytest.FixtureRequest, tmp_path: Path, worker_name: str) -> Iterator[Callable[[str], str]]:
    """Copies a database that nobody is connected to; returns the copy's address."""
    server: Any = request.getfixturevalue("postgresql")
    copied: list[str] = []

    def copy(database_url: str) -> str:
        if database_url.startswith("sqlite"):
            return f"sqlite:///{shutil.copy(make_url(database_url).database or '', tmp_path / 'copy.db')}"
        request.getfixturevalue("postgresql_database").disconnect()
        copied.append(f"copy_{worker_name}")
        address: str = server.create_database(copied[0], template=make_url(database_url).database)
        return address

    yield copy
    for name in copied:
        server.drop_database(name)


def test_what_is_private_changes_nothing_for_anyone_without_a_key(
    database_url: str, copy_of: Callable[[str], str]
) -> None:
    def open_service(url: str) -> Service:
        return serve(Settings(database_url=url, secret_key=SECRET))

    with closing(open_service(database_url)) as before:
        public = make_public(before)
    address = copy_of(database_url)
    with closing(open_service(database_url)) as plain, closing(open_service(address)) as busy:
        work_in_private(busy, public)
        statuses = set()
        for question in questions(public):
            wanted = seen(plain, *question)
            assert seen(busy, *question) == wanted, question
            statuses.add(wanted[0])
        assert statuses == {200, 204, 304, 308, 400, 401, 404, 405, 406}
        # And it is no other site: as soon as something is published, it shows.
        busy.editor.publish("articles", IDS["articles"])
        path = f"/api/v1/articles/{IDS['articles']}"
        assert [each.get(path).status_code for each in (plain, busy)] == [404, 200]
