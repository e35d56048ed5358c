"""What a writer is told of a text: what had to be removed from it and where, and what a careful reader would say."""

from html import escape

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cms.rendering import render
from cms.rendering.allowed import TAGS
from cms.rendering.removals import KINDS_AT_MOST, Finding, bounded
from cms.rendering.reviewing import FINDINGS_AT_MOST, VAGUE, fold, says_nothing


def told(format, source):
    return [(each.code, each.detail) for each in render(format, source).findings]


def codes(format, source):
    return [code for code, _ in told(format, source)]


# What was removed.


def test_each_thing_taken_out_of_html_is_told_with_its_line_and_column():
    source = (
        "<p>One</p>\r\n<script>alert(1)</script>\n"
        '<p onclick="x()">Two <font size=3>red</font>\n and <a href="javascript:x()">out</a></p>'
    )
    assert told("html", source) == [
        ("removed_element", "<script> was removed with everything in it, at line 2, column 1."),
        ("removed_attribute", "The attribute onclick of <p> was removed, at line 3, column 4."),
        ("removed_element", "<font> was removed and its text kept, at line 3, column 22."),
        (
            "removed_attribute",
            "The attribute href of <a> was removed because its value is not allowed, at line 4, column 9.",
        ),
    ]


def test_in_markdown_the_words_before_say_where():
    source = 'Some **quite** ordinary words & then <span style="x">colour</span>.\n\n<iframe src="x"></iframe>\n'
    assert told("markdown", source) == [
        ("removed_attribute", "The attribute style of <span> was removed, after “quite ordinary words & then”."),
        ("removed_element", "<iframe> was removed with everything in it, after “words & then colour .”."),
    ]
    assert told("markdown", "<marquee>Late news</marquee>") == [
        ("removed_element", "<marquee> was removed and its text kept, before “Late news”.")
    ]


def test_what_goes_in_many_places_is_told_once_with_its_number():
    assert told("html", "<p style=a>A</p>\n" * 34) == [
        ("removed_attribute", "The attribute style of <p> was removed, at line 1, column 4, and in 33 more places.")
    ]
    assert "and in 1 more place." in told("html", "<p style=a>A</p>\n" * 2)[0][1]


def test_a_flood_of_kinds_is_counted_and_not_listed():
    found = told("html", "".join(f"<x{number}>" for number in range(3000)))
    assert len(found) == KINDS_AT_MOST + 1
    assert found[-1] == ("removed_element", f"{3000 - KINDS_AT_MOST} more elements and attributes were removed.")


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("<div>" * 60 + "deep" + "</div>" * 60, "<div> was removed and its text kept, because it is nested too deep"),
        ("<td>no table</td>", "<td> was removed because HTML does not allow it where it was written."),
        ("<tr><tr>no table", "<tr> was removed 2 times because HTML does not allow it where it was written."),
        (f"<p title='{'x' * 10_001}'>A</p>", "The attribute title of <p> was removed, at line 1"),
        (f"<a title='{'x' * 10_001}'>A</a>", "The attribute title of <a> was removed because it is too long"),
        ("<h2 id='A B'>A</h2>", "The attribute id of <h2> was removed because its value is not allowed"),
        ("<IMG SRC='data:x' alt=A>", "The attribute src of <img> was removed because its value is not allowed"),
    ],
    ids=["depth", "place", "places", "unknown", "length", "id", "scheme"],
)
def test_whatever_is_lost_is_told(source, expected):
    assert any(detail.startswith(expected) for _, detail in told("html", source))


@pytest.mark.parametrize(
    "source",
    [
        "## A\n\nText with [a word](/b), `code` & <kbd>K</kbd>.\n\n| a |\n|:-:|\n| b |\n\n```python\nx\n```\n",
        "<p>A</p><!-- a note --><ul><li>B<li>C</ul><p>D<p>E <b>F</b></div>",
        "<!doctype html><P LANG=en>A<br/>B<hr></P>",
    ],
)
def test_nothing_is_told_where_nothing_was_lost(source):
    assert told("markdown" if source.startswith("#") else "html", source) == []


def test_a_text_once_cleaned_has_nothing_more_to_take_out():
    source = "<section><p style=a>A <blink>B</blink></p><script>x</script></section><td>C"
    first = render("html", source)
    assert [each.code for each in first.findings] != []
    assert codes("html", first.html) == []


def test_a_text_of_too_much_markup_is_told_to_stand_as_plain_text():
    too_much = "The Markdown has more than 30,000 markup characters, or more than 10,000 cells in tables"
    expected = [("plain_text", f"{too_much}. It is rendered as plain paragraphs.")]
    assert told("markdown", "*" * 30_001) == told("markdown", "a\r" * 30_001) == expected
    assert told("markdown", "*" * 100) == told("html", "*" * 30_001) == []


# What a reader would say.


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("## A\n\n### B\n\n## C\n\n### D\n\n#### E", []),
        ("## A\n\n#### B", ["heading_jump"]),
        ("# A\n\n### B", ["heading_jump", "heading_level_1"]),
        ("## A\n\n# B", ["heading_level_1"]),
        ("### A\n\n#### B", ["heading_start"]),
        ("A\n\n- B\n\n  ##### C", ["heading_start"]),
    ],
)
def test_headings_are_read_in_their_order(source, expected):
    assert codes("markdown", source) == expected


def test_a_jump_is_told_with_its_text_and_levels():
    assert told("markdown", "## A\n\n#### The *long* way") == [
        ("heading_jump", "The heading “The long way” of level 4 follows one of level 2.")
    ]


@pytest.mark.parametrize(
    ("format", "source", "is_missing"),
    [
        ("markdown", "![](/a.png)", True),
        ("markdown", "![A bench](/a.png)", False),
        ("markdown", "![ ](/a.png)", True),
        ("markdown", "![IMG_0042.JPG](/a.png)", True),
        ("markdown", "![The file bench.jpg](/a.png)", False),
        ("html", "<img src=/a.png>", True),
        ("html", "<img src=/a.png alt>", False),
        ("html", '<img src=/a.png alt="">', False),
        ("html", '<img src=/a.png alt="  ">', True),
    ],
)
def test_an_image_needs_an_alternative_unless_html_says_that_it_shows_nothing(format, source, is_missing):
    assert codes(format, source) == ["missing_alt"] * is_missing


SAYING_NOTHING = [
    *("here", "HERE", "Here.", "» HERE «", "→ here", "[here]", "(here)", "here…", "here!!", "·here·", "👉 here 👈"),
    *("he\u200bre", "h\u00adere", "\uff48\uff45\uff52\uff45", "here\u00a0", "\u201chere\u201d", "<here>", "here >>"),
    *("click here", "Click Here", "click\u00a0here", "CLICK  HERE →", "click-here", "'click here'", "Click here!"),
    *("read more", "Read more…", "Read More »", "READ MORE", "read more...", "more", "More…", "More >", "+ more"),
    *("this link", "This link.", "link", "learn more", "see more", "more info", "details", "this", "this page"),
    *("hier", "Hier klicken", "mehr", "Mehr erfahren »", "weiterlesen", "Weiterlesen …", "dieser Link"),
    *("ici", "Cliquez ici", "Lire la suite →", "en savoir plus", "plus d\u2019infos", "plus d'infos", "ce lien"),
    *("aquí", "aqui", "Haz clic aquí", "leer más", "LEER MÁS", "más información", "este enlace"),
    *("", " ", "→", "»", "…", "👉", "---"),
]
TELLING = [
    *("Here we go again", "Where to find us", "read more about glue", "More than glue", "the opening hours"),
    *("click here for the opening hours", "Thereafter", "adhere", "1", "[2]", "§ 4", "C++", "日本語", "ここ数年の紙"),
    *("Weiterlesen: die zweite Naht", "hier im Hafen", "ici Paris", "Linking", "Moreover", "Mehrwert", "plus", "Go"),
]


@pytest.mark.parametrize("decorated", ["{}", "<em>{}</em>", "<b><i>{}</i></b> ", "\n {} <br> "])
def test_a_link_text_that_says_nothing_is_found_in_any_decoration(decorated):
    for text in SAYING_NOTHING:
        found = codes("html", f'<p>See <a href="/x">{decorated.format(escape(text))}</a> now.</p>')
        assert found == ["vague_link"], text
    for text in TELLING:
        found = codes("html", f'<p>See <a href="/x">{decorated.format(escape(text))}</a> now.</p>')
        assert found == [], text


def test_in_a_link_an_image_stands_for_what_it_shows():
    assert codes("html", '<a href="/x"><img src=/a.png alt="Opening hours"></a>') == []
    assert codes("html", '<a href="/x"><img src=/a.png alt=""></a>') == ["vague_link"]
    assert codes("html", '<a href="/x"><img src=/a.png alt="Here"></a>') == ["vague_link"]
    assert codes("markdown", "[![](/a.png)](/x)") == ["missing_alt", "vague_link"]


def test_what_is_no_link_may_say_what_it_likes():
    assert codes("html", "<a>here</a> here <a href=''>here</a> <a title=x>click here</a>") == []


def test_every_vague_text_is_kept_in_the_form_that_it_is_compared_in():
    assert [each for each in VAGUE if fold(each) != each] == []
    assert all(says_nothing(each.upper()) for each in VAGUE)


def test_a_flood_of_findings_is_counted_and_not_listed():
    found = [each for each in told("markdown", "[here](/a)\n\n" * 50) if each[0] == "vague_link"]
    assert len(found) == FINDINGS_AT_MOST + 1
    assert found[-1][1] == f"The same is true of {50 - FINDINGS_AT_MOST} more links."


def test_links_are_listed_once_in_their_order():
    rendition = render("markdown", "[A](/a) [B](https://b.example/?x=1&y=2) [again](/a) [C](#c) <a>D</a>")
    assert rendition.links == ("/a", "https://b.example/?x=1&y=2", "#c")


# Hostile input.

PIECES = st.sampled_from(
    [
        *(
            "<",
            ">",
            "</",
            "=",
            "'",
            '"',
            "&",
            "&#0;",
            "&lt",
            "\x00",
            "\ud800",
            "\r\n",
            "<!--",
            "-->",
            "a",
            " ",
            "\u200b",
        ),
        *("<a href=", "<a href='/x'>", "</a>", "<img ", "<img src=x>", "<h1>", "<h5>", "</h5>", "<svg><a>", "</svg>"),
        *("<table>", "<td>", "<script>", "</script", "<style ", "<p style='", "<é>", "<a\x0bhref=x>", "here"),
        *(f"<{tag}>" for tag in sorted(TAGS)),
    ]
)


@settings(max_examples=150, database=None)
@given(st.lists(PIECES, max_size=40).map("".join), st.sampled_from(["html", "markdown"]))
def test_any_text_is_reviewed_and_what_is_told_can_be_written_down(source, format):
    for code, detail in told(format, source):
        assert code.islower()
        assert detail.endswith(".")
        assert len(detail) < 400
        assert all(each.isprintable() for each in detail)
        detail.encode()


# Blocks.


def test_blocks_are_read_as_the_text_that_they_are():
    def text(words, style="normal", **more):
        return {"_type": "block", "style": style, "children": [{"_type": "span", "text": words} | more]}

    linked = text("Click here", marks=["a"]) | {"markDefs": [{"_type": "link", "_key": "a", "href": "/blog/glue"}]}
    image = {"_type": "image", "src": "/a.png"}
    rendition = render("blocks", [text("A", "h2"), text("B", "h4"), linked, image])
    assert [each.code for each in rendition.findings] == ["heading_jump", "missing_alt", "vague_link"]
    assert rendition.links == ("/blog/glue",)


def test_what_many_pieces_of_one_text_lose_is_counted_and_not_listed():
    found = bounded([Finding("removed_element", f"<x{number}> was removed.") for number in range(30)])
    assert [each.detail for each in found[-2:]] == [
        f"<x{KINDS_AT_MOST - 1}> was removed.",
        f"{30 - KINDS_AT_MOST} more elements and attributes were removed.",
    ]
    assert bounded(found[:KINDS_AT_MOST]) == found[:KINDS_AT_MOST]
