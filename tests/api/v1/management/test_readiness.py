"""What a write warns of, the checklist that says the same, and what a site has block publishing."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import update
from werkzeug.test import TestResponse

from cms import clock
from cms.content.editing.readiness import BLOCKERS, CHECKS
from cms.content.model import Revision
from cms.settings import Settings
from tests.applications import serve
from tests.service import SECRET, Service

ARTICLES = "/api/v1/manage/articles"
# An article that no check has anything to say of.
SOUND: dict[str, Any] = {
    "title": "A quiet morning",
    "summary": "Paste, paper and a first cup of tea.",
    "body": "## First, the paste\n\nIt has to be [warm and smooth](https://paste.example/).\n",
    "hero_image": {"url": "/media/bench.jpg", "alt": "A workbench."},
    "calls_to_action": [{"label": "Book a first visit", "url": "/visit"}],
}


@pytest.fixture
def on_sqlite(sqlite_url: str) -> Iterator[Service]:
    """The service on one database, for what does not depend on which."""
    running = serve(Settings(database_url=sqlite_url, secret_key=SECRET))
    yield running
    running.close()


def told(response: TestResponse) -> list[tuple[str, str]]:
    """The codes and pointers of an answer's warnings."""
    assert response.status_code in (200, 201), response.get_data(as_text=True)
    return [(each["code"], each["pointer"]) for each in response.get_json()["warnings"]]


def post(service: Service, **fields: Any) -> TestResponse:
    return service.editor.post(ARTICLES, json=SOUND | fields)


def readiness(service: Service, plural: str, entry: Any, query: str = "") -> dict[str, Any]:
    response = service.viewer.get(f"/api/v1/manage/{plural}/{entry['id']}/readiness{query}")
    assert response.status_code == 200, response.get_data(as_text=True)
    data: dict[str, Any] = response.get_json()["data"]
    return data


def failed(checklist: dict[str, Any]) -> list[tuple[str, str]]:
    """The codes and pointers of what a checklist finds."""
    for each in checklist["checks"]:
        assert each["state"] == ("failed" if each["findings"] else "passed")
    return [(each["code"], found["pointer"]) for each in checklist["checks"] for found in each["findings"]]


def block(service: Service, *codes: str) -> None:
    response = service.admin.patch("/api/v1/manage/site", json={"publish_blockers": list(codes)}, if_match="*")
    assert response.status_code == 200, response.get_data(as_text=True)


def publish(service: Service, entry: Any, **body: Any) -> TestResponse:
    return service.editor.put(f"{ARTICLES}/{entry['id']}/publication", json=body, if_match="*")


def test_a_sound_article_has_nothing_to_be_told_of(service: Service) -> None:
    response = post(service)
    assert told(response) == []
    checklist = readiness(service, "articles", response.get_json()["data"])
    assert failed(checklist) == []
    assert checklist["ready"] is True
    assert checklist["revision"] == 1
    assert [each["code"] for each in checklist["checks"]] == [each.code for each in CHECKS]


FAULTY: list[tuple[dict[str, Any], list[tuple[str, str]]]] = [
    ({"body": "*" * 30_001}, [("plain_text", "#/body")]),
    ({"body": "<script>x</script>Text"}, [("removed_element", "#/body")]),
    ({"body": {"format": "html", "source": "<p style=x>A</p>"}}, [("removed_attribute", "#/body")]),
    ({"body": "## A\n\n#### B"}, [("heading_jump", "#/body")]),
    ({"body": "# A"}, [("heading_level_1", "#/body")]),
    ({"body": "### A"}, [("heading_start", "#/body")]),
    ({"body": "![](/a.png)"}, [("missing_alt", "#/body")]),
    ({"hero_image": {"url": "/a.png"}}, [("missing_alt", "#/hero_image/alt")]),
    ({"seo": {"image": {"url": "/a.png", "alt": "a.png"}}}, [("missing_alt", "#/seo/image/alt")]),
    ({"body": "[Read more…](/about)"}, [("vague_link", "#/body")]),
    ({"calls_to_action": [{"label": "» HERE «", "url": "/visit"}]}, [("vague_link", "#/calls_to_action/0/label")]),
    ({"body": "[the glue](/blog/no-such)"}, [("broken_link", "#/body")]),
    ({"calls_to_action": [{"label": "The glue", "url": "/tags/no"}]}, [("broken_link", "#/calls_to_action/0/url")]),
    ({"title": "T" * 51}, [("long_title", "#/title")]),
    ({"seo": {"title": "T" * 61}}, [("long_title", "#/seo/title")]),
    ({"summary": "S" * 161}, [("long_description", "#/summary")]),
    ({"seo": {"description": "S" * 161}}, [("long_description", "#/seo/description")]),
    ({"summary": None}, [("missing_summary", "#/summary")]),
]


def test_every_fault_is_told_by_the_write_and_by_the_checklist(service: Service) -> None:
    for fields, expected in FAULTY:
        response = post(service, **fields)
        assert told(response) == expected, fields
        checklist = readiness(service, "articles", response.get_json()["data"])
        assert failed(checklist) == expected, fields
        assert checklist["ready"] is True, "Nothing blocks unless the site says so."


def test_everything_is_told_at_once_with_its_sentence(on_sqlite: Service) -> None:
    response = post(on_sqlite, body="# A\n\n[here](/blog/no-such) <b onclick=x>B</b>", summary=None)
    assert told(response) == [
        ("removed_attribute", "#/body"),
        ("heading_level_1", "#/body"),
        ("vague_link", "#/body"),
        ("broken_link", "#/body"),
        ("missing_summary", "#/summary"),
    ]
    details = {each["code"]: each["detail"] for each in response.get_json()["warnings"]}
    assert details["removed_attribute"] == "The attribute onclick of <b> was removed, after “A here”."
    assert details["vague_link"] == "The link to “/blog/no-such” has only the text “here”. Describe where it leads."
    assert details["broken_link"] == "“/blog/no-such” is broken: there is no article “no-such”."
    checks = readiness(on_sqlite, "articles", response.get_json()["data"])["checks"]
    assert details == {each["code"]: found["detail"] for each in checks for found in each["findings"]}


def test_a_text_that_stays_as_it_is_is_told_of_by_every_write(service: Service) -> None:
    entry = post(service, body="# A").get_json()["data"]
    path = f"{ARTICLES}/{entry['id']}"
    for change in ({"title": "Another"}, {"title": "Another"}, {"note": "Nothing"}):
        assert told(service.editor.patch(path, json=change, if_match="*")) == [("heading_level_1", "#/body")]
    assert told(publish(service, entry)) == [("heading_level_1", "#/body")]
    assert told(service.editor.patch(path, json={"body": "## A"}, if_match="*")) == []
    restored = service.editor.post(f"{path}/restore", json={"revision": 1})
    assert told(restored) == [("heading_level_1", "#/body")]


def test_limits_are_those_of_the_results_page(on_sqlite: Service) -> None:
    template = {"title_template": "{title} | {site}", "name": "Harbour & Reed"}
    assert on_sqlite.admin.patch("/api/v1/manage/site", json=template, if_match="*").status_code == 200
    assert told(post(on_sqlite, title="T" * 43)) == []
    assert told(post(on_sqlite, title="T" * 44)) == [("long_title", "#/title")]
    assert told(post(on_sqlite, title="T" * 44, seo={"title": "Short"})) == []
    assert told(post(on_sqlite, title="T" * 44, summary="S" * 200, seo={"noindex": True})) == []
    assert told(post(on_sqlite, summary="S" * 160)) == []
    assert told(post(on_sqlite, summary="S" * 200, seo={"description": "Short."})) == []


def test_links_within_the_site_are_followed(service: Service) -> None:
    base = {"base_url": "https://harbour-and-reed.example/site", "navigation": [{"label": "T", "url": "/tags/all"}]}
    assert service.admin.patch("/api/v1/manage/site", json=base, if_match="*").status_code == 200
    service.editor.create_published("articles", slug="live")
    draft = service.editor.create("articles", slug="a-draft")
    trashed = service.editor.create("articles", slug="trashed")
    service.editor.trash("articles", trashed)
    moved = service.editor.create_published("articles", slug="old")
    service.editor.change("articles", moved, slug="new")
    service.editor.create_published("faqs", slug="dry")
    found = {
        "/blog/live": None,
        "/blog/live/?x=1#y": None,
        "https://harbour-and-reed.example/site/blog/live": None,
        "HTTP://Harbour-And-Reed.example/site/blog/live": None,
        "live": None,
        "/faq#dry": None,
        "/tags/all": None,
        "/tags": None,
        "#no-such": None,
        "/contact": None,
        "/blog/2024/archive": None,
        "mailto:orla@harbour-and-reed.example": None,
        "https://elsewhere.example/site/blog/no-such": None,
        "https://harbour-and-reed.example/blog/no-such": None,
        "https://[broken/blog/no-such": None,
        "/blog/itself": None,
        "/blog/old": None,
        "/blog/no-such": "broken_link",
        "no-such": "broken_link",
        "../authors/nobody": "broken_link",
        "/faq#wet": "broken_link",
        "/blog/no%2Dsuch": "broken_link",
        "/blog/a-draft": "unpublished_link",
        "/blog/trashed": "unpublished_link",
        "/blog/new": "unpublished_link",
    }
    source = "".join(f'<p><a href="{address}">Of paper</a></p>' for address in found)
    response = post(service, slug="itself", body={"format": "html", "source": source})
    expected = [(code, "#/body") for code in found.values() if code]
    assert told(response) == expected
    details = [each["detail"] for each in response.get_json()["warnings"]]
    assert f"“/blog/a-draft” leads to article {draft['id']}, which is not live." in details
    assert f"“/blog/trashed” leads to article {trashed['id']}, which is in the trash." in details
    assert f"“/blog/new” leads to article {moved['id']}, which is live under the slug “old”." in details

    service.editor.publish("articles", moved)
    service.editor.publish("articles", draft)
    entry = response.get_json()["data"]
    checks = readiness(service, "articles", entry)["checks"]
    now = {each["code"]: [found["detail"] for found in each["findings"]] for each in checks}
    assert now["moved_link"] == ["“/blog/old” redirects to https://harbour-and-reed.example/site/blog/new."]
    assert now["unpublished_link"] == [f"“/blog/trashed” leads to article {trashed['id']}, which is in the trash."]


def test_many_dead_links_are_looked_up_in_one_statement_and_counted(service: Service) -> None:
    entry = post(service).get_json()["data"]
    path = f"{ARTICLES}/{entry['id']}"
    taken = []
    for number in (1, 40):
        body = " ".join(f"[glue {each}](/blog/glue-{each})" for each in range(number))
        with service.counting() as counted:
            response = service.editor.patch(path, json={"body": body}, if_match="*")
        taken.append(counted.statements)
        assert len(told(response)) == min(number, 21)
    assert taken[0] == taken[1]
    assert response.get_json()["warnings"][-1]["detail"] == "20 more links have the same problem."


def test_references_are_judged_as_what_they_are(service: Service) -> None:
    author, tag = service.editor.create("authors"), service.editor.create("tags")
    response = post(service, authors=[author["id"]], tags=[tag["id"]])
    expected = [("unpublished_author", "#/authors/0"), ("unpublished_reference", "#/tags/0")]
    assert told(response) == expected
    entry = response.get_json()["data"]
    assert failed(readiness(service, "articles", entry)) == expected
    service.editor.publish("authors", author)
    assert failed(readiness(service, "articles", entry)) == expected[1:]


def test_each_type_is_checked_for_what_it_has(on_sqlite: Service) -> None:
    cases: dict[str, tuple[dict[str, Any], list[tuple[str, str]]]] = {
        "authors": (
            {"bio": "[here](/x)", "avatar": {"url": "/a.png"}},
            [("missing_alt", "#/avatar/alt"), ("vague_link", "#/bio")],
        ),
        "faqs": ({"answer": "### A\n\n![](/a.png)"}, [("missing_alt", "#/answer")]),
        "tags": ({}, []),
        "social-links": ({}, []),
    }
    for plural, (fields, expected) in cases.items():
        entry = on_sqlite.editor.create(plural, **fields)
        checklist = readiness(on_sqlite, plural, entry)
        assert failed(checklist) == expected
        codes = {each["code"] for each in checklist["checks"]}
        assert "missing_summary" not in codes
        assert ("missing_alt" in codes) is (plural in ("authors", "faqs"))


def test_a_site_may_have_chosen_points_block_publishing(service: Service) -> None:
    block(service, "missing_alt", "broken_link")
    fields = {"body": "# A\n\n![](/a.png) [glue](/blog/no-such)"}
    entry = post(service, **fields).get_json()["data"]
    assert told(post(service, **fields)) != [], "Drafts are saved whatever they are like."

    checklist = readiness(service, "articles", entry)
    assert checklist["ready"] is False
    blocking = [each["code"] for each in checklist["checks"] if each["blocks"]]
    assert blocking == ["missing_alt", "broken_link"]

    tomorrow = clock.to_wire(clock.now() + timedelta(days=1))
    before = service.editor.read("articles", entry)
    for response in (
        publish(service, entry),
        publish(service, entry, live_from=tomorrow),
        service.editor.patch(f"{ARTICLES}/{entry['id']}?publish=true", json={"title": "B"}, if_match="*"),
        service.editor.put(f"{ARTICLES}/{entry['id']}?publish=true", json=SOUND | fields, if_match="*"),
        service.editor.post(f"{ARTICLES}?publish=true", json=SOUND | fields | {"slug": "another"}),
    ):
        assert response.status_code == 422
        problem = response.get_json()
        assert problem["type"].endswith("/not-ready")
        assert "override_reason" in problem["detail"]
        assert [(each["code"], each["pointer"]) for each in problem["errors"]] == [
            ("missing_alt", "#/body"),
            ("broken_link", "#/body"),
        ]
    assert service.editor.read("articles", entry) == before
    assert service.get("/api/v1/articles").get_json()["data"] == []

    service.editor.change("articles", entry, body="# A")
    assert told(publish(service, entry)) == [("heading_level_1", "#/body")], "What was not chosen does not block."


def test_the_revision_that_is_published_is_the_one_that_is_checked(service: Service) -> None:
    entry = post(service, body="# A").get_json()["data"]
    service.editor.change("articles", entry, body="## A")
    block(service, "heading_level_1")
    assert readiness(service, "articles", entry)["ready"] is True
    assert readiness(service, "articles", entry, "?revision=1")["ready"] is False
    assert publish(service, entry, revision=1).status_code == 422
    assert told(publish(service, entry, revision=2)) == []
    service.editor.change("articles", entry, body="# B")
    assert told(publish(service, entry, revision=2, live_until=None)) == [], "It is told of the one that is live."
    missing = service.editor.get(f"{ARTICLES}/{entry['id']}/readiness?revision=9")
    assert missing.status_code == 404


def test_what_is_live_already_is_not_checked_again_for_another_end(on_sqlite: Service) -> None:
    entry = post(on_sqlite, body="# A").get_json()["data"]
    assert publish(on_sqlite, entry).status_code == 200
    block(on_sqlite, "heading_level_1")
    tomorrow = clock.to_wire(clock.now() + timedelta(days=1))
    assert publish(on_sqlite, entry, live_until=tomorrow).status_code == 200


def test_what_will_be_live_by_then_does_not_block_a_plan(service: Service) -> None:
    block(service, "unpublished_author", "unpublished_link")
    author = service.editor.create("authors", slug="orla-wrenmoor")
    day = [clock.to_wire(clock.now() + timedelta(days=days)) for days in range(4)]
    service.editor.publish("authors", author, live_from=day[1], live_until=day[3])
    entry = post(service, authors=[author["id"]], body="By [Orla](/authors/orla-wrenmoor).").get_json()["data"]
    expected = [("unpublished_author", "#/authors/0"), ("unpublished_link", "#/body")]
    for times in ({}, {"live_from": day[3]}):
        errors = publish(service, entry, **times).get_json()["errors"]
        assert [(each["code"], each["pointer"]) for each in errors] == sorted(expected, reverse=True)
    assert publish(service, entry, live_from=day[2]).status_code == 200


@pytest.mark.parametrize("way", ["publication", "parameter"])
def test_a_reason_passes_and_is_kept_in_the_audit_log(service: Service, way: str) -> None:
    block(service, "missing_summary")
    entry = post(service, summary=None).get_json()["data"]
    reason = "Orla is away & it has to be out today."
    path = f"{ARTICLES}/{entry['id']}"
    if way == "publication":
        assert publish(service, entry, override_reason=" ").status_code == 422
        assert publish(service, entry, override_reason="x" * 501).status_code == 422
        response = publish(service, entry, override_reason=reason)
    else:
        query = {"publish": "true", "override_reason": reason}
        response = service.editor.patch(path, json={"title": "B"}, query_string=query, if_match="*")
    assert told(response) == [("missing_summary", "#/summary")]
    assert service.get(f"/api/v1/articles/{entry['id']}").status_code == 200
    events = service.admin.get(f"/api/v1/manage/events?subject={entry['id']}&action=published").get_json()["data"]
    assert [each["reason"] for each in events] == [reason]
    service.admin.trash("articles", entry, purge="true")
    events = service.admin.get(f"/api/v1/manage/events?subject={entry['id']}").get_json()["data"]
    assert {"published", "purged"} <= {each["action"] for each in events}
    assert {each["reason"] for each in events} == {None}


def test_a_reason_that_nothing_needed_is_not_kept(service: Service) -> None:
    block(service, "missing_summary")
    entry = post(service, summary="There is one.").get_json()["data"]
    assert publish(service, entry, override_reason="To be sure.").status_code == 200
    until = clock.to_wire(clock.now() + timedelta(hours=1))
    assert publish(service, entry, live_until=until, override_reason="To be sure.").status_code == 200
    events = service.admin.get(f"/api/v1/manage/events?subject={entry['id']}").get_json()["data"]
    assert [(each["action"], each["reason"]) for each in events[:2]] == [("published", None)] * 2


def test_a_batch_publishes_no_more_than_single_requests_do(service: Service) -> None:
    block(service, "missing_summary")
    entry = post(service, summary=None).get_json()["data"]
    path = f"/articles/{entry['id']}/publication"
    operation = {"method": "PUT", "path": path, "headers": {"If-Match": "*"}, "body": {}}
    response = service.editor.post("/api/v1/manage/batch", json={"operations": [operation]})
    assert response.status_code == 422
    assert response.get_json()["type"].endswith("/not-ready")
    assert [each["code"] for each in response.get_json()["errors"]] == ["missing_summary"]
    assert service.get(f"/api/v1/articles/{entry['id']}").status_code == 404
    operation["body"] = {"override_reason": "It has to be out today."}
    response = service.editor.post("/api/v1/manage/batch", json={"operations": [operation]})
    assert response.status_code == 200
    assert response.get_json()["data"][0]["body"]["warnings"][0]["code"] == "missing_summary"


def test_blockers_are_checks_and_stand_once_and_for_the_administrator(on_sqlite: Service) -> None:
    for given, code in ((["no_such"], "unknown_value"), (["future_date"], "unknown_value"), ("all", "invalid_type")):
        response = on_sqlite.admin.patch("/api/v1/manage/site", json={"publish_blockers": given}, if_match="*")
        assert response.status_code == 422
        assert response.get_json()["errors"][0]["code"] == code
    twice = on_sqlite.admin.patch("/api/v1/manage/site", json={"publish_blockers": ["long_title"] * 2}, if_match="*")
    assert twice.get_json()["errors"][0]["pointer"] == "#/publish_blockers/1"
    block(on_sqlite, *BLOCKERS)
    assert on_sqlite.admin.get("/api/v1/manage/site").get_json()["data"]["publish_blockers"] == list(BLOCKERS)
    assert "publish_blockers" not in on_sqlite.get("/api/v1/site").get_json()["data"]
    assert publish(on_sqlite, post(on_sqlite).get_json()["data"]).status_code == 200


def test_a_revision_from_before_findings_were_kept_is_reviewed_when_asked(service: Service) -> None:
    entry = post(service, body="# A").get_json()["data"]
    with service.services.database.transaction() as session:
        session.execute(update(Revision).values(review=None))
    assert failed(readiness(service, "articles", entry)) == [("heading_level_1", "#/body")]
    response = service.editor.patch(f"{ARTICLES}/{entry['id']}", json={"title": "B"}, if_match="*")
    assert told(response) == [("heading_level_1", "#/body")]
    assert readiness(service, "articles", entry)["revision"] == 2


def test_the_checklist_needs_an_entry_of_the_type_and_a_key(on_sqlite: Service) -> None:
    entry = post(on_sqlite).get_json()["data"]
    for path in (f"/api/v1/manage/faqs/{entry['id']}/readiness", f"{ARTICLES}/nothing/readiness"):
        assert on_sqlite.viewer.get(path).status_code == 404
    assert on_sqlite.get(f"{ARTICLES}/{entry['id']}/readiness").status_code == 401
    assert on_sqlite.viewer.get(f"{ARTICLES}/{entry['id']}/readiness?revision=0").status_code == 400
