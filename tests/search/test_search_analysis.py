"""Words are cut, folded and stemmed alike for what is indexed, what is asked and what is marked."""

import sys
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cms.search.analysis import LANGUAGES, WORD_BYTES, composed, words_of


def stems(text: str, locale: str = "en") -> list[str]:
    return [word.stem for word in words_of(composed(text), locale)]


@pytest.mark.parametrize(
    ("locale", "one", "other"),
    [
        ("en", "Binding BINDINGS", "bind binds"),
        ("en-GB", "the binder's glue", "the binder glues"),
        ("en", "don\u2019t", "don't"),
        ("de", "B\u00fccher Buch", "buch b\u00fcchern"),
        ("de-AT", "Stra\u00dfe", "strassen"),
        ("fr", "l\u2019auteur", "L AUTEURS"),
        ("fr", "caf\u00e9", "CAFES"),
        ("es", "canciones", "canci\u00f3n"),
        ("ru", "\u043a\u043d\u0438\u0433\u0438", "\u041a\u041d\u0418\u0413\u0410"),
        ("el", "\u03b2\u03b9\u03b2\u03bb\u03af\u03bf\u03c5", "\u0392\u0399\u0392\u039b\u0399\u039f\u03a5"),
        ("tr", "\u0130stanbul", "istanbul"),
        ("en", "\uff22\uff49\uff4e\uff44", "bind"),
        ("en", "\ufb01nished", "finish"),
        ("pl", "\u0142\u00f3d\u017a", "lodz"),
        ("xx", "\u00c6sop na\u00efve", "aesop naive"),
    ],
)
def test_forms_of_a_word_are_one_word(locale: str, one: str, other: str) -> None:
    assert stems(one, locale) == stems(other, locale) != []


@pytest.mark.parametrize(
    ("locale", "one", "other"),
    [("xx", "binding", "bind"), ("xx", "\u043c\u043e\u0439", "\u043c\u043e\u0438"), ("en", "2024", "2025")],
)
def test_other_words_stay_others(locale: str, one: str, other: str) -> None:
    assert stems(one, locale) != stems(other, locale)


def test_scripts_without_spaces_are_cut_into_characters() -> None:
    assert stems("\u88fd\u672c\u306e\u672c", "ja") == ["\u88fd", "\u672c", "\u306e", "\u672c"]
    assert stems("\uc81c\ubcf8", "ko") == ["\uc81c", "\ubcf8"]
    assert len(stems("\u0e2b\u0e19\u0e31\u0e07\u0e2a\u0e37\u0e2d", "th")) == 5


def test_vowel_signs_belong_to_their_word() -> None:
    assert len(stems("\u0939\u093f\u0928\u094d\u0926\u0940", "hi")) == 1


def test_a_very_long_word_is_cut_to_whole_characters() -> None:
    (stem,) = stems("\u00fc\u0436" * 500, "xx")
    assert len(stem.encode()) <= WORD_BYTES
    assert stem == ("u\u0436" * 500)[: len(stem)]


def test_every_stemmer_exists() -> None:
    for language in LANGUAGES:
        assert stems("alpha beta", language)


@given(st.text())
def test_no_text_fails_and_words_stand_where_they_say(text: str) -> None:
    text = composed(text)
    end = 0
    for word in words_of(text, "en"):
        assert end <= word.start < word.end <= len(text)
        assert word.stem
        assert word.folded
        assert not set(word.stem) & set(" \"'\\:()&|!*^\0")
        end = word.end


def test_every_character_keeps_its_place() -> None:
    """One that became two when folded would shift all marks behind it."""
    shifted = []
    for code in range(sys.maxunicode + 1):
        character = chr(code)
        if unicodedata.category(character) in ("Cs", "Cn", "Co"):
            continue
        found = list(words_of(f"{character} end", "xx"))
        if (found[-1].start, found[-1].end) != (2, 5):
            shifted.append(hex(code))
    assert shifted == []
