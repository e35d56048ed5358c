"""Finds the documents that match a query and are live at an instant: the newest, or the best of the newest."""

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
"""The number of newest matches that are ranked."""
MOST_HOT = 500
"""The number of newest matches that are ranked if there are very many matches or very frequent words."""
HOT_DOCUMENTS = 5000
"""More matches than this are very many."""
COMMON_TYPE_SHARE = 0.5
"""If types make up this share of all documents or more, checking the type of each match is faster than looking it up.

Example: 0.5 means half.
"""
BACKWARD_SCAN_SHARE = 0.03
"""If a larger share of the documents is expected to match, scanning back from the newest is faster than the index."""
BACKWARD_SCAN_DEPTH = 20_000
"""The number of documents that a backward scan reads at most."""
LONG_POSTING_LISTS = 50_000
"""If the posting lists of a query have more entries than this, fewer matches are ranked."""


@dataclass(frozen=True)
class Search:
    """A query in a chain of locales (best first), within a scope, at an instant, in one or several indexes."""

    query: Query
    chain: Sequence[str]
    at: datetime
    scope: Scope = EVERYTHING
    is_current: bool = True
    """True if the instant is the present."""
    hides_translations: bool = True
    """True to leave out documents in a fallback locale that have a better translation."""
    indexes: tuple[SearchIndex, ...] = (PUBLISHED_INDEX,)
    """The indexes to search. The first one has the word counts, which also choose the plans for the others."""

    @property
    def branches(self) -> list[Branch]:
        """The query as read in each locale."""
        return [branch for locale in self.chain if (branch := self.query.branch(locale))]


class Hit(NamedTuple):
    """A found document. Scores can be compared within one answer only.

    ``id`` is unique among all searched indexes. Within one index, a newer document has a higher ``id``.
    """

    id: int
    publication_id: str
    score: float


@dataclass(frozen=True)
class Frequencies:
    """The number of documents, planned ones included, by locale and stem."""

    documents: Mapping[tuple[str, str], int]

    def expected(self, search: "Search") -> float:
        """The expected number of matches, if words occur independently of each other."""
        return sum(self._total(each.locale) * self._share(each) for each in search.branches)

    def total(self, search: "Search") -> int:
        """The number of documents in the locales of the search, in every scope."""
        return sum(map(self._total, search.chain))

    def of_types(self, search: "Search") -> int:
        """The number of documents in the locales and of the types of the search."""
        names = map(scope_token, search.scope.types)
        return sum(self.documents.get((locale, name), 0) for name in names for locale in search.chain)

    def postings(self, search: "Search") -> int:
        """The total length of the posting lists of its words."""
        stems = {(branch.locale, stem) for branch in search.branches for stem in branch.stems}
        return sum(self.documents.get(each, 0) for each in stems)

    def _share(self, branch: Branch) -> float:
        total = max(self._total(branch.locale), 1)
        return math.prod(min(self.documents.get((branch.locale, stem), 0) / total, 1) for stem in branch.stems)

    def _total(self, locale: str) -> int:
        return self.documents.get((locale, EVERY_DOCUMENT), 0)


def frequencies(connection: Connection, search: Search) -> Frequencies:
    """The number of documents for every stem of the query. Runs one statement."""
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
    """The ids of matching publications, for each index the newest first, up to the cap. Runs one statement an index."""
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
    """The best of the newest matches. Runs one statement an index.

    ``after`` is the score and the id of the last hit of the page before.
    """
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
    """The number in one index that corresponds to a hit's ``id``: the lowest whose own ``id`` is not below it."""
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
    type_share = known.of_types(search) / total if scope.types and total else 1.0
    # If the number of documents of a tag is not known, none is expected: its own posting list is short enough.
    reference_share = min(
        (number / max(total, 1) for number in scope.numbers), default=0.0 if scope.references else 1.0
    )
    word_matches = known.expected(search)
    expected = word_matches * type_share * min(reference_share, 1.0)
    # Posting lists of types are long. If most documents have the types, or few match the words, the type of each match
    # is checked instead.
    is_typed = bool(scope.types) and (type_share >= COMMON_TYPE_SHARE or word_matches <= most)
    postings = known.postings(search) + sum(scope.numbers) + (0 if is_typed else known.of_types(search))
    is_postgresql = connection.dialect.name == "postgresql"
    scans_types = is_postgresql and bool(scope.types) and not is_typed
    scanned = total * (type_share if scans_types else 1.0)
    # A search of another instant would have to scan all documents that were not live then.
    is_backward_scan = search.is_current and expected > max(HOT_DOCUMENTS, scanned * BACKWARD_SCAN_SHARE)
    plan = Plan(
        index=index,
        indexes=search.indexes,
        dialect=connection.dialect.name,
        locales=len(search.chain) if search.hides_translations else 1,
        is_current=search.is_current,
        is_backward_scan=is_backward_scan,
        is_ranked=is_ranked,
        is_typed=is_typed,
        scanned_types=len(scope.types) if scans_types and is_backward_scan else 0,
    )
    is_hot = word_matches > HOT_DOCUMENTS or postings > LONG_POSTING_LISTS
    return plan, _values(search, plan, most_hot if is_hot else most)


def _values(search: Search, plan: Plan, cap: int) -> dict[str, Any]:
    backend = postgresql if plan.dialect == "postgresql" else sqlite
    types, branches = search.scope.types, search.branches
    scope = replace(search.scope, types=()) if plan.is_typed else search.scope
    return {
        "match": backend.match_text(branches, scope),
        "at": search.at,
        "cap": cap,
        "depth": BACKWARD_SCAN_DEPTH,
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
    position = tuple_(scored.c.score, scored.c.id)
    page = select(scored.c.id, documents.c.publication_id, scored.c.score).join(
        documents, documents.c.id == scored.c.id
    )
    if plan.is_after:
        last = tuple_(bindparam("after_score", type_=Double), bindparam("after_id", type_=BigInteger))
        page = page.where(position < last)
    return page.order_by(scored.c.score.desc(), scored.c.id.desc()).limit(bindparam("limit", type_=Integer))


def _best_translation(plan: Plan, columns: Any) -> list[ColumnElement[bool]]:
    """The conditions that leave out a document in a fallback locale if a better translation is live.

    Locales outside the chain never match.
    """
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
