"""Reads the queries that people type: words that must all occur, ``"phrases"``, and ``-words`` that must not occur.

There is no other syntax and no invalid query: everything that is not a word is ignored. Example: ``vellum -"blue ink"``
finds documents that have "vellum" and do not have the phrase "blue ink".
"""

import re
from dataclasses import dataclass

from cms.search.analysis import Word, composed, words_of

PARTS = re.compile(r'(-?)"([^"]*)"?|(-?)([^\s"]+)')
# The quotation marks of word processors and other languages.
QUOTATION_MARKS = str.maketrans(dict.fromkeys("\u201c\u201d\u201e\u201f\u00ab\u00bb", '"'))

Phrase = tuple[str, ...]
"""Adjacent stems. A single word is a phrase of one stem."""


@dataclass(frozen=True)
class Branch:
    """A query in one locale: the phrases that must occur and those that must not."""

    locale: str
    wanted: tuple[Phrase, ...]
    unwanted: tuple[Phrase, ...]

    @property
    def stems(self) -> tuple[str, ...]:
        """Every wanted stem, once."""
        return tuple(dict.fromkeys(stem for phrase in self.wanted for stem in phrase))


@dataclass(frozen=True)
class Query:
    """A query as typed, and its parts: the text of each, where it begins, and whether it is excluded."""

    text: str
    parts: tuple[tuple[str, int, bool], ...]

    def branch(self, locale: str) -> Branch | None:
        """The query as read in a locale, or ``None`` if it has no wanted word."""
        wanted: list[Phrase] = []
        unwanted: list[Phrase] = []
        for text, _, is_excluded in self.parts:
            phrase = tuple(word.stem for word in words_of(text, locale))
            if phrase:
                (unwanted if is_excluded else wanted).append(phrase)
        return Branch(locale, tuple(dict.fromkeys(wanted)), tuple(dict.fromkeys(unwanted))) if wanted else None

    def words(self, locale: str) -> list[Word]:
        """Each wanted word with its position in ``text``."""
        return [
            word._replace(start=word.start + offset, end=word.end + offset)
            for text, offset, is_excluded in self.parts
            if not is_excluded
            for word in words_of(text, locale)
        ]


def parse(text: str) -> Query:
    """Read a query. It never raises."""
    text = composed(text).translate(QUOTATION_MARKS)
    parts = []
    for match in PARTS.finditer(text):
        group = 2 if match[2] is not None else 4
        parts.append((match[group], match.start(group), bool(match[1] or match[3])))
    return Query(text, tuple(parts))
