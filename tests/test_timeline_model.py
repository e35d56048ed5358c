"""Compares the whole service with a model of it: random edits and plans, at many past and future instants.

The model is a list of spans for each entry and has no SQL, counters, caches or worker. Time is counted in quarters of
an hour from the start of the test: writes happen at whole hours, plans are for half past, and reads happen in between,
so that the seconds that the test itself takes make no difference.
"""

import math
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest

from cms import clock
from cms.worker import announce_due
from tests.invariants import check_invariants
from tests.service import Caller, Service

pytestmark = pytest.mark.exhaustive

QUARTER = timedelta(minutes=15)
HOUR = 4
STEPS = 60
STEPS_UNTIL_COMPARED = 6
WORDS = ("awl", "binding", "cloth", "deckle", "endpaper")
LABELS = {"articles": "title", "tags": "name"}


@dataclass
class Span:
    """A revision is live from ``start`` to ``end``. ``asked`` is the requested end, if a plan has cut it."""

    revision: int
    start: float
    end: float
    asked: float | None = None


@dataclass
class Entry:
    """An entry: its revisions as pairs of label and tags, oldest first, and its timeline."""

    id: str
    plural: str
    revisions: list[tuple[str, tuple[str, ...]]]
    spans: list[Span] = field(default_factory=list)
    trashed: bool = False

    def shown(self, at: float) -> Span | None:
        return next((each for each in self.spans if each.start <= at < each.end), None)

    def publish(self, now: float, revision: int, start: float | None, end: float | None) -> bool:
        """Publish a revision in the model; returns False if the service must refuse it."""
        same = self._same(now, revision, start)
        begins = same.start if same else now if start is None else start
        later = [each for each in self.spans if each.start > begins]
        over = next((each for each in self.spans if each.start <= begins < each.end), None)
        if end is not None and end <= max(now, begins):
            return False
        if end is not None and any(each.start < end for each in later):
            return False
        if over and now < over.start < begins and (over.asked or over.end) < math.inf:
            return False
        wanted = math.inf if end is None else end
        ends = min([wanted, *(each.start for each in later)])
        asked = wanted if ends < wanted else None
        if same:
            same.end, same.asked = ends, asked
            return True
        if over and over.start == begins:
            self.spans.remove(over)
        elif over:
            over.end, over.asked = begins, over.asked or over.end
        self.spans.append(Span(revision, begins, ends, asked))
        self.spans.sort(key=lambda each: each.start)
        return True

    def _same(self, now: float, revision: int, start: float | None) -> Span | None:
        for each in self.spans:
            asked = each.start <= now if start is None else each.start == start
            if asked and each.revision == revision and now < each.end:
                return each
        return None

    def unpublish(self, moment: float) -> None:
        self.spans = [each for each in self.spans if each.start < moment or each.end <= moment]
        for each in self.spans:
            if max(each.end, each.asked or 0) > moment:
                each.end, each.asked = min(each.end, moment), moment if each.end < moment else None

    def cancel(self, plan: Span) -> None:
        position = self.spans.index(plan)
        self.spans.remove(plan)
        if position and self.spans[position - 1].end == plan.start and self.spans[position - 1].asked is not None:
            before = self.spans[position - 1]
            asked = before.asked or math.inf
            before.end = min([asked, *(each.start for each in self.spans[position:])])
            before.asked = asked if before.end < asked else None


@dataclass
class Walk:
    """A service and its model, on which the same steps are done."""

    service: Service
    chance: random.Random
    start: datetime = field(default_factory=clock.now)
    hour: int = 0
    entries: dict[str, Entry] = field(default_factory=dict)
    story: list[str] = field(default_factory=list)
    refused: int = 0

    @property
    def editor(self) -> Caller:
        return self.service.editor

    @property
    def now(self) -> float:
        """The present time of the model; within an hour, each step comes later than the one before."""
        return self.hour * HOUR + len(self.story) / 1000

    def instant(self, quarter: float) -> str:
        return clock.to_wire(self.start + quarter * QUARTER)

    def plan(self) -> int:
        """A future time at half past an hour."""
        return (self.hour + self.chance.randrange(6)) * HOUR + HOUR // 2

    def some(self, **wanted: Any) -> Entry | None:
        """A random entry with these attributes, or ``None``."""
        found = [each for each in self.entries.values() if all(getattr(each, k) == v for k, v in wanted.items())]
        return self.chance.choice(found) if found else None

    def content(self, plural: str) -> tuple[str, tuple[str, ...]]:
        tags = [each.id for each in self.entries.values() if each.plural == "tags" and not each.trashed]
        chosen = self.chance.sample(tags, min(len(tags), self.chance.randrange(3)))
        return self.chance.choice(WORDS), tuple(chosen) if plural == "articles" else ()

    def live(self, plural: str, at: float) -> list[tuple[Entry, Span]]:
        return [(each, span) for each in self.entries.values() if each.plural == plural and (span := each.shown(at))]


def path_of(entry: Entry) -> str:
    return f"/api/v1/manage/{entry.plural}/{entry.id}"


def written(plural: str, content: tuple[str, tuple[str, ...]]) -> dict[str, Any]:
    return {LABELS[plural]: content[0]} | ({"tags": list(content[1])} if plural == "articles" else {})


# What is done.


def create(walk: Walk) -> None:
    plural = walk.chance.choice(("articles", "articles", "tags"))
    content = walk.content(plural)
    made = walk.editor.create(plural, **written(plural, content))
    walk.entries[made["id"]] = Entry(made["id"], plural, [content])


def edit(walk: Walk) -> None:
    entry = walk.some(trashed=False)
    if entry is not None:
        content = walk.content(entry.plural)
        walk.editor.change(entry.plural, entry.id, **written(entry.plural, content))
        if content != entry.revisions[-1]:
            entry.revisions.append(content)


def publish(walk: Walk) -> None:
    entry = walk.some(trashed=False)
    if entry is not None:
        _publish(walk, entry, None, walk.chance.choice((None, None, walk.plan())))


def schedule(walk: Walk) -> None:
    entry = walk.some(trashed=False)
    if entry is not None:
        _publish(walk, entry, walk.plan(), walk.chance.choice((None, walk.plan())))


def _publish(walk: Walk, entry: Entry, start: int | None, end: int | None) -> None:
    newest = len(entry.revisions)
    revision = walk.chance.choice((newest, newest, walk.chance.randint(1, newest)))
    times = {"live_from": start, "live_until": end}
    body = {name: walk.instant(each) for name, each in times.items() if each is not None} | {"revision": revision}
    answer = walk.editor.put(f"{path_of(entry)}/publication", json=body, if_match="*")
    possible = entry.publish(walk.now, revision, start, end)
    assert (answer.status_code == 200) is possible, answer.get_data(as_text=True)
    assert answer.status_code in (200, 409, 422)
    walk.refused += not possible


def unpublish(walk: Walk) -> None:
    entry = walk.some(trashed=False)
    if entry is not None:
        at = walk.chance.choice((None, None, walk.plan()))
        walk.editor.unpublish(entry.plural, entry.id, at=walk.instant(at) if at else None)
        entry.unpublish(at or walk.now)


def cancel(walk: Walk) -> None:
    planned = [(each, span) for each in walk.entries.values() for span in each.spans if span.start > walk.now]
    if planned:
        entry, plan = walk.chance.choice(planned)
        publication = f"{path_of(entry)}/publication"
        timeline = walk.editor.get(publication).get_json()["data"]["timeline"]
        (publication_id,) = [each["id"] for each in timeline if each["live_from"] == walk.instant(plan.start)]
        answer = walk.editor.delete(f"{publication}/{publication_id}", if_match="*")
        assert answer.status_code == 200, answer.get_data(as_text=True)
        entry.cancel(plan)


def trash(walk: Walk) -> None:
    entry = walk.some(trashed=False)
    if entry is not None:
        walk.editor.trash(entry.plural, entry.id, force="true")
        entry.unpublish(walk.now)
        entry.trashed = True


def undelete(walk: Walk) -> None:
    entry = walk.some(trashed=True)
    if entry is not None:
        assert walk.editor.post(f"{path_of(entry)}/undelete").status_code == 200
        entry.trashed = False


def purge(walk: Walk) -> None:
    entry = walk.some(trashed=walk.chance.random() < 0.7)
    if entry is not None:
        walk.editor.trash(entry.plural, entry.id, purge="true", force="true")
        del walk.entries[entry.id]


def pass_time(walk: Walk) -> None:
    walk.hour += walk.chance.randint(1, 2)


def announce(walk: Walk) -> None:
    known = walk.service.services
    announce_due(known.database, known.types, known.settings.public_url)


DEEDS: dict[Callable[[Walk], None], int] = {
    create: 5,
    edit: 6,
    publish: 6,
    schedule: 10,
    unpublish: 2,
    cancel: 3,
    trash: 2,
    undelete: 2,
    purge: 1,
    pass_time: 5,
    announce: 3,
}


# What is seen.


def article_seen(entry: Entry, revision: int, tags: set[str]) -> dict[str, Any]:
    title, references = entry.revisions[revision - 1]
    return {"id": entry.id, "title": title, "version": revision, "tags": [each for each in references if each in tags]}


def expected(walk: Walk, at: float) -> dict[str, list[Any]]:
    """The expected items of each list at an instant, in order."""
    tags = {tag.id for tag, _ in walk.live("tags", at)}
    live = walk.live("articles", at)
    by_first = sorted(live, key=lambda each: (each[0].spans[0].start, each[0].id), reverse=True)
    by_last = sorted(live, key=lambda each: (each[1].start, each[0].id), reverse=True)
    by_title = sorted(live, key=lambda each: (each[0].revisions[each[1].revision - 1][0], each[0].id))

    def seen(found: list[tuple[Entry, Span]]) -> list[dict[str, Any]]:
        return [article_seen(entry, span.revision, tags) for entry, span in found]

    counted = [
        {
            "id": tag.id,
            "name": tag.revisions[span.revision - 1][0],
            "article_count": sum(tag.id in entry.revisions[own.revision - 1][1] for entry, own in live),
        }
        for tag, span in walk.live("tags", at)
    ]
    found = {"articles": seen(by_first), "articles?sort=-updated_at": seen(by_last)}
    found["articles?sort=title"] = seen(by_title)
    found["tags"] = sorted(counted, key=lambda each: (each["name"], each["id"]))
    for tag in walk.entries.values():
        if tag.plural == "tags":
            tagged = [each for each in by_first if tag.id in each[0].revisions[each[1].revision - 1][1]]
            found[f"articles?tag={tag.id}"] = seen(tagged) if tag.id in tags else []
    return found


def expected_drafts(walk: Walk) -> dict[str, list[Any]]:
    """The expected items of the lists of drafts, in an order that does not depend on when they were saved."""
    drafts = [each for each in walk.entries.values() if not each.trashed]
    articles = [each for each in drafts if each.plural == "articles"]
    tags = {each.id for each in drafts if each.plural == "tags"}
    counted = [
        {
            "id": each.id,
            "name": each.revisions[-1][0],
            "article_count": sum(each.id in article.revisions[-1][1] for article in articles),
        }
        for each in drafts
        if each.plural == "tags"
    ]
    by_title = sorted(articles, key=lambda each: (each.revisions[-1][0], each.id))
    return {
        "articles?sort=title": [article_seen(each, len(each.revisions), tags) for each in by_title],
        "tags": sorted(counted, key=lambda each: (each["name"], each["id"])),
    }


def told(caller: Caller, space: str, question: str, **query: str) -> list[Any]:
    """All items of a list, reduced to the data that the model has."""
    fields = "id,name,article_count" if question == "tags" else "id,title,version,tags"
    path = f"{space}/{question}{'&' if '?' in question else '?'}limit=100&fields={fields}"
    answer = caller.get("&".join([path, *(f"{name}={value}" for name, value in query.items())]))
    assert answer.status_code == 200, answer.get_data(as_text=True)
    items: list[Any] = answer.get_json()["data"]
    for each in items:
        if "tags" in each:
            each["tags"] = [tag["id"] for tag in each["tags"]]
    return items


def compare(walk: Walk) -> None:
    """Compare past and future instants through ``at``, future ones again when they have come, and the drafts."""
    viewer, now = walk.service.viewer, walk.hour * HOUR
    past = [walk.chance.randrange(-1, now, 2) for _ in range(2)] if now else [-1]
    coming = [now + 1, now + walk.chance.randrange(3, 7 * HOUR, 2)]
    for quarter in (*past, *coming):
        questions = expected(walk, quarter)
        for question in walk.chance.sample(sorted(questions), min(3, len(questions))):
            found = told(viewer, "/api/v1/preview", question, at=walk.instant(quarter))
            assert found == questions[question], f"{question} at {quarter}"
    for quarter in coming:
        questions = expected(walk, quarter)
        with clock.moved((quarter - now) * QUARTER):
            for question in walk.chance.sample(sorted(questions), min(4, len(questions))):
                assert told(walk.service, "/api/v1", question) == questions[question], f"{question} live at {quarter}"
            for entry in walk.chance.sample(list(walk.entries.values()), min(3, len(walk.entries))):
                compare_item(walk, entry, quarter)
    for question, wanted in expected_drafts(walk).items():
        assert told(viewer, "/api/v1/preview", question, perspective="draft") == wanted, f"{question} as drafts"


def compare_item(walk: Walk, entry: Entry, at: float) -> None:
    answer = walk.service.get(f"/api/v1/{entry.plural}/{entry.id}")
    span = entry.shown(at)
    assert answer.status_code == (200 if span else 404), f"{entry.id} live at {at}"
    if span:
        item = answer.get_json()["data"]
        assert (item["version"], item[LABELS[entry.plural]]) == (
            span.revision,
            entry.revisions[span.revision - 1][0],
        )


@pytest.mark.parametrize("seed", [1, 2])
def test_what_is_seen_is_what_was_done(service: Service, database_url: str, seed: int) -> None:
    walk = Walk(service, random.Random(seed))
    compared = 0
    try:
        for step in range(STEPS):
            (deed,) = walk.chance.choices(list(DEEDS), list(DEEDS.values())) if step > 5 else (create,)
            walk.story.append(f"{deed.__name__} at {walk.now}")
            with clock.moved(walk.hour * HOUR * QUARTER):
                deed(walk)
            if step % STEPS_UNTIL_COMPARED == STEPS_UNTIL_COMPARED - 1:
                with clock.moved(walk.hour * HOUR * QUARTER):
                    compare(walk)
                compared += len(walk.live("articles", walk.hour * HOUR + 1)) > 0
    except AssertionError as error:
        error.add_note("\n".join(walk.story))
        raise
    assert clock.now() - walk.start < QUARTER, "the test took so long that its instants are no longer apart"
    check_invariants(database_url)
    assert walk.refused > 0
    assert compared > 2
