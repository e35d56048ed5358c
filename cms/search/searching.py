"""Finds what is live: all that matches, newest first and capped, or the same in the order of relevance."""

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
    FromClause,
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
from cms.search.model import EVERY_DOCUMENT, SearchDocument, SearchWord, is_live
from cms.search.parsing import Branch, Query
from cms.search.scope import EVERYTHING, Scope, scope_token

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

documents: FromClause = SearchDocument.__table__
search_words: FromClause = SearchWord.__table__


@dataclass(frozen=True)
class Search:
    """A query in a chain of locales, best first, within a scope, as of an instant."""

    query: Query
    chain: Sequence[str]
    at: datetime
    scope: Scope = EVERYTHING

    @property
    def branches(self) -> list[Branch]:
        """The query as read in each locale."""
        return [branch for locale in self.chain if (branch := self.query.branch(locale))]


class Hit(NamedTuple):
    """A document that was found; scores of one answer compare, those of two do not."""

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

    def _share(self, branch: Branch) -> float:
        total = max(self._total(branch.locale), 1)
        return math.prod(min(self.documents.get((branch.locale, stem), 0) / total, 1) for stem in branch.stems)

    def _total(self, locale: str) -> int:
        return self.documents.get((locale, EVERY_DOCUMENT), 0)


def frequencies(connection: Connection, search: Search) -> Frequencies:
    """Count the documents of every stem of the query; one statement."""
    stems = {EVERY_DOCUMENT, *map(scope_token, search.scope.types)}
    stems |= {stem for branch in search.branches for stem in branch.stems}
    rows = connection.execute(_frequencies_statement(), {"locales": list(search.chain), "stems": sorted(stems)})
    return Frequencies({(row.locale, row.stem): int(row.documents) for row in rows})


@lru_cache(maxsize=1)
def _frequencies_statement() -> Select[Any]:
    return (
        select(search_words.c.locale, search_words.c.stem, func.sum(search_words.c.documents).label("documents"))
        .where(
            search_words.c.locale.in_(bindparam("locales", type_=String, expanding=True)),
            search_words.c.stem.in_(bindparam("stems", type_=String, expanding=True)),
        )
        .group_by(search_words.c.locale, search_words.c.stem)
    )


@dataclass(frozen=True)
class _Plan:
    """What decides a statement's text, and how many matches it takes."""

    dialect: str
    locales: int
    is_walk: bool
    is_ranked: bool
    is_after: bool = False
    is_typed: bool = False


def newest(
    connection: Connection, search: Search, known: Frequencies, *, most: int = MOST, most_hot: int = MOST_HOT
) -> list[str]:
    """The publications that match, newest first and capped; one statement, or none where nothing is looked for."""
    if not search.branches:
        return []
    plan, values = _planned(connection, search, known, most, most_hot, is_ranked=False)
    return [str(row.publication_id) for row in connection.execute(_statement(plan), values)]


def ranked(
    connection: Connection,
    search: Search,
    known: Frequencies,
    *,
    after: tuple[float, int] | None,
    limit: int,
    most: int = MOST,
    most_hot: int = MOST_HOT,
) -> list[Hit]:
    """The best of the newest matches, after the score and the number of the last one seen; one statement at most."""
    if not search.branches:
        return []
    plan, values = _planned(connection, search, known, most, most_hot, is_ranked=True, is_after=after is not None)
    values["limit"] = limit
    if after is not None:
        values |= {"after_score": after[0], "after_id": after[1]}
    return [Hit(*row) for row in connection.execute(_statement(plan), values)]


def _planned(
    connection: Connection,
    search: Search,
    known: Frequencies,
    most: int,
    most_hot: int,
    *,
    is_ranked: bool,
    is_after: bool = False,
) -> tuple[_Plan, dict[str, Any]]:
    expected, total, scope = known.expected(search), known.total(search), search.scope
    of_types = known.typed(search) / total if scope.types and total else 1.0
    # What is of no other type, or only a few documents to look at, is told apart by looking; posting lists of types
    # are long to read.
    is_typed = bool(scope.types) and (of_types >= USUAL_SHARE or expected <= most)
    if is_typed:
        scope = replace(scope, types=())
    expected *= of_types
    # By a tag there is no telling; its own list of documents is short enough.
    is_walk = not scope.references and expected > max(HOT_DOCUMENTS, total * WALK_SHARE)
    name = connection.dialect.name
    plan = _Plan(name, len(search.chain), is_walk, is_ranked, is_after, is_typed)
    backend, branches = postgresql if name == "postgresql" else sqlite, search.branches
    values = {
        "match": backend.match_text(branches, scope),
        "ranked": backend.ranked_text(branches),
        "at": search.at,
        "cap": most_hot if expected > HOT_DOCUMENTS else most,
        "depth": WALK_DEPTH,
        "types": list(search.scope.types),
    }
    return plan, values | {f"locale_{position}": locale for position, locale in enumerate(search.chain)}


@lru_cache(maxsize=64)
def _statement(plan: _Plan) -> Select[Any]:
    backend = postgresql if plan.dialect == "postgresql" else sqlite
    # Of what is only ranked, no more is read than where it stands in the index, and which language it is in.
    needs_documents = plan.locales > 1 or plan.is_typed or not plan.is_ranked
    source = backend.source(is_walk=plan.is_walk, needs_documents=needs_documents)
    columns = source.columns
    found = (
        select(columns.id)
        .select_from(source.tables)
        .where(source.matches, backend.live(columns), *_best_translation(columns, plan.locales))
        .order_by(source.newest_first)
        .limit(bindparam("cap", type_=Integer))
    )
    if plan.is_typed:
        found = found.where(is_among(columns.type, "types"))
    if not plan.is_ranked:
        return found.with_only_columns(columns.publication_id, maintain_column_froms=True)
    scored = backend.scored(found, columns).subquery()
    here = tuple_(scored.c.score, scored.c.id)
    page = select(scored.c.id, documents.c.publication_id, scored.c.score).join(
        documents, documents.c.id == scored.c.id
    )
    if plan.is_after:
        last = tuple_(bindparam("after_score", type_=Double), bindparam("after_id", type_=BigInteger))
        page = page.where(here < last)
    return page.order_by(scored.c.score.desc(), scored.c.id.desc()).limit(bindparam("limit", type_=Integer))


def _best_translation(columns: Any, locales: int) -> list[ColumnElement[bool]]:
    """What is written in a fallback's language only where no better translation is live; the match knows the chain."""
    conditions: list[ColumnElement[bool]] = []
    for position in range(1, locales):
        better = documents.alias()
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
