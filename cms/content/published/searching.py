"""Search over published entries: their searched texts, and the results of a search.

The index has the live and the planned publications. The transaction that publishes a revision adds its row, and the
one that records the end moves the row to an index of the past. Drafts are never in these indexes. The perspective
chooses the indexes: preview also searches the past, or an index of drafts.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    Connection,
    Select,
    and_,
    bindparam,
    select,
)

from cms.content.published.lookup import Naming, find_named
from cms.content.published.perspective import Perspective, Tables, revisions
from cms.content.published.rows import summary_of
from cms.content.types import Content, ContentType, Types
from cms.search.highlighting import highlighted, snippet
from cms.search.indexing import Texts
from cms.search.parsing import Branch, parse
from cms.search.scope import Scope
from cms.search.searching import MOST, MOST_HOT, Hit, Search, frequencies, newest_matches, ranked_matches
from cms.search.suggesting import suggest


def searchable(types: Types) -> list[str]:
    """The names of the types that the search over everything finds."""
    return [each.name for each in types.values() if each.searched and each.searched.everywhere]


def referred_to(parameter: str, target: str) -> Naming:
    """A filter by entries that the results must refer to. They are read with the number of documents that do."""
    return Naming(parameter, target, counted=(None, None))


def texts_of(kind: ContentType, data: Content, bodies: Mapping[str, Any]) -> Texts:
    """The searched texts of a revision, as plain text. The type must be searched."""
    assert kind.searched is not None
    return Texts(
        title=str(data[kind.searched.title]),
        summary="\n".join(str(data[name]) for name in kind.searched.summary if data.get(name)),
        body="\n\n".join(bodies[name]["text"] for name in kind.bodies if bodies.get(name)),
    )


@dataclass(frozen=True)
class SearchQuery:
    """The text and the limits of a search. ``references`` are ids or slugs of entries that results must refer to."""

    text: str
    chain: Sequence[str]
    """Locales, best first. An entry in a fallback locale is found only if no better translation is live."""
    types: Sequence[str] = ()
    """Names of types. Empty means all searched types, and for ``search_published`` those that it finds by default."""
    references: Mapping[Naming, Sequence[str]] = field(default_factory=dict)
    after: tuple[float, int] | None = None
    """The score and the number of the last hit on the page before."""
    limit: int = 20
    hides_translations: bool = True
    """True if entries in a fallback locale are left out when a better translation is live."""
    most: int = MOST
    most_hot: int = MOST_HOT


@dataclass(frozen=True)
class FoundEntry:
    """An entry that was found: its row, its hit with the score, and its texts with the matching words marked."""

    row: Any
    hit: Hit
    title: str
    summary: str | None
    snippets: Mapping[str, str | None]


@dataclass(frozen=True)
class Results:
    """A page of results, True if more follow, and a better spelling if nothing was found."""

    found: Sequence[FoundEntry]
    more: bool
    suggestion: str | None = None


def candidates(connection: Connection, query: SearchQuery, perspective: Perspective) -> list[str]:
    """The ids of the live publications that match, newest first: at most 2,000, or 500 for a very frequent word.

    Runs at most three statements, and one more for the past.
    """
    search = _search(connection, query, perspective, query.types)
    if search is None:
        return []
    known = frequencies(connection, search)
    return newest_matches(connection, search, known, most=query.most, most_hot=query.most_hot)


def search_published(connection: Connection, types: Types, query: SearchQuery, perspective: Perspective) -> Results:
    """A page of the live entries that match, most relevant first. No text is invalid.

    Runs four statements, and a few more for a suggestion if the first page is empty.
    """
    search = _search(connection, query, perspective, _narrowing(types, query.types))
    if search is None or not search.branches:
        return Results([], more=False)
    known = frequencies(connection, search)
    hits = ranked_matches(
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
    on_page = hits[: query.limit]
    return Results(_found(connection, types, search, on_page, perspective), more=len(hits) > query.limit)


def _narrowing(types: Types, asked: Sequence[str]) -> Sequence[str]:
    """The types to search. Empty, for no condition, if these are all types in the index."""
    wanted = asked or searchable(types)
    return [] if {each.name for each in types.values() if each.searched} <= set(wanted) else wanted


def _search(
    connection: Connection, query: SearchQuery, perspective: Perspective, types: Sequence[str]
) -> Search | None:
    """The parsed search. ``None`` if a filter names no live entry."""
    groups = list(find_named(connection, query.references, query.chain, perspective).values())
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
) -> list[FoundEntry]:
    """The hits with their rows and marked texts, in their order. Runs one statement."""
    if not hits:
        return []
    ids = [str(each.publication_id) for each in hits]
    rows = {str(row.publication_id): row for row in connection.execute(_rows_statement(perspective.rows), {"ids": ids})}
    branches = {each.locale: each for each in search.branches}
    return [
        _found_entry(types[row.type], row, hit, branches[row.locale])
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


def _found_entry(kind: ContentType, row: Any, hit: Hit, branch: Branch) -> FoundEntry:
    texts = texts_of(kind, row.data, row.bodies)
    return FoundEntry(
        row=row,
        hit=hit,
        title=texts.title,
        summary=summary_of(kind, row) or None,
        snippets={
            "title": highlighted(texts.title, branch),
            "summary": snippet(texts.summary, branch),
            "body": snippet(texts.body, branch),
        },
    )
