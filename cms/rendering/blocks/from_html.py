"""Converts sanitised HTML to blocks.

An element that blocks cannot express is dropped and its text is kept. Examples: divisions, languages, reversed lists,
cells that span several columns.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from html.parser import HTMLParser
from itertools import pairwise
from typing import Any

from cms.rendering.allowed import FORMATTING, HEADINGS, PHRASES, VOID
from cms.rendering.blocks import DECORATORS, LIST_KINDS, Block, is_paragraph
from cms.rendering.blocks.keys import with_keys

INLINE = FORMATTING | PHRASES | {"br", "img", "wbr"}
MARKS = {element: mark for mark, element in DECORATORS.items()} | {
    "b": "strong",
    "i": "em",
    "cite": "em",
    "dfn": "em",
    "var": "em",
    "kbd": "code",
    "samp": "code",
    "del": "strike-through",
    "ins": "underline",
}
SUB_HEADINGS = {"dt", "summary"}
SPACES = re.compile("[ \t\n\r\f]+")
LANGUAGE = "language-"
WIDTH = re.compile("[1-9][0-9]{0,4}")


@dataclass(eq=False)
class Element:
    """An element of the tree. The name of the root is empty."""

    name: str
    attributes: dict[str, str]
    inside: list["Element | str"] = field(default_factory=list)
    has_blocks: bool = False


@dataclass(frozen=True, eq=False)
class LinkSpan:
    """One link. Two links to the same address are different links."""

    href: str
    title: str | None


Mark = str | LinkSpan
Node = Element | str


def from_html(html: str) -> list[Block]:
    """Complete blocks for sanitised HTML, with keys, in linear time."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    return with_keys(list(_flow(reader.root.inside, ())))


class _Reader(HTMLParser):
    """Builds the tree of well-formed HTML."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.root = Element("", {})
        self._open = [self.root]

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        element = Element(tag, {name: value or "" for name, value in attributes})
        self._open[-1].inside.append(element)
        if tag not in VOID:
            self._open.append(element)

    def handle_data(self, data: str) -> None:
        self._open[-1].inside.append(data)

    def handle_endtag(self, tag: str) -> None:
        element = self._open.pop()
        element.has_blocks = any(isinstance(each, Element) and _is_block(each) for each in element.inside)


def _is_block(node: Node) -> bool:
    return isinstance(node, Element) and (node.name not in INLINE or node.has_blocks)


def _flow(nodes: Iterable[Node], marks: tuple[Mark, ...], depth: int = 0) -> Iterator[Block]:
    """The blocks of a container that is ``depth`` lists deep. Runs of inline content become paragraphs."""
    run: list[Node] = []
    for node in nodes:
        if not _is_block(node):
            run.append(node)
            continue
        yield from _paragraph(run, marks)
        run = []
        assert isinstance(node, Element)
        yield from _block(node, marks, depth)
    yield from _paragraph(run, marks)


def _block(element: Element, marks: tuple[Mark, ...], depth: int) -> Iterator[Block]:
    match element.name:
        case "p":
            yield from _paragraph(element.inside, marks)
        case name if name in HEADINGS:
            yield from _heading(element, marks)
        case "blockquote":
            yield from _quote(element, marks)
        case "ul" | "ol":
            yield from _list(element, marks, depth)
        case "pre":
            yield _code(element)
        case "hr":
            yield {"_type": "horizontal-rule"}
        case "table":
            yield from _table(element, marks)
        case "figure":
            yield from _figure(element, marks)
        case name if name in SUB_HEADINGS:
            yield from _flow(element.inside, (*marks, "strong"), depth)
        case name:
            yield from _flow(element.inside, _marked(element, marks), depth)


def _paragraph(nodes: Sequence[Node], marks: tuple[Mark, ...]) -> Iterator[Block]:
    block = _text(nodes, marks)
    if block is None:
        return
    # An image that is alone in its paragraph and is not a link is a block.
    only = block["children"][0]
    if len(block["children"]) == 1 and only["_type"] == "image" and "marks" not in only:
        yield only
    else:
        yield block


def _heading(element: Element, marks: tuple[Mark, ...]) -> Iterator[Block]:
    if element.has_blocks:
        # Only hand-written HTML has headings with blocks in them. Their blocks are kept, the heading is not.
        yield from _flow(element.inside, marks)
        return
    block = _text(element.inside, marks) or _empty()
    identifier = {"id": element.attributes["id"]} if "id" in element.attributes else {}
    yield block | {"style": element.name} | identifier


def _quote(element: Element, marks: tuple[Mark, ...]) -> Iterator[Block]:
    inside = list(_flow(element.inside, marks)) or [_empty()]
    if all(is_paragraph(each) for each in inside):
        yield from (each | {"style": "blockquote"} for each in inside)
    else:
        yield {"_type": "blockquote", "content": inside}


def _list(element: Element, marks: tuple[Mark, ...], depth: int) -> Iterator[Block]:
    kind = next(kind for kind, name in LIST_KINDS.items() if name == element.name)
    contents = [list(_flow(each.inside, marks, depth + 1)) for each in _elements(element, "li")]
    start = _start(element, kind)
    if all(map(_is_simple, contents)):
        for position, content in enumerate(contents):
            yield from _items(content, {"listItem": kind, "level": depth + 1} | (start if position == 0 else {}))
    else:
        items = [{"_type": "list-item", "content": _with_inner_levels(content, depth + 1)} for content in contents]
        yield {"_type": "list", "kind": kind, **start, "items": items}


def _with_inner_levels(content: list[Block], depth: int) -> list[Block]:
    """The same blocks with the levels that they have inside a container of their own."""
    return [each | {"level": each["level"] - depth} if "listItem" in each else each for each in content]


def _start(element: Element, kind: str) -> Block:
    """The ``start`` of a numbered list, unless it is 1."""
    given = element.attributes.get("start", "")
    if kind == "bullet" or not re.fullmatch("[0-9]{1,9}", given) or int(given) == 1:
        return {}
    return {"start": int(given)}


def _is_simple(content: Sequence[Block]) -> bool:
    """True if flat blocks can express an item: paragraphs or one heading, and then only lists."""
    if any(each["_type"] != "block" or each["style"] == "blockquote" for each in content):
        return False
    texts = [each for each in content if "listItem" not in each]
    headings = sum(each["style"] != "normal" for each in texts)
    in_order = all("listItem" in after or "listItem" not in before for before, after in pairwise(content))
    return in_order and (headings == 0 or len(texts) == 1)


def _items(content: list[Block], item: Block) -> Iterator[Block]:
    texts = [each for each in content if "listItem" not in each]
    yield (_joined(texts) if texts else _empty()) | item
    yield from content[len(texts) :]


def _joined(texts: list[Block]) -> Block:
    """One text block from several, whose texts are separated by an empty line."""
    first, *others = texts
    children, definitions = list(first["children"]), list(first["markDefs"])
    for block in others:
        renamed = {each["_key"]: f"m{len(definitions) + number}" for number, each in enumerate(block["markDefs"])}
        definitions += [each | {"_key": renamed[each["_key"]]} for each in block["markDefs"]]
        children.append({"_type": "span", "text": "\n\n", "marks": []})
        children += [
            each | {"marks": [renamed.get(mark, mark) for mark in each["marks"]]} if "marks" in each else each
            for each in block["children"]
        ]
    return first | {"children": children, "markDefs": definitions}


def _code(element: Element) -> Block:
    inner = next((each for each in element.inside if isinstance(each, Element) and each.name == "code"), None)
    name = inner.attributes.get("class", "").removeprefix(LANGUAGE) if inner else ""
    language = {"language": name} if name else {}
    return {"_type": "code", **language, "code": _words(element).removesuffix("\n")}


def _words(node: Node) -> str:
    if isinstance(node, str):
        return node
    return "\n" if node.name == "br" else "".join(map(_words, node.inside))


def _table(element: Element, marks: tuple[Mark, ...]) -> Iterator[Block]:
    captions = [each for each in element.inside if isinstance(each, Element) and each.name == "caption"]
    for caption in captions:
        yield from _flow(caption.inside, marks)
    rows = [(row, section) for section in _sections(element) for row in _elements(section, "tr")]
    if rows and rows[0][1].name == "thead" and not _words(rows[0][0]).strip() and len(rows) > 1:
        del rows[0]  # Markdown gives a table without header cells an empty header row.
    if not rows:
        return
    header_rows = 0
    while header_rows < len(rows) and (rows[header_rows][1].name == "thead" or _is_header(rows[header_rows][0])):
        header_rows += 1
    yield {
        "_type": "table",
        "headerRows": header_rows,
        **_alignment([row for row, _ in rows]),
        "rows": [{"_type": "row", "cells": [_cell(cell, marks) for cell in _cells(row)]} for row, _ in rows],
    }


def _sections(table: Element) -> list[Element]:
    return [each for each in table.inside if isinstance(each, Element) and each.name in ("thead", "tbody", "tfoot")]


def _elements(element: Element, name: str) -> list[Element]:
    return [each for each in element.inside if isinstance(each, Element) and each.name == name]


def _cells(row: Element) -> list[Element]:
    return [each for each in row.inside if isinstance(each, Element) and each.name in ("td", "th")]


def _is_header(row: Element) -> bool:
    cells = _cells(row)
    return bool(cells) and all(each.name == "th" for each in cells)


def _cell(cell: Element, marks: tuple[Mark, ...]) -> Block:
    return {"_type": "cell", "value": list(_flow(cell.inside, marks))}


def _alignment(rows: Sequence[Element]) -> Block:
    """The alignment of the columns, taken from the cells of the first row."""
    known = {"left", "center", "right"}
    given = [each.attributes.get("align") for each in _cells(rows[0])]
    return {"alignment": [each if each in known else None for each in given]} if known & set(given) else {}


def _figure(element: Element, marks: tuple[Mark, ...]) -> Iterator[Block]:
    captions = _elements(element, "figcaption")
    content = [each for each in element.inside if isinstance(each, str) or each.name != "figcaption"]
    blocks = list(_flow(content, marks))
    words = " ".join(" ".join(_words(each).split()) for each in captions).strip()
    if len(blocks) == 1 and blocks[0]["_type"] == "image" and words:
        yield blocks[0] | {"caption": words}
    else:
        yield from blocks
        for caption in captions:
            yield from _flow(caption.inside, marks)


def _empty() -> Block:
    span = {"_type": "span", "text": "", "marks": []}
    return {"_type": "block", "style": "normal", "children": [span], "markDefs": []}


def _text(nodes: Sequence[Node], marks: tuple[Mark, ...]) -> Block | None:
    """The text block of inline content, or ``None`` if nothing of it is visible."""
    line = _Line()
    for node in nodes:
        line.add(node, marks)
    return line.block()


def _marked(element: Element, marks: tuple[Mark, ...]) -> tuple[Mark, ...]:
    """The marks that hold inside an element. No decorator occurs twice."""
    if element.name == "a" and "href" in element.attributes:
        return (LinkSpan(element.attributes["href"], element.attributes.get("title")), *marks)
    mark = MARKS.get(element.name)
    return (*marks, mark) if mark and mark not in marks else marks


class _Line:
    """Collects inline content as a browser shows it: a run of spaces and line breaks of the source is one space."""

    def __init__(self) -> None:
        self.pieces: list[tuple[Any, tuple[Mark, ...]]] = []

    def add(self, node: Node, marks: tuple[Mark, ...]) -> None:
        if isinstance(node, str):
            self._add_text(node, marks)
        elif node.name == "br":
            self._strip_end()
            self._append("\n", marks)
        elif node.name == "img":
            if "src" in node.attributes:
                self.pieces.append((_image(node), marks))
        else:
            inside = _marked(node, marks)
            for each in node.inside:
                self.add(each, inside)

    def _add_text(self, text: str, marks: tuple[Mark, ...]) -> None:
        last = self.pieces[-1][0] if self.pieces else "\n"
        if "code" in marks:
            after_break = isinstance(last, str) and last.endswith("\n")
            self._append((text.removeprefix("\n") if after_break else text).replace("\n", " "), marks)
            return
        text = SPACES.sub(" ", text)
        if isinstance(last, str) and last.endswith((" ", "\n")):
            text = text.removeprefix(" ")
        self._append(text, marks)

    def _append(self, text: str, marks: tuple[Mark, ...]) -> None:
        if not text:
            return
        if self.pieces and self.pieces[-1][1] == marks and isinstance(self.pieces[-1][0], str):
            text = self.pieces.pop()[0] + text
        self.pieces.append((text, marks))

    def _strip_end(self) -> None:
        """Remove spaces at the end of the line, which a browser does not show."""
        while self.pieces and isinstance(self.pieces[-1][0], str) and "code" not in self.pieces[-1][1]:
            text, marks = self.pieces.pop()
            kept = text.rstrip(" ")
            if kept:
                self.pieces.append((kept, marks))
                return

    def block(self) -> Block | None:
        """The text block without line breaks at its ends, or ``None`` if nothing is left."""
        self._strip_end()
        while self._drop_breaks(-1):
            self._strip_end()
        while self._drop_breaks(0):
            pass
        if not self.pieces:
            return None
        links: dict[LinkSpan, str] = {}
        children = [self._child(piece, marks, links) for piece, marks in self.pieces]
        definitions = [
            {"_type": "link", "_key": key, "href": link.href} | ({"title": link.title} if link.title else {})
            for link, key in links.items()
        ]
        return {"_type": "block", "style": "normal", "children": children, "markDefs": definitions}

    def _drop_breaks(self, place: int) -> bool:
        """Remove line breaks from the outer end of the first (0) or last (-1) piece. True if there were any."""
        text, marks = self.pieces[place] if self.pieces else ("", ())
        if not isinstance(text, str) or not text or text[place] != "\n":
            return False
        kept = text.lstrip("\n") if place == 0 else text.rstrip("\n")
        self.pieces[place] = (kept, marks)
        if not kept:
            del self.pieces[place]
        return True

    def _child(self, piece: Any, marks: tuple[Mark, ...], links: dict[LinkSpan, str]) -> Block:
        mark_names = [
            links.setdefault(mark, f"m{len(links)}") if isinstance(mark, LinkSpan) else mark for mark in marks
        ]
        if isinstance(piece, str):
            return {"_type": "span", "text": piece, "marks": mark_names}
        image: Block = piece
        return image | ({"marks": mark_names} if mark_names else {})


def _image(element: Element) -> Block:
    image: Block = {"_type": "image", "src": element.attributes["src"], "alt": element.attributes.get("alt", "")}
    if element.attributes.get("title"):
        image["title"] = element.attributes["title"]
    for name in ("width", "height"):
        if WIDTH.fullmatch(element.attributes.get(name, "")):
            image[name] = int(element.attributes[name])
    return image
