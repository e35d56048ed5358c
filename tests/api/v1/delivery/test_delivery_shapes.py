"""Shapes: ``fields`` picks, ``exclude`` drops, ``include`` embeds and ``formats`` chooses; anything else is 400."""

from itertools import product
from typing import Any

import pytest

from tests.service import Service

RICH = {"articles": "body", "faqs": "answer", "authors": "bio"}


def data(service: Service, path: str) -> Any:
    response = service.get(f"/api/v1/{path}")
    assert response.status_code == 200, response.get_data(as_text=True)
    return response.get_json()["data"]


def an_article(service: Service) -> str:
    editor = service.editor
    author = editor.create_published("authors", bio="A **bio**.")
    tag, faq = editor.create_published("tags"), editor.create_published("faqs", answer="An **answer**.")
    return str(
        editor.create_published(
            "articles", slug="one", body="A *body*.", authors=[author["id"]], tags=[tag["id"]], faqs=[faq["id"]]
        )["id"]
    )


@pytest.mark.parametrize("query", ["fields=title,slug", "fields=title&fields=slug", "fields=slug,title&fields=title"])
def test_fields_picks_by_comma_list_and_by_repeated_key(service: Service, query: str) -> None:
    an_article(service)
    assert list(data(service, f"articles/one?{query}")) == ["id", "slug", "title"]
    assert [list(each) for each in data(service, f"articles?{query}")] == [["id", "slug", "title"]]


@pytest.mark.parametrize("query", ["exclude=body,toc", "exclude=body&exclude=toc"])
def test_exclude_drops_by_comma_list_and_by_repeated_key(service: Service, query: str) -> None:
    an_article(service)
    whole = data(service, "articles/one")
    assert data(service, f"articles/one?{query}") == {
        name: value for name, value in whole.items() if name not in ("body", "toc")
    }


def test_exclude_drops_from_what_fields_picks(service: Service) -> None:
    an_article(service)
    assert set(data(service, "articles/one?fields=title,slug,tags&exclude=tags")) == {"id", "title", "slug"}


@pytest.mark.parametrize("query", ["include=authors,faqs", "include=authors&include=faqs", "include=faqs,authors,faqs"])
def test_include_embeds_by_comma_list_and_by_repeated_key(service: Service, query: str) -> None:
    an_article(service)
    for article in (data(service, f"articles/one?{query}"), data(service, f"articles?{query}")[0]):
        assert article["authors"][0]["bio"]["html"] == "<p>A <strong>bio</strong>.</p>\n"
        assert article["faqs"][0]["answer"]["html"] == "<p>An <strong>answer</strong>.</p>\n"
        assert set(article["tags"][0]) == {"id", "slug", "name", "url"}


def test_an_inner_include_brings_its_outer_one(service: Service) -> None:
    editor = service.editor
    author = editor.create_published("authors")
    link = editor.create_published("social-links", platform="github", handle="orla", author=author["id"])
    article = editor.create_published("articles", authors=[author["id"]])
    plain = data(service, f"articles/{article['id']}?include=authors")["authors"][0]
    assert plain["social_links"] == [link["id"]]
    full = data(service, f"articles/{article['id']}?include=authors.social_links")["authors"][0]
    assert full["social_links"] == [data(service, f"social-links/{link['id']}")]
    assert {name: full[name] for name in plain if name != "social_links"} == {
        name: plain[name] for name in plain if name != "social_links"
    }


def test_what_is_included_is_what_its_own_address_gives(service: Service) -> None:
    article = an_article(service)
    service.editor.create_published("articles", slug="two", related=[article])
    one = data(service, "articles/one?include=authors,tags,faqs")
    assert one["authors"] == data(service, "authors")
    assert one["tags"] == data(service, "tags")
    assert one["faqs"] == data(service, "faqs")
    assert data(service, "articles/two?include=related")["related"] == data(service, "articles?slug=one")
    (author,) = data(service, "authors?include=articles")
    assert author["articles"] == data(service, "articles?slug=one")
    (faq,) = data(service, "faqs?include=articles,tags")
    assert faq["articles"] == data(service, "articles?slug=one")


def test_articles_that_name_each_other_are_embedded_one_level_deep(service: Service) -> None:
    editor = service.editor
    one, two = (editor.create_published("articles", slug=slug)["id"] for slug in ("one", "two"))
    for article, other in ((one, two), (two, one)):
        editor.change("articles", article, related=[other])
        editor.publish("articles", article)
    alone = {each["id"]: each for each in data(service, "articles")}
    assert data(service, "articles/one?include=related")["related"] == [alone[two]]
    listed = {each["id"]: each["related"] for each in data(service, "articles?include=related")}
    assert listed == {one: [alone[two]], two: [alone[one]]}


def test_an_author_embeds_the_newest_five_articles(service: Service) -> None:
    editor = service.editor
    author = editor.create_published("authors")
    days = [3, 1, 7, 5, 2, 6, 4]
    for day in days:
        editor.create_published(
            "articles", title=f"day {day}", published_at=f"2020-01-0{day}T00:00:00Z", authors=[author["id"]]
        )
    shown = data(service, f"authors/{author['id']}?include=articles")
    assert [each["title"] for each in shown["articles"]] == ["day 7", "day 6", "day 5", "day 4", "day 3"]
    assert shown["article_count"] == 7


def test_a_social_link_embeds_its_author_and_the_sites_own_has_none(service: Service) -> None:
    author = service.editor.create_published("authors", name="Orla Wrenmoor")
    own = service.editor.create_published("social-links", platform="github", handle="workshop", position=1)
    service.editor.create_published("social-links", platform="github", handle="orla", author=author["id"], position=2)
    first, second = data(service, "social-links?include=author")
    assert (first["author"], first["owner"]) == (None, {"type": "site", "id": None})
    assert second["author"] == data(service, f"authors/{author['id']}")
    assert "author" not in data(service, "social-links")[0]
    assert data(service, "site")["social_links"] == [own["id"]]
    assert data(service, "site?include=social_links")["social_links"] == [data(service, f"social-links/{own['id']}")]


def test_formats_chooses_what_rich_text_comes_in(service: Service) -> None:
    an_article(service)
    expected = {"html": "<p>A <em>body</em>.</p>\n", "markdown": "A *body*.", "text": "A body."}
    assert set(data(service, "articles/one")["body"]) == {"html"}
    for query, formats in (
        ("formats=html", ["html"]),
        ("formats=text,markdown", ["markdown", "text"]),
        ("formats=markdown&formats=html", ["html", "markdown"]),
        ("formats=html,markdown,text", ["html", "markdown", "text"]),
    ):
        body = data(service, f"articles/one?{query}")["body"]
        assert {name: text.strip() for name, text in body.items()} == {name: expected[name].strip() for name in formats}
    embedded = data(service, "articles/one?include=authors,faqs&formats=text")
    assert embedded["authors"][0]["bio"] == {"text": "A bio."}
    assert embedded["faqs"][0]["answer"] == {"text": "An answer."}
    for plural, field in RICH.items():
        assert set(data(service, f"{plural}?formats=text&fields={field}")[0][field]) == {"text"}


def test_an_unknown_word_is_400(service: Service) -> None:
    an_article(service)
    queries = (
        "fields=titel",
        "fields=title,",
        "fields=",
        "fields=title,%20slug",
        "fields=password",
        "fields=authors.name",
        "exclude=everything",
        "include=author",
        "include=authors.articles",
        "include=related.related",
        "include=authors.social_links.author",
        "include=*",
        "formats=pdf",
        "formats=HTML",
    )
    for query, path in product(queries, ("articles", "articles/one")):
        response = service.get(f"/api/v1/{path}?{query}")
        assert response.status_code == 400, query
        assert {each["parameter"] for each in response.get_json()["errors"]} == {query.split("=")[0]}


def test_what_a_type_does_not_have_it_does_not_take(service: Service) -> None:
    for path in (
        "articles?include=adjacent",
        "tags?include=articles",
        "tags?formats=html",
        "social-links?locale=en",
        "social-links?slug=a",
        "faqs?include=seo",
        "authors?tag=a",
        "site?fields=name",
        "articles/one?limit=1",
        "articles/one?tag=a",
    ):
        assert service.get(f"/api/v1/{path}").status_code == 400, path


@pytest.mark.parametrize("plural", ["articles", "faqs", "authors", "social-links", "tags"])
def test_an_include_is_the_same_whichever_fields_are_picked(service: Service, plural: str) -> None:
    an_article(service)
    author = service.editor.create_published("authors", name="Orla Wrenmoor", bio="Mends **books**.")
    service.editor.create_published("social-links", platform="github", handle="orla", author=author["id"])
    kind = next(each for each in service.services.types.values() if each.plural == plural)
    shown = data(service, plural)
    assert shown
    for include in kind.includes:
        name = include.split(".")[0]
        for path in [f"{plural}/{shown[0]['id']}"] + [plural] * (name != "adjacent"):
            whole = data(service, f"{path}?include={include}")
            expected = trimmed(whole, name)
            assert data(service, f"{path}?include={include}&fields={name}") == expected, (path, include)
            if name not in shown[0]:
                assert data(service, f"{path}?fields={name}") == expected, (path, include)


def trimmed(found: Any, name: str) -> Any:
    """A document, or each of a list, with its id and one field only."""
    if isinstance(found, list):
        return [trimmed(each, name) for each in found]
    return {key: found[key] for key in ("id", name)}
