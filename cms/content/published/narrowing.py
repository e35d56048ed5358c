"""What the search over everything can be narrowed by: the references of the types that it finds."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cms.content.published.lookup import Naming
from cms.content.published.searching import referred_to, searchable
from cms.content.types import ByReference, Types


@dataclass(frozen=True)
class Narrowing:
    """A parameter of the search, the type of the entries that it names, and the types that declare it."""

    parameter: str
    target: str
    types: frozenset[str]


def narrowings(types: Types) -> list[Narrowing]:
    """Every parameter, in the order of the types.

    Raises ``ValueError`` where one names entries of different types in two of them.
    """
    found: dict[str, Narrowing] = {}
    for kind in (types[name] for name in searchable(types)):
        for parameter in (each.parameter for each in kind.filters if isinstance(each, ByReference) and each.everywhere):
            known = found.get(parameter)
            if known and known.target != kind.targets[parameter]:
                raise ValueError(f"The types do not agree on whose entries {parameter} names in the search.")
            declaring = (known.types if known else frozenset()) | {kind.name}
            found[parameter] = Narrowing(parameter, kind.targets[parameter], declaring)
    return list(found.values())


@dataclass(frozen=True)
class Narrowed:
    """Where to search: the types, none meaning all, and the entries of which some must be referred to."""

    types: Sequence[str]
    references: Mapping[Naming, Sequence[str]]


def narrowed(types: Types, given: Mapping[str, Any], asked: Sequence[str]) -> Narrowed | None:
    """The search among the asked types, narrowed by the parameters that are given; ``None`` where none is left.

    The index knows which entries a document refers to, not by which field. So where another type refers to entries of
    the same type under another parameter, or under none, only the types that declare the parameter are searched.
    """
    wanted, references = list(asked), {}
    for each in narrowings(types):
        if given.get(each.parameter):
            references[referred_to(each.parameter, each.target)] = given[each.parameter]
            if not _referring(types, each.target) <= each.types:
                wanted = [name for name in wanted or searchable(types) if name in each.types]
                if not wanted:
                    return None
    return Narrowed(wanted, references)


def _referring(types: Types, target: str) -> set[str]:
    """The types that the search finds and that refer to entries of this type."""
    return {name for name in searchable(types) if target in {each.target for each in types[name].references}}
