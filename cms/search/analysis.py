"""Cuts texts into words and folds and stems them, in the same way for every database.

A word is a run of letters, digits and their marks. Scripts that put no spaces between words (Chinese, Japanese, Thai
and others), and Korean, which joins particles to words, are cut into single characters. A query then looks for these
side by side. Case, Latin and Greek accents, and the endings that the stemmer of the locale's language removes do not
count. Example: in English "Bindings" and "binding's" both have the stem "bind".
"""

import re
import threading
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

import Stemmer

from cms.writing_systems import HAN, HANGUL, KANA_LETTERS, SOUTH_EAST_ASIAN

WORD_BYTES = 48
"""Longer words are cut, in documents and in queries alike. A ``tsvector`` of PostgreSQL holds at most 1 MB."""

LANGUAGES = {
    "ar": "arabic",
    "ca": "catalan",
    "cs": "czech",
    "da": "danish",
    "de": "german",
    "el": "greek",
    "en": "english",
    "eo": "esperanto",
    "es": "spanish",
    "et": "estonian",
    "eu": "basque",
    "fa": "persian",
    "fi": "finnish",
    "fr": "french",
    "ga": "irish",
    "hi": "hindi",
    "hu": "hungarian",
    "hy": "armenian",
    "id": "indonesian",
    "it": "italian",
    "lt": "lithuanian",
    "nb": "norwegian",
    "ne": "nepali",
    "nl": "dutch",
    "nn": "norwegian",
    "no": "norwegian",
    "pl": "polish",
    "pt": "portuguese",
    "ro": "romanian",
    "ru": "russian",
    "sr": "serbian",
    "sv": "swedish",
    "ta": "tamil",
    "tr": "turkish",
    "yi": "yiddish",
}
"""The stemmer of each language. The words of other languages are not stemmed."""

UNSPACED = SOUTH_EAST_ASIAN + KANA_LETTERS + HAN + HANGUL
MARKS = "".join(chr(code) for code in range(0x300, 0x10000) if unicodedata.category(chr(code)).startswith("M"))
LETTERS = rf"[^\W_{UNSPACED}](?:[^\W_{UNSPACED}]+|[{MARKS}]+)*"
WORDS = re.compile(rf"[{UNSPACED}][{MARKS}]*|{LETTERS}")
# English writes apostrophes inside words (don't, binder's); French and Italian write them between words.
ENGLISH_WORDS = re.compile(rf"[{UNSPACED}][{MARKS}]*|{LETTERS}(?:['\u2019]{LETTERS})*")

# The same for texts that are ASCII alone: an expression without Unicode classes takes half the time.
ASCII_WORDS = re.compile("[a-z0-9]+")
ASCII_ENGLISH_WORDS = re.compile("[a-z0-9]+(?:'[a-z0-9]+)*")

LATIN_AND_GREEK_END = 0x400
ACCENTS = re.compile("[\u0300-\u036f]")
NOT_LETTERS = re.compile(rf"(?:(?![{MARKS}])[\W_])+")
POSSESSIVE = re.compile("['\u2019]s$")
# Letters that Unicode does not decompose into a letter and an accent.
SAME_LENGTH = {"ø": "o", "ł": "l", "đ": "d", "ħ": "h", "\u0131": "i", "\u03c2": "\u03c3"}
LONGER = {"ß": "ss", "æ": "ae", "œ": "oe", "þ": "th", "ð": "d"}


class Word(NamedTuple):
    """A word of a text: its stem, its folded form, and where it begins and ends in the text."""

    stem: str
    folded: str
    start: int
    end: int


def composed(text: str) -> str:
    """The text in Unicode's composed form (NFC), in which the positions of words are counted."""
    return text if text.isascii() else unicodedata.normalize("NFC", text)


def words_of(text: str, locale: str) -> Iterator[Word]:
    """Each word of a composed text in order, read in the locale's language."""
    folded, pattern, language = _readable(text, locale)
    for match in pattern.finditer(folded):
        stem, plain = _read(match[0], language)
        if stem:
            yield Word(stem, plain, match.start(), match.end())


def stems_of(text: str, locale: str) -> list[tuple[str, str]]:
    """The stem and the folded form of each word, without positions."""
    folded, pattern, language = _readable(text, locale)
    return [read for word in pattern.findall(folded) if (read := _read(word, language))[0]]


def places_of(text: str, locale: str) -> tuple[list[str], list[re.Match[str]]]:
    """The stems of a composed text and the match of each. An empty stem is not a word."""
    folded, pattern, language = _readable(text, locale)
    places = list(pattern.finditer(folded))
    return [_read(place[0], language)[0] for place in places], places


def _readable(text: str, locale: str) -> tuple[str, re.Pattern[str], str]:
    language = locale.split("-")[0]
    folded = text.translate(_folding)
    if folded.isascii():
        return folded, ASCII_ENGLISH_WORDS if language == "en" else ASCII_WORDS, language
    return folded, ENGLISH_WORDS if language == "en" else WORDS, language


@lru_cache(maxsize=2**16)
def _read(word: str, language: str) -> tuple[str, str]:
    """The stem and the folded form of a word. Both are empty if no letter or digit is left."""
    plain = word if word.isascii() and word.isalnum() else _plain(word)
    if not plain:
        return "", ""
    name = LANGUAGES.get(language)
    stem = plain if name is None or plain.isdigit() else _stemmer(name).stemWord(plain)
    return _cut(stem or plain), _cut(plain)


def _plain(word: str) -> str:
    """The word without apostrophes and Latin accents, with letters such as ß written out (ss)."""
    word = ACCENTS.sub("", unicodedata.normalize("NFKC", POSSESSIVE.sub("", word)))
    for letter, letters in LONGER.items():
        word = word.replace(letter, letters)
    return NOT_LETTERS.sub("", word)


def _cut(word: str) -> str:
    encoded = word.encode()
    return word if len(encoded) <= WORD_BYTES else encoded[:WORD_BYTES].decode("utf-8", "ignore")


_stemmers = threading.local()


def _stemmer(name: str) -> "Stemmer.Stemmer":
    """The stemmer of this thread. Threads must not share one."""
    if not hasattr(_stemmers, name):
        setattr(_stemmers, name, Stemmer.Stemmer(name))
    return getattr(_stemmers, name)


class _Folding(dict[int, str]):
    """Maps each character to one lower-case character without accents, so that positions in a text stay the same."""

    def __missing__(self, code: int) -> str:
        folded = _folded(chr(code))
        # Characters beyond the first plane are rare and more than a million, so they are not kept.
        if code < 0x10000:
            self[code] = folded
        return folded


def _folded(character: str) -> str:
    lower = character.lower()
    if lower in SAME_LENGTH:
        return SAME_LENGTH[lower]
    decomposed = unicodedata.normalize("NFKD", lower)
    if ord(decomposed[0]) < LATIN_AND_GREEK_END and not ACCENTS.sub("", decomposed[1:]):
        return decomposed[0]
    return lower if len(lower) == 1 else character


_folding = _Folding()
