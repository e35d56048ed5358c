"""The run with other versions names the library that breaks a test."""

from pathlib import Path

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
