"""The feed of changes keeps a copy exactly in step: nothing is missed, and nothing is told that was never live."""

import base64
import random
import threading
from collections.abc import Iterable
from contextlib import ExitStack
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import delete

from cms import clock
from cms.api.v1.delivery.changes import make_token
from cms.content.counter import CLOCK_SLACK
from cms.content.model import Event
from cms.content.published.changes import WALK_START, Place, current_place
from cms.content.published.moment import read_moment
from tests.service import Service

HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)
CHANGES = "/api/v1/changes"

Document = dict[str, Any]
Copy = dict[tuple[str, str], tuple[str | None, int]]
"""The slug and the version of each entry that a reader holds, by type and id."""


def after(delta: timedelta) -> str:
    return clock.to_wire(clock.now() + delta)


def ask(service: Service, since: str | None = None, **query: Any) -> Document:
    given = query | ({"since": since} if since else {})
    response = service.get(CHANGES, query_string=given)
    assert response.status_code == 200, response.get_data(as_text=True)
    document: Document = response.get_json()
    return document


def token(service: Service, **query: Any) -> str:
    """Where a reader stands who knows all that is live."""
    document = ask(service, limit=100, **query)
    assert not document["page"]["more"]
    return str(document["page"]["next"])


def follow(service: Service, since: str | None = None, **query: Any) -> tuple[list[Document], str]:
    """Every item up to the present, and the token there."""
    items: list[Document] = []
    for _ in range(200):
        document = ask(service, since, **query)
        items += document["data"]
        since = document["page"]["next"]
        if not document["page"]["more"]:
            return items, str(since)
    raise AssertionError("The feed does not end.")


def told(service: Service, since: str, **query: Any) -> list[tuple[str, str | None]]:
    """What was told, as action and id."""
    return [(each["action"], each["id"]) for each in follow(service, since, **query)[0]]


def fault_code(service: Service, since: str, **query: Any) -> tuple[int, str, str]:
    response = service.get(CHANGES, query_string=query | {"since": since})
    (fault,) = response.get_json()["errors"]
    return response.status_code, fault["code"], fault["parameter"]


def place(service: Service) -> Place:
    """Where a reader stands who knows everything."""
    with service.services.database.snapshot() as connection:
        return current_place(connection, read_moment(connection, "http://127.0.0.1:8000"))


def as_token(service: Service, standing: Place) -> str:
    with service.app.app_context():
        return make_token(standing, [])


# The first walk.


def test_a_first_walk_tells_everything_live_and_the_site(service: Service) -> None:
    editor = service.editor
    article = editor.create_published("articles", slug="live")
    tag = editor.create_published("tags", slug="repair")
    link = editor.create_published("social-links")
    editor.create("articles", title="A draft")
    editor.publish("articles", editor.create("articles"), live_from=after(HOUR))
    ended = editor.create_published("articles")
    editor.unpublish("articles", ended)
    document = ask(service)
    assert [(each["action"], each["type"], each["id"]) for each in document["data"]] == [
        ("upsert", "site", None),
        ("upsert", "article", article["id"]),
        ("upsert", "social-link", link["id"]),
        ("upsert", "tag", tag["id"]),
    ]
    assert not document["page"]["more"]
    assert document["links"]["next"] is None


def test_an_item_says_what_delivery_says(service: Service) -> None:
    service.editor.create_published("articles", slug="live")
    (item,) = ask(service, type="article")["data"]
    delivered = service.get("/api/v1/articles/live").get_json()["data"]
    names = ("type", "id", "locale", "slug", "version", "url", "updated_at")
    assert {name: item[name] for name in names} == {name: delivered[name] for name in names}
    assert set(item) == {*names, "action", "at"}


@pytest.mark.parametrize("limit", [1, 2, 3, 100])
def test_a_first_walk_in_pages_tells_each_entry_once(service: Service, limit: int) -> None:
    editor = service.editor
    made = [editor.create_published(plural)["id"] for plural in ("articles", "tags", "authors", "articles", "faqs")]
    items, _ = follow(service, limit=limit)
    ids = [each["id"] for each in items]
    assert sorted(ids, key=str) == sorted([None, *made], key=str)


def test_what_changes_behind_a_first_walk_is_told_after_it(service: Service) -> None:
    editor = service.editor
    first, second, third = (editor.create_published("articles", slug=slug) for slug in ("first", "second", "third"))
    start = ask(service, type="article", limit=1)
    assert [each["id"] for each in start["data"]] == [first["id"]]
    editor.change("articles", first, title="Changed behind")
    editor.publish("articles", first)
    editor.unpublish("articles", second)
    items, _ = follow(service, start["page"]["next"], type="article", limit=1)
    copy = {each["id"]: each["version"] for each in [*start["data"], *items] if each["action"] == "upsert"}
    gone = {each["id"] for each in items if each["action"] == "delete"}
    assert {each: version for each, version in copy.items() if each not in gone} == {first["id"]: 2, third["id"]: 1}


def test_a_generic_client_follows_the_links(service: Service) -> None:
    made = {service.editor.create_published("articles")["id"] for _ in range(5)}
    address: str | None = f"{CHANGES}?type=article&limit=2"
    seen: list[str] = []
    while address:
        response = service.get(address.removeprefix("http://127.0.0.1:8000"))
        document = response.get_json()
        seen += [each["id"] for each in document["data"]]
        address = document["links"]["next"]
        assert response.headers.get("Link") == (f'<{address}>; rel="next"' if address else None)
    assert set(seen) == made


# What is told after.


def test_nothing_is_told_when_nothing_happened(service: Service) -> None:
    service.editor.create_published("articles")
    since = token(service)
    assert told(service, since) == []
    assert follow(service, follow(service, since)[1])[0] == []


def test_publishing_changing_and_ending_are_told_once_each(service: Service) -> None:
    editor = service.editor
    kept, ended = editor.create_published("articles"), editor.create_published("articles")
    since = token(service)
    made = editor.create_published("articles", slug="made")
    editor.change("articles", kept, title="Said better", slug="better")
    editor.publish("articles", kept)
    editor.unpublish("articles", ended)
    items, since = follow(service, since)
    assert [(each["action"], each["id"], each["slug"], each["version"]) for each in items] == [
        ("upsert", made["id"], "made", 1),
        ("upsert", kept["id"], "better", 2),
        ("delete", ended["id"], None, None),
    ]
    assert [each["at"] for each in items] == sorted(each["at"] for each in items)
    assert told(service, since) == []


@pytest.mark.parametrize("limit", [1, 2, 100])
def test_an_entry_is_told_once_however_often_it_changed(service: Service, limit: int) -> None:
    editor = service.editor
    since = token(service)
    often, other = editor.create_published("articles"), editor.create_published("articles")
    for title in ("Second", "Third", "Fourth"):
        editor.change("articles", often, title=title)
        editor.publish("articles", often)
    editor.unpublish("articles", other)
    editor.publish("articles", other)
    items, _ = follow(service, since, limit=limit)
    assert [(each["id"], each["version"]) for each in items] == [(often["id"], 4), (other["id"], 1)]


def test_no_draft_ever_shows(service: Service) -> None:
    editor = service.editor
    live = editor.create_published("articles")
    since = token(service)
    draft = editor.create("articles", title="Secret")
    editor.change("articles", draft, title="Still secret")
    editor.change("articles", live, title="Not published")
    planned = editor.create("articles")
    editor.publish("articles", planned, live_from=after(HOUR))
    editor.unpublish("articles", planned)
    editor.trash("articles", draft)
    service.admin.trash("articles", draft, purge="true")
    editor.unpublish("articles", live, at=after(HOUR))
    assert told(service, since) == []


def test_what_is_trashed_or_erased_leaves_a_tombstone_without_content(service: Service) -> None:
    editor = service.editor
    trashed, erased = editor.create_published("articles"), editor.create_published("articles", slug="erased")
    since = token(service)
    editor.trash("articles", trashed)
    service.admin.trash("articles", erased, purge="true")
    items, _ = follow(service, since)
    assert [(each["action"], each["type"], each["id"]) for each in items] == [
        ("delete", "article", trashed["id"]),
        ("delete", "article", erased["id"]),
    ]
    assert all(each[name] is None for each in items for name in ("slug", "locale", "version", "url", "updated_at"))


def test_what_went_live_by_plan_and_was_erased_leaves_a_tombstone(service: Service) -> None:
    planned = service.editor.create("articles")
    service.editor.publish("articles", planned, live_from=after(MINUTE))
    with clock.moved(HOUR):
        since = token(service)
        service.admin.trash("articles", planned, purge="true")
        assert told(service, since) == [("delete", planned["id"])]


def test_a_changed_setting_of_the_site_is_told(service: Service) -> None:
    since = token(service)
    article = service.editor.create_published("articles")
    service.admin.patch("/api/v1/manage/site", json={"name": "Harbour & Reed"}, if_match="*")
    items, _ = follow(service, since, limit=1)
    assert [(each["type"], each["id"]) for each in items] == [("article", article["id"]), ("site", None)]
    assert told(service, token(service)) == []


def test_types_choose_what_is_told(service: Service) -> None:
    since = {each: token(service, type=each) for each in ("article", "tag", "site")}
    article, tag = service.editor.create_published("articles"), service.editor.create_published("tags")
    service.admin.patch("/api/v1/manage/site", json={"name": "Harbour & Reed"}, if_match="*")
    assert told(service, since["article"], type="article") == [("upsert", article["id"])]
    assert told(service, since["tag"], type="tag") == [("upsert", tag["id"])]
    assert told(service, since["site"], type="site") == [("upsert", None)]


# Time passes.


def test_a_plan_is_told_when_its_instant_has_come_with_nothing_written(service: Service) -> None:
    article = service.editor.create("articles")
    since = token(service)
    service.editor.publish("articles", article, live_from=after(HOUR), live_until=after(3 * HOUR))
    items, since = follow(service, since)
    assert items == []
    with clock.moved(2 * HOUR):
        items, since = follow(service, since)
        assert [(each["action"], each["id"]) for each in items] == [("upsert", article["id"])]
        assert items[0]["at"] == items[0]["updated_at"]
    with clock.moved(4 * HOUR):
        assert told(service, since) == [("delete", article["id"])]


@pytest.mark.parametrize("limit", [1, 2, 100])
def test_everything_that_came_due_at_one_instant_is_told_in_pages(service: Service, limit: int) -> None:
    editor = service.editor
    since, moment = token(service), after(HOUR)
    made = [editor.create("articles") for _ in range(5)]
    for article in made:
        editor.publish("articles", article, live_from=moment)
    with clock.moved(2 * HOUR):
        assert sorted(told(service, since, limit=limit)) == sorted(("upsert", each["id"]) for each in made)


def test_a_planned_change_of_a_live_entry_is_told_when_it_comes(service: Service) -> None:
    editor = service.editor
    article = editor.create_published("articles", slug="live")
    since = token(service)
    editor.change("articles", article, slug="renamed")
    editor.publish("articles", article, live_from=after(HOUR))
    assert told(service, since) == []
    with clock.moved(2 * HOUR):
        items, _ = follow(service, since)
    assert [(each["action"], each["slug"], each["version"]) for each in items] == [("upsert", "renamed", 2)]


def test_what_appeared_and_went_between_two_looks_is_gone(service: Service) -> None:
    article = service.editor.create("articles")
    since = token(service)
    service.editor.publish("articles", article, live_from=after(HOUR), live_until=after(2 * HOUR))
    with clock.moved(3 * HOUR):
        assert told(service, since) == [("delete", article["id"])]


def test_a_write_that_became_visible_behind_the_instant_of_a_token_is_told(service: Service) -> None:
    """A writer reads its time, a reader reads a later one and does not see the write, the writer commits."""
    before = place(service)
    at_once, planned = service.editor.create_published("articles"), service.editor.create("articles")
    service.editor.publish("articles", planned, live_from=after(MINUTE))
    with clock.moved(HOUR):
        overtaken = replace(before, instant=clock.now())
        assert told(service, as_token(service, overtaken)) == [("upsert", at_once["id"]), ("upsert", planned["id"])]


@pytest.mark.parametrize("limit", [1, 100])
def test_a_cause_of_each_kind_is_told_once(service: Service, limit: int) -> None:
    """What was published and has ended since: by its end; what came due and was published again: by that."""
    editor = service.editor
    ended, again = editor.create("articles"), editor.create("articles")
    since = token(service)
    editor.publish("articles", ended, live_until=after(HOUR))
    editor.publish("articles", again, live_from=after(HOUR))
    with clock.moved(2 * HOUR):
        editor.change("articles", again, title="Again")
        editor.publish("articles", again)
        assert told(service, since, limit=limit) == [("delete", ended["id"]), ("upsert", again["id"])]


def test_a_clock_that_is_set_back_a_little_tells_nothing_twice(service: Service) -> None:
    article = service.editor.create("articles")
    service.editor.publish("articles", article, live_from=after(MINUTE))
    since = token(service, type="article")
    with clock.moved(MINUTE + CLOCK_SLACK / 4):
        items, since = follow(service, since, type="article")
        assert [each["id"] for each in items] == [article["id"]]
    with clock.moved(MINUTE - CLOCK_SLACK / 2):
        items, since = follow(service, since, type="article")
        assert items == []
    with clock.moved(2 * MINUTE):
        assert told(service, since, type="article") == []


def test_a_token_of_a_clock_far_ahead_is_refused(service: Service) -> None:
    with clock.moved(HOUR):
        since = token(service)
    assert fault_code(service, since) == (400, "expired_token", "since")


# Tokens.


def test_a_token_of_other_types_is_refused(service: Service) -> None:
    since = token(service, type="article")
    assert fault_code(service, since) == (400, "invalid_token", "since")
    assert fault_code(service, since, type="tag") == (400, "invalid_token", "since")
    both = token(service, type=["tag", "article"])
    assert service.get(CHANGES, query_string={"since": both, "type": ["article", "tag"]}).status_code == 200


def test_a_token_of_another_history_is_refused(service: Service) -> None:
    standing = place(service)
    service.editor.create_published("articles")
    assert told(service, as_token(service, standing)) != []
    later = place(service)
    service.editor.create_published("articles")
    for known in (later, place(service)):
        stranger = replace(known, changed_at=known.changed_at - MINUTE)
        assert fault_code(service, as_token(service, stranger)) == (400, "expired_token", "since")


def test_a_token_whose_events_are_no_longer_kept_is_refused(service: Service) -> None:
    standing = place(service)
    service.editor.create_published("articles")
    with service.services.database.transaction() as session:
        session.execute(delete(Event).where(Event.change <= standing.change + 1))
    assert fault_code(service, as_token(service, standing)) == (400, "expired_token", "since")


def test_a_node_that_is_behind_a_token_tells_nothing_yet(service: Service) -> None:
    standing = place(service)
    ahead = as_token(service, replace(standing, change=standing.change + 5, changed_at=clock.now()))
    document = ask(service, ahead)
    assert (document["data"], document["page"]["next"], document["page"]["more"]) == ([], ahead, False)
    lost = as_token(service, replace(standing, change=standing.change + 5, changed_at=clock.now() - HOUR))
    assert fault_code(service, lost) == (400, "expired_token", "since")


def test_a_node_that_is_behind_the_token_of_a_first_walk_does_not_end_it(service: Service) -> None:
    standing = place(service)
    walking = replace(standing, change=standing.change + 5, changed_at=clock.now(), walk=WALK_START)
    ahead = as_token(service, walking)
    document = ask(service, ahead)
    assert (document["data"], document["page"]["next"], document["page"]["more"]) == ([], ahead, True)


@pytest.mark.parametrize("text", ["nonsense", "WyJjaGFuZ2VzIl0.c2lnbmF0dXJl", " ", "null"])
def test_any_other_string_is_refused(service: Service, text: str) -> None:
    status, _, parameter = fault_code(service, text)
    assert (status, parameter) == (400, "since")


def test_a_token_says_nothing_of_what_else_is_written(service: Service) -> None:
    standing = place(service)
    later = replace(standing, change=standing.change + 10**6, position=7)
    tokens = [as_token(service, each) for each in (standing, later)]
    assert len({len(each) for each in tokens}) == 1
    held = base64.urlsafe_b64decode(tokens[1] + "==")
    assert not any(each in held for each in (str(later.change).encode(), clock.to_wire(later.changed_at)[:10].encode()))


def test_a_cursor_is_no_token_and_a_token_no_cursor(service: Service) -> None:
    for _ in range(2):
        service.editor.create_published("articles")
    cursor = service.get("/api/v1/articles?limit=1").get_json()["page"]["next"]
    assert fault_code(service, cursor) == (400, "invalid_token", "since")
    assert service.get("/api/v1/articles", query_string={"cursor": token(service)}).status_code == 400


@pytest.mark.parametrize("query", ["type=nothing", "limit=0", "limit=101", "since=a&since=b", "cursor=x"])
def test_bad_parameters_are_refused(service: Service, query: str) -> None:
    assert service.get(f"{CHANGES}?{query}").status_code == 400


def test_nobody_keeps_an_answer(service: Service) -> None:
    assert service.get(CHANGES).headers["Cache-Control"] == "no-store"


def test_the_statements_do_not_grow_with_what_is_told(service: Service) -> None:
    since = token(service)
    counts = []
    for _ in range(2):
        for _ in range(6):
            service.editor.create_published("articles")
            service.editor.unpublish("tags", service.editor.create_published("tags"))
        with service.counting() as usage:
            ask(service, since, limit=100)
        counts.append(usage.statements)
    assert counts[0] == counts[1] <= 8


# Against a model.


class Reader:
    """Someone who keeps a copy by the feed alone."""

    def __init__(self, service: Service, choice: random.Random) -> None:
        self.service, self.choice = service, choice
        self.copy: Copy = {}
        self.since: str | None = None

    def step(self) -> bool:
        """Ask once; returns whether the copy lags."""
        document = ask(self.service, self.since, limit=self.choice.choice([1, 2, 3, 7, 100]))
        apply(self.copy, document["data"])
        self.since = document["page"]["next"]
        return bool(document["page"]["more"])

    def catch_up(self) -> Copy:
        for _ in range(500):
            if not self.step():
                return self.copy
        raise AssertionError("The feed does not end.")


def apply(copy: Copy, items: Iterable[Document]) -> None:
    for each in items:
        if each["type"] == "site":
            continue
        if each["action"] == "upsert":
            copy[each["type"], each["id"]] = (each["slug"], each["version"])
        else:
            copy.pop((each["type"], each["id"]), None)


def live(service: Service) -> Copy:
    """What delivery shows."""
    found: Copy = {}
    for plural in ("articles", "tags"):
        for each in service.get(f"/api/v1/{plural}?limit=100").get_json()["data"]:
            found[each["type"], each["id"]] = (each["slug"], each["version"])
    return found


class Newsroom:
    """Editors who do anything at all."""

    def __init__(self, service: Service, choice: random.Random) -> None:
        self.service, self.editor, self.choice = service, service.editor, choice
        self.entries: list[tuple[str, str]] = []

    def act(self) -> None:
        if not self.entries or self.choice.random() < 0.25:
            plural = self.choice.choice(["articles", "tags"])
            self.entries.append((plural, self.editor.create(plural)["id"]))
            return
        plural, entry_id = self.choice.choice(self.entries)
        path = f"/api/v1/manage/{plural}/{entry_id}"
        soon, late = (after(timedelta(seconds=self.choice.randint(1, 90) * 60)) for _ in range(2))
        times: list[dict[str, str]] = [
            {},
            {},
            {"live_from": soon},
            {"live_until": soon},
            {"live_from": soon, "live_until": late},
        ]
        match self.choice.choice(["change", "publish", "publish", "publish", "unpublish", "end", "purge"]):
            case "change":
                self.editor.patch(path, json={"slug": f"slug-{self.choice.randrange(10**9)}"}, if_match="*")
            case "publish":
                self.editor.put(f"{path}/publication", json=self.choice.choice(times), if_match="*")
            case "unpublish":
                self.editor.delete(f"{path}/publication", if_match="*")
            case "end":
                self.editor.delete(f"{path}/publication", query_string={"at": soon}, if_match="*")
            case "purge" if self.choice.random() < 0.3:
                self.service.admin.delete(path, query_string={"purge": "true"}, if_match="*")
                self.entries.remove((plural, entry_id))


@pytest.mark.parametrize("seed", range(4))
def test_replaying_the_feed_from_any_token_gives_exactly_what_is_live(service: Service, seed: int) -> None:
    choice = random.Random(seed)
    newsroom, readers = Newsroom(service, choice), [Reader(service, choice)]
    with ExitStack() as time_passed:
        for number in range(60):
            newsroom.act()
            if choice.random() < 0.2:
                time_passed.enter_context(clock.moved(timedelta(minutes=choice.randint(1, 50))))
            if choice.random() < 0.5:
                choice.choice(readers).step()
            if number % 12 == 0:
                readers.append(Reader(service, choice))
        expected = live(service)
        for reader in readers:
            assert reader.catch_up() == expected
    assert expected


@pytest.mark.exhaustive
def test_a_reader_beside_several_writers_misses_nothing(service: Service) -> None:
    editor, choice = service.editor, random.Random(1)
    entries = [editor.create("articles") for _ in range(4)]
    reader = Reader(service, choice)

    def write(own: list[Document]) -> None:
        for number in range(6):
            for entry in own:
                editor.publish("articles", entry)
                if number % 2:
                    editor.unpublish("articles", entry)
                editor.change("articles", entry, title=f"Title {number}")

    writers = [threading.Thread(target=write, args=(entries[part::2],)) for part in range(2)]
    for each in writers:
        each.start()
    while any(each.is_alive() for each in writers):
        reader.step()
    assert reader.catch_up() == live(service)
    editor.publish("articles", entries[0])
    assert reader.catch_up() == live(service) != {}
