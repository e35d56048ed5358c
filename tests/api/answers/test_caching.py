"""How long answers are kept, and the names that they are purged by: in three headers, complete, and never too many."""

import re
from dataclasses import replace

import pytest

from cms.api.answers.lifetimes import TAGGED_ENTRIES, lifetimes, tag_headers
from cms.app import create_app
from cms.settings import CACHE_TAG_HEADERS, Settings
from tests.service import SECRET, Service

ENTRIES = [("tag", "t2"), ("article", "a1"), ("tag", "t1"), ("article", "a1")]

UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def tags(entries: list[tuple[str, str]], *types: str) -> list[str]:
    return tag_headers(entries, types)["Cache-Tag"].split(",")


def test_everything_has_its_name_once_and_in_one_order() -> None:
    expected = ["all", "article", "faq", "tag", "article:a1", "tag:t1", "tag:t2"]
    assert tags(ENTRIES, "faq", "article") == expected
    assert tags(ENTRIES[::-1], "article", "faq") == expected


def test_the_three_headers_say_the_same() -> None:
    headers = tag_headers(ENTRIES, ["article"])
    assert tuple(headers) == CACHE_TAG_HEADERS
    named = headers["Cache-Tag"].split(",")
    assert headers["Surrogate-Key"].split(" ") == named
    assert re.findall(r'"([^"]*)"', headers["Cache-Groups"]) == named
    assert headers["Cache-Groups"] == ", ".join(f'"{each}"' for each in named)


def test_an_empty_list_has_the_name_of_its_type() -> None:
    assert tags([], "article") == ["all", "article"]


def test_of_too_many_entries_the_most_numerous_type_stands_for_its_own() -> None:
    articles = [("article", f"a{number}") for number in range(40)]
    faqs = [("faq", f"f{number}") for number in range(24)]
    assert len(tags([*articles, *faqs])) == 1 + 2 + TAGGED_ENTRIES
    author = [("author", "o")]
    assert tags([*articles, *faqs, *author]) == [
        "all",
        "article",
        "author",
        "faq",
        "author:o",
        *sorted(f"faq:{each}" for _, each in faqs),
    ]
    many = [(kind, f"{kind}{number}") for kind in ("article", "faq", "tag") for number in range(50)]
    assert tags(many) == ["all", "article", "faq", "tag", *sorted(f"tag:tag{number}" for number in range(50))]


@pytest.mark.parametrize("left", [0, 1, 59, 100, 599])
def test_no_lifetime_reaches_past_the_next_scheduled_change(left: int) -> None:
    for header in lifetimes(left).values():
        seconds = {name: int(value) for name, value in re.findall(r"([a-z-]+)=(\d+)", header)}
        assert seconds["max-age"] + seconds.get("stale-while-revalidate", 0) <= left
        assert seconds["stale-if-error"] <= left


@pytest.mark.parametrize("chosen", [CACHE_TAG_HEADERS, ("Surrogate-Key",), ()], ids=["all", "one", "none"])
def test_the_headers_that_are_wanted_are_sent(service: Service, chosen: tuple[str, ...]) -> None:
    settings: Settings = replace(service.services.settings, secret_key=SECRET, cache_tag_headers=chosen)
    app = create_app(settings)

    @app.get("/tagged")
    def tagged() -> tuple[str, dict[str, str]]:
        return "tagged", tag_headers(ENTRIES, [])

    other = Service(app)
    try:
        assert {name for name, _ in other.get("/tagged").headers} & set(CACHE_TAG_HEADERS) == set(chosen)
    finally:
        other.close()


def test_every_entry_in_an_answer_is_named_embedded_ones_too(service: Service) -> None:
    editor = service.editor
    author, tag = editor.create_published("authors"), editor.create_published("tags")
    editor.create_published("social-links", platform="github", handle="orla-w", author=author["id"])
    editor.create_published("social-links", platform="github", handle="workshop")
    faq = editor.create_published("faqs", tags=[tag["id"]])
    relations = {"authors": [author["id"]], "tags": [tag["id"]], "faqs": [faq["id"]]}
    older = editor.create_published("articles", slug="older", **relations)
    editor.create_published("articles", slug="newer", related=[older["id"]], **relations)
    for path in (
        "articles/newer?include=authors.social_links,tags,faqs,related,adjacent,translations,seo,jsonld",
        "articles/newer",
        "articles?include=authors.social_links,tags,faqs,related",
        "authors?include=social_links,articles",
        "faqs?include=tags,articles",
        "social-links?include=author",
        "tags",
        "site?include=social_links",
        "search?q=article",
    ):
        response = service.get(f"/api/v1/{path}")
        in_the_body = set(UUID.findall(response.get_data(as_text=True)))
        named = {each.rpartition(":")[2] for each in response.headers["Cache-Tag"].split(",")}
        assert in_the_body, path
        assert in_the_body <= named, path


def test_what_tells_of_entries_without_being_one_is_purged_with_them(service: Service) -> None:
    editor = service.editor
    author, tag = editor.create_published("authors"), editor.create_published("tags")
    link = editor.create_published("social-links", platform="github", handle="workshop")
    article = editor.create_published("articles", slug="old", authors=[author["id"]], tags=[tag["id"]])
    editor.change("articles", article, slug="new")
    editor.publish("articles", article)
    ids = {name: f"{name}:{each['id']}" for name, each in {"article": article, "author": author, "tag": tag}.items()}
    everything = {"all", "article", *ids.values()}
    for path, expected in {
        "/feeds/articles.rss": everything,
        f"/feeds/articles.json?tag={tag['id']}": everything,
        "/llms.txt": everything,
        "/sitemap.xml": {"all", "article", "author", "tag", "faq"},
        "/api/v1/redirects": {"all", "article", ids["article"]},
        "/api/v1/redirects?format=netlify": {"all", "article", ids["article"]},
        "/api/v1/articles/old": {"all", "article", ids["article"]},
        "/api/v1/articles/new?include=jsonld": {*everything, f"social-link:{link['id']}"},
    }.items():
        response = service.get(path)
        assert response.status_code in (200, 308), path
        assert expected <= set(response.headers["Cache-Tag"].split(",")), path
