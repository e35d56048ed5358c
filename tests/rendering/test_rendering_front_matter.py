"""Front matter comes back as it was written, and costs little however it is written."""

import time
from contextlib import suppress

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from cms.rendering.front_matter import (
    DEPTH,
    FRONT_MATTER_CHARACTERS,
    NOT_YAML,
    TOO_DEEP,
    FrontMatterError,
    as_written,
    read_front_matter,
    with_front_matter,
)

CHARACTERS = st.characters(exclude_categories=["Cs"])
TEXTS = st.text(CHARACTERS, max_size=30)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=80)
@given(st.dictionaries(TEXTS, VALUES, max_size=4), st.text(CHARACTERS))
def test_what_is_written_is_read(fields, text):
    assert read_front_matter(as_written(fields, text)) == (fields, text)


@pytest.mark.parametrize("text", ["1e5", "0E0", "1.5e5", "-1e-5", "1.0e+100", "12", "-0", "1.5", "", "~", "true"])
def test_a_text_that_looks_like_something_else_stays_a_text(text):
    fields = {"title": text, "extra": {text: [text]}}
    assert read_front_matter(as_written(fields, text)) == (fields, text)


@pytest.mark.parametrize(
    ("document", "fields", "text"),
    [
        ("", {}, ""),
        ("Text", {}, "Text"),
        ("---\n---\nText", {}, "Text"),
        ("---\n# a comment\n---\n\n\nText", {}, "\nText"),
        ("--- \na: 1\n---\t\nText", {"a": 1}, "Text"),
        ("---\na: 1\n---", {"a": 1}, ""),
        ("----\na: 1\n---\n", {}, "----\na: 1\n---\n"),
        (" ---\na: 1\n---\n", {}, " ---\na: 1\n---\n"),
        ("---\na: |\n  ---\n  b\n---\n", {"a": "---\nb\n"}, ""),
        ("---\na: no\nb: ~\nc:\nd: 'null'\ne: 1.50\nf: .5\ng: +1\nh: TRUE\n---\n",
         {"a": "no", "b": None, "c": None, "d": "null", "e": 1.5, "f": ".5", "g": "+1", "h": "TRUE"}, ""),
    ],
    ids=range(10),
)  # fmt: skip
def test_documents_are_taken_apart(document, fields, text):
    assert read_front_matter(document) == (fields, text)


def test_what_stands_twice_is_written_twice():
    shared = {"b": [1]}
    assert "*" not in with_front_matter({"a": shared, "c": shared}, "")


HOSTILE = {
    "brackets": "a: " + "[" * 60_000,
    "braces": "a: " + "{b: " * 12_000,
    "dashes": "- " * 30_000,
    "questions": "? " * 30_000,
    "numbers": "a: [" + "1," * 30_000 + "]",
    "names": "".join(f"{number}:\n" for number in range(9_000)),
    "anchors": "".join(f"{number}: &a{number} b\n" for number in range(4_000)),
    "quotes": "a: '" + "''" * 30_000 + "'",
    "escapes": 'a: "' + "\\u2028" * 10_000 + '"',
    "breaks": "a: '" + "\n" * 60_000 + "'",
    "spaces": "a:" + " " * 60_000 + "b",
    "tabs": "\t" * 60_000,
    "comments": "#" * 60_000,
}


def test_no_front_matter_takes_long():
    for case, matter in HOSTILE.items():
        assert len(matter) < FRONT_MATTER_CHARACTERS, case
        begun = time.process_time()
        with suppress(FrontMatterError):
            read_front_matter(f"---\n{matter}\n---\n")
        assert time.process_time() - begun < 2, case


WRONG = {
    "a: [b": NOT_YAML,
    "a: 'b": NOT_YAML,
    "a:\n\tb: c": NOT_YAML,
    "a: b: c": NOT_YAML,
    "a: @b": NOT_YAML,
    'a: "\\q"': NOT_YAML,
    "a: " + "[" * (DEPTH - 2) + "b": NOT_YAML,
    "a: " + "[" * DEPTH: TOO_DEEP,
    "a: " + "[" * 60_000: TOO_DEEP,
    "a: " + "{b: " * 12_000: TOO_DEEP,
    "- " * 30_000: TOO_DEEP,
    "a: b\x01": r"YAML does not allow the character '\x01'",
    "a: \ud800": r"YAML does not allow the character '\ud800'",
}


@pytest.mark.parametrize("parser", ["SafeLoader", "CSafeLoader"])
def test_a_refusal_is_in_the_same_words_whichever_parser_reads(parser, monkeypatch):
    monkeypatch.setattr(yaml, "CSafeLoader", getattr(yaml, parser))
    for matter, complaint in WRONG.items():
        with pytest.raises(FrontMatterError) as refused:
            read_front_matter(f"---\n{matter}\n---\n")
        place, _, said = str(refused.value).partition(": ")
        assert place.startswith("line "), matter[:80]
        assert said == complaint, matter[:80]
