"""The one entrance: a source in, everything derived from it out."""

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from cms.rendering import markdown, sanitising
from cms.rendering.headings import Heading, identify_headings
from cms.rendering.reading import read
from cms.rendering.words import count_words, first_words

Format = Literal["markdown", "html"]

EXCERPT_WORDS = 50

# JSON can spell half of a surrogate pair, which no UTF-8 text can hold.
LONE_SURROGATE = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True)
class Rendition:
    """What delivery needs of one rich text."""

    html: str
    """Sanitised, with an id on every heading."""
    text: str
    """Plain text: blocks separated by one blank line, none inside a block, entities decoded."""
    markdown: str
    """The source itself when it was Markdown, else CommonMark written from the sanitised HTML."""
    toc: tuple[Heading, ...]
    """Headings of level 1 to 4 that have text, flat, in reading order."""
    word_count: int
    excerpt: str
    """The first 50 words of the prose, with "…" appended when cut."""


@lru_cache(maxsize=16)
def render(format: Format, source: str) -> Rendition:
    """Render a source without U+0000; raises ValueError for another format, and nothing because of the source.

    The last few are remembered: a request renders before it takes the lock that every writer needs.
    """
    source = LONE_SURROGATE.sub("\ufffd", source)
    if format == "markdown":
        unsafe = markdown.to_html(source)
    elif format == "html":
        unsafe = source
    else:
        raise ValueError(f"no such format: {format}")

    safe = sanitising.clean(unsafe)
    reading = read(safe)
    html, headings = identify_headings(safe, reading.headings)
    return Rendition(
        html=html,
        text=reading.text,
        markdown=source if format == "markdown" else markdown.from_html(html),
        toc=tuple(heading for heading in headings if heading.level <= 4 and heading.text),
        word_count=count_words(reading.text),
        excerpt=first_words(reading.prose, EXCERPT_WORDS),
    )
