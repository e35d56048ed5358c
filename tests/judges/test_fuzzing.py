"""Schemathesis with every check on: whatever is sent, the service answers what its document says, and never 5xx."""

import re
from pathlib import Path

import pytest

from tests.judges.fuzzing import ANYONE, CALLERS, Effort, fuzz_as

pytestmark = pytest.mark.slow

# The edges of every value: as anyone where a key changes nothing, as an administrator where one is needed.
PUBLIC = Effort(phases=("examples", "coverage"), without="^/api/v1/(manage|preview)/")
PRIVATE = Effort(phases=("examples", "coverage"), without="^(?!/api/v1/(manage|preview)/)")
# What a role changes shows in who may do what, which no database changes.
EVERY_OPERATION = Effort(phases=("fuzzing",), examples=2)
# From what was made along the document's links: read it, change it, publish it, delete it, and ask for it again.
EVERY_LINK = Effort(phases=("stateful",), examples=30)


@pytest.mark.parametrize(("caller", "effort"), [(ANYONE, PUBLIC), ("admin", PRIVATE)], ids=[ANYONE, "admin"])
def test_every_value_is_answered_as_documented(caller: str, effort: Effort, database_url: str, tmp_path: Path) -> None:
    done = fuzz_as(caller, database_url, effort, tmp_path)
    assert done.returncode == 0, done.stdout[-20_000:] + done.stderr[-2000:]
    assert "No issues found" in done.stdout


@pytest.mark.parametrize("caller", CALLERS)
def test_everyone_is_answered_as_documented(caller: str, sqlite_url: str, tmp_path: Path) -> None:
    done = fuzz_as(caller, sqlite_url, EVERY_OPERATION, tmp_path)
    assert done.returncode == 0, done.stdout[-20_000:] + done.stderr[-2000:]
    assert "No issues found" in done.stdout


def test_every_way_through_the_links_is_as_documented(database_url: str, tmp_path: Path) -> None:
    done = fuzz_as("admin", database_url, EVERY_LINK, tmp_path)
    assert done.returncode == 0, done.stdout[-20_000:] + done.stderr[-2000:]
    covered = re.search(r"API Links: +(\d+) covered", done.stdout)
    assert covered, done.stdout
    assert int(covered[1]) > 0
