"""Reads sanitised HTML: its blocks of text, its headings, its links and its images."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from html.parser import HTMLParser

from cms.rendering.allowed import BLOCKS, HEADINGS, LISTS, TABLE

SEPARATE_BLOCKS = (BLOCKS | HEADINGS | LISTS | TABLE | {"hr"}) - {"col", "colgroup", "td", "th"}
"""A table row is one block; its cells are separated by a space."""

# The characters at which ``str.splitlines`` ends a line.
LINE_BREAK = re.compile("[\n-\r\x1c-\x1e\x85\u2028\u2029]")

PARAGRAPH, ENTRY, APART = range(3)
"""The kinds of blocks, most like prose first: a paragraph; an entry of a list or table; a heading or code."""


@dataclass
class HeadingText:
    """A heading: its level from 1 to 6 and its text without markup."""

    level: int
    parts: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        return _one_line(self.parts)


@dataclass
class LinkText:
    """A link: its address, and its text, in which the text alternative of an image counts as text."""

    address: str
    parts: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        return _one_line(self.parts)


def _one_line(parts: Iterable[str]) -> str:
    return " ".join("".join(parts).split())


@dataclass(frozen=True)
class ImageText:
    """An image. ``alt`` is ``None`` if it is missing, and empty if the image is decorative."""

    address: str
    alt: str | None


@dataclass(frozen=True)
class ReadText:
    """The text of a document, the prose of that text, and all headings, links and images in order."""

    text: str
    prose: str
    headings: list[HeadingText]
    links: list[LinkText]
    images: list[ImageText]


def read(html: str) -> ReadText:
    """Read sanitised HTML, in linear time."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    reader.end_block()
    prose_kind = min((kind for kind, _ in reader.blocks), default=PARAGRAPH)
    return ReadText(
        text="\n\n".join(block for _, block in reader.blocks),
        prose=" ".join(block for kind, block in reader.blocks if kind == prose_kind),
        headings=reader.headings,
        links=reader.links,
        images=reader.images,
    )


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.blocks: list[tuple[int, str]] = []
        self.headings: list[HeadingText] = []
        self.links: list[LinkText] = []
        self.images: list[ImageText] = []
        self._block: list[str] = []
        self._enclosing: list[str] = []
        self._open_headings: list[HeadingText] = []
        self._open_links: list[LinkText] = []

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        if tag in SEPARATE_BLOCKS:
            self.end_block()
            if tag != "hr":
                self._enclosing.append(tag)
        if tag in HEADINGS:
            self.headings.append(HeadingText(level=int(tag[1])))
            self._open_headings.append(self.headings[-1])
        elif tag == "br":
            self._append("\n")
        elif tag in {"td", "th"}:
            self._append(" ")
        elif tag == "a":
            self._open_links.append(LinkText(dict(attributes).get("href") or ""))
        elif tag == "img":
            self._add_image(dict(attributes))

    def _add_image(self, attributes: dict[str, str | None]) -> None:
        alt = (attributes["alt"] or "") if "alt" in attributes else None
        self.images.append(ImageText(attributes.get("src") or "", alt))
        if self._open_links:
            self._open_links[-1].parts.append(f" {alt or ''} ")

    def handle_data(self, data: str) -> None:
        # Outside code a line break in the source is a space, and only <br> begins a new line.
        self._append(data if "pre" in self._enclosing else LINE_BREAK.sub(" ", data))

    def handle_endtag(self, tag: str) -> None:
        if tag in SEPARATE_BLOCKS:
            self.end_block()
            self._enclosing.pop()
        if tag in HEADINGS:
            self._open_headings.pop()
        elif tag == "a" and self._open_links:
            self.links.append(self._open_links.pop())

    def _append(self, text: str) -> None:
        self._block.append(text)
        if self._open_headings:
            self._open_headings[-1].parts.append(text)
        if self._open_links:
            self._open_links[-1].parts.append(text)

    def end_block(self) -> None:
        code = "pre" in self._enclosing
        lines = "".join(self._block).splitlines()
        self._block.clear()
        tidy = (line.rstrip() if code else " ".join(line.split()) for line in lines)
        # Blank lines separate blocks in the result, so the blank lines of code are dropped.
        if block := "\n".join(line for line in tidy if line):
            self.blocks.append((self._kind(), block))

    def _kind(self) -> int:
        if not HEADINGS.isdisjoint(self._enclosing) or "pre" in self._enclosing:
            return APART
        innermost = self._enclosing[-1] if self._enclosing else "p"
        return ENTRY if innermost in LISTS | TABLE | {"figcaption", "summary"} else PARAGRAPH
