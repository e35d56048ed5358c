"""What SQLite spells its own way: FTS5."""

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from sqlalchemy import (
    ColumnElement,
    Double,
    FromClause,
    Integer,
    Select,
    String,
    TableValuedAlias,
    and_,
    bindparam,
    column,
    func,
    literal_column,
    select,
    table,
)

from cms.db import UTCDateTime
from cms.search.model import SearchDocument
from cms.search.parsing import Branch, Phrase
from cms.search.scope import Scope
from cms.search.source import Source

# How much a word counts in the title, the summary, the body and the scope. Many mentions in a body count little more
# than one, so that the title leads.
WEIGHTS = (50.0, 10.0, 1.0, 0.0)

documents: FromClause = SearchDocument.__table__
index = table("search_index", column("rowid", Integer), column("search_index", String))


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


def ranked_text(branches: Sequence[Branch]) -> str:
    """FTS5 ranks by the query itself."""
    return ""


class _Indexed(NamedTuple):
    """What the index alone knows of a document: its number, which FTS5 calls by another name."""

    id: Any


def source(*, is_walk: bool, needs_documents: bool) -> Source:
    """Where the query in the parameter ``match`` is looked for, joined with the documents only where they are needed.

    A walk goes back from the newest document, no further than the parameter ``depth`` says.
    """
    number = index.c.rowid
    matches: ColumnElement[bool] = index.c.search_index.op("MATCH")(bindparam("match", type_=String))
    if is_walk:
        last = select(func.max(documents.c.id)).scalar_subquery()
        matches = and_(matches, number > last - bindparam("depth", type_=Integer))
    # In this order FTS5 can be read without sorting.
    if needs_documents:
        return Source(index.join(documents, documents.c.id == number), documents.c, matches, number.desc())
    return Source(index, _Indexed(number.label("id")), matches, number.desc())


def live(_columns: Any) -> ColumnElement[bool]:
    """What of the found is live at the parameter ``at``.

    Nearly everything is. Looking for the few that are not costs less than looking at each that was found, which lie
    all over the file.
    """
    other = documents.alias()
    at = bindparam("at", type_=UTCDateTime)
    waiting = select(other.c.id).where(other.c.live_from > at)
    over = select(other.c.id).where(other.c.live_until <= at)
    return index.c.rowid.not_in(waiting.union_all(over))


def scored(found: Select[Any], _columns: Any) -> Select[Any]:
    """What was found with its score; bm25 is known only where the index is read, and better is less to it."""
    weights: Iterable[Any] = (literal_column(str(each)) for each in WEIGHTS)
    score = -func.bm25(literal_column("search_index"), *weights, type_=Double)
    return select(found.add_columns(score.label("score")).subquery())


def given_words() -> TableValuedAlias:
    """The parameter ``words``, a JSON object, as a table of ``key`` and ``value``."""
    return func.json_each(bindparam("words", type_=String)).table_valued(column("key", String), column("value", String))
