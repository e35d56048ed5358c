"""The timeline is data: what is planned appears and ends at its instant, with nothing that has to run."""

import time
from datetime import datetime, timedelta
from typing import Any

from cms import clock
from tests.service import Service

HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)


def after(delta: timedelta) -> str:
    return clock.to_wire(clock.now() + delta)


def status(service: Service, path: str) -> int:
    return service.get(f"/api/v1/{path}").status_code


def title(service: Service, article: dict[str, Any]) -> str:
    response = service.get(f"/api/v1/articles/{article['id']}")
    assert response.status_code == 200, response.get_data(as_text=True)
    found: str = response.get_json()["data"]["title"]
    return found


def titles(service: Service, query: str = "") -> list[str]:
    return [each["title"] for each in service.get(f"/api/v1/articles{query}").get_json()["data"]]


def test_a_scheduled_article_is_there_from_its_instant_on(service: Service) -> None:
    editor = service.editor
    tag = editor.create_published("tags", name="Repair")
    article = editor.create("articles", title="Planned", tags=[tag["id"]])
    editor.publish("articles", article, live_from=after(HOUR))
    with clock.moved(HOUR - MINUTE):
        assert status(service, "articles/planned") == 404
        assert titles(service) == titles(service, "?tag=repair") == []
        assert service.get("/api/v1/tags/repair").get_json()["data"]["article_count"] == 0
    with clock.moved(HOUR + MINUTE):
        assert status(service, "articles/planned") == 200
        assert titles(service) == titles(service, "?tag=repair") == ["Planned"]
        assert service.get("/api/v1/tags/repair").get_json()["data"]["article_count"] == 1
    assert status(service, "articles/planned") == 404


def test_its_date_is_the_first_moment_it_was_live(service: Service) -> None:
    article = service.editor.create("articles")
    moment = after(HOUR)
    service.editor.publish("articles", article, live_from=moment)
    with clock.moved(2 * HOUR):
        service.editor.change("articles", article, title="Said better")
        service.editor.publish("articles", article)
        data = service.get(f"/api/v1/articles/{article['id']}").get_json()["data"]
    assert data["title"] == "Said better"
    assert data["published_at"] == moment
    assert data["updated_at"] > moment


def test_an_article_is_there_until_its_end(service: Service) -> None:
    article = service.editor.create("articles", title="An offer")
    service.editor.publish("articles", article, live_until=after(HOUR))
    assert title(service, article) == "An offer"
    with clock.moved(HOUR - MINUTE):
        assert titles(service) == ["An offer"]
    with clock.moved(HOUR + MINUTE):
        assert status(service, "articles/an-offer") == 404
        assert titles(service) == []


def test_an_unpublishing_can_be_planned(service: Service) -> None:
    article = service.editor.create_published("articles", title="Leaving soon")
    service.editor.unpublish("articles", article, at=after(HOUR))
    assert title(service, article) == "Leaving soon"
    with clock.moved(HOUR + MINUTE):
        assert status(service, "articles/leaving-soon") == 404


def test_a_scheduled_change_to_a_live_article_switches_its_content_at_its_instant(service: Service) -> None:
    editor = service.editor
    old, new = (editor.create_published("tags", name=name) for name in ("Old", "New"))
    article = editor.create_published("articles", title="Prices of this year", slug="prices", tags=[old["id"]])
    today = service.get("/api/v1/articles/prices")
    editor.change("articles", article, title="Prices of next year", tags=[new["id"]], featured=True)
    editor.publish("articles", article, live_from=after(HOUR))
    now = service.get("/api/v1/articles/prices")
    assert (now.get_data(), now.headers["ETag"]) == (today.get_data(), today.headers["ETag"])
    assert titles(service, "?tag=new") == titles(service, "?featured=true") == []
    with clock.moved(HOUR + MINUTE):
        assert title(service, article) == "Prices of next year"
        assert titles(service) == titles(service, "?tag=new") == ["Prices of next year"]
        assert titles(service, "?featured=true") == ["Prices of next year"]
        assert titles(service, "?tag=old") == []
        later = service.get("/api/v1/articles/prices")
        assert later.headers["ETag"] != today.headers["ETag"]
        assert later.get_json()["data"]["published_at"] == today.get_json()["data"]["published_at"]


def test_what_comes_back_at_an_end_is_nothing_that_was_there_before(service: Service) -> None:
    editor = service.editor
    article = editor.create_published("articles", title="First")
    editor.change("articles", article, title="For an hour only")
    editor.publish("articles", article, live_until=after(HOUR))
    assert title(service, article) == "For an hour only"
    with clock.moved(HOUR + MINUTE):
        assert status(service, f"articles/{article['id']}") == 404


def test_a_planned_article_that_is_taken_back_never_appears(service: Service) -> None:
    article = service.editor.create("articles", slug="taken-back")
    service.editor.publish("articles", article, live_from=after(HOUR))
    service.editor.unpublish("articles", article)
    with clock.moved(2 * HOUR):
        assert status(service, "articles/taken-back") == 404


def test_an_embedded_entry_appears_at_its_own_instant(service: Service) -> None:
    editor = service.editor
    faq = editor.create("faqs")
    editor.publish("faqs", faq, live_from=after(HOUR))
    article = editor.create_published("articles", faqs=[faq["id"]])
    path = f"/api/v1/articles/{article['id']}"
    assert service.get(path).get_json()["data"]["faqs"] == []
    with clock.moved(HOUR + MINUTE):
        assert service.get(path).get_json()["data"]["faqs"] == [faq["id"]]


def test_time_alone_is_enough(service: Service) -> None:
    """No clock is moved and no worker runs: a few real seconds bring one article and take another away."""
    editor = service.editor
    coming, going = editor.create("articles", title="Coming"), editor.create("articles", title="Going")
    instant = after(timedelta(seconds=4))
    editor.publish("articles", going, live_until=instant)
    editor.publish("articles", coming, live_from=instant)
    before = service.get("/api/v1/articles")
    if clock.now() < clock.from_wire(instant):
        assert [each["title"] for each in before.get_json()["data"]] == ["Going"]
        assert 0 <= int(before.headers["Cache-Control"].split("max-age=")[1].split(",")[0]) < 4
    time.sleep(max(0.0, _seconds_until(clock.from_wire(instant))) + 0.05)
    assert titles(service) == ["Coming"]
    assert (status(service, "articles/coming"), status(service, "articles/going")) == (200, 404)


def _seconds_until(instant: datetime) -> float:
    return (instant - clock.now()).total_seconds()


def test_what_began_within_a_clock_that_was_set_back_is_counted(service: Service) -> None:
    editor = service.editor
    tag = editor.create_published("tags", name="Repair")
    article = editor.create("articles", tags=[tag["id"]])
    editor.publish("articles", article, live_from=after(HOUR))
    with clock.moved(HOUR + timedelta(seconds=2)):
        editor.create_published("articles")
    with clock.moved(HOUR - timedelta(seconds=3)):
        # Delivery's time stands still at the last write, after the beginning that nobody has counted yet.
        assert status(service, f"articles/{article['id']}") == 200
        (shown,) = service.get("/api/v1/tags?fields=article_count").get_json()["data"]
        assert shown["article_count"] == 1
