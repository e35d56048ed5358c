"""Converts blocks to HTML, in the form that a Markdown parser writes. The result must still be sanitised."""

from collections.abc import Iterable, Sequence
from html import escape
from typing import Any

from cms.rendering.blocks import DECORATORS, LIST_KINDS, Block, is_paragraph
from cms.rendering.blocks.lists import ItemList, NestedItem, Part, Quotation, paragraphs, parts
from cms.rendering.blocks.spans import Inline, Marked, nested

IMAGE_ATTRIBUTES = ("src", "alt", "title", "width", "height")


def to_html(blocks: Sequence[Block]) -> str:
    """The HTML of complete blocks. A raw HTML block is left out, and a sandboxed one is replaced by its title."""
    return "".join(_part(each) for each in parts(blocks))


def _part(part: Part) -> str:
    if isinstance(part, ItemList):
        return _list(part)
    if isinstance(part, Quotation):
        return _element("blockquote", "\n" + "".join(_paragraph(each) for each in part.paragraphs)) + "\n"
    return _block(part)


def _list(items: ItemList) -> str:
    inside = "".join(_element("li", _item(each)) + "\n" for each in items.items)
    return _list_element(items.kind, items.start, "\n" + inside)


def _list_element(kind: str, start: int, inside: str) -> str:
    return _element(LIST_KINDS[kind], inside, start=start if kind == "number" and start != 1 else None) + "\n"


def _item(item: NestedItem) -> str:
    """The HTML inside of an item. A single paragraph has no ``p``, as in a tight list of Markdown."""
    block = item.block
    below = "".join(map(_list, item.below))
    if block["style"] != "normal":
        return "\n" + _text_block(block) + below
    texts = [_inline(nested(block, each)) for each in paragraphs(block["children"])]
    if len(texts) == 1:
        return texts[0] + ("\n" + below if below else "")
    return "\n" + "".join(_element("p", each) + "\n" for each in texts) + below


def _block(block: Block) -> str:
    match block["_type"]:
        case "block":
            return _text_block(block)
        case "code":
            return _code(block)
        case "image":
            return _image_block(block)
        case "horizontal-rule":
            return "<hr>\n"
        case "table":
            return _table(block)
        case "list":
            items = "".join(_element("li", "\n" + to_html(each["content"])) + "\n" for each in block["items"])
            return _list_element(block["kind"], block.get("start", 1), "\n" + items)
        case "blockquote":
            return _element("blockquote", "\n" + to_html(block["content"])) + "\n"
        case "call-to-action":
            return _element("p", _element("a", escape(block["label"], quote=False), href=block["url"])) + "\n"
        case "pull-out":
            return _pull_out(block)
        case "embed":
            link = _element("a", escape(block.get("title") or block["url"], quote=False), href=block["url"])
            return _figure(link, _caption(block))
        case "html":
            return _figure("", escape(block["title"], quote=False)) if block.get("title") else ""
    raise ValueError(f"unknown block type: {block['_type']}")


def _text_block(block: Block) -> str:
    if block["style"] in ("normal", "blockquote"):
        return _paragraph(block)
    return _element(block["style"], _inline(nested(block)), id=block.get("id")) + "\n"


def _paragraph(block: Block) -> str:
    inside = _inline(nested(block))
    # An empty paragraph shows nothing, and a Markdown parser never makes one.
    return _element("p", inside) + "\n" if inside else ""


def _code(block: Block) -> str:
    text = escape(block["code"], quote=False) + ("\n" if block["code"] else "")
    language = f"language-{block['language']}" if block.get("language") else None
    return _element("pre", _element("code", text, **{"class": language})) + "\n"


def _image_block(block: Block) -> str:
    return _figure(_image(block), _caption(block)) if block.get("caption") else _element("p", _image(block)) + "\n"


def _caption(block: Block) -> str:
    return escape(block.get("caption") or "", quote=False)


def _figure(inside: str, caption: str) -> str:
    return _element("figure", inside + (_element("figcaption", caption) if caption else "")) + "\n"


def _image(image: Block) -> str:
    return _element("img", "", **{name: image.get(name) for name in IMAGE_ATTRIBUTES}).removesuffix("</img>")


def _table(table: Block) -> str:
    rows, header_rows = table["rows"], table["headerRows"]
    sections = (("thead", "th", rows[:header_rows]), ("tbody", "td", rows[header_rows:]))
    alignment = table.get("alignment", [])
    inside = "".join(
        _element(section, "\n" + "".join(_row(row, cell, alignment) for row in each)) + "\n"
        for section, cell, each in sections
        if each
    )
    return _element("table", "\n" + inside) + "\n"


def _row(row: Block, name: str, alignment: Sequence[str | None]) -> str:
    cells = (
        _element(name, _cell(cell["value"]), align=alignment[column] if column < len(alignment) else None) + "\n"
        for column, cell in enumerate(row["cells"])
    )
    return _element("tr", "\n" + "".join(cells)) + "\n"


def _cell(value: Sequence[Block]) -> str:
    if len(value) == 1 and is_paragraph(value[0]):
        return _inline(nested(value[0]))
    return to_html(value)


def _pull_out(block: Block) -> str:
    """A quote and a statistic become a figure; notes and warnings become a division with a title."""
    content = to_html(block["content"])
    title = _strong(block.get("title"))
    if block["kind"] == "quote":
        source = _element("a", _cite(block), href=block["url"]) if block.get("url") else _cite(block)
        quoted = _element("blockquote", "\n" + content)
        return _element("figure", title + quoted + _element_unless_empty("figcaption", source)) + "\n"
    if block["kind"] == "statistic":
        return _element("figure", title + _strong(block["value"]) + _element_unless_empty("figcaption", content)) + "\n"
    return _element("div", title + content) + "\n"


def _strong(text: str | None) -> str:
    return _element("p", _element("strong", escape(text, quote=False))) + "\n" if text else ""


def _cite(block: Block) -> str:
    return escape(block.get("cite") or block.get("url") or "", quote=False)


def _inline(tree: Iterable[Inline]) -> str:
    return "".join(map(_piece, tree))


def _piece(piece: Inline) -> str:
    if isinstance(piece, Marked):
        if piece.definition is not None:
            link = piece.definition
            return _element("a", _inline(piece.inside), href=link["href"], title=link.get("title"))
        return _element(DECORATORS[piece.mark], _inline(piece.inside))
    if piece["_type"] == "image":
        return _image(piece)
    return escape(piece["text"], quote=False).replace("\n", "<br>\n")


def _element_unless_empty(name: str, inside: str) -> str:
    """The element, or an empty text if it would be empty."""
    return _element(name, inside) if inside else ""


def _element(name: str, inside: str, **attributes: Any) -> str:
    given = "".join(f' {key}="{escape(str(value))}"' for key, value in attributes.items() if value is not None)
    return f"<{name}{given}>{inside}</{name}>"
