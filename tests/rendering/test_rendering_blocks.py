from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from cms.rendering import render
from cms.rendering.blocks.embeds import PROVIDERS, embed_of, provider_of
from cms.rendering.blocks.from_html import from_html
from cms.rendering.blocks.keys import with_keys
from cms.rendering.blocks.to_html import to_html
from cms.rendering.blocks.to_markdown import to_markdown
from cms.rendering.markdown import to_html as html_of_markdown
from cms.rendering.sanitising import clean


def paragraph(*spans: str, **members: Any) -> dict[str, Any]:
    return {"_type": "block", "children": [{"_type": "span", "text": each} for each in spans], **members}


CUSTOM = [
    ({"_type": "call-to-action", "label": "Book <now>", "url": "/visit?a=1&b=2"}, "[Book \\<now>](</visit?a=1\\&b=2>)"),
    (
        {"_type": "pull-out", "kind": "quote", "content": [paragraph("Slowly.")], "cite": "Orla Wrenmoor"},
        "> Slowly.\n>\n> — Orla Wrenmoor",
    ),
    (
        {"_type": "pull-out", "kind": "warning", "title": "Hot", "content": [paragraph("Wait.")]},
        "> **Hot**\n>\n> Wait.",
    ),
    (
        {"_type": "pull-out", "kind": "statistic", "value": "87 %", "content": [paragraph("last")]},
        "> **87 %**\n>\n> last",
    ),
    ({"_type": "image", "src": "/a.png", "alt": "A bench", "caption": "Here"}, "![A bench](/a.png)\n\nHere"),
    ({"_type": "embed", "url": "https://vimeo.com/76979871", "title": "Film"}, "[Film](https://vimeo.com/76979871)"),
    ({"_type": "html", "trust": "sandboxed", "html": "<b>x</b>", "title": "Tide"}, "Tide"),
    ({"_type": "html", "trust": "sandboxed", "html": "<b>x</b>", "css": "b{}", "js": "x()"}, ""),
    ({"_type": "code", "code": "a\n```\nb", "language": "c++"}, "````c++\na\n```\nb\n````"),
    ({"_type": "horizontal-rule"}, "---"),
    ({"_type": "markdown", "markdown": "*a*\n\n<script>x()</script>"}, "*a*"),
]


@pytest.mark.parametrize(("block", "markdown"), CUSTOM, ids=[str(number) for number in range(len(CUSTOM))])
def test_a_block_is_safe_html_and_markdown(block, markdown):
    rendition = render("blocks", [block])
    assert rendition.markdown.removesuffix("\n") == markdown
    assert clean(rendition.html) == rendition.html


def test_blocks_have_the_derived_forms_of_any_text():
    source = [
        paragraph("Beds", style="h2"),
        paragraph("Dig them."),
        paragraph("Beds", style="h3"),
        paragraph("peas", listItem="bullet"),
        paragraph("sweet", listItem="bullet", level=2),
        paragraph("beans\n\nand more", listItem="bullet"),
    ]
    rendition = render("blocks", source)
    assert [(each.level, each.id) for each in rendition.toc] == [(2, "beds"), (3, "beds-2")]
    assert [block["id"] for block in rendition.blocks if "id" in block] == ["beds", "beds-2"]
    assert (rendition.text, rendition.word_count) == (
        "Beds\n\nDig them.\n\nBeds\n\npeas\n\nsweet\n\nbeans\n\nand more",
        9,
    )
    assert rendition.excerpt == "Dig them. beans and more"
    assert "<li>peas\n<ul>\n<li>sweet</li>\n</ul>\n</li>\n<li>\n<p>beans</p>\n<p>and more</p>\n</li>" in rendition.html


def test_nothing_is_a_text_of_blocks_too():
    rendition = render("blocks", [])
    assert (rendition.html, rendition.text, rendition.markdown, rendition.blocks) == ("", "", "", ())


def test_raw_html_stands_in_the_html_as_given_and_its_words_in_the_text():
    raw = {
        "_type": "html",
        "trust": "raw",
        "html": "<h2 onclick='x()'>Join</h2>",
        "css": "h2 {}",
        "js": "y('</script>')",
    }
    rendition = render("blocks", [paragraph("Beds", style="h2"), raw, paragraph("Beds", style="h2")])
    assert rendition.html == (
        '<h2 id="beds">Beds</h2>\n'
        "<style>h2 {}</style><h2 onclick='x()'>Join</h2><script>y('<\\/script>')</script>\n"
        '<h2 id="beds-2">Beds</h2>\n'
    )
    assert rendition.text == "Beds\n\nJoin\n\nBeds"
    assert rendition.markdown == "## Beds\n\n## Join\n\n## Beds\n"
    assert [each.id for each in rendition.toc] == ["beds", "beds-2"]


def test_keys_stay_where_given_and_follow_the_content_elsewhere():
    first, second = paragraph("a", _key="mine"), paragraph("b")
    both = [block["_key"] for block in render("blocks", [first, second]).blocks]
    turned = [block["_key"] for block in render("blocks", [second, paragraph("c"), first]).blocks]
    assert both[0] == turned[2] == "mine"
    assert both[1] == turned[0]
    alike = [block["_key"] for block in render("blocks", [second, second, second]).blocks]
    assert alike == [both[1], f"{both[1]}-2", f"{both[1]}-3"]


def test_keys_are_unique_whatever_was_given():
    generated = with_keys([{"_type": "horizontal-rule"}])[0]["_key"]
    blocks = with_keys([{"_type": "horizontal-rule"}, {"_type": "horizontal-rule", "_key": generated}])
    assert len({block["_key"] for block in blocks}) == 2
    assert blocks[1]["_key"] == generated
    spans = [{"_type": "span", "text": "a"}, {"_type": "span", "text": "b", "_key": "s0"}]
    (block,) = with_keys([{"_type": "block", "children": spans}])
    assert [each["_key"] for each in block["children"]] == ["s1", "s0"]


# What each provider's own pages and buttons give to people who share something.
ADDRESSES = {
    "https://youtu.be/M7lc1UVf-VE": ("youtube", "https://www.youtube.com/watch?v=M7lc1UVf-VE"),
    "https://m.youtube.com/watch?app=m&v=M7lc1UVf-VE&t=1m30s": (
        "youtube",
        "https://www.youtube.com/watch?v=M7lc1UVf-VE&t=90s",
    ),
    "http://www.youtube.com/shorts/M7lc1UVf-VE?feature=share": (
        "youtube",
        "https://www.youtube.com/watch?v=M7lc1UVf-VE",
    ),
    "https://www.youtube-nocookie.com/embed/M7lc1UVf-VE": ("youtube", "https://www.youtube.com/watch?v=M7lc1UVf-VE"),
    "https://player.vimeo.com/video/76979871?h=8272103f6e": ("vimeo", "https://vimeo.com/76979871/8272103f6e"),
    "https://open.spotify.com/intl-de/album/4aawyAB9vmqN3uQ7FjRGTy?si=x": (
        "spotify",
        "https://open.spotify.com/album/4aawyAB9vmqN3uQ7FjRGTy",
    ),
    "https://twitter.com/jack/status/20?s=20": ("x", "https://x.com/jack/status/20"),
    "https://www.instagram.com/jack/reel/CuE2WNQs6vH/?igsh=x": (
        "instagram",
        "https://www.instagram.com/reel/CuE2WNQs6vH/",
    ),
    "https://codepen.io/chriscoyier/full/gfdDu?editors=1": ("codepen", "https://codepen.io/chriscoyier/pen/gfdDu"),
}


@pytest.mark.parametrize("address", ADDRESSES)
def test_an_address_of_a_provider_becomes_its_canonical_one(address):
    found = embed_of(address)
    assert found is not None
    assert (found.provider, found.url) == ADDRESSES[address]
    assert embed_of(found.url) == found or found.aspect_ratio == "9:16"


def test_every_provider_reads_its_example_and_its_own_canonical_address():
    for name, provider in PROVIDERS.items():
        found = embed_of(provider.example)
        assert found is not None, name
        assert (found.provider, embed_of(found.url)) == (name, found)
        assert found.player_url.startswith("https://")


@pytest.mark.parametrize(
    "address",
    [
        "https://www.youtube.com/",
        "https://www.youtube.com/watch?v=short",
        "https://www.youtube.com/watch?v=M7lc1UVf-VE%22%3E",
        "https://youtube.com.evil.example/watch?v=M7lc1UVf-VE",
        "https://evil.example/?https://youtu.be/M7lc1UVf-VE",
        "https://me@youtu.be/M7lc1UVf-VE",
        "javascript://youtu.be/M7lc1UVf-VE",
        "https://vimeo.com/76979871/x'onload=",
        "https://x.com/jack",
        "https://[youtu.be/M7lc1UVf-VE",
    ],
)
def test_what_only_looks_like_an_address_of_a_provider_is_none(address):
    assert embed_of(address) is None


def test_a_provider_is_known_by_its_host():
    assert provider_of("https://www.youtube.com/feed") == "youtube"
    assert provider_of("https://films.example/1") is None


PIECES = [
    *(
        "a",
        "b c",
        "0",
        "é",
        "“",
        "x_y",
        " ",
        "\t",
        "\n",
        "\u00a0",
        "http://a.example/",
        "<b>",
        "&amp;",
        "1.",
        "2)",
        "---",
    ),
    *"*_`[]()<&#-+>|~!\\=:.^$'\"",
    *("**", "__", "``"),
]
TEXTS = st.lists(st.sampled_from(PIECES), min_size=1, max_size=6).map("".join)
MARKS = st.lists(st.sampled_from(["strong", "em", "code", "m0", "sub", "strike-through"]), max_size=3, unique=True)
LINK = {"_type": "link", "_key": "m0", "href": "/x_(y)*z*", "title": 't "q" <b>'}


def span(text, marks):
    # Code has no lines in Markdown.
    return {"_type": "span", "text": text.replace("\n", "") if "code" in marks else text, "marks": marks}


def text_block(children, style, kind, level):
    item = {"listItem": kind, "level": level} if kind and style != "blockquote" else {}
    return {"_type": "block", "style": style, "children": children, "markDefs": [LINK]} | item


def table(rows, heads):
    cells = [[{"_type": "cell", "value": [each]} for each in row] for row in rows]
    return {"_type": "table", "headerRows": heads, "rows": [{"_type": "row", "cells": each} for each in cells]}


def listed(kind, contents):
    return {"_type": "list", "kind": kind, "items": [{"_type": "list-item", "content": each} for each in contents]}


IMAGE = st.just({"_type": "image", "src": "/a_(b).png", "alt": "a [b] *c*"})
SPAN = st.builds(span, TEXTS, MARKS)
CHILDREN = st.lists(st.one_of(SPAN, SPAN, SPAN, IMAGE), min_size=1, max_size=4)
KINDS = st.sampled_from(["bullet", "number"])
STYLES = st.sampled_from(["normal", "normal", "h2", "blockquote"])
TEXT_BLOCK = st.builds(text_block, CHILDREN, STYLES, st.one_of(st.none(), KINDS), st.integers(1, 3))
PARAGRAPHS = st.builds(text_block, CHILDREN, st.just("normal"), st.none(), st.just(1))
TABLE = st.builds(
    table, st.lists(st.lists(PARAGRAPHS, min_size=2, max_size=2), min_size=1, max_size=2), st.integers(0, 1)
)
CODE = st.builds(lambda code: {"_type": "code", "code": code}, TEXTS)
ONE = st.one_of(TEXT_BLOCK, TEXT_BLOCK, TEXT_BLOCK, CODE, TABLE, st.just({"_type": "horizontal-rule"}))
DOCUMENT = st.recursive(
    st.lists(ONE, min_size=1, max_size=4),
    lambda inner: st.lists(
        st.one_of(
            ONE,
            st.builds(lambda content: {"_type": "blockquote", "content": content}, inner),
            st.builds(listed, KINDS, st.lists(inner, min_size=1, max_size=2)),
        ),
        min_size=1,
        max_size=3,
    ),
    max_leaves=4,
)


@pytest.mark.exhaustive
@given(DOCUMENT)
@settings(max_examples=150)
def test_blocks_are_the_same_after_html_and_after_markdown(document):
    blocks = from_html(clean(to_html(with_keys(document))))
    html = clean(to_html(blocks))
    assert from_html(html) == blocks
    assert from_html(clean(html_of_markdown(to_markdown(blocks)))) == blocks


@given(st.text(max_size=200))
@settings(max_examples=100)
@example("a\n\x0b")
@example("a\r\x0c\n\u2028")
def test_text_stays_text_in_markdown(text):
    blocks = render("blocks", [paragraph(text.replace("\x00", ""))])
    assert render("markdown", blocks.markdown).text.split() == blocks.text.split()


@pytest.mark.exhaustive
def test_markdown_in_many_pieces_costs_no_more_than_in_one():
    pieces = [{"_type": "markdown", "markdown": "*a* " * 5_000} for _ in range(4)]
    assert "<em>" not in render("blocks", pieces).html
    assert "<em>" in render("blocks", pieces[:2]).html
