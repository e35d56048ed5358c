"""The one entrance: a source in, everything derived from it out."""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from itertools import groupby
from typing import Literal

import orjson

from cms.rendering import markdown, sanitising
from cms.rendering.blocks import Block
from cms.rendering.blocks.canonical import canonical, is_raw, markdown_in
from cms.rendering.blocks.from_html import from_html
from cms.rendering.blocks.sandbox import inlined
from cms.rendering.blocks.to_html import to_html
from cms.rendering.blocks.to_markdown import to_markdown
from cms.rendering.headings import Heading, identify_headings
from cms.rendering.reading import ReadText, read
from cms.rendering.removals import Finding, bounded
from cms.rendering.reviewing import review
from cms.rendering.words import count_words, first_words

Format = Literal["markdown", "html", "blocks"]
Source = str | list[Block]
"""Blocks in the form that the API checks, anything else as text."""

EXCERPT_WORDS = 50
LINKS_AT_MOST = 500
ADDRESS_LENGTH = 2048

TAKEN_FOR_TEXT = Finding(
    "plain_text",
    f"The Markdown has more than {markdown.MAX_MARKERS:,} markup characters, or {markdown.MAX_CELLS:,} cells in "
    "tables, and stands as plain paragraphs.",
)

# Where raw HTML stands until headings have their ids; sanitised HTML has no such character.
RAW_PLACE = "\x00"
# JSON can spell half of a surrogate pair, which no UTF-8 text can hold.
LONE_SURROGATE = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True)
class Rendition:
    """What delivery needs of one rich text."""

    html: str
    """Sanitised, with an id on every heading; raw HTML among blocks stands in it as given."""
    text: str
    """Plain text: blocks separated by one blank line, none inside a block, entities decoded."""
    markdown: str
    """The source itself when it was Markdown, else CommonMark written from the blocks or the sanitised HTML."""
    toc: tuple[Heading, ...]
    """Headings of level 1 to 4 that have text, flat, in reading order."""
    word_count: int
    excerpt: str
    """The first 50 words of the prose, with "…" appended when cut."""
    blocks: tuple[Block, ...]
    """Portable Text; a heading has the id that it has in the HTML. Not to be changed: renditions are remembered."""
    findings: tuple[Finding, ...] = ()
    """What making it safe took out, and what a careful reader would say of it."""
    links: tuple[str, ...] = ()
    """The addresses that it links to, each once, the first 500."""


_remembered: ContextVar[dict[tuple[Format, str | bytes], Rendition] | None] = ContextVar("remembered", default=None)


@contextmanager
def remembered() -> Iterator[None]:
    """A block that renders nothing twice: a request renders before it takes the lock that every writer needs."""
    token = _remembered.set({})
    try:
        yield
    finally:
        _remembered.reset(token)


def render(format: Format, source: Source) -> Rendition:
    """Render a source without U+0000; raises ValueError for another format, and nothing because of the source."""
    written = source if isinstance(source, str) else orjson.dumps(source)
    known = _remembered.get()
    if known is None:
        return _rendered(format, written)
    if (format, written) not in known:
        known[format, written] = _rendered(format, written)
    return known[format, written]


def _rendered(format: Format, written: str | bytes) -> Rendition:
    return _of_text(format, written) if isinstance(written, str) else _of_blocks(written)


def _of_text(format: Format, source: str) -> Rendition:
    source = LONE_SURROGATE.sub("\ufffd", source)
    if format == "markdown":
        unsafe = markdown.to_html(source)
    elif format == "html":
        unsafe = source
    else:
        raise ValueError(f"no such format: {format}")

    safe, removed = sanitising.clean_and_tell(unsafe, by_line=format == "html")
    if format == "markdown" and not markdown.is_within_limits(source):
        removed.append(TAKEN_FOR_TEXT)
    reading = read(safe)
    html, headings = identify_headings(safe, reading.headings)
    blocks = from_html(html)
    return Rendition(
        html=html,
        text=reading.text,
        markdown=source if format == "markdown" else to_markdown(blocks),
        toc=_toc(headings),
        word_count=count_words(reading.text),
        excerpt=first_words(reading.prose, EXCERPT_WORDS),
        blocks=tuple(blocks),
        findings=(*removed, *review(reading, may_be_decorative=format == "html")),
        links=_addresses(reading),
    )


def _of_blocks(source: bytes) -> Rendition:
    written: list[Block] = orjson.loads(source)
    blocks, removed = _completed(written)
    shown, readable = zip(*map(_both_forms, _runs(blocks)), strict=True) if blocks else ((), ())
    reading = read("".join(readable))
    html, headings = identify_headings("".join(shown), read("".join(shown)).headings)
    raw = (inlined(each) for each in blocks if is_raw(each))
    return Rendition(
        html=re.sub(RAW_PLACE, lambda _: next(raw), html),
        text=reading.text,
        markdown=to_markdown([*_readable(blocks)]),
        toc=_toc(headings),
        word_count=count_words(reading.text),
        excerpt=first_words(reading.prose, EXCERPT_WORDS),
        blocks=tuple(_identified(blocks, headings)),
        findings=(*removed, *review(reading, may_be_decorative=False)),
        links=_addresses(reading),
    )


def _completed(written: list[Block]) -> tuple[list[Block], list[Finding]]:
    """The complete blocks, and what was taken out of the Markdown among them."""
    # Each piece alone may be within what is parsed; together they must be too.
    is_parsed = markdown.is_within_limits("\n\n".join(markdown_in(written)))
    removed: list[Finding] = []

    def parse(source: str) -> str:
        unsafe = markdown.to_html(source) if is_parsed else markdown.plain_paragraphs(source)
        safe, findings = sanitising.clean_and_tell(unsafe, by_line=False)
        removed.extend(findings)
        return safe

    blocks = canonical(written, parse)
    return blocks, bounded(removed) if is_parsed else [TAKEN_FOR_TEXT]


def _runs(blocks: Sequence[Block]) -> Iterator[list[Block]]:
    """Raw blocks one by one, and the others together."""
    for are_raw, group in groupby(blocks, is_raw):
        run = list(group)
        yield from ([each] for each in run) if are_raw else [run]


def _both_forms(run: list[Block]) -> tuple[str, str]:
    """Sanitised HTML: as it is delivered, but for raw blocks, and as it is read, with what is harmless of them."""
    if is_raw(run[0]):
        return RAW_PLACE, sanitising.clean(run[0]["html"])
    safe = sanitising.clean(to_html(run))
    return safe, safe


def _readable(blocks: Sequence[Block]) -> Iterator[Block]:
    for each in blocks:
        yield from from_html(sanitising.clean(each["html"])) if is_raw(each) else [each]


def _identified(blocks: list[Block], headings: Sequence[Heading]) -> list[Block]:
    """The same blocks, with the ids on their headings; those of raw HTML are not among the headings."""
    found = list(_headings_in(blocks))
    if len(found) == len(headings):
        for block, heading in zip(found, headings, strict=True):
            block["id"] = heading.id
    return blocks


def _headings_in(blocks: Sequence[Block]) -> Iterator[Block]:
    for block in blocks:
        if block["_type"] == "block" and block["style"].startswith("h"):
            yield block
        for name in ("content", "items", "rows", "cells", "value"):
            inside = block.get(name)
            yield from _headings_in(inside) if isinstance(inside, list) else ()


def _toc(headings: Sequence[Heading]) -> tuple[Heading, ...]:
    return tuple(heading for heading in headings if heading.level <= 4 and heading.text)


def _addresses(reading: ReadText) -> tuple[str, ...]:
    found = dict.fromkeys(link.address for link in reading.links if 0 < len(link.address) <= ADDRESS_LENGTH)
    return tuple(found)[:LINKS_AT_MOST]
