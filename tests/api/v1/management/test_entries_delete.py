"""DELETE: into the trash and out of it, and erasing for good."""

import json
import uuid
from typing import Any

import pytest
from sqlalchemy import select

from cms.content.model import Event
from cms.db import Base
from tests.service import Service, written

PLURALS = ("articles", "faqs", "authors", "social-links", "tags")
EACH = pytest.mark.parametrize("plural", PLURALS)


def everything_stored(service: Service) -> str:
    """Every row of every table, as one text."""
    with service.services.database.snapshot() as connection:
        return "\n".join(
            json.dumps([table.name, *map(str, row)], ensure_ascii=False)
            for table in Base.metadata.sorted_tables
            for row in connection.execute(select(table))
        )


def trashed(service: Service, plural: str) -> list[str]:
    return [each["id"] for each in service.viewer.get(f"/api/v1/manage/{plural}?trashed=true").get_json()["data"]]


@EACH
def test_a_deletion_moves_to_the_trash_and_says_nothing(service: Service, plural: str) -> None:
    entry = service.author.create(plural)
    path = f"/api/v1/manage/{plural}/{entry['id']}"
    response = service.author.delete(path, if_match=entry["etag"])
    assert response.status_code == 204
    assert response.get_data() == b""
    assert "Content-Type" not in response.headers
    assert response.headers["Cache-Control"] == "no-store"
    assert trashed(service, plural) == [entry["id"]]
    assert service.viewer.get(f"/api/v1/manage/{plural}").get_json()["data"] == []


@EACH
def test_what_is_in_the_trash_cannot_be_changed_there(service: Service, plural: str) -> None:
    entry = service.author.create(plural)
    service.author.trash(plural, entry)
    path = f"/api/v1/manage/{plural}/{entry['id']}"
    assert service.editor.delete(path, if_match="*").status_code == 404
    assert service.editor.patch(path, json={"extra": {"a": 1}}, if_match="*").status_code == 404
    assert service.editor.put(f"{path}/publication", json={}, if_match="*").status_code == 404
    assert service.editor.delete(f"{path}/publication", if_match="*").status_code == 404
    assert service.editor.post(f"{path}/restore", json={"revision": 1}).status_code == 404


@EACH
def test_undelete_brings_back_the_draft_and_not_its_publication(service: Service, plural: str) -> None:
    entry = service.editor.create_published(plural, extra={"kept": True})
    assert service.get(f"/api/v1/{plural}/{entry['id']}").status_code == 200
    service.editor.trash(plural, entry)
    assert service.get(f"/api/v1/{plural}/{entry['id']}").status_code == 404
    path = f"/api/v1/manage/{plural}/{entry['id']}/undelete"
    response = service.author.post(path)
    assert response.status_code == 200
    data = response.get_json()["data"]
    assert response.headers["ETag"] == data["etag"] != entry["etag"]
    assert data["trashed_at"] is None
    assert data["status"] == "unpublished"
    assert data["extra"] == {"kept": True}
    assert data["version"] == 1
    assert service.get(f"/api/v1/{plural}/{entry['id']}").status_code == 404
    assert service.author.post(path).status_code == 404
    assert trashed(service, plural) == []


@EACH
def test_a_draft_that_was_never_live_comes_back_as_a_draft(service: Service, plural: str) -> None:
    entry = service.author.create(plural)
    service.author.trash(plural, entry)
    data = service.author.post(f"/api/v1/manage/{plural}/{entry['id']}/undelete").get_json()["data"]
    assert data["status"] == "draft"


def test_undelete_of_what_never_was_is_404(service: Service) -> None:
    for name in (str(uuid.uuid4()), "x"):
        assert service.author.post(f"/api/v1/manage/tags/{name}/undelete").status_code == 404
    entry = service.author.create("authors")
    service.author.trash("authors", entry)
    assert service.author.post(f"/api/v1/manage/tags/{entry['id']}/undelete").status_code == 404


def test_trashing_a_live_entry_takes_back_what_was_planned(service: Service) -> None:
    entry = service.editor.create("articles")
    service.editor.publish("articles", entry, live_from="2999-01-01T00:00:00Z")
    service.editor.trash("articles", entry)
    data = service.author.post(f"/api/v1/manage/articles/{entry['id']}/undelete").get_json()["data"]
    assert (data["status"], data["live_from"]) == ("draft", None)


@EACH
def test_a_purge_needs_its_own_scope_and_else_erases_nothing(service: Service, plural: str) -> None:
    entry = service.author.create(plural)
    path = f"/api/v1/manage/{plural}/{entry['id']}?purge=true"
    response = service.author.delete(path, if_match="*")
    assert response.status_code == 403
    assert "content:purge" in response.get_json()["detail"]
    assert service.author.read(plural, entry) == entry


SECRET_WORDS: dict[str, dict[str, Any]] = {
    "articles": {"title": "Zanzibarium", "body": "Zanzibarium", "seo": {"title": "Zanzibarium"}},
    "faqs": {"question": "Zanzibarium?", "answer": "Zanzibarium"},
    "authors": {"name": "Zanzibarium", "bio": "Zanzibarium"},
    "social-links": {"platform": "github", "handle": "zanzibarium", "label": "Zanzibarium"},
    "tags": {"name": "Zanzibarium", "description": "Zanzibarium"},
}


@EACH
@pytest.mark.parametrize("first_to_trash", [False, True])
def test_a_purge_leaves_no_word_of_it_in_any_table(service: Service, plural: str, first_to_trash: bool) -> None:
    entry = service.editor.create_published(plural, **SECRET_WORDS[plural], note="Zanzibarium noted")
    service.editor.change(plural, entry, extra={"word": "zanzibarium"}, note="zanzibarium")
    service.editor.publish(plural, entry)
    assert "zanzibarium" in everything_stored(service).lower()
    if first_to_trash:
        service.editor.trash(plural, entry)
    service.editor.trash(plural, entry, purge="true")
    assert "zanzibarium" not in everything_stored(service).lower()
    path = f"/api/v1/manage/{plural}/{entry['id']}"
    for each in ("", "/publication", "/revisions", "/revisions/1"):
        assert service.viewer.get(path + each).status_code == 404
    assert service.editor.delete(f"{path}?purge=true", if_match="*").status_code == 404
    assert service.get(f"/api/v1/{plural}/{entry['id']}").status_code == 404
    assert trashed(service, plural) == []


def test_a_purge_is_remembered_without_content(service: Service) -> None:
    entry = service.editor.create_published("tags", name="Zanzibarium")
    service.editor.trash("tags", entry, purge="true")
    with service.services.database.snapshot() as connection:
        last = connection.execute(select(Event).order_by(Event.change.desc(), Event.position.desc())).first()
    assert last is not None
    assert (last.action, last.type, last.subject) == ("purged", "tag", entry["id"])


def test_a_purge_frees_the_slugs(service: Service) -> None:
    entry = service.editor.create_published("tags", slug="paper")
    service.editor.change("tags", entry, slug="cardboard")
    service.editor.trash("tags", entry, purge="true")
    for slug in ("paper", "cardboard"):
        assert service.editor.create("tags", slug=slug)["slug"] == slug


def test_no_other_entry_ever_gets_a_purged_ones_id(service: Service) -> None:
    """Preview tokens and the audit log speak of it still: they must not come to speak of another."""
    entry = service.editor.create_published("tags")
    path = f"/api/v1/manage/tags/{entry['id']}"
    service.editor.trash("tags", entry, purge="true")
    for plural in ("tags", "articles"):
        for precondition in ({"If-None-Match": "*"}, {"If-Match": "*"}, {}):
            path = f"/api/v1/manage/{plural}/{entry['id']}"
            response = service.editor.put(path, json=written(plural), headers=precondition)
            assert (response.status_code, response.get_json()["type"].split("/")[-1]) == (409, "conflict")
            assert "erased" in response.get_json()["detail"]
        assert service.viewer.get(path).status_code == 404


def referring(service: Service, target: dict[str, Any]) -> list[str]:
    article = service.editor.create("articles", tags=[target["id"]])
    live = service.editor.create_published("faqs", tags=[target["id"]])
    # Its draft lets go; what is live still refers.
    service.editor.change("faqs", live, tags=[])
    return [article["id"], live["id"]]


@pytest.mark.parametrize("purge", ["false", "true"])
def test_what_others_refer_to_is_kept_and_they_are_named(service: Service, purge: str) -> None:
    tag = service.editor.create_published("tags", slug="paper")
    users = referring(service, tag)
    path = f"/api/v1/manage/tags/{tag['id']}"
    response = service.editor.delete(path, query_string={"purge": purge}, if_match=tag["etag"])
    assert response.status_code == 409
    document = response.get_json()
    assert document["type"].endswith("/conflict")
    assert {each["code"] for each in document["errors"]} == {"referred_to"}
    for user in users:
        assert any(user in each["detail"] and "tags" in each["detail"] for each in document["errors"])
    assert service.editor.read("tags", tag) == tag
    forced = service.editor.delete(path, query_string={"purge": purge, "force": "true"}, if_match=tag["etag"])
    assert forced.status_code == 204
    assert service.get(f"/api/v1/faqs/{users[1]}").get_json()["data"]["tags"] == []
    draft = service.editor.read("articles", users[0])
    assert draft["tags"] == ([] if purge == "true" else [tag["id"]])


def test_an_article_that_lost_a_purged_reference_can_still_be_saved(service: Service) -> None:
    tag = service.editor.create("tags")
    article = service.editor.create("articles", tags=[tag["id"]])
    service.editor.trash("tags", tag, purge="true", force="true")
    changed = service.editor.change("articles", article, title="Another title")
    assert (changed["title"], changed["tags"]) == ("Another title", [])
    restored = service.editor.post(f"/api/v1/manage/articles/{article['id']}/restore", json={"revision": 1})
    assert restored.status_code == 200
    assert (restored.get_json()["data"]["title"], restored.get_json()["data"]["tags"]) == (article["title"], [])


def test_what_only_the_trash_refers_to_may_go(service: Service) -> None:
    tag = service.editor.create("tags")
    article = service.editor.create("articles", tags=[tag["id"]])
    service.editor.trash("articles", article)
    service.editor.trash("tags", tag)


def test_references_of_an_entry_do_not_hold_the_entry(service: Service) -> None:
    tag = service.editor.create("tags")
    article = service.editor.create("articles", tags=[tag["id"]])
    service.editor.trash("articles", article, purge="true")
    service.editor.trash("tags", tag, purge="true")
