"""Turns the spans of a text block into a tree of marks, each as long as possible."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cms.rendering.blocks import Block

Leaf = dict[str, Any]


@dataclass(frozen=True)
class Marked:
    """Content under one mark. A link also has its definition."""

    mark: str
    definition: Leaf | None
    inside: list["Marked | Leaf"]


Inline = Marked | Leaf


def nested(block: Block, children: Sequence[Leaf] | None = None) -> list[Inline]:
    """The given children of a block, by default all, as a tree: links outermost, then the longest marks, then code.

    Example: "ab" with ``a`` in ``strong`` and ``em``, ``b`` in ``em``, becomes ``em(strong(a), b)``.
    """
    definitions = {each["_key"]: each for each in block["markDefs"]}
    given = block["children"] if children is None else children
    return _nested([(child, child.get("marks", [])) for child in given if child.get("text") != ""], definitions)


def _nested(marked: Sequence[tuple[Leaf, Sequence[str]]], definitions: Mapping[str, Leaf]) -> list[Inline]:
    tree: list[Inline] = []
    start = 0
    while start < len(marked):
        child, marks = marked[start]
        if not marks:
            tree.append(child)
            start += 1
            continue
        # Only marks that may be outermost are measured: no measured run is longer than the chosen one, which keeps
        # this linear.
        candidates = [mark for mark in marks if mark in definitions][:1] or [mark for mark in marks if mark != "code"]
        ends = {mark: _end_of(mark, marked, start) for mark in candidates or ["code"]}
        outermost = max(ends, key=lambda mark: ends[mark])
        end = ends[outermost]
        rest = [(each, [mark for mark in others if mark != outermost]) for each, others in marked[start:end]]
        tree.append(Marked(outermost, definitions.get(outermost), _nested(rest, definitions)))
        start = end
    return tree


def _end_of(mark: str, marked: Sequence[tuple[Leaf, Sequence[str]]], start: int) -> int:
    """The position where a run of the mark ends. A run of code ends at the next child with another mark."""
    end = start
    while end < len(marked) and mark in marked[end][1] and (mark != "code" or len(marked[end][1]) == 1):
        end += 1
    return end


def plain(inline: Inline) -> str:
    """The plain text of a part of the tree."""
    if isinstance(inline, Marked):
        return "".join(map(plain, inline.inside))
    return str(inline["text"]) if inline["_type"] == "span" else str(inline["alt"])
