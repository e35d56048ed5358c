"""The tests of ``make quick``: those that find nearly every mistake in two minutes.

Left out are the marks ``exhaustive``, ``process`` and ``slow``. Of a test that uses a database there are a few cases
at most, and each runs on one database: which, its name decides, so that it is always the same. The others run in
``make test``.
"""

import zlib
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

import pytest

LEFT_OUT = ("exhaustive", "process", "slow")
DATABASES = frozenset({"sqlite", "postgresql"})
# What a test takes, itself or through another fixture, that uses a database.
SOURCES = frozenset({"fresh_database", "shared_database_url", "sqlite_url", "sqlite_template", "postgresql"})
CASES_AT_MOST = 2


def selection(items: Sequence[pytest.Item]) -> list[pytest.Item]:
    """The quick ones of the tests, in the same order."""
    functions: dict[str, dict[str, list[pytest.Item]]] = defaultdict(lambda: defaultdict(list))
    for item in items:
        if not any(item.get_closest_marker(each) for each in LEFT_OUT):
            functions[item.nodeid.partition("[")[0]][_case(item)].append(item)
    kept = {item for cases in functions.values() for item in _few(cases)}
    return [item for item in items if item in kept]


def _case(item: pytest.Item) -> str:
    """The name of a test without the database that it runs on."""
    callspec: Any = getattr(item, "callspec", None)
    parts = callspec.id.split("-") if callspec else []
    return item.nodeid.partition("[")[0] + "-".join(each for each in parts if each not in DATABASES)


def _few(cases: dict[str, list[pytest.Item]]) -> Iterable[pytest.Item]:
    """Of one function: some cases, each on one database, unless the function is about what databases do."""
    names = sorted(cases, key=_number)
    (first, *_) = cases[names[0]]
    names_taken = set(getattr(first, "fixturenames", ()))
    for name in names[:CASES_AT_MOST] if SOURCES & names_taken else names:
        same = cases[name]
        if first.get_closest_marker("both_databases"):
            yield from same
        else:
            # Tests that share a site share its database, so that the site is made once.
            chooser = name.partition("::")[0] if "shared_database_url" in names_taken else name
            yield same[_number(chooser) % len(same)]


def _number(name: str) -> int:
    """A number that looks like chance and is the same in every process."""
    return zlib.crc32(name.encode())
