"""Rich text as blocks: Portable Text, with the names that its official Markdown converter gives to what the core lacks.

Blocks are plain JSON. A text block has a style, spans and marks; lists are flat, with a level on each item. What that
form cannot hold is a container of blocks of its own: a ``list`` whose items have more than paragraphs, a
``blockquote`` with more than paragraphs, a ``table``. Custom blocks are ``call-to-action``, ``pull-out``, ``embed`` and
``html``.

``canonical`` makes complete blocks of written ones, ``from_html`` of sanitised HTML; ``to_html`` and ``to_markdown``
write them down. What they take is trusted to have the form that the API checks; what ``to_html`` returns still has to
be sanitised.
"""

from typing import Any

Block = dict[str, Any]

STYLES = ("normal", "h1", "h2", "h3", "h4", "h5", "h6", "blockquote")
LIST_KINDS = {"bullet": "ul", "number": "ol"}
"""The lists, and their elements in HTML."""
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
"""The marks that need no definition, and their elements in HTML."""
PULL_OUTS = ("quote", "note", "warning", "statistic")


def type_of(block: Block) -> Any:
    """The type of a written block: ``_type`` as Portable Text has it, or ``type``."""
    return block.get("_type", block.get("type"))


def is_paragraph(block: Block) -> bool:
    """Whether it is a text block of the ordinary style, in no list."""
    return block["_type"] == "block" and block["style"] == "normal" and "listItem" not in block
