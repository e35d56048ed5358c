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
"""The length of the shortest word that is corrected. Almost all shorter words are similar to each other."""
TWO_EDITS_FROM = 6
"""Words of this length or longer may differ by two edits from the suggestion, shorter ones by one."""
WORDS_AT_MOST = 8
"""Longer queries get no suggestion."""
WORDS_CORRECTED = 3
"""Queries with more unknown words get no suggestion."""
LOCALES_AT_MOST = 8
"""The number of locales, the first of the chain, in which similar words are looked for."""
TRIES = 8
"""The number of suggestions that are tried."""
SIMILAR_WORDS = 400
"""The number of words of each shape that are compared, the most frequent first."""


def suggest(connection: Connection, search: Search, known: Frequencies) -> str | None:
    """The query with its unknown words replaced by the most similar known ones, if a live document matches it.

    Example: "velum binding" becomes "vellum binding". The index also has the words of planned documents. A suggestion
    must not reveal them: a word is known only if a live document has it, and every suggestion is tried first.
    """
    words = _unknown(connection, search, known)
    if not 0 < len(words) <= WORDS_CORRECTED:
        return None
    corrections = [_similar_words(connection, search, word.folded) for word in words]
    if not all(corrections):
        return None
    for chosen in _choices(corrections):
        text = _replaced(search.query.text, words, chosen)
        if _finds_something(connection, replace(search, query=parse(text))):
            return text
    return None


def _finds_something(connection: Connection, search: Search) -> bool:
    """True if a live document matches. Runs two statements."""
    return bool(newest_matches(connection, search, frequencies(connection, search), most=1, most_hot=1))


def _unknown(connection: Connection, search: Search, known: Frequencies) -> list[Word]:
    """The wanted words that no live document has in any locale of the chain; none for a query of too many words."""
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


def _similar_words(connection: Connection, search: Search, word: str) -> list[str]:
    """Known words within one or two edits of a word: the most similar first, then the most frequent. One statement."""
    chain = search.chain[:LOCALES_AT_MOST]
    if len(word) < SHORTEST or not word.isalpha():
        return []
    edits = 2 if len(word) >= TWO_EDITS_FROM else 1
    # The first letter is seldom wrong. If it is superfluous, or swapped with the second, then the second is the first
    # letter of the right word.
    shapes = [f"{letter}{len(word) + longer}" for letter in word[:2] for longer in range(-2, 3)]
    values: dict[str, Any] = {f"shape_{position}": shape for position, shape in enumerate(shapes)}
    values |= {f"locale_{position}": locale for position, locale in enumerate(chain)}
    statement = _similar_words_statement(search.indexes[0], len(chain), len(shapes))
    rows = connection.execute(statement, values | {"most": SIMILAR_WORDS})
    frequency = {row.word: row.documents for row in rows}
    near = extract(word, list(frequency), scorer=OSA.distance, score_cutoff=edits, limit=None)
    return [each for each, _, _ in sorted(near, key=lambda each: (each[1], -frequency[each[0]], each[0]))]


@lru_cache(maxsize=16)
def _similar_words_statement(index: SearchIndex, locales: int, shapes: int) -> Select[Any]:
    """The most frequent words of each shape in each locale. An index has them in this order."""
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
    """The best correction of every word, then the second best of every word, and so on."""
    chosen = [[each[min(rank, len(each) - 1)] for each in corrections] for rank in range(TRIES)]
    return [each for position, each in enumerate(chosen) if each not in chosen[:position]]


def _replaced(text: str, words: Sequence[Word], chosen: Sequence[str]) -> str:
    for word, correction in reversed(list(zip(words, chosen, strict=True))):
        text = text[: word.start] + correction + text[word.end :]
    return text
