"""``dry_run``: every write answers as if it were done, and not one byte of the database is another one.

The writes come from the application's own routes; one that is not in the table here fails.
"""

import re
from collections.abc import Callable
from typing import Any

import jsonpatch
from sqlalchemy import select
from werkzeug.test import TestResponse

from cms.idempotency import IdempotencyKey
from cms.keys import APIKey
from tests.dumps import dump
from tests.service import MERGE_PATCH, Caller, Service, written

PLURALS = ("articles", "faqs", "authors", "social-links", "tags")
LATER = "2999-01-01T00:00:00Z"
Write = tuple[str, dict[str, Any]]
"""The path of a request, and what else it has."""


class Stage:
    """A site on which each write has something to do."""

    def __init__(self, service: Service, plural: str) -> None:
        self.admin, self.plural = service.admin, plural

    def entry(self, **fields: Any) -> str:
        return str(self.admin.create(self.plural, **fields)["id"])

    def path(self, entry_id: str, suffix: str = "") -> str:
        return f"/api/v1/manage/{self.plural}/{entry_id}{suffix}"

    def saved_twice(self) -> str:
        entry_id = self.entry()
        self.admin.change(self.plural, entry_id, extra={"n": 1})
        return entry_id

    def trashed(self) -> str:
        entry_id = self.entry()
        self.admin.trash(self.plural, entry_id)
        return entry_id

    def live(self) -> str:
        return str(self.admin.create_published(self.plural)["id"])

    def planned(self) -> str:
        entry_id = self.live()
        (*_, plan) = self.admin.publish(self.plural, entry_id, live_from=LATER, live_until="2999-02-01T00:00:00Z")[
            "timeline"
        ]
        return self.path(entry_id, f"/publication/{plan['id']}")

    def key(self) -> str:
        made = self.admin.post("/api/v1/manage/keys", json={"name": "Short-lived", "role": "viewer"})
        return f"/api/v1/manage/keys/{made.get_json()['data']['id']}"


# How to do each write, by method and by what stands after the collection; the stage has been set for nothing yet.
WRITES: dict[tuple[str, str], Callable[[Stage], Write]] = {
    ("POST", ""): lambda at: (at.path("")[:-1], {"json": written(at.plural)}),
    ("PUT", "/<entry_id>"): lambda at: (at.path(at.entry()), {"json": written(at.plural)}),
    ("PATCH", "/<entry_id>"): lambda at: (at.path(at.entry()), {"json": {"extra": {"n": 2}, "note": "Two."}}),
    ("DELETE", "/<entry_id>"): lambda at: (at.path(at.live()), {}),
    ("POST", "/<entry_id>/undelete"): lambda at: (at.path(at.trashed(), "/undelete"), {}),
    ("POST", "/<entry_id>/duplicate"): lambda at: (at.path(at.entry(), "/duplicate"), {"json": {}}),
    ("POST", "/<entry_id>/restore"): lambda at: (at.path(at.saved_twice(), "/restore"), {"json": {"revision": 1}}),
    ("POST", "/<entry_id>/preview-tokens"): lambda at: (at.path(at.entry(), "/preview-tokens"), {"json": {}}),
    ("PUT", "/<entry_id>/publication"): lambda at: (at.path(at.entry(), "/publication"), {"json": {}}),
    ("DELETE", "/<entry_id>/publication"): lambda at: (at.path(at.live(), "/publication"), {}),
    ("DELETE", "/<entry_id>/publication/<publication_id>"): lambda at: (at.planned(), {}),
}
OTHERS: dict[tuple[str, str], Callable[[Stage], Write]] = {
    ("PUT", "/site"): lambda at: ("/api/v1/manage/site", {"json": {"name": "Harbour & Reed"}}),
    ("PATCH", "/site"): lambda at: ("/api/v1/manage/site", {"json": {"tagline": "Books mended by hand"}}),
    ("POST", "/keys"): lambda at: ("/api/v1/manage/keys", {"json": {"name": "Newsroom", "role": "author"}}),
    ("DELETE", "/keys/<key_id>"): lambda at: (at.key(), {}),
    ("POST", "/batch"): lambda at: (
        "/api/v1/manage/batch",
        {"json": {"operations": [{"method": "POST", "path": "/tags", "body": written("tags")}]}},
    ),
}


def routed(service: Service, prefix: str) -> set[tuple[str, str]]:
    """The writes that the application has below an address."""
    return {
        (each.method, each.path.removeprefix(prefix))
        for each in service.routes()
        if each.contract.writes and re.match(rf"{prefix}(?=/|$)", each.path)
    }


def in_general(response: TestResponse) -> tuple[int, dict[str, str], Any]:
    """Status, headers and body without what is another each time: ids that were made, secrets, instants and tags."""
    text = response.get_data(as_text=True)
    headers = {
        name: value for name, value in response.headers.items() if name not in ("X-Request-Id", "Content-Length")
    }
    document = response.get_json() if text else None
    if document is not None:
        document.pop("changes", None)
        for result in document["data"] if isinstance(document.get("data"), list) else ():
            result["body"].pop("changes", None)
    return response.status_code, forgetful(headers), forgetful(document)


VOLATILE = re.compile(
    r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f-]{22}|\d{4}-\d\d-\d\dT[\d:.]+Z|(cms|preview)_[\w.-]+|(?<=/keys/)\w+|^[0-9A-Za-z]{12}$"
    # The tags of a dry run match nothing, so that they are other ones.
    r'|^"\d+"$'
)


def forgetful(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: forgetful(each) for name, each in value.items()}
    if isinstance(value, list):
        return [forgetful(each) for each in value]
    return VOLATILE.sub("…", value) if isinstance(value, str) else value


def rehearse(service: Service, method: str, write: Write) -> TestResponse:
    """The dry run of a write, compared with the write itself and with what it leaves behind: nothing."""
    path, options = write
    options = {"content_type": MERGE_PATCH, **options} if method == "PATCH" else options
    # None of it may take the key of the other, and a key that is used for the first time may not be noted as used.
    headers = {"If-Match": "*", "Idempotency-Key": "never-taken"}
    shown_at = re.sub(r"/(restore|undelete)$|(?<=/publication)/[^/]+$", "", path)
    # Read first: the key's last use is noted once a minute, and the minute may end here.
    present = service.admin.get(shown_at)
    known = dump(service)
    rehearsed = service.admin.request(method, path, query_string={"dry_run": "true"}, headers=headers, **options)
    assert dump(service) == known, f"{method} {path} wrote"
    check_changes(present, rehearsed, f"{method} {path}")
    done = service.admin.request(method, path, headers={"If-Match": "*"}, **options)
    assert done.status_code < 300, done.get_data(as_text=True)
    assert in_general(rehearsed) == in_general(done), f"{method} {path}"
    assert dump(service) != known, f"{method} {path} does nothing, so its dry run proves nothing"
    return rehearsed


def check_changes(present: TestResponse, rehearsed: TestResponse, where: str) -> None:
    """``changes`` make of what can be read there now what the dry run answers."""
    if present.status_code == 200 and rehearsed.status_code == 200:
        document = rehearsed.get_json()
        assert document["changes"], where
        assert jsonpatch.apply_patch(present.get_json()["data"], document["changes"]) == document["data"], where


def test_no_write_of_any_type_changes_anything_in_a_dry_run(service: Service) -> None:
    for plural in PLURALS:
        found = routed(service, f"/api/v1/manage/{plural}")
        assert found == WRITES.keys(), "a write is not in the table of this test"
        for method, suffix in sorted(found):
            rehearse(service, method, WRITES[method, suffix](Stage(service, plural)))


def test_no_other_write_changes_anything_in_a_dry_run(service: Service) -> None:
    own = tuple(f"/{plural}" for plural in PLURALS)
    found = {each for each in routed(service, "/api/v1/manage") if not each[1].startswith(own)}
    assert found == OTHERS.keys(), "a write is not in the table of this test"
    for method, suffix in sorted(found):
        rehearse(service, method, OTHERS[method, suffix](Stage(service, "tags")))


def test_the_slug_of_a_dry_run_is_the_one_that_it_will_have(service: Service) -> None:
    service.editor.create("articles", title="A loose spine")
    path = "/api/v1/manage/articles?publish=true&dry_run="
    asked = [service.editor.post(path + word, json={"title": "A loose spine"}) for word in ("true", "true", "false")]
    assert [each.get_json()["data"]["slug"] for each in asked] == ["a-loose-spine-2"] * 3
    assert [each.get_json()["data"]["status"] for each in asked] == ["published"] * 3
    assert service.get("/api/v1/articles/a-loose-spine-2").status_code == 200
    assert "changes" not in asked[0].get_json()


def test_what_a_dry_run_warns_of_and_would_change_is_told(service: Service) -> None:
    draft = service.editor.create("articles")
    entry = service.editor.create_published("articles", summary="Short.")
    answer = service.editor.patch(
        f"/api/v1/manage/articles/{entry['id']}?dry_run=true",
        json={"summary": "Shorter.", "related": [draft["id"]]},
        if_match=entry["etag"],
    ).get_json()
    assert "unpublished_reference" in [each["code"] for each in answer["warnings"]]
    changes = {(each["op"], each["path"]): each.get("value") for each in answer["changes"]}
    assert changes["replace", "/summary"] == "Shorter."
    assert changes["add", "/related/0"] == draft["id"]
    assert changes["replace", "/has_unpublished_changes"] is True
    assert service.editor.read("articles", entry) == entry


def test_what_would_change_nothing_has_no_changes(service: Service) -> None:
    entry = service.editor.create("articles", title="Same")
    path = f"/api/v1/manage/articles/{entry['id']}"
    answer = service.editor.patch(f"{path}?dry_run=true", json={"title": "Same"}, if_match="*")
    assert answer.get_json()["changes"] == []
    assert answer.headers["ETag"] == entry["etag"]


def test_a_dry_run_is_refused_as_the_write_is(service: Service) -> None:
    taken, used = service.editor.create("tags", slug="paper"), service.editor.create("tags")
    service.editor.create("articles", tags=[used["id"]])
    path = f"/api/v1/manage/tags/{used['id']}"
    refusals: list[Callable[[str], TestResponse]] = [
        lambda query: service.editor.post("/api/v1/manage/tags" + query, json={"name": "", "colour": 1}),
        lambda query: service.editor.post("/api/v1/manage/tags" + query, json={"name": "P", "slug": taken["slug"]}),
        lambda query: service.editor.patch(path + query, json={"name": "New"}),
        lambda query: service.editor.patch(path + query, json={"name": "New"}, if_match='"0"'),
        lambda query: service.editor.delete(path + query, if_match="*"),
        lambda query: service.author.put(f"{path}/publication{query}", json={}, if_match="*"),
    ]
    statuses = []
    service.author.get(path)
    for refused in refusals:
        known = dump(service)
        in_a_dry_run, in_earnest = refused("?dry_run=true"), refused("")
        assert in_general(in_a_dry_run) == in_general(in_earnest)
        assert dump(service) == known
        statuses.append(in_earnest.status_code)
    assert statuses == [422, 409, 428, 412, 409, 403]


def test_a_key_and_a_token_of_a_dry_run_open_nothing(service: Service) -> None:
    entry = service.editor.create("tags")
    made = service.admin.post("/api/v1/manage/keys?dry_run=true", json={"name": "Never", "role": "admin"})
    assert Caller(service.app, made.get_json()["data"]["key"]).get("/api/v1/manage/whoami").status_code == 401
    tokens = [
        service.editor.post(f"/api/v1/manage/tags/{entry['id']}/preview-tokens{query}", json={}).get_json()["data"]
        for query in ("?dry_run=true", "")
    ]
    shown = [service.get(each["url"], query_string={"token": each["token"]}).status_code for each in tokens]
    assert shown == [401, 200]


def test_a_dry_run_is_no_use_of_a_key_and_keeps_no_answer(service: Service) -> None:
    caller = service.with_key("content:write")
    for _ in range(2):
        response = caller.post(
            "/api/v1/manage/tags?dry_run=true", json={"name": "Paper"}, headers={"Idempotency-Key": "k"}
        )
        assert response.status_code == 201
        assert "Idempotency-Replayed" not in response.headers
    with service.services.database.snapshot() as connection:
        assert connection.execute(select(APIKey.last_used_at)).scalars().all() == [None]
    entry = caller.create("tags", slug="paper")
    for path, body, status in (
        ("/api/v1/manage/tags", {"name": "Paper", "slug": "paper"}, 409),
        (f"/api/v1/manage/tags/{entry['id']}/restore", {"revision": 1}, 200),
    ):
        response = caller.post(f"{path}?dry_run=true", json=body, headers={"Idempotency-Key": "k"})
        assert response.status_code == status
    with service.services.database.snapshot() as connection:
        assert connection.execute(select(IdempotencyKey.key)).first() is None


def test_only_writes_have_dry_runs_and_all_of_them_say_so(service: Service) -> None:
    assert service.get("/api/v1/tags?dry_run=true").status_code == 400
    assert service.editor.get("/api/v1/manage/tags?dry_run=true").status_code == 400
    assert service.editor.post("/api/v1/manage/tags?dry_run=1", json={"name": "Paper"}).status_code == 400
    for path, operations in service.services.document["paths"].items():
        for method, operation in operations.items():
            names = {each["name"] for each in operation["parameters"]}
            assert ("dry_run" in names) == (method != "get"), (method, path)
            assert ("Idempotency-Key" in names) == (method == "post"), (method, path)


def test_the_tag_of_a_dry_run_matches_nothing_that_is_written_later(service: Service) -> None:
    entry = service.editor.create("tags", name="First")
    path = f"/api/v1/manage/tags/{entry['id']}"
    dry = service.editor.patch(f"{path}?dry_run=true", json={"name": "Mine"}, if_match=entry["etag"])
    theirs = service.editor.patch(path, json={"name": "Theirs"}, if_match=entry["etag"])
    assert (dry.status_code, theirs.status_code) == (200, 200)
    late = service.editor.patch(path, json={"name": "Mine"}, if_match=dry.headers["ETag"])
    assert late.status_code == 412
    assert service.editor.read("tags", entry)["name"] == "Theirs"
