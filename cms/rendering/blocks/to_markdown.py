"""Converts blocks to CommonMark 0.31 with tables.

Content that Markdown cannot express is written as inline HTML or replaced: an embed by a link to it, sandboxed HTML by
its title.
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from cms.rendering.blocks import DECORATORS, Block
from cms.rendering.blocks.lists import ItemList, NestedItem, Part, Quotation, paragraphs, parts
from cms.rendering.blocks.spans import Inline, Marked, nested, plain

# Characters that are markup anywhere in a line. An underscore inside a word is not.
MARKUP = re.compile(r"[\\`*\[\]<~]|(?<![^\W_])_|_(?![^\W_])|&(?=[A-Za-z#])|!$")
# The start of a line that would begin another block.
OPENER = re.compile(r"^(?=#{1,6}(?:[ \t]|$)|[+-](?:[ \t]|$)|>|=+[ \t]*$|\||[-:][-:| \t]*$)")
NUMBER = re.compile(r"(\d{1,9})([.)])(?=[ \t]|$)")
BACKTICKS = re.compile("`+")
PLAIN_ADDRESS = re.compile(r"[^\s<>()\\&*_\[\]\x00-\x1f\x7f]+")
RULE = "---"
DELIMITERS = {"strong": ("**",), "em": ("*", "_")}
BREAK = "\\\n"
# Spaces that a Markdown parser removes at the ends of a line although a browser shows them.
EDGES = "\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000"
# Characters that a parser removes at the ends of a paragraph and a browser does not show.
BLANK = " \t\x0b\x0c\u2028\u2029"


def to_markdown(blocks: Sequence[Block]) -> str:
    """The CommonMark of complete blocks. It ends with a line break unless it is empty."""
    text = _flow(blocks)
    return f"{text}\n" if text else ""


@dataclass
class _Markers:
    """Chooses list markers. Two adjacent lists need different ones, or a parser would read them as one list."""

    previous: str | None = None
    second: bool = False

    def next_for(self, kind: str | None) -> str:
        self.second = kind is not None and kind == self.previous and not self.second
        self.previous = kind
        return {"bullet": "-*", "number": ".)"}.get(kind or "", "  ")[self.second]


def _flow(blocks: Sequence[Block]) -> str:
    markers = _Markers()
    written = [_part(each, markers.next_for(_list_kind(each))) for each in parts(blocks)]
    return "\n\n".join(each for each in written if each)


def _list_kind(part: Part) -> str | None:
    if isinstance(part, ItemList):
        return part.kind
    return str(part["kind"]) if isinstance(part, dict) and part["_type"] == "list" else None


def _part(part: Part, marker: str) -> str:
    if isinstance(part, ItemList):
        return _list(part, marker)
    if isinstance(part, Quotation):
        return _quoted("\n\n".join(filter(None, map(_text, part.paragraphs))))
    if part["_type"] == "list":
        contents = [_flow(each["content"]) for each in part["items"]]
        return "\n\n".join(_listed(contents, str(part["kind"]), int(part.get("start", 1)), marker))
    return _block(part)


def _list(items: ItemList, marker: str) -> str:
    contents = [_item(each) for each in items.items]
    loose = any(len(paragraphs(each.block["children"])) > 1 for each in items.items)
    return ("\n\n" if loose else "\n").join(_listed(contents, items.kind, items.start, marker))


def _item(item: NestedItem) -> str:
    block = item.block
    if block["style"] == "normal":
        texts = [_lines(nested(block, each)) for each in paragraphs(block["children"])]
        text = "\n\n".join(filter(None, texts))
    else:
        text = _text(block)
    markers = _Markers()
    return "\n".join([text, *(_list(each, markers.next_for(each.kind)) for each in item.below)])


def _listed(contents: Sequence[str], kind: str, start: int, marker: str) -> Iterator[str]:
    for position, content in enumerate(contents):
        sign = f"{start + position}{marker}" if kind == "number" else marker
        # An item that begins with an empty line ends there, unless its text is on the next line.
        first, *others = content.removeprefix("\n").split("\n")
        indent = " " * (len(sign) + 1)
        if first == RULE:
            first = "___"  # After the marker "-", hyphens would be read as one horizontal rule with it.
        yield "\n".join([f"{sign} {first}".rstrip(" "), *(indent + each if each else "" for each in others)])


def _quoted(text: str) -> str:
    return "\n".join(f"> {line}" if line else ">" for line in text.split("\n"))


def _block(block: Block) -> str:
    match block["_type"]:
        case "block":
            return _quoted(_text(block)) if block["style"] == "blockquote" else _text(block)
        case "code":
            return _fenced(block)
        case "image":
            return "\n\n".join(filter(None, [_image(block), _escaped_start(_escaped(block.get("caption") or ""))]))
        case "horizontal-rule":
            return RULE
        case "table":
            return _table(block)
        case "blockquote":
            return _quoted(_flow(block["content"]))
        case "call-to-action":
            return _link(_escaped(block["label"]), block["url"], None)
        case "pull-out":
            return _pull_out(block)
        case "embed":
            link = _link(_escaped(block.get("title") or block["url"]), block["url"], None)
            return "\n\n".join(filter(None, [link, _escaped_start(_escaped(block.get("caption") or ""))]))
        case "html":
            return _escaped_start(_escaped(block.get("title") or ""))
    raise ValueError(f"unknown block type: {block['_type']}")


def _text(block: Block) -> str:
    if block["style"] in ("normal", "blockquote"):
        return _lines(nested(block))
    level = int(block["style"][1])
    # A heading is one line.
    line = _with_visible_edges(_inline(nested(block)).replace(BREAK, "<br>").replace("\n", " ").strip(" \t"))
    words = line.rstrip("#")
    if words != line:
        # A parser reads number signs at the end of the line as the end of the heading.
        line = f"{words}\\{line[len(words) :]}"
    return f"{'#' * level} {line}".rstrip(" ")


def _lines(tree: Sequence[Inline]) -> str:
    """The lines of a paragraph, escaped so that none begins another block.

    Line breaks at its ends are left out, since a parser would read them as backslashes.
    """
    lines = _inline(tree).strip(" \t").split(BREAK)
    first, end = 0, len(lines)
    while first < end and not lines[first].strip(BLANK):
        first += 1
    while first < end and not lines[end - 1].strip(BLANK):
        end -= 1
    return BREAK.join("\n".join(map(_escaped_start, line.split("\n"))) for line in lines[first:end])


def _escaped_start(line: str) -> str:
    line = _with_visible_edges(line.lstrip(" \t"))
    return NUMBER.sub(r"\1\\\2", line, count=1) if NUMBER.match(line) else OPENER.sub(r"\\", line, count=1)


def _with_visible_edges(line: str) -> str:
    inside = line.strip(EDGES)
    start = len(line) - len(line.lstrip(EDGES)) if inside else len(line)
    return _entities(line[:start]) + inside + _entities(line[start + len(inside) :])


def _entities(spaces: str) -> str:
    return "".join(f"&#{ord(each)};" for each in spaces)


def _fenced(block: Block) -> str:
    longest = max((len(each) for each in BACKTICKS.findall(block["code"])), default=0)
    fence = "`" * max(3, longest + 1)
    code = f"{block['code']}\n" if block["code"] else ""
    return f"{fence}{block.get('language', '')}\n{code}{fence}"


def _pull_out(block: Block) -> str:
    pieces = [f"**{_escaped(block[name])}**" for name in ("title", "value") if block.get(name)]
    pieces.append(_flow(block["content"]))
    cite = _escaped(block.get("cite") or block.get("url") or "")
    if cite:
        pieces.append("— " + (_link(cite, block["url"], None) if block.get("url") else cite))
    return _quoted("\n\n".join(filter(None, pieces)))


def _table(table: Block) -> str:
    """The Markdown of a table. It has exactly one header row, which may be empty; further ones become ordinary rows."""
    rows = [[_cell(cell["value"]) for cell in row["cells"]] for row in table["rows"]]
    columns = max(map(len, rows), default=0)
    if not columns:
        return ""
    if table["headerRows"] == 0:
        rows.insert(0, [])
    delimiters = {"left": ":--", "center": ":-:", "right": "--:", None: "---"}
    alignment = [*table.get("alignment", []), *[None] * columns][:columns]
    header = [*rows[0], *[""] * (columns - len(rows[0]))]
    # A parser completes short rows. Written in full, a long table with one wide row could become very large.
    return "\n".join(map(_row, [header, [delimiters[each] for each in alignment], *rows[1:]]))


def _row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def _cell(value: Sequence[Block]) -> str:
    """The Markdown of a cell, which is one line. A vertical bar in it is escaped, even in code."""
    texts = [_inline(nested(each)) if each["_type"] == "block" else _in_line(each) for each in value]
    line = _with_visible_edges(
        "<br>".join(filter(None, (text.replace(BREAK, "<br>").replace("\n", " ") for text in texts)))
    )
    return line.replace("|", r"\|")


def _in_line(block: Block) -> str:
    """A block as one line, for a cell."""
    if block["_type"] == "code":
        return _code_span(" ".join(block["code"].split()))
    if block["_type"] == "table":
        return " ".join(_cell(cell["value"]) for row in block["rows"] for cell in row["cells"])
    if block["_type"] == "list":
        return "<br>".join(_cell(item["content"]) for item in block["items"])
    if block["_type"] == "blockquote":
        return _cell(block["content"])
    return "" if block["_type"] == "horizontal-rule" else _block(block)


def _inline(tree: Sequence[Inline], before: str = "", after: str = "") -> str:
    """The Markdown of inline content. ``before`` and ``after`` are the characters around it."""
    written = ""
    for position, piece in enumerate(tree):
        following = (_first_character(tree[position + 1]) if position + 1 < len(tree) else "") or after
        written += _piece(piece, written[-1:] or before, following)
    return written


def _first_character(piece: Inline) -> str:
    """The first character of the Markdown of a piece, or another of the same class (space, punctuation or letter)."""
    if isinstance(piece, Marked):
        text = plain(piece)
        return text[0] if text[:1].isspace() else "*"
    return piece["text"][0] if piece["_type"] == "span" else "!"


def _piece(piece: Inline, before: str, after: str) -> str:
    if not isinstance(piece, Marked):
        if piece["_type"] == "image":
            return _image(piece)
        return _escaped(piece["text"]).replace("\n", BREAK)
    if piece.definition is not None:
        return _link(_inline(piece.inside), piece.definition["href"], piece.definition.get("title"))
    if piece.mark == "code":
        return _code_span(plain(piece).replace("\n", " "))
    if piece.mark in DELIMITERS:
        return _emphasis(piece, before, after)
    return _tagged(piece)


def _tagged(piece: Marked) -> str:
    name = DECORATORS[piece.mark]
    return f"<{name}>{_inline(piece.inside)}</{name}>"


def _emphasis(piece: Marked, before: str, after: str) -> str:
    """Emphasis with a delimiter that a parser reads as the same emphasis, or HTML if there is none (CommonMark 6.2)."""
    for delimiter in DELIMITERS[piece.mark]:
        inside = _inline(piece.inside, delimiter[0], delimiter[0])
        if _reads_back(delimiter, inside, before, after):
            return delimiter + inside + delimiter
    return _tagged(piece)


def _reads_back(delimiter: str, inside: str, before: str, after: str) -> bool:
    sign = delimiter[0]
    if not inside or sign in (before, after, inside[0], inside[-1]):
        return False
    if inside[0].isspace() or inside[-1].isspace():
        return False
    if sign == "_" and not (_is_boundary(before) and _is_boundary(after)):
        return False
    return (not _is_punctuation(inside[0]) or _is_boundary(before)) and (
        not _is_punctuation(inside[-1]) or _is_boundary(after)
    )


def _is_boundary(character: str) -> bool:
    """True if the character is a space or punctuation, or there is none because the line ends."""
    return not character or character.isspace() or _is_punctuation(character)


def _is_punctuation(character: str) -> bool:
    return unicodedata.category(character)[0] in "PS"


def _code_span(text: str) -> str:
    if not text:
        return ""
    longest = max((len(each) for each in BACKTICKS.findall(text)), default=0)
    fence = "`" * (longest + 1)
    padded = text[0] == "`" or text[-1] == "`" or (text[0] == text[-1] == " " and text.strip(" "))
    return f"{fence} {text} {fence}" if padded else f"{fence}{text}{fence}"


def _link(text: str, address: str, title: str | None) -> str:
    return f"[{text}]({_address(address)}{_title(title)})"


def _image(image: Block) -> str:
    return f"![{_escaped(image['alt'])}]({_address(image['src'])}{_title(image.get('title'))})"


def _address(address: str) -> str:
    if PLAIN_ADDRESS.fullmatch(address):
        return address
    return "<" + re.sub(r"[<>\\&]", r"\\\g<0>", " ".join(address.splitlines())) + ">"


def _title(title: str | None) -> str:
    return ' "' + re.sub(r'["\\&]', r"\\\g<0>", " ".join(title.split())) + '"' if title else ""


def _escaped(text: str) -> str:
    return MARKUP.sub(r"\\\g<0>", text)
