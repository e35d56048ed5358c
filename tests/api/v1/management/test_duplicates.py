"""A duplicate: the same content as a new draft that stands on its own."""

import uuid

import pytest

from tests.service import Service

PLURALS = ("articles", "faqs", "authors", "social-links", "tags")
OF_ITS_OWN = {"id", "slug", "version", "created_at", "updated_at", "created_by", "etag"}


@pytest.mark.parametrize("plural", PLURALS)
def test_a_duplicate_is_a_new_draft_with_the_same_content(service: Service, plural: str) -> None:
    entry = service.editor.create(plural, extra={"kept": [1]})
    before = service.editor.read(plural, entry)
    response = service.author.post(f"/api/v1/manage/{plural}/{entry['id']}/duplicate")
    assert response.status_code == 201, response.get_data(as_text=True)
    data = response.get_json()["data"]
    assert response.headers["Location"] == f"/api/v1/manage/{plural}/{data['id']}"
    assert response.headers["ETag"] == data["etag"]
    assert (
        response.get_json()["warnings"]
        == service.editor.patch(f"/api/v1/manage/{plural}/{data['id']}", json={}, if_match="*").get_json()["warnings"]
    )
    assert {name: value for name, value in data.items() if name not in OF_ITS_OWN} == {
        name: value for name, value in before.items() if name not in OF_ITS_OWN
    }
    assert (data["version"], data["status"]) == (1, "draft")
    assert data["slug"] == (None if plural == "social-links" else f"{entry['slug']}-copy")
    assert service.editor.read(plural, entry) == before


def test_a_duplicate_of_what_is_live_in_several_languages_is_an_undated_draft_that_translates_nothing(
    service: Service,
) -> None:
    settings = {"locales": [{"code": "en"}, {"code": "de", "fallback": "en"}]}
    assert service.admin.patch("/api/v1/manage/site", json=settings, if_match="*").status_code == 200
    english = service.editor.create_published("articles", slug="paper")
    tags = [service.editor.create("tags")["id"] for _ in range(2)]
    german = service.editor.create_published(
        "articles",
        slug="papier",
        locale="de",
        translation_of=english["id"],
        published_at="2020-01-01T00:00:00Z",
        tags=tags,
        body={"format": "html", "source": "<p>Eins</p>"},
    )
    service.editor.change("articles", german, title="Neu", tags=tags[::-1])
    path = f"/api/v1/manage/articles/{german['id']}/duplicate"
    data = service.editor.post(path, json={"note": "For next year."}).get_json()["data"]
    assert (data["locale"], data["translation_of"], data["published_at"]) == ("de", None, None)
    assert (data["title"], data["tags"], data["body"]) == ("Neu", tags[::-1], german["body"])
    assert (data["status"], data["slug"]) == ("draft", "papier-copy")
    history = service.viewer.get(f"/api/v1/manage/articles/{data['id']}/revisions").get_json()["data"]
    assert [each["note"] for each in history] == ["For next year."]


def test_a_slug_is_found_or_given(service: Service) -> None:
    entry = service.editor.create("tags", slug="paper")
    path = "/api/v1/manage/tags/{}/duplicate".format
    first = service.editor.post(path(entry["id"])).get_json()["data"]
    second = service.editor.post(path(entry["id"])).get_json()["data"]
    third = service.editor.post(path(first["id"])).get_json()["data"]
    assert [each["slug"] for each in (first, second, third)] == ["paper-copy", "paper-copy-2", "paper-copy-3"]
    given = service.editor.post(path(entry["id"]), json={"slug": "cardboard"})
    assert given.get_json()["data"]["slug"] == "cardboard"
    assert service.editor.post(path(entry["id"]), json={"slug": "cardboard"}).status_code == 409
    long = service.editor.create("tags", slug="a" * 118)
    assert service.editor.post(path(long["id"])).get_json()["data"]["slug"] == "a" * 115 + "-copy"
    link = service.editor.create("social-links")
    response = service.editor.post(f"/api/v1/manage/social-links/{link['id']}/duplicate", json={"slug": "x"})
    assert [each["pointer"] for each in response.get_json()["errors"]] == ["#/slug"]


def test_what_is_not_there_or_has_changed_is_not_duplicated(service: Service) -> None:
    entry = service.editor.create("tags")
    path = f"/api/v1/manage/tags/{entry['id']}/duplicate"
    assert service.editor.post(path, headers={"If-Match": '"1"'}).status_code == 412
    assert service.editor.post(path, json={"title": "x"}).status_code == 422
    service.editor.trash("tags", entry)
    for each in (path, f"/api/v1/manage/tags/{uuid.uuid4()}/duplicate"):
        assert service.editor.post(each).status_code == 404
