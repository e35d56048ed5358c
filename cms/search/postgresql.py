"""The SQL of a search on PostgreSQL, with ``tsvector`` and ``tsquery``.

The planner cannot know how many documents a parameter matches, and guesses badly: scanning back from the newest
document is right for a frequent word and far too slow for a rare one. So there are two statements, and the number of
documents that have the words decides which one is used.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Double,
    Integer,
    Interval,
    Select,
    String,
    TableValuedAlias,
    bindparam,
    cast,
    column,
    func,
    literal_column,
    select,
    union_all,
)
from sqlalchemy.dialects.postgresql import JSON, TSQUERY

from cms.search.model import is_live, quoted
from cms.search.parsing import Branch, Phrase
from cms.search.scope import Scope
from cms.search.source import MatchSource, Plan

# The weights of a word in the body (D), of the unused C, of the summary (B) and of the title (A).
WEIGHTS = "CAST('{0.1, 0.1, 0.4, 1.0}' AS float4[])"
# Added to a column, it keeps the planner from using an index on the column.
NO_TIME: Any = literal_column("interval '0'", Interval)


def match_text(branches: Iterable[Branch], scope: Scope) -> str:
    """The query as the text of a ``tsquery``, made of quoted lexemes and operators only.

    Example: ``('=article') & ((('en:vellum') & !('en:blue' <-> 'en:ink')))``.
    """
    found = " | ".join(f"({_branch_text(each)})" for each in branches)
    filters = [f"({' | '.join(map(quoted, tokens))})" for tokens in scope.tokens]
    return " & ".join([*filters, f"({found})"])


def _branch_text(branch: Branch) -> str:
    wanted = [_phrase(branch.locale, each) for each in branch.wanted]
    unwanted = [f"!{_phrase(branch.locale, each)}" for each in branch.unwanted]
    return " & ".join(wanted + unwanted)


def _phrase(locale: str, phrase: Phrase) -> str:
    return f"({' <-> '.join(quoted(f'{locale}:{stem}') for stem in phrase)})"


def ranking(branches: Sequence[Branch], _scope: Scope) -> dict[str, str]:
    """The parameter of the ranking: the wanted words joined by "or". With "and", words far apart would not count."""
    return {"ranked": " | ".join(quoted(f"{each.locale}:{stem}") for each in branches for stem in each.stems)}


def source(plan: Plan) -> MatchSource:
    """The source of documents that match the query in the parameter ``match``.

    A backward scan reads at most as many documents as the parameter ``depth``, from the newest on or from the newest of
    each type on, and stops at the cap. It never uses the index on words.
    """
    documents, match = plan.index.documents, bindparam("match", type_=TSQUERY)
    if plan.is_backward_scan:
        newest = _newest(plan).subquery("newest")
        return MatchSource(newest, newest.c, func.ts_match_vq(newest.c.tokens, match), newest.c.id.desc())
    # The sum keeps the planner from reading the whole table backwards instead of the index on words.
    return MatchSource(documents, documents.c, documents.c.tokens.op("@@")(match), (documents.c.id + 0).desc())


def _newest(plan: Plan) -> Any:
    documents = plan.index.documents
    backwards = select(documents).order_by(documents.c.id.desc()).limit(bindparam("depth", type_=Integer))
    if not plan.scanned_types:
        return backwards
    selects = [
        select(backwards.where(documents.c.type == _type(position)).subquery())
        for position in range(plan.scanned_types)
    ]
    # PostgreSQL merges the plain selects in order and reads each no further than it needs.
    return selects[0] if len(selects) == 1 else union_all(*selects)


def _type(position: int) -> BindParameter[str]:
    """The name of a type, written into the statement: the planner must know whether the type is rare."""
    return bindparam(f"type_{position}", type_=String, literal_execute=True)


def live(_plan: Plan, columns: Any) -> ColumnElement[bool]:
    """The condition that a match is live at the parameter ``at``.

    It is checked on the matches: nearly all documents are live, so an index on the times would read nearly all of them.
    """
    return is_live(columns, lambda time: time + NO_TIME)


def scored(plan: Plan, found: Select[Any]) -> Select[Any]:
    """The matches with their scores. These are computed after the cap, since sorting ids alone is fast."""
    inner, documents = found.subquery(), plan.index.documents.alias()
    terms = bindparam("ranked", type_=TSQUERY)
    score = cast(func.ts_rank(literal_column(WEIGHTS), documents.c.tokens, terms), Double)
    return select(inner.c.id, score.label("score")).join(documents, documents.c.id == inner.c.id)


def given_words() -> TableValuedAlias:
    """The parameter ``words``, a JSON object, as a table of ``key`` and ``value``."""
    words = cast(bindparam("words", type_=String), JSON)
    return func.json_each_text(words).table_valued(column("key", String), column("value", String))
