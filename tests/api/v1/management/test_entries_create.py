"""Creating entries: what a POST answers, what it writes, and what it leaves unwritten."""

import json
from typing import Any

import pytest
from sqlalchemy import func, select

from cms.content.editing.model import Entry
from cms.content.model import ContentVersion, Event, Publication, Revision
from tests.service import Service, written

PLURALS = ("articles", "faqs", "authors", "social-links", "tags")
WITH_SLUG = ("articles", "faqs", "authors", "tags")
EACH = pytest.mark.parametrize("plural", PLURALS)


def rows(service: Service, model: Any) -> int:
    with service.services.database.snapshot() as connection:
        found: int = connection.execute(select(func.count()).select_from(model)).scalar_one()
        return found


def counters(service: Service) -> tuple[int, int]:
    with service.services.database.snapshot() as connection:
        row = connection.execute(select(ContentVersion.change, ContentVersion.content)).one()
        return row.change, row.content


@EACH
def test_a_creation_answers_201_with_the_address_and_tag_of_the_draft(service: Service, plural: str) -> None:
    response = service.author.post(f"/api/v1/manage/{plural}", json=written(plural))
    assert response.status_code == 201
    assert response.content_type == "application/json"
    assert response.headers["Cache-Control"] == "no-store"
    document = response.get_json()
    assert set(document) == {"data", "warnings"}
    data = document["data"]
    assert response.headers["Location"] == f"/api/v1/manage/{plural}/{data['id']}"
    assert response.headers["ETag"] == data["etag"]
    got = service.author.get(response.headers["Location"])
    assert got.status_code == 200
    assert got.get_json()["data"] == data
    assert got.headers["ETag"] == data["etag"]


@EACH
def test_a_new_entry_is_a_draft_that_nobody_outside_sees(service: Service, plural: str) -> None:
    data = service.author.create(plural)
    assert data["status"] == "draft"
    assert data["version"] == 1
    assert data["has_unpublished_changes"] is False
    assert data["live_from"] is data["live_until"] is data["trashed_at"] is None
    assert data["created_at"] == data["updated_at"]
    assert service.get(f"/api/v1/{plural}/{data['id']}").status_code == 404
    assert service.get(f"/api/v1/{plural}").get_json()["data"] == []


@EACH
def test_a_draft_moves_no_cache(service: Service, plural: str) -> None:
    service.editor.create_published("tags", name="Something to see")
    tag = service.get(f"/api/v1/{plural}").headers["ETag"]
    content = counters(service)[1]
    service.author.create(plural)
    assert counters(service)[1] == content
    assert service.get(f"/api/v1/{plural}").headers["ETag"] == tag


@EACH
def test_an_item_says_who_made_it_and_has_every_declared_field(service: Service, plural: str) -> None:
    me = service.author.get("/api/v1/manage/whoami").get_json()["data"]
    data = service.author.create(plural)
    assert data["created_by"] == {"id": me["id"], "name": me["name"]}
    document = service.get("/api/v1/openapi.json").get_json()
    name = {"articles": "Article", "faqs": "FAQ", "authors": "Author", "social-links": "SocialLink", "tags": "Tag"}
    assert set(data) == set(document["components"]["schemas"][f"Managed{name[plural]}"]["properties"])


@EACH
def test_an_editor_may_create_and_publish_at_once(service: Service, plural: str) -> None:
    response = service.editor.post(f"/api/v1/manage/{plural}?publish=true", json=written(plural))
    assert response.status_code == 201
    data = response.get_json()["data"]
    assert data["status"] == "published"
    assert data["live_from"] is not None
    assert data["live_until"] is None
    assert response.headers["ETag"] == data["etag"]
    assert service.get(f"/api/v1/{plural}/{data['id']}").status_code == 200


@EACH
def test_an_author_who_asks_to_publish_gets_403_and_nothing_is_written(service: Service, plural: str) -> None:
    service.author.get("/api/v1/manage/whoami")
    before = counters(service), rows(service, Entry), rows(service, Revision), rows(service, Event)
    response = service.author.post(f"/api/v1/manage/{plural}?publish=true", json=written(plural))
    assert response.status_code == 403
    assert "content:publish" in response.get_json()["detail"]
    assert "WWW-Authenticate" not in response.headers
    assert (counters(service), rows(service, Entry), rows(service, Revision), rows(service, Event)) == before
    assert rows(service, Publication) == 0


def test_publish_is_true_or_false_and_no_other_word(service: Service) -> None:
    for value in ("True", "1", "yes", "", "TRUE"):
        response = service.editor.post(f"/api/v1/manage/tags?publish={value}", json={"name": "Paper"})
        assert response.status_code == 400, value
        assert response.get_json()["errors"][0]["parameter"] == "publish"
    assert rows(service, Entry) == 0


REQUIRED = {
    "articles": {"#/title"},
    "faqs": {"#/question", "#/answer"},
    "authors": {"#/name"},
    "social-links": {"#/platform"},
    "tags": {"#/name"},
}


@EACH
def test_an_empty_object_lacks_every_required_field_at_once(service: Service, plural: str) -> None:
    response = service.author.post(f"/api/v1/manage/{plural}", json={})
    assert response.status_code == 422
    assert {each["pointer"] for each in response.get_json()["errors"]} == REQUIRED[plural]
    assert {each["code"] for each in response.get_json()["errors"]} == {"required"}
    assert rows(service, Entry) == 0


@EACH
def test_a_body_that_is_no_object_is_a_fault_of_the_whole(service: Service, plural: str) -> None:
    for text in ("[]", '"text"', "1", "null", "true", "[{}]"):
        response = service.author.post(f"/api/v1/manage/{plural}", data=text, content_type="application/json")
        assert response.status_code == 422, text
        assert [each["pointer"] for each in response.get_json()["errors"]] == ["#"], text


LONGEST = [
    ("articles", "title", 200),
    ("articles", "subtitle", 300),
    ("articles", "summary", 500),
    ("faqs", "question", 300),
    ("authors", "name", 120),
    ("authors", "credentials", 60),
    ("tags", "name", 80),
    ("tags", "description", 500),
]


def test_a_text_may_have_its_declared_length_in_characters_and_no_more(service: Service) -> None:
    for plural, field, longest in LONGEST:
        full = "😀" * longest
        assert service.author.create(plural, **{field: full})[field] == full
        response = service.author.post(f"/api/v1/manage/{plural}", json=written(plural, **{field: full + "x"}))
        assert response.status_code == 422
        (fault,) = response.get_json()["errors"]
        assert (fault["pointer"], fault["code"]) == (f"#/{field}", "too_long")


def test_every_fault_of_a_body_is_reported_at_once(service: Service) -> None:
    body = {
        "title": "",
        "slug": "No Slug",
        "published_at": "2026-03-03T09:00:00",
        "featured": "yes",
        "body": {"format": "docx"},
        "calls_to_action": [{"label": "Go", "url": "/x"}, {"url": "javascript:alert(1)", "colour": "red"}],
        "seo": {"title": "x" * 201},
        "extra": [],
        "colour": "blue",
    }
    response = service.author.post("/api/v1/manage/articles", json=body)
    assert response.status_code == 422
    found = {(each["pointer"], each["code"]) for each in response.get_json()["errors"]}
    assert found == {
        ("#/title", "too_short"),
        ("#/slug", "invalid_format"),
        ("#/published_at", "invalid_time"),
        ("#/featured", "invalid_type"),
        ("#/body/format", "unknown_value"),
        ("#/body/source", "required"),
        ("#/calls_to_action/1/label", "required"),
        ("#/calls_to_action/1/url", "invalid_url"),
        ("#/calls_to_action/1/colour", "unknown_field"),
        ("#/seo/title", "too_long"),
        ("#/extra", "invalid_type"),
        ("#/colour", "unknown_field"),
    }
    assert rows(service, Entry) == 0


def test_a_pointer_is_a_fragment_that_escapes_the_characters_of_a_name(service: Service) -> None:
    response = service.author.post("/api/v1/manage/tags", json={"name": "Paper", "a/b~c ä%": 1})
    assert [each["pointer"] for each in response.get_json()["errors"]] == ["#/a~1b~0c%20%C3%A4%25"]


def test_a_note_is_kept_on_the_revision_and_is_no_content(service: Service) -> None:
    data = service.author.create("articles", title="A morning", note="First try.")
    assert "note" not in data
    (revision,) = service.author.get(f"/api/v1/manage/articles/{data['id']}/revisions").get_json()["data"]
    assert revision["note"] == "First try."


EXTRAS: list[dict[str, Any]] = [
    {},
    {"a": [1, 2.5, True, None, "x", {"b": []}]},
    {"order": 1, "of": 2, "keys": 3, "a": 4},
    {"": "empty name", "ünïcode 😀": "\u2028\u2029\t\n"},
    {"big": 2**53 - 1, "small": -(2**53) + 1, "third": 0.1},
    {"b": {"z": 1, "a": {"y": [[[]]]}}},
]


@EACH
def test_extra_is_delivered_as_given_in_the_order_of_its_names(service: Service, plural: str) -> None:
    for extra in EXTRAS:
        # Written by hand: the test client's own JSON sorts names.
        text = json.dumps(written(plural, extra=extra))
        path = f"/api/v1/manage/{plural}?publish=true"
        response = service.editor.post(path, data=text, content_type="application/json")
        assert response.status_code == 201, response.get_data(as_text=True)
        data = response.get_json()["data"]
        delivered = service.get(f"/api/v1/{plural}/{data['id']}").get_json()["data"]["extra"]
        assert json.dumps(data["extra"]) == json.dumps(delivered) == json.dumps(extra)


def test_a_misspelt_field_is_told_the_nearest_that_there_is(service: Service) -> None:
    response = service.editor.post("/api/v1/manage/articles", json={"titel": "A quiet morning", "qqq": 1})
    meant = {each["pointer"]: each.get("did_you_mean") for each in response.get_json()["errors"]}
    assert meant == {"#/title": None, "#/titel": "title", "#/qqq": None}
