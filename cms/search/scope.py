"""What a search can be narrowed to, as tokens of the index: so a filter never meets the cap on matches."""

from collections.abc import Iterable
from dataclasses import dataclass


def scope_token(name: str) -> str:
    """The token of a type's name or of an entry that is referred to; no word begins with this sign."""
    return f"={name}"


@dataclass(frozen=True)
class Scope:
    """The types to look in, all when empty, and groups of entries of which one each must be referred to."""

    types: tuple[str, ...] = ()
    references: tuple[tuple[str, ...], ...] = ()
    numbers: tuple[int, ...] = ()
    """How many documents refer to those of each group, where that is known."""

    @property
    def tokens(self) -> tuple[tuple[str, ...], ...]:
        """Groups of tokens: one of each group must be there."""
        groups: Iterable[tuple[str, ...]] = (self.types, *self.references)
        return tuple(tuple(map(scope_token, group)) for group in groups if group)


EVERYTHING = Scope()
