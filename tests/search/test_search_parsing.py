"""What people type: words, phrases, exclusions, and nothing else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cms.search import postgresql, sqlite
from cms.search.parsing import Branch, parse
from cms.search.scope import Scope


def read(text: str, locale: str = "en") -> Branch | None:
    return parse(text).branch(locale)


@pytest.mark.parametrize(
    ("text", "wanted", "unwanted"),
    [
        ("wheat paste", (("wheat",), ("paste",)), ()),
        ('"wheat paste"', (("wheat", "paste"),), ()),
        ("\u201cwheat paste\u201d", (("wheat", "paste"),), ()),
        ("\u201ewheat paste\u201c glue", (("wheat", "paste"), ("glue",)), ()),
        ("paste -glue", (("paste",),), (("glue",),)),
        ('paste -"animal glue"', (("paste",),), (("anim", "glue"),)),
        ("well-known", (("well", "known"),), ()),
        ('unclosed "wheat paste', (("unclos",), ("wheat", "paste")), ()),
        ("paste AND NOT glue", (("paste",), ("and",), ("not",), ("glue",)), ()),
        ("past* title:glue^2", (("past",), ("titl", "glue", "2")), ()),
        ("paste paste", (("paste",),), ()),
        ("--glue paste", (("paste",),), (("glue",),)),
        ('"" - paste', (("paste",),), ()),
        ("paste\u3000glue", (("paste",), ("glue",)), ()),
    ],
)
def test_a_query_is_read(text: str, wanted: object, unwanted: object) -> None:
    branch = read(text)
    assert branch is not None
    assert (branch.wanted, branch.unwanted) == (wanted, unwanted)


@pytest.mark.parametrize("text", ["", "   ", "-glue", '"', '""', "!!! ??? ...", "-", "\u200b", "&|()<->:*^~'\\"])
def test_nothing_to_look_for(text: str) -> None:
    assert read(text) is None


def test_a_query_is_read_in_each_language() -> None:
    english, german = read("B\u00fccher bindings", "en"), read("B\u00fccher bindings", "de")
    assert english is not None
    assert german is not None
    assert german.wanted[0] == ("buch",)
    assert english.wanted[1] == ("bind",)
    assert english.wanted != german.wanted


def test_words_know_their_places_in_the_query() -> None:
    query = parse('Wheat "paste boils" -glue')
    assert [(word.stem, query.text[word.start : word.end]) for word in query.words("en")] == [
        ("wheat", "Wheat"),
        ("paste", "paste"),
        ("boil", "boils"),
    ]


def test_both_databases_get_nothing_but_quoted_words() -> None:
    branch = read('paste -glue "it\'s * a" OR')
    assert branch is not None
    scope = Scope(("article", "faq"), (("0199",),))
    assert sqlite.match_text([branch], scope) == (
        'scope : ("=article" OR "=faq") AND scope : ("=0199") AND '
        '((("en:paste" AND "en:it en:a" AND "en:or") NOT ("en:glue")))'
    )
    assert postgresql.match_text([branch], scope) == (
        "('=article' | '=faq') & ('=0199') & ((('en:paste') & ('en:it' <-> 'en:a') & ('en:or') & !('en:glue')))"
    )


@given(st.text(max_size=100))
def test_no_query_fails(text: str) -> None:
    query = parse(text)
    for locale in ("en", "de", "ja"):
        branch = query.branch(locale)
        assert branch is None or branch.stems
        assert all(word.end <= len(query.text) for word in query.words(locale))
