"""Differences between two saved states: fields as a JSON Patch (RFC 6902), texts word by word."""

import re
from collections.abc import Iterator, Sequence
from typing import Any, Literal, TypedDict

import jsonpatch
from rapidfuzz.distance import Indel

from cms.writing_systems import HAN, KANA

LIST_AT_MOST = 2000
"""Longer lists that differ are replaced as a whole, since comparing their items takes quadratic time."""
PAIRS_AT_MOST = 10**8
"""The most pairs of words that are compared, which takes about 0.1 s; longer texts are compared by lines."""

_PUNCTUATION = r"!-/:-@\[-`{-~\u00a1-\u00bf\u2010-\u2027\u2030-\u205e\u3001-\u3004\u3008-\u303f\uff01-\uff0f"
# A word, a run of space, a punctuation mark, or one character of a script without spaces. Joined, the matches are the
# whole text.
WORD = re.compile(rf"[{HAN}{KANA}]|[^\s{HAN}{KANA}{_PUNCTUATION}]+|\s+|.", re.DOTALL)


class Run(TypedDict):
    """A piece of text that both states have, or that was inserted or deleted."""

    op: Literal["equal", "insert", "delete"]
    text: str


def json_patch(before: Any, after: Any) -> list[dict[str, Any]]:
    """The JSON Patch (RFC 6902) that turns ``before`` into ``after``, two JSON values; ``1`` and ``true`` differ."""
    operations: list[dict[str, Any]] = []
    prepared = _with_long_lists_replaced(before, after, "", operations)
    return operations + list(jsonpatch.make_patch(prepared, after).patch)


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
    """The name as a token of a JSON Pointer (RFC 6901, section 3)."""
    return name.replace("~", "~0").replace("/", "~1")


def word_diff(before: str, after: str) -> list[Run]:
    """The differences between two texts as runs of words.

    The ``equal`` and ``delete`` runs joined are ``before``; the ``equal`` and ``insert`` runs joined are ``after``.
    Very long texts that have little in common are compared by lines, to limit the time.
    Example: ``a red door`` and ``a blue door`` give equal ``a ``, delete ``red``, insert ``blue``, equal `` door``.
    """
    runs: list[Run] = []
    for deleted, inserted, equal in _joined(_changes(WORD.findall(before), WORD.findall(after))):
        for op, text in (("delete", deleted), ("insert", inserted), ("equal", equal)):
            if text:
                runs.append({"op": op, "text": text})  # type: ignore[typeddict-item]
    return runs


Stretch = tuple[str, str, str]
"""The text that is deleted, the text inserted in its place, and the text after it that both states have."""


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
    """The changes, joined where only space lies between two, so that a rewritten phrase is one change."""
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
