"""Gives every heading an id that is unique in the document and stays the same while the heading's text does."""

import re
from dataclasses import dataclass

from slugify import slugify

from cms.rendering.reading import HeadingText

MAX_SLUG = 70
"""The number of characters of a generated id before its number. With the number it stays below 80."""
MAX_TEXT = 200

# Sanitised HTML has no ">" inside an attribute.
OPENING_TAG = re.compile(r"<h([1-6])([^>]*)>")
ID = re.compile(r' id="([^"]*)"')
APOSTROPHES = str.maketrans("", "", "'\u2019")


@dataclass(frozen=True)
class Heading:
    """One line of a table of contents; the text has no markup and at most 200 characters."""

    level: int
    id: str
    text: str


def identify_headings(html: str, found: list[HeadingText]) -> tuple[str, list[Heading]]:
    """The sanitised HTML with an id on each heading, and the headings of all levels in order."""
    ids = _make_ids(OPENING_TAG.findall(html), found)
    next_id = iter(ids)
    html = OPENING_TAG.sub(lambda tag: f'<h{tag[1]} id="{next(next_id)}"{ID.sub("", tag[2])}>', html)
    headings = [Heading(heading.level, id, _shorten(heading.text)) for heading, id in zip(found, ids, strict=True)]
    return html, headings


def _make_ids(tags: list[tuple[str, str]], found: list[HeadingText]) -> list[str]:
    # The editor's own ids are collected first: a generated id must not equal one further down.
    kept: list[str | None] = []
    taken: set[str] = set()
    for _, attributes in tags:
        own = ID.search(attributes)
        keeps = own is not None and own[1] not in taken
        kept.append(own[1] if own and keeps else None)
        if own:
            taken.add(own[1])

    numbers: dict[str, int] = {}
    return [id or _make_id(heading.text, taken, numbers) for id, heading in zip(kept, found, strict=True)]


def _make_id(text: str, taken: set[str], numbers: dict[str, int]) -> str:
    slug = slug_of_heading(text)
    id = slug
    # The last number is kept, so that a thousand equal headings do not cost a million attempts.
    while id in taken:
        numbers[slug] = numbers.get(slug, 1) + 1
        id = f"{slug}-{numbers[slug]}"
    taken.add(id)
    return id


def slug_of_heading(text: str) -> str:
    """An id of 1 to 70 characters (a-z, 0-9 and hyphens) made from a heading's text.

    Example: "Glue, paste & thread" becomes "glue-paste-thread". A text without letters and digits becomes "section".
    """
    start = text[:MAX_TEXT].translate(APOSTROPHES)
    slug = slugify(start, entities=False, decimal=False, hexadecimal=False, max_length=MAX_SLUG)
    return slug.strip("-") or "section"


def _shorten(text: str) -> str:
    return text if len(text) <= MAX_TEXT else text[: MAX_TEXT - 1].rstrip() + "…"
