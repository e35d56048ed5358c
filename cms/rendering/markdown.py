"""Markdown to HTML, as CommonMark 0.31 and tables define it, and back."""

import re
from html import escape

from html_to_markdown import ConversionOptions, convert
from markdown_it import MarkdownIt

MAX_MARKERS = 30_000
"""A parser written in Python spends up to 30 µs on each of these; a book of 500 KB has about this many."""
MARKER = re.compile(r"[!\[\]<>*_`|&\\#~\n-]")
BLANK_LINES = re.compile(r"\n[ \t]*\n\s*")

ALIGNMENT_STYLE = re.compile(r"text-align:(left|center|right)")

PARSER = MarkdownIt("commonmark").enable("table")

# Escaping keeps text text: a visible "<script>" or "*" must not turn into markup in the reader's renderer.
COMMONMARK = ConversionOptions(
    bullets="-",
    escape_asterisks=True,
    escape_misc=True,
    escape_underscores=True,
    extract_metadata=False,
    highlight_style="html",
    preserve_tags=["sub", "sup"],
)


def to_html(source: str) -> str:
    """Return HTML that still has to be sanitised; inline HTML passes through."""
    if sum(1 for _ in MARKER.finditer(source)) > MAX_MARKERS:
        return _plain_paragraphs(source)

    tokens = PARSER.parse(source)
    for token in tokens:
        # Sanitising drops every style, so the alignment of a table cell moves into its older attribute.
        if alignment := ALIGNMENT_STYLE.fullmatch(str(token.attrs.get("style", ""))):
            token.attrs = {"align": alignment[1]}
    return str(PARSER.renderer.render(tokens, PARSER.options, {}))


def from_html(html: str) -> str:
    """Return CommonMark for sanitised HTML; the alignment of table cells has no place in it and is lost."""
    return convert(html, COMMONMARK).content or ""


def _plain_paragraphs(source: str) -> str:
    paragraphs = BLANK_LINES.split(source.replace("\r\n", "\n").strip())
    return "\n".join(f"<p>{escape(paragraph)}</p>" for paragraph in paragraphs)
