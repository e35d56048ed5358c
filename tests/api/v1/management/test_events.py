"""The audit log: who did what, with which program, and what it changed; without what a purge has to erase."""

import ast
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

from cms import clock
from cms.content.editing.audit import ACTIONS, OTHER_TYPES
from cms.worker import announce_due
from tests.service import Caller, Service

EVENTS = "/api/v1/manage/events"
HOUR = timedelta(hours=1)


def listed(caller: Caller, query: str = "") -> list[dict[str, Any]]:
    response = caller.get(f"{EVENTS}?{query}")
    assert response.status_code == 200, response.get_data(as_text=True)
    found: list[dict[str, Any]] = response.get_json()["data"]
    return found


def whole(caller: Caller, event: dict[str, Any]) -> dict[str, Any]:
    response = caller.get(f"{EVENTS}/{event['id']}")
    assert response.status_code == 200, response.get_data(as_text=True)
    found: dict[str, Any] = response.get_json()["data"]
    return found


def test_an_event_says_who_what_when_and_with_which_program(service: Service) -> None:
    editor = service.editor
    headers = {"User-Agent": "curl/8.15.0", "X-Request-Id": "monday-morning"}
    made = editor.post("/api/v1/manage/articles", json={"title": "A loose spine"}, headers=headers)
    article = made.get_json()["data"]
    (event,) = listed(service.admin, f"subject={article['id']}")
    assert editor.key is not None
    key_id = editor.key.split("_")[1]
    (key,) = [each for each in service.admin.get("/api/v1/manage/keys").get_json()["data"] if each["id"] == key_id]
    assert event == {
        "id": f"{event['change']}-0",
        "change": int(article["etag"].strip('"')),
        "at": article["created_at"],
        "action": "created",
        "type": "article",
        "subject": {"id": article["id"], "label": "A loose spine"},
        "revision": 1,
        "key": {"id": key_id, "name": key["name"]},
        "client": "curl/8.15.0",
        "request_id": "monday-morning",
        "reason": None,
        "before": None,
        "after": None,
    }


def test_what_a_client_calls_itself_is_bounded_and_printable(service: Service) -> None:
    for name, kept in (("x" * 900, "x" * 200), ("caf\u00e9\u0085/1", "caf\u00e9/1"), ("", None)):
        tag = service.editor.post("/api/v1/manage/tags", json={"name": "Glue"}, headers={"User-Agent": name})
        (event,) = listed(service.admin, f"subject={tag.get_json()['data']['id']}")
        assert event["client"] == kept


def test_a_save_tells_the_fields_and_the_patch_between_its_revisions(service: Service) -> None:
    editor = service.editor
    article = editor.create("articles", title="A loose spine", summary="Old.", body="Some *text*.")
    editor.change("articles", article, title="A firm spine", summary=None)
    saved, created = (whole(editor, each) for each in listed(editor, f"subject={article['id']}"))
    assert (saved["action"], saved["revision"], saved["changed_fields"]) == ("saved", 2, ["summary", "title"])
    assert sorted(saved["patch"], key=lambda each: str(each["path"])) == [
        {"op": "replace", "path": "/summary", "value": None},
        {"op": "replace", "path": "/title", "value": "A firm spine"},
    ]
    assert {"op": "add", "path": "/title", "value": "A loose spine"} in created["patch"]


def test_a_publication_tells_where_the_entry_stood_and_stands(service: Service) -> None:
    editor = service.editor
    article = editor.create_published("articles", title="First")
    editor.change("articles", article, title="Second")
    tomorrow = clock.to_wire(clock.now() + 24 * HOUR)
    editor.publish("articles", article, live_from=tomorrow)
    planned, _, published, _ = listed(editor, f"subject={article['id']}")
    start = published["at"]
    assert (published["action"], published["before"]["status"]) == ("published", "draft")
    assert published["after"] == {
        "status": "published",
        "revision": 1,
        "live_from": start,
        "live_until": None,
        "timeline": [{"revision": 1, "live_from": start, "live_until": None}],
    }
    assert planned["action"] == "scheduled"
    assert planned["before"] == published["after"]
    assert planned["after"] == {
        "status": "published",
        "revision": 1,
        "live_from": start,
        "live_until": tomorrow,
        "timeline": [
            {"revision": 1, "live_from": start, "live_until": tomorrow},
            {"revision": 2, "live_from": tomorrow, "live_until": None},
        ],
    }
    # What readers will see change.
    assert whole(editor, planned)["patch"] == [{"op": "replace", "path": "/title", "value": "Second"}]

    editor.unpublish("articles", article)
    ended = listed(editor, f"subject={article['id']}")[0]
    assert (ended["action"], ended["after"]["status"]) == ("unpublished", "unpublished")
    assert [each["revision"] for each in ended["before"]["timeline"]] == [1, 2]
    assert whole(editor, ended)["patch"] is None


def test_the_service_itself_is_named_where_no_key_acts(service: Service) -> None:
    editor, known = service.editor, service.services
    start, end = (clock.to_wire(clock.now() + hours * HOUR) for hours in (1, 2))
    article = editor.create("articles")
    editor.publish("articles", article, live_from=start, live_until=end)
    for hours in (1.5, 2.5):
        with clock.moved(hours * HOUR):
            announce_due(known.database, known.types, known.settings.public_url)
    ended, begun, *_ = listed(editor, f"subject={article['id']}")
    assert [(each["key"], each["client"]) for each in (ended, begun)] == [(None, "worker")] * 2
    assert [each["before"]["status"] for each in (ended, begun)] == ["published", "scheduled"]
    assert [each["after"]["status"] for each in (ended, begun)] == ["unpublished", "published"]
    made = listed(editor, "type=key&sort=change")[0]
    assert (made["key"], made["client"]) == (None, "command line")


def test_settings_and_keys_tell_the_fields_that_changed_and_no_secret(service: Service) -> None:
    admin = service.admin
    response = admin.patch("/api/v1/manage/site", json={"tagline": "Books mended by hand"}, if_match="*")
    assert response.status_code == 200
    (saved,) = listed(admin, "type=site")
    assert (saved["subject"], saved["before"], saved["after"]) == (
        None,
        {"tagline": None},
        {"tagline": "Books mended by hand"},
    )
    assert whole(admin, saved)["changed_fields"] == ["tagline"]

    made = admin.post("/api/v1/manage/keys", json={"name": "Newsroom", "role": "viewer"}).get_json()["data"]
    assert admin.delete(f"/api/v1/manage/keys/{made['id']}").status_code == 204
    revoked, created = listed(admin, f"subject={made['id']}")
    assert created["subject"] == {"id": made["id"], "label": "Newsroom"}
    assert created["after"] == {"name": "Newsroom", "scopes": ["content:preview"], "expires_at": None}
    assert (revoked["before"], revoked["after"]) == ({"revoked_at": None}, {"revoked_at": revoked["at"]})
    secret = made["key"].split("_")[2]
    for event in listed(admin, "type=key"):
        assert secret not in str(whole(admin, event))
        assert "sha256" not in str(event)


def test_a_purge_takes_the_content_from_the_log_and_leaves_that_it_was(service: Service) -> None:
    admin = service.admin
    article = admin.create_published("articles", title="Xylographic", slug="xylographic", note="Xylographic")
    admin.change("articles", article, title="Xylographic prints")
    admin.trash("articles", article)
    admin.trash("articles", article, purge="true")
    events = listed(admin, f"subject={article['id']}")
    assert [each["action"] for each in events] == ["purged", "trashed", "unpublished", "saved", "published", "created"]
    assert events[0]["before"] == {"revision": 2, "trashed_at": events[1]["after"]["trashed_at"]}
    for event in events:
        assert event["subject"] == {"id": article["id"], "label": None}
        full = whole(admin, event)
        assert (full["changed_fields"], full["patch"]) == (None, None)
        assert "xylographic" not in str(full).lower()


def test_content_is_told_only_to_those_who_may_read_drafts(service: Service) -> None:
    article = service.editor.create("articles", title="Not yet known")
    auditor = service.with_key("events:read")
    (event,) = listed(auditor, f"subject={article['id']}")
    full = whole(auditor, event)
    assert (event["subject"]["label"], full["changed_fields"], full["patch"]) == (None, None, None)
    assert "Not yet known" not in str(full)
    assert listed(auditor, "type=key")[0]["key"] is None


def test_every_filter_finds_exactly_what_it_names(service: Service) -> None:
    admin, editor = service.admin, service.editor
    assert admin.key is not None
    assert editor.key is not None
    with clock.moved(HOUR):
        article = editor.create_published("articles")
    with clock.moved(2 * HOUR):
        tag = admin.create("tags")
        admin.change("articles", article, title="Changed by another")
    with clock.moved(3 * HOUR):
        editor.trash("articles", article)
    everything = listed(admin, "limit=100")
    key_id = editor.key.split("_")[1]
    second, third = everything[3], everything[1]
    at, later = second["at"], third["at"]

    def agree(query: str, wanted: Any) -> None:
        expected = [each["id"] for each in everything if wanted(each)]
        assert 0 < len(expected) < len(everything), query
        assert [each["id"] for each in listed(admin, f"limit=100&{query}")] == expected, query
        backwards = [each["id"] for each in listed(admin, f"limit=100&sort=change&{query}")]
        assert backwards == expected[::-1], query

    agree("type=tag", lambda each: each["type"] == "tag")
    agree("action=created", lambda each: each["action"] == "created")
    agree(f"subject={tag['id']}", lambda each: each["subject"] and each["subject"]["id"] == tag["id"])
    agree(f"key={key_id}", lambda each: each["key"] and each["key"]["id"] == key_id)
    agree(f"at__gte={at}", lambda each: each["at"] >= at)
    agree(f"at__gt={at}", lambda each: each["at"] > at)
    agree(f"at__lte={at}", lambda each: each["at"] <= at)
    agree(f"at__lt={at}", lambda each: each["at"] < at)
    agree(f"at__gt={at}&at__lte={later}", lambda each: at < each["at"] <= later)
    agree(f"change__gt={second['change']}", lambda each: each["change"] > second["change"])
    agree(f"change__lte={second['change']}", lambda each: each["change"] <= second["change"])
    agree(
        f"type=article&action=saved&at__gt={everything[-2]['at']}",
        lambda each: each["type"] == "article" and each["action"] == "saved",
    )
    for nothing in ("at__gt=2999-01-01T00:00:00Z", "at__lt=1999-01-01T00:00:00Z", "key=nobody", "subject=nobody"):
        assert listed(admin, nothing) == []
    for wrong in ("action=creatd", "type=nothing", "at__gte=yesterday", "since=1", "type=tag&type=article", "limit=0"):
        assert admin.get(f"{EVENTS}?{wrong}").status_code == 400, wrong


def test_pages_follow_each_other_in_both_directions_while_more_is_written(service: Service) -> None:
    admin = service.admin
    for _ in range(4):
        admin.create_published("tags")
    numbers = [each["id"] for each in listed(admin, "limit=100")]
    for sort, expected in (("-change", numbers), ("change", numbers[::-1])):
        found: list[str] = []
        query = {"limit": "3", "sort": sort}
        while True:
            document = admin.get(EVENTS, query_string=query).get_json()
            found += [each["id"] for each in document["data"]]
            if document["page"]["next"] is None or len(found) >= len(expected):
                break
            query["cursor"] = document["page"]["next"]
            admin.create("tags")
        assert found[: len(expected)] == expected
    assert len({each["change"] for each in listed(admin, "action=published&type=tag")}) == 4
    wrong = admin.get(EVENTS, query_string=query | {"type": "tag"})
    assert wrong.get_json()["errors"][0]["code"] == "invalid_cursor"


def test_an_event_that_is_not_there_is_not_found(service: Service) -> None:
    for event_id in ("1-9", "999999-0", "x", "1", "01-0", "9" * 15 + "-0", "-1-0"):
        assert service.admin.get(f"{EVENTS}/{event_id}").status_code == 404, event_id


def test_a_page_of_the_log_takes_few_statements(service: Service) -> None:
    for _ in range(5):
        service.editor.create_published("articles")
    service.admin.get(EVENTS)
    with service.counting() as usage:
        assert len(listed(service.admin)) > 10
    # The key, the events, what entries are called and what keys are called.
    assert usage.statements <= 4


# What takes an action to record it, and what hands one on.
RECORDERS = ("record", "_record")


def recorded_actions() -> Iterator[str]:
    """Every word that the service records as an action: given to one of ``RECORDERS``, or called so before."""
    sources = (path.read_text() for path in (Path(__file__).parents[4] / "cms").rglob("*.py"))
    for source in (each for each in sources if "record(" in each):
        for node in ast.walk(ast.parse(source)):
            given: list[ast.expr] = []
            if isinstance(node, ast.Call) and getattr(node.func, "attr", getattr(node.func, "id", "")) in RECORDERS:
                given = node.args[:2]
            if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "action":
                given = [node.value]
            for each in (inner for one in given for inner in ast.walk(one) if isinstance(inner, ast.Constant)):
                if isinstance(each.value, str):
                    yield each.value


def test_every_action_that_is_recorded_can_be_asked_for() -> None:
    found = set(recorded_actions()) - {*OTHER_TYPES}
    assert found == set(ACTIONS)
