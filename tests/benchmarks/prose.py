"""Texts of made-up words that are as unevenly frequent as those of a language, and cost next to nothing to make.

Every text is a piece of one long row of words. What an article's revision and its search document hold is put together
here from the pieces, since rendering and indexing a million texts would take hours; a test holds it to be the same.
"""

import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, product
from typing import Any

from cms.rendering.rendition import EXCERPT_WORDS
from cms.rendering.words import first_words
from cms.search.analysis import words_of
from cms.search.indexing import BODY_WORDS

LOCALE = "en"
RARE_WORD = "quernbeck"
"""Has letters that no other word has."""
SYLLABLES = ["".join(each) for each in product("bdfglmnprstvw", "aeiou")]
VOCABULARY = 20_000
ROW_WORDS = 200_000
TITLE_WORDS = 5
SUMMARY_WORDS = 20
HEADING_WORDS = 3
PARAGRAPH_WORDS = 65
SECTION_BYTES = 500
MID_SHARE = 0.01


@dataclass(frozen=True)
class Text:
    """The texts of one article, what is stored of its body, and the stems that it is searched by."""

    title: str
    summary: str
    body: dict[str, str]
    outline: dict[str, Any]
    words: set[str]
    title_stems: list[str]
    summary_stems: list[str]
    body_stems: list[str]


class Prose:
    """Makes texts; the same seed and size make the same ones."""

    def __init__(self, body_bytes: int, seed: int = 2026) -> None:
        self._chance = random.Random(seed)
        self._sections = max(1, round(body_bytes / SECTION_BYTES))
        vocabulary = self._vocabulary()
        cumulated = list(accumulate(1 / (rank + 2) for rank in range(VOCABULARY)))
        self._row = self._chance.choices(vocabulary, cum_weights=cumulated, k=ROW_WORDS)
        self.stems = {word: next(words_of(word, LOCALE)).stem for word in [*vocabulary, RARE_WORD]}
        self._stem_row = [f"{LOCALE}:{self.stems[word]}" for word in self._row]
        self._words = TITLE_WORDS + SUMMARY_WORDS + self._sections * (HEADING_WORDS + PARAGRAPH_WORDS)
        self.hot_word = vocabulary[0]
        """In nearly every article."""
        self.mid_word = self._word_in(MID_SHARE)
        """In about one of a hundred."""

    def _vocabulary(self) -> list[str]:
        words: dict[str, None] = {}
        while len(words) < VOCABULARY:
            words["".join(self._chance.choices(SYLLABLES, k=self._chance.choice((2, 2, 3, 3, 4))))] = None
        return list(words)

    def _word_in(self, share: float) -> str:
        """A word that about this share of the articles has."""
        wanted = max(1.0, ROW_WORDS * share / self._words)
        counted = Counter(self._row).items()
        return min(counted, key=lambda each: (abs(each[1] - wanted), each[0]))[0]

    def text(self, *, is_rare: bool = False) -> Text:
        """The next text; a rare one ends with the rare word."""
        start = self._chance.randrange(ROW_WORDS - self._words)
        words, stems = self._row[start : start + self._words], self._stem_row[start : start + self._words]
        if is_rare:
            words[-1], stems[-1] = RARE_WORD, f"{LOCALE}:{self.stems[RARE_WORD]}"
        body_start = TITLE_WORDS + SUMMARY_WORDS
        body, outline = _rendered(words[body_start:])
        return Text(
            title=" ".join(words[:TITLE_WORDS]).capitalize(),
            summary=_sentence(words[TITLE_WORDS:body_start]),
            body=body,
            outline=outline,
            words=set(words),
            title_stems=stems[:TITLE_WORDS],
            summary_stems=stems[TITLE_WORDS:body_start],
            body_stems=stems[body_start : body_start + BODY_WORDS],
        )


def _sentence(words: Sequence[str]) -> str:
    return f"{' '.join(words).capitalize()}."


def _rendered(words: Sequence[str]) -> tuple[dict[str, str], dict[str, Any]]:
    """A body of headings and paragraphs as a revision holds it: every form of it, and the outline."""
    section = HEADING_WORDS + PARAGRAPH_WORDS
    cuts = [words[start : start + section] for start in range(0, len(words), section)]
    headings = [" ".join(each[:HEADING_WORDS]).capitalize() for each in cuts]
    paragraphs = [_sentence(each[HEADING_WORDS:]) for each in cuts]
    anchors = _anchors(headings)
    parts = list(zip(anchors, headings, paragraphs, strict=True))
    source = "\n\n".join(f"## {heading}\n\n{paragraph}" for _, heading, paragraph in parts)
    body = {
        "format": "markdown",
        "source": source,
        "html": "".join(f'<h2 id="{anchor}">{heading}</h2>\n<p>{text}</p>\n' for anchor, heading, text in parts),
        "text": "\n\n".join(f"{heading}\n\n{paragraph}" for _, heading, paragraph in parts),
        "markdown": source,
    }
    outline = {
        "toc": [{"level": 2, "id": anchor, "text": heading} for anchor, heading, _ in parts],
        "word_count": len(words),
        "excerpt": first_words(" ".join(paragraphs), EXCERPT_WORDS),
    }
    return body, outline


def _anchors(headings: Sequence[str]) -> list[str]:
    """The id of each heading; the second of the same has a number."""
    seen: Counter[str] = Counter()
    anchors = []
    for heading in headings:
        anchor = heading.lower().replace(" ", "-")
        seen[anchor] += 1
        anchors.append(anchor if seen[anchor] == 1 else f"{anchor}-{seen[anchor]}")
    return anchors
