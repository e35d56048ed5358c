"""Blocks are Portable Text to its official renderers, and hold what Markdown says, by the examples of CommonMark.

The examples are installed with the other judges' packages: their licence is not this project's.
"""

import json
import re
from collections.abc import Iterable, Sequence
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from cms.rendering import render
from cms.rendering.blocks.from_html import from_html
from cms.rendering.blocks.to_html import to_html
from cms.rendering.blocks.to_markdown import to_markdown
from cms.rendering.markdown import to_html as html_of_markdown
from cms.rendering.sanitising import clean
from tests.judges.typescript import HERE, run_script

pytestmark = [pytest.mark.process, pytest.mark.usefixtures("tools")]

SCRIPT = HERE / "portable_text.mjs"

# Why the HTML of an example is another one after it has been blocks; by the example's number in CommonMark 0.31.2.
LOST_IN_BLOCKS: dict[str, set[int]] = {
    "Blocks have no divisions, and text outside of paragraphs becomes one.": {
        *(150, 151, 152, 155, 159, 161, 162, 163, 164, 165, 166, 167, 174, 175, 177, 178, 180),
        *(184, 185, 186, 188, 189),
    },
    "What shows nothing is left out: empty divisions, links without words, empty paragraphs.": {
        *(21, 31, 153, 154, 156, 157, 158, 476, 477, 484, 487, 613, 614, 615, 616, 623, 630, 631, 642, 643),
    },
    "A link that leads nowhere is no link: the sanitiser took its address.": {500, 596, 598, 599, 601},
    "A mark is on or off, and not on twice.": {
        *(369, 373, 389, 407, 408, 409, 417, 418, 419, 425, 426, 427, 432, 461, 463, 464, 465, 466, 468),
    },
    "Of two elements that mean the same, one is written.": {148, 164, 166, 167, 168, 494},
    "Quotations that touch are one, and so are lists.": {242, 301, 308},
    "Spaces that touch are one, as in a browser.": {138, 187},
    "A picture always has a description, which may be empty.": {475},
}
# Why the HTML of blocks is another one after they have been Markdown.
LOST_IN_MARKDOWN: dict[str, set[int]] = {
    "A table of Markdown always has a head.": {148, 149, 160, 190},
    "A table without cells cannot be written.": {191},
    "A title is one line.": {196},
    "An address is percent-encoded by the parser.": {344},
}
# Where the official writer of Markdown (2.2.0) says something else in CommonMark than the blocks that it was given.
NOT_WRITTEN_BY_THE_OFFICIAL: dict[str, set[int]] = {
    "Emphasis within a word, or of a sign.": {355, 356, 370, 416, 429, 438, 440, 449, 453},
    "An escaped character before emphasis, a link after an exclamation mark.": {15, 593},
    "Code with fences in it.": {123, 124, 127, 134},
    "Strike-through, which is not in CommonMark.": {166, 167, 168},
    "Unbalanced parentheses in an address.": {492, 498, 499},
}


@pytest.fixture(scope="module")
def examples(tools: None) -> list[dict[str, Any]]:
    done = run_script(SCRIPT, "examples")
    assert done.returncode == 0, done.stderr
    found: list[dict[str, Any]] = json.loads(done.stdout)
    assert len(found) > 600
    return found


# Where a browser shows no space.
EDGES = {
    *("p", "li", "ul", "ol", "h1", "h2", "h3", "blockquote", "td", "th", "tr", "table", "pre", "div", "br", "hr"),
}


class Structure(HTMLParser):
    """What HTML says, whatever the spaces between its elements, and whether or not paragraphs of lists are marked."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tokens: list[Any] = []
        self.open: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        if tag not in ("br", "hr", "img", "col"):
            self.open.append(tag)
        if not (tag == "p" and "li" in self.open):
            self.tokens.append((tag, *attributes))

    def handle_startendtag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attributes)

    def handle_endtag(self, tag: str) -> None:
        self.open.pop()
        if not (tag == "p" and "li" in self.open):
            self.tokens.append(f"/{tag}")

    def handle_data(self, data: str) -> None:
        text = data if "pre" in self.open else re.sub("[ \t\n]+", " ", data)
        if self.tokens and isinstance(self.tokens[-1], Text):
            text = self.tokens.pop() + text
        self.tokens.append(Text(text))

    @property
    def told(self) -> list[Any]:
        told: list[Any] = []
        for position, token in enumerate(self.tokens):
            if isinstance(token, Text):
                before = self.tokens[position - 1] if position else ("p",)
                after = self.tokens[position + 1] if position + 1 < len(self.tokens) else ("p",)
                stripped = str(token)
                if name_of(before) in EDGES and name_of(before) != "pre":
                    stripped = stripped.lstrip(" ")
                if name_of(after) in EDGES:
                    stripped = stripped.rstrip(" ")
                if stripped.strip(" \n"):
                    told.append(stripped)
            else:
                told.append(token)
        return told


class Text(str):
    """The words between two tags."""


def name_of(token: Any) -> str:
    return str(token[0] if isinstance(token, tuple) else token).removeprefix("/")


def says(html: str) -> list[Any]:
    return Structure(html).told


def listed(reasons: dict[str, set[int]]) -> set[int]:
    return {number for numbers in reasons.values() for number in numbers}


def test_the_examples_of_commonmark_keep_their_meaning_as_blocks(examples: list[dict[str, Any]]) -> None:
    lost = set()
    for example in examples:
        html = clean(html_of_markdown(example["markdown"]))
        if says(html) != says(clean(to_html(from_html(html)))):
            lost.add(example["number"])
    assert lost == listed(LOST_IN_BLOCKS)


def test_blocks_of_the_examples_keep_their_meaning_as_markdown(examples: list[dict[str, Any]]) -> None:
    lost = set()
    for example in examples:
        blocks = from_html(clean(html_of_markdown(example["markdown"])))
        again = clean(html_of_markdown(to_markdown(blocks)))
        if says(clean(to_html(blocks))) != says(again):
            lost.add(example["number"])
    assert lost == listed(LOST_IN_MARKDOWN)


def test_the_source_of_an_example_returns_byte_for_byte(examples: list[dict[str, Any]]) -> None:
    assert all(render("markdown", each["markdown"]).markdown == each["markdown"] for each in examples)


CUSTOM: list[dict[str, Any]] = [
    {"_type": "markdown", "markdown": "## Beds\n\nDig *deep*, H<sub>2</sub>O.\n\n1. a\n2. b\n   - c\n"},
    {"_type": "call-to-action", "label": "Book a visit", "url": "/visit"},
    {"_type": "pull-out", "kind": "statistic", "value": "87 %"},
    {"_type": "embed", "url": "https://vimeo.com/76979871"},
    {"_type": "html", "trust": "sandboxed", "html": "<canvas></canvas>", "js": "draw()"},
]
# What the renderers say they have no component for, as the document of the API tells its readers.
TOLD = {f"block {each}" for each in ("call-to-action", "pull-out", "embed", "html")} | {"mark sub"}


def official(documents: Iterable[Sequence[Any]], folder: Path) -> list[dict[str, Any]]:
    """What the official renderers make of each document."""
    file = folder / "documents.json"
    file.write_text(json.dumps(list(documents)), encoding="utf-8")
    done = run_script(SCRIPT, "render", str(file))
    assert done.returncode == 0, done.stderr
    rendered: list[dict[str, Any]] = json.loads(done.stdout)
    return rendered


def words(html: str) -> str:
    """The text of HTML without any space."""
    return re.sub(r"\s+", "", "".join(str(each) for each in Structure(html).tokens if isinstance(each, Text)))


def test_the_official_renderers_show_every_example(examples: list[dict[str, Any]], tmp_path: Path) -> None:
    ours = [render("markdown", each["markdown"]) for each in examples]
    theirs = official([each.blocks for each in ours], tmp_path)
    different = [
        example["number"]
        for example, own, other in zip(examples, ours, theirs, strict=True)
        if words(own.html) != words(other["html"]) or set(other["missing"]) - TOLD
    ]
    assert different == []


def test_the_official_markdown_of_our_blocks_says_the_same(examples: list[dict[str, Any]], tmp_path: Path) -> None:
    """Of documents without containers, which it writes as data unless it is told how."""
    ours = [(each, render("markdown", each["markdown"])) for each in examples]
    flat = [each for each in ours if {block["_type"] for block in each[1].blocks} <= {"block", "code"}]
    assert len(flat) > 400
    theirs = official([each.blocks for _, each in flat], tmp_path)
    different = [
        example
        for (example, own), other in zip(flat, theirs, strict=True)
        if words(own.html) != words(clean(html_of_markdown(other["markdown"])))
    ]
    assert {each["number"] for each in different} == listed(NOT_WRITTEN_BY_THE_OFFICIAL)


def test_custom_blocks_are_left_to_the_frontend_and_never_inlined(tmp_path: Path) -> None:
    (rendered,) = official([render("blocks", CUSTOM).blocks], tmp_path)
    assert set(rendered["missing"]) == TOLD
    assert "<h2>Beds</h2><p>Dig <em>deep</em>" in rendered["html"]
    assert "<ol><li>a</li><li>b<ul><li>c</li></ul></li></ol>" in rendered["html"]
    assert "canvas" not in rendered["html"]
