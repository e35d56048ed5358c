"""What differs between two saved states: the fields as a JSON Patch (RFC 6902), the texts word by word."""

import re
from collections.abc import Iterator, Sequence
from typing import Any, Literal, TypedDict

import jsonpatch
from rapidfuzz.distance import Indel

LIST_AT_MOST = 2000
"""Longer lists that differ are replaced as a whole; matching them up takes time that grows with the square."""
PAIRS_AT_MOST = 10**8
"""How many pairs of words are compared at most, about a tenth of a second's work; beyond that it is whole lines."""

_CJK = (
    "\u3041-\u30ff\u31f0-\u31ff\u3005-\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uff66-\uff9f\U00020000-\U0003ffff"
)
_MARKS = r"!-/:-@\[-`{-~\u00a1-\u00bf\u2010-\u2027\u2030-\u205e\u3001-\u3004\u3008-\u303f\uff01-\uff0f"
# A word, one character of a script without spaces, one punctuation mark, or a run of space: together the whole text.
WORD = re.compile(rf"[{_CJK}]|[^\s{_CJK}{_MARKS}]+|\s+|.", re.DOTALL)


class Run(TypedDict):
    """A stretch of text that both states have, or that only the later or only the earlier one has."""

    op: Literal["equal", "insert", "delete"]
    text: str


def json_patch(before: Any, after: Any) -> list[dict[str, Any]]:
    """The operations (RFC 6902) that make ``after`` of ``before``, both JSON values; ``1`` and ``true`` differ."""
    operations: list[dict[str, Any]] = []
    nearer = _with_long_lists_replaced(before, after, "", operations)
    return operations + list(jsonpatch.make_patch(nearer, after).patch)


def _with_long_lists_replaced(before: Any, after: Any, path: str, operations: list[dict[str, Any]]) -> Any:
    if isinstance(before, dict) and isinstance(after, dict):
        return {
            name: _with_long_lists_replaced(value, after[name], f"{path}/{_escaped(name)}", operations)
            if name in after
            else value
            for name, value in before.items()
        }
    both_are_lists = isinstance(before, list) and isinstance(after, list)
    if both_are_lists and min(len(before), len(after)) > LIST_AT_MOST and before != after:
        operations.append({"op": "replace", "path": path, "value": after})
        return after
    return before


def _escaped(name: str) -> str:
    """A member's name in a JSON Pointer (RFC 6901, 3)."""
    return name.replace("~", "~0").replace("/", "~1")


def word_diff(before: str, after: str) -> list[Run]:
    """The texts as runs of words: ``equal`` and ``delete`` joined are ``before``, ``equal`` and ``insert`` ``after``.

    Very long texts that have little in common are compared by lines, so that the time is bounded.
    """
    runs: list[Run] = []
    for deleted, inserted, equal in _joined(_changes(WORD.findall(before), WORD.findall(after))):
        for op, text in (("delete", deleted), ("insert", inserted), ("equal", equal)):
            if text:
                runs.append({"op": op, "text": text})  # type: ignore[typeddict-item]
    return runs


Stretch = tuple[str, str, str]
"""What is deleted, what is inserted in its place, and what follows in both."""


def _changes(before: Sequence[str], after: Sequence[str]) -> Iterator[Stretch]:
    start, end = _common_ends(before, after)
    yield "", "", "".join(before[:start])
    old, new = before[start : len(before) - end], after[start : len(after) - end]
    if len(old) * len(new) > PAIRS_AT_MOST:
        old, new = "".join(old).splitlines(keepends=True), "".join(new).splitlines(keepends=True)
    if len(old) * len(new) > PAIRS_AT_MOST:
        yield "".join(old), "".join(new), ""
    else:
        yield from _matched(old, new)
    yield "", "", "".join(before[len(before) - end :])


def _common_ends(before: Sequence[str], after: Sequence[str]) -> tuple[int, int]:
    shorter = min(len(before), len(after))
    start = next((each for each in range(shorter) if before[each] != after[each]), shorter)
    rest = shorter - start
    end = next((each for each in range(rest) if before[-1 - each] != after[-1 - each]), rest)
    return start, end


def _matched(before: Sequence[str], after: Sequence[str]) -> Iterator[Stretch]:
    numbers: dict[str, int] = {}
    old, new = ([numbers.setdefault(word, len(numbers)) for word in words] for words in (before, after))
    for each in Indel.opcodes(old, new):
        deleted = "".join(before[each.src_start : each.src_end])
        if each.tag == "equal":
            yield "", "", deleted
        else:
            yield deleted, "".join(after[each.dest_start : each.dest_end]), ""


def _joined(changes: Iterator[Stretch]) -> Iterator[Stretch]:
    """The changes with mere space between two of them made part of both, so that a rewritten phrase reads as one."""
    deleted, inserted, equal = "", "", ""
    for more_deleted, more_inserted, more_equal in changes:
        if (more_deleted or more_inserted) and equal:
            if (deleted or inserted) and equal.isspace():
                deleted, inserted = deleted + equal, inserted + equal
            else:
                yield deleted, inserted, equal
                deleted, inserted = "", ""
            equal = ""
        deleted, inserted, equal = deleted + more_deleted, inserted + more_inserted, equal + more_equal
    yield deleted, inserted, equal
