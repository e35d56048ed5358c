import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cms.rendering import reading_time_minutes, render


def words(format, source):
    return render(format, source).word_count


def test_blocks_are_separated_by_one_blank_line():
    source = "# Beds\n\nDig\nthem.\n\n- peas\n- beans\n\n> sow\n\n---\n\n| a | b |\n|---|---|\n| 1 | 2 |\n"
    assert render("markdown", source).text == "Beds\n\nDig them.\n\npeas\n\nbeans\n\nsow\n\na b\n\n1 2"


def test_markup_is_gone_and_entities_are_decoded():
    assert render("html", "<p>Fish &amp;&nbsp;<b>chips</b> &lt;hot&gt; &eacute;&#x1F331;</p>").text == (
        "Fish & chips <hot> é🌱"
    )


def test_a_line_break_stays_and_code_keeps_its_indentation():
    assert render("html", "<p>one<br>two\nthree</p><pre>if a:\n\n\n    b()\n</pre>").text == (
        "one\ntwo three\n\nif a:\n    b()"
    )


def test_nothing_has_no_text():
    for source in ("", "   \n", "<!-- only a comment -->"):
        rendition = render("html", source)
        assert (rendition.text, rendition.word_count, rendition.excerpt, rendition.toc) == ("", 0, "", ())


@pytest.mark.parametrize("source", ["a&#0;b", "a\ud800b", "a&#xD800;b", "a&#0000;b"])
@pytest.mark.parametrize("format", ["markdown", "html"])
def test_impossible_characters_are_replaced(format, source):
    rendition = render(format, source)
    assert rendition.text == "a\ufffdb"
    rendition.markdown.encode()
    assert "\0" not in rendition.html + rendition.markdown


@pytest.mark.parametrize(
    ("source", "count"),
    [
        ("one two  three", 3),
        ("don't re-use 3.14 e-mail", 4),
        ("— * & … !", 0),
        ("日本語です", 5),
        ("日本 and カナ・カナ", 7),
        ("한국어 문장", 2),
        ("naïve Übung שלום", 3),
        ("𠀀𠀁", 2),
    ],
)
def test_words_are_counted_by_script(source, count):
    assert words("html", f"<p>{source.replace('&', '&amp;')}</p>") == count


def test_words_of_headings_lists_and_code_count():
    assert words("markdown", "# one\n\ntwo\n\n- three\n\n`four`\n\n    five\n") == 5


def test_excerpt_is_fifty_words_of_prose():
    prose = [f"w{n}" for n in range(60)]
    source = "# Title\n\n- entry\n\n```\ncode\n```\n\n" + " ".join(prose[:30]) + "\n\n" + " ".join(prose[30:])
    assert render("markdown", source).excerpt == " ".join(prose[:50]) + "…"


def test_excerpt_of_exactly_fifty_words_is_not_cut():
    prose = " ".join(f"w{n}" for n in range(50)) + "."
    assert render("markdown", prose).excerpt == prose


def test_excerpt_without_paragraphs_takes_the_next_best():
    assert render("markdown", "# Title\n\n- peas\n- beans\n").excerpt == "peas beans"
    assert render("markdown", "# Title\n").excerpt == "Title"


def test_excerpt_of_text_without_spaces_is_fifty_characters():
    assert render("markdown", "字" * 60).excerpt == "字" * 50 + "…"


def test_excerpt_is_bounded():
    assert len(render("markdown", "x" * 5000).excerpt) == 1000


@given(st.text(st.characters(exclude_characters="\0"), max_size=200), st.sampled_from(["markdown", "html"]))
def test_text_never_has_two_blank_lines_or_edges(source, format):
    text = render(format, source).text
    assert not re.search(r"\n\s*\n\s*\n", text)
    assert all(block.strip() for block in text.split("\n\n")) or text == ""
    assert "\0" not in text


@pytest.mark.parametrize(("count", "minutes"), [(0, 0), (1, 1), (200, 1), (201, 2), (1000, 5)])
def test_reading_time_is_rounded_up(count, minutes):
    assert reading_time_minutes(count, 200) == minutes


@pytest.mark.parametrize("pace", [0, -1])
def test_reading_time_needs_a_positive_pace(pace):
    with pytest.raises(ValueError, match="positive"):
        reading_time_minutes(10, pace)


def test_another_format_is_refused():
    with pytest.raises(ValueError, match="asciidoc"):
        render("asciidoc", "x")  # type: ignore[arg-type]
