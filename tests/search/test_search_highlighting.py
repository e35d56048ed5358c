"""Marks stand around what was found, and nothing of the text can pass for one."""

import html
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cms.search.highlighting import REACHES, SNIPPET_CHARACTERS, SNIPPET_WORDS, highlighted, snippet
from cms.search.parsing import Branch, parse

FILLER = "lorem ipsum dolor sit amet " * 40


def branch(query: str, locale: str = "en") -> Branch:
    read = parse(query).branch(locale)
    assert read is not None
    return read


@pytest.mark.parametrize(
    ("text", "query", "marked"),
    [
        ("Binding a book", "bind", "<mark>Binding</mark> a book"),
        ("The Caf\u00e9", "cafe", "The <mark>Caf\u00e9</mark>"),
        ("The Cafe\u0301 opens", "opening", "The Caf\u00e9 <mark>opens</mark>"),
        ("Wheat paste, paste", '"wheat paste"', "<mark>Wheat paste</mark>, paste"),
        ('a <b>book</b> & "more"', "book", "a &lt;b&gt;<mark>book</mark>&lt;/b&gt; &amp; &quot;more&quot;"),
        ("<mark>book</mark>", "book", "&lt;mark&gt;<mark>book</mark>&lt;/mark&gt;"),
        ("<script>alert(1)</script>", "script", "&lt;<mark>script</mark>&gt;alert(1)&lt;/<mark>script</mark>&gt;"),
        ("a<b>c", '"a b c"', "<mark>a&lt;b&gt;c</mark>"),
        ("nothing of it", "book", "nothing of it"),
        ("\u88fd\u672c\u306e\u672c", "\u88fd\u672c", "<mark>\u88fd\u672c</mark>\u306e\u672c"),
        ("book books", "books book", "<mark>book</mark> <mark>books</mark>"),
    ],
)
def test_words_are_marked(text: str, query: str, marked: str) -> None:
    assert highlighted(text, branch(query)) == marked


def test_excluded_words_are_not_marked() -> None:
    assert highlighted("paste and glue", branch("paste -glue")) == "<mark>paste</mark> and glue"


def test_a_snippet_shows_where_most_of_the_query_stands() -> None:
    text = f"paste {FILLER} the wheat makes the paste {FILLER} wheat"
    shown = snippet(text, branch("wheat paste"))
    assert shown is not None
    assert "the <mark>wheat</mark> makes the <mark>paste</mark>" in shown
    assert shown.startswith("… ")
    assert shown.endswith(" …")
    assert len(re.findall(r"\w+", re.sub("</?mark>", "", shown))) <= SNIPPET_WORDS


def test_a_short_text_is_shown_whole() -> None:
    assert snippet("Boil the paste.", branch("paste")) == "Boil the <mark>paste</mark>."


def test_a_text_without_the_words_has_no_snippet() -> None:
    assert snippet(FILLER, branch("paste")) is None


def test_a_word_of_a_pages_length_makes_no_long_snippet() -> None:
    shown = snippet(f"{'x' * 5000} paste {'-' * 5000} end", branch("paste"))
    assert shown is not None
    assert "<mark>paste</mark>" in shown
    assert len(shown) < 2 * SNIPPET_CHARACTERS


@given(st.text(alphabet=st.sampled_from(list("ab<>&\"'/ -\u00e9\u0301\u0130\u00df\u88fd")), max_size=60))
def test_without_its_marks_it_is_the_text(text: str) -> None:
    for shown in (highlighted(text, branch("a b")), snippet(text, branch("a b"))):
        if shown is None:
            continue
        bare = shown.replace("<mark>", "").replace("</mark>", "")
        assert "<" not in bare
        assert ">" not in bare
        assert shown.count("<mark>") == shown.count("</mark>")
    whole = html.unescape(highlighted(text, branch("a b")).replace("<mark>", "").replace("</mark>", ""))
    assert whole == highlighted_source(text)


def highlighted_source(text: str) -> str:
    from cms.search.analysis import composed

    return composed(text)


def test_of_a_long_text_no_more_is_read_than_is_needed() -> None:
    filler, word = "lorem " * (REACHES[0] // 6), branch("book")
    assert snippet(f"A book. {filler * 9} book", word) == snippet(f"A book. {filler * 2}", word)
    found = snippet(f"{filler * 3} book {filler * 9}", word)
    assert found is not None
    assert "<mark>book</mark>" in found
    assert snippet(f"{'lorem ' * (REACHES[1] // 6)} book", word) is None
    assert snippet(f"{'x' * (REACHES[0] - 3)} bookshelf", word) is None
