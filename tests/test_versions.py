"""The run with other library versions takes a sample of every file, and names the library that breaks a test."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests import versions

LOCKED = dict.fromkeys("abcdefg", "1")
LOWEST = dict.fromkeys("abcdefg", "0")
# The libraries that each test cannot do with at their lowest versions.
BROKEN = {"one": "b", "two": "g", "three": "ab", "four": "ef", "five": "cg"}


def test_the_library_that_breaks_a_test_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    installed = dict(LOWEST)
    tried = []

    def failures(_: Path, tests: list[str]) -> set[str]:
        tried.append(tests)
        return {each for each in tests if any(installed[library] == "0" for library in BROKEN[each])}

    def install(_: Path, packages: list[str], wanted: versions.Versions) -> None:
        installed.update({each: wanted[each] for each in packages})

    monkeypatch.setattr(versions, "_failures", failures)
    monkeypatch.setattr(versions, "_install", install)
    found = versions._culprits(Path("python"), set(BROKEN), list(LOWEST), LOWEST, LOCKED)
    assert found == {"one": "b 0", "two": "g 0"}
    assert installed == LOWEST
    assert len(tried) < 2 * len(LOWEST)


def test_a_sample_has_the_first_test_of_each_file_and_some_of_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    items: list[Any] = [
        SimpleNamespace(path=Path(file), nodeid=f"{file}::test_{number}") for file in "abc" for number in range(100)
    ]
    left_out: list[Any] = []
    config: Any = SimpleNamespace(hook=SimpleNamespace(pytest_deselected=lambda items: left_out.extend(items)))
    whole = list(items)
    versions.pytest_collection_modifyitems(config, items)
    assert items == whole
    monkeypatch.setenv(versions.SAMPLED, "1")
    versions.pytest_collection_modifyitems(config, items)
    assert {"a::test_0", "b::test_0", "c::test_0"} < {each.nodeid for each in items}
    assert 40 < len(items) < 80
    assert [each for each in whole if each not in left_out] == items
