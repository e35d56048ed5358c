"""Rich text as blocks: Portable Text. Blocks beyond its core have the names of its official Markdown converter.

Blocks are plain JSON. A text block has a style, spans and marks. Lists are flat: each item is a text block with a
level. Content that does not fit this form is in a container that holds blocks of its own: a ``list`` or a
``blockquote`` that has more than paragraphs, or a ``table``. Custom blocks are ``call-to-action``, ``pull-out``,
``embed`` and ``html``.

``canonical`` makes complete blocks from blocks as clients write them, and ``from_html`` from sanitised HTML.
``to_html`` and ``to_markdown`` convert complete blocks. All of them trust their input to have the form that the API
checks. The result of ``to_html`` must still be sanitised.
"""

from typing import Any

Block = dict[str, Any]

STYLES = ("normal", "h1", "h2", "h3", "h4", "h5", "h6", "blockquote")
LIST_KINDS = {"bullet": "ul", "number": "ol"}
"""The kinds of lists and their HTML elements."""
DECORATORS = {
    "strong": "strong",
    "em": "em",
    "code": "code",
    "underline": "u",
    "strike-through": "s",
    "sub": "sub",
    "sup": "sup",
    "highlight": "mark",
}
"""The marks that need no definition and their HTML elements."""
PULL_OUTS = ("quote", "note", "warning", "statistic")


def type_of(block: Block) -> Any:
    """The type of a block as a client writes it: ``_type``, as in Portable Text, or ``type``."""
    return block.get("_type", block.get("type"))


def is_paragraph(block: Block) -> bool:
    """True for a text block of the style ``normal`` that is not a list item."""
    return block["_type"] == "block" and block["style"] == "normal" and "listItem" not in block
