"""The history of an entry: who saved what when, what it was, and the way back."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from cms import clock
from cms.content.model import Revision
from tests.service import Service

PLURALS = ("articles", "faqs", "authors", "social-links", "tags")
EACH = pytest.mark.parametrize("plural", PLURALS)


def history(service: Service, plural: str, entry: dict[str, Any]) -> list[dict[str, Any]]:
    response = service.viewer.get(f"/api/v1/manage/{plural}/{entry['id']}/revisions")
    assert response.status_code == 200
    items: list[dict[str, Any]] = response.get_json()["data"]
    return items


def content(service: Service, plural: str, entry: dict[str, Any], number: int) -> dict[str, Any]:
    response = service.viewer.get(f"/api/v1/manage/{plural}/{entry['id']}/revisions/{number}")
    assert response.status_code == 200
    found: dict[str, Any] = response.get_json()["data"]["content"]
    return found


@EACH
def test_the_history_says_who_saved_and_why_newest_first(service: Service, plural: str) -> None:
    entry = service.author.create(plural, note="The first.")
    with clock.moved(timedelta(minutes=5)):
        changed = service.editor.change(plural, entry, extra={"n": 2}, note="The second.")
    service.editor.change(plural, entry, extra={"n": 3})
    third, second, first = history(service, plural, entry)
    author = service.author.get("/api/v1/manage/whoami").get_json()["data"]
    editor = service.editor.get("/api/v1/manage/whoami").get_json()["data"]
    assert first == {
        "number": 1,
        "created_at": entry["created_at"],
        "created_by": {"id": author["id"], "name": author["name"]},
        "note": "The first.",
    }
    assert second == {
        "number": 2,
        "created_at": changed["updated_at"],
        "created_by": {"id": editor["id"], "name": editor["name"]},
        "note": "The second.",
    }
    assert (third["number"], third["note"]) == (3, None)


def test_a_long_history_comes_in_pages(service: Service) -> None:
    entry = service.author.create("tags")
    for number in range(4):
        service.author.change("tags", entry, extra={"n": number})
    numbers, path = [], f"/api/v1/manage/tags/{entry['id']}/revisions?limit=2"
    while path:
        document = service.viewer.get(path).get_json()
        numbers.append([each["number"] for each in document["data"]])
        path = (document["links"]["next"] or "").removeprefix("http://127.0.0.1:8000")
    assert numbers == [[5, 4], [3, 2], [1]]


def test_a_cursor_of_one_history_is_none_of_another(service: Service) -> None:
    one, two = service.author.create("tags"), service.author.create("tags")
    for entry in (one, two):
        service.author.change("tags", entry, extra={"n": 1})
    path = "/api/v1/manage/tags/{}/revisions?limit=1".format
    cursor = service.viewer.get(path(one["id"])).get_json()["page"]["next"]
    assert service.viewer.get(f"{path(two['id'])}&cursor={cursor}").status_code == 400


@EACH
def test_a_revision_keeps_what_was_written_then(service: Service, plural: str) -> None:
    entry = service.author.create(plural, extra={"n": 1})
    service.author.change(plural, entry, extra={"n": 2})
    assert content(service, plural, entry, 1)["extra"] == {"n": 1}
    assert content(service, plural, entry, 2)["extra"] == {"n": 2}
    written_names = set(content(service, plural, entry, 1))
    assert written_names <= set(entry)
    assert {name: entry[name] for name in written_names} == content(service, plural, entry, 1)


def test_a_revision_shows_sources_and_no_renditions(service: Service) -> None:
    entry = service.author.create("articles", body={"format": "html", "source": "<p>One</p>\r\n"})
    assert content(service, "articles", entry, 1)["body"] == {"format": "html", "source": "<p>One</p>\r\n"}
    bare = service.author.create("articles")
    assert content(service, "articles", bare, 1)["body"] is None


@EACH
def test_an_unknown_revision_is_404(service: Service, plural: str) -> None:
    entry, other = service.author.create(plural), service.author.create(plural)
    service.author.change(plural, other, extra={"n": 1})
    path = f"/api/v1/manage/{plural}/{entry['id']}/revisions"
    for number in ("2", "0", "-1", "01", "1.0", "x", "99999999999999999999", "%F0%9F%98%80", "\u00b2"):
        assert service.viewer.get(f"{path}/{number}").status_code == 404, number


@EACH
def test_restoring_makes_the_old_content_a_new_revision(service: Service, plural: str) -> None:
    entry = service.editor.create_published(plural, extra={"n": 1})
    changed = service.editor.change(plural, entry, extra={"n": 2})
    service.editor.publish(plural, entry)
    response = service.author.post(f"/api/v1/manage/{plural}/{entry['id']}/restore", json={"revision": 1})
    assert response.status_code == 200
    data = response.get_json()["data"]
    assert (data["version"], data["extra"], data["has_unpublished_changes"]) == (3, {"n": 1}, True)
    assert response.headers["ETag"] == data["etag"] != changed["etag"]
    assert content(service, plural, entry, 3) == content(service, plural, entry, 1)
    assert history(service, plural, entry)[0]["note"] == "Restored from revision 1."
    assert service.get(f"/api/v1/{plural}/{entry['id']}").get_json()["data"]["extra"] == {"n": 2}


def test_restoring_takes_a_note_of_ones_own(service: Service) -> None:
    entry = service.author.create("tags", extra={"n": 1})
    service.author.change("tags", entry, extra={"n": 2})
    path = f"/api/v1/manage/tags/{entry['id']}/restore"
    assert service.author.post(path, json={"revision": 1, "note": "Better before."}).status_code == 200
    assert history(service, "tags", entry)[0]["note"] == "Better before."


@EACH
def test_restoring_what_is_there_changes_nothing(service: Service, plural: str) -> None:
    entry = service.author.create(plural)
    response = service.author.post(f"/api/v1/manage/{plural}/{entry['id']}/restore", json={"revision": 1})
    assert response.status_code == 200
    assert response.get_json()["data"] == entry
    assert len(history(service, plural, entry)) == 1


def test_restoring_an_unknown_revision_or_a_wrong_number_is_422(service: Service) -> None:
    entry = service.author.create("tags")
    path = f"/api/v1/manage/tags/{entry['id']}/restore"
    for document in ({}, {"revision": 2}, {"revision": 0}, {"revision": "1"}, {"revision": None}, {"revision": True}):
        response = service.author.post(path, json=document)
        assert response.status_code == 422, document
        assert [each["pointer"] for each in response.get_json()["errors"]] == ["#/revision"]
    assert service.author.read("tags", entry) == entry


def test_restoring_a_slug_that_somebody_took_since_is_a_conflict(service: Service) -> None:
    entry = service.author.create("tags", slug="paper")
    service.author.change("tags", entry, slug="cardboard")
    holder = service.author.create("tags", slug="paper")
    before = service.author.read("tags", entry)
    response = service.author.post(f"/api/v1/manage/tags/{entry['id']}/restore", json={"revision": 1})
    assert response.status_code == 409
    assert response.get_json()["type"].endswith("/slug-taken")
    assert holder["id"] in response.get_json()["errors"][0]["detail"]
    assert service.author.read("tags", entry) == before


def test_restoring_brings_references_back_in_their_order(service: Service) -> None:
    one, two = service.author.create("authors")["id"], service.author.create("authors")["id"]
    entry = service.author.create("articles", authors=[two, one])
    service.author.change("articles", entry, authors=[one])
    path = f"/api/v1/manage/articles/{entry['id']}/restore"
    assert service.author.post(path, json={"revision": 1}).get_json()["data"]["authors"] == [two, one]


def test_revisions_from_before_the_type_had_a_field_are_shown_restored_and_published(service: Service) -> None:
    editor = service.editor
    orla = editor.create_published("authors", credentials="MA, ACR")
    old = editor.create_published("articles", slug="old", body="# A", featured=True, authors=[orla["id"]])
    new = editor.create_published("articles", related=[old["id"]])
    kept = {"title", "name", "slug", "locale", "translation_of", "authors"}
    with service.services.database.transaction() as session:
        for revision in session.scalars(select(Revision).where(Revision.entry_id.in_([old["id"], orla["id"]]))):
            revision.data = {name: value for name, value in revision.data.items() if name in kept}
            revision.outline, revision.blocks, revision.review = {}, {}, {}
    path = f"/api/v1/manage/articles/{old['id']}"
    assert service.viewer.get(f"{path}/readiness").get_json()["data"]["ready"] is True
    assert service.viewer.get(f"{path}/diff").status_code == 200
    page = service.get("/api/v1/articles/old?include=authors,seo,jsonld&formats=html,blocks").get_json()["data"]
    assert (page["calls_to_action"], page["hero_image"], page["toc"]) == ([], None, [])
    assert page["body"]["blocks"][0]["children"][0]["text"] == "A"
    assert page["authors"][0]["credentials"] is None
    assert service.get("/api/v1/authors/" + orla["slug"]).get_json()["data"]["credentials"] is None
    related = service.get(f"/api/v1/articles/{new['slug']}?include=related").get_json()["data"]["related"]
    assert [each["id"] for each in related] == [old["id"]]

    response = editor.patch(path, json={"title": "B"}, if_match="*")
    assert [each["code"] for each in response.get_json()["warnings"]] == ["heading_level_1", "missing_summary"]
    assert editor.post(f"{path}/duplicate", json={}).status_code == 201
    assert editor.publish("articles", old, revision=1)["revision"] == 1
    response = editor.post(f"{path}/restore", json={"revision": 1})
    assert response.status_code == 200
    assert response.get_json()["data"]["featured"] is False
    assert service.get("/api/v1/articles/old").get_json()["data"]["toc"] == []
    editor.publish("articles", old)
    assert [each["text"] for each in service.get("/api/v1/articles/old").get_json()["data"]["toc"]] == ["A"]


def test_a_note_alone_makes_no_revision(service: Service) -> None:
    entry = service.author.create("tags")
    assert service.author.change("tags", entry, note="Nothing else.") == entry
    assert len(history(service, "tags", entry)) == 1
