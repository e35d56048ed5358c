"""The filters of a search, as tokens of the index: matches are filtered before their number is capped."""

from collections.abc import Iterable
from dataclasses import dataclass


def scope_token(name: str) -> str:
    """The token of a type's name or of the id of a referenced entry. No word begins with "=". Example: ``=article``."""
    return f"={name}"


@dataclass(frozen=True)
class Scope:
    """The types to search, or all if empty, and groups of entries: a document must refer to one entry of each group."""

    types: tuple[str, ...] = ()
    references: tuple[tuple[str, ...], ...] = ()
    numbers: tuple[int, ...] = ()
    """The number of documents that refer to each group, as far as it is known."""

    @property
    def tokens(self) -> tuple[tuple[str, ...], ...]:
        """Groups of tokens: a document must have one token of each group."""
        groups: Iterable[tuple[str, ...]] = (self.types, *self.references)
        return tuple(tuple(map(scope_token, group)) for group in groups if group)


EVERYTHING = Scope()
