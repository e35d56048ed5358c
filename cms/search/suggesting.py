"""Suggests another spelling for a query that finds nothing."""

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any

from rapidfuzz.distance import OSA
from rapidfuzz.process import extract
from sqlalchemy import Connection, Integer, Select, String, bindparam, select, union_all

from cms.search.analysis import Word
from cms.search.model import SearchIndex
from cms.search.parsing import parse
from cms.search.scope import EVERYTHING
from cms.search.searching import Frequencies, Search, frequencies, newest_matches

SHORTEST = 4
"""Below this almost every word is a neighbour of every other."""
TWO_FAULTS_FROM = 6
"""From this length on two faults are corrected, one below."""
WORDS_AT_MOST = 8
"""Of a query that is looked at."""
WORDS_CORRECTED = 3
LOCALES_AT_MOST = 8
"""Of a chain, the best ones, in which neighbours are looked for."""
TRIES = 8
NEIGHBOURS = 400
"""How many of the commonest words of each shape are compared."""


def suggest(connection: Connection, search: Search, known: Frequencies) -> str | None:
    """The query with its unknown words replaced by the nearest known ones, if that finds something that is live.

    The index also has words of what is planned. None of them is told: a word is known if something live has it, and
    every suggestion is tried first.
    """
    words = _unknown(connection, search, known)
    if not 0 < len(words) <= WORDS_CORRECTED:
        return None
    corrections = [_neighbours(connection, search, word.folded) for word in words]
    if not all(corrections):
        return None
    for chosen in _choices(corrections):
        text = _replaced(search.query.text, words, chosen)
        if _finds_something(connection, replace(search, query=parse(text))):
            return text
    return None


def _finds_something(connection: Connection, search: Search) -> bool:
    """Whether anything that is live matches; two statements."""
    return bool(newest_matches(connection, search, frequencies(connection, search), most=1, most_hot=1))


def _unknown(connection: Connection, search: Search, known: Frequencies) -> list[Word]:
    """The wanted words that nothing live has, as any locale of the chain reads them; none where they are many."""
    counted = {
        word.start
        for locale in search.chain
        for word in search.query.words(locale)
        if (locale, word.stem) in known.documents
    }
    words = search.query.words(search.chain[0])
    if len(words) > WORDS_AT_MOST:
        return []
    anywhere = replace(search, scope=EVERYTHING)
    return [
        word
        for word in words
        if word.start not in counted or not _finds_something(connection, replace(anywhere, query=parse(word.folded)))
    ]


def _neighbours(connection: Connection, search: Search, word: str) -> list[str]:
    """Known words within a fault or two of this one, the nearest and then the commonest first; one statement."""
    chain = search.chain[:LOCALES_AT_MOST]
    if len(word) < SHORTEST or not word.isalpha():
        return []
    faults = 2 if len(word) >= TWO_FAULTS_FROM else 1
    # The first letter is seldom wrong; the second is the first of all where the two are swapped or one is too many.
    shapes = [f"{letter}{len(word) + longer}" for letter in word[:2] for longer in range(-2, 3)]
    values: dict[str, Any] = {f"shape_{position}": shape for position, shape in enumerate(shapes)}
    values |= {f"locale_{position}": locale for position, locale in enumerate(chain)}
    statement = _neighbours_statement(search.indexes[0], len(chain), len(shapes))
    rows = connection.execute(statement, values | {"most": NEIGHBOURS})
    commonness = {row.word: row.documents for row in rows}
    near = extract(word, list(commonness), scorer=OSA.distance, score_cutoff=faults, limit=None)
    return [each for each, _, _ in sorted(near, key=lambda each: (each[1], -commonness[each[0]], each[0]))]


@lru_cache(maxsize=16)
def _neighbours_statement(index: SearchIndex, locales: int, shapes: int) -> Select[Any]:
    """The commonest words of each shape in each locale; an index has them in this order."""
    search_words = index.words
    branches = [
        select(search_words.c.word, search_words.c.documents)
        .where(
            search_words.c.locale == bindparam(f"locale_{locale}", type_=String),
            search_words.c.shape == bindparam(f"shape_{shape}", type_=String),
        )
        .order_by(search_words.c.magnitude.desc())
        .limit(bindparam("most", type_=Integer))
        .subquery()
        for locale in range(locales)
        for shape in range(shapes)
    ]
    return select(union_all(*map(select, branches)).subquery())


def _choices(corrections: Sequence[Sequence[str]]) -> list[list[str]]:
    """The nearest correction of every word, then the second nearest, and so on."""
    chosen = [[each[min(rank, len(each) - 1)] for each in corrections] for rank in range(TRIES)]
    return [each for position, each in enumerate(chosen) if each not in chosen[:position]]


def _replaced(text: str, words: Sequence[Word], chosen: Sequence[str]) -> str:
    for word, correction in reversed(list(zip(words, chosen, strict=True))):
        text = text[: word.start] + correction + text[word.end :]
    return text
