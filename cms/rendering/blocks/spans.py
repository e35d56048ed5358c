"""The spans of a text block as a tree of marks, each as long as it runs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cms.rendering.blocks import Block

Leaf = dict[str, Any]


@dataclass(frozen=True)
class Marked:
    """What stands under one mark; a link has its definition."""

    mark: str
    definition: Leaf | None
    inside: list["Marked | Leaf"]


Inline = Marked | Leaf


def nested(block: Block, children: Sequence[Leaf] | None = None) -> list[Inline]:
    """The block's children, or these of them, as a tree: links outside, then what runs longest, code inside."""
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
        # Only runs that may be taken are measured: each is as long as the one that is, at most.
        candidates = [mark for mark in marks if mark in definitions][:1] or [mark for mark in marks if mark != "code"]
        ends = {mark: _end_of(mark, marked, start) for mark in candidates or ["code"]}
        outermost = max(ends, key=lambda mark: ends[mark])
        end = ends[outermost]
        rest = [(each, [mark for mark in others if mark != outermost]) for each, others in marked[start:end]]
        tree.append(Marked(outermost, definitions.get(outermost), _nested(rest, definitions)))
        start = end
    return tree


def _end_of(mark: str, marked: Sequence[tuple[Leaf, Sequence[str]]], start: int) -> int:
    """Where a run of the mark ends; one of code, at the next child that has any other mark."""
    end = start
    while end < len(marked) and mark in marked[end][1] and (mark != "code" or len(marked[end][1]) == 1):
        end += 1
    return end


def plain(inline: Inline) -> str:
    """The text of a part of the tree."""
    if isinstance(inline, Marked):
        return "".join(map(plain, inline.inside))
    return str(inline["text"]) if inline["_type"] == "span" else str(inline["alt"])
