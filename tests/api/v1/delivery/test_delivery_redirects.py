"""A slug that has moved: a naive client follows it, a frontend redirects its visitor, an id always answers."""

from datetime import timedelta
from typing import Any

import pytest

from cms import clock
from tests.service import Service

WITH_SLUG = ("articles", "faqs", "authors", "tags")


def rename(service: Service, plural: str, entry: dict[str, Any], slug: str) -> None:
    service.editor.change(plural, entry, slug=slug)
    service.editor.publish(plural, entry)


def location(service: Service, path: str) -> str:
    response = service.get(path)
    assert response.status_code == 308, response.get_data(as_text=True)
    return response.headers["Location"]


@pytest.mark.parametrize("plural", WITH_SLUG)
def test_a_renamed_entry_redirects_from_its_old_slug(service: Service, plural: str) -> None:
    entry = service.editor.create_published(plural, slug="before")
    rename(service, plural, entry, "after")
    response = service.get(f"/api/v1/{plural}/before")
    assert response.status_code == 308
    assert response.headers["Location"] == f"/api/v1/{plural}/after"
    assert response.content_type == "application/json"
    moved = response.get_json()["moved_to"]
    at_home = service.get(response.headers["Location"]).get_json()["data"]
    assert moved == {name: at_home[name] for name in ("id", "slug", "url")}
    assert (moved["id"], moved["slug"]) == (entry["id"], "after")


def test_the_redirect_keeps_the_query_as_it_was(service: Service) -> None:
    article = service.editor.create_published("articles", slug="before")
    rename(service, "articles", article, "after")
    query = "include=tags%2Cseo&fields=title&fields=seo&locale=en"
    target = location(service, f"/api/v1/articles/before?{query}")
    assert target == f"/api/v1/articles/after?{query}"
    assert set(service.get(target).get_json()["data"]) == {"id", "title", "seo"}


def test_a_chain_of_renames_leads_to_the_last_slug_at_once(service: Service) -> None:
    article = service.editor.create_published("articles", slug="first")
    for slug in ("second", "third", "fourth"):
        rename(service, "articles", article, slug)
    for slug in ("first", "second", "third"):
        assert location(service, f"/api/v1/articles/{slug}") == "/api/v1/articles/fourth"
    assert service.get("/api/v1/articles/fourth").status_code == 200


def test_a_name_that_is_taken_up_again_answers_itself(service: Service) -> None:
    article = service.editor.create_published("articles", slug="first")
    rename(service, "articles", article, "second")
    rename(service, "articles", article, "first")
    assert service.get("/api/v1/articles/first").status_code == 200
    assert location(service, "/api/v1/articles/second") == "/api/v1/articles/first"


def test_by_id_it_always_answers(service: Service) -> None:
    article = service.editor.create_published("articles", slug="first")
    for slug in ("second", "third"):
        rename(service, "articles", article, slug)
        response = service.get(f"/api/v1/articles/{article['id']}")
        assert response.status_code == 200
        assert response.get_json()["data"]["slug"] == slug


def test_a_rename_that_is_not_published_redirects_nobody(service: Service) -> None:
    article = service.editor.create_published("articles", slug="live")
    service.editor.change("articles", article, slug="only-drafted")
    assert service.get("/api/v1/articles/live").status_code == 200
    assert service.get("/api/v1/articles/only-drafted").status_code == 404
    # A slug that was a draft's and never live is no old address either.
    rename(service, "articles", article, "published")
    assert location(service, "/api/v1/articles/live") == "/api/v1/articles/published"
    assert service.get("/api/v1/articles/only-drafted").status_code == 404


def test_a_planned_rename_redirects_from_its_instant_on(service: Service) -> None:
    article = service.editor.create_published("articles", slug="live")
    service.editor.change("articles", article, slug="planned")
    service.editor.publish("articles", article, live_from=clock.to_wire(clock.now() + timedelta(hours=1)))
    assert service.get("/api/v1/articles/live").status_code == 200
    assert service.get("/api/v1/articles/planned").status_code == 404
    with clock.moved(timedelta(hours=2)):
        assert location(service, "/api/v1/articles/live") == "/api/v1/articles/planned"
        assert service.get("/api/v1/articles/planned").status_code == 200


def test_the_old_slug_of_what_is_no_longer_live_is_unknown(service: Service) -> None:
    article = service.editor.create_published("articles", slug="before")
    rename(service, "articles", article, "after")
    service.editor.unpublish("articles", article)
    unknown = service.get("/api/v1/articles/never-was")
    for slug in ("before", "after"):
        response = service.get(f"/api/v1/articles/{slug}")
        assert (response.status_code, response.get_data()) == (404, unknown.get_data())


def test_head_says_the_same_of_a_moved_slug(service: Service) -> None:
    article = service.editor.create_published("articles", slug="before")
    rename(service, "articles", article, "after")
    head = service.request("HEAD", "/api/v1/articles/before")
    assert (head.status_code, head.headers["Location"]) == (308, "/api/v1/articles/after")
    assert head.get_data() == b""


@pytest.mark.parametrize("condition", ["*", "its own tag"])
def test_a_precondition_does_not_stand_in_the_way_of_a_redirect(service: Service, condition: str) -> None:
    """RFC 9110, 13.2.1: preconditions count only where the answer would be 2xx without them."""
    article = service.editor.create_published("articles", slug="before")
    rename(service, "articles", article, "after")
    tag = service.get("/api/v1/articles/before").headers.get("ETag", '"none"')
    given = {"If-None-Match": "*" if condition == "*" else tag}
    response = service.get("/api/v1/articles/before", headers=given)
    assert (response.status_code, response.headers.get("Location")) == (308, "/api/v1/articles/after")


def test_a_redirect_may_be_cached_like_what_it_leads_to(service: Service) -> None:
    article = service.editor.create_published("articles", slug="before")
    rename(service, "articles", article, "after")
    moved, there = service.get("/api/v1/articles/before"), service.get("/api/v1/articles/after")
    for name in ("Cache-Control", "CDN-Cache-Control", "Surrogate-Control", "Access-Control-Allow-Origin"):
        assert moved.headers[name] == there.headers[name]
    assert "Location" in moved.headers["Access-Control-Expose-Headers"]
