"""What SQLite spells its own way: FTS5."""

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

# How much more than having the words at all it counts to have all in the title, some there, and some in the summary.
PLACES = {"all_in_title": 25.0, "in_title": 25.0, "in_summary": 10.0}


def match_text(branches: Iterable[Branch], scope: Scope) -> str:
    """The query in FTS5's language: nothing but quoted strings and its operators."""
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
    """What is looked for to rank by where words stand: the query once more, narrowed to each place."""
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
    """What the index alone knows of a document: its number, which FTS5 calls by another name."""

    id: Any


@lru_cache(maxsize=8)
def _table(index: SearchIndex) -> Any:
    return table(index.fts5, column("rowid", Integer), column(index.fts5, String))


def _matches(index: SearchIndex, parameter: str) -> ColumnElement[bool]:
    found: ColumnElement[bool] = _table(index).c[index.fts5].op("MATCH")(bindparam(parameter, type_=String))
    return found


def source(plan: Plan) -> MatchSource:
    """Where the query in the parameter ``match`` is looked for, joined with the documents only where they are needed.

    A walk goes back from the newest document, no further than the parameter ``depth`` says.
    """
    index, documents = _table(plan.index), plan.index.documents
    number = index.c.rowid
    matches = _matches(plan.index, "match")
    if plan.is_walk:
        last = select(func.max(documents.c.id)).scalar_subquery()
        matches = and_(matches, number > last - bindparam("depth", type_=Integer))
    # In this order FTS5 can be read without sorting.
    if plan.needs_documents:
        return MatchSource(index.join(documents, documents.c.id == number), documents.c, matches, number.desc())
    return MatchSource(index, _Indexed(number.label("id")), matches, number.desc())


def live(plan: Plan, columns: Any) -> ColumnElement[bool]:
    """What of the found is live at the parameter ``at``.

    Now nearly everything is. Looking for the few that are not costs less than looking at each that was found, which
    lie all over the file.
    """
    if not (plan.index.is_timed and plan.is_current):
        return is_live(columns)
    other, index = plan.index.documents.alias(), _table(plan.index)
    at = bindparam("at", type_=UTCDateTime)
    waiting = select(other.c.id).where(other.c.live_from > at)
    over = select(other.c.id).where(other.c.live_until <= at)
    live_ones: ColumnElement[bool] = index.c.rowid.not_in(waiting.union_all(over))
    return live_ones


def scored(plan: Plan, found: Select[Any]) -> Select[Any]:
    """What was found with its score: by where the words stand, read no further than back to the oldest that was found.

    Not by bm25, which counts in how many documents a word is: those that are planned would change the scores of what
    anybody finds, and every write would change those of all pages that follow.
    """
    capped, number = found.cte("found"), _table(plan.index).c.rowid
    oldest = select(func.min(capped.c.id)).scalar_subquery()
    score: Any = literal_column("1.0", Double)
    for parameter, weight in PLACES.items():
        there = select(number).where(_matches(plan.index, parameter), number >= oldest)
        score += case((capped.c.id.in_(there), weight), else_=0.0)
    scored: Select[Any] = select(capped.c.id, score.label("score"))
    return scored


def given_words() -> TableValuedAlias:
    """The parameter ``words``, a JSON object, as a table of ``key`` and ``value``."""
    return func.json_each(bindparam("words", type_=String)).table_valued(column("key", String), column("value", String))
