"""PUT: replaces what is there, or creates under an id that the client chose."""

import uuid
from typing import Any

import pytest
from werkzeug.test import TestResponse

from tests.service import Service, written

PLURALS = ("articles", "faqs", "authors", "social-links", "tags")
EACH = pytest.mark.parametrize("plural", PLURALS)


def put(service: Service, plural: str, entry_id: str, body: Any = None, **headers: str) -> TestResponse:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    body = written(plural) if body is None else body
    return service.author.put(f"/api/v1/manage/{plural}/{entry_id}", json=body, headers=named)


@EACH
def test_a_replacement_clears_what_it_does_not_name(service: Service, plural: str) -> None:
    entry = service.author.create(plural, extra={"a": 1})
    body = written(plural)
    response = put(service, plural, entry["id"], body, If_Match=entry["etag"])
    assert response.status_code == 200
    data = response.get_json()["data"]
    assert data["extra"] == {}
    assert data["version"] == 2
    assert data["slug"] == entry["slug"]
    assert data["created_at"] == entry["created_at"]
    assert response.headers["ETag"] == data["etag"] != entry["etag"]
    assert "Location" not in response.headers


def test_every_optional_field_of_an_article_is_cleared(service: Service) -> None:
    full = {
        "title": "A morning",
        "subtitle": "S",
        "summary": "S",
        "body": "B",
        "published_at": "2026-01-01T00:00:00Z",
        "featured": True,
        "calls_to_action": [{"label": "L", "url": "/u"}],
        "seo": {"title": "T"},
        "hero_image": {"url": "/i.jpg"},
        "tags": [service.author.create("tags")["id"]],
    }
    entry = service.author.create("articles", **full)
    data = put(service, "articles", entry["id"], {"title": "A morning"}, If_Match="*").get_json()["data"]
    bare = service.author.create("articles", title="Other")
    assert {name: data[name] for name in full if name != "title"} == {
        name: bare[name] for name in full if name != "title"
    }


@EACH
def test_the_same_replacement_again_changes_nothing(service: Service, plural: str) -> None:
    body = written(plural)
    entry_id = str(uuid.uuid4())
    entry = put(service, plural, entry_id, body, If_None_Match="*").get_json()["data"]
    again = put(service, plural, entry_id, body, If_Match=entry["etag"])
    assert again.status_code == 200
    assert again.get_json()["data"] == entry


@EACH
def test_an_id_of_ones_own_is_created_once(service: Service, plural: str) -> None:
    entry_id = str(uuid.uuid4())
    response = put(service, plural, entry_id, If_None_Match="*")
    assert response.status_code == 201
    data = response.get_json()["data"]
    assert data["id"] == entry_id
    assert data["status"] == "draft"
    assert response.headers["Location"] == f"/api/v1/manage/{plural}/{entry_id}"
    assert response.headers["ETag"] == data["etag"]
    again = put(service, plural, entry_id, If_None_Match="*")
    assert again.status_code == 412
    assert again.content_type == "application/problem+json"
    assert service.author.read(plural, entry_id) == data


@EACH
def test_a_free_id_needs_the_word_that_it_is_to_be_created(service: Service, plural: str) -> None:
    entry_id = str(uuid.uuid4())
    plain = put(service, plural, entry_id)
    assert plain.status_code == 428
    assert "If-None-Match: *" in plain.get_json()["detail"]
    for tag in ('"7"', "*"):
        assert put(service, plural, entry_id, If_Match=tag).status_code == 412
    assert service.author.get(f"/api/v1/manage/{plural}/{entry_id}").status_code == 404


@EACH
def test_an_id_that_another_type_has_is_not_free(service: Service, plural: str) -> None:
    other = service.author.create("authors" if plural == "tags" else "tags")
    response = put(service, plural, other["id"], If_None_Match="*")
    assert response.status_code == 412
    assert put(service, plural, other["id"], If_Match="*").status_code in (404, 412)
    assert service.author.read("authors" if plural == "tags" else "tags", other) == other


@EACH
def test_an_id_in_the_trash_is_not_free(service: Service, plural: str) -> None:
    entry = service.author.create(plural)
    service.author.trash(plural, entry)
    assert put(service, plural, entry["id"], If_None_Match="*").status_code == 409
    assert put(service, plural, entry["id"], If_Match="*").status_code == 409
    assert service.author.read(plural, entry)["trashed_at"] is not None


@EACH
def test_an_id_that_is_no_uuid_is_404(service: Service, plural: str) -> None:
    for name in ("mine", "7", str(uuid.uuid4()).upper(), uuid.uuid4().hex, "%F0%9F%98%80"):
        for headers in ({"If_None_Match": "*"}, {"If_Match": "*"}, {}):
            assert put(service, plural, name, **headers).status_code in (404, 428), (name, headers)
        assert put(service, plural, name, If_None_Match="*").status_code == 404, name


def test_a_creation_may_publish_at_once(service: Service) -> None:
    entry_id = str(uuid.uuid4())
    path = f"/api/v1/manage/articles/{entry_id}?publish=true"
    refused = service.author.put(path, json={"title": "A"}, headers={"If-None-Match": "*"})
    assert refused.status_code == 403
    assert service.author.get(path.partition("?")[0]).status_code == 404
    made = service.editor.put(path, json={"title": "A"}, headers={"If-None-Match": "*"})
    assert made.status_code == 201
    assert made.get_json()["data"]["status"] == "published"


@EACH
def test_a_replacement_may_publish_what_it_writes(service: Service, plural: str) -> None:
    entry = service.editor.create_published(plural)
    path = f"/api/v1/manage/{plural}/{entry['id']}?publish=true"
    body = written(plural, extra={"new": True})
    assert service.author.put(path, json=body, if_match="*").status_code == 403
    assert service.author.read(plural, entry) == entry
    response = service.editor.put(path, json=body, if_match=entry["etag"])
    assert response.status_code == 200
    data = response.get_json()["data"]
    assert (data["status"], data["has_unpublished_changes"]) == ("published", False)
    assert service.get(f"/api/v1/{plural}/{entry['id']}").get_json()["data"]["extra"] == {"new": True}


def test_the_same_body_under_two_ids_gets_two_slugs(service: Service) -> None:
    slugs = {
        put(service, "tags", str(uuid.uuid4()), {"name": "Paper"}, If_None_Match="*").get_json()["data"]["slug"]
        for _ in range(2)
    }
    assert slugs == {"paper", "paper-2"}
