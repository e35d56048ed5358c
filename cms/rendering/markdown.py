"""Converts Markdown to HTML: CommonMark 0.31 with tables."""

import re
from html import escape

from markdown_it import MarkdownIt

MAX_MARKERS = 30_000
"""The number of markup characters that are parsed. Each costs up to 30 µs; a book of 500 KB has about this many."""
MARKER = re.compile(r"[!\[\]<>*_`|&\\#~\n-]|\r(?!\n)")
MAX_CELLS = 10_000
"""The number of cells in all tables together. A parser completes every row to as many cells as the first row has."""
LINE_END = re.compile(r"\r\n?|\n")
# The row that aligns the columns of a table, in quotations and lists too. Without a vertical bar it has one column.
DELIMITERS = re.compile(r"(?=.*\|)(?=.*-)[-+*:|>.) \t0-9]+")
BLANK_LINES = re.compile(r"\n[ \t]*\n\s*")

ALIGNMENT_STYLE = re.compile(r"text-align:(left|center|right)")

PARSER = MarkdownIt("commonmark").enable("table")


def to_html(source: str) -> str:
    """HTML that must still be sanitised: HTML in the Markdown is passed through."""
    if not is_within_limits(source):
        return plain_paragraphs(source)

    tokens = PARSER.parse(source)
    for token in tokens:
        # Sanitising drops every style, so the alignment of a table cell is written as the older attribute ``align``.
        if alignment := ALIGNMENT_STYLE.fullmatch(str(token.attrs.get("style", ""))):
            token.attrs = {"align": alignment[1]}
    return str(PARSER.renderer.render(tokens, PARSER.options, {}))


def is_within_limits(source: str) -> bool:
    """True if the source has few enough markup characters and table cells to be parsed."""
    return sum(1 for _ in MARKER.finditer(source)) <= MAX_MARKERS and _most_cells(source) <= MAX_CELLS


def _most_cells(source: str) -> int:
    """An upper bound for the number of cells in all tables. An empty line ends a table."""
    total = lines = columns = 0
    for line in (*LINE_END.split(source), ""):
        if line.strip(" \t>"):
            lines += 1
            if DELIMITERS.fullmatch(line):
                columns = max(columns, sum("-" in each for each in line.split("|")))
        else:
            total += lines * columns
            lines = columns = 0
    return total


def plain_paragraphs(source: str) -> str:
    """HTML of a source that is read as plain text: empty lines divide it into paragraphs."""
    paragraphs = BLANK_LINES.split(source.replace("\r\n", "\n").strip())
    return "\n".join(f"<p>{escape(paragraph)}</p>" for paragraph in paragraphs)
