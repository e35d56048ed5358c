"""Groups flat blocks: list items into nested lists, and adjacent quoted paragraphs into quotations."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from cms.rendering.blocks import Block


@dataclass
class NestedItem:
    """An item of a list: its text block, and the lists inside it."""

    block: Block
    below: list["ItemList"] = field(default_factory=list)


@dataclass
class ItemList:
    """A list: adjacent items of one kind at one level."""

    kind: str
    start: int
    items: list[NestedItem] = field(default_factory=list)


@dataclass(frozen=True)
class Quotation:
    """A quotation of one or more paragraphs."""

    paragraphs: list[Block]


Part = Block | ItemList | Quotation


def parts(blocks: Sequence[Block]) -> Iterator[Part]:
    """The blocks in order, with list items gathered into lists and quoted paragraphs into quotations."""
    position = 0
    while position < len(blocks):
        end = position
        if _is_item(blocks[position]):
            while end < len(blocks) and _is_item(blocks[end]):
                end += 1
            yield from _lists(blocks[position:end])
        elif _is_quoted(blocks[position]):
            while end < len(blocks) and _is_quoted(blocks[end]):
                end += 1
            yield Quotation(list(blocks[position:end]))
        else:
            end = position + 1
            yield blocks[position]
        position = end


def _is_item(block: Block) -> bool:
    return "listItem" in block


def _is_quoted(block: Block) -> bool:
    return block["_type"] == "block" and block["style"] == "blockquote" and "listItem" not in block


def _lists(items: Sequence[Block]) -> list[ItemList]:
    """The nested lists of flat items.

    Skipped levels do not count: an item of level 3 that follows one of level 1 is in a list directly inside it.
    """
    roots: list[ItemList] = []
    open_lists: list[tuple[int, ItemList]] = []
    for block in items:
        while open_lists and open_lists[-1][0] > block["level"]:
            open_lists.pop()
        if not _continues(open_lists, block):
            if open_lists and open_lists[-1][0] == block["level"]:
                open_lists.pop()
            made = ItemList(block["listItem"], block.get("start", 1))
            (open_lists[-1][1].items[-1].below if open_lists else roots).append(made)
            open_lists.append((block["level"], made))
        open_lists[-1][1].items.append(NestedItem(block))
    return roots


def _continues(open_lists: list[tuple[int, ItemList]], block: Block) -> bool:
    """True if the block is the next item of the innermost list. An item with ``start`` begins another list."""
    if not open_lists or "start" in block:
        return False
    level, innermost = open_lists[-1]
    return bool(level == block["level"] and innermost.kind == block["listItem"])


def paragraphs(children: list[Any]) -> list[list[Any]]:
    """The paragraphs of an item's text, which are separated by empty lines."""
    divided: list[list[Any]] = [[]]
    for child in children:
        if child["_type"] != "span":
            divided[-1].append(child)
            continue
        first, *others = child["text"].split("\n\n")
        divided[-1].append(child | {"text": first})
        divided.extend([child | {"text": text}] for text in others)
    return [each for each in divided if any(child.get("text") != "" for child in each)] or [[]]
