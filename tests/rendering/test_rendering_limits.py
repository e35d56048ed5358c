"""Hostile input: linear time, no exception. The bound is generous for a busy machine; quadratic work takes minutes."""

import re
import time

import pytest

from cms.rendering import render

pytestmark = pytest.mark.exhaustive

MEBIBYTE = 1 << 20
SECONDS = 30

REPEATED = [
    *(
        "[",
        "<",
        "*",
        "`",
        "&",
        "_ ",
        "![",
        "[a](",
        "*a_ ",
        "\\",
        "- ",
        "> ",
        "|a",
        "a|b\n-|-\n",
        "# a\n",
        "a\n",
        "~",
        "1. ",
    ),
    *("<div>", "<blockquote>", "<ul><li>", "<b>", "<p>", "<p>a", "<table>", "<table><tr><td>", "<h2>a</h2>", "</div>"),
    *(
        "<!--",
        "<!-->",
        "<a title='",
        '<a ="',
        "<a =\"'",
        "<svg>",
        "<script>",
        "<button><p>",
        "<b><i></b>",
        "<a href=/>",
    ),
    *(
        "&amp;",
        "&x;",
        "&a",
        "&#65;",
        "\u00a0",
        "<td>a</td>",
        "<span><p></span>",
        "<div><table><tr><td></div>",
        "\n",
        "字",
    ),
]


def timed(format, source):
    start = time.process_time()
    rendition = render(format, source)
    assert time.process_time() - start < SECONDS
    return rendition


@pytest.mark.parametrize("format", ["markdown", "html"])
@pytest.mark.parametrize("piece", REPEATED)
def test_a_mebibyte_of_anything_is_rendered(piece, format):
    rendition = timed(format, piece * (MEBIBYTE // len(piece.encode())))
    assert len(rendition.html) < 8 * MEBIBYTE
    assert len(rendition.markdown) < 8 * MEBIBYTE


@pytest.mark.parametrize("piece", ["[", "![", "*a_ ", "<b>", "&", "> ", "- ", "|a", "a|b\n-|-\n", "[a](", "`"])
def test_markdown_just_within_its_limit_is_rendered(piece):
    assert timed("markdown", piece * 9_000).html


@pytest.mark.parametrize("source", ["> " * 10_000 + "deep", "".join("  " * n + f"- {n}\n" for n in range(700))])
def test_deeply_nested_markdown_is_rendered(source):
    timed("markdown", source)


def test_deeply_nested_html_keeps_its_text():
    rendition = timed("html", "<div>" * 10_000 + "deep" + "</div>" * 10_000)
    assert rendition.text == "deep"
    assert rendition.html.count("<div>") == 50


def test_open_formatting_is_not_copied_without_bound():
    formatting = "".join(f"<code class=language-{n}>" for n in range(1000))
    rendition = timed("html", "<p>" + formatting + "<p>x" * 20_000)
    assert rendition.word_count == 20_000
    assert len(rendition.html) < 2 * MEBIBYTE


def test_a_huge_table_is_rendered():
    source = "| a | b |\n|---|---|\n" + "| 1 | 2 |\n" * 3_500
    assert timed("markdown", source).html.count("<tr>") == 3_501
    rows = "<tr><td>1</td><td>2</td></tr>" * 30_000
    assert timed("html", f"<table>{rows}</table>").word_count == 60_000


def test_a_wide_table_is_rendered():
    timed("markdown", "|a" * 9_000 + "|\n" + "|-" * 9_000 + "|\n" + "|x\n" * 2_000)


def filled_up(columns, rows, before=""):
    lines = ["a|" * columns, "-|" * columns, *["x"] * rows]
    return "".join(f"{before}{line}\n" for line in lines) + "\n"


@pytest.mark.parametrize(
    "source",
    [
        filled_up(500, 130),
        filled_up(500, 130, "> "),
        "- " + filled_up(500, 130, "  ").lstrip(),
        "1) " + filled_up(500, 130, "   ").lstrip().replace("\n", "\r"),
        filled_up(90, 90) * 2,
    ],
    ids=["alone", "quoted", "listed", "numbered", "twice"],
)
def test_a_few_words_do_not_fill_a_table_without_bound(source):
    rendition = render("markdown", source)
    assert "plain_text" in [each.code for each in rendition.findings]
    assert len(rendition.html) < 2 * len(source)
    assert "<td" in render("markdown", filled_up(90, 90)).html


def test_pieces_of_markdown_among_blocks_do_not_fill_tables_together():
    source = [{"_type": "markdown", "markdown": filled_up(90, 90)}] * 2
    assert len(render("blocks", source).html) < 2_000


def test_a_long_table_with_one_wide_row_is_written_down_at_its_length():
    source = "<table><tr>" + "<td>x" * 4_000 + "<tr><td>y" * 3_000
    assert len(timed("html", source).markdown) < 2 * len(source)


@pytest.mark.parametrize("piece", ["<ul><li>", "<h2>a</h2>", "<tr><td><b>x</td>"])
def test_what_one_text_has_of_elements_is_bounded(piece):
    rendition = timed("html", "<table>" * ("<tr>" in piece) + piece * (249_000 // len(piece)))
    assert len(re.findall("<[a-z]", rendition.html)) <= 13_000


def test_many_equal_headings_are_rendered():
    toc = timed("markdown", "# a\n" * 11_000).toc
    assert toc[-1].id == "a-11000"


def test_a_mebibyte_of_one_word_is_bounded():
    rendition = timed("html", "<h2>" + "w" * MEBIBYTE + "</h2>")
    assert len(rendition.toc[0].text) == 200
    assert len(rendition.excerpt) == 1000
    assert rendition.word_count == 1
