"""One broad corpus of requests: who asks changes nothing, and no working table is ever read for it."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from sqlalchemy import event
from werkzeug.test import TestResponse

from cms import clock
from tests.service import Caller, Service

DRAFT_TABLES = ("articles", "faqs", "authors", "social_links", "tags", "entries", "links", "slugs", "api_keys")
PLURALS = ("articles", "faqs", "authors", "social-links", "tags")
EVERYTHING = "authors,authors.social_links,tags,faqs,related,translations,seo"
Seen = tuple[str, int, bytes, list[tuple[str, str]]]


def filled(service: Service) -> dict[str, str]:
    """A site with something of every type in every state; the ids by name."""
    editor = service.editor
    author = editor.create_published("authors", slug="orla")["id"]
    link = editor.create_published("social-links", platform="github", handle="orla", author=author)["id"]
    tag, faq = editor.create_published("tags", slug="repair")["id"], editor.create_published("faqs", slug="glue")["id"]
    shared: dict[str, Any] = {"authors": [author], "tags": [tag], "faqs": [faq]}
    first = editor.create_published("articles", slug="first", **shared)["id"]
    article = editor.create_published("articles", slug="old-name", body="A *body*.", related=[first], **shared)["id"]
    editor.change("articles", article, slug="new-name")
    editor.publish("articles", article)
    editor.change("articles", article, title="Only drafted", slug="only-drafted")
    draft = editor.create("articles", slug="a-draft", **shared)["id"]
    planned = editor.create("articles", slug="planned", **shared)["id"]
    editor.publish("articles", planned, live_from=clock.to_wire(clock.now() + timedelta(days=1)))
    trashed = editor.create_published("articles", slug="trashed")["id"]
    editor.trash("articles", trashed)
    return {
        "author": author,
        "link": link,
        "tag": tag,
        "faq": faq,
        "article": article,
        "draft": draft,
        "planned": planned,
        "trashed": trashed,
    }


def corpus(service: Service, made: dict[str, str]) -> list[tuple[str, str, dict[str, str]]]:
    """Requests as method, path and headers: each kind of list, item, shape, redirect, absence and error."""
    cursor = service.get("/api/v1/articles?limit=1").get_json()["page"]["next"]
    paths = [
        *PLURALS,
        *(f"{plural}?limit=1&include_total=true" for plural in PLURALS),
        *(f"articles?sort={sort}" for sort in ("published_at", "title", "-updated_at")),
        *(f"{plural}?sort={sort}" for plural, sort in (("faqs", "question"), ("tags", "-article_count"))),
        f"articles?limit=1&cursor={cursor}",
        f"articles?include={EVERYTHING}",
        "articles?fields=title,body&formats=html,markdown,text",
        "articles?tag=repair",
        f"articles?tag={made['tag']}&author=orla&author={made['author']}",
        "articles?slug=new-name&slug=a-draft&slug=only-drafted",
        f"articles?id={made['draft']}&id={made['article']}",
        "articles?published_at__gte=2020-01-01T00:00:00Z&updated_at__lt=2999-01-01T00:00:00Z&featured=false",
        "faqs?article=new-name&tag=repair&include=tags,articles",
        "authors?include=social_links,articles",
        "social-links?author=orla&platform=github&owner=author&include=author",
        f"articles/{made['article']}?include={EVERYTHING},adjacent",
        "articles/new-name?fields=title&exclude=slug",
        "articles/old-name?include=tags",
        "authors/orla?include=social_links,articles",
        f"faqs/{made['faq']}?include=articles,tags&formats=text",
        f"social-links/{made['link']}?include=author",
        f"tags/{made['tag']}",
        "site",
        "site?include=social_links",
        "platforms",
        "openapi.json",
        *(f"articles/{made[name]}" for name in ("draft", "planned", "trashed")),
        *(f"articles/{slug}" for slug in ("a-draft", "planned", "trashed", "only-drafted", "no-such")),
        "articles?limit=0&nothing=1",
        "articles?cursor=abc",
        "articles?locale=fr",
        "nothing",
        "articles/",
    ]
    requests: list[tuple[str, str, dict[str, str]]] = [("GET", f"/api/v1/{path}", {}) for path in paths]
    requests += [("HEAD", f"/api/v1/{path}", {}) for path in ("articles", "articles/new-name", "articles/a-draft")]
    requests += [("OPTIONS", f"/api/v1/{path}", {}) for path in ("articles", "articles/a-draft", "site")]
    requests += [("POST", "/api/v1/articles", {}), ("DELETE", f"/api/v1/articles/{made['article']}", {})]
    requests += [
        ("GET", "/api/v1/articles", {"If-None-Match": "*"}),
        ("GET", "/api/v1/articles/a-draft", {"If-None-Match": "*"}),
        ("GET", "/api/v1/articles", {"Accept": "text/html"}),
        ("GET", "/api", {}),
    ]
    return requests


def told(response: TestResponse) -> list[tuple[str, str]]:
    """The headers, but for how the answer was come by."""
    return sorted(each for each in response.headers if each[0] != "Cache-Status")


def asked(caller: Caller, requests: list[tuple[str, str, dict[str, str]]]) -> list[Seen]:
    """What each request is answered, with the same request id throughout, since errors name it."""
    seen: list[Seen] = []
    for method, path, headers in requests:
        response: TestResponse = caller.request(method, path, headers=headers | {"X-Request-Id": "the-same"})
        assert response.status_code < 500, path
        seen.append((f"{method} {path} {headers}", response.status_code, response.get_data(), told(response)))
    return seen


@contextmanager
def recorded(service: Service) -> Iterator[list[str]]:
    """Every statement that reaches the database meanwhile."""
    statements: list[str] = []

    def record(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        statements.append(statement)

    engine = service.services.database.engine
    event.listen(engine, "before_cursor_execute", record)
    try:
        yield statements
    finally:
        event.remove(engine, "before_cursor_execute", record)


def tables_named(statements: list[str]) -> set[str]:
    """The working tables that stand in statements as identifiers, outside of strings."""
    words = {word for each in statements for word in re.findall(r"\w+", re.sub(r"'[^']*'", "", each))}
    return words & set(DRAFT_TABLES)


def test_credentials_never_change_one_byte(service: Service) -> None:
    requests = corpus(service, filled(service))
    anonymous = asked(service, requests)
    assert {status for _, status, _, _ in anonymous} == {200, 204, 304, 308, 400, 404, 405, 406}
    callers = {
        "a bad key": Caller(service.app, "cms_bad_key"),
        "a key of nobody": Caller(service.app, f"{service.viewer.key}x"),
        "a viewer": service.viewer,
        "an administrator": service.admin,
    }
    for name, caller in callers.items():
        for without, with_key in zip(anonymous, asked(caller, requests), strict=True):
            assert with_key == without, name


def test_other_schemes_and_cookies_change_nothing_either(service: Service) -> None:
    filled(service)
    plain = service.get("/api/v1/articles", headers={"X-Request-Id": "the-same"})
    for headers in (
        {"Authorization": "Basic b3JsYTpzZWNyZXQ="},
        {"Authorization": "nonsense"},
        {"Cookie": "session=1"},
        {"X-HTTP-Method-Override": "DELETE"},
        {"X-Forwarded-Host": "evil.example"},
        {"Accept-Language": "de"},
    ):
        other = service.get("/api/v1/articles", headers=headers | {"X-Request-Id": "the-same"})
        assert (other.status_code, other.get_data()) == (200, plain.get_data())
        assert told(other) == told(plain)


def test_delivery_names_no_working_table(service: Service) -> None:
    requests, admin = corpus(service, filled(service)), service.admin
    with recorded(service) as statements:
        asked(service, requests)
        asked(admin, requests)
    assert len(statements) > 100
    assert tables_named(statements) == set()


def test_the_look_out_for_working_tables_sees_them(service: Service) -> None:
    with recorded(service) as statements:
        article = service.editor.create("articles", tags=[], authors=[])
        service.editor.get(f"/api/v1/manage/articles/{article['id']}")
    assert tables_named(statements) >= {"articles", "entries", "links", "slugs", "api_keys"}
