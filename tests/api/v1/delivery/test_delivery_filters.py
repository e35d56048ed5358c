"""Filters: one declared parameter each; repeating means or, different ones mean and, anything else is 400."""

from itertools import product
from typing import Any

import pytest

from tests.service import Service

LISTS = ("articles", "faqs", "authors", "social-links", "tags")


def named(service: Service, path: str, field: str = "title") -> list[str]:
    """What a list shows, by one field, in alphabetical order."""
    response = service.get(f"/api/v1/{path}")
    assert response.status_code == 200, response.get_data(as_text=True)
    return sorted(str(each[field]) for each in response.get_json()["data"])


def faults(service: Service, path: str) -> list[dict[str, str]]:
    response = service.get(f"/api/v1/{path}")
    assert response.status_code == 400, (path, response.get_data(as_text=True))
    assert response.content_type == "application/problem+json"
    assert response.get_json()["type"].endswith("/docs/problems/invalid-parameter")
    found: list[dict[str, str]] = response.get_json()["errors"]
    return found


def library(service: Service) -> dict[str, Any]:
    """Four articles a, b, c, d with tags and authors crossing; the ids by slug."""
    editor = service.editor
    made = {slug: editor.create_published("tags", name=slug, slug=slug)["id"] for slug in ("paper", "repair", "unused")}
    made |= {slug: editor.create_published("authors", name=slug, slug=slug)["id"] for slug in ("orla", "bram")}
    for title, day, tags, authors, featured in (
        ("a", 1, ["paper"], ["orla"], True),
        ("b", 2, ["paper", "repair"], ["bram"], False),
        ("c", 3, ["repair"], ["bram", "orla"], True),
        ("d", 4, [], [], False),
    ):
        made[title] = editor.create_published(
            "articles",
            title=title,
            slug=f"article-{title}",
            published_at=f"2020-01-0{day}T00:00:00Z",
            tags=tags,
            authors=authors,
            featured=featured,
        )["id"]
    return made


def test_articles_are_filtered_by_tag_and_author_by_slug_or_id(service: Service) -> None:
    made = library(service)
    for name in ("paper", made["paper"]):
        assert named(service, f"articles?tag={name}") == ["a", "b"]
    for name in ("orla", made["orla"]):
        assert named(service, f"articles?author={name}") == ["a", "c"]
    assert named(service, "articles?tag=unused") == []
    assert named(service, "articles?tag=no-such-tag") == []
    assert named(service, f"articles?tag={made['orla']}") == []
    assert named(service, f"articles?tag={made['a']}") == []


def test_repeating_means_or_and_different_parameters_mean_and(service: Service) -> None:
    made = library(service)
    assert named(service, "articles?tag=paper&tag=repair") == ["a", "b", "c"]
    assert named(service, f"articles?tag=paper&tag={made['paper']}&tag=unused") == ["a", "b"]
    assert named(service, "articles?author=orla&author=bram") == ["a", "b", "c"]
    assert named(service, "articles?tag=paper&author=bram") == ["b"]
    assert named(service, "articles?tag=paper&tag=repair&author=orla") == ["a", "c"]
    assert named(service, "articles?tag=repair&featured=true") == ["c"]
    assert named(service, "articles?tag=paper&tag=repair&author=bram&featured=false&id=" + made["b"]) == ["b"]
    assert named(service, "articles?tag=paper&slug=article-c") == []


def test_an_article_that_matches_twice_is_listed_once(service: Service) -> None:
    library(service)
    response = service.get("/api/v1/articles?tag=paper&tag=repair&author=orla&author=bram&include_total=true")
    assert response.get_json()["page"]["total"] == len(response.get_json()["data"]) == 3


def test_articles_are_filtered_by_date_id_slug_and_featured(service: Service) -> None:
    made = library(service)
    second, third = "2020-01-02T00:00:00Z", "2020-01-03T01:00:00%2B01:00"
    for query, expected in (
        (f"published_at__gt={second}", ["c", "d"]),
        (f"published_at__gte={second}", ["b", "c", "d"]),
        (f"published_at__lt={third}", ["a", "b"]),
        (f"published_at__lte={third}", ["a", "b", "c"]),
        (f"published_at__gte={second}&published_at__lt={third}", ["b"]),
        (f"tag=repair&published_at__lt={third}", ["b"]),
        ("featured=true", ["a", "c"]),
        ("featured=false", ["b", "d"]),
        (f"id={made['a']}&id={made['d']}", ["a", "d"]),
        (f"id={made['paper']}", []),
        ("slug=article-b&slug=article-c&slug=no-such", ["b", "c"]),
    ):
        assert named(service, f"articles?{query}") == expected, query


def test_times_are_filtered_by_being_another_and_by_being_there(service: Service) -> None:
    library(service)
    second = "2020-01-02T00:00:00Z"
    for query, expected in (
        (f"published_at__ne={second}", ["a", "c", "d"]),
        (f"published_at__ne={second}&published_at__lt=2020-01-04T00:00:00Z", ["a", "c"]),
        ("published_at__ne=2020-01-02T02:00:00%2B02:00&tag=paper", ["a"]),
        ("published_at__exists=true&featured=true", ["a", "c"]),
        ("published_at__exists=false", []),
        ("updated_at__exists=false&tag=paper", []),
        ("updated_at__exists=true", ["a", "b", "c", "d"]),
    ):
        assert named(service, f"articles?{query}") == expected, query
        total = service.get(f"/api/v1/articles?{query}&include_total=true").get_json()["page"]["total"]
        assert total == len(expected), query
    for value in ("1", "TRUE", ""):
        assert faults(service, f"articles?published_at__exists={value}")[0]["parameter"] == "published_at__exists"
    assert faults(service, "articles?published_at__ne=2020-01-02")[0]["parameter"] == "published_at__ne"


def test_a_slug_in_a_filter_finds_the_same_as_its_id_whatever_else_is_asked(service: Service) -> None:
    made = library(service)
    for other in ("", "&tag=paper", "&author=bram", "&published_at__gte=2020-01-02T00:00:00Z", "&featured=true"):
        by_slug = named(service, f"articles?slug=article-a&slug=article-b{other}")
        assert by_slug == named(service, f"articles?id={made['a']}&id={made['b']}{other}")
        both = named(service, f"articles?slug=article-a&slug=article-b&id={made['a']}{other}")
        assert both == [each for each in by_slug if each == "a"]


def test_articles_are_filtered_by_when_they_last_changed(service: Service) -> None:
    made = library(service)
    last = service.get(f"/api/v1/articles/{made['d']}").get_json()["data"]["updated_at"]
    service.editor.change("articles", made["a"], summary="Said anew.")
    service.editor.publish("articles", made["a"])
    assert named(service, f"articles?updated_at__gt={last}") == ["a"]
    assert named(service, f"articles?updated_at__gte={last}&updated_at__lte={last}") == ["d"]
    assert named(service, f"articles?updated_at__lt={last}&tag=paper") == ["b"]


def test_faqs_are_filtered_by_tag_article_and_id(service: Service) -> None:
    editor = service.editor
    tag = editor.create_published("tags", slug="repair")
    one = editor.create_published("faqs", question="one?", tags=[tag["id"]])
    two = editor.create_published("faqs", question="two?", slug="two")
    editor.create_published("faqs", question="three?", tags=["repair"])
    first = editor.create_published("articles", slug="first", faqs=[two["id"], one["id"]])
    editor.create_published("articles", slug="second", faqs=[one["id"]])
    for query, expected in (
        ("tag=repair", ["one?", "three?"]),
        (f"tag={tag['id']}&article=first", ["one?"]),
        ("article=first", ["one?", "two?"]),
        (f"article={first['id']}", ["one?", "two?"]),
        ("article=second&article=first", ["one?", "two?"]),
        ("article=no-such", []),
        (f"id={one['id']}&id={two['id']}&tag=repair", ["one?"]),
        ("slug=two", ["two?"]),
    ):
        assert named(service, f"faqs?{query}", "question") == expected, query


def test_an_article_that_names_a_faq_no_more_filters_it_no_more(service: Service) -> None:
    faq = service.editor.create_published("faqs")
    article = service.editor.create_published("articles", slug="first", faqs=[faq["id"]])
    service.editor.change("articles", article, faqs=[])
    assert len(named(service, "faqs?article=first", "id")) == 1
    service.editor.publish("articles", article)
    assert named(service, "faqs?article=first", "id") == []


def test_social_links_are_filtered_by_author_platform_and_owner(service: Service) -> None:
    editor = service.editor
    orla, bram = (editor.create_published("authors", slug=slug)["id"] for slug in ("orla", "bram"))
    for platform, handle, author in (
        ("github", "orla", orla),
        ("mastodon", "@orla@bookbinders.example", orla),
        ("github", "bram", bram),
        ("github", "workshop", None),
        ("linkedin", "workshop", None),
    ):
        editor.create_published("social-links", platform=platform, handle=handle, author=author)
    for query, expected in (
        ("author=orla", ["github", "mastodon"]),
        (f"author={bram}", ["github"]),
        ("author=orla&author=bram", ["github", "github", "mastodon"]),
        ("author=orla&platform=github", ["github"]),
        ("platform=linkedin&platform=mastodon", ["linkedin", "mastodon"]),
        ("platform=no-such", []),
        ("owner=site", ["github", "linkedin"]),
        ("owner=author", ["github", "github", "mastodon"]),
        ("owner=site&platform=github", ["github"]),
        ("owner=site&author=orla", []),
    ):
        assert named(service, f"social-links?{query}", "platform") == expected, query


@pytest.mark.exhaustive
def test_many_values_on_a_site_of_many_languages_are_one_list(service: Service) -> None:
    codes = ["en", *(f"{first}{second}" for first in "bdf" for second in "aeiou")]
    locales = [{"code": code} for code in codes]
    assert service.admin.patch("/api/v1/manage/site", json={"locales": locales}, if_match="*").status_code == 200
    editor = service.editor
    authors = [editor.create_published("authors", locale=codes[number % 16])["id"] for number in range(20)]
    for number, author in enumerate(authors):
        platform = "github" if number % 2 else "mastodon"
        handle = f"orla-{number}" if number % 2 else f"@orla-{number}@example.social"
        editor.create_published("social-links", platform=platform, handle=handle, author=author)
    by_author = "&".join(f"author={author}" for author in authors)
    by_platform = "&".join(f"platform={name}" for name in (*("github", "mastodon"), *(f"p{n}" for n in range(18))))
    for query in (by_author, by_platform, f"{by_author}&{by_platform}"):
        walked: list[str] = []
        path = f"/api/v1/social-links?{query}&limit=7&include_total=true"
        while path:
            document = service.get(path).get_json()
            assert document["page"]["total"] == 20
            walked += [each["id"] for each in document["data"]]
            path = document["links"]["next"]
        assert len(set(walked)) == len(walked) == 20


@pytest.mark.parametrize("plural", ["authors", "tags"])
def test_authors_and_tags_are_filtered_by_id_and_slug(service: Service, plural: str) -> None:
    one, two, three = (service.editor.create_published(plural, name=name) for name in ("one", "two", "three"))
    assert named(service, f"{plural}?id={one['id']}&id={three['id']}", "name") == ["one", "three"]
    assert named(service, f"{plural}?slug=two", "name") == ["two"]
    assert named(service, f"{plural}?slug=two&slug=one&id={two['id']}", "name") == ["two"]


def test_an_unknown_parameter_is_400_with_the_one_that_was_meant(service: Service) -> None:
    near = (("limt", "limit"), ("sortt", "sort"), ("include_totl", "include_total"), ("feilds", "fields"))
    for plural, (given, meant) in product(LISTS, near):
        (fault,) = faults(service, f"{plural}?{given}=1")
        assert (fault["parameter"], fault["code"]) == (given, "unknown_parameter")
        assert fault["did_you_mean"] == meant
    (fault,) = faults(service, "articles?qqqqzzzz=1")
    assert "did_you_mean" not in fault
    for path in (
        "articles?tag[]=a",
        "articles?tag.name=a",
        "articles?published_at__foo=1",
        "site?x=1",
        "platforms?x=1",
    ):
        assert faults(service, path)[0]["code"] == "unknown_parameter"


def test_a_repeated_scalar_is_400(service: Service) -> None:
    for name, value in (
        ("sort", "title"),
        ("limit", "5"),
        ("locale", "en"),
        ("include_total", "true"),
        ("featured", "true"),
        ("published_at__gte", "2020-01-01T00:00:00Z"),
    ):
        (fault,) = faults(service, f"articles?{name}={value}&{name}={value}")
        assert (fault["parameter"], fault["code"]) == (name, "repeated")
    assert faults(service, "social-links?owner=site&owner=author")[0]["code"] == "repeated"


def test_all_faults_are_said_at_once(service: Service) -> None:
    found = faults(service, "articles?limit=0&sort=name&featured=1&tag=UPPER&limt=3&locale=en&locale=de&id=7")
    assert {each["parameter"] for each in found} == {"limit", "sort", "featured", "tag", "limt", "locale", "id"}


def test_a_value_of_another_form_is_400(service: Service) -> None:
    for query in (
        "sort=position",
        "sort=-title",
        "sort=",
        "featured=1",
        "featured=TRUE",
        "featured=",
        "include_total=yes",
        "id=abc",
        "id=0199C0DE-0000-7000-8000-000000000001",
        "slug=Not-A-Slug",
        "tag=a,b",
        "tag=",
        "tag=%00",
        "author=a%20b",
        "published_at__gte=2020-01-01",
        "published_at__gte=2020-01-01T00:00:00",
        "published_at__gte=2020-02-30T00:00:00Z",
        "published_at__gte=20200101T000000Z",
        "published_at__gte=now",
        "&".join(f"tag=t-{number}" for number in range(21)),
    ):
        (fault,) = faults(service, f"articles?{query}")
        assert fault["parameter"] == query.split("=")[0]
