"""Query plans: no list, item, count, embedding, search, feed or part of a sitemap reads a whole table, whatever the
planner is told.

A large site is published, each declared combination is requested over HTTP, and each statement that was run is
explained: by SQLite with and without its statistics, since nobody is made to gather them, and by PostgreSQL both for
the given values and for any, since drivers prepare what they run often.
"""

import re
import shutil
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import chain, combinations
from typing import Any

import orjson
import psycopg
import pytest
from sqlalchemy import event, insert, select
from sqlalchemy.engine import make_url

from cms import clock
from cms.api.feeds import sitemaps
from cms.api.feeds.formats import FORMATS
from cms.app import create_app
from cms.catalog import CONTENT_TYPES
from cms.content.editing.indexing import fill_index
from cms.content.model import Event, Revision
from cms.content.published.lists import TIME_OPERATORS
from cms.content.published.searching import SearchQuery
from cms.content.types import ByFacet, ByOwner, ByReference, ByReferrer, ByTime, ContentType, Filter
from cms.identifiers import NOBODY
from cms.search import searching
from cms.settings import Settings
from tests.published_rows import Published, insert_published
from tests.service import SECRET, Service

pytestmark = pytest.mark.exhaustive

TYPES: Mapping[str, ContentType] = {each.type.plural: each.type for each in CONTENT_TYPES}
LOCALES = {"en": None, "de": "en", "de-AT": "de"}
SIZES = {"tags": 200, "authors": 200, "faqs": 300, "social-links": 400, "articles": 1800}
"""In the order in which they refer to each other."""
SEARCHED = 150
"""How many of each type are in the search index: it takes longer to fill than all else."""
PLATFORMS = ("github", "mastodon", "linkedin", "youtube")
BEGIN = datetime(2020, 1, 1, tzinfo=UTC)
WORDS = (
    "paper",
    "thread",
    "spine",
    "needle",
    "paste",
    "board",
    "cloth",
    "leather",
    "bench",
    "press",
    "knife",
    "bone",
    "sew",
)
SEARCHES = ("paste", "bench -leather")

# A list is a walk along an index that has its order. These are not, because what they order is few by its nature:
UNORDERED = {
    "all tags by a number that changes with every article": "sort=-article_count",
    "what names pick out: at most as many as a query has room for": "id=",
    "what slugs pick out": "slug=",
    "what one entry refers to": "article=",
    "the newest matches of a search": "q=",
}


# A range of another time than the one a list is ordered by: where it is narrow it is best read whole and ordered, and
# a planner that is not told the values may take every range for narrow. With the values it has to walk a wide one.
OTHER_TIME = re.compile(r"updated_at__\w+=(?!.*sort=-updated_at)|published_at__\w+=(?!.*sort=-?published_at)")


# What PostgreSQL may read whole, since the answer is about all of it: how many of all entries have no better
# translation, and, of what a search matches, how much.
ALL_COMPARED = re.compile(r"include_total=true.*locale=|q=.*locale=|locale=.*q=")

# What a statement walks: the page of a list, and the entries of a sitemap in the order of their ids.
WALK = re.compile(r" AS page|ORDER BY publications\.entry_id\s+LIMIT")
# Where the parts of a sitemap's index begin is told by all that it lists.
EVERY_PART = "row_number() OVER (ORDER BY publications.entry_id)"


# The site.


@dataclass
class Library:
    """A large site, the statements that its requests ran, and where their plans can be asked for."""

    service: Service
    url: str
    entries: dict[str, list[Published]] = field(default_factory=dict)
    statements: dict[str, tuple[str, Any]] = field(default_factory=dict)
    """By their text: the request that ran it first, and its parameters."""
    asked: str = ""
    sqlite_planners: dict[str, sqlite3.Connection] = field(default_factory=dict)
    connection: Any = None

    def get(self, path: str) -> dict[str, Any]:
        """A document; what it ran is kept."""
        document: dict[str, Any] = orjson.loads(self.read(path))
        return document

    def read(self, path: str) -> bytes:
        """What is answered, of whatever type; what it ran is kept."""
        self.asked = path
        response = self.service.get(path)
        assert response.status_code == 200, (path, response.get_data(as_text=True))
        return response.get_data()

    def record(self, _connection: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        if statement.startswith(("SELECT", "WITH")):
            self.statements.setdefault(statement, (self.asked, parameters))


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def library(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Library]:
    """2,900 entries in three languages: once on SQLite, once on PostgreSQL."""
    folder = tmp_path_factory.mktemp("plans")
    server, name = request.getfixturevalue("postgresql"), f"plans_{request.getfixturevalue('worker_name')}"
    if request.param == "sqlite":
        shutil.copy(request.getfixturevalue("sqlite_template"), folder / "cms.db")
        url = f"sqlite:///{folder / 'cms.db'}"
    else:
        url = server.create_database(name, template=request.getfixturevalue("postgresql_template"))
    service = Service(create_app(Settings(database_url=url, secret_key=SECRET, cache_memory=0)))
    built = Library(service, url)
    _fill(built)
    event.listen(service.services.database.engine, "before_cursor_execute", built.record)
    with _planners(built):
        yield built
    service.close()
    if request.param == "postgresql":
        server.drop_database(name)


@contextmanager
def _planners(built: Library) -> Iterator[None]:
    """Give the library what explains its statements; it is full by now."""
    if built.service.services.database.is_sqlite:
        path = make_url(built.url).database or ""
        plain, measured = sqlite3.connect(path), sqlite3.connect(":memory:")
        plain.backup(measured)
        measured.execute("ANALYZE")
        measured.execute("ANALYZE sqlite_schema")
        built.sqlite_planners = {"without statistics": plain, "with statistics": measured}
        with closing(plain), closing(measured):
            yield
    else:
        address = built.url.replace("+psycopg", "", 1)
        with psycopg.connect(address, autocommit=True, options="-c jit=off") as connection:
            connection.execute("VACUUM ANALYZE")
            # Whatever is read once is in memory, as it is in production where indexes are read all the time.
            connection.execute("SET random_page_cost = 1.1")
            connection.execute("SET plan_cache_mode = force_generic_plan")
            built.connection = connection
            yield


def _fill(built: Library) -> None:
    locales = [{"code": code, "fallback": fallback} for code, fallback in LOCALES.items()]
    settings = {"locales": locales, "base_url": "https://harbour-and-reed.example"}
    changed = built.service.admin.patch("/api/v1/manage/site", json=settings, if_match="*")
    assert changed.status_code == 200
    contents = _contents(built.service)
    database = built.service.services.database
    for plural, size in SIZES.items():
        for number in range(size):
            made = _entry(plural, number, contents[plural], built.entries)
            built.entries.setdefault(plural, []).append(made)
        for first in (True, False):
            part = built.entries[plural][:SEARCHED] if first else built.entries[plural][SEARCHED:]
            with database.transaction() as session:
                insert_published(session, part, clock.now())
            if first:
                fill_index(database, built.service.services.types, built.service.services.settings.public_url)
    _log(built)
    if not database.is_sqlite:
        _search_the_others_too(built)


def _log(built: Library) -> None:
    """Let the log say of each entry that it was published, before all else that it says."""
    entries = chain.from_iterable(built.entries.values())
    rows = [
        {"change": 0, "position": position, "at": each.live_from, "action": "published"}
        | {"type": each.type, "subject": each.id}
        for position, each in enumerate(entries)
    ]
    with built.service.services.database.transaction() as session:
        session.execute(insert(Event), rows)


def _search_the_others_too(built: Library) -> None:
    """Let PostgreSQL's index have as many documents as there are entries, with the words of those it has."""
    with psycopg.connect(built.url.replace("+psycopg", "", 1), autocommit=True) as connection:
        connection.execute(
            "INSERT INTO search_documents"
            " (publication_id, type, locale, translation_group, live_from, live_until, tokens)"
            " SELECT p.id, p.type, p.locale, p.translation_group, p.live_from, p.live_until,"
            " (SELECT d.tokens FROM search_documents d WHERE d.type = p.type AND d.locale = p.locale"
            " ORDER BY abs(d.id - p.sort_number) LIMIT 1)"
            " FROM publications p WHERE NOT p.over AND p.type = 'article'"
            " AND p.id NOT IN (SELECT publication_id FROM search_documents)"
        )


def _contents(service: Service) -> dict[str, dict[str, Any]]:
    """What a revision of each type holds, as the service itself writes it."""
    found = {}
    for plural in SIZES:
        made = service.editor.create_published(plural)
        with service.services.database.snapshot() as connection:
            row = connection.execute(select(Revision.__table__).where(Revision.entry_id == made["id"])).one()
        found[plural] = {"data": row.data, "outline": row.outline, "bodies": row.bodies}
        service.editor.trash(plural, made, purge="true")
    return found


def _entry(plural: str, number: int, content: dict[str, Any], made: Mapping[str, list[Published]]) -> Published:
    """One of many. Every sixth has whatever can be asked for; every other one of these is featured.

    A third is in German, half of that as translations, and some of it Austrian; a few are planned or over.
    """
    moment = BEGIN + timedelta(hours=number)
    kind = TYPES[plural]
    locale = "en" if number % 3 or number == 0 else ("de-AT" if number % 9 == 0 else "de")
    text = f"{WORDS[number % 13]} {WORDS[number * 7 % 11]} {WORDS[number * 5 % 7]} {number}"
    planned, over = number % 50 == 31, number % 50 == 17
    content = content | {"data": content["data"] | {_LABELS.get(plural, "name"): text}}
    if plural == "social-links":
        content["data"] = content["data"] | {"platform": PLATFORMS[number // 6 % 4]}
    return Published(
        type=kind.name,
        locale=locale,
        group=made[plural][number - 1].id if number % 6 == 3 else None,
        slug=f"{plural}-{number}" if kind.has_slug else None,
        published_at=moment,
        live_from=datetime(2999, 1, 1, tzinfo=UTC) if planned else moment,
        live_until=moment + timedelta(hours=1) if over else clock.FOREVER,
        sort_text=text,
        sort_number=number % 10,
        facet=_facet(plural, number),
        links=_links(plural, number, made),
        content=content,
    )


_LABELS = {"articles": "title", "faqs": "question", "social-links": "label"}


def _is_busy(number: int) -> bool:
    return number % 6 in (0, 1)


def _facet(plural: str, number: int) -> str:
    if plural == "social-links":
        return PLATFORMS[number // 6 % 4]
    return "featured" if plural == "articles" and number // 6 % 2 == 0 else ""


def _links(plural: str, number: int, made: Mapping[str, list[Published]]) -> dict[str, list[str]]:
    """The first tag and the first author are those of every busy entry; the others are spread evenly."""

    def some(target: str, count: int) -> list[str]:
        first = [made[target][0].id] if _is_busy(number) else []
        return first + [made[target][1 + (number * 7 + each * 31) % (SIZES[target] - 1)].id for each in range(count)]

    match plural:
        case "faqs":
            return {"tags": some("tags", 2)}
        case "social-links":
            owner = made["authors"][0 if _is_busy(number) else number % SIZES["authors"]]
            return {"author": [owner.id if number % 2 == 0 else NOBODY]}
        case "articles":
            asked = [each.id for each in made["faqs"][:40]] if number % 600 == 1 else some("faqs", 2)
            related = [made["articles"][number // 2].id] if number else []
            return {"authors": some("authors", 1), "tags": some("tags", 2), "faqs": asked, "related": related}
    return {}


# The requests.


def requests_of(plural: str, library: Library) -> Iterator[str]:
    """Every sort with no filter, with each filter alone and with each pair, in the site's language and with a fallback.

    Filters alone come with one value and with several; so do pairs, the one with this sort and the other with the
    next, since what a walk leaves out does not depend on its order.
    """
    kind = TYPES[plural]
    filters = _filters(kind, library)
    fallback = "locale=de&" if kind.has_locales else ""
    alone = ["", *(form for forms in filters.values() for form in forms)]
    for number, sort in enumerate(kind.sorts):
        yield from (f"{asked}&sort={sort}" for asked in (*alone, *_every_operator(kind)))
        yield from (f"{fallback}{asked}&sort={sort}" for asked in alone if fallback)
        for other, (first, second) in enumerate(combinations(filters.values(), 2), start=number):
            several = other % 2
            yield f"{fallback if several else ''}{first[several]}&{second[several]}&sort={sort}"


def _filters(kind: ContentType, library: Library) -> dict[str, tuple[str, str]]:
    """Each filter with one value and with several, such that entries have all of them together."""
    found = {each.parameter: _values(each) for each in kind.filters}
    busy = [each for number, each in enumerate(library.entries[kind.plural]) if _is_busy(number)]
    forms = [[each for each in busy if bool(each.facet) == wanted][2:40] for wanted in (True, False)]
    one, several = (chosen or busy[:40] for chosen in forms)
    found["id"] = (_repeated("id", [each.id for each in one]), _repeated("id", [each.id for each in several]))
    if kind.has_slug:
        slugs = [[str(each.slug) for each in chosen] for chosen in (one, several)]
        found["slug"] = (_repeated("slug", slugs[0]), _repeated("slug", slugs[1]))
    if kind.searched is not None:
        found["q"] = (f"q={SEARCHES[0]}", f"q={SEARCHES[1]}")
    return found


def _values(each: Filter) -> tuple[str, str]:
    name, early, late = each.parameter, clock.to_wire(BEGIN), clock.to_wire(BEGIN + timedelta(days=900))
    match each:
        case ByReference():
            plural = "authors" if name == "author" else "tags"
            return f"{name}={plural}-0", _repeated(name, [f"{plural}-{number}" for number in (0, 1, 2)])
        case ByReferrer():
            return f"{name}=articles-1", f"{name}=articles-1&{name}=articles-601"
        case ByTime():
            return f"{name}__gte={early}&{name}__lt={late}", f"{name}__gt={early}&{name}__ne={late}&{name}__exists=true"
        case ByFacet(flag=None):
            return f"{name}={PLATFORMS[0]}", _repeated(name, PLATFORMS[:3])
        case ByFacet():
            return f"{name}=true", f"{name}=false"
        case ByOwner():
            return f"{name}=site", f"{name}=author"


def _every_operator(kind: ContentType) -> Iterator[str]:
    for each in kind.filters:
        if isinstance(each, ByTime):
            for operator in TIME_OPERATORS:
                value = "true" if operator == "exists" else clock.to_wire(BEGIN + timedelta(days=20))
                yield f"{each.parameter}__{operator}={value}"


def _repeated(name: str, values: Sequence[str]) -> str:
    return "&".join(f"{name}={each}" for each in values)


# The plans.


@dataclass
class Node:
    """One step of a plan, as its database calls it, and the steps it is made of."""

    text: str
    details: dict[str, Any] = field(default_factory=dict)
    parts: list["Node"] = field(default_factory=list)

    def all(self) -> Iterator["Node"]:
        yield self
        for part in self.parts:
            yield from part.all()


def plans_of(library: Library, statement: str, parameters: Any) -> Iterator[tuple[str, Node]]:
    """How each planner would run a statement."""
    if library.service.services.database.is_sqlite:
        for name, connection in library.sqlite_planners.items():
            rows = connection.execute(f"EXPLAIN QUERY PLAN {statement}", parameters).fetchall()
            yield name, _sqlite_plan(rows)
    else:
        yield from _postgresql_plans(library.connection, statement, parameters)


def _sqlite_plan(rows: Sequence[tuple[int, int, int, str]]) -> Node:
    nodes = {0: Node("")}
    for number, parent, _, text in rows:
        nodes[number] = Node(text)
        nodes[parent].parts.append(nodes[number])
    return nodes[0]


def _postgresql_plans(connection: Any, statement: str, parameters: Any) -> Iterator[tuple[str, Node]]:
    """With the values; and without, as a statement is planned that a connection has run ten times."""
    rows = connection.execute(f"EXPLAIN (FORMAT JSON) {statement}", parameters).fetchone()
    yield "these values", _postgresql_node(rows[0][0]["Plan"])
    names = list(parameters)
    numbered = re.sub(r"%\((\w+)\)s", lambda found: f"${names.index(found[1]) + 1}", statement).replace("%%", "%")
    connection.execute(f"PREPARE asked AS {numbered}")
    nulls = ", ".join(["NULL"] * len(names))
    call = f"({nulls})" if names else ""
    rows = connection.execute(f"EXPLAIN (FORMAT JSON) EXECUTE asked{call}").fetchone()
    connection.execute("DEALLOCATE asked")
    yield "any values", _postgresql_node(rows[0][0]["Plan"])


def _postgresql_node(plan: dict[str, Any]) -> Node:
    details = {name: value for name, value in plan.items() if name != "Plans"}
    return Node(plan["Node Type"], details, [_postgresql_node(each) for each in plan.get("Plans", [])])


def faults_of(plan: Node, *, ordered: bool, after: bool) -> Iterator[str]:
    """What is wrong with a plan: tables read whole, and if ``ordered`` sorting what is not few.

    ``after`` says that it is a walk that begins at a cursor, and must find that place by the index too.
    """
    faults = _postgresql_faults if plan.details else _sqlite_faults
    yield from faults(plan, ordered=ordered)
    if after and not any(PLACE.search(str(each.details.get("Index Cond", each.text))) for each in plan.all()):
        yield "walks from the beginning of the list instead of from the cursor"


PLACE = re.compile(r",\s*entry_id\) ?[<>] ?(\(|ROW)")

# What may be read whole: what a statement has made itself, the values it is given, what a search index matches, and
# the two tables that have one row.
SMALL = re.compile(
    r"SCAN (page|candidates|found|moment|anon_\d+|\(subquery-\d+\)|json_each VIRTUAL TABLE"
    r"|search_index VIRTUAL TABLE INDEX \d+:\w*M|(\d+ )?CONSTANT ROW|content_version|site)"
)
ALL_OF_A_TYPE = re.compile(r"\(type=\?\)|ANY\(")
"""An index that is used for its first column alone, or for another than its first."""
MADE = re.compile(r"SCAN (page|candidates|anon_\d+)")
ONE_ROW = {"content_version", "site"}


def _sqlite_faults(plan: Node, *, ordered: bool) -> Iterator[str]:
    for node in plan.all():
        whole = node.text.startswith("SCAN") and not SMALL.match(node.text)
        if whole or "AUTOMATIC" in node.text or ALL_OF_A_TYPE.search(node.text):
            yield node.text
        sorts = [each.text for each in node.parts if "ORDER BY" in each.text]
        first = next((each.text for each in node.parts if each.text.startswith(("SCAN", "SEARCH"))), "")
        if ordered and sorts and not MADE.match(first):
            yield f"{sorts[0]} after {first}"


def _postgresql_faults(plan: Node, *, ordered: bool) -> Iterator[str]:
    limited = (node.parts[0] for node in plan.all() if node.text == "Limit")
    bounded = [id(each) for each in limited if "Filter" not in each.details]
    for node in plan.all():
        table, index = node.details.get("Relation Name"), node.details.get("Index Name")
        if node.text == "Seq Scan" and table not in ONE_ROW:
            yield f"Seq Scan on {table}"
        if node.text in INDEX_SCANS and "Index Cond" not in node.details and id(node) not in bounded:
            yield f"{node.text} of all of {index}"
        if index in ALL_THAT_IS_LIVE:
            yield f"{node.text} of {index}, where nearly all there is is found"
        if ordered and node.text in ("Sort", "Incremental Sort") and not _is_few(node.parts[0]):
            yield f"{node.text} by {node.details['Sort Key']} of {node.parts[0].text}"


INDEX_SCANS = ("Index Scan", "Index Only Scan", "Bitmap Index Scan")
ALL_THAT_IS_LIVE = ("ix_search_documents_live_from", "ix_search_documents_live_until")


def _is_few(node: Node) -> bool:
    """Whether a limit, or values that were given, bound how many rows come out."""
    if node.text in ("Limit", "Function Scan", "Result", "Values Scan"):
        return True
    if node.text == "Nested Loop":
        # The inner side looks up what belongs to each row of the outer one.
        return _is_few(node.parts[0])
    return bool(node.parts) and all(_is_few(each) for each in node.parts)


# The tests.


@pytest.mark.parametrize("plural", TYPES)
def test_every_page_of_every_declared_list_is_a_walk_along_an_index(library: Library, plural: str) -> None:
    library.statements.clear()
    followed = 0
    for asked in requests_of(plural, library):
        path = f"/api/v1/{plural}?limit=1&{asked}"
        if cursor := library.get(path)["page"]["next"]:
            library.get(f"{path}&cursor={cursor}")
            followed += 1
    assert followed > 5
    assert_planned(library)


@pytest.mark.parametrize("plural", TYPES)
def test_whatever_a_list_is_asked_to_show_or_to_count_is_found_by_an_index(library: Library, plural: str) -> None:
    library.statements.clear()
    kind = TYPES[plural]
    for locale in ("", "&locale=de-AT") if kind.has_locales else ("",):
        library.get(f"/api/v1/{plural}?include_total=true{locale}")
        includes = [each for each in kind.includes if each != "adjacent"]
        for include in (*includes, ",".join(includes)) if includes else ():
            library.get(f"/api/v1/{plural}?include={include}&limit=5{locale}")
        for name, values in _filters(kind, library).items():
            total = library.get(f"/api/v1/{plural}?include_total=true&{values[1]}{locale}")["page"]["total"]
            assert total > 0, name
    assert_planned(library)


@pytest.mark.parametrize("plural", TYPES)
def test_an_item_with_all_that_it_includes_is_found_by_an_index(library: Library, plural: str) -> None:
    library.statements.clear()
    kind = TYPES[plural]
    entry = library.entries[plural][1]
    for name in (entry.id, entry.slug) if kind.has_slug else (entry.id,):
        for locale in ("", "locale=de&") if kind.has_locales else ("",):
            library.get(f"/api/v1/{plural}/{name}?{locale}include={','.join(kind.includes)}".removesuffix("include="))
    assert library.service.get(f"/api/v1/{plural}/no-such-{plural}").status_code == 404
    assert_planned(library)


def test_between_a_planned_instant_and_the_worker_nothing_reads_a_whole_table_either(library: Library) -> None:
    library.statements.clear()
    with clock.moved(datetime(2999, 1, 2, tzinfo=UTC) - clock.now()):
        for plural, kind in TYPES.items():
            for values, _ in _filters(kind, library).values():
                library.get(f"/api/v1/{plural}?{values}&limit=2")
        library.get("/api/v1/articles?include=authors&limit=2")
    assert any("publication_links" in statement and "count(*)" in statement for statement in library.statements)
    assert_planned(library)


@pytest.mark.parametrize("hot", [False, True])
def test_a_search_finds_its_words_by_their_index_or_goes_back_from_the_newest(
    library: Library, monkeypatch: pytest.MonkeyPatch, hot: bool
) -> None:
    library.statements.clear()
    monkeypatch.setattr(searching, "HOT_DOCUMENTS", 5 if hot else 10**6)
    monkeypatch.setattr("cms.api.v1.delivery.search.SearchQuery", partial(SearchQuery, most=2, most_hot=2))
    for words in (*SEARCHES, "paper", "paper or thread", "no-such-word"):
        for scope in ("", "&type=author", "&type=faq&type=author", "&type=faq&tag=tags-0", "&author=authors-0"):
            for locale in ("", "&locale=de"):
                path = f"/api/v1/search?limit=1&q={words}{scope}{locale}"
                if cursor := library.get(path)["page"]["next"]:
                    library.get(f"{path}&cursor={cursor}")
    walks = [statement for statement in library.statements if " AS newest" in statement or "max_1" in statement]
    assert bool(walks) is hot
    # Here the planner would find its way without, but not among a million: which types are rare, it has to be told.
    typed = [each for each in walks if "search_documents.type = 'author'" in each]
    assert bool(typed) is (hot and not library.service.services.database.is_sqlite)
    assert_planned(library)


def test_a_sitemap_is_a_walk_by_id_and_its_languages_are_found_by_an_index(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    library.statements.clear()
    monkeypatch.setattr(sitemaps, "BATCH", 50)
    assert library.read("/sitemap.xml").count(b"<url>") > 1500
    read = [statement for statement in library.statements if "canonical_url" in statement]
    assert [WALK.search(each) is not None for each in read] == [True, False]
    assert_planned(library)


def test_feeds_and_what_is_said_to_language_models_are_found_by_an_index(library: Library) -> None:
    library.statements.clear()
    for form in FORMATS:
        for scope in ("", "?tag=tags-0", "?author=authors-0", "?locale=de", "?tag=tags-0&locale=de"):
            assert b"articles-" in library.read(f"/feeds/articles.{form.ending}{scope}"), scope
    assert b"articles-" in library.read("/llms.txt")
    assert_planned(library)


def assert_planned(library: Library) -> None:
    """Explain everything that was run; fails with every fault of every plan."""
    found = []
    for statement, (path, parameters) in library.statements.items():
        if EVERY_PART in statement:
            continue
        for planner, plan in plans_of(library, statement, parameters):
            is_page = WALK.search(statement) is not None
            ordered = is_page and not any(each in path for each in UNORDERED.values())
            ordered = ordered and (planner == "these values" or not OTHER_TIME.search(path))
            after = ordered and "cursor=" in path
            if planner == "these values" and ALL_COMPARED.search(path) and not is_page:
                continue
            found += [
                f"{_shortened(path)} ({planner}): {each}" for each in faults_of(plan, ordered=ordered, after=after)
            ]
    assert not found, "\n".join(found)


def _shortened(path: str) -> str:
    """The request with one value of each parameter."""
    name, _, query = path.partition("?")
    first: dict[str, str] = {}
    for each in query.split("&"):
        first.setdefault(each.split("=")[0], each[:80])
    return f"{name}?{'&'.join(first.values())}"
