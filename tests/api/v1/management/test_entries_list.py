"""Reading drafts: one by id, and lists with filters, sorts and pages."""

import uuid
from datetime import timedelta
from typing import Any

import pytest

from cms import clock
from tests.service import Service

PLURALS = ("articles", "faqs", "authors", "social-links", "tags")
EACH = pytest.mark.parametrize("plural", PLURALS)
LABEL = {"articles": "title", "faqs": "question", "authors": "name", "social-links": "label", "tags": "name"}


def in_days(days: int) -> str:
    return clock.to_wire(clock.now() + timedelta(days=days))


def listed(service: Service, plural: str, **query: Any) -> list[dict[str, Any]]:
    response = service.viewer.get(f"/api/v1/manage/{plural}", query_string=query)
    assert response.status_code == 200, response.get_data(as_text=True)
    items: list[dict[str, Any]] = response.get_json()["data"]
    return items


def ids(items: list[dict[str, Any]]) -> set[str]:
    return {each["id"] for each in items}


def of_every_status(service: Service, plural: str) -> dict[str, str]:
    """The id of one entry of each status, and of one that is live with changes."""
    draft = service.editor.create(plural)
    scheduled = service.editor.create(plural)
    service.editor.publish(plural, scheduled, live_from=in_days(1))
    published = service.editor.create_published(plural)
    unpublished = service.editor.create_published(plural)
    service.editor.unpublish(plural, unpublished)
    changed = service.editor.create_published(plural)
    service.editor.change(plural, changed, extra={"changed": True})
    found = {"draft": draft, "scheduled": scheduled, "published": published, "unpublished": unpublished}
    return {name: each["id"] for name, each in (found | {"changed": changed}).items()}


@EACH
def test_lists_filter_by_status(service: Service, plural: str) -> None:
    made = of_every_status(service, plural)
    expected = {
        "draft": {made["draft"]},
        "scheduled": {made["scheduled"]},
        "published": {made["published"], made["changed"]},
        "unpublished": {made["unpublished"]},
    }
    for status, wanted in expected.items():
        items = listed(service, plural, status=status)
        assert ids(items) == wanted
        assert {each["status"] for each in items} == {status}
    assert ids(listed(service, plural, status="draft,scheduled")) == {made["draft"], made["scheduled"]}
    assert ids(listed(service, plural, status=["draft", "unpublished"])) == {made["draft"], made["unpublished"]}
    assert ids(listed(service, plural)) == set(made.values())


@EACH
def test_lists_filter_by_unpublished_changes(service: Service, plural: str) -> None:
    made = of_every_status(service, plural)
    assert ids(listed(service, plural, has_unpublished_changes="true")) == {made["changed"]}
    assert ids(listed(service, plural, has_unpublished_changes="false")) == set(made.values()) - {made["changed"]}
    for item in listed(service, plural):
        assert item["has_unpublished_changes"] is (item["id"] == made["changed"])


@EACH
def test_the_status_of_a_list_follows_the_clock_and_the_tags_do_not(service: Service, plural: str) -> None:
    made = of_every_status(service, plural)
    before = {each["id"]: each["etag"] for each in listed(service, plural)}
    with clock.moved(timedelta(days=2)):
        assert ids(listed(service, plural, status="scheduled")) == set()
        assert made["scheduled"] in ids(listed(service, plural, status="published"))
        assert {each["id"]: each["etag"] for each in listed(service, plural)} == before


@EACH
def test_the_trash_is_a_list_of_its_own(service: Service, plural: str) -> None:
    kept, trashed = service.editor.create(plural), service.editor.create_published(plural)
    service.editor.trash(plural, trashed)
    assert ids(listed(service, plural)) == ids(listed(service, plural, trashed="false")) == {kept["id"]}
    (item,) = listed(service, plural, trashed="true")
    assert item["id"] == trashed["id"]
    assert item["trashed_at"] is not None
    assert item["status"] == "unpublished"


@EACH
def test_lists_filter_by_id_and_what_repeats_means_or(service: Service, plural: str) -> None:
    first, second, third = (service.editor.create(plural)["id"] for _ in range(3))
    assert ids(listed(service, plural, id=first)) == {first}
    assert ids(listed(service, plural, id=[first, third])) == {first, third}
    assert listed(service, plural, id=str(uuid.uuid4())) == []
    assert ids(listed(service, plural, id=[second], status="published")) == set()


def test_lists_filter_by_slug(service: Service) -> None:
    for plural in ("articles", "faqs", "authors", "tags"):
        one, two = service.editor.create(plural, slug="one"), service.editor.create(plural, slug="two")
        service.editor.create(plural, slug="three")
        assert ids(listed(service, plural, slug="one")) == {one["id"]}
        assert ids(listed(service, plural, slug=["one", "two"])) == {one["id"], two["id"]}
        assert listed(service, plural, slug="four") == []


def test_lists_filter_by_locale(service: Service) -> None:
    settings = {"locales": [{"code": "en"}, {"code": "de"}]}
    assert service.admin.patch("/api/v1/manage/site", json=settings, if_match="*").status_code == 200
    for plural in ("articles", "faqs", "authors", "tags"):
        english, german = service.editor.create(plural), service.editor.create(plural, locale="de")
        assert ids(listed(service, plural, locale="de")) == {german["id"]}
        assert ids(listed(service, plural)) == {english["id"], german["id"]}


def test_lists_filter_by_reference(service: Service) -> None:
    editor = service.editor
    orla, mads = editor.create("authors", name="Orla Wrenmoor"), editor.create("authors", name="Mads Tyndal")
    repair, paper = editor.create("tags", name="Repair"), editor.create("tags", name="Paper")
    one = editor.create("articles", authors=[orla["id"]], tags=[repair["id"]])["id"]
    two = editor.create("articles", authors=[mads["id"], orla["id"]], tags=[paper["id"]])["id"]
    link = editor.create("social-links", platform="github", handle="orla", author=orla["id"])["id"]
    editor.create("social-links")
    assert ids(listed(service, "articles", author=orla["id"])) == {one, two}
    assert ids(listed(service, "articles", author=mads["id"])) == {two}
    assert ids(listed(service, "articles", tag=[repair["id"], paper["id"]])) == {one, two}
    assert ids(listed(service, "articles", author=orla["id"], tag=paper["id"])) == {two}
    assert ids(listed(service, "social-links", author=orla["id"])) == {link}


@EACH
def test_lists_sort_by_change_by_creation_and_by_label(service: Service, plural: str) -> None:
    names = ["beta", "Älpha", "Gamma"]
    fields = [{LABEL[plural]: name} for name in names]
    if plural == "social-links":
        fields = [{"platform": "github", "handle": f"{name}-x"} for name in ("beta", "alpha", "gamma")]
    made = [service.editor.create(plural, **each)["id"] for each in fields]
    with clock.moved(timedelta(seconds=5)):
        service.editor.change(plural, made[0], extra={"later": True})
    beta, alpha, gamma = made
    orders = {
        "-updated_at": [beta, gamma, alpha],
        "updated_at": [alpha, gamma, beta],
        "-created_at": [gamma, alpha, beta],
        "created_at": [beta, alpha, gamma],
        "label": [alpha, beta, gamma],
        "-label": [gamma, beta, alpha],
    }
    for sort, order in orders.items():
        assert [each["id"] for each in listed(service, plural, sort=sort)] == order, sort
    assert [each["id"] for each in listed(service, plural)] == orders["-updated_at"]


@pytest.mark.parametrize("sort", ["-updated_at", "updated_at", "-created_at", "created_at", "label", "-label"])
def test_a_walk_sees_every_item_once_whatever_is_made_meanwhile(service: Service, sort: str) -> None:
    made = {service.editor.create("tags", name=f"Tag {number % 3}")["id"] for number in range(7)}
    path, seen = f"/api/v1/manage/tags?sort={sort}&limit=2", []
    while path:
        response = service.viewer.get(path)
        assert response.status_code == 200
        document = response.get_json()
        assert document["page"]["limit"] == 2
        assert len(document["data"]) <= 2
        seen += [each["id"] for each in document["data"]]
        service.editor.create("tags", name="Tag in between") if len(seen) == 2 else None
        following = document["links"]["next"]
        assert (following is None) is (document["page"]["next"] is None)
        assert (f'<{following}>; rel="next"' in response.headers.get("Link", "")) is (following is not None)
        path = following.removeprefix("http://127.0.0.1:8000") if following else ""
    assert len(seen) == len(set(seen))
    assert made <= set(seen)


def test_a_cursor_is_bound_to_its_filters_and_cannot_be_forged(service: Service) -> None:
    for _ in range(3):
        service.editor.create("tags")
    cursor = service.viewer.get("/api/v1/manage/tags?limit=1").get_json()["page"]["next"]
    assert service.viewer.get(f"/api/v1/manage/tags?limit=2&cursor={cursor}").status_code == 200
    for query in (f"sort=label&cursor={cursor}", f"status=draft&cursor={cursor}", f"cursor={cursor}x", "cursor=x"):
        response = service.viewer.get(f"/api/v1/manage/tags?{query}")
        assert response.status_code == 400, query
        assert response.get_json()["errors"][0]["parameter"] == "cursor"
    assert service.viewer.get(f"/api/v1/manage/authors?cursor={cursor}").status_code == 400


def test_wrong_parameters_are_400_and_named_all_at_once(service: Service) -> None:
    query = "limit=0&sort=secret&status=live&id=7&trashed=1&stauts=draft&locale=EN&limit=1"
    response = service.viewer.get(f"/api/v1/manage/tags?{query}")
    assert response.status_code == 400
    errors = {each["parameter"]: each for each in response.get_json()["errors"]}
    assert set(errors) == {"limit", "sort", "status", "id", "trashed", "stauts", "locale"}
    assert errors["stauts"]["did_you_mean"] == "status"
    assert errors["limit"]["code"] == "repeated"
    for limit in ("0", "-1", "101", "abc", "1e2", "\uff11", "", "1.0"):
        assert service.viewer.get("/api/v1/manage/tags", query_string={"limit": limit}).status_code == 400, limit


@EACH
def test_an_item_of_a_list_is_the_entry_and_its_tag_changes_it(service: Service, plural: str) -> None:
    service.editor.create(plural)
    (item,) = listed(service, plural)
    assert item == service.editor.read(plural, item)
    path = f"/api/v1/manage/{plural}/{item['id']}"
    response = service.editor.patch(path, json={"extra": {"a": 1}}, if_match=item["etag"])
    assert response.status_code == 200
    assert service.editor.patch(path, json={"extra": {"a": 2}}, if_match=item["etag"]).status_code == 412


@EACH
def test_what_is_not_there_is_404(service: Service, plural: str) -> None:
    of_other_type = service.editor.create("tags" if plural != "tags" else "authors")["id"]
    for name in (str(uuid.uuid4()), "not-an-id", "0", of_other_type, of_other_type.upper(), "%00"):
        response = service.viewer.get(f"/api/v1/manage/{plural}/{name}")
        assert response.status_code == 404, name
        assert response.content_type == "application/problem+json"


def test_an_entry_in_the_trash_can_still_be_read(service: Service) -> None:
    data = service.editor.create("articles", title="Old news")
    service.editor.trash("articles", data)
    read = service.viewer.get(f"/api/v1/manage/articles/{data['id']}").get_json()["data"]
    assert read["title"] == "Old news"
    assert read["trashed_at"] is not None
