"""What making HTML safe takes out of it, told so that its writer finds the places."""

import re
from dataclasses import dataclass
from html import unescape

KINDS_AT_MOST = 20
"""Kinds of removals that are told one by one; an element or attribute that goes in many places is one kind."""
NAME_LENGTH = 40
NEAR_LENGTH = 200
"""Characters of source that the words near a place are looked for in."""
WORDS_NEAR = 5

TAG = re.compile(r"<[^<>]*+>?|[^<>]*+>")
OPENING_TAG = re.compile(r"<([a-z][a-z0-9]*+)")


@dataclass(frozen=True)
class Finding:
    """Something to tell the writer of a text: a stable word for programs, and a sentence for people."""

    code: str
    detail: str


@dataclass
class _Removal:
    subject: str
    manner: str
    position: int
    count: int = 1


class Removals:
    """Collects what is taken out of one source; counting everything, remembering the first place of each kind."""

    def __init__(self, source: str = "") -> None:
        self._source = source
        self._found: dict[tuple[str, str, str], _Removal] = {}
        self._more = 0

    def element(self, name: str, position: int, manner: str) -> None:
        """An element goes; ``manner`` ends the sentence, such as "with everything in it"."""
        self._add("removed_element", f"<{printable(name[:NAME_LENGTH])}>", manner, position)

    def attribute(self, element: str, name: str, position: int, manner: str = "") -> None:
        """An attribute of an element that stays goes; ``manner`` says why, where it is not for its name."""
        self._add(
            "removed_attribute", f"The attribute {printable(name[:NAME_LENGTH])} of <{element}>", manner, position
        )

    def _add(self, code: str, subject: str, manner: str, position: int) -> None:
        key = (code, subject, manner)
        if known := self._found.get(key):
            known.count += 1
        elif len(self._found) < KINDS_AT_MOST:
            self._found[key] = _Removal(subject, manner, position)
        else:
            self._more += 1

    def findings(self, *, by_line: bool) -> list[Finding]:
        """One for each kind, with its first place: by line and column, or by the words before it."""
        told = [
            Finding(code, f"{each.subject} was taken out{each.manner}{self._place(each, by_line=by_line)}.")
            for (code, _, _), each in self._found.items()
        ]
        return [*told, *_rest(self._more)]

    def _place(self, removal: _Removal, *, by_line: bool) -> str:
        place = _line(self._source, removal.position) if by_line else _near(self._source, removal.position)
        more = removal.count - 1
        return place + (f", and in {more} more place{'s' * (more > 1)}" if more else "")


def bounded(findings: list[Finding]) -> list[Finding]:
    """What was taken out of several pieces of one text: the first of it, and how much more there is."""
    return [*findings[:KINDS_AT_MOST], *_rest(len(findings) - KINDS_AT_MOST)]


def _rest(number: int) -> list[Finding]:
    if number <= 0:
        return []
    return [Finding("removed_element", f"{number} more elements and attributes were taken out.")]


def misplaced(before: str, after: str) -> list[Finding]:
    """Elements that a parser of HTML drops because they cannot stand where they stood, such as a cell of no table."""
    kept = _count(after)
    lost = {name: number - kept.get(name, 0) for name, number in _count(before).items()}
    return [
        Finding("removed_element", f"<{name}> was taken out where it cannot stand{_times(number)}.")
        for name, number in lost.items()
        if number > 0
    ]


def _times(number: int) -> str:
    return f", {number} times" if number > 1 else ""


def _count(html: str) -> dict[str, int]:
    counts: dict[str, int] = {}
    for name in OPENING_TAG.findall(html):
        counts[name] = counts.get(name, 0) + 1
    return counts


def _line(source: str, position: int) -> str:
    line = source.count("\n", 0, position) + 1
    column = position - source.rfind("\n", 0, position)
    return f", at line {line}, column {column}"


def _near(source: str, position: int) -> str:
    before = _words(source[max(0, position - NEAR_LENGTH) : position])
    if before:
        return f", after “{' '.join(before[-WORDS_NEAR:])}”"
    following = _words(source[position : position + NEAR_LENGTH])
    return f", before “{' '.join(following[:WORDS_NEAR])}”" if following else ""


def _words(piece: str) -> list[str]:
    return [printable(word[:NAME_LENGTH]) for word in unescape(TAG.sub(" ", piece)).split()]


def printable(text: str) -> str:
    """The text without what cannot be seen, control characters among it."""
    return "".join(each for each in text if each.isprintable())
