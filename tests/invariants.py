"""Checks that must hold for every database of the service, after any writes and after any crash.

Some tables copy data from others, so that reading is fast. Every copy must agree with its source. The checks read the
database directly, without the service, and make each copy anew with plain Python.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from sqlalchemy import NullPool, create_engine, select, text

from cms import clock
from cms.catalog import CONTENT_TYPES
from cms.clock import FOREVER
from cms.content.editing.links import listed_references, references_of
from cms.content.editing.model import Entry, Link, Slug
from cms.content.editing.preview_model import DraftPublication, DraftPublicationLink, DraftSearchDocument
from cms.content.model import ContentVersion, Event, LinkCount, Publication, PublicationLink, Revision, SortKeys
from cms.content.renditions import to_content
from cms.content.types import ContentType
from cms.search.model import PastSearchDocument, SearchDocument

TYPES: Mapping[str, ContentType] = {each.type.name: each.type for each in CONTENT_TYPES}
TIMELINE_ACTIONS = ("published", "scheduled", "unpublished", "unpublishing_planned", "cancelled")


@dataclass(frozen=True)
class Contents:
    """Every row of the tables that are compared, read in one transaction, by the name of the model."""

    rows: Mapping[str, list[Any]]

    def of(self, model: Any) -> list[Any]:
        return self.rows[model.__name__]

    def by(self, model: Any, *names: str) -> dict[Any, list[Any]]:
        """The rows of a table by the values of these columns."""
        found: dict[Any, list[Any]] = defaultdict(list)
        for row in self.of(model):
            found[tuple(getattr(row, name) for name in names) if len(names) > 1 else getattr(row, names[0])].append(row)
        return found


MODELS: tuple[Any, ...] = (
    ContentVersion,
    DraftPublication,
    DraftPublicationLink,
    DraftSearchDocument,
    Entry,
    Event,
    Link,
    LinkCount,
    PastSearchDocument,
    Publication,
    PublicationLink,
    Revision,
    SearchDocument,
    Slug,
)


def check_invariants(database_url: str) -> None:
    """Raise ``AssertionError`` for the first row that does not agree with its source."""
    known = read(database_url)
    check_drafts(known)
    check_slugs(known)
    check_publications(known)
    check_translations(known)
    check_counts(known)
    check_search(known)
    check_events(known)
    check_histories(known)


def read(database_url: str) -> Contents:
    """The rows of every table that is compared. On SQLite, its own checks of the file run first."""
    engine = create_engine(database_url, poolclass=NullPool)
    with engine.connect() as connection:
        if connection.dialect.name == "sqlite":
            assert connection.execute(text("PRAGMA integrity_check")).all() == [("ok",)]
            assert connection.execute(text("PRAGMA foreign_key_check")).all() == []
        else:
            connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        drafts = {kind.name: _ids(connection, kind) for kind in TYPES.values()}
        tables = {model.__name__: connection.execute(_all(model)).all() for model in MODELS}
    engine.dispose()
    return Contents({name: list(rows) for name, rows in tables.items()} | {"Draft": list(drafts.items())})


def _all(model: Any) -> Any:
    # What is in an index of words is of the database's own kind, and is asked about by searching.
    return select(*(each for each in model.__table__.c if each.name != "tokens"))


def _ids(connection: Any, kind: ContentType) -> list[str]:
    table = kind.model.__table__
    return list(connection.execute(select(table.c.entry_id)).scalars())


@contextmanager
def about(what: Any) -> Any:
    """Add the name of the subject to an assertion that fails."""
    try:
        yield
    except AssertionError as error:
        error.add_note(str(what))
        raise


def check_drafts(known: Contents) -> None:
    """Every entry has one draft, every revision up to its newest, its references, and its place in the preview."""
    entries = {each.id: each for each in known.of(Entry)}
    revisions, links = known.by(Revision, "entry_id"), known.by(Link, "entry_id")
    drafts, draft_links = known.by(DraftPublication, "entry_id"), known.by(DraftPublicationLink, "entry_id")
    for type_name, ids in known.rows["Draft"]:
        assert sorted(ids) == sorted(each.id for each in entries.values() if each.type == type_name), type_name
    assert drafts.keys() == {each.id for each in entries.values() if each.trashed_at is None}
    for entry in entries.values():
        with about(entry):
            numbers = sorted(each.number for each in revisions[entry.id])
            assert numbers == list(range(1, entry.version + 1))
            (newest,) = [each for each in revisions[entry.id] if each.number == entry.version]
            content, kind = to_content(newest), TYPES[entry.type]
            assert content["slug"] == entry.slug
            assert _existing(references_of(kind, content), entries) == _triples(links[entry.id])
            if entry.trashed_at is None:
                (draft,) = drafts[entry.id]
                assert (draft.revision, draft.slug, draft.type) == (entry.version, entry.slug, entry.type)
                listed = [each for each in _triples(draft_links[entry.id]) if each[1] in entries]
                assert listed == _existing(references_of(kind, content), entries)
                assert _keys_differ(draft, draft_links[entry.id]) == []


def _existing(references: Iterable[tuple[str, int, str]], entries: Mapping[str, Any]) -> list[tuple[str, str]]:
    """References as field and target, without those to entries that have been erased."""
    return [(field, target) for field, _, target in sorted(references) if target in entries]


def _triples(links: Iterable[Any]) -> list[tuple[str, str]]:
    ordered = sorted(links, key=lambda each: (each.field, each.position))
    return [(each.field, each.target_id) for each in ordered]


def _keys_differ(row: Any, copies: Iterable[Any], *more: str) -> list[Any]:
    """The copies whose sort keys or other columns differ from those of their source row."""
    names = (*SortKeys.__annotations__, "type", "locale", *more)
    return [each for each in copies if any(getattr(each, name) != getattr(row, name) for name in names)]


def check_slugs(known: Contents) -> None:
    """Every slug of a draft or a publication is held by its entry, and no other slug is held."""
    held = {(each.type, each.locale, each.slug): each.entry_id for each in known.of(Slug)}
    wanted = {
        (each.type, each.locale, each.slug): each.entry_id for each in known.of(Publication) if each.slug is not None
    } | {(each.type, each.locale, each.slug): each.id for each in known.of(Entry) if each.slug is not None}
    assert held == wanted


def check_publications(known: Contents) -> None:
    """Publications of an entry do not overlap; their revisions exist, with the same references."""
    revisions = {(each.entry_id, each.number): each for each in known.of(Revision)}
    links = known.by(PublicationLink, "publication_id")
    assert links.keys() <= {each.id for each in known.of(Publication)}
    for timeline in known.by(Publication, "entry_id").values():
        ordered = sorted(timeline, key=lambda each: each.live_from)
        for earlier, later in pairwise(ordered):
            assert earlier.live_until <= later.live_from, (earlier, later)
        for each in ordered:
            with about(each):
                content = to_content(revisions[each.entry_id, each.revision])
                assert each.live_from < each.live_until
                assert each.slug == content["slug"]
                expected = [
                    (field, target) for field, _, target in sorted(listed_references(TYPES[each.type], content))
                ]
                assert _triples(links[each.id]) == expected
                assert _keys_differ(each, links[each.id], "entry_id", "live_from", "live_until", "over") == []


def check_translations(known: Contents) -> None:
    """Originals exist and are not translations themselves; all copies of a translation link agree."""
    entries = {each.id: each for each in known.of(Entry)}
    groups = {each.id: each.translation_of or each.id for each in entries.values()}
    for entry in entries.values():
        original = entries[groups[entry.id]]
        assert (original.type, original.translation_of) == (entry.type, None), entry
    for each in known.of(DraftPublication):
        assert each.translation_group == groups[each.entry_id], each
    for each in known.of(DraftSearchDocument):
        assert each.translation_group == groups[each.publication_id], each
    for each in known.of(Publication):
        assert each.translation_group in entries, each
        if each.revision == entries[each.entry_id].version and not each.over:
            assert each.translation_group == groups[each.entry_id], each
    published = {each.id: each.translation_group for each in known.of(Publication)}
    for each in (*known.of(SearchDocument), *known.of(PastSearchDocument)):
        assert each.translation_group == published[each.publication_id], each


def check_counts(known: Contents) -> None:
    """The stored numbers of references equal the counted ones."""
    begun = {each.id for each in known.of(Publication) if each.announced and not each.over}
    counted = Counter(
        (each.target_id, each.field, each.type) for each in known.of(PublicationLink) if each.publication_id in begun
    )
    kept = {(each.target_id, each.field, each.type): each.number for each in known.of(LinkCount) if each.number}
    assert kept == dict(counted)


def check_search(known: Contents) -> None:
    """The search indexes hold every publication and draft of a searched type, and nothing else."""
    searched = [each for each in known.of(Publication) if TYPES[each.type].searched is not None]
    for model, over in ((SearchDocument, False), (PastSearchDocument, True)):
        expected = {each.id: (each.live_from, each.live_until) for each in searched if each.over is over}
        found = {each.publication_id: (each.live_from, each.live_until) for each in known.of(model)}
        assert found == expected, model.__name__
    drafts = {each.entry_id for each in known.of(DraftPublication) if TYPES[each.type].searched is not None}
    assert {each.publication_id for each in known.of(DraftSearchDocument)} == drafts


def check_events(known: Contents) -> None:
    """The audit log has every number up to the counter, with positions from 0, and the last write of every entry."""
    (counter,) = known.of(ContentVersion)
    changes = known.by(Event, "change")
    # A new database is at change 1, which no event tells of.
    assert sorted(changes) == list(range(2, counter.change + 1))
    assert counter.content <= counter.change
    for number, events in changes.items():
        assert sorted(each.position for each in events) == list(range(len(events))), number
        assert len({(each.at, each.key_id, each.request_id) for each in events}) == 1, number
    for entry in known.of(Entry):
        assert entry.changed in changes, entry
    if counter.change > 1:
        assert counter.at == changes[counter.change][0].at


def check_histories(known: Contents) -> None:
    """The events of each entry lead to its revisions and its timeline; a purged entry has nothing but events."""
    entries = {each.id: each for each in known.of(Entry)}
    revisions, timelines = known.by(Revision, "entry_id"), known.by(Publication, "entry_id")
    histories = known.by(Event, "subject")
    purged = {each.subject for each in known.of(Event) if each.action == "purged"}
    assert purged.isdisjoint(entries)
    for entry in entries.values():
        history = sorted(histories[entry.id], key=lambda each: (each.change, each.position))
        with about((entry, history)):
            assert [each.action for each in history].count("created") == 1
            saved = [(each.revision, each.change) for each in history if each.action in ("created", "saved")]
            assert saved == sorted((each.number, each.change) for each in revisions[entry.id])
            told = {(each.revision, each.live_from, each.live_until) for each in timelines[entry.id]}
            assert retold(history) == told
            moved = [each.action for each in history if each.action in ("trashed", "undeleted")]
            assert (moved[-1:] == ["trashed"]) is (entry.trashed_at is not None)


def retold(history: Iterable[Any]) -> set[tuple[Any, ...]]:
    """A timeline rebuilt from events: each event removes its spans ``before`` and adds its spans ``after``."""
    spans: set[tuple[Any, ...]] = set()
    for event in history:
        if event.action in TIMELINE_ACTIONS:
            before, after = _spans(event.before), _spans(event.after)
            assert before <= spans, f"{event} ends what was not there"
            spans = (spans - before) | after
    return spans


def _spans(told: Mapping[str, Any]) -> set[tuple[Any, ...]]:
    return {
        (
            each["revision"],
            clock.from_wire(each["live_from"]),
            clock.from_wire(each["live_until"]) if each["live_until"] else FOREVER,
        )
        for each in told["timeline"]
    }
