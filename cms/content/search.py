"""What of entries is searched, and the answer to a search: read from publications only, like all of delivery.

The index has what is live or planned. A row is made from the revision that a publication shows, never from a draft,
in the transaction that publishes, and leaves in the one that sees the end, for an index of the past. Where to search
is said by the perspective: preview hands in the past too, or an index of drafts.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    Connection,
    Integer,
    Select,
    and_,
    bindparam,
    exists,
    literal,
    select,
    tuple_,
)
from sqlalchemy.orm import Session

from cms.content.model import ContentVersion, Publication, PublicationLink, Revision
from cms.content.names import Naming, find_named
from cms.content.queries import Perspective, Tables, revisions
from cms.content.types import Content, ContentType, Types
from cms.content.version import Actor, change
from cms.db import Database, Identifier, UTCDateTime
from cms.search import indexing
from cms.search.highlighting import highlighted, snippet
from cms.search.indexing import Document, Texts
from cms.search.model import PAST_INDEX, PUBLISHED_INDEX, PastSearchDocument, SearchDocument
from cms.search.parsing import Branch, parse
from cms.search.scope import Scope
from cms.search.searching import MOST, MOST_HOT, Hit, Search, frequencies, newest, ranked
from cms.search.suggesting import suggest

BATCH = 200


def searchable(types: Types) -> list[str]:
    """The names of the types that the search over everything finds."""
    return [each.name for each in types.values() if each.searched and each.searched.everywhere]


def put_in(session: Session, kind: ContentType, publication: Publication, revision: Revision) -> None:
    """Let a publication that is live or planned be found; one that is over, by those who look at the past."""
    if kind.searched is None:
        return
    linked = select(PublicationLink.target_id).where(PublicationLink.publication_id == publication.id)
    indexing.put_in(
        session,
        Document(
            publication_id=publication.id,
            type=publication.type,
            locale=publication.locale,
            translation_group=publication.translation_group,
            live_from=publication.live_from,
            live_until=publication.live_until,
            texts=texts_of(kind, revision.data, revision.bodies),
            references=list(session.scalars(linked.order_by(PublicationLink.field, PublicationLink.position))),
        ),
        PAST_INDEX if publication.over else PUBLISHED_INDEX,
    )


def texts_of(kind: ContentType, data: Content, bodies: Mapping[str, Any]) -> Texts:
    """What of a revision is searched, as plain text; of a type that is searched."""
    assert kind.searched is not None
    return Texts(
        title=str(data[kind.searched.title]),
        summary="\n".join(str(data[name]) for name in kind.searched.summary if data.get(name)),
        body="\n\n".join(bodies[name]["text"] for name in kind.bodies if bodies.get(name)),
    )


def take_out(session: Session, kind: ContentType, publication: Publication) -> None:
    """Let a publication that is about to be erased be found no more, whenever one looks at."""
    if kind.searched is None:
        return
    revision = session.get_one(Revision, (publication.entry_id, publication.revision))
    texts = texts_of(kind, revision.data, revision.bodies)
    for index in (PUBLISHED_INDEX, PAST_INDEX):
        indexing.take_out(session, publication.id, publication.type, publication.locale, texts, index)


def end(session: Session, kind: ContentType, publication: Publication) -> None:
    """Let a publication that is over be found no more but by those who look at the past."""
    if kind.searched is None:
        return
    indexing.move_to_past(session, publication.id, publication.live_until)
    revision = session.get_one(Revision, (publication.entry_id, publication.revision))
    texts = texts_of(kind, revision.data, revision.bodies)
    indexing.take_out(session, publication.id, publication.type, publication.locale, texts)


def set_end(session: Session, kind: ContentType, publication: Publication, *, at: datetime) -> None:
    """Follow a publication to its other end, which may have come by this instant."""
    if publication.live_until <= at:
        end(session, kind, publication)
    elif kind.searched is not None:
        indexing.set_end(session, publication.id, publication.live_until)


def pass_on_translations(session: Session, original: str, heir: str) -> None:
    """Follow the translations of an erased entry to the one that is their original from now on."""
    for index in (PUBLISHED_INDEX, PAST_INDEX):
        indexing.pass_on_translations(session, original, heir, index)


@dataclass(frozen=True)
class SearchQuery:
    """What to search for and where; ``references`` are ids or slugs by the type of entry that they name."""

    text: str
    chain: Sequence[str]
    """Locales, best first; a fallback's entry is found only where no better translation is live."""
    types: Sequence[str] = ()
    """Names of types; none means all that are searched, or of ``search_published`` those that it finds."""
    references: Mapping[str, Sequence[str]] = field(default_factory=dict)
    after: tuple[float, int] | None = None
    """The score and the number of the last hit of the page before."""
    limit: int = 20
    hides_translations: bool = True
    """Whether what is written in a fallback's language is left out where a better translation is there."""
    most: int = MOST
    most_hot: int = MOST_HOT


@dataclass(frozen=True)
class Found:
    """An entry that was found: the row it is read from, its score, and where its words stand, marked."""

    row: Any
    hit: Hit
    title: str
    summary: str | None
    snippets: Mapping[str, str | None]


@dataclass(frozen=True)
class Results:
    """A page of what was found, whether more follows, and a better spelling where nothing was."""

    found: Sequence[Found]
    more: bool
    suggestion: str | None = None


def candidates(connection: Connection, query: SearchQuery, perspective: Perspective) -> list[str]:
    """The ids of the publications that match and are live, newest first: at most 2,000, or 500 of a hot word.

    At most three statements, and one more for the past.
    """
    search = _search(connection, query, perspective, query.types)
    if search is None:
        return []
    known = frequencies(connection, search)
    return newest(connection, search, known, most=query.most, most_hot=query.most_hot)


def search_published(connection: Connection, types: Types, query: SearchQuery, perspective: Perspective) -> Results:
    """A page of what matches and is live, the most relevant first; never raises because of the text.

    Four statements, and a few more for a suggestion when the first page is empty.
    """
    search = _search(connection, query, perspective, _narrowing(types, query.types))
    if search is None or not search.branches:
        return Results([], more=False)
    known = frequencies(connection, search)
    hits = ranked(
        connection,
        search,
        known,
        after=query.after,
        limit=query.limit + 1,
        most=query.most,
        most_hot=query.most_hot,
    )
    if not hits and query.after is None:
        return Results([], more=False, suggestion=suggest(connection, search, known))
    shown = hits[: query.limit]
    return Results(_found(connection, types, search, shown, perspective), more=len(hits) > query.limit)


def _narrowing(types: Types, asked: Sequence[str]) -> Sequence[str]:
    """The types to look in, none where that is all there are in the index."""
    wanted = asked or searchable(types)
    return [] if {each.name for each in types.values() if each.searched} <= set(wanted) else wanted


def _search(
    connection: Connection, query: SearchQuery, perspective: Perspective, types: Sequence[str]
) -> Search | None:
    """What to look for and where; ``None`` where a name that it is narrowed by is nobody's."""
    asked = {Naming(each, each, counted=(None, None)): names for each, names in query.references.items()}
    groups = list(find_named(connection, asked, query.chain, perspective).values())
    if not all(groups):
        return None
    numbers = [each.number for group in groups for each in group]
    scope = Scope(
        types=tuple(types),
        references=tuple(tuple(each.entry_id for each in group) for group in groups),
        numbers=tuple(sum(each.number or 0 for each in group) for group in groups) if None not in numbers else (),
    )
    return Search(
        parse(query.text),
        query.chain,
        perspective.at,
        scope,
        is_current=perspective.current,
        hides_translations=query.hides_translations,
        indexes=perspective.rows.indexes,
    )


def _found(
    connection: Connection, types: Types, search: Search, hits: Sequence[Hit], perspective: Perspective
) -> list[Found]:
    """The hits with what is shown of them, in their order; one statement."""
    if not hits:
        return []
    ids = [str(each.publication_id) for each in hits]
    rows = {str(row.publication_id): row for row in connection.execute(_rows_statement(perspective.rows), {"ids": ids})}
    branches = {each.locale: each for each in search.branches}
    return [
        _shown(types[row.type], row, hit, branches[row.locale])
        for hit, row in ((hit, rows[str(hit.publication_id)]) for hit in hits)
    ]


@lru_cache(maxsize=8)
def _rows_statement(tables: Tables) -> Select[Any]:
    table = tables.publications
    return (
        select(
            table.c.id.label("publication_id"),
            table.c.entry_id,
            table.c.type,
            table.c.locale,
            table.c.slug,
            table.c.published_at,
            revisions.c.data,
            revisions.c.outline,
            revisions.c.bodies,
        )
        .join(revisions, and_(revisions.c.entry_id == table.c.entry_id, revisions.c.number == table.c.revision))
        .where(table.c.id.in_(bindparam("ids", type_=table.c.id.type, expanding=True)))
    )


def _shown(kind: ContentType, row: Any, hit: Hit, branch: Branch) -> Found:
    texts = texts_of(kind, row.data, row.bodies)
    excerpts = (outline["excerpt"] for outline in (row.outline or {}).values() if outline)
    return Found(
        row=row,
        hit=hit,
        title=texts.title,
        summary=row.data.get("summary") or next(excerpts, None) or None,
        snippets={
            "title": highlighted(texts.title, branch),
            "summary": snippet(texts.summary, branch),
            "body": snippet(texts.body, branch),
        },
    )


def fill_index(database: Database, types: Types, public_url: str, *, anew: bool = False) -> int:
    """Index every publication that is not yet, in batches; returns how many there were that are not over.

    ``anew`` empties the index first; searches find the less until it is full again. Writers go on in between.
    Unless there was nothing to do, it ends as a change of the content.
    """
    if anew:
        with database.transaction() as session:
            wait_for_turn(session)
            indexing.clear(session)
            indexing.clear(session, PAST_INDEX)
    filled = _fill(database, types, SearchDocument, over=False)
    _fill(database, types, PastSearchDocument, over=True)
    if filled or anew:
        # Answers that were kept, by whomever, and cursors may say otherwise.
        with change(database, types, Actor(name="reindex"), public_url) as unit:
            unit.moves_content()
            unit.record("reindexed", "search")
    return filled


def _fill(database: Database, types: Types, indexed: Any, *, over: bool) -> int:
    filled, after = 0, None
    while True:
        with database.transaction() as session:
            wait_for_turn(session)
            batch = session.execute(_missing(types, indexed, after, over=over), {"batch": BATCH}).all()
            for publication, revision in batch:
                put_in(session, types[publication.type], publication, revision)
        if not batch:
            return filled
        filled += len(batch)
        after = (batch[-1][0].live_from, batch[-1][0].id)


def wait_for_turn(session: Session) -> None:
    """Changes happen one after the other, on every node: the counter's row is what they queue for."""
    session.execute(select(ContentVersion.change).with_for_update())


def _missing(types: Types, indexed: Any, after: tuple[datetime, str] | None, *, over: bool) -> Any:
    """Publications, over or not, that are not indexed, with their revisions, the oldest first: later is newer."""
    statement: Any = (
        select(Publication, Revision)
        .join(Revision, and_(Revision.entry_id == Publication.entry_id, Revision.number == Publication.revision))
        .where(
            Publication.over if over else ~Publication.over,
            Publication.type.in_([each.name for each in types.values() if each.searched]),
            ~exists().where(indexed.publication_id == Publication.id),
        )
        .order_by(Publication.live_from, Publication.id)
        .limit(bindparam("batch", type_=Integer))
    )
    if after is not None:
        here = tuple_(Publication.live_from, Publication.id)
        statement = statement.where(here > tuple_(literal(after[0], UTCDateTime), literal(after[1], Identifier)))
    return statement
