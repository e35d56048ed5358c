"""Markdown with front matter: YAML between two lines of three hyphens, then the text.

The front matter is read as JSON written in YAML. A plain scalar has its JSON meaning or else is text: ``no`` and a date
are text. Each name must be unique. Tags and aliases, with which a few lines could expand to gigabytes, are refused.
"""

import math
import re
from collections.abc import Iterator, Mapping
from typing import Any

import yaml

FRONT_MATTER_CHARACTERS = 64 * 1024
DEPTH = 32
"""The number of levels that a document may be nested, as YAML or as JSON."""
OPENING = re.compile(r"---[ \t]*(?:\r?\n|\Z)")
CLOSING = re.compile(r"^---[ \t]*(?:\r?\n|\Z)", re.MULTILINE)
BLANK_LINE = re.compile(r"\r?\n")
NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?")
WORDS = {"": None, "~": None, "null": None, "true": True, "false": False}
# YAML reads these as line breaks everywhere, unless they are escaped.
BREAKS = re.compile("[\u0085\u2028\u2029]")
# The characters that YAML 1.2, 5.1 calls printable; it allows no others.
UNPRINTABLE = re.compile(r"[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
TOO_DEEP = f"it is nested deeper than {DEPTH} levels"
NOT_YAML = (
    "this is not valid YAML; look for an unclosed quote or bracket, a tab or a wrong indentation, "
    "and put a text with a colon or another special character in quotes"
)


class FrontMatterError(ValueError):
    """Raised when the front matter cannot be read. The message says where and why."""


def with_front_matter(fields: Mapping[str, Any], text: str) -> str:
    """A Markdown document whose front matter holds the fields in their order, without the empty ones."""
    filled = {name: value for name, value in fields.items() if value not in (None, "", [], {}, False)}
    return as_written(filled, text) + ("" if text.endswith("\n") or not text else "\n")


def as_written(fields: Mapping[str, Any], text: str) -> str:
    """A Markdown document from which ``read_front_matter`` returns the same fields and the same text."""
    matter = yaml.dump(dict(fields), Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=1000)
    return f"---\n{matter}---\n\n{text}"


def read_front_matter(document: str) -> tuple[dict[str, Any], str]:
    """The fields of the front matter and the text below it, unchanged. Without front matter there are no fields.

    A byte order mark before the front matter and one blank line after it are dropped. Raises ``FrontMatterError``.
    """
    document = document.removeprefix("\ufeff")
    opening = OPENING.match(document)
    if opening is None:
        return {}, document
    closing = CLOSING.search(document, opening.end())
    if closing is None:
        raise FrontMatterError("the line of three hyphens that ends it is missing")
    if closing.start() > FRONT_MATTER_CHARACTERS:
        raise FrontMatterError(f"it has more than {FRONT_MATTER_CHARACTERS} characters")
    blank = BLANK_LINE.match(document, closing.end())
    return _fields(document[opening.end() : closing.start()]), document[blank.end() if blank else closing.end() :]


def _fields(matter: str) -> dict[str, Any]:
    if unprintable := UNPRINTABLE.search(matter):
        line = matter.count("\n", 0, unprintable.start()) + 2
        raise FrontMatterError(f"line {line}: YAML does not allow the character {unprintable[0]!a}")
    try:
        fields = _read(matter)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        raise _error_at(mark, _parser_error(matter, mark)) from None
    if not isinstance(fields, dict):
        raise FrontMatterError("it must be a list of names with their values")
    return fields


def _parser_error(matter: str, mark: Any) -> str:
    """The reason why a parser refused the text, in the same words for every parser.

    A parser reads 1,024 characters ahead and may reach a limit of its own there before ``_value`` reaches ``DEPTH``.
    """
    before = matter[: mark.index] if mark else matter
    opened = sum(map(before.count, "[{")) - sum(map(before.count, "]}"))
    return TOO_DEEP if opened > DEPTH else NOT_YAML


def _error_at(mark: Any, problem: str) -> FrontMatterError:
    """The error with its place in the document, whose first line is the opening line of hyphens."""
    return FrontMatterError(f"line {mark.line + 2}, column {mark.column + 1}: {problem}" if mark else problem)


def _read(matter: str) -> Any:
    """The value of the YAML, built from the events of its parser. Only the values of JSON are ever made."""
    events = iter(yaml.parse(matter, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)))
    found: list[Any] = []
    for event in events:
        if isinstance(event, yaml.DocumentStartEvent):
            if found:
                raise _error_at(event.start_mark, "a second YAML document is not allowed")
            found.append(_value(next(events), events, 1))
    return found[0] if found else {}


def _value(event: Any, events: Iterator[Any], depth: int) -> Any:
    if isinstance(event, yaml.AliasEvent):
        raise _error_at(event.start_mark, "aliases are not allowed")
    if event.tag is not None:
        raise _error_at(event.start_mark, "tags are not allowed")
    if depth > DEPTH:
        raise _error_at(event.start_mark, TOO_DEEP)
    if isinstance(event, yaml.MappingStartEvent):
        return _mapping(events, depth)
    if isinstance(event, yaml.SequenceStartEvent):
        return [_value(each, events, depth + 1) for each in _until(yaml.SequenceEndEvent, events)]
    return _scalar(event)


def _mapping(events: Iterator[Any], depth: int) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for event in _until(yaml.MappingEndEvent, events):
        if not isinstance(event, yaml.ScalarEvent):
            raise _error_at(event.start_mark, "a name must be text")
        # A name is always text, even if it would be a number or null as a value.
        name = event.value
        if name in found:
            raise _error_at(event.start_mark, f"the name {name[:60]!a} is given twice")
        found[name] = _value(next(events), events, depth + 1)
    return found


def _until(end: type[Any], events: Iterator[Any]) -> Iterator[Any]:
    for event in events:
        if isinstance(event, end):
            return
        yield event


def _scalar(event: Any) -> Any:
    is_plain, text = event.implicit[0], str(event.value)
    if not is_plain:
        return text
    if text in WORDS:
        return WORDS[text]
    number = NUMBER.fullmatch(text)
    if number is None:
        return text
    try:
        value = float(text) if number[1] or number[2] else int(text)
    except ValueError:  # Python refuses to read an integer of thousands of digits.
        value = math.inf
    if value in (math.inf, -math.inf):
        raise _error_at(event.start_mark, "a number is out of range")
    return value


class _Dumper(yaml.SafeDumper):
    """Writes a value that occurs twice in full twice, since other readers may refuse aliases too."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    # YAML has fewer forms of numbers than JSON and would write 1e5 without quotes.
    style = '"' if BREAKS.search(text) or NUMBER.fullmatch(text) else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _text)
