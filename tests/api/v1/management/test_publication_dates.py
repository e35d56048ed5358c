"""What a publication fixes: the date an article is known by, and the slugs it holds."""

from datetime import timedelta
from typing import Any

import pytest

from cms import clock
from tests.service import Service

PLURALS = ("articles", "faqs", "authors", "social-links", "tags")
EACH = pytest.mark.parametrize("plural", PLURALS)


def ahead(**by: float) -> str:
    return clock.to_wire(clock.now() + timedelta(**by))


def delivered(service: Service, plural: str, entry: dict[str, Any]) -> dict[str, Any]:
    response = service.get(f"/api/v1/{plural}/{entry['id']}")
    assert response.status_code == 200
    data: dict[str, Any] = response.get_json()["data"]
    return data


@EACH
def test_without_an_editorial_date_the_first_moment_live_counts(service: Service, plural: str) -> None:
    entry = service.editor.create_published(plural)
    first = delivered(service, plural, entry)
    assert first["published_at"] == first["updated_at"] == entry["live_from"]
    with clock.moved(timedelta(hours=1)):
        service.editor.change(plural, entry, extra={"n": 2})
        service.editor.publish(plural, entry)
        second = delivered(service, plural, entry)
        assert second["published_at"] == entry["live_from"]
        assert second["updated_at"] > entry["live_from"]
    with clock.moved(timedelta(hours=2)):
        service.editor.unpublish(plural, entry)
        service.editor.publish(plural, entry)
        assert delivered(service, plural, entry)["published_at"] == entry["live_from"]


@EACH
def test_a_plan_that_is_moved_moves_the_date_that_nobody_has_seen(service: Service, plural: str) -> None:
    entry = service.editor.create(plural)
    early, late = ahead(hours=2), ahead(hours=4)
    service.editor.publish(plural, entry, live_from=late)
    service.editor.publish(plural, entry, live_from=early)
    with clock.moved(timedelta(hours=5)):
        assert delivered(service, plural, entry)["published_at"] == early


def test_a_plan_that_is_taken_back_leaves_no_date_behind(service: Service) -> None:
    entry = service.editor.create("articles")
    service.editor.publish("articles", entry, live_from=ahead(hours=1))
    service.editor.unpublish("articles", entry)
    later = ahead(hours=3)
    service.editor.publish("articles", entry, live_from=later)
    with clock.moved(timedelta(hours=4)):
        assert delivered(service, "articles", entry)["published_at"] == later


def test_the_editorial_date_wins_and_a_new_one_with_the_next_publication(service: Service) -> None:
    entry = service.editor.create_published("articles", published_at="2019-05-05T10:00:00+02:00")
    assert delivered(service, "articles", entry)["published_at"] == "2019-05-05T08:00:00.000Z"
    service.editor.change("articles", entry, published_at="2018-01-01T00:00:00Z")
    assert delivered(service, "articles", entry)["published_at"] == "2019-05-05T08:00:00.000Z"
    service.editor.publish("articles", entry)
    assert delivered(service, "articles", entry)["published_at"] == "2018-01-01T00:00:00.000Z"
    service.editor.change("articles", entry, published_at=None)
    service.editor.publish("articles", entry)
    assert delivered(service, "articles", entry)["published_at"] == entry["live_from"]


def test_an_editorial_date_ahead_is_no_schedule(service: Service) -> None:
    entry = service.editor.create_published("articles", published_at="2999-01-01T00:00:00Z")
    assert delivered(service, "articles", entry)["published_at"] == "2999-01-01T00:00:00.000Z"


def test_lists_are_ordered_by_that_date(service: Service) -> None:
    old = service.editor.create_published("articles", published_at="2001-01-01T00:00:00Z")
    new = service.editor.create_published("articles")
    older = service.editor.create_published("articles", published_at="2000-01-01T00:00:00Z")
    listed = service.get("/api/v1/articles").get_json()["data"]
    assert [each["id"] for each in listed] == [new["id"], old["id"], older["id"]]


def test_a_scheduled_slug_is_held_from_the_plan_on(service: Service) -> None:
    entry = service.editor.create("tags", slug="paper")
    service.editor.publish("tags", entry, live_from=ahead(hours=1))
    service.editor.change("tags", entry, slug="cardboard")
    taken = service.editor.post("/api/v1/manage/tags", json={"name": "Paper", "slug": "paper"})
    assert taken.status_code == 409
    service.editor.unpublish("tags", entry)
    freed = service.editor.post("/api/v1/manage/tags", json={"name": "Paper", "slug": "paper"})
    assert freed.status_code == 201


def test_a_plan_that_is_replaced_frees_the_slug_that_was_never_live(service: Service) -> None:
    entry, at = service.editor.create("tags", slug="paper"), ahead(hours=1)
    service.editor.publish("tags", entry, live_from=at)
    service.editor.change("tags", entry, slug="cardboard")
    service.editor.publish("tags", entry, live_from=at)
    assert service.editor.create("tags", slug="paper")["slug"] == "paper"


def test_an_old_revision_whose_slug_is_gone_to_another_cannot_be_published(service: Service) -> None:
    entry = service.editor.create("tags", slug="paper")
    service.editor.change("tags", entry, slug="cardboard")
    holder = service.editor.create("tags", slug="paper")
    before = service.editor.read("tags", entry)
    path = f"/api/v1/manage/tags/{entry['id']}/publication"
    response = service.editor.put(path, json={"revision": 1}, if_match="*")
    assert response.status_code == 409
    assert response.get_json()["type"].endswith("/slug-taken")
    assert holder["id"] in response.get_json()["errors"][0]["detail"]
    assert service.editor.read("tags", entry) == before


def test_an_old_revision_with_its_own_old_slug_takes_the_slug_back(service: Service) -> None:
    entry = service.editor.create("tags", slug="paper")
    service.editor.change("tags", entry, slug="cardboard")
    data = service.editor.publish("tags", entry, revision=1)
    assert data["timeline"][0]["slug"] == "paper"
    assert service.get("/api/v1/tags/paper").status_code == 200
    assert service.editor.post("/api/v1/manage/tags", json={"name": "P", "slug": "paper"}).status_code == 409


def test_a_slug_once_live_leads_to_the_new_one(service: Service) -> None:
    entry = service.editor.create_published("articles", slug="old-name")
    service.editor.change("articles", entry, slug="new-name")
    assert service.get("/api/v1/articles/old-name").status_code == 200
    assert service.get("/api/v1/articles/new-name").status_code == 404
    service.editor.publish("articles", entry)
    moved = service.get("/api/v1/articles/old-name?fields=title")
    assert moved.status_code == 308
    assert moved.headers["Location"].endswith("new-name?fields=title")
    assert service.get("/api/v1/articles/new-name").status_code == 200
