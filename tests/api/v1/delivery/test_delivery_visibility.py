"""What is not live now is as absent as what never was: in every list, filter, count, relation and include."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from cms import clock
from tests.service import Service

PLURALS = ("articles", "faqs", "authors", "social-links", "tags")
INCLUDES = "authors,authors.social_links,tags,faqs,related,translations,seo"
UNKNOWN = "0199c0de-0000-7000-8000-00000000dead"


def later(**delta: int) -> str:
    return clock.to_wire(clock.now() + timedelta(**delta))


def stays_a_draft(service: Service, plural: str, draft: dict[str, Any]) -> None:
    pass


def is_scheduled(service: Service, plural: str, draft: dict[str, Any]) -> None:
    service.editor.publish(plural, draft, live_from=later(hours=1))


def has_expired(service: Service, plural: str, draft: dict[str, Any]) -> None:
    with clock.moved(timedelta(hours=-3)):
        service.editor.publish(plural, draft, live_until=later(hours=1))


def is_unpublished(service: Service, plural: str, draft: dict[str, Any]) -> None:
    service.editor.publish(plural, draft)
    service.editor.unpublish(plural, draft)


def is_trashed(service: Service, plural: str, draft: dict[str, Any]) -> None:
    service.editor.publish(plural, draft)
    service.editor.trash(plural, draft, force="true")


def is_purged(service: Service, plural: str, draft: dict[str, Any]) -> None:
    service.editor.publish(plural, draft)
    service.admin.trash(plural, draft, purge="true", force="true")


Hide = Callable[[Service, str, dict[str, Any]], None]
WAYS: tuple[Hide, ...] = (stays_a_draft, is_scheduled, has_expired, is_unpublished, is_trashed, is_purged)
EACH_WAY = pytest.mark.parametrize("hide", WAYS, ids=lambda each: each.__name__)


def answer(service: Service, path: str) -> tuple[int, bytes, list[tuple[str, str]]]:
    """Everything that a client can see of an answer, without what is of this one request."""
    response = service.get(path)
    headers = [(name, value) for name, value in response.headers if name not in ("Cache-Status", "X-Request-Id")]
    return response.status_code, response.get_data(), sorted(headers)


def listed(service: Service, path: str) -> list[dict[str, Any]]:
    response = service.get(path)
    assert response.status_code == 200, response.get_data(as_text=True)
    data: list[dict[str, Any]] = response.get_json()["data"]
    return data


def ids(entries: list[dict[str, Any]]) -> list[str]:
    return [each["id"] for each in entries]


def total(service: Service, path: str) -> int:
    count: int = service.get(f"{path}{'&' if '?' in path else '?'}include_total=true").get_json()["page"]["total"]
    return count


@EACH_WAY
def test_what_is_not_live_is_as_absent_as_what_never_was(service: Service, hide: Hide) -> None:
    for plural in PLURALS:
        shown, hidden = service.editor.create_published(plural), service.editor.create(plural)
        hide(service, plural, hidden)
        never = answer(service, f"/api/v1/{plural}/{UNKNOWN}")
        assert never[0] == 404
        assert answer(service, f"/api/v1/{plural}/{hidden['id']}") == never
        if plural != "social-links":
            assert answer(service, f"/api/v1/{plural}/no-such-slug") == never
            assert answer(service, f"/api/v1/{plural}/{hidden['slug']}") == never
            assert listed(service, f"/api/v1/{plural}?slug={hidden['slug']}") == []
        assert ids(listed(service, f"/api/v1/{plural}")) == [shown["id"]]
        assert total(service, f"/api/v1/{plural}") == 1
        assert listed(service, f"/api/v1/{plural}?id={hidden['id']}") == []


@EACH_WAY
def test_a_hidden_tag_or_author_is_in_no_relation_and_filters_nothing(service: Service, hide: Hide) -> None:
    editor = service.editor
    tag, author = editor.create_published("tags"), editor.create_published("authors", name="Bram Tollivane")
    hidden_tag, hidden_author = editor.create("tags"), editor.create("authors")
    article = editor.create_published(
        "articles", tags=[hidden_tag["id"], tag["id"]], authors=[hidden_author["id"], author["id"]]
    )
    hide(service, "tags", hidden_tag)
    hide(service, "authors", hidden_author)
    for include in ("", INCLUDES):
        shown = service.get(f"/api/v1/articles/{article['id']}{include and '?include='}{include}").get_json()["data"]
        assert ids(shown["tags"]) == [tag["id"]]
        assert ids(shown["authors"]) == [author["id"]]
    head = service.get(f"/api/v1/articles/{article['id']}?include=seo").get_json()["data"]["seo"]
    assert head["open_graph"]["authors"] == ["Bram Tollivane"]
    for parameter, entry, live in (("tag", hidden_tag, tag), ("author", hidden_author, author)):
        for name in (entry["id"], entry["slug"]):
            assert listed(service, f"/api/v1/articles?{parameter}={name}") == []
            assert total(service, f"/api/v1/articles?{parameter}={name}") == 0
            either = listed(service, f"/api/v1/articles?{parameter}={name}&{parameter}={live['id']}")
            assert ids(either) == [article["id"]]


@EACH_WAY
def test_a_hidden_article_is_counted_and_embedded_nowhere(service: Service, hide: Hide) -> None:
    editor = service.editor
    locales = [{"code": "en", "fallback": None}, {"code": "de", "fallback": "en"}]
    assert service.admin.patch("/api/v1/manage/site", json={"locales": locales}, if_match="*").status_code == 200
    author, tag, faq = (editor.create_published(plural)["id"] for plural in ("authors", "tags", "faqs"))
    shared: dict[str, Any] = {"authors": [author], "tags": [tag], "faqs": [faq]}
    shown = editor.create_published("articles", published_at="2020-01-02T00:00:00Z", **shared)
    hidden = [
        editor.create("articles", published_at="2020-01-01T00:00:00Z", **shared),
        editor.create("articles", published_at="2020-01-03T00:00:00Z", **shared),
        editor.create("articles", locale="de", translation_of=shown["id"], **shared),
    ]
    for each in hidden:
        hide(service, "articles", each)
    page = service.get(f"/api/v1/articles/{shown['id']}?include=adjacent,translations,seo").get_json()["data"]
    assert page["adjacent"] == {"previous": None, "next": None}
    assert page["translations"] == []
    assert page["seo"]["alternates"] == []
    for plural, entry in (("authors", author), ("tags", tag)):
        assert service.get(f"/api/v1/{plural}/{entry}").get_json()["data"]["article_count"] == 1
        assert [each["article_count"] for each in listed(service, f"/api/v1/{plural}")] == [1]
    for path in (f"/api/v1/authors/{author}", f"/api/v1/faqs/{faq}"):
        embedded = service.get(f"{path}?include=articles").get_json()["data"]["articles"]
        assert ids(embedded) == [shown["id"]]
    for each in hidden:
        assert listed(service, f"/api/v1/faqs?article={each['id']}") == []
    for query in (f"tag={tag}", f"author={author}", "locale=de", "published_at__gte=2020-01-01T00:00:00Z"):
        assert ids(listed(service, f"/api/v1/articles?{query}")) == [shown["id"]]
        assert total(service, f"/api/v1/articles?{query}") == 1


def test_a_hidden_faq_social_link_or_related_article_is_not_embedded(service: Service) -> None:
    editor = service.editor
    author = editor.create_published("authors")
    editor.create("social-links", platform="linkedin", handle="bram-tollivane", author=author["id"])
    unpublished = editor.create("social-links", platform="github", handle="bram-tollivane", author=author["id"])
    is_unpublished(service, "social-links", unpublished)
    shown = editor.create_published(
        "social-links", platform="youtube", handle="@bramtollivane", author=author["id"], position=3
    )
    faq, related = editor.create("faqs"), editor.create("articles")
    article = editor.create_published("articles", authors=[author["id"]], faqs=[faq["id"]], related=[related["id"]])
    short = service.get(f"/api/v1/articles/{article['id']}").get_json()["data"]
    full = service.get(f"/api/v1/articles/{article['id']}?include={INCLUDES}").get_json()["data"]
    assert (short["faqs"], short["related"], full["faqs"], full["related"]) == ([], [], [], [])
    assert [each["id"] for each in full["authors"][0]["social_links"]] == [shown["id"]]
    assert service.get(f"/api/v1/authors/{author['id']}").get_json()["data"]["social_links"] == [shown["id"]]
    editor.publish("faqs", faq)
    assert service.get(f"/api/v1/articles/{article['id']}").get_json()["data"]["faqs"] == [faq["id"]]


def test_saving_or_renaming_a_draft_of_a_live_article_changes_nothing_in_delivery(service: Service) -> None:
    editor = service.editor
    tag = editor.create_published("tags")
    article = editor.create_published("articles", title="As published", slug="as-published")
    paths = ("/api/v1/articles/as-published", "/api/v1/articles", f"/api/v1/articles/{article['id']}?include=seo")
    before = [answer(service, path) for path in paths]
    editor.change("articles", article, title="As drafted", slug="as-drafted", tags=[tag["id"]], featured=True)
    assert [answer(service, path) for path in paths] == before
    assert answer(service, "/api/v1/articles/as-drafted") == answer(service, "/api/v1/articles/never-was")
    for query in (f"tag={tag['id']}", "featured=true", "slug=as-drafted"):
        assert listed(service, f"/api/v1/articles?{query}") == []
    assert service.get(f"/api/v1/tags/{tag['id']}").get_json()["data"]["article_count"] == 0
