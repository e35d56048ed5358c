"""Which entry a name stands for, where entries in several locales have it: the best one along a chain of locales.

A chain lists locales, best first. A row has a ``locale``; those of no locale in the chain come last.
"""

from collections.abc import Iterable, Sequence
from typing import Any


def best_of(rows: Iterable[Any], chain: Sequence[str]) -> Any:
    """Return the row in the best locale; ``None`` for no rows."""
    return next(iter(_best_first(rows, chain)), None)


def best_by_name(rows: Iterable[Any], chain: Sequence[str]) -> dict[str, Any]:
    """Return the row in the best locale for each ``name`` of the rows; the best locales come first."""
    chosen: dict[str, Any] = {}
    for row in _best_first(rows, chain):
        chosen.setdefault(row.name, row)
    return chosen


def _best_first(rows: Iterable[Any], chain: Sequence[str]) -> list[Any]:
    return sorted(rows, key=lambda row: chain.index(row.locale) if row.locale in chain else len(chain))
