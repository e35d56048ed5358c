"""What refers to an entry: the list, the refusal to delete that names it, and another entry in its place."""

import uuid
from typing import Any

import pytest
from werkzeug.test import TestResponse

from cms.content.editing import replacing
from tests.api.v1.management.test_publication import Hours
from tests.invariants import check_invariants
from tests.service import Service, written


def usage(service: Service, entry: dict[str, Any], query: str = "") -> list[dict[str, Any]]:
    response = service.viewer.get(f"/api/v1/manage/{entry['type']}s/{entry['id']}/usage{query}")
    assert response.status_code == 200, response.get_data(as_text=True)
    found: list[dict[str, Any]] = response.get_json()["data"]
    return found


def delete(service: Service, entry: dict[str, Any], caller: str = "editor", **query: Any) -> TestResponse:
    path = f"/api/v1/manage/{entry['type']}s/{entry['id']}"
    response: TestResponse = getattr(service, caller).delete(path, query_string=query, if_match="*")
    return response


def test_drafts_and_what_is_live_and_planned_are_told_apart(service: Service) -> None:
    tag, at = service.editor.create_published("tags"), Hours()
    draft = service.editor.create("articles", title="A draft", tags=[tag["id"]])
    live = service.editor.create_published("faqs", question="What is live?", tags=[tag["id"]])
    service.editor.change("faqs", live, question="What is no more?", tags=[])
    planned = service.editor.create("articles", title="A plan", tags=[tag["id"]])
    service.editor.publish("articles", planned, live_from=at(1))
    service.editor.publish("faqs", live, revision=1, live_until=at(1))
    trashed = service.editor.create("articles", tags=[tag["id"]])
    service.editor.trash("articles", trashed)
    over = service.editor.create_published("articles", tags=[tag["id"]])
    service.editor.change("articles", over, tags=[])
    service.editor.publish("articles", over)
    found = usage(service, tag)
    assert [(each["type"], each["title"], each["in"], each["revision"]) for each in found] == [
        ("article", "A draft", "draft", 1),
        ("article", "A plan", "draft", 1),
        ("article", "A plan", "planned", 1),
        ("faq", "What is live?", "live", 1),
    ]
    assert found[0] | {"slug": "a-draft", "field": "tags", "id": draft["id"]} == found[0]
    assert usage(service, draft) == []
    with at.passed(1.1):
        assert [(each["title"], each["in"]) for each in usage(service, tag)] == [
            ("A draft", "draft"),
            ("A plan", "draft"),
            ("A plan", "live"),
        ]


def test_a_walk_in_pages_sees_each_reference_once(service: Service) -> None:
    author, at = service.editor.create("authors"), Hours()
    for n in range(3):
        article = service.editor.create_published("articles", authors=[author["id"]], published_at=at(-1))
        service.editor.publish("articles", article, live_from=at(n + 1))
    service.editor.create("social-links", platform="github", handle="orla", author=author["id"])
    whole = usage(service, author)
    assert len(whole) == 10
    path, walked = f"/api/v1/manage/authors/{author['id']}/usage?limit=3", list[dict[str, Any]]()
    while path and len(walked) <= len(whole):
        document = service.viewer.get(path).get_json()
        walked += document["data"]
        path = (document["links"]["next"] or "").removeprefix("http://127.0.0.1:8000")
    assert walked == whole
    with service.counting() as counted:
        usage(service, author)
    assert counted.statements <= 9


def test_what_nobody_has_is_404_and_a_foreign_cursor_400(service: Service) -> None:
    for unknown in (str(uuid.uuid4()), "x"):
        assert service.viewer.get(f"/api/v1/manage/tags/{unknown}/usage").status_code == 404
    one, two = service.editor.create("tags"), service.editor.create("tags")
    for _ in range(2):
        service.editor.create("articles", tags=[one["id"], two["id"]])
    path = "/api/v1/manage/tags/{}/usage?limit=1".format
    cursor = service.viewer.get(path(one["id"])).get_json()["page"]["next"]
    assert service.viewer.get(f"{path(two['id'])}&cursor={cursor}").status_code == 400


def test_a_refused_deletion_lists_what_refers_as_usage_does(service: Service) -> None:
    tag = service.editor.create("tags")
    service.editor.create_published("articles", tags=[tag["id"]])
    document = delete(service, tag).get_json()
    assert document["status"] == 409
    assert document["usage"] == usage(service, tag)
    assert [each["in"] for each in document["usage"]] == ["draft", "live"]


@pytest.mark.exhaustive
def test_another_entry_takes_the_place_in_drafts_and_for_readers_and_no_draft_leaks(service: Service) -> None:
    old, new, other = (service.editor.create_published("tags", slug=slug) for slug in ("old", "new", "other"))
    at = Hours()
    tags = [other["id"], old["id"]]
    draft = service.editor.create("articles", tags=[old["id"], new["id"]])
    live = service.editor.create_published("articles", title="Live", tags=tags, body="**Bold**")
    ahead = service.editor.create_published("articles", title="Live", tags=tags)
    service.editor.change("articles", ahead, title="Secret", tags=[old["id"]])
    planned = service.editor.create_published("faqs", question="Now?", tags=[])
    service.editor.change("faqs", planned, question="Then?", tags=[old["id"]])
    service.editor.publish("faqs", planned, live_from=at(1), live_until=at(2))
    service.editor.change("faqs", planned, question="Never?", tags=[])

    assert delete(service, old, replace_with="new").status_code == 204

    check_invariants(service.services.settings.database_url)
    assert service.editor.read("articles", draft)["tags"] == [new["id"]]
    for entry in (live, ahead):
        shown = service.get(f"/api/v1/articles/{entry['id']}?formats=html").get_json()["data"]
        assert [each["id"] for each in shown["tags"]] == [other["id"], new["id"]]
        assert shown["title"] == "Live"
    assert service.editor.read("articles", live)["has_unpublished_changes"] is False
    left = service.editor.read("articles", ahead)
    assert (left["title"], left["tags"], left["has_unpublished_changes"]) == ("Secret", [new["id"]], True)
    left = service.editor.read("faqs", planned)
    assert (left["question"], left["tags"], left["has_unpublished_changes"]) == ("Never?", [], True)
    listed = service.get("/api/v1/articles?tag=new").get_json()["data"]
    assert {each["id"] for each in listed} == {live["id"], ahead["id"]}
    with at.passed(1.5):
        shown = service.get(f"/api/v1/faqs/{planned['id']}?include=tags").get_json()["data"]
        assert (shown["question"], [each["id"] for each in shown["tags"]]) == ("Then?", [new["id"]])
    with at.passed(2.5):
        assert service.get(f"/api/v1/faqs/{planned['id']}").status_code == 404
    revisions = f"/api/v1/manage/articles/{live['id']}/revisions"
    assert service.viewer.get(revisions).get_json()["data"][0]["note"] == "old replaced by new."
    assert usage(service, old) == []
    assert service.viewer.get(f"/api/v1/manage/tags/{old['id']}").get_json()["data"]["trashed_at"] is not None
    service.editor.trash("tags", old, purge="true")
    assert service.viewer.get(f"{revisions}/2").get_json()["data"]["note"] == f"{old['id']} replaced by new."


def test_the_log_says_of_each_copy_what_was_replaced_in_it_and_nothing_else(service: Service) -> None:
    old, _ = (service.editor.create_published("tags", slug=slug) for slug in ("old", "new"))
    article = service.editor.create_published("articles", title="Live", tags=[old["id"]])
    service.editor.change("articles", article, title="Secret")
    assert delete(service, old, replace_with="new").status_code == 204
    log = service.admin.get(f"/api/v1/manage/events?subject={article['id']}&limit=3").get_json()["data"]
    for event in log:
        shown = service.admin.get(f"/api/v1/manage/events/{event['id']}").get_json()["data"]
        assert shown["changed_fields"] == ["tags"], event
    assert [(each["action"], each["revision"]) for each in log] == [("published", 3), ("saved", 4), ("saved", 3)]


def test_a_plan_keeps_its_id_when_a_reference_in_it_is_replaced(service: Service) -> None:
    old, _ = (service.editor.create_published("tags", slug=slug) for slug in ("old", "new"))
    article, at = service.editor.create_published("articles", tags=[old["id"]]), Hours()
    service.editor.change("articles", article, title="Then")
    live, plan = service.editor.publish("articles", article, live_from=at(1))["timeline"]
    assert delete(service, old, replace_with="new").status_code == 204
    path = f"/api/v1/manage/articles/{article['id']}/publication"
    past, anew, planned = service.viewer.get(path).get_json()["data"]["timeline"]
    assert (past["id"], planned) == (live["id"], plan | {"revision": 4})
    assert anew["id"] not in (live["id"], plan["id"])
    check_invariants(service.services.settings.database_url)
    assert service.editor.delete(f"{path}/{plan['id']}", if_match="*").status_code == 200
    check_invariants(service.services.settings.database_url)


def test_a_lone_reference_is_replaced_and_a_purge_may_follow_at_once(service: Service) -> None:
    old, new = service.editor.create_published("authors"), service.editor.create_published("authors")
    link = service.editor.create_published("social-links", platform="github", handle="orla", author=old["id"])
    assert delete(service, old, replace_with=new["id"], purge="true").status_code == 204
    assert service.editor.read("social-links", link)["author"] == new["id"]
    owner = service.get(f"/api/v1/social-links/{link['id']}").get_json()["data"]["owner"]
    assert owner == {"type": "author", "id": new["id"]}
    assert service.viewer.get(f"/api/v1/manage/authors/{old['id']}").status_code == 404
    check_invariants(service.services.settings.database_url)


def test_an_entry_does_not_come_to_refer_to_itself(service: Service) -> None:
    old, new = service.editor.create("articles"), service.editor.create("articles")
    service.editor.change("articles", new, related=[old["id"]])
    assert delete(service, old, replace_with=new["id"]).status_code == 204
    assert service.editor.read("articles", new)["related"] == []


@pytest.mark.parametrize("case", ["unknown", "wrong-type", "itself", "in-the-trash", "beside-force"])
def test_what_cannot_stand_in_is_a_fault_of_the_parameter_and_nothing_happens(service: Service, case: str) -> None:
    tag = service.editor.create("tags")
    article = service.editor.create("articles", tags=[tag["id"]])
    trashed = service.editor.create("tags")
    service.editor.trash("tags", trashed)
    name, code = {
        "unknown": ("no-such-tag", "unknown_reference"),
        "wrong-type": (article["id"], "wrong_type"),
        "itself": (tag["slug"], "self_reference"),
        "in-the-trash": (trashed["id"], "unknown_reference"),
        "beside-force": (tag["slug"], "excluded"),
    }[case]
    query = {"force": "true"} if case == "beside-force" else {}
    response = delete(service, tag, replace_with=name, **query)
    assert response.status_code == 400
    (fault,) = response.get_json()["errors"]
    assert (fault["parameter"], fault["code"]) == ("force" if query else "replace_with", code)
    assert service.editor.read("tags", tag) == tag
    assert service.editor.read("articles", article) == article


def test_what_readers_see_is_replaced_by_what_is_live_and_by_who_may_publish(service: Service) -> None:
    old, new = service.editor.create_published("tags"), service.editor.create("tags")
    live = service.editor.create_published("articles", tags=[old["id"]])
    response = delete(service, old, replace_with=new["id"])
    assert response.status_code == 409
    assert [(each["parameter"], each["code"]) for each in response.get_json()["errors"]] == [
        ("replace_with", "not_live")
    ]
    service.editor.publish("tags", new)
    service.editor.unpublish("tags", old)
    response = delete(service, old, "author", replace_with=new["id"])
    assert response.status_code == 403
    assert "content:publish" in response.get_json()["detail"]
    assert service.editor.read("articles", live)["tags"] == [old["id"]]
    assert delete(service, old, replace_with=new["id"]).status_code == 204


def test_the_draft_alone_of_others_is_changed_by_who_may_write(service: Service) -> None:
    old, new = service.author.create("tags"), service.author.create("tags")
    article = service.author.create("articles", **written("articles", tags=[old["id"]]))
    assert delete(service, old, "author", replace_with=new["id"]).status_code == 204
    changed = service.author.read("articles", article)
    assert (changed["tags"], changed["version"]) == ([new["id"]], 2)
    assert changed["etag"] != article["etag"]


def test_more_than_one_change_can_rewrite_is_refused_whole(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replacing, "REWRITTEN_AT_MOST", 1)
    old, new = service.editor.create("tags"), service.editor.create("tags")
    articles = [service.editor.create("articles", tags=[old["id"]]) for _ in range(2)]
    response = delete(service, old, replace_with=new["id"])
    assert response.status_code == 409
    assert "More than 1 entries" in response.get_json()["detail"]
    assert [service.editor.read("articles", each) for each in articles] == articles
