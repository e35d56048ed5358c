"""Markdown with front matter: YAML between two lines of three hyphens, then the text.

What is read is JSON written as YAML: a plain scalar is what JSON calls it or else text, so that ``no`` is a word and a
date is text; names stand once; tags and aliases, with which a few lines could stand for gigabytes, are refused.
"""

import math
import re
from collections.abc import Iterator, Mapping
from typing import Any

import yaml

FRONT_MATTER_CHARACTERS = 64 * 1024
DEPTH = 32
"""How deep a document may be nested, in whichever form it comes."""
OPENING = re.compile(r"---[ \t]*(?:\r?\n|\Z)")
CLOSING = re.compile(r"^---[ \t]*(?:\r?\n|\Z)", re.MULTILINE)
BLANK_LINE = re.compile(r"\r?\n")
NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?")
WORDS = {"": None, "~": None, "null": None, "true": True, "false": False}
# Line breaks to YAML wherever they stand, unless they are escaped.
BREAKS = re.compile("[\u0085\u2028\u2029]")
# The characters that YAML 1.2, 5.1 calls printable; it allows no others.
UNPRINTABLE = re.compile(r"[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
TOO_DEEP = f"it is nested deeper than {DEPTH} levels"
NOT_YAML = (
    "this is not YAML; write a text with a colon or another sign of YAML in quotes, "
    "and look for an unclosed quote or bracket, a tab, or a wrong indentation"
)


class FrontMatterError(ValueError):
    """The front matter cannot be read; says where and why."""


def with_front_matter(fields: Mapping[str, Any], text: str) -> str:
    """A Markdown document whose front matter holds the fields, in their order, and what is empty left out."""
    told = {name: value for name, value in fields.items() if value not in (None, "", [], {}, False)}
    return as_written(told, text) + ("" if text.endswith("\n") or not text else "\n")


def as_written(fields: Mapping[str, Any], text: str) -> str:
    """A Markdown document that ``read_front_matter`` takes apart into the same fields and the same text."""
    matter = yaml.dump(dict(fields), Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=1000)
    return f"---\n{matter}---\n\n{text}"


def read_front_matter(document: str) -> tuple[dict[str, Any], str]:
    """The fields of the front matter, none where there is none, and the text below it as it stands.

    A byte order mark before and one blank line after the front matter belong to neither. Raises ``FrontMatterError``.
    """
    document = document.removeprefix("\ufeff")
    opening = OPENING.match(document)
    if opening is None:
        return {}, document
    closing = CLOSING.search(document, opening.end())
    if closing is None:
        raise FrontMatterError("it has no end: a line of three hyphens")
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
        raise _refusal(mark, _complaint(matter, mark)) from None
    if not isinstance(fields, dict):
        raise FrontMatterError("it is not a list of names with their values")
    return fields


def _complaint(matter: str, mark: Any) -> str:
    """The reason why a parser refused the text, in words that do not change with the parser.

    A parser reads 1,024 characters ahead and may meet a limit of its own there before ``_value`` meets ``DEPTH``.
    """
    before = matter[: mark.index] if mark else matter
    opened = sum(map(before.count, "[{")) - sum(map(before.count, "]}"))
    return TOO_DEEP if opened > DEPTH else NOT_YAML


def _refusal(mark: Any, problem: str) -> FrontMatterError:
    """Says where in the document; its first line is the one of hyphens."""
    return FrontMatterError(f"line {mark.line + 2}, column {mark.column + 1}: {problem}" if mark else problem)


def _read(matter: str) -> Any:
    """The value that the YAML stands for, from the events of its parser: nothing is made but JSON's values."""
    events = iter(yaml.parse(matter, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)))
    found: list[Any] = []
    for event in events:
        if isinstance(event, yaml.DocumentStartEvent):
            if found:
                raise _refusal(event.start_mark, "it ends before the line of three hyphens")
            found.append(_value(next(events), events, 1))
    return found[0] if found else {}


def _value(event: Any, events: Iterator[Any], depth: int) -> Any:
    if isinstance(event, yaml.AliasEvent):
        raise _refusal(event.start_mark, "aliases are not read here")
    if event.tag is not None:
        raise _refusal(event.start_mark, "tags are not read here")
    if depth > DEPTH:
        raise _refusal(event.start_mark, TOO_DEEP)
    if isinstance(event, yaml.MappingStartEvent):
        return _mapping(events, depth)
    if isinstance(event, yaml.SequenceStartEvent):
        return [_value(each, events, depth + 1) for each in _until(yaml.SequenceEndEvent, events)]
    return _scalar(event)


def _mapping(events: Iterator[Any], depth: int) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for event in _until(yaml.MappingEndEvent, events):
        if not isinstance(event, yaml.ScalarEvent):
            raise _refusal(event.start_mark, "a name is one word or line")
        # A name is its text, whatever that would be as a value.
        name = event.value
        if name in found:
            raise _refusal(event.start_mark, f"the name {name[:60]!a} stands there twice")
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
    except ValueError:  # Python reads no integer of thousands of digits.
        value = math.inf
    if value in (math.inf, -math.inf):
        raise _refusal(event.start_mark, "a number is out of range")
    return value


class _Dumper(yaml.SafeDumper):
    """Writes what stands twice out twice, since a reader may refuse aliases."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    # YAML's own numbers are fewer: to it, 1e5 is a word.
    style = '"' if BREAKS.search(text) or NUMBER.fullmatch(text) else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _text)
