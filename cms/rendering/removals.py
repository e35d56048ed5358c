"""Reports what sanitising removed from HTML, so that the writer can find the places."""

import re
from dataclasses import dataclass
from html import unescape

KINDS_AT_MOST = 20
"""The number of kinds of removals that are listed. An element or attribute removed in many places is one kind."""
NAME_LENGTH = 40
NEAR_LENGTH = 200
"""The number of characters of source in which the words near a place are looked for."""
WORDS_NEAR = 5
"""The number of words that a finding quotes to name a place."""

TAG = re.compile(r"<[^<>]*+>?|[^<>]*+>")
OPENING_TAG = re.compile(r"<([a-z][a-z0-9]*+)")


@dataclass(frozen=True)
class Finding:
    """A finding about a text: a stable code for programs, and a sentence for the writer."""

    code: str
    detail: str


@dataclass
class _Removal:
    subject: str
    manner: str
    position: int
    count: int = 1


class Removals:
    """Collects what is removed from one source. It counts every removal and keeps the first place of each kind."""

    def __init__(self, source: str = "") -> None:
        self._source = source
        self._found: dict[tuple[str, str, str], _Removal] = {}
        self._more = 0

    def element(self, name: str, position: int, manner: str) -> None:
        """Record the removal of an element; ``manner`` ends the sentence. Example: " with everything in it"."""
        self._add("removed_element", f"<{printable(name[:NAME_LENGTH])}>", manner, position)

    def attribute(self, element: str, name: str, position: int, manner: str = "") -> None:
        """Record the removal of an attribute from an element that is kept.

        ``manner`` says why, unless the attribute is removed for its name. Example: " because it is too long".
        """
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
        """One finding for each kind of removal, with its first place: line and column, or the words before it."""
        listed = [
            Finding(code, f"{each.subject} was removed{each.manner}{self._place(each, by_line=by_line)}.")
            for (code, _, _), each in self._found.items()
        ]
        return [*listed, *_rest(self._more)]

    def _place(self, removal: _Removal, *, by_line: bool) -> str:
        place = (
            _line_and_column(self._source, removal.position) if by_line else _words_near(self._source, removal.position)
        )
        more = removal.count - 1
        return place + (f", and in {more} more place{'s' * (more > 1)}" if more else "")


def bounded(findings: list[Finding]) -> list[Finding]:
    """At most 20 findings from several pieces of one text, and one that counts the rest."""
    return [*findings[:KINDS_AT_MOST], *_rest(len(findings) - KINDS_AT_MOST)]


def _rest(number: int) -> list[Finding]:
    if number <= 0:
        return []
    return [Finding("removed_element", f"{number} more elements and attributes were removed.")]


def misplaced(before: str, after: str) -> list[Finding]:
    """Findings for elements that an HTML parser drops because of their place. Example: a cell without a table."""
    kept = _count(after)
    lost = {name: number - kept.get(name, 0) for name, number in _count(before).items()}
    return [
        Finding(
            "removed_element",
            f"<{name}> was removed{_times(number)} because HTML does not allow it where it was written.",
        )
        for name, number in lost.items()
        if number > 0
    ]


def _times(number: int) -> str:
    return f" {number} times" if number > 1 else ""


def _count(html: str) -> dict[str, int]:
    counts: dict[str, int] = {}
    for name in OPENING_TAG.findall(html):
        counts[name] = counts.get(name, 0) + 1
    return counts


def _line_and_column(source: str, position: int) -> str:
    line = source.count("\n", 0, position) + 1
    column = position - source.rfind("\n", 0, position)
    return f", at line {line}, column {column}"


def _words_near(source: str, position: int) -> str:
    before = _words(source[max(0, position - NEAR_LENGTH) : position])
    if before:
        return f", after “{' '.join(before[-WORDS_NEAR:])}”"
    following = _words(source[position : position + NEAR_LENGTH])
    return f", before “{' '.join(following[:WORDS_NEAR])}”" if following else ""


def _words(piece: str) -> list[str]:
    return [printable(word[:NAME_LENGTH]) for word in unescape(TAG.sub(" ", piece)).split()]


def printable(text: str) -> str:
    """The text without invisible characters, such as control characters."""
    return "".join(each for each in text if each.isprintable())
