"""Diffs: exact, short where little changed, and bounded in time."""

import time
from itertools import pairwise
from typing import Any

import jsonpatch
import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cms.content.editing.diffs import LIST_AT_MOST, json_patch, word_diff

LEAVES = st.none() | st.booleans() | st.integers(-2, 2) | st.sampled_from([1.0, 0.5]) | st.text("ab/~é", max_size=3)
JSON = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text("ab/~0", max_size=2), inner, max_size=4),
    max_leaves=15,
)
TEXTS = st.lists(
    st.sampled_from(["one", "two", "three", " ", "  ", "\n", ",", "—", "本", "語", "e\u0301"]), max_size=25
)


def canonical(value: Any) -> bytes:
    """Bytes that tell 1, 1.0 and true apart."""
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)


@settings(max_examples=150)
@given(JSON, JSON)
def test_a_patch_applied_to_what_was_gives_exactly_what_is(before: Any, after: Any) -> None:
    patch = json_patch(before, after)

    assert canonical(jsonpatch.apply_patch(before, patch)) == canonical(after)
    assert (patch == []) == (canonical(before) == canonical(after))


@pytest.mark.parametrize(
    ("before", "after", "patch"),
    [
        ({"a": 1, "b": {"c": 2}}, {"a": 1, "b": {"c": 3}}, [{"op": "replace", "path": "/b/c", "value": 3}]),
        ({"a": None}, {"a": "x"}, [{"op": "replace", "path": "/a", "value": "x"}]),
        ({"a/b~": True}, {"a/b~": 1}, [{"op": "replace", "path": "/a~1b~0", "value": 1}]),
        ({"a": ["x", "z"]}, {"a": ["x", "y", "z"]}, [{"op": "add", "path": "/a/1", "value": "y"}]),
        ({"a": ["x", "y", "z"]}, {"a": ["x", "z"]}, [{"op": "remove", "path": "/a/1"}]),
        (
            {"a": [{"k": 1, "t": "x"}, {"k": 2}]},
            {"a": [{"k": 1, "t": "y"}, {"k": 2}]},
            [{"op": "replace", "path": "/a/0/t", "value": "y"}],
        ),
        ({"a": ["x", "y", "z"]}, {"a": ["z", "x", "y"]}, [{"op": "move", "from": "/a/2", "path": "/a/0"}]),
    ],
    ids=["nested", "null", "escaped", "inserted", "removed", "inside-a-list", "moved"],
)
def test_a_patch_says_no_more_than_changed(before: Any, after: Any, patch: Any) -> None:
    assert json_patch(before, after) == patch


def test_a_very_long_list_is_replaced_as_a_whole() -> None:
    before = {"x": 1, "a": {"b/c": list(range(LIST_AT_MOST * 10))}}
    after = {"x": 2, "a": {"b/c": list(range(7, LIST_AT_MOST * 10))}}

    assert json_patch(before, after) == [
        {"op": "replace", "path": "/a/b~1c", "value": after["a"]["b/c"]},  # type: ignore[index]
        {"op": "replace", "path": "/x", "value": 2},
    ]


@settings(max_examples=150)
@given(TEXTS.map("".join), TEXTS.map("".join))
def test_a_word_diff_holds_both_texts_whole(before: str, after: str) -> None:
    runs = word_diff(before, after)

    assert "".join(run["text"] for run in runs if run["op"] != "insert") == before
    assert "".join(run["text"] for run in runs if run["op"] != "delete") == after
    assert all(run["text"] for run in runs)
    assert all(one["op"] != other["op"] for one, other in pairwise(runs))


@pytest.mark.parametrize(
    ("before", "after", "runs"),
    [
        ("", "", []),
        ("", "new", [("insert", "new")]),
        ("A quiet morning.", "A quiet morning.", [("equal", "A quiet morning.")]),
        (
            "A quiet morning.",
            "A loud morning.",
            [("equal", "A "), ("delete", "quiet"), ("insert", "loud"), ("equal", " morning.")],
        ),
        (
            "Paste and paper first.",
            "Glue then paper first.",
            [("delete", "Paste and"), ("insert", "Glue then"), ("equal", " paper first.")],
        ),
        ("one two", "one, two", [("equal", "one"), ("insert", ","), ("equal", " two")]),
        ("製本の朝", "製本の夜", [("equal", "製本の"), ("delete", "朝"), ("insert", "夜")]),
        ("cafe\u0301", "cafe", [("delete", "cafe\u0301"), ("insert", "cafe")]),
    ],
    ids=["nothing", "new", "same", "one-word", "phrase", "punctuation", "no-spaces", "combining"],
)
def test_a_word_diff_reads_as_an_editor_would_tell_it(before: str, after: str, runs: list[tuple[str, str]]) -> None:
    assert [(run["op"], run["text"]) for run in word_diff(before, after)] == runs


def test_a_word_in_a_very_long_text_is_found_as_in_a_short_one() -> None:
    words = [f"word{number}" for number in range(60_000)]
    changed = [*words[:300], "other", *words[301:]]

    runs = word_diff(" ".join(words), " ".join(changed))

    assert [run["text"] for run in runs if run["op"] != "equal"] == ["word300", "other"]


@pytest.mark.parametrize("joint", [" ", "\n"], ids=["words", "lines"])
def test_long_texts_with_nothing_in_common_take_no_long_time(joint: str) -> None:
    before, after = (joint.join(f"{letter}{number}" for number in range(60_000)) for letter in "ab")
    started = time.process_time()

    runs = word_diff(before, after)

    assert time.process_time() - started < 2
    assert "".join(run["text"] for run in runs if run["op"] != "insert") == before
    assert "".join(run["text"] for run in runs if run["op"] != "delete") == after
