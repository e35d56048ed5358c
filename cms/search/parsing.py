"""Reads what people type: words that must all be there, ``"phrases"``, and ``-words`` that must not.

Nothing else has a meaning, and nothing is an error: whatever is no word is left out.
"""

import re
from dataclasses import dataclass

from cms.search.analysis import Word, composed, words_of

PARTS = re.compile(r'(-?)"([^"]*)"?|(-?)([^\s"]+)')
# What word processors and other languages write for a quotation mark.
QUOTATION_MARKS = str.maketrans(dict.fromkeys("\u201c\u201d\u201e\u201f\u00ab\u00bb", '"'))

Phrase = tuple[str, ...]
"""Stems that stand side by side; a single word is the shortest phrase."""


@dataclass(frozen=True)
class Branch:
    """What a query looks for in one locale."""

    locale: str
    wanted: tuple[Phrase, ...]
    unwanted: tuple[Phrase, ...]

    @property
    def stems(self) -> tuple[str, ...]:
        """Every stem that is wanted, once."""
        return tuple(dict.fromkeys(stem for phrase in self.wanted for stem in phrase))


@dataclass(frozen=True)
class Query:
    """A query as typed, cut into parts: the text of each, where it begins, and whether it must be absent."""

    text: str
    parts: tuple[tuple[str, int, bool], ...]

    def branch(self, locale: str) -> Branch | None:
        """The query as read in a locale; ``None`` when nothing is looked for, only excluded or nothing at all."""
        wanted: list[Phrase] = []
        unwanted: list[Phrase] = []
        for text, _, is_excluded in self.parts:
            phrase = tuple(word.stem for word in words_of(text, locale))
            if phrase:
                (unwanted if is_excluded else wanted).append(phrase)
        return Branch(locale, tuple(dict.fromkeys(wanted)), tuple(dict.fromkeys(unwanted))) if wanted else None

    def words(self, locale: str) -> list[Word]:
        """Each wanted word with its place in ``text``."""
        return [
            word._replace(start=word.start + offset, end=word.end + offset)
            for text, offset, is_excluded in self.parts
            if not is_excluded
            for word in words_of(text, locale)
        ]


def parse(text: str) -> Query:
    """Read a query; never raises."""
    text = composed(text).translate(QUOTATION_MARKS)
    parts = []
    for match in PARTS.finditer(text):
        group = 2 if match[2] is not None else 4
        parts.append((match[group], match.start(group), bool(match[1] or match[3])))
    return Query(text, tuple(parts))
