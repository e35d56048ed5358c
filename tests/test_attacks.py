"""Attacks that a hostile client tried or a careful reader feared, each as a test."""

from datetime import timedelta
from typing import Any

import pytest

from cms import clock
from cms.content.published import lists
from cms.worker import announce_due
from tests.service import Service, written


def data_of(response: Any, status: int = 200) -> Any:
    assert response.status_code == status, response.get_data(as_text=True)
    return response.get_json()["data"]


@pytest.mark.parametrize("host", ["..", ".a", "a..b", "x" * 300, "[::1", "a b"])
def test_a_host_that_is_no_name_is_a_problem(service: Service, host: str) -> None:
    response = service.get("/api/v1/articles", headers={"Host": host})
    assert (response.status_code, response.mimetype) == (400, "application/problem+json")


def test_an_address_under_two_slashes_is_another_one(service: Service) -> None:
    assert service.get("//api/v1/articles").status_code == 404


def test_the_statements_that_are_remembered_do_not_grow_with_the_values(service: Service) -> None:
    tags = [service.editor.create_published("tags") for _ in range(8)]
    names = [tag[("id", "slug")[number % 2]] for number, tag in enumerate(tags)]
    lists._page_statement.cache_clear()
    for number in range(1, len(names) + 1):
        asked = "&".join(f"tag={name}" for name in [*names[:number], "no-such-tag"])
        assert service.get(f"/api/v1/articles?{asked}").status_code == 200
    # One for each power of two.
    assert lists._page_statement.cache_info().currsize == 4


def test_an_object_with_very_many_names_is_refused_at_once(service: Service) -> None:
    body = "{" + ",".join(f'"k{number}":1' for number in range(50_000)) + "}"
    response = service.editor.post("/api/v1/manage/tags", data=body, content_type="application/json")
    assert response.status_code == 400


def test_the_owner_of_a_link_is_not_told_before_the_author_is_live(service: Service) -> None:
    author = service.editor.create("authors")
    link = service.editor.create_published(
        "social-links", platform="mastodon", handle="@x@y.example", author=author["id"]
    )
    path = f"/api/v1/social-links/{link['id']}"
    assert data_of(service.get(path))["owner"] == {"type": "author", "id": None}
    service.editor.publish("authors", author)
    assert data_of(service.get(path))["owner"] == {"type": "author", "id": author["id"]}


def test_a_purged_authors_links_do_not_become_the_sites(service: Service) -> None:
    author = service.editor.create_published("authors")
    service.editor.create_published("social-links", platform="mastodon", handle="@x@y.example", author=author["id"])
    service.editor.trash("authors", author, purge="true", force="true")
    assert data_of(service.get("/api/v1/social-links?owner=site")) == []
    assert data_of(service.get("/api/v1/site"))["social_links"] == []


def test_what_a_purge_takes_from_others_shows_in_their_entity_tags(service: Service) -> None:
    tag = service.editor.create("tags")
    article = service.editor.create("articles", tags=[tag["id"]])
    service.editor.trash("tags", tag, purge="true", force="true")
    now = service.editor.read("articles", article)
    assert now["tags"] == []
    assert now["etag"] != article["etag"]


def test_the_oldest_translation_inherits_from_a_purged_original(service: Service) -> None:
    service.admin.patch(
        "/api/v1/manage/site",
        json={"locales": [{"code": each, "fallback": None} for each in ("en", "de", "fr")]},
        if_match="*",
    )
    original = service.editor.create_published("articles")
    german = service.editor.create_published("articles", locale="de", translation_of=original["id"])
    french = service.editor.create_published("articles", locale="fr", translation_of=original["id"])
    service.editor.trash("articles", original, purge="true", force="true")
    assert service.editor.read("articles", french)["translation_of"] == german["id"]
    service.editor.publish("articles", service.editor.change("articles", french, title="Neu"))
    translations = data_of(service.get(f"/api/v1/articles/{german['id']}"))["translations"]
    assert [each["locale"] for each in translations] == ["fr"]


def test_a_language_has_one_live_translation(service: Service) -> None:
    service.admin.patch(
        "/api/v1/manage/site",
        json={"locales": [{"code": each, "fallback": None} for each in ("en", "de")]},
        if_match="*",
    )
    original = service.editor.create_published("articles")
    german = service.editor.create_published("articles", locale="de", translation_of=original["id"])
    service.editor.change("articles", german, translation_of=None)
    second = written("articles", locale="de", translation_of=original["id"])
    response = service.editor.post("/api/v1/manage/articles?publish=true", json=second)
    assert [each["code"] for each in response.get_json()["errors"]] == ["duplicate"]


def test_a_translation_in_a_draft_shows_nothing_of_itself(service: Service) -> None:
    service.admin.patch(
        "/api/v1/manage/site",
        json={"locales": [{"code": each, "fallback": None} for each in ("en", "de")]},
        if_match="*",
    )
    original = service.editor.create_published("articles")
    german = service.editor.create("articles", locale="de")
    service.editor.change("articles", german, translation_of=original["id"])
    service.editor.publish("articles", german, revision=1)
    assert data_of(service.get(f"/api/v1/articles/{original['id']}"))["translations"] == []


def test_to_take_a_page_from_its_readers_is_to_publish(service: Service) -> None:
    live, draft = service.editor.create_published("articles"), service.editor.create("articles")
    path = "/api/v1/manage/articles/"
    assert service.author.delete(path + live["id"], if_match="*").status_code == 403
    assert service.get(f"/api/v1/articles/{live['id']}").status_code == 200
    assert service.author.delete(path + draft["id"], if_match="*").status_code == 204


def test_a_key_does_not_outlive_the_one_that_makes_it(service: Service) -> None:
    end = clock.now() + timedelta(days=1)
    caller = service.with_key("keys:write", expires_at=end)
    for later in (None, clock.to_wire(end + timedelta(seconds=1))):
        body = {"name": "Later", "scopes": ["keys:write"], "expires_at": later}
        assert caller.post("/api/v1/manage/keys", json=body).status_code == 422
    body = {"name": "As long", "scopes": ["keys:write"], "expires_at": clock.to_wire(end)}
    assert caller.post("/api/v1/manage/keys", json=body).status_code == 201


def test_who_may_write_may_read_what_was_written(service: Service) -> None:
    entry = service.editor.create("articles")
    assert service.with_key("content:write").get(f"/api/v1/manage/articles/{entry['id']}").status_code == 200


def test_nothing_begins_at_the_end_of_time(service: Service) -> None:
    entry = service.editor.create("articles")
    path = f"/api/v1/manage/articles/{entry['id']}/publication"
    response = service.editor.put(path, json={"live_from": clock.to_wire(clock.FOREVER)}, if_match="*")
    assert response.status_code == 422


def test_true_and_one_are_two_values(service: Service) -> None:
    entry = service.editor.create("articles", extra={"flag": 1})
    assert service.editor.change("articles", entry, extra={"flag": True})["extra"] == {"flag": True}
    assert service.editor.read("articles", entry)["version"] == 2


def test_a_clock_that_is_set_back_a_little_brings_nothing_back(service: Service) -> None:
    entry = service.editor.create_published("articles", title="First")
    service.editor.change("articles", entry, title="Second")
    with clock.moved(timedelta(seconds=-5)):
        service.editor.publish("articles", entry)
    for seconds in (0, 5, 60):
        with clock.moved(timedelta(seconds=seconds)):
            assert data_of(service.get(f"/api/v1/articles/{entry['id']}"))["title"] == "Second"


def test_a_plan_that_undoes_what_is_live_is_warned_of(service: Service) -> None:
    entry = service.editor.create_published("articles", title="First", summary="Of paper.")
    service.editor.publish("articles", entry, live_from=clock.to_wire(clock.now() + timedelta(days=1)))
    service.editor.change("articles", entry, title="Second")
    response = service.editor.put(f"/api/v1/manage/articles/{entry['id']}/publication", json={}, if_match="*")
    assert [each["code"] for each in response.get_json()["warnings"]] == ["planned_change"]


def test_links_are_found_by_an_author_of_any_language(service: Service) -> None:
    service.admin.patch(
        "/api/v1/manage/site",
        json={"locales": [{"code": each, "fallback": None} for each in ("en", "de")]},
        if_match="*",
    )
    author = service.editor.create_published("authors", slug="dora", locale="de")
    link = service.editor.create_published("social-links", platform="github", handle="dora-x", author=author["id"])
    assert [each["id"] for each in data_of(service.get("/api/v1/social-links?author=dora"))] == [link["id"]]


def test_what_has_expired_refers_to_nothing_with_or_without_a_worker(service: Service) -> None:
    tag = service.editor.create_published("tags")
    article = service.editor.create("articles", tags=[tag["id"]])
    service.editor.publish("articles", article, live_until=clock.to_wire(clock.now() + timedelta(hours=1)))
    service.editor.change("articles", article, tags=[])
    with clock.moved(timedelta(hours=2)):
        service.editor.trash("tags", tag)


def test_a_worker_that_has_told_everything_rests(service: Service) -> None:
    entry = service.editor.create_published("articles", title="First")
    service.editor.change("articles", entry, title="Second")
    service.editor.publish("articles", entry, live_from=clock.to_wire(clock.now() + timedelta(hours=1)))
    known = service.services
    with clock.moved(timedelta(hours=2)):
        assert announce_due(known.database, known.types, known.settings.public_url)
        assert not announce_due(known.database, known.types, known.settings.public_url)


@pytest.mark.parametrize("query", ["%FF", "%ED%A0%80", "%C0%80", "%F4%90%80%80"])
def test_a_query_that_is_not_utf_8_is_refused(service: Service, query: str) -> None:
    response = service.get(f"/api/v1/search?q={query}")
    assert (response.status_code, response.mimetype) == (400, "application/problem+json")


@pytest.mark.parametrize("path", ["//evil.example/{slug}", "/../{slug}", "/a/./{slug}", "/a/{slug}/.."])
def test_an_address_pattern_stays_on_the_site_and_says_where(service: Service, path: str) -> None:
    patch = {"url_patterns": {"article": path}}
    response = service.admin.patch("/api/v1/manage/site", json=patch, if_match="*")
    assert response.status_code == 422
    assert [each["pointer"] for each in response.get_json()["errors"]] == ["#/url_patterns/article"]


def test_the_instant_that_means_for_ever_is_no_instant(service: Service) -> None:
    article = service.editor.create("articles")
    body = {"live_from": "9999-12-31T23:59:59.999Z"}
    path = f"/api/v1/manage/articles/{article['id']}/publication"
    response = service.editor.put(path, json=body, if_match="*")
    assert [each["pointer"] for each in response.get_json()["errors"]] == ["#/live_from"]


def test_changes_tell_nothing_of_what_was_planned_and_never_live(service: Service) -> None:
    editor = service.editor
    token = service.get("/api/v1/changes?limit=100").get_json()["page"]["next"]
    planned = clock.to_wire(clock.now() + timedelta(hours=2))
    ways: list[dict[str, Any]] = [{"force": True}, {"purge": True, "force": True}]
    for query in ways:
        article = editor.create("articles")
        editor.publish("articles", article, live_from=planned)
        editor.trash("articles", article, **dict.fromkeys(query, "true"))
    cancelled = editor.create("articles")
    editor.publish("articles", cancelled, live_from=planned)
    editor.unpublish("articles", cancelled)
    editor.trash("articles", cancelled, purge="true")
    assert service.get(f"/api/v1/changes?since={token}").get_json()["data"] == []


def test_changes_tell_of_what_went_live_by_plan_and_was_erased_before_anybody_noted_it(service: Service) -> None:
    token = service.get("/api/v1/changes?limit=100").get_json()["page"]["next"]
    article = service.editor.create("articles")
    service.editor.publish("articles", article, live_from=clock.to_wire(clock.now() + timedelta(hours=2)))
    with clock.moved(timedelta(hours=3)):
        service.editor.trash("articles", article, purge="true", force="true")
        told = service.get(f"/api/v1/changes?since={token}").get_json()["data"]
    assert [(each["action"], each["id"]) for each in told] == [("delete", article["id"])]
