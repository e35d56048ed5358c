"""Counts words in any script.

A word is one Han, Hiragana or Katakana character, or a run of other characters without spaces that has a letter or
digit in it. Other scripts that are written without spaces, such as Thai, are counted by the spaces that they have.
"""

import re
from collections.abc import Iterator
from itertools import islice

from cms.writing_systems import HAN, KANA

MAX_EXCERPT = 1000

RUN = re.compile(rf"[{HAN}{KANA}]|[^\s{HAN}{KANA}]+")
LETTER_OR_DIGIT = re.compile(r"[^\W_]")


def count_words(text: str) -> int:
    """The number of words in plain text, counted in linear time."""
    return sum(1 for _ in _words(text))


def first_words(text: str, count: int) -> str:
    """The first ``count`` words of a text on one line, followed by "…" if it was cut; at most 1,000 characters."""
    line = " ".join(text.split())
    words = list(islice(_words(line), count + 1))
    end = words[count - 1].end() if len(words) > count else len(line)
    end = min(end, MAX_EXCERPT - 1)
    return line if end == len(line) else line[:end].rstrip() + "…"


def reading_time_minutes(word_count: int, words_per_minute: int) -> int:
    """The reading time, rounded up to whole minutes; 0 only for 0 words. A pace below 1 raises ``ValueError``."""
    if words_per_minute <= 0:
        raise ValueError("words_per_minute must be positive")
    return -(-word_count // words_per_minute)


def _words(text: str) -> Iterator[re.Match[str]]:
    return (run for run in RUN.finditer(text) if LETTER_OR_DIGIT.search(run[0]))
