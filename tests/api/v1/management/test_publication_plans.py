"""Plans of the timeline: several for one entry, each named, each to be cancelled, and none over another."""

import uuid
from typing import Any

import pytest
from werkzeug.test import TestResponse

from tests.api.v1.management.test_publication import Hours, put, times, visible
from tests.invariants import check_invariants
from tests.service import Service


def plan_of(service: Service, entry: dict[str, Any], n: int, **when: str | None) -> dict[str, Any]:
    """Save content of its own and plan it; returns its interval."""
    service.editor.change("tags", entry, extra={"n": n})
    timeline = service.editor.publish("tags", entry, **when)["timeline"]
    found: dict[str, Any] = next(each for each in timeline if each["live_from"] == when["live_from"])
    return found


def cancel(service: Service, entry: dict[str, Any], plan: Any, if_match: str | None = "*") -> TestResponse:
    publication_id = plan["id"] if isinstance(plan, dict) else plan
    path = f"/api/v1/manage/tags/{entry['id']}/publication/{publication_id}"
    return service.editor.delete(path, if_match=if_match)


def timeline(service: Service, entry: dict[str, Any]) -> dict[str, Any]:
    data: dict[str, Any] = service.viewer.get(f"/api/v1/manage/tags/{entry['id']}/publication").get_json()["data"]
    return data


def test_several_changes_of_one_entry_come_at_their_hours_and_it_ends_at_its_own(service: Service) -> None:
    entry, at = service.editor.create_published("tags", extra={"n": 1}), Hours()
    plan_of(service, entry, 2, live_from=at(1))
    plan_of(service, entry, 3, live_from=at(2), live_until=at(3))
    plan_of(service, entry, 4, live_from=at(5))
    service.editor.unpublish("tags", entry, at=at(6))
    assert [(each["revision"], each["state"]) for each in timeline(service, entry)["timeline"]] == [
        (1, "live"),
        (2, "planned"),
        (3, "planned"),
        (4, "planned"),
    ]
    seen = {0.5: {"n": 1}, 1.5: {"n": 2}, 2.5: {"n": 3}, 4: None, 5.5: {"n": 4}, 6.5: None}
    for hours, expected in seen.items():
        with at.passed(hours):
            assert visible(service, "tags", entry) == expected, hours
            assert len(service.get("/api/v1/tags").get_json()["data"]) == (expected is not None), hours


def test_a_cancelled_plan_gives_back_the_time_that_was_cut_for_it(service: Service) -> None:
    entry, at = service.editor.create_published("tags", extra={"n": 1}), Hours()
    first = plan_of(service, entry, 2, live_from=at(4))
    second = plan_of(service, entry, 3, live_from=at(2))
    start = entry["live_from"]
    assert times(timeline(service, entry)) == [
        (1, start, at(2), "live"),
        (3, at(2), at(4), "planned"),
        (2, at(4), None, "planned"),
    ]
    before = service.editor.read("tags", entry)["etag"]
    response = cancel(service, entry, second, before)
    assert response.status_code == 200
    assert times(response.get_json()["data"]) == [(1, start, at(4), "live"), (2, at(4), None, "planned")]
    assert response.headers["ETag"] == service.editor.read("tags", entry)["etag"] != before
    with at.passed(3):
        assert visible(service, "tags", entry) == {"n": 1}
    assert times(cancel(service, entry, first).get_json()["data"]) == [(1, start, None, "live")]
    with at.passed(5):
        assert visible(service, "tags", entry) == {"n": 1}
        assert [each["id"] for each in service.get("/api/v1/tags").get_json()["data"]] == [entry["id"]]
    assert cancel(service, entry, first).status_code == 404
    check_invariants(service.services.settings.database_url)


def test_what_had_an_end_of_its_own_keeps_it_when_the_next_plan_is_cancelled(service: Service) -> None:
    entry, at = service.editor.create_published("tags", extra={"n": 1}), Hours()
    service.editor.publish("tags", entry, live_until=at(2))
    touching = plan_of(service, entry, 2, live_from=at(2))
    assert times(cancel(service, entry, touching).get_json()["data"]) == [(1, entry["live_from"], at(2), "live")]
    within = plan_of(service, entry, 3, live_from=at(1))
    assert times(cancel(service, entry, within).get_json()["data"]) == [(1, entry["live_from"], at(2), "live")]


def test_an_unpublishing_stays_when_a_plan_before_it_is_cancelled(service: Service) -> None:
    entry, at = service.editor.create_published("tags", extra={"n": 1}), Hours()
    plan = plan_of(service, entry, 2, live_from=at(2))
    service.editor.unpublish("tags", entry, at=at(3))
    assert times(cancel(service, entry, plan).get_json()["data"]) == [(1, entry["live_from"], at(3), "live")]
    with at.passed(3.1):
        assert visible(service, "tags", entry) is None


def test_a_save_that_is_published_at_once_takes_the_place_of_what_was_cut_short(service: Service) -> None:
    entry, at = service.editor.create_published("tags", extra={"n": 1}), Hours()
    service.editor.publish("tags", entry, live_until=at(4))
    plan = plan_of(service, entry, 2, live_from=at(2))
    path = f"/api/v1/manage/tags/{entry['id']}?publish=true"
    response = service.editor.patch(path, json={"extra": {"n": 3}}, if_match="*")
    assert response.get_json()["data"]["live_until"] == at(2)
    data = cancel(service, entry, plan).get_json()["data"]
    assert (data["revision"], data["live_until"]) == (3, at(4))


def test_the_only_plan_cancelled_leaves_a_draft_whose_slug_is_free_to_change(service: Service) -> None:
    entry, at = service.editor.create("tags", slug="paper"), Hours()
    (plan,) = service.editor.publish("tags", entry, live_from=at(1))["timeline"]
    assert cancel(service, entry, plan).get_json()["data"]["status"] == "draft"
    service.editor.change("tags", entry, slug="cardboard")
    assert service.editor.create("tags", slug="paper")["slug"] == "paper"
    with at.passed(1.1):
        assert visible(service, "tags", entry) is None


def test_what_has_begun_is_not_cancelled(service: Service) -> None:
    entry, at = service.editor.create("tags"), Hours()
    (past,) = service.editor.publish("tags", entry, live_until=at(1))["timeline"]
    with at.passed(2):
        live = service.editor.publish("tags", entry)["timeline"][1]
        for each, word in ((past, "over"), (live, "live")):
            before = service.editor.read("tags", entry)
            response = cancel(service, entry, each)
            assert response.status_code == 409
            assert word in response.get_json()["detail"]
            assert service.editor.read("tags", entry) == before


def test_a_plan_is_cancelled_by_who_has_seen_it_and_only_on_its_own_entry(service: Service) -> None:
    entry, other, at = service.editor.create("tags"), service.editor.create("tags"), Hours()
    (plan,) = service.editor.publish("tags", entry, live_from=at(1))["timeline"]
    assert cancel(service, entry, plan, None).status_code == 428
    assert cancel(service, entry, plan, entry["etag"]).status_code == 412
    assert cancel(service, other, plan).status_code == 404
    for unknown in (str(uuid.uuid4()), "x", "%F0%9F%98%80"):
        assert cancel(service, entry, unknown).status_code == 404
    path = f"/api/v1/manage/tags/{entry['id']}/publication/{plan['id']}"
    assert service.author.delete(path, if_match="*").status_code == 403
    assert len(timeline(service, entry)["timeline"]) == 1


@pytest.mark.parametrize(
    ("start", "end", "pointers"),
    [(1, 4.5, ["#/live_until"]), (4.5, None, ["#/live_from"]), (4.5, 8.5, ["#/live_from", "#/live_until"])],
    ids=["reaches-in", "begins-within", "both"],
)
def test_plans_that_overlap_are_a_conflict_that_names_what_is_there(
    service: Service, start: float, end: float | None, pointers: list[str]
) -> None:
    entry, at = service.editor.create("tags"), Hours()
    service.editor.publish("tags", entry, live_from=at(4), live_until=at(6))
    service.editor.publish("tags", entry, live_from=at(8), live_until=at(9))
    before = timeline(service, entry)
    response = put(service, "tags", entry, live_from=at(start), live_until=end and at(end))
    assert response.status_code == 409
    document = response.get_json()
    assert [(each["pointer"], each["code"]) for each in document["errors"]] == [(each, "overlaps") for each in pointers]
    there = [
        {name: each[name] for name in ("id", "revision", "live_from", "live_until")} for each in before["timeline"]
    ]
    assert document["clashes"] == (there if len(pointers) == 2 else there[:1])
    assert timeline(service, entry) == before


def test_a_plan_without_an_end_makes_room_for_a_later_one(service: Service) -> None:
    entry, at = service.editor.create("tags"), Hours()
    service.editor.publish("tags", entry, live_from=at(1))
    plan_of(service, entry, 2, live_from=at(3), live_until=at(4))
    assert times(timeline(service, entry)) == [(1, at(1), at(3), "planned"), (2, at(3), at(4), "planned")]


def test_an_end_after_which_nothing_comes_back_is_warned_of(service: Service) -> None:
    entry, at = service.editor.create_published("tags", extra={"n": 1}), Hours()
    service.editor.change("tags", entry, extra={"n": 2})
    warnings = put(service, "tags", entry, live_from=at(1), live_until=at(2)).get_json()["warnings"]
    detail = f"After {at(2)} this entry is no longer live."
    assert [(each["code"], each["pointer"], each["detail"]) for each in warnings if each["code"] == "ends"] == [
        ("ends", "#/live_until", detail)
    ]
    readiness = service.viewer.get(f"/api/v1/manage/tags/{entry['id']}/readiness").get_json()["data"]["checks"]
    assert [each["detail"] for check in readiness if check["code"] == "ends" for each in check["findings"]] == [detail]
    followed = put(service, "tags", entry, live_from=at(2), revision=1).get_json()["warnings"]
    assert "ends" not in {each["code"] for each in followed}


def test_an_end_that_was_asked_for_all_along_is_not_warned_of(service: Service) -> None:
    entry, at = service.editor.create_published("tags", extra={"n": 1}), Hours()
    first = put(service, "tags", entry, live_until=at(2)).get_json()["warnings"]
    path = f"/api/v1/manage/tags/{entry['id']}?publish=true"
    second = service.editor.patch(path, json={"extra": {"n": 2}}, if_match="*").get_json()["warnings"]
    assert (first, second) == ([], [])
