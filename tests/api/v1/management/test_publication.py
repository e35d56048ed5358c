"""The timeline: publish now or later, for ever or until, and take it back; the answers at each instant."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from werkzeug.test import TestResponse

from cms import clock
from tests.service import Service

PLURALS = ("articles", "faqs", "authors", "social-links", "tags")
EACH = pytest.mark.parametrize("plural", PLURALS)


class Hours:
    """Hours from the moment it was made, as the wire shows them; and the clock moved there."""

    def __init__(self) -> None:
        self.start = clock.now()

    def __call__(self, hours: float) -> str:
        return clock.to_wire(self.start + timedelta(hours=hours))

    def passed(self, hours: float) -> Any:
        return clock.moved(timedelta(hours=hours))


def visible(service: Service, plural: str, entry: dict[str, Any]) -> dict[str, Any] | None:
    response = service.get(f"/api/v1/{plural}/{entry['id']}")
    assert response.status_code in (200, 404)
    return response.get_json()["data"]["extra"] if response.status_code == 200 else None


def put(service: Service, plural: str, entry: dict[str, Any], **body: Any) -> TestResponse:
    return service.editor.put(f"/api/v1/manage/{plural}/{entry['id']}/publication", json=body, if_match="*")


def times(publication: dict[str, Any]) -> list[tuple[int, str, str | None, str]]:
    return [
        (each["revision"], each["live_from"], each["live_until"], each["state"]) for each in publication["timeline"]
    ]


@EACH
def test_publishing_shows_the_entry_from_this_moment_on(service: Service, plural: str) -> None:
    entry = service.editor.create(plural)
    before = clock.now()
    response = put(service, plural, entry)
    assert response.status_code == 200
    data = response.get_json()["data"]
    assert before <= datetime.fromisoformat(data["live_from"]) <= clock.now()
    assert data == {
        "status": "published",
        "revision": 1,
        "live_from": data["live_from"],
        "live_until": None,
        "has_unpublished_changes": False,
        "timeline": [
            {
                "id": data["timeline"][0]["id"],
                "revision": 1,
                "slug": entry["slug"],
                "live_from": data["live_from"],
                "live_until": None,
                "state": "live",
            }
        ],
    }
    item = service.editor.read(plural, entry)
    assert response.headers["ETag"] == item["etag"] != entry["etag"]
    assert (item["status"], item["live_from"], item["live_until"]) == ("published", data["live_from"], None)
    assert visible(service, plural, entry) == {}


@EACH
def test_a_publication_without_a_body_is_now_and_for_ever(service: Service, plural: str) -> None:
    entry = service.editor.create(plural)
    response = service.editor.put(f"/api/v1/manage/{plural}/{entry['id']}/publication", if_match="*")
    assert response.status_code == 200
    assert response.get_json()["data"]["status"] == "published"


@EACH
def test_the_timeline_of_a_draft_is_empty(service: Service, plural: str) -> None:
    entry = service.editor.create(plural)
    response = service.viewer.get(f"/api/v1/manage/{plural}/{entry['id']}/publication")
    assert response.headers["ETag"] == entry["etag"]
    assert response.get_json()["data"] == {
        "status": "draft",
        "revision": None,
        "live_from": None,
        "live_until": None,
        "has_unpublished_changes": False,
        "timeline": [],
    }


@EACH
def test_an_entry_is_live_from_its_hour_until_its_hour(service: Service, plural: str) -> None:
    entry, at = service.editor.create(plural), Hours()
    planned = service.editor.publish(plural, entry, live_from=at(1), live_until=at(3))
    assert times(planned) == [(1, at(1), at(3), "planned")]
    expected = {
        0: ("scheduled", at(1), at(3), False),
        0.99: ("scheduled", at(1), at(3), False),
        1.01: ("published", at(1), at(3), True),
        2.99: ("published", at(1), at(3), True),
        3.01: ("unpublished", None, None, False),
    }
    for hours, (status, live_from, live_until, seen) in expected.items():
        with at.passed(hours):
            item = service.editor.read(plural, entry)
            assert (item["status"], item["live_from"], item["live_until"]) == (status, live_from, live_until), hours
            own = service.viewer.get(f"/api/v1/manage/{plural}/{entry['id']}/publication").get_json()["data"]
            assert own["status"] == status
            assert (visible(service, plural, entry) is not None) is seen, hours
            listed = service.get(f"/api/v1/{plural}").get_json()["data"]
            assert [each["id"] for each in listed] == [entry["id"]] * seen


@EACH
def test_a_change_of_a_live_entry_can_be_scheduled(service: Service, plural: str) -> None:
    entry, at = service.editor.create_published(plural, extra={"n": 1}), Hours()
    changed = service.editor.change(plural, entry, extra={"n": 2})
    assert changed["has_unpublished_changes"] is True
    assert visible(service, plural, entry) == {"n": 1}
    planned = service.editor.publish(plural, entry, live_from=at(1))
    assert times(planned) == [(1, entry["live_from"], at(1), "live"), (2, at(1), None, "planned")]
    item = service.editor.read(plural, entry)
    assert (item["status"], item["live_until"], item["has_unpublished_changes"]) == ("published", at(1), False)
    assert visible(service, plural, entry) == {"n": 1}
    with at.passed(1.01):
        assert visible(service, plural, entry) == {"n": 2}
        item = service.editor.read(plural, entry)
        assert (item["live_from"], item["live_until"]) == (at(1), None)


@EACH
def test_a_plan_is_replaced_at_its_own_hour(service: Service, plural: str) -> None:
    entry, at = service.editor.create(plural, extra={"n": 1}), Hours()
    service.editor.publish(plural, entry, live_from=at(1))
    service.editor.change(plural, entry, extra={"n": 2})
    replaced = service.editor.publish(plural, entry, live_from=at(1))
    assert times(replaced) == [(2, at(1), None, "planned")]
    with at.passed(1.01):
        assert visible(service, plural, entry) == {"n": 2}


def test_an_older_revision_can_be_published(service: Service) -> None:
    entry = service.editor.create_published("tags", extra={"n": 1})
    service.editor.change("tags", entry, extra={"n": 2})
    service.editor.publish("tags", entry)
    back = service.editor.publish("tags", entry, revision=1)
    assert (back["revision"], back["has_unpublished_changes"]) == (1, True)
    assert visible(service, "tags", entry) == {"n": 1}
    assert service.editor.read("tags", entry)["extra"] == {"n": 2}
    for number in (3, 2**31 - 1):
        assert put(service, "tags", entry, revision=number).status_code == 422
    for wrong in (0, -1, "1", 1.5, True, 2**31):
        response = put(service, "tags", entry, revision=wrong)
        assert response.status_code == 422, wrong
        assert [each["pointer"] for each in response.get_json()["errors"]] == ["#/revision"]


@EACH
def test_unpublishing_ends_it_now(service: Service, plural: str) -> None:
    entry = service.editor.create_published(plural)
    data = service.editor.unpublish(plural, entry)
    assert (data["status"], data["live_from"], data["revision"]) == ("unpublished", None, None)
    assert [each["state"] for each in data["timeline"]] == ["past"]
    assert visible(service, plural, entry) is None
    item = service.editor.read(plural, entry)
    assert service.editor.unpublish(plural, entry)["status"] == "unpublished"
    assert service.editor.read(plural, entry) == item
    service.editor.publish(plural, entry)
    assert visible(service, plural, entry) == {}


@EACH
def test_unpublishing_can_be_planned(service: Service, plural: str) -> None:
    entry, at = service.editor.create_published(plural), Hours()
    data = service.editor.unpublish(plural, entry, at=at(2))
    assert (data["status"], data["live_until"]) == ("published", at(2))
    with at.passed(1.9):
        assert visible(service, plural, entry) == {}
    with at.passed(2.1):
        assert visible(service, plural, entry) is None
    assert service.editor.publish(plural, entry)["live_until"] is None


def test_unpublishing_takes_back_the_plans_after_it(service: Service) -> None:
    entry, at = service.editor.create("tags", extra={"n": 1}), Hours()
    service.editor.publish("tags", entry, live_from=at(1), live_until=at(2))
    service.editor.publish("tags", entry, live_from=at(5), live_until=at(6))
    data = service.editor.unpublish("tags", entry, at=at(4))
    assert times(data) == [(1, at(1), at(2), "planned")]
    data = service.editor.unpublish("tags", entry, at=at(1.5))
    assert times(data) == [(1, at(1), at(1.5), "planned")]
    assert service.editor.unpublish("tags", entry)["timeline"] == []
    assert service.editor.read("tags", entry)["status"] == "draft"


@pytest.mark.parametrize("at", ["2026-03-03T09:00:00", "tomorrow", "", "2026-03-03", "1700000000"])
def test_unpublishing_at_no_time_at_all_is_400(service: Service, at: str) -> None:
    entry = service.editor.create_published("tags")
    path = f"/api/v1/manage/tags/{entry['id']}/publication"
    response = service.editor.delete(path, query_string={"at": at}, if_match="*")
    assert response.status_code == 400
    assert response.get_json()["errors"][0]["parameter"] == "at"
    assert service.editor.read("tags", entry) == entry


def test_unpublishing_in_the_past_is_refused(service: Service) -> None:
    entry = service.editor.create_published("tags")
    path = f"/api/v1/manage/tags/{entry['id']}/publication"
    response = service.editor.delete(path, query_string={"at": "2001-01-01T00:00:00Z"}, if_match="*")
    assert response.status_code == 400
    (fault,) = response.get_json()["errors"]
    assert (fault["parameter"], fault["code"]) == ("at", "in_the_past")
    assert service.editor.read("tags", entry) == entry


def test_an_end_behind_the_next_plan_is_a_conflict_that_names_it(service: Service) -> None:
    entry, at = service.editor.create("tags"), Hours()
    service.editor.publish("tags", entry, live_from=at(4), live_until=at(5))
    before = service.editor.read("tags", entry)
    response = put(service, "tags", entry, live_from=at(1), live_until=at(4.5))
    assert response.status_code == 409
    (fault,) = response.get_json()["errors"]
    assert (fault["pointer"], fault["code"]) == ("#/live_until", "overlaps")
    assert at(4) in fault["detail"]
    assert service.editor.read("tags", entry) == before
    touching = service.editor.publish("tags", entry, live_from=at(1), live_until=at(4))
    assert [each["live_from"] for each in touching["timeline"]] == [at(1), at(4)]


def test_without_an_end_it_lasts_until_the_next_plan(service: Service) -> None:
    entry, at = service.editor.create("tags"), Hours()
    service.editor.publish("tags", entry, live_from=at(4))
    service.editor.change("tags", entry, extra={"n": 2})
    data = service.editor.publish("tags", entry)
    assert [(each["revision"], each["live_until"]) for each in data["timeline"]] == [(2, at(4)), (1, None)]


def test_times_behind_us_and_out_of_order_are_both_reported(service: Service) -> None:
    entry, at = service.editor.create("tags"), Hours()
    response = put(service, "tags", entry, live_from=at(-2), live_until=at(-3))
    assert response.status_code == 422
    assert {(each["pointer"], each["code"]) for each in response.get_json()["errors"]} == {
        ("#/live_from", "in_the_past"),
        ("#/live_until", "out_of_order"),
    }
    for body in ({"live_until": at(-1)}, {"live_from": at(2), "live_until": at(2)}):
        response = put(service, "tags", entry, **body)
        assert [each["pointer"] for each in response.get_json()["errors"]] == ["#/live_until"]
    assert service.editor.read("tags", entry) == entry


def test_times_without_an_offset_and_unknown_fields_are_all_reported(service: Service) -> None:
    entry = service.editor.create("tags")
    response = put(service, "tags", entry, live_from="2999-01-01T00:00:00", live_until="soon", at="now")
    assert response.status_code == 422
    assert {(each["pointer"], each["code"]) for each in response.get_json()["errors"]} == {
        ("#/live_from", "invalid_time"),
        ("#/live_until", "invalid_time"),
        ("#/at", "unknown_field"),
    }


def test_an_hour_in_another_offset_is_the_same_hour(service: Service) -> None:
    entry = service.editor.create("tags")
    data = service.editor.publish("tags", entry, live_from="2999-01-01T01:30:00.5+05:30")
    assert data["live_from"] == "2998-12-31T20:00:00.500Z"


@EACH
def test_publishing_the_same_again_changes_nothing(service: Service, plural: str) -> None:
    entry, at = service.editor.create(plural), Hours()
    for body in ({}, {"live_until": at(9)}, {"revision": 1}):
        service.editor.publish(plural, entry, **body)
        before = service.editor.read(plural, entry)
        delivered = service.get(f"/api/v1/{plural}").headers["ETag"]
        again = put(service, plural, entry, **body)
        assert again.status_code == 200
        assert again.headers["ETag"] == before["etag"]
        assert service.editor.read(plural, entry) == before
        assert service.get(f"/api/v1/{plural}").headers["ETag"] == delivered
    assert len(put(service, plural, entry).get_json()["data"]["timeline"]) == 1


def test_publishing_through_a_save_keeps_the_planned_end(service: Service) -> None:
    entry, at = service.editor.create("tags"), Hours()
    service.editor.publish("tags", entry, live_until=at(5))
    path = f"/api/v1/manage/tags/{entry['id']}?publish=true"
    response = service.editor.patch(path, json={"extra": {"n": 2}}, if_match="*")
    data = response.get_json()["data"]
    assert (data["status"], data["live_until"], data["has_unpublished_changes"]) == ("published", at(5), False)
    assert visible(service, "tags", entry) == {"n": 2}
