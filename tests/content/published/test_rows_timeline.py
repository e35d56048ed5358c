"""Live means ``live_from <= now < live_until``, to the millisecond, in every way a publication is read."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from cms import clock
from cms.content.published.lists import ListQuery, list_published
from cms.content.published.perspective import Perspective
from cms.content.published.rows import find_published, find_renamed
from tests.service import Service

pytestmark = pytest.mark.both_databases

MILLISECOND = timedelta(milliseconds=1)
HOUR = timedelta(hours=1)


def slug_at(service: Service, entry: dict[str, Any], at: datetime) -> str | None:
    kind = service.services.types["article"]
    with service.services.database.snapshot() as connection:
        row = find_published(connection, kind, entry["id"], ["en"], Perspective(at), asked_locale=False)
        rows, _, _ = list_published(connection, kind, ListQuery(chain=["en"]), Perspective(at))
    assert [each.entry_id for each in rows] == ([row.entry_id] if row else [])
    return str(row.slug) if row else None


def moved_to(service: Service, slug: str, at: datetime) -> str | None:
    kind = service.services.types["article"]
    with service.services.database.snapshot() as connection:
        row = find_renamed(connection, kind, slug, ["en"], Perspective(at))
    return str(row.slug) if row else None


def test_an_article_begins_and_ends_to_the_millisecond(service: Service) -> None:
    article = service.editor.create("articles", slug="short-lived")
    start = clock.now() + HOUR
    end = start + 5 * MILLISECOND
    service.editor.publish("articles", article, live_from=clock.to_wire(start), live_until=clock.to_wire(end))
    assert slug_at(service, article, start - MILLISECOND) is None
    assert slug_at(service, article, start) == "short-lived"
    assert slug_at(service, article, end - MILLISECOND) == "short-lived"
    assert slug_at(service, article, end) is None


def test_a_planned_change_takes_over_without_a_gap_and_without_an_overlap(service: Service) -> None:
    article = service.editor.create_published("articles", slug="first")
    instant = clock.now() + HOUR
    service.editor.change("articles", article, slug="second")
    service.editor.publish("articles", article, live_from=clock.to_wire(instant))
    assert slug_at(service, article, instant - MILLISECOND) == "first"
    assert slug_at(service, article, instant) == "second"


def test_a_planned_rename_redirects_from_its_instant_on(service: Service) -> None:
    article = service.editor.create_published("articles", slug="first")
    instant = clock.now() + HOUR
    service.editor.change("articles", article, slug="second")
    service.editor.publish("articles", article, live_from=clock.to_wire(instant))
    assert moved_to(service, "second", instant - MILLISECOND) is None
    assert moved_to(service, "first", instant) == "second"


def test_the_past_can_be_looked_at_after_it_is_over(service: Service) -> None:
    article = service.editor.create_published("articles", slug="gone")
    seen = clock.now()
    with clock.moved(HOUR):
        service.editor.unpublish("articles", article)
    kind = service.services.types["article"]
    with service.services.database.snapshot() as connection:
        then = Perspective(seen + MILLISECOND, current=False)
        rows, _, _ = list_published(connection, kind, ListQuery(chain=["en"]), then)
    assert [each.entry_id for each in rows] == [article["id"]]
