"""A new content type needs a model, a JSON-LD mapping, a declaration, two schemas and a line in the catalogue."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from feedparser import parse
from openapi_spec_validator import validate
from sqlalchemy import inspect

from cms import clock
from cms.catalog import CONTENT_TYPES
from cms.content.published.narrowing import narrowings
from cms.content.types import ByReference, EntryFeed, FeedFilter, Reference
from cms.db import Base
from cms.settings import Settings
from tests.applications import serve
from tests.service import SECRET, Caller, Service
from tests.workshops import WORKSHOP
from tests.workshops.model import WORKSHOP_TABLE
from tests.workshops.schemas import WORKSHOPS

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
    feed = document["paths"]["/feeds/workshops.rss"]["get"]
    assert feed["operationId"] == "getWorkshopsRSS"
    assert {each["name"] for each in feed["parameters"]} >= {"host", "locale"}
    search = document["paths"]["/api/v1/search"]["get"]
    assert {each["name"] for each in search["parameters"]} >= {"host", "tag", "author"}
    assert document["paths"]["/api/v1/manage/workshops"]["post"]["x-scope"] == "content:write"
    with_articles = {path for path in document["paths"] if "/articles" in path}
    with_workshops = {path for path in document["paths"] if "/workshops" in path}
    assert {path.replace("/workshops", "/articles") for path in with_workshops} == with_articles


def _with_pages(service: Service) -> None:
    """Give workshops an address on the site."""
    settings = {"base_url": "https://site.example", "url_patterns": {"workshop": "/whats-on/{slug}"}}
    assert service.admin.patch("/api/v1/manage/site", json=settings, if_match="*").status_code == 200


@pytest.mark.parametrize("ending", ["rss", "atom", "json"])
def test_workshops_have_feeds(service: Service, host: dict[str, Any], ending: str) -> None:
    _with_pages(service)
    service.editor.create_published("workshops", name="Alone", starts_at=JUNE, description="By *myself*.")
    hosted = service.editor.create_published("workshops", name="Hosted", starts_at=JULY, hosts=[host["id"]])
    service.editor.create("workshops", name="Draft", starts_at=JUNE, hosts=[host["id"]])

    def entries(query: str = "") -> list[Any]:
        response = service.get(f"/feeds/workshops.{ending}{query}")
        assert response.status_code == 200, response.get_data(as_text=True)
        assert "workshop" in response.headers["Cache-Tag"].split(",")
        parsed = response.get_json(force=True)["items"] if ending == "json" else parse(response.get_data()).entries
        return list(parsed)

    def title(entry: Any) -> str:
        return str(entry["title"])

    assert sorted(map(title, entries())) == ["Alone", "Hosted"]
    (alone,) = [each for each in entries() if title(each) == "Alone"]
    assert (alone.get("url") or alone.get("link")) == "https://site.example/whats-on/alone"
    content = alone["content_html"] if ending == "json" else str(alone)
    assert "<p>By <em>myself</em>.</p>" in content
    (entry,) = entries("?host=orla-wrenmoor")
    assert title(entry) == "Hosted"
    assert entry["id"] == f"urn:uuid:{hosted['id']}"
    assert [each["name"] for each in entry["authors"]] == ["Orla Wrenmoor"]
    assert service.get(f"/feeds/workshops.{ending}?host=nobody").status_code == 404
    assert service.get(f"/feeds/workshops.{ending}?tag=repair").status_code == 400


def test_the_feed_of_a_host_says_whose_it_is(service: Service, host: dict[str, Any]) -> None:
    feed = service.get("/feeds/workshops.json?host=orla-wrenmoor").get_json(force=True)
    assert feed["title"] == "Orla Wrenmoor | My site"
    assert feed["feed_url"] == "http://127.0.0.1:8000/feeds/workshops.json?host=orla-wrenmoor"


def test_the_newest_workshops_come_first(service: Service) -> None:
    for name in ("First", "Second"):
        service.editor.create_published("workshops", name=name, starts_at=JUNE)
    titles = [each["title"] for each in service.get("/feeds/workshops.json").get_json(force=True)["items"]]
    assert titles == ["Second", "First"]


def test_workshops_are_events_to_search_engines(service: Service, host: dict[str, Any]) -> None:
    _with_pages(service)
    service.editor.create_published("social-links", platform="instagram", handle="orla", author=host["id"])
    text = "Bring a book that is *broken*."
    service.editor.create_published(
        "workshops", name="Bench", starts_at=JUNE, venue="The bindery", description=text, hosts=[host["id"]]
    )
    with service.counting() as usage:
        graph = service.get("/api/v1/workshops/bench?include=jsonld").get_json()["data"]["jsonld"]["@graph"]
    assert usage.statements <= 6
    nodes = {each["@type"]: each for each in graph}
    assert nodes.keys() == {"Event", "WebPage", "Person", "BreadcrumbList", "Organization", "WebSite"}
    page = "https://site.example/whats-on/bench"
    person = nodes["Person"]
    assert person["sameAs"] == ["https://www.instagram.com/orla"]
    assert nodes["Event"] == {
        "@type": "Event",
        "@id": f"{page}#event",
        "name": "Bench",
        "startDate": JUNE,
        "location": {"@type": "Place", "name": "The bindery"},
        "description": "Bring a book that is broken.",
        "organizer": [{name: person[name] for name in ("@id", "@type", "name", "url")}],
    }
    assert nodes["WebPage"]["mainEntity"] == {"@id": f"{page}#event"}
    (listed,) = service.get("/api/v1/workshops?include=jsonld").get_json()["data"]
    assert listed["jsonld"]["@graph"] == graph
    alone = service.get("/api/v1/workshops/bench", headers={"Accept": "application/ld+json"})
    assert (alone.content_type, alone.get_json(force=True)["@graph"]) == ("application/ld+json", graph)


def test_the_search_finds_workshops_and_is_narrowed_by_their_host(service: Service, host: dict[str, Any]) -> None:
    service.editor.create_published("workshops", name="Bench with Orla", starts_at=JUNE, hosts=[host["id"]])
    service.editor.create_published("workshops", name="Bench alone", starts_at=JUNE)
    service.editor.create_published("articles", title="At the bench", authors=[host["id"]])
    orla = {("workshop", "Bench with Orla")}
    assert _search(service, "q=bench") == orla | {("workshop", "Bench alone"), ("article", "At the bench")}
    assert _search(service, "q=bench&host=orla-wrenmoor") == orla
    assert _search(service, f"q=bench&host={host['id']}&type=workshop") == orla
    # Hosting is not signing: each parameter is about the types that declare it.
    assert _search(service, "q=bench&author=orla-wrenmoor") == {("article", "At the bench")}
    assert _search(service, "q=bench&host=orla-wrenmoor&type=article") == set()
    assert _search(service, "q=bench&host=orla-wrenmoor&author=orla-wrenmoor") == set()
    assert _search(service, "q=bench&host=nobody") == set()
    assert service.get("/api/v1/search?q=bench&venue=bindery").status_code == 400
    previewed = service.editor.get("/api/v1/preview/search?q=bench&host=orla-wrenmoor").get_json()["data"]
    assert [each["title"] for each in previewed] == ["Bench with Orla"]
    assert _names(service, "?q=bench&host=orla-wrenmoor") == ["Bench with Orla"]
    managed = service.viewer.get("/api/v1/manage/workshops?q=bench&host=orla-wrenmoor").get_json()["data"]
    assert [each["name"] for each in managed] == ["Bench with Orla"]


def test_a_declaration_that_contradicts_itself_or_another_type_is_refused() -> None:
    by_venue = EntryFeed(filters=(FeedFilter("venue", "only workshops there", example="the-bindery"),))
    with pytest.raises(ValueError, match=r"workshops .*: venue"):
        replace(WORKSHOP, feed=by_venue)
    with pytest.raises(ValueError, match="delivered as cards"):
        replace(WORKSHOP, references=(Reference("hosts", "author"),))
    tagged = replace(WORKSHOP, feed=None, filters=(ByReference("tag", "hosts", everywhere=True),))
    with pytest.raises(ValueError, match="filter tag must name"):
        narrowings({each.name: each for each in (*(each.type for each in CONTENT_TYPES), tagged)})


def test_language_models_are_told_of_workshops(service: Service) -> None:
    _with_pages(service)
    service.editor.create_published("workshops", name="Bench", starts_at=JUNE, venue="The bindery")
    lines = service.get("/llms.txt").get_data(as_text=True).splitlines()
    assert "## Workshops" in lines
    assert "- [Bench](https://site.example/whats-on/bench): The bindery" in lines
    assert "- [RSS of the newest workshops](http://127.0.0.1:8000/feeds/workshops.rss)" in lines


def _search(caller: Caller, query: str) -> set[tuple[str, str]]:
    """The type and the title of all that a search finds."""
    response = caller.get(f"/api/v1/search?{query}")
    assert response.status_code == 200, response.get_data(as_text=True)
    return {(each["type"], each["title"]) for each in response.get_json()["data"]}


def _names(caller: Caller, query: str) -> list[str]:
    response = caller.get(f"/api/v1/workshops{query}")
    assert response.status_code == 200, response.get_data(as_text=True)
    return [each["name"] for each in response.get_json()["data"]]
