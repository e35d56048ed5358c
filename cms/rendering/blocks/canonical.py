"""Completes blocks that a client wrote: adds defaults and keys, converts Markdown, resolves embeds, builds frames."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from cms.rendering.blocks import Block, type_of
from cms.rendering.blocks.embeds import as_data, embed_of
from cms.rendering.blocks.from_html import from_html
from cms.rendering.blocks.keys import with_keys
from cms.rendering.blocks.sandbox import frame_of

TRUSTS = ("sandboxed", "raw")
RAW = TRUSTS[1]


def canonical(written: Sequence[Block], parse: Callable[[str], str]) -> list[Block]:
    """The complete blocks for blocks that the API has accepted. The same source always gives the same result.

    ``parse`` converts the Markdown among them into sanitised HTML.
    """
    return with_keys(list(_flow(written, parse)))


def markdown_in(written: Any) -> Iterator[str]:
    """Every piece of Markdown among written blocks, at any depth."""
    if isinstance(written, list):
        for each in written:
            yield from markdown_in(each)
    elif isinstance(written, dict):
        if type_of(written) == "markdown":
            yield written["markdown"]
        for value in written.values():
            yield from markdown_in(value) if isinstance(value, list) else ()


def is_raw(block: Block) -> bool:
    """True for HTML that is delivered as given. Such blocks occur at the top level only."""
    return type_of(block) == "html" and block.get("trust") == RAW


def _flow(written: Sequence[Block], parse: Callable[[str], str]) -> Iterator[Block]:
    for each in written:
        if type_of(each) == "markdown":
            yield from from_html(parse(each["markdown"]))
        else:
            yield _complete(each, parse)


def _complete(written: Block, parse: Callable[[str], str]) -> Block:
    given = {name: _with_line_feeds(value) for name, value in written.items() if value is not None and name != "type"}
    given["_type"] = type_of(written)
    match given["_type"]:
        case "block":
            return _text(given)
        case "image":
            return {"_type": "image", "alt": ""} | given
        case "table":
            return _table(given, parse)
        case "list":
            items = [_item(each, parse) for each in given["items"]]
            return {"_type": "list", "kind": "bullet"} | given | {"items": items}
        case "call-to-action":
            return {"_type": "call-to-action", "style": "primary"} | given
        case "blockquote" | "pull-out":
            return given | {"content": list(_flow(given.get("content", []), parse))}
        case "embed":
            found = embed_of(given["url"])
            return given | (as_data(found) if found else {})
        case "html":
            return _html(given)
    return given


def _with_line_feeds(value: Any) -> Any:
    """A text with a line feed for every line break, as a parser of HTML returns it. Other values are unchanged."""
    return value.replace("\r\n", "\n").replace("\r", "\n") if isinstance(value, str) else value


def _text(given: Block) -> Block:
    shape: Block = {"_type": "block", "style": "normal"}
    if "listItem" in given:
        shape["level"] = 1
    children = [_child(each) for each in given["children"]]
    definitions = [_link(each) for each in given.get("markDefs", [])]
    block = shape | given | {"children": children, "markDefs": definitions}
    if "listItem" not in block:
        block.pop("level", None)
    if block.get("listItem") != "number":
        block.pop("start", None)
    if block["style"] in ("normal", "blockquote"):
        block.pop("id", None)
    return block


def _child(written: Block) -> Block:
    given = {name: _with_line_feeds(value) for name, value in written.items() if value is not None and name != "type"}
    given["_type"] = type_of(written)
    return {"_type": "image", "alt": ""} | given if given["_type"] == "image" else {"marks": []} | given


def _link(written: Block) -> Block:
    return {name: value for name, value in written.items() if value is not None and name != "type"} | {"_type": "link"}


def _table(given: Block, parse: Callable[[str], str]) -> Block:
    rows = [
        _key_of(row)
        | {
            "_type": "row",
            "cells": [
                _key_of(cell) | {"_type": "cell", "value": list(_flow(cell["value"], parse))} for cell in row["cells"]
            ],
        }
        for row in given["rows"]
    ]
    header_rows = min(given.get("headerRows", 0), len(rows))
    return {"_type": "table", "headerRows": header_rows} | given | {"headerRows": header_rows, "rows": rows}


def _item(written: Block, parse: Callable[[str], str]) -> Block:
    return _key_of(written) | {"_type": "list-item", "content": list(_flow(written["content"], parse))}


def _key_of(written: Block) -> Block:
    return {"_key": written["_key"]} if "_key" in written else {}


def _html(given: Block) -> Block:
    """An HTML block. Sandboxed HTML becomes the data of a frame, so that no renderer writes it into the page itself."""
    if given["trust"] == RAW:
        return given
    hidden = {"html", "css", "js"}
    return {name: value for name, value in given.items() if name not in hidden} | {"iframe": frame_of(given)}
