"""Whoever adds a content type writes a model, two schemas and one entry of the catalogue, and gets everything else."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from openapi_spec_validator import validate
from sqlalchemy import inspect

from cms import clock
from cms.catalog import CONTENT_TYPES
from cms.db import Base
from cms.settings import Settings
from tests.applications import serve
from tests.service import SECRET, Caller, Service
from tests.workshops.model import WORKSHOP_TABLE
from tests.workshops.wire import WORKSHOPS

CATALOG = (*CONTENT_TYPES, WORKSHOPS)
JUNE, JULY, AUGUST = (f"2026-0{month}-01T17:00:00.000Z" for month in (6, 7, 8))


@pytest.fixture
def service(database_url: str) -> Iterator[Service]:
    """The service with a sixth type, on a new database that has its table."""
    running = serve(Settings(database_url=database_url, secret_key=SECRET), catalog=CATALOG)
    WORKSHOP_TABLE.create(running.services.database.engine)
    yield running
    # A database whose tables are those of the product need not be made anew for the next test.
    WORKSHOP_TABLE.drop(running.services.database.engine)
    running.close()


@pytest.fixture
def host(service: Service) -> dict[str, Any]:
    """A live author."""
    return service.editor.create_published("authors", name="Orla Wrenmoor", credentials="MA, ACR")


def test_the_type_leaves_the_tables_of_the_product_alone(service: Service) -> None:
    assert "workshops" not in Base.metadata.tables
    assert "workshops" in inspect(service.services.database.engine).get_table_names()


def test_the_type_has_every_route_that_the_others_have(service: Service) -> None:
    def routes(plural: str) -> set[tuple[str, frozenset[str]]]:
        return {
            (rule.rule.replace(plural, "…"), frozenset(rule.methods or ()))
            for rule in service.app.url_map.iter_rules()
            if f"/{plural}" in rule.rule and rule.rule.startswith("/api/")
        }

    assert routes("workshops") == routes("articles") == routes("tags")
    assert {path for path, _ in routes("workshops")} >= {
        "/api/v1/…",
        "/api/v1/…/<name>",
        "/api/v1/manage/…",
        "/api/v1/manage/…/<entry_id>",
        "/api/v1/manage/…/<entry_id>/undelete",
        "/api/v1/manage/…/<entry_id>/publication",
        "/api/v1/manage/…/<entry_id>/revisions",
        "/api/v1/manage/…/<entry_id>/revisions/<number>",
        "/api/v1/manage/…/<entry_id>/restore",
    }


def test_its_example_can_be_posted_as_it_stands(service: Service) -> None:
    response = service.author.post("/api/v1/manage/workshops", json=WORKSHOPS.example)
    assert response.status_code == 201, response.get_data(as_text=True)


def test_nothing_of_a_draft_is_seen(service: Service) -> None:
    draft = service.editor.create("workshops", name="A secret", starts_at=JUNE)
    assert service.get("/api/v1/workshops").get_json()["data"] == []
    for name in (draft["id"], draft["slug"]):
        assert service.get(f"/api/v1/workshops/{name}").status_code == 404


def test_what_was_written_is_delivered(service: Service, host: dict[str, Any]) -> None:
    written = {
        "name": "An open bench",
        "starts_at": "2026-06-01T19:00:00+02:00",
        "venue": "The bindery",
        "description": "Bring a book that is *broken*.",
        "hosts": ["orla-wrenmoor"],
        "extra": {"seats": 12},
    }
    copy = service.editor.create_published("workshops", **written)
    assert copy["starts_at"] == JUNE
    assert copy["hosts"] == [host["id"]]

    delivered = service.get("/api/v1/workshops/an-open-bench").get_json()["data"]
    assert delivered["type"] == "workshop"
    assert delivered["name"] == "An open bench"
    assert delivered["starts_at"] == JUNE
    assert delivered["venue"] == "The bindery"
    assert delivered["description"] == {"html": "<p>Bring a book that is <em>broken</em>.</p>\n"}
    assert delivered["hosts"] == [
        {
            "id": host["id"],
            "slug": "orla-wrenmoor",
            "name": "Orla Wrenmoor",
            "credentials": "MA, ACR",
            "avatar": None,
            "url": delivered["hosts"][0]["url"],
        }
    ]
    assert delivered["extra"] == {"seats": 12}
    (listed,) = service.get("/api/v1/workshops").get_json()["data"]
    assert listed == {name: value for name, value in delivered.items() if name != "description"}


def test_relations_are_embedded_two_levels_deep_in_few_statements(service: Service, host: dict[str, Any]) -> None:
    service.editor.create_published("social-links", platform="instagram", handle="orla", author=host["id"])
    for number in range(5):
        service.editor.create_published("workshops", name=f"Bench {number}", starts_at=JUNE, hosts=[host["id"]])
    with service.counting() as usage:
        items = service.get("/api/v1/workshops?include=hosts.social_links").get_json()["data"]
    assert [each["hosts"][0]["social_links"][0]["platform"] for each in items] == ["instagram"] * 5
    assert usage.statements <= 4


def test_lists_are_sorted_and_filtered_by_when_an_workshop_starts(service: Service) -> None:
    for name, starts_at in (("Second", JULY), ("First", JUNE), ("Third", AUGUST)):
        service.editor.create_published("workshops", name=name, starts_at=starts_at)
    assert _names(service, "") == ["First", "Second", "Third"]
    assert _names(service, "?sort=-starts_at") == ["Third", "Second", "First"]
    assert _names(service, "?sort=name") == ["First", "Second", "Third"]
    assert _names(service, f"?starts_at__gte={JULY}") == ["Second", "Third"]
    assert _names(service, f"?starts_at__lt={JULY}") == ["First"]


def test_pages_follow_each_other_by_when_an_workshop_starts(service: Service) -> None:
    for month in range(1, 8):
        service.editor.create_published("workshops", name=f"Month {month}", starts_at=f"2026-0{month}-01T09:00:00Z")
    seen: list[str] = []
    query = {"limit": "3"}
    while True:
        page = service.get("/api/v1/workshops", query_string=query).get_json()
        seen += [each["name"] for each in page["data"]]
        if page["page"]["next"] is None:
            break
        query["cursor"] = page["page"]["next"]
    assert seen == [f"Month {month}" for month in range(1, 8)]


def test_lists_are_filtered_by_host(service: Service, host: dict[str, Any]) -> None:
    service.editor.create_published("workshops", name="Hosted later", starts_at=AUGUST, hosts=[host["id"]])
    service.editor.create_published("workshops", name="Hosted sooner", starts_at=JUNE, hosts=["orla-wrenmoor"])
    service.editor.create_published("workshops", name="Alone", starts_at=JULY)
    assert _names(service, "?host=orla-wrenmoor") == ["Hosted sooner", "Hosted later"]
    assert _names(service, f"?host={host['id']}&starts_at__gte={JULY}") == ["Hosted later"]
    assert _names(service, "?host=nobody") == []
    managed = service.viewer.get(f"/api/v1/manage/workshops?host={host['id']}").get_json()["data"]
    assert {each["name"] for each in managed} == {"Hosted later", "Hosted sooner"}


def test_the_schemas_validate(service: Service) -> None:
    response = service.editor.post(
        "/api/v1/manage/workshops", json={"starts_at": "tomorrow", "hosts": ["nobody"], "price": 3}
    )
    assert response.status_code == 422
    faults = {(each["pointer"], each["code"]) for each in response.get_json()["errors"]}
    assert faults == {("#/name", "required"), ("#/starts_at", "invalid_time"), ("#/price", "unknown_field")}
    response = service.editor.post(
        "/api/v1/manage/workshops", json={"name": "Bench", "starts_at": JUNE, "hosts": ["nobody"]}
    )
    assert [(each["pointer"], each["code"]) for each in response.get_json()["errors"]] == [
        ("#/hosts/0", "unknown_reference")
    ]


def test_a_change_needs_the_entity_tag_and_is_kept_in_the_history(service: Service) -> None:
    editor = service.editor
    draft = editor.create("workshops", name="Bench", starts_at=JUNE, description="First.")
    path = f"/api/v1/manage/workshops/{draft['id']}"
    assert editor.patch(path, json={"venue": "The quay"}).status_code == 428
    changed = editor.patch(path, json={"venue": "The quay", "starts_at": JULY}, if_match=draft["etag"])
    assert changed.status_code == 200
    assert editor.patch(path, json={"venue": "The pier"}, if_match=draft["etag"]).status_code == 412
    replaced = editor.put(path, json={"name": "Bench", "starts_at": JULY}, if_match=changed.headers["ETag"])
    assert replaced.status_code == 200
    assert replaced.get_json()["data"]["venue"] is None

    revisions = editor.get(f"{path}/revisions").get_json()["data"]
    assert [each["number"] for each in revisions] == [3, 2, 1]
    first = editor.get(f"{path}/revisions/1").get_json()["data"]["content"]
    assert (first["starts_at"], first["description"]["source"]) == (JUNE, "First.")

    restored = editor.post(f"{path}/restore", json={"revision": 1})
    assert restored.status_code == 200
    assert {name: restored.get_json()["data"][name] for name in ("version", "starts_at", "venue")} == {
        "version": 4,
        "starts_at": JUNE,
        "venue": None,
    }


def test_a_publication_can_be_planned_and_taken_back(service: Service) -> None:
    editor, now = service.editor, clock.now()
    draft = editor.create("workshops", name="Bench", starts_at=JUNE)
    tomorrow, later = (clock.to_wire(now + timedelta(days=days)) for days in (1, 2))
    publication = editor.publish("workshops", draft, live_from=tomorrow, live_until=later)
    assert (publication["status"], publication["live_from"]) == ("scheduled", tomorrow)
    assert _names(service, "") == []
    with clock.moved(timedelta(days=1, minutes=1)):
        assert _names(service, "") == ["Bench"]
    with clock.moved(timedelta(days=2, minutes=1)):
        assert _names(service, "") == []

    editor.publish("workshops", draft)
    assert _names(service, "") == ["Bench"]
    editor.unpublish("workshops", draft)
    assert _names(service, "") == []
    assert editor.read("workshops", draft)["status"] == "unpublished"


def test_a_new_name_keeps_the_old_address_working(service: Service) -> None:
    workshop = service.editor.create_published("workshops", name="Bench", starts_at=JUNE)
    service.editor.change("workshops", workshop, slug="open-bench")
    service.editor.publish("workshops", workshop)
    moved = service.get("/api/v1/workshops/bench")
    assert (moved.status_code, moved.headers["Location"]) == (308, "/api/v1/workshops/open-bench")


def test_the_trash_gives_back_and_a_purge_does_not(service: Service) -> None:
    editor = service.editor
    workshop = editor.create_published("workshops", name="Bench", starts_at=JUNE)
    path = f"/api/v1/manage/workshops/{workshop['id']}"
    editor.trash("workshops", workshop)
    assert _names(service, "") == []
    assert [each["id"] for each in editor.get("/api/v1/manage/workshops?trashed=true").get_json()["data"]] == [
        workshop["id"]
    ]
    undeleted = editor.post(f"{path}/undelete")
    assert undeleted.status_code == 200
    assert undeleted.get_json()["data"]["trashed_at"] is None
    editor.trash("workshops", workshop, purge="true")
    assert editor.get(path).status_code == 404


def test_who_hosts_an_workshop_cannot_be_deleted_unnoticed(service: Service, host: dict[str, Any]) -> None:
    service.editor.create("workshops", name="Bench", starts_at=JUNE, hosts=[host["id"]])
    response = service.editor.delete(f"/api/v1/manage/authors/{host['id']}", if_match="*")
    assert response.status_code == 409
    assert "hosts" in response.get_json()["errors"][0]["detail"]


def test_workshops_are_translated(service: Service) -> None:
    german = {"locales": [{"code": "en", "fallback": None}, {"code": "de", "fallback": "en"}]}
    assert service.admin.patch("/api/v1/manage/site", json=german, if_match="*").status_code == 200
    original = service.editor.create_published("workshops", name="Open bench", starts_at=JUNE)
    service.editor.create_published(
        "workshops", name="Offene Bank", starts_at=JUNE, locale="de", translation_of=original["id"]
    )
    service.editor.create_published("workshops", name="Only in English", starts_at=JULY)
    assert _names(service, "?locale=de") == ["Offene Bank", "Only in English"]


def test_workshops_have_an_address_of_their_own_on_the_site(service: Service) -> None:
    service.editor.create_published("workshops", name="Bench", starts_at=JUNE)
    assert service.get("/api/v1/workshops/bench").get_json()["data"]["url"] is None
    patterns = {"base_url": "https://site.example", "url_patterns": {"workshop": "/whats-on/{slug}"}}
    response = service.admin.patch("/api/v1/manage/site", json=patterns, if_match="*")
    assert response.status_code == 200, response.get_data(as_text=True)
    assert response.get_json()["data"]["url_patterns"]["workshop"] == "/whats-on/{slug}"
    assert service.get("/api/v1/site").get_json()["data"]["url_patterns"]["workshop"] == "/whats-on/{slug}"
    assert service.get("/api/v1/workshops/bench").get_json()["data"]["url"] == "https://site.example/whats-on/bench"


def test_workshops_are_documented(service: Service) -> None:
    document = service.get("/api/v1/openapi.json").get_json()
    validate(document)
    assert {"Workshop", "WorkshopWrite", "ManagedWorkshop", "WorkshopList"} <= document["components"]["schemas"].keys()
    listing = document["paths"]["/api/v1/workshops"]["get"]
    assert listing["operationId"] == "listWorkshops"
    assert {each["name"] for each in listing["parameters"]} >= {"host", "starts_at__gte", "sort", "include"}
    assert document["paths"]["/api/v1/manage/workshops"]["post"]["x-scope"] == "content:write"
    with_articles = {path for path in document["paths"] if "/articles" in path and not path.startswith("/feeds/")}
    with_workshops = {path for path in document["paths"] if "/workshops" in path}
    assert {path.replace("/workshops", "/articles") for path in with_workshops} == with_articles


def _names(caller: Caller, query: str) -> list[str]:
    response = caller.get(f"/api/v1/workshops{query}")
    assert response.status_code == 200, response.get_data(as_text=True)
    return [each["name"] for each in response.get_json()["data"]]
