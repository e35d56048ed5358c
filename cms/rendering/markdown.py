"""Markdown to HTML, as CommonMark 0.31 and tables define it."""

import re
from html import escape

from markdown_it import MarkdownIt

MAX_MARKERS = 30_000
"""A parser written in Python spends up to 30 µs on each of these; a book of 500 KB has about this many."""
MARKER = re.compile(r"[!\[\]<>*_`|&\\#~\n-]|\r(?!\n)")
MAX_CELLS = 10_000
"""Of all tables together: a parser fills every row up to the columns of the first, however little is written there."""
LINE_END = re.compile(r"\r\n?|\n")
# A row that says how columns are aligned, in quotations and lists too; one without a bar has one column.
DELIMITERS = re.compile(r"(?=.*\|)(?=.*-)[-+*:|>.) \t0-9]+")
BLANK_LINES = re.compile(r"\n[ \t]*\n\s*")

ALIGNMENT_STYLE = re.compile(r"text-align:(left|center|right)")

PARSER = MarkdownIt("commonmark").enable("table")


def to_html(source: str) -> str:
    """Return HTML that still has to be sanitised; inline HTML passes through."""
    if not is_within_limits(source):
        return plain_paragraphs(source)

    tokens = PARSER.parse(source)
    for token in tokens:
        # Sanitising drops every style, so the alignment of a table cell moves into its older attribute.
        if alignment := ALIGNMENT_STYLE.fullmatch(str(token.attrs.get("style", ""))):
            token.attrs = {"align": alignment[1]}
    return str(PARSER.renderer.render(tokens, PARSER.options, {}))


def is_within_limits(source: str) -> bool:
    """Whether the source has so few markup characters and cells of tables that parsing it costs little."""
    return sum(1 for _ in MARKER.finditer(source)) <= MAX_MARKERS and _cells_at_most(source) <= MAX_CELLS


def _cells_at_most(source: str) -> int:
    """What the tables can have of cells: no table goes on after an empty line."""
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
    """HTML of a source that is taken for text: what an empty line divides is a paragraph."""
    paragraphs = BLANK_LINES.split(source.replace("\r\n", "\n").strip())
    return "\n".join(f"<p>{escape(paragraph)}</p>" for paragraph in paragraphs)
