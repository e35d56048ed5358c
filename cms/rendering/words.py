"""Counts words in any script.

A word is one Han character, Hiragana or Katakana, or a run without spaces of other characters that has a letter or
digit in it. Scripts that also write without spaces, such as Thai, are therefore counted by their spaces.
"""

import re
from collections.abc import Iterator
from itertools import islice

from cms.writing_systems import HAN, KANA

MAX_EXCERPT = 1000

RUN = re.compile(rf"[{HAN}{KANA}]|[^\s{HAN}{KANA}]+")
LETTER_OR_DIGIT = re.compile(r"[^\W_]")


def count_words(text: str) -> int:
    """Count the words of plain text in linear time."""
    return sum(1 for _ in _words(text))


def first_words(text: str, count: int) -> str:
    """Return the text up to the end of that many words, with "…" if any is left; at most 1,000 characters."""
    line = " ".join(text.split())
    words = list(islice(_words(line), count + 1))
    end = words[count - 1].end() if len(words) > count else len(line)
    end = min(end, MAX_EXCERPT - 1)
    return line if end == len(line) else line[:end].rstrip() + "…"


def reading_time_minutes(word_count: int, words_per_minute: int) -> int:
    """Return whole minutes, rounded up; 0 only for 0 words. Raises ValueError unless the pace is positive."""
    if words_per_minute <= 0:
        raise ValueError("words_per_minute must be positive")
    return -(-word_count // words_per_minute)


def _words(text: str) -> Iterator[re.Match[str]]:
    return (run for run in RUN.finditer(text) if LETTER_OR_DIGIT.search(run[0]))
