"""Renders a rich text: ``render`` takes a source and returns everything that is derived from it."""

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
"""Blocks that the API has checked, or the text of any other format."""

EXCERPT_WORDS = 50
LINKS_AT_MOST = 500
ADDRESS_LENGTH = 2048

READ_AS_PLAIN_TEXT = Finding(
    "plain_text",
    f"The Markdown has more than {markdown.MAX_MARKERS:,} markup characters, or more than {markdown.MAX_CELLS:,} cells "
    "in tables. It is rendered as plain paragraphs.",
)

# Stands in for raw HTML until the headings have their ids. Sanitised HTML never contains this character.
RAW_PLACEHOLDER = "\x00"
# JSON can contain half of a surrogate pair, which UTF-8 text cannot.
LONE_SURROGATE = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True)
class Rendition:
    """Everything that delivery needs of one rich text."""

    html: str
    """Sanitised HTML with an id on every heading. Raw HTML among blocks is in it as given."""
    text: str
    """Plain text, entities decoded. One blank line separates two blocks; there is none inside a block."""
    markdown: str
    """The source itself if it is Markdown, else CommonMark written from the blocks or the sanitised HTML."""
    toc: tuple[Heading, ...]
    """The table of contents: the headings of level 1 to 4 that have text, as a flat list in reading order."""
    word_count: int
    excerpt: str
    """The first 50 words of the prose, followed by "…" if it was cut."""
    blocks: tuple[Block, ...]
    """Portable Text; each heading has the same id as in the HTML. Do not change them: renditions are cached."""
    findings: tuple[Finding, ...] = ()
    """The findings of sanitising and of the review."""
    links: tuple[str, ...] = ()
    """The first 500 addresses that the text links to, each once."""


_remembered: ContextVar[dict[tuple[Format, str | bytes], Rendition] | None] = ContextVar("remembered", default=None)


@contextmanager
def remembered() -> Iterator[None]:
    """Keep renditions within a ``with`` block, so that ``render`` does not render the same source twice.

    A request first renders, and later renders the same while it holds the lock that every write needs.
    """
    token = _remembered.set({})
    try:
        yield
    finally:
        _remembered.reset(token)


def render(format: Format, source: Source) -> Rendition:
    """Render a source. It must not contain U+0000. Raises ``ValueError`` for an unknown format only."""
    written = source if isinstance(source, str) else orjson.dumps(source)
    known = _remembered.get()
    if known is None:
        return _rendered(format, written)
    if (format, written) not in known:
        known[format, written] = _rendered(format, written)
    return known[format, written]


def _rendered(format: Format, written: str | bytes) -> Rendition:
    return _rendered_text(format, written) if isinstance(written, str) else _rendered_blocks(written)


def _rendered_text(format: Format, source: str) -> Rendition:
    source = LONE_SURROGATE.sub("\ufffd", source)
    if format == "markdown":
        unsafe = markdown.to_html(source)
    elif format == "html":
        unsafe = source
    else:
        raise ValueError(f"unknown format: {format}")

    safe, removed = sanitising.clean_with_findings(unsafe, by_line=format == "html")
    if format == "markdown" and not markdown.is_within_limits(source):
        removed.append(READ_AS_PLAIN_TEXT)
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
        links=_link_addresses(reading),
    )


def _rendered_blocks(source: bytes) -> Rendition:
    written: list[Block] = orjson.loads(source)
    blocks, removed = _completed(written)
    delivered, readable = zip(*map(_delivered_and_readable, _runs(blocks)), strict=True) if blocks else ((), ())
    reading = read("".join(readable))
    html, headings = identify_headings("".join(delivered), read("".join(delivered)).headings)
    raw = (inlined(each) for each in blocks if is_raw(each))
    return Rendition(
        html=re.sub(RAW_PLACEHOLDER, lambda _: next(raw), html),
        text=reading.text,
        markdown=to_markdown([*_readable(blocks)]),
        toc=_toc(headings),
        word_count=count_words(reading.text),
        excerpt=first_words(reading.prose, EXCERPT_WORDS),
        blocks=tuple(_with_heading_ids(blocks, headings)),
        findings=(*removed, *review(reading, may_be_decorative=False)),
        links=_link_addresses(reading),
    )


def _completed(written: list[Block]) -> tuple[list[Block], list[Finding]]:
    """The complete blocks, and what was removed from the Markdown among them."""
    # The limits hold for all pieces of Markdown together, not for each alone.
    is_parsed = markdown.is_within_limits("\n\n".join(markdown_in(written)))
    removed: list[Finding] = []

    def parse(source: str) -> str:
        unsafe = markdown.to_html(source) if is_parsed else markdown.plain_paragraphs(source)
        safe, findings = sanitising.clean_with_findings(unsafe, by_line=False)
        removed.extend(findings)
        return safe

    blocks = canonical(written, parse)
    return blocks, bounded(removed) if is_parsed else [READ_AS_PLAIN_TEXT]


def _runs(blocks: Sequence[Block]) -> Iterator[list[Block]]:
    """The blocks in order: each raw block alone, and runs of other blocks together."""
    for are_raw, group in groupby(blocks, is_raw):
        run = list(group)
        yield from ([each] for each in run) if are_raw else [run]


def _delivered_and_readable(run: list[Block]) -> tuple[str, str]:
    """The HTML of a run as it is delivered and as it is read.

    They differ for a raw block: the first is a placeholder, the second is the sanitised part of the raw HTML.
    """
    if is_raw(run[0]):
        return RAW_PLACEHOLDER, sanitising.clean(run[0]["html"])
    safe = sanitising.clean(to_html(run))
    return safe, safe


def _readable(blocks: Sequence[Block]) -> Iterator[Block]:
    for each in blocks:
        yield from from_html(sanitising.clean(each["html"])) if is_raw(each) else [each]


def _with_heading_ids(blocks: list[Block], headings: Sequence[Heading]) -> list[Block]:
    """The same blocks with ids on their headings. Headings in raw HTML are not among ``headings``."""
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


def _link_addresses(reading: ReadText) -> tuple[str, ...]:
    found = dict.fromkeys(link.address for link in reading.links if 0 < len(link.address) <= ADDRESS_LENGTH)
    return tuple(found)[:LINKS_AT_MOST]
