"""The stream of changes: finite answers of server-sent events, from which a client resumes without a gap."""

import json
from datetime import timedelta
from typing import Any, NamedTuple

import pytest

from cms import clock
from cms.api.v1.delivery import changes
from tests.service import Service

STREAM = "/api/v1/stream"


class SSE(NamedTuple):
    """An event as ``EventSource`` tells it."""

    name: str
    data: dict[str, Any]
    last_event_id: str


class Source:
    """A client that reads as the HTML standard says: fields by line, an event at each empty one."""

    def __init__(self, service: Service, query: str = "") -> None:
        self.service, self.address = service, f"{STREAM}{query}"
        self.last_event_id = ""
        self.retry = 0

    def connect(self) -> list[SSE]:
        """One connection, to its end."""
        headers = {"Accept": "text/event-stream"}
        if self.last_event_id:
            headers["Last-Event-ID"] = self.last_event_id
        response = self.service.get(self.address, headers=headers)
        assert response.status_code == 200, response.get_data(as_text=True)
        assert response.content_type == "text/event-stream"
        assert response.headers["Cache-Control"] == "no-store"
        assert response.headers["Access-Control-Allow-Origin"] == "*"
        return self.read(response.get_data(as_text=True))

    def read(self, text: str) -> list[SSE]:
        found, name, data = [], "message", ""
        assert text.endswith("\n\n")
        for line in text.split("\n"):
            field, _, value = line.partition(": ")
            if field == "id":
                self.last_event_id = value
            elif field == "event":
                name = value
            elif field == "data":
                data += value
            elif field == "retry":
                self.retry = int(value)
            elif not line and data:
                found.append(SSE(name, json.loads(data), self.last_event_id))
                name, data = "message", ""
        return found


def test_a_stream_begins_now(service: Service) -> None:
    service.editor.create_published("articles")
    source = Source(service)
    assert source.connect() == []
    assert source.last_event_id
    assert source.retry == 2000
    made = service.editor.create_published("articles")
    assert [(each.name, each.data["id"]) for each in source.connect()] == [("upsert", made["id"])]
    assert source.connect() == []


def test_an_event_is_an_item_of_the_changes(service: Service) -> None:
    since = service.get("/api/v1/changes").get_json()["page"]["next"]
    service.editor.unpublish("articles", service.editor.create_published("articles"))
    service.editor.create_published("tags")
    items = service.get("/api/v1/changes", query_string={"since": since}).get_json()["data"]
    events = Source(service, f"?since={since}").connect()
    assert [each.data for each in events] == items
    assert [each.name for each in events] == [each["action"] for each in items] == ["delete", "upsert"]


def test_a_broken_connection_resumes_after_the_last_event_that_came(service: Service) -> None:
    source = Source(service)
    source.connect()
    made = [service.editor.create_published("articles")["id"] for _ in range(3)]
    complete = service.get(STREAM, headers={"Last-Event-ID": source.last_event_id}).get_data(as_text=True)
    second = complete.index("\n\n", complete.index(made[1])) + 2
    assert [each.data["id"] for each in source.read(complete[:second])] == made[:2]
    assert [each.data["id"] for each in source.connect()] == made[2:]


def test_an_id_is_a_token_of_the_changes(service: Service) -> None:
    source = Source(service)
    source.connect()
    made = service.editor.create_published("articles")
    items = service.get("/api/v1/changes", query_string={"since": source.last_event_id}).get_json()["data"]
    assert [each["id"] for each in items] == [made["id"]]


def test_what_is_too_much_for_one_answer_follows_at_once(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(changes, "STREAM_AT_MOST", 2)
    source = Source(service)
    source.connect()
    made = [service.editor.create_published("articles")["id"] for _ in range(3)]
    assert [each.data["id"] for each in source.connect()] == made[:2]
    assert source.retry < 100
    assert [each.data["id"] for each in source.connect()] == made[2:]
    assert source.retry == 2000


def test_types_choose_what_is_streamed(service: Service) -> None:
    source = Source(service, "?type=tag")
    source.connect()
    service.editor.create_published("articles")
    tag = service.editor.create_published("tags")
    assert [each.data["id"] for each in source.connect()] == [tag["id"]]


def test_what_comes_due_is_streamed(service: Service) -> None:
    source, article = Source(service), service.editor.create("articles")
    moment = clock.to_wire(clock.now() + timedelta(hours=1))
    service.editor.publish("articles", article, live_from=moment)
    source.connect()
    assert source.connect() == []
    with clock.moved(timedelta(hours=2)):
        (event,) = source.connect()
    assert (event.name, event.data["id"], event.data["at"]) == ("upsert", article["id"], moment)


def test_a_bad_id_is_refused_and_named(service: Service) -> None:
    response = service.get(STREAM, headers={"Last-Event-ID": "nonsense"})
    assert response.status_code == 400
    (fault,) = response.get_json()["errors"]
    assert (fault["code"], fault["header"]) == ("invalid_token", "Last-Event-ID")


def test_head_has_no_events(service: Service) -> None:
    response = service.request("HEAD", STREAM)
    assert (response.status_code, response.get_data()) == (200, b"")
