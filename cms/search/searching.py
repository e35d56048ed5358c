"""Finds what is there at an instant: what matches, newest first and capped, or the same in the order of relevance."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from typing import Any, NamedTuple

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Double,
    Integer,
    Select,
    String,
    bindparam,
    exists,
    func,
    or_,
    select,
    tuple_,
)

from cms.db import is_among
from cms.search import postgresql, sqlite
from cms.search.model import EVERY_DOCUMENT, PUBLISHED_INDEX, SearchIndex, is_live
from cms.search.parsing import Branch, Query
from cms.search.scope import EVERYTHING, Scope, scope_token
from cms.search.source import Plan

MOST = 2000
"""How many of the newest matches are ranked."""
MOST_HOT = 500
"""How many of them where there are very many."""
HOT_DOCUMENTS = 5000
"""From how many matches on there are very many."""
USUAL_SHARE = 0.5
"""What more of all documents than this are of is no type to look up."""
WALK_SHARE = 0.03
"""What more of all documents than this should match is found by walking back from the newest."""
WALK_DEPTH = 20_000
"""How many documents a walk looks at."""
LONG_LISTS = 50_000
"""From how many documents on, word by word, there is very much to read."""


@dataclass(frozen=True)
class Search:
    """A query in a chain of locales, best first, within a scope, as of an instant; in one index or several."""

    query: Query
    chain: Sequence[str]
    at: datetime
    scope: Scope = EVERYTHING
    is_current: bool = True
    """Whether the instant is the present."""
    hides_translations: bool = True
    """Whether what is written in a fallback's language is left out where a better translation is there."""
    indexes: tuple[SearchIndex, ...] = (PUBLISHED_INDEX,)
    """Where to look; the first has the numbers of documents by which the rest is read too."""

    @property
    def branches(self) -> list[Branch]:
        """The query as read in each locale."""
        return [branch for locale in self.chain if (branch := self.query.branch(locale))]


class Hit(NamedTuple):
    """A document that was found; scores of one answer compare, those of two do not.

    ``id`` tells it from every other in the indexes that were searched, and the newer of one of them from the older.
    """

    id: int
    publication_id: str
    score: float


@dataclass(frozen=True)
class Frequencies:
    """How many documents have a stem, by locale and stem, those that are planned included."""

    documents: Mapping[tuple[str, str], int]

    def expected(self, search: "Search") -> float:
        """How many documents may match, if words have nothing to do with each other."""
        return sum(self._total(each.locale) * self._share(each) for each in search.branches)

    def total(self, search: "Search") -> int:
        """How many documents there are in the locales of the search, whatever its scope."""
        return sum(map(self._total, search.chain))

    def typed(self, search: "Search") -> int:
        """How many of them are of its types."""
        names = map(scope_token, search.scope.types)
        return sum(self.documents.get((locale, name), 0) for name in names for locale in search.chain)

    def having(self, search: "Search") -> int:
        """How many documents have each of its words, added up."""
        stems = {(branch.locale, stem) for branch in search.branches for stem in branch.stems}
        return sum(self.documents.get(each, 0) for each in stems)

    def _share(self, branch: Branch) -> float:
        total = max(self._total(branch.locale), 1)
        return math.prod(min(self.documents.get((branch.locale, stem), 0) / total, 1) for stem in branch.stems)

    def _total(self, locale: str) -> int:
        return self.documents.get((locale, EVERY_DOCUMENT), 0)


def frequencies(connection: Connection, search: Search) -> Frequencies:
    """Count the documents of every stem of the query; one statement."""
    stems = {EVERY_DOCUMENT, *map(scope_token, search.scope.types)}
    stems |= {stem for branch in search.branches for stem in branch.stems}
    statement = _frequencies_statement(search.indexes[0])
    rows = connection.execute(statement, {"locales": list(search.chain), "stems": sorted(stems)})
    return Frequencies({(row.locale, row.stem): int(row.documents) for row in rows})


@lru_cache(maxsize=8)
def _frequencies_statement(index: SearchIndex) -> Select[Any]:
    search_words = index.words
    return (
        select(search_words.c.locale, search_words.c.stem, func.sum(search_words.c.documents).label("documents"))
        .where(
            search_words.c.locale.in_(bindparam("locales", type_=String, expanding=True)),
            search_words.c.stem.in_(bindparam("stems", type_=String, expanding=True)),
        )
        .group_by(search_words.c.locale, search_words.c.stem)
    )


def newest_matches(
    connection: Connection, search: Search, known: Frequencies, *, most: int = MOST, most_hot: int = MOST_HOT
) -> list[str]:
    """The publications that match, of each index newest first and capped; a statement each, none for no words."""
    if not search.branches:
        return []
    found = []
    for index in search.indexes:
        plan, values = _planned(connection, search, known, index, most, most_hot, is_ranked=False)
        found += [str(row.publication_id) for row in connection.execute(_statement(plan), values)]
    return found


def ranked_matches(
    connection: Connection,
    search: Search,
    known: Frequencies,
    *,
    after: tuple[float, int] | None,
    limit: int,
    most: int = MOST,
    most_hot: int = MOST_HOT,
) -> list[Hit]:
    """The best of the newest matches, after the score and the number of the last one seen; a statement an index."""
    if not search.branches:
        return []
    found: list[Hit] = []
    for position, index in enumerate(search.indexes):
        plan, values = _planned(connection, search, known, index, most, most_hot, is_ranked=True)
        values["limit"] = limit
        if after is not None:
            plan = replace(plan, is_after=True)
            values |= {"after_score": after[0], "after_id": _own_number(after[1], position, len(search.indexes))}
        rows = connection.execute(_statement(plan), values)
        found += [Hit(row.id * len(search.indexes) + position, str(row.publication_id), row.score) for row in rows]
    return sorted(found, key=lambda hit: (hit.score, hit.id), reverse=True)[:limit]


def _own_number(number: int, position: int, indexes: int) -> int:
    """The least number in an index that is not before this one among the numbers of all."""
    return -((position - number) // indexes)


def _planned(
    connection: Connection,
    search: Search,
    known: Frequencies,
    index: SearchIndex,
    most: int,
    most_hot: int,
    *,
    is_ranked: bool,
) -> tuple[Plan, dict[str, Any]]:
    total, scope = known.total(search), search.scope
    of_types = known.typed(search) / total if scope.types and total else 1.0
    # By a tag whose number is not known there is no telling; its own list of documents is short enough.
    of_references = min((number / max(total, 1) for number in scope.numbers), default=0.0 if scope.references else 1.0)
    of_words = known.expected(search)
    expected = of_words * of_types * min(of_references, 1.0)
    # What is of no other type, or only a few documents to look at, is told apart by looking; posting lists of types
    # are long to read.
    is_typed = bool(scope.types) and (of_types >= USUAL_SHARE or of_words <= most)
    listed = known.having(search) + sum(scope.numbers) + (0 if is_typed else known.typed(search))
    is_postgresql = connection.dialect.name == "postgresql"
    walks_types = is_postgresql and bool(scope.types) and not is_typed
    looked_at = total * (of_types if walks_types else 1.0)
    # Documents of another time would all have to be walked past.
    is_walk = search.is_current and expected > max(HOT_DOCUMENTS, looked_at * WALK_SHARE)
    plan = Plan(
        index=index,
        indexes=search.indexes,
        dialect=connection.dialect.name,
        locales=len(search.chain) if search.hides_translations else 1,
        is_current=search.is_current,
        is_walk=is_walk,
        is_ranked=is_ranked,
        is_typed=is_typed,
        walked_types=len(scope.types) if walks_types and is_walk else 0,
    )
    is_hot = of_words > HOT_DOCUMENTS or listed > LONG_LISTS
    return plan, _values(search, plan, most_hot if is_hot else most)


def _values(search: Search, plan: Plan, cap: int) -> dict[str, Any]:
    backend = postgresql if plan.dialect == "postgresql" else sqlite
    types, branches = search.scope.types, search.branches
    scope = replace(search.scope, types=()) if plan.is_typed else search.scope
    return {
        "match": backend.match_text(branches, scope),
        "at": search.at,
        "cap": cap,
        "depth": WALK_DEPTH,
        "types": list(types),
        **backend.ranking(branches, scope),
        **{f"type_{position}": each for position, each in enumerate(types)},
        **{f"locale_{position}": each for position, each in enumerate(search.chain)},
    }


@lru_cache(maxsize=128)
def _statement(plan: Plan) -> Select[Any]:
    backend, documents = postgresql if plan.dialect == "postgresql" else sqlite, plan.index.documents
    source = backend.source(plan)
    columns = source.columns
    found = (
        select(columns.id)
        .select_from(source.tables)
        .where(source.matches, backend.live(plan, columns), *_best_translation(plan, columns))
        .order_by(source.newest_first)
        .limit(bindparam("cap", type_=Integer))
    )
    if plan.is_typed:
        found = found.where(is_among(columns.type, "types"))
    if not plan.is_ranked:
        return found.with_only_columns(columns.publication_id, maintain_column_froms=True)
    scored = backend.scored(plan, found).subquery()
    here = tuple_(scored.c.score, scored.c.id)
    page = select(scored.c.id, documents.c.publication_id, scored.c.score).join(
        documents, documents.c.id == scored.c.id
    )
    if plan.is_after:
        last = tuple_(bindparam("after_score", type_=Double), bindparam("after_id", type_=BigInteger))
        page = page.where(here < last)
    return page.order_by(scored.c.score.desc(), scored.c.id.desc()).limit(bindparam("limit", type_=Integer))


def _best_translation(plan: Plan, columns: Any) -> list[ColumnElement[bool]]:
    """What is written in a fallback's language only where no better translation is live; the match knows the chain."""
    conditions: list[ColumnElement[bool]] = []
    for position in range(1, plan.locales):
        for index in plan.indexes:
            better = index.documents.alias()
            found = exists().where(
                better.c.translation_group == columns.translation_group,
                better.c.type == columns.type,
                better.c.locale.in_([_locale(each) for each in range(position)]),
                is_live(better.c),
            )
            conditions.append(or_(columns.locale != _locale(position), ~found))
    return conditions


def _locale(position: int) -> ColumnElement[str]:
    return bindparam(f"locale_{position}", type_=String)
