"""Chooses the entry in the best locale, where entries in several locales have the same name.

A chain lists locales, best first. Rows whose ``locale`` is not in the chain come last. Example: for the chain
``de-AT``, ``de``, ``en`` a row in ``de`` is better than one in ``en``.
"""

from collections.abc import Iterable, Sequence
from typing import Any


def best_of(rows: Iterable[Any], chain: Sequence[str]) -> Any:
    """The row in the best locale. ``None`` if there are no rows."""
    return next(iter(_best_first(rows, chain)), None)


def best_by_name(rows: Iterable[Any], chain: Sequence[str]) -> dict[str, Any]:
    """The row in the best locale for each ``name`` of the rows. The best locales come first."""
    chosen: dict[str, Any] = {}
    for row in _best_first(rows, chain):
        chosen.setdefault(row.name, row)
    return chosen


def _best_first(rows: Iterable[Any], chain: Sequence[str]) -> list[Any]:
    return sorted(rows, key=lambda row: chain.index(row.locale) if row.locale in chain else len(chain))
