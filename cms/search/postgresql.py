"""What PostgreSQL spells its own way: ``tsvector`` and ``tsquery``.

The planner cannot know how many documents a parameter matches, and guesses badly: reading back from the newest is
right for a word that is everywhere and ruinous for one that is rare. So it is not asked: the two ways are two
statements, and the number of documents that have the words chooses.
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

# How much a word counts in the body, nowhere, in the summary and in the title.
WEIGHTS = "CAST('{0.1, 0.1, 0.4, 1.0}' AS float4[])"
# Added to a column, it keeps the planner from an index on that.
NO_TIME: Any = literal_column("interval '0'", Interval)


def match_text(branches: Iterable[Branch], scope: Scope) -> str:
    """The query as text of a tsquery: nothing but quoted lexemes and operators."""
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
    """The words that count for the rank, each by itself: with "and" those far apart would count for nothing."""
    return {"ranked": " | ".join(quoted(f"{each.locale}:{stem}") for each in branches for stem in each.stems)}


def source(plan: Plan) -> MatchSource:
    """Where the query in the parameter ``match`` is looked for; its documents come with it in any case.

    A walk goes back from the newest document, or from the newest of each type, through as many as the parameter
    ``depth`` says, and stops when it has enough; it never touches the index on words.
    """
    documents, match = plan.index.documents, bindparam("match", type_=TSQUERY)
    if plan.is_walk:
        newest = _newest(plan).subquery("newest")
        return MatchSource(newest, newest.c, func.ts_match_vq(newest.c.tokens, match), newest.c.id.desc())
    # The sum keeps the planner from reading the whole table backwards where the index on words is due.
    return MatchSource(documents, documents.c, documents.c.tokens.op("@@")(match), (documents.c.id + 0).desc())


def _newest(plan: Plan) -> Any:
    documents = plan.index.documents
    backwards = select(documents).order_by(documents.c.id.desc()).limit(bindparam("depth", type_=Integer))
    if not plan.walked_types:
        return backwards
    of_types = [
        select(backwards.where(documents.c.type == _type(position)).subquery()) for position in range(plan.walked_types)
    ]
    # A plain list of selects is merged in order, and read no further than is needed.
    return of_types[0] if len(of_types) == 1 else union_all(*of_types)


def _type(position: int) -> BindParameter[str]:
    """The name of a type, which stands in the statement as it is: the planner has to know whether that one is rare."""
    return bindparam(f"type_{position}", type_=String, literal_execute=True)


def live(_plan: Plan, columns: Any) -> ColumnElement[bool]:
    """What of the found is live at the parameter ``at``.

    Looked at in what was found: nearly all there is would be read from an index on these times.
    """
    return is_live(columns, lambda time: time + NO_TIME)


def scored(plan: Plan, found: Select[Any]) -> Select[Any]:
    """What was found with its score, reckoned after the cap and not before: sorting ids alone is quick."""
    inner, documents = found.subquery(), plan.index.documents.alias()
    terms = bindparam("ranked", type_=TSQUERY)
    score = cast(func.ts_rank(literal_column(WEIGHTS), documents.c.tokens, terms), Double)
    return select(inner.c.id, score.label("score")).join(documents, documents.c.id == inner.c.id)


def given_words() -> TableValuedAlias:
    """The parameter ``words``, a JSON object, as a table of ``key`` and ``value``."""
    words = cast(bindparam("words", type_=String), JSON)
    return func.json_each_text(words).table_valued(column("key", String), column("value", String))
