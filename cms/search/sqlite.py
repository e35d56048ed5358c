"""The SQL of a search on SQLite, with FTS5."""

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from sqlalchemy import (
    ColumnElement,
    Double,
    Integer,
    Select,
    String,
    TableValuedAlias,
    and_,
    bindparam,
    case,
    column,
    func,
    literal_column,
    select,
    table,
)

from cms.db import UTCDateTime
from cms.search.model import SearchIndex, is_live
from cms.search.parsing import Branch, Phrase
from cms.search.scope import Scope
from cms.search.source import MatchSource, Plan

# The scores added for all words in the title, for any word in the title and for any word in the summary. Every match
# begins with 1.
FIELD_SCORES = {"all_in_title": 25.0, "in_title": 25.0, "in_summary": 10.0}


def match_text(branches: Iterable[Branch], scope: Scope) -> str:
    """The query in FTS5's query language, made of quoted strings and operators only.

    Example: ``scope : ("=article") AND ((("en:vellum") NOT ("en:blue en:ink")))``.
    """
    found = " OR ".join(f"({_branch_text(each)})" for each in branches)
    filters = [f"scope : ({' OR '.join(map(_quoted, tokens))})" for tokens in scope.tokens]
    return " AND ".join([*filters, f"({found})"])


def _branch_text(branch: Branch) -> str:
    wanted = " AND ".join(_phrase(branch.locale, each) for each in branch.wanted)
    unwanted = " OR ".join(_phrase(branch.locale, each) for each in branch.unwanted)
    return f"({wanted}) NOT ({unwanted})" if unwanted else wanted


def _phrase(locale: str, phrase: Phrase) -> str:
    return _quoted(" ".join(f"{locale}:{stem}" for stem in phrase))


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'


def ranking(branches: Sequence[Branch], scope: Scope) -> dict[str, str]:
    """The parameters of the ranking: the query again, narrowed to each field that adds to the score."""
    query = match_text(branches, scope)
    phrases = [[_phrase(each.locale, phrase) for phrase in each.wanted] for each in branches]
    all_of_them = " OR ".join(f"({' AND '.join(each)})" for each in phrases)
    any_of_them = " OR ".join(phrase for each in phrases for phrase in each)
    return {
        "all_in_title": f"{query} AND (title : ({all_of_them}))",
        "in_title": f"{query} AND (title : ({any_of_them}))",
        "in_summary": f"{query} AND (summary : ({any_of_them}))",
    }


class _Indexed(NamedTuple):
    """The only column of a document that the index itself has: its number, which FTS5 calls ``rowid``."""

    id: Any


@lru_cache(maxsize=8)
def _table(index: SearchIndex) -> Any:
    return table(index.fts5, column("rowid", Integer), column(index.fts5, String))


def _matches(index: SearchIndex, parameter: str) -> ColumnElement[bool]:
    found: ColumnElement[bool] = _table(index).c[index.fts5].op("MATCH")(bindparam(parameter, type_=String))
    return found


def source(plan: Plan) -> MatchSource:
    """The source of documents that match the query in the parameter ``match``.

    The index is joined with the documents only if they are needed. A backward scan reads from the newest document on,
    at most as many as the parameter ``depth``.
    """
    index, documents = _table(plan.index), plan.index.documents
    number = index.c.rowid
    matches = _matches(plan.index, "match")
    if plan.is_backward_scan:
        last = select(func.max(documents.c.id)).scalar_subquery()
        matches = and_(matches, number > last - bindparam("depth", type_=Integer))
    # FTS5 has its rows in this order, so that nothing is sorted.
    if plan.needs_documents:
        return MatchSource(index.join(documents, documents.c.id == number), documents.c, matches, number.desc())
    return MatchSource(index, _Indexed(number.label("id")), matches, number.desc())


def live(plan: Plan, columns: Any) -> ColumnElement[bool]:
    """The condition that a match is live at the parameter ``at``.

    At present nearly every document is live. Excluding the few others costs less than reading the row of each match,
    since those rows are spread over the whole file.
    """
    if not (plan.index.is_timed and plan.is_current):
        return is_live(columns)
    other, index = plan.index.documents.alias(), _table(plan.index)
    at = bindparam("at", type_=UTCDateTime)
    planned = select(other.c.id).where(other.c.live_from > at)
    ended = select(other.c.id).where(other.c.live_until <= at)
    condition: ColumnElement[bool] = index.c.rowid.not_in(planned.union_all(ended))
    return condition


def scored(plan: Plan, found: Select[Any]) -> Select[Any]:
    """The matches with their scores, which depend on the fields that the words are in.

    Nothing older than the oldest match is read. FTS5's ``bm25`` is not used: it depends on how many documents have a
    word, so planned documents would change the scores that readers see, and a write would change the scores between two
    pages of one list.
    """
    capped, number = found.cte("found"), _table(plan.index).c.rowid
    oldest = select(func.min(capped.c.id)).scalar_subquery()
    score: Any = literal_column("1.0", Double)
    for parameter, weight in FIELD_SCORES.items():
        in_field = select(number).where(_matches(plan.index, parameter), number >= oldest)
        score += case((capped.c.id.in_(in_field), weight), else_=0.0)
    scored: Select[Any] = select(capped.c.id, score.label("score"))
    return scored


def given_words() -> TableValuedAlias:
    """The parameter ``words``, a JSON object, as a table of ``key`` and ``value``."""
    return func.json_each(bindparam("words", type_=String)).table_valued(column("key", String), column("value", String))
