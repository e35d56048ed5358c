"""Lists against a model: random sites, every filter and sort, each walked to its end and compared with plain Python.

The model knows nothing of indexes, walks and merging: it looks at every entry and asks whether it belongs.
"""

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import delete
from uuid_utils.compat import uuid7

from cms import clock
from cms.content.editing.model import Entry
from cms.content.model import LinkCount
from cms.content.published.lists import ListQuery, list_published
from cms.content.published.perspective import Perspective
from cms.content.types import ByFacet, ByOwner, ByReference, ByReferrer, ByTime, ContentType
from cms.identifiers import NOBODY
from cms.worker import announce_due
from tests.published_rows import Published, insert_published
from tests.service import Service

pytestmark = pytest.mark.exhaustive

SITES = 6
QUESTIONS = 6
"""For each sort of each type, on each site."""
LOCALES = ("en", "de", "de-AT")
CHAINS = (("en",), ("de", "en"), ("de-AT", "de", "en"), ("en", "de-AT"), ("de-AT",))
NOW = datetime(2026, 3, 3, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
PLATFORMS = ("github", "mastodon", "linkedin")
COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "gt": lambda value, bound: value > bound,
    "gte": lambda value, bound: value >= bound,
    "lt": lambda value, bound: value < bound,
    "lte": lambda value, bound: value <= bound,
    "ne": lambda value, bound: value != bound,
    "exists": lambda value, asked: bool(asked),
}


# A site.


@dataclass
class Model:
    """Every entry of a site, and the instant it is looked at."""

    entries: list[Published]
    at: datetime = NOW
    by_id: dict[str, Published] = field(init=False)

    def __post_init__(self) -> None:
        self.by_id = {each.id: each for each in self.entries}

    def live(self, type_name: str) -> list[Published]:
        return [each for each in self.entries if each.type == type_name and each.is_live(self.at)]


def random_site(chance: random.Random) -> list[Published]:
    """A few entries of every type, with ties in whatever they are ordered by, planned ones and ended ones.

    A slug is one entry's in its type and language; who comes second is left out, and what refers to it refers to none.
    """
    tags = [_entry(chance, "tag") for _ in range(chance.randint(3, 7))]
    authors = [_entry(chance, "author") for _ in range(chance.randint(2, 5))]
    for target in (tags, authors):
        target += _translations(chance, target)
    faqs = [_entry(chance, "faq", tags=_some(chance, tags)) for _ in range(chance.randint(3, 9))]
    faqs += _translations(chance, faqs)
    articles = [
        _entry(
            chance,
            "article",
            facet=chance.choice(("featured", "")),
            tags=_some(chance, tags),
            authors=_some(chance, authors),
            faqs=_some(chance, faqs),
        )
        for _ in range(chance.randint(8, 20))
    ]
    articles += _translations(chance, articles)
    social = [_social_link(chance, authors) for _ in range(chance.randint(4, 9))]
    held: dict[Any, Published] = {}
    for each in (*tags, *authors, *faqs, *articles, *social):
        held.setdefault((each.type, each.locale, each.slug or each.id), each)
    return list(held.values())


def _entry(chance: random.Random, type_name: str, facet: str = "", **links: list[str]) -> Published:
    start = chance.choice((NOW - 3 * HOUR, NOW - 2 * HOUR, NOW - HOUR, NOW - HOUR, NOW, NOW + HOUR))
    ends = (clock.FOREVER,) * 4 + (NOW + 2 * HOUR, NOW - HOUR / 2, NOW)
    return Published(
        type=type_name,
        published_at=NOW - chance.randint(0, 4) * HOUR,
        live_from=start,
        live_until=max(chance.choice(ends), start + HOUR / 4),
        locale=chance.choice(LOCALES),
        slug=f"s-{chance.randint(0, 9)}-{chance.randint(0, 3)}",
        sort_text=chance.choice(("a", "b", "é", "Z", "")),
        sort_number=chance.randint(-1, 2),
        facet=facet,
        links={name: targets for name, targets in links.items() if targets},
    )


def _social_link(chance: random.Random, authors: Sequence[Published]) -> Published:
    owner = chance.choice([NOBODY, *(each.id for each in authors)])
    made = _entry(chance, "social-link", facet=chance.choice(PLATFORMS), author=[owner])
    return replace(made, slug=None)


def _some(chance: random.Random, targets: Sequence[Published]) -> list[str]:
    return [each.id for each in chance.sample(targets, min(len(targets), chance.randint(0, 3)))]


def _translations(chance: random.Random, originals: Sequence[Published]) -> list[Published]:
    """Some entries in the locales that they are not in yet; often under the same slug."""
    made = []
    for each in originals:
        for locale in LOCALES:
            if locale != each.locale and chance.random() < 0.35:
                like = _entry(chance, each.type, facet=each.facet)
                slug = chance.choice((each.slug, like.slug))
                links = each.links if chance.random() < 0.5 else {}
                made.append(replace(like, group=each.id, locale=locale, slug=slug, links=links))
    return made


# The model.


def expected(model: Model, kind: ContentType, query: ListQuery) -> list[str]:
    """The ids of a whole list, in order."""
    sort = query.sort or next(iter(kind.sorts))
    listed = [each for each in model.live(kind.name) if _is_listed(model, each, kind, query.chain)]
    kept = [each for each in listed if _passes(model, each, kind, query)]
    ordered = sorted(
        kept, key=lambda each: (_sort_value(model, kind, each, sort), each.id), reverse=sort.startswith("-")
    )
    return [each.id for each in ordered]


def _is_listed(model: Model, entry: Published, kind: ContentType, chain: Sequence[str]) -> bool:
    if entry.locale not in chain:
        return False
    better = chain[: list(chain).index(entry.locale)] if kind.has_locales else ()
    group = entry.group or entry.id
    return not any((each.group or each.id) == group and each.locale in better for each in model.live(kind.name))


def _passes(model: Model, entry: Published, kind: ContentType, query: ListQuery) -> bool:
    return all(_matches(model, entry, kind, name, value, query.chain) for name, value in query.filters.items())


def _matches(model: Model, entry: Published, kind: ContentType, name: str, value: Any, chain: Sequence[str]) -> bool:
    if name in ("id", "slug"):
        return str(getattr(entry, name)) in value
    parameter, _, operator = name.partition("__")
    each = next(each for each in kind.filters if each.parameter == parameter)
    match each:
        case ByReference():
            target = next(reference.target for reference in kind.references if reference.field == each.field)
            named = {found.id for found in _named(model, target, value, chain)}
            return bool(named & set(entry.links.get(each.field, ())))
        case ByReferrer():
            referring = _named(model, each.source, value, chain)
            return any(entry.id in found.links.get(each.field, ()) for found in referring)
        case ByTime():
            compared = entry.live_from if each.column == "updated_at" else entry.published_at
            return COMPARE[operator](compared, value)
        case ByFacet(flag=None):
            return str(entry.facet) in value
        case ByFacet():
            return (entry.facet == each.flag) is value
        case ByOwner():
            return (entry.links[each.field] == [NOBODY]) is (value == "site")


def _named(model: Model, type_name: str, names: Sequence[str], chain: Sequence[str]) -> list[Published]:
    """An id names its entry; a slug the one in the best locale of the chain."""
    found = []
    for name in names:
        live = model.live(type_name)
        by_slug = [each for each in live if each.slug == name and each.locale in chain]
        best = min(by_slug, key=lambda each: list(chain).index(each.locale), default=None)
        found += [each for each in live if each.id == name] + ([best] if best else [])
    return found


def _sort_value(model: Model, kind: ContentType, entry: Published, sort: str) -> Any:
    column = kind.sorts[sort]
    if column == "count":
        return count(model, kind, entry)
    return entry.live_from if column == "updated_at" else getattr(entry, column)


def count(model: Model, kind: ContentType, entry: Published) -> int:
    """How many live entries refer to one, counted."""
    (counted,) = kind.counts
    return sum(entry.id in each.links.get(counted.by, ()) for each in model.live(counted.source))


# The questions.


def questions(chance: random.Random, model: Model, kind: ContentType) -> Iterator[ListQuery]:
    """Every sort with no filter, and random ones with one, two or three."""
    chain: Sequence[str] = LOCALES if not kind.has_locales else chance.choice(CHAINS)
    for sort in kind.sorts:
        yield ListQuery({}, chain, sort, limit=chance.randint(1, 4))
    for _ in range(QUESTIONS):
        for sort in kind.sorts:
            parameters = [*(each.parameter for each in kind.filters), "id", *(["slug"] if kind.has_slug else [])]
            chosen = chance.sample(parameters, min(len(parameters), chance.randint(1, 3)))
            filters = dict(pair for name in chosen for pair in _asked(chance, model, kind, name))
            chain = LOCALES if not kind.has_locales else chance.choice(CHAINS)
            yield ListQuery(filters, chain, sort, limit=chance.randint(1, 5))


def _asked(chance: random.Random, model: Model, kind: ContentType, name: str) -> Iterator[tuple[str, Any]]:
    """A filter with values that may be of this site, of another type, over, or nobody's."""
    each = next((each for each in kind.filters if each.parameter == name), None)
    match each:
        case ByReferrer():
            yield name, _names(chance, [found for found in model.entries if found.type == each.source])
        case ByReference():
            target = next(reference.target for reference in kind.references if reference.field == each.field)
            yield name, _names(chance, [found for found in model.entries if found.type == target])
        case ByTime():
            for operator in chance.sample(list(COMPARE), chance.randint(1, 2)):
                bound = NOW - chance.randint(0, 4) * HOUR
                yield f"{name}__{operator}", chance.random() < 0.7 if operator == "exists" else bound
        case ByFacet(flag=None):
            yield name, chance.sample(PLATFORMS, chance.randint(1, 3))
        case ByFacet():
            yield name, chance.random() < 0.5
        case ByOwner():
            yield name, chance.choice(("site", each.field))
        case None:
            own = [found for found in model.entries if found.type == kind.name]
            known = [found.id if name == "id" else str(found.slug) for found in own]
            yield name, [*chance.sample(known, chance.randint(0, len(known))), "s-0-0" if name == "slug" else NOBODY]


def _names(chance: random.Random, targets: Sequence[Published]) -> list[str]:
    """Some by id, some by slug, and at times one that nobody has."""
    chosen = chance.sample(targets, min(len(targets), chance.randint(1, 4)))
    names = [chance.choice((each.id, str(each.slug))) for each in chosen]
    return [*names, *chance.choice(([], [], ["nobodys"], [str(uuid7())]))] or ["nobodys"]


# The tests.


@pytest.mark.parametrize("seed", range(SITES))
def test_every_walk_of_a_random_site_is_what_looking_at_every_entry_finds(service: Service, seed: int) -> None:
    chance = random.Random(seed)
    model = Model(random_site(chance))
    stand(service, model)
    lengths = []
    for kind in service.services.types.values():
        for question in questions(chance, model, kind):
            found = walked(service, kind, question, model.at)
            assert found == expected(model, kind, question), (kind.name, question)
            lengths.append(len(found))
    assert sum(length > 1 for length in lengths) > 20, "too few of the questions have an answer to be wrong about"


@pytest.mark.parametrize("seed", range(2))
def test_counts_hold_between_planned_instants_and_the_worker(service: Service, seed: int) -> None:
    """The rows stand as they were counted at ``NOW``; they are looked at later, by counting, until the worker runs."""
    chance = random.Random(1000 + seed)
    model = Model(random_site(chance))
    stand(service, model)
    later = Model(model.entries, at=NOW + 1.5 * HOUR)
    for perspective in (Perspective(NOW, is_counted=True), Perspective(later.at)):
        seen = Model(model.entries, at=perspective.at)
        for kind in service.services.types.values():
            for counted in kind.counts:
                rows = _rows(service, kind, ListQuery({}, LOCALES, limit=100), perspective)
                assert {row.entry_id: getattr(row, counted.field) for row in rows} == {
                    each: count(seen, kind, seen.by_id[each]) for each in expected(seen, kind, ListQuery({}, LOCALES))
                }
    for kind in service.services.types.values():
        for question in questions(chance, later, kind):
            found = walked(service, kind, question, later.at, settled=False)
            assert found == expected(later, kind, question), (kind.name, question)


def test_kept_counts_are_what_counting_finds_whatever_is_done(service: Service) -> None:
    editor, admin = service.editor, service.admin
    tag, author = editor.create_published("tags", slug="repair"), editor.create_published("authors", slug="orla")
    one, two, three = (editor.create("articles", tags=[tag["id"]], authors=[author["id"]]) for _ in range(3))
    soon = clock.to_wire(clock.now() + HOUR)

    def agree(number: int) -> None:
        for plural, parameter, slug in (("tags", "tag", "repair"), ("authors", "author", "orla")):
            listed = service.get(f"/api/v1/articles?{parameter}={slug}&include_total=true&limit=1").get_json()
            kept = service.get(f"/api/v1/{plural}/{slug}").get_json()["data"]["article_count"]
            in_list = service.get(f"/api/v1/{plural}").get_json()["data"][0]["article_count"]
            assert listed["page"]["total"] == kept == in_list == number

    def work() -> None:
        known = service.services
        while announce_due(known.database, known.types, known.settings.public_url):
            pass

    agree(0)
    editor.publish("articles", one)
    editor.publish("articles", two, live_until=soon)
    editor.publish("articles", three, live_from=soon)
    agree(2)
    with clock.moved(HOUR / 2):
        editor.unpublish("articles", one)
        agree(1)
        editor.publish("articles", one)
        editor.change("articles", one, title="Said anew", authors=[author["id"]])
        editor.publish("articles", one)
        agree(2)
    with clock.moved(2 * HOUR):
        agree(2)
        work()
        agree(2)
        editor.trash("articles", three, force="true")
        agree(1)
        admin.trash("articles", one, purge="true")
        agree(0)
        editor.post(f"/api/v1/manage/articles/{three['id']}/undelete")
        editor.publish("articles", three)
        agree(1)
        editor.change("articles", three, tags=[], authors=[])
        agree(1)
        editor.publish("articles", three)
        agree(0)


def stand(service: Service, model: Model) -> None:
    """Make the model's entries all that is published."""
    with service.services.database.transaction() as session:
        session.execute(delete(Entry))
        session.execute(delete(LinkCount))
        insert_published(session, model.entries, NOW)


def walked(service: Service, kind: ContentType, query: ListQuery, at: datetime, *, settled: bool = True) -> list[str]:
    """The ids of a list by pages, to its end; checks that the total is as many."""
    perspective = Perspective(at, is_counted=settled)
    found: list[str] = []
    with service.services.database.snapshot() as connection:
        rows, more, total = list_published(connection, kind, replace(query, total=True), perspective)
        found += [row.entry_id for row in rows]
        while more:
            assert len(rows) == query.limit
            following = replace(query, after=(rows[-1].sort_value, rows[-1].entry_id))
            rows, more, _ = list_published(connection, kind, following, perspective)
            found += [row.entry_id for row in rows]
    assert total == len(found), (kind.name, query)
    return found


def _rows(service: Service, kind: ContentType, query: ListQuery, perspective: Perspective) -> list[Any]:
    with service.services.database.snapshot() as connection:
        rows, _, _ = list_published(connection, kind, query, perspective)
    return rows
