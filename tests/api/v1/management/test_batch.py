"""Many writes in one request: all or none, in their order, through the contract of each."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from cms.api.http.contract import METHODS, contract_of
from cms.api.v1.management.batch import SCOPES, Batch
from cms.content.editing.model import Entry
from cms.content.editing.write import Write, begin_write
from cms.content.model import Event, Revision
from cms.rendering import rendition
from tests.service import Caller, Service

PATH = "/api/v1/manage/batch"
NEW = {"If-None-Match": "*"}
WHATEVER = {"If-Match": "*"}
AUTHOR, LINK, QUESTION, ARTICLE, OTHER = (f"0199c0de-0000-7000-8000-00000000b00{number}" for number in range(1, 6))


def put(path: str, body: Any, *, headers: dict[str, str] = NEW, **query: Any) -> dict[str, Any]:
    return {"method": "PUT", "path": path, "headers": headers, "query": query, "body": body}


def patch(path: str, body: Any, *, if_match: str = "*") -> dict[str, Any]:
    return {"method": "PATCH", "path": path, "headers": {"If-Match": if_match}, "body": body}


def send(caller: Caller, *operations: dict[str, Any], query: str = "", **headers: str) -> TestResponse:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return caller.post(PATH + query, json={"operations": operations}, headers=named)


def done(response: TestResponse) -> list[dict[str, Any]]:
    assert response.status_code == 200, response.get_data(as_text=True)
    results: list[dict[str, Any]] = response.get_json()["data"]
    return results


def refused(response: TestResponse, status: int, code: str) -> dict[str, Any]:
    assert response.status_code == status, response.get_data(as_text=True)
    problem: dict[str, Any] = response.get_json()
    assert problem["type"].endswith(f"/{code}")
    return problem


def places(problem: dict[str, Any]) -> list[tuple[str, str]]:
    return [(each["code"], each["pointer"]) for each in problem["errors"]]


def counts(service: Service) -> list[int]:
    with service.services.database.snapshot() as connection:
        return [
            connection.execute(select(func.count()).select_from(each)).scalar_one() for each in (Entry, Revision, Event)
        ]


WHOLE_PAGE = (
    put("/site", {"name": "Harbour & Reed"}, headers=WHATEVER),
    put(f"/authors/{AUTHOR}", {"name": "Orla Wrenmoor", "slug": "orla-wrenmoor"}, publish=True),
    put(f"/social-links/{LINK}", {"platform": "mastodon", "handle": "@o@books.example", "author": "orla-wrenmoor"}),
    {"method": "PUT", "path": f"/social-links/{LINK}/publication", "headers": WHATEVER},
    put(f"/faqs/{QUESTION}", {"question": "How warm?", "answer": "Hand-warm."}, publish=True),
    put(f"/articles/{ARTICLE}", {"title": "A loose spine", "authors": ["orla-wrenmoor"], "faqs": [QUESTION]}),
    put(f"/articles/{ARTICLE}/publication", {"live_until": None}, headers=WHATEVER),
)


def test_a_whole_page_is_one_request_and_one_change(service: Service) -> None:
    results = done(send(service.admin, *WHOLE_PAGE))
    assert [each["status"] for each in results] == [200, 201, 201, 200, 201, 201, 200]
    assert results[5]["headers"]["Location"] == f"/api/v1/manage/articles/{ARTICLE}"
    assert {each["headers"]["ETag"] for each in results} == {results[0]["headers"]["ETag"]}
    assert results[6]["body"]["data"]["status"] == "published"

    page = service.get("/api/v1/articles/a-loose-spine?include=authors.social_links,faqs").get_json()["data"]
    assert page["authors"][0]["name"] == "Orla Wrenmoor"
    assert page["authors"][0]["social_links"][0]["handle"] == "o@books.example"
    assert page["faqs"][0]["question"] == "How warm?"
    managed = service.admin.get(f"/api/v1/manage/articles/{ARTICLE}")
    assert managed.headers["ETag"] == results[6]["headers"]["ETag"]
    assert managed.get_json()["data"]["etag"] == managed.headers["ETag"]


def test_when_the_last_is_refused_nothing_of_the_others_is_kept(service: Service) -> None:
    service.editor.create("articles", slug="taken")
    site = service.admin.get("/api/v1/manage/site").headers["ETag"]
    before = counts(service)
    clash = put("/articles/0199c0de-0000-7000-8000-00000000b009", {"title": "Two", "slug": "taken"})
    problem = refused(send(service.admin, *WHOLE_PAGE, clash), 409, "slug-taken")
    assert problem["operation"] == 7
    assert problem["detail"].startswith("Operation 7: ")
    assert places(problem) == [("slug_taken", "#/operations/7/body/slug")]
    assert counts(service) == before
    assert service.admin.get("/api/v1/manage/site").headers["ETag"] == site
    assert service.get("/api/v1/articles/a-loose-spine").status_code == 404


def test_what_is_wrong_with_the_form_of_any_is_told_before_the_first_is_run(service: Service) -> None:
    entry = service.editor.create("tags")
    problem = refused(
        send(
            service.editor,
            patch(f"/tags/{entry['id']}", {"name": "Changed"}),
            put(f"/tags/{AUTHOR}", {"name": "", "colour": 1}),
            put(f"/tags/{LINK}", {"name": "Fine"}, publis=True),
            put("/nothing", {}),
            {"method": "POST", "path": "/keys", "body": {"name": "Mine", "role": "viewer"}},
            {"method": "POST", "path": "/batch", "body": {"operations": []}},
            {"method": "POST", "path": f"/tags/{entry['id']}/preview-tokens"},
            put("/site", {"name": "Mine"}, headers=WHATEVER),
        ),
        422,
        "validation-error",
    )
    assert problem["operation"] == 1
    assert places(problem) == [
        ("too_short", "#/operations/1/body/name"),
        ("unknown_field", "#/operations/1/body/colour"),
        ("unknown_parameter", "#/operations/2/query/publis"),
        ("unknown_operation", "#/operations/3"),
        ("unknown_operation", "#/operations/4"),
        ("unknown_operation", "#/operations/5"),
        ("unknown_operation", "#/operations/6"),
        ("refused", "#/operations/7"),  # An editor's key has not the scope site:write.
    ]
    assert service.editor.read("tags", entry) == entry


def test_what_is_written_is_rendered_before_the_transaction_begins(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    text, pieces = "Old.", {"format": "blocks", "source": []}
    entry, told = (service.editor.create("articles", body=each) for each in (text, pieces))
    running: list[Any] = []
    rendered: list[bool] = []
    known = rendition._rendered

    @contextmanager
    def observed(*given: Any, **options: Any) -> Iterator[Write]:
        with begin_write(*given, **options) as write:
            running.append(write)
            yield write
            running.clear()

    def counted(format: Any, source: Any) -> rendition.Rendition:
        rendered.append(bool(running))
        return known(format, source)

    monkeypatch.setattr("cms.api.execution.begin_write", observed)
    monkeypatch.setattr("cms.rendering.rendition._rendered", counted)
    new = [{"method": "POST", "path": "/articles", "body": {"title": "A", "body": f"Page {n}."}} for n in range(20)]
    again = patch(f"/articles/{entry['id']}", {"body": {"source": "New."}})
    paragraph = {"_type": "block", "children": [{"_type": "span", "text": "New."}]}
    blocks = patch(f"/articles/{told['id']}", {"body": {"source": [paragraph]}})
    done(send(service.editor, *new, again, blocks))
    assert rendered == [False] * 22
    assert service.editor.read("articles", entry)["body"]["source"] == "New."


def test_each_operation_needs_its_own_scope(service: Service) -> None:
    entry = service.editor.create("tags")
    change = patch(f"/tags/{entry['id']}", {"name": "Changed"})
    publication = {"method": "PUT", "path": f"/tags/{entry['id']}/publication", "headers": WHATEVER}
    assert refused(send(service.viewer, change), 403, "forbidden")["scope"] == "content:write"
    assert refused(send(service.author, change, publication), 403, "forbidden")["scope"] == "content:publish"
    # What the method itself asks for as it goes, too.
    at_once = put(f"/tags/{AUTHOR}", {"name": "At once"}, publish=True)
    assert refused(send(service.author, change, at_once), 403, "forbidden")["operation"] == 1
    assert service.editor.read("tags", entry) == entry
    assert len(done(send(service.editor, change, publication, at_once))) == 3


def test_preconditions_hold_for_each_operation(service: Service) -> None:
    one, other = service.editor.create("tags"), service.editor.create("tags")
    newer = service.editor.change("tags", other, name="Newer")
    first = patch(f"/tags/{one['id']}", {"name": "Changed"}, if_match=one["etag"])
    problem = refused(
        send(service.editor, first, patch(f"/tags/{other['id']}", {"name": "Mine"}, if_match=other["etag"])),
        412,
        "precondition-failed",
    )
    assert (problem["operation"], problem["etag"], problem["changed_fields"]) == (1, newer["etag"], ["name"])
    without = {"method": "DELETE", "path": f"/tags/{other['id']}"}
    assert refused(send(service.editor, first, without), 428, "precondition-required")["operation"] == 1
    assert service.editor.read("tags", one) == one
    # A precondition of the batch itself is none of its operations'.
    assert refused(send(service.editor, first, without, If_Match="*"), 428, "precondition-required")
    assert done(send(service.editor, first))[0]["body"]["data"]["name"] == "Changed"


def test_one_entry_can_be_made_published_trashed_and_erased_in_one_batch(service: Service) -> None:
    path = f"/articles/{ARTICLE}"
    live = {"method": "PUT", "path": f"{path}/publication", "headers": WHATEVER}
    results = done(
        send(
            service.editor,
            put(path, {"title": "First"}),
            live,
            patch(path, {"title": "Second"}),
            patch(path, {"title": "Second"}),
            live,
            {"method": "DELETE", "path": path, "headers": WHATEVER},
            {"method": "POST", "path": f"{path}/undelete"},
            {"method": "POST", "path": f"{path}/restore", "body": {"revision": 1}},
            {"method": "DELETE", "path": path, "headers": WHATEVER, "query": {"purge": True}},
            put(f"/articles/{OTHER}", {"title": "Third", "slug": "first"}, publish="true"),
        )
    )
    assert [each["status"] for each in results] == [201, 200, 200, 200, 200, 204, 200, 200, 204, 201]
    assert results[5] == {"status": 204, "headers": {}, "body": None}
    assert [each["body"]["data"]["version"] for each in (results[0], results[2], results[3])] == [1, 2, 2]
    assert service.get("/api/v1/articles/first").get_json()["data"]["title"] == "Third"
    with service.services.database.snapshot() as connection:
        told = connection.execute(
            select(Event.change, Event.position, Event.action)
            .where(Event.subject == ARTICLE)
            .order_by(Event.change, Event.position)
        ).all()
    assert len({each.change for each in told}) == 1
    assert [each.position for each in told] == list(range(len(told)))
    assert [each.action for each in told][:4] == ["created", "published", "saved", "published"]


def test_a_language_that_the_batch_adds_can_be_written_in(service: Service) -> None:
    languages = [{"code": "en", "fallback": None}, {"code": "de", "fallback": "en"}]
    german = put(f"/tags/{AUTHOR}", {"name": "Binden", "locale": "de"})
    assert places(refused(send(service.admin, german), 422, "validation-error"))[0][0] == "unknown_locale"
    results = done(send(service.admin, patch("/site", {"locales": languages}), german))
    assert results[1]["body"]["data"]["locale"] == "de"


def test_a_batch_of_nothing_new_is_no_change(service: Service) -> None:
    entry = service.editor.create("tags", name="Repair")
    before = counts(service)
    result = done(send(service.editor, patch(f"/tags/{entry['id']}", {"name": "Repair"}, if_match=entry["etag"])))
    assert result[0]["headers"]["ETag"] == entry["etag"]
    assert counts(service) == before


def test_a_dry_run_shows_everything_and_keeps_nothing(service: Service) -> None:
    tag = service.admin.create("tags", name="Repair")
    before = counts(service)
    renamed = patch(f"/tags/{tag['id']}", {"name": "Mending"})
    rehearsed = done(send(service.admin, *WHOLE_PAGE, renamed, query="?dry_run=true"))
    assert [each["status"] for each in rehearsed] == [200, 201, 201, 200, 201, 201, 200, 200]
    changed = {each["path"]: each.get("value") for each in rehearsed[7]["body"]["changes"]}
    assert changed["/name"] == "Mending"
    assert "changes" not in rehearsed[6]["body"]  # What is published does not exist at present.
    assert counts(service) == before
    assert service.admin.read("tags", tag) == tag
    assert [each["status"] for each in done(send(service.admin, *WHOLE_PAGE, renamed))] == [
        each["status"] for each in rehearsed
    ]


def test_one_operation_alone_cannot_be_a_dry_run(service: Service) -> None:
    problem = refused(
        send(service.editor, put(f"/tags/{AUTHOR}", {"name": "x"}, dry_run=True)), 400, "invalid-parameter"
    )
    assert places(problem) == [("excluded", "#/operations/0/query/dry_run")]


def test_whatever_an_operation_can_be_refused_for_is_documented_of_a_batch(service: Service) -> None:
    known = set[str]()
    for view in service.app.view_functions.values():
        endpoint = getattr(view, "view_class", None)
        for method in (getattr(endpoint, name.lower(), None) for name in METHODS[1:]):
            if method is not None and contract_of(method).scope in SCOPES:
                known |= contract_of(method).problems
    assert "precondition-failed" in known
    # That the body breaks a rule is documented of whatever has one.
    assert known - {"validation-error"} <= contract_of(Batch.post).problems


def test_references_in_the_order_given_only(service: Service) -> None:
    article = put(f"/articles/{ARTICLE}", {"title": "Early", "authors": [AUTHOR]})
    author = put(f"/authors/{AUTHOR}", {"name": "Orla Wrenmoor"})
    problem = refused(send(service.editor, article, author), 422, "validation-error")
    assert places(problem) == [("unknown_reference", "#/operations/0/body/authors/0")]
    done(send(service.editor, author, article))


def test_what_is_no_batch_is_refused(service: Service) -> None:
    def errors(document: Any) -> list[tuple[str, str]]:
        return places(refused(service.editor.post(PATH, json=document), 422, "validation-error"))

    one = put(f"/tags/{AUTHOR}", {"name": "x"})
    assert errors({}) == [("required", "#/operations")]
    assert errors({"operations": [one] * 101}) == [("too_many", "#/operations")]
    assert errors({"operations": [{**one, "method": "GET"}]}) == [("unknown_value", "#/operations/0/method")]
    assert errors({"operations": [{**one, "path": "/tags?x=1"}]}) == [("invalid_format", "#/operations/0/path")]
    assert errors({"operations": [{**one, "headers": {"Host": "x"}}]}) == [
        ("unknown_field", "#/operations/0/headers/Host")
    ]
    assert errors({"operations": [{**one, "query": {"publish": {}}}]}) == [("invalid_type", "#/operations/0/query")]


def test_a_batch_may_be_larger_than_a_request_and_each_of_its_operations_may_not(service: Service) -> None:
    text = "word " * 40_000
    ids = [f"0199c0de-0000-7000-8000-0000000000{number:02}" for number in range(6)]
    large = [put(f"/articles/{each}", {"title": "Long", "body": text}) for each in ids]
    assert len(json.dumps(large)) > 1024 * 1024
    assert len(done(send(service.editor, *large))) == 6
    too_large = put(f"/articles/{ARTICLE}", {"title": "Long", "body": text * 6})
    assert refused(send(service.editor, too_large), 413, "content-too-large")["operation"] == 0


def test_an_odd_path_leads_nowhere(service: Service) -> None:
    for path in ("/../site", "/tags/..", "//tags", "/tags/"):
        assert send(service.admin, put(path, {"name": "x"})).status_code in (404, 422), path


def test_a_refused_batch_tells_no_tag_that_another_write_will_have(service: Service) -> None:
    entry = service.editor.create("tags", name="First")
    path = f"/tags/{entry['id']}"
    change = {"method": "PATCH", "path": path, "headers": {"If-Match": entry["etag"]}}
    operations = [{**change, "body": {"name": "Once"}}, {**change, "body": {"name": "Twice"}}]
    refused = service.editor.post("/api/v1/manage/batch", json={"operations": operations})
    assert refused.status_code == 412
    assert "ETag" not in refused.headers
    assert refused.get_json().keys().isdisjoint({"etag", "changed_by", "changed_at"})
    assert refused.get_json()["operation"] == 1
