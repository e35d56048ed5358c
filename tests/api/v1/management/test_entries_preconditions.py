"""Optimistic locking: nobody overwrites what they have not seen, and the tag tells nothing to strangers."""

import uuid
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from werkzeug.test import TestResponse

from cms import clock
from tests.service import Caller, Service, written

PLURALS = ("articles", "faqs", "authors", "social-links", "tags")
EACH = pytest.mark.parametrize("plural", PLURALS)


def changes(caller: Caller, plural: str, entry_id: str, **headers: str) -> Iterator[tuple[str, TestResponse]]:
    """Every conditional write of an entry, with these headers; the deletion last."""
    path = f"/api/v1/manage/{plural}/{entry_id}"
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    yield "patch", caller.patch(path, json={"extra": {"n": 1}}, headers=named)
    yield "put", caller.put(path, json=written(plural), headers=named)
    yield "publish", caller.put(f"{path}/publication", json={}, headers=named)
    yield "unpublish", caller.delete(f"{path}/publication", headers=named)
    yield "delete", caller.delete(path, headers=named)


@EACH
def test_every_change_needs_if_match(service: Service, plural: str) -> None:
    entry = service.editor.create_published(plural)
    for name, response in changes(service.editor, plural, entry["id"]):
        assert response.status_code == 428, name
        assert response.content_type == "application/problem+json"
        assert response.headers["Cache-Control"] == "no-store"
        assert response.get_json()["type"].endswith("/precondition-required")
    assert service.editor.read(plural, entry) == entry


@EACH
def test_a_stale_tag_is_412_with_the_present_one(service: Service, plural: str) -> None:
    seen = service.editor.create_published(plural)
    entry = service.editor.change(plural, seen, extra={"changed": True})
    for name, response in changes(service.editor, plural, entry["id"], If_Match=seen["etag"]):
        assert response.status_code == 412, name
        assert response.headers["ETag"] == entry["etag"]
        document = response.get_json()
        assert document["type"].endswith("/precondition-failed")
        assert document["etag"] == entry["etag"]
        assert document["changed_fields"] == ["extra"]
        assert document["changed_by"]["name"].startswith("Key ")
        assert document["changed_at"] == entry["updated_at"]
    assert service.editor.read(plural, entry) == entry


def test_who_was_faster_is_told_and_when(service: Service) -> None:
    seen = service.author.create("articles", title="Mine")
    path = f"/api/v1/manage/articles/{seen['id']}"
    with clock.moved(timedelta(hours=1)):
        newer = service.editor.change("articles", seen, title="Theirs", summary="Theirs too.")
    problem = service.author.patch(path, json={"title": "Mine again"}, if_match=seen["etag"]).get_json()
    editor = service.editor.get("/api/v1/manage/whoami").get_json()["data"]
    assert problem["changed_by"] == {"id": editor["id"], "name": editor["name"]}
    assert (problem["changed_at"], problem["changed_fields"]) == (newer["updated_at"], ["summary", "title"])
    # A publication changes no field, and its author is told as well.
    with clock.moved(timedelta(hours=2)):
        service.admin.publish("articles", seen)
    problem = service.author.patch(path, json={"title": "Mine again"}, if_match=newer["etag"]).get_json()
    assert problem["changed_by"]["id"] == service.admin.get("/api/v1/manage/whoami").get_json()["data"]["id"]
    assert (problem["changed_at"] > newer["updated_at"], problem["changed_fields"]) == (True, [])


def test_an_id_that_is_taken_is_told_with_its_tag(service: Service) -> None:
    entry = service.editor.create("tags")
    new = {"If-None-Match": "*"}
    response = service.editor.put(f"/api/v1/manage/tags/{entry['id']}", json=written("tags"), headers=new)
    assert (response.status_code, response.headers["ETag"]) == (412, entry["etag"])
    assert response.get_json()["changed_by"]["id"] == entry["created_by"]["id"]


def test_the_settings_that_differ_are_told_with_who_changed_them(service: Service) -> None:
    path = "/api/v1/manage/site"
    seen = service.admin.patch(path, json={"words_per_minute": 250}, if_match="*").headers["ETag"]
    service.admin.patch(path, json={"name": "Harbour & Reed"}, if_match="*")
    newer = service.admin.patch(path, json={"tagline": "Books mended by hand"}, if_match="*").get_json()["data"]
    problem = service.admin.patch(path, json={"name": "Mine"}, if_match=seen).get_json()
    assert problem["changed_fields"] == ["name", "tagline"]
    assert problem["changed_by"]["id"] == service.admin.get("/api/v1/manage/whoami").get_json()["data"]["id"]
    assert (problem["changed_at"], problem["etag"]) == (newer["updated_at"], newer["etag"])


# To revoke a key is to end it: nothing of what another has done can be lost.
UNCONDITIONAL = {("DELETE", "/api/v1/manage/keys/<key_id>")}


def test_every_route_that_changes_what_is_there_needs_a_precondition(service: Service) -> None:
    changing = [each for each in service.routes() if each.method in ("PUT", "PATCH", "DELETE")]
    assert {(each.method, each.path) for each in changing if not each.contract.conditional} == UNCONDITIONAL


@pytest.mark.parametrize("action", ["undelete", "restore"])
def test_what_needs_no_precondition_heeds_it_where_it_is_sent(service: Service, action: str) -> None:
    entry = service.editor.create("articles")
    path = f"/api/v1/manage/articles/{entry['id']}"
    if action == "undelete":
        service.editor.trash("articles", entry)
    else:
        service.editor.change("articles", entry, title="Newer")
    sent = {"json": {"revision": 1}} if action == "restore" else {}
    refused = service.editor.post(f"{path}/{action}", headers={"If-Match": entry["etag"]}, **sent)
    assert refused.status_code == 412
    present = {"If-Match": refused.headers["ETag"]}
    assert service.editor.post(f"{path}/{action}", headers=present, **sent).status_code == 200


def test_the_fields_that_differ_are_named_over_several_revisions(service: Service) -> None:
    seen = service.editor.create("articles", title="One", body="One")
    service.editor.change("articles", seen, title="Two")
    service.editor.change("articles", seen, body="Two")
    service.editor.change("articles", seen, title="One")
    response = service.editor.patch(f"/api/v1/manage/articles/{seen['id']}", json={}, if_match=seen["etag"])
    assert response.status_code == 412
    assert response.get_json()["changed_fields"] == ["body"]


def test_a_change_of_the_timeline_alone_makes_the_tag_stale_and_names_no_field(service: Service) -> None:
    seen = service.editor.create("articles")
    service.editor.publish("articles", seen)
    response = service.editor.patch(f"/api/v1/manage/articles/{seen['id']}", json={}, if_match=seen["etag"])
    assert response.status_code == 412
    assert response.get_json()["changed_fields"] == []


@EACH
def test_a_weak_tag_never_matches(service: Service, plural: str) -> None:
    entry = service.editor.create_published(plural)
    for name, response in changes(service.editor, plural, entry["id"], If_Match=f"W/{entry['etag']}"):
        assert response.status_code == 412, name
        assert response.headers["ETag"] == entry["etag"]
    assert service.editor.read(plural, entry) == entry


@EACH
def test_a_star_takes_whatever_is_there(service: Service, plural: str) -> None:
    entry = service.editor.create_published(plural)
    found = {name: each.status_code for name, each in changes(service.editor, plural, entry["id"], If_Match="*")}
    assert found == {"patch": 200, "put": 200, "publish": 200, "unpublish": 200, "delete": 204}


@EACH
def test_each_change_gives_the_tag_for_the_next(service: Service, plural: str) -> None:
    entry = service.editor.create(plural)
    path, tag = f"/api/v1/manage/{plural}/{entry['id']}", entry["etag"]
    seen = {tag}
    steps: list[Any] = [
        lambda: service.editor.patch(path, json={"extra": {"n": 1}}, if_match=tag),
        lambda: service.editor.put(path, json=written(plural), if_match=tag),
        lambda: service.editor.put(f"{path}/publication", json={}, if_match=tag),
        lambda: service.editor.delete(f"{path}/publication", if_match=tag),
    ]
    for step in steps:
        response = step()
        assert response.status_code == 200
        tag = response.headers["ETag"]
        assert tag == service.editor.get(path).headers["ETag"]
        assert tag == service.editor.get(f"{path}/publication").headers["ETag"]
        assert tag not in seen
        seen.add(tag)
    assert service.editor.delete(path, if_match=tag).status_code == 204


def test_one_of_a_list_of_tags_is_enough(service: Service) -> None:
    entry = service.editor.create("tags")
    path = f"/api/v1/manage/tags/{entry['id']}"
    assert service.editor.patch(path, json={}, if_match=f'"0", {entry["etag"]}').status_code == 200
    assert service.editor.patch(path, json={}, if_match='"0", "x"').status_code == 412
    assert service.editor.patch(path, json={}, if_match=f'"0", W/{entry["etag"]}').status_code == 412


def test_the_suffix_of_an_encoding_is_cut_off(service: Service) -> None:
    entry = service.editor.create("tags")
    path, tag = f"/api/v1/manage/tags/{entry['id']}", entry["etag"].strip('"')
    for suffix in (":gzip", "-gzip", ":br", "-br", ":zstd"):
        assert service.editor.patch(path, json={}, if_match=f'"{tag}{suffix}"').status_code == 200, suffix


@pytest.mark.parametrize("tag", ['""', '"x"', '"-1"', '"99999999999999999999999"', '"1e1"', "nonsense", "", ",", '"²"'])
def test_a_tag_of_nobodys_is_412_and_never_an_error(service: Service, tag: str) -> None:
    entry = service.editor.create("tags")
    response = service.editor.patch(f"/api/v1/manage/tags/{entry['id']}", json={}, if_match=tag)
    assert response.status_code == 412
    assert response.headers["ETag"] == entry["etag"]


@EACH
def test_who_calls_and_what_exists_are_judged_before_the_tag(service: Service, plural: str) -> None:
    entry = service.editor.create_published(plural)
    stranger = Caller(service.app, "cms_wrong")
    for caller, expected in ((service, 401), (stranger, 401), (service.viewer, 403)):
        for name, response in changes(caller, plural, entry["id"], If_Match='"0"'):
            assert response.status_code == expected, name
            assert "ETag" not in response.headers
            assert "changed_fields" not in response.get_json()
    for name, response in changes(service.editor, plural, str(uuid.uuid4()), If_Match='"0"'):
        # A PUT to a free id that names a tag is the one exception: the client believes that something is there.
        assert response.status_code == (412 if name == "put" else 404), name


@EACH
def test_time_changes_no_tag_though_it_changes_the_status(service: Service, plural: str) -> None:
    entry = service.editor.create(plural)
    soon = clock.to_wire(clock.now() + timedelta(hours=1))
    later = clock.to_wire(clock.now() + timedelta(hours=2))
    service.editor.publish(plural, entry, live_from=soon, live_until=later)
    entry = service.editor.read(plural, entry)
    statuses = []
    for minutes in (0, 90, 180):
        with clock.moved(timedelta(minutes=minutes)):
            now = service.editor.read(plural, entry)
            statuses.append(now["status"])
            assert now["etag"] == entry["etag"]
    assert statuses == ["scheduled", "published", "unpublished"]
    with clock.moved(timedelta(minutes=180)):
        path = f"/api/v1/manage/{plural}/{entry['id']}"
        assert service.editor.patch(path, json={"extra": {"n": 1}}, if_match=entry["etag"]).status_code == 200


def test_a_write_to_one_entry_leaves_the_tags_of_others(service: Service) -> None:
    tag = service.editor.create_published("tags")
    article = service.editor.create_published("articles", tags=[tag["id"]])
    service.editor.change("tags", tag, name="Another name")
    service.editor.publish("tags", tag)
    assert service.editor.read("articles", article)["etag"] == article["etag"]


def test_the_body_is_judged_before_the_tag_only_where_it_cannot_be_read(service: Service) -> None:
    entry = service.editor.create("tags")
    path = f"/api/v1/manage/tags/{entry['id']}"
    assert service.editor.patch(path, data="{", if_match='"0"').status_code == 400
    assert service.editor.patch(path, json={"name": ""}, if_match='"0"').status_code == 412
