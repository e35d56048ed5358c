"""The filters of the search over all types: the references of the types that it finds."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cms.content.published.lookup import Naming
from cms.content.published.searching import referred_to, searchable
from cms.content.types import ByReference, Types


@dataclass(frozen=True)
class Narrowing:
    """A filter of the search: its parameter, the type of the entries that it names, and the types that declare it."""

    parameter: str
    target: str
    types: frozenset[str]


def narrowings(types: Types) -> list[Narrowing]:
    """All filters of the search, in the order of the types.

    Raises ``ValueError`` if two types use one parameter for entries of different types.
    """
    found: dict[str, Narrowing] = {}
    for kind in (types[name] for name in searchable(types)):
        for parameter in (each.parameter for each in kind.filters if isinstance(each, ByReference) and each.everywhere):
            known = found.get(parameter)
            if known and known.target != kind.targets[parameter]:
                raise ValueError(f"The search filter {parameter} must name entries of one type only.")
            declaring = (known.types if known else frozenset()) | {kind.name}
            found[parameter] = Narrowing(parameter, kind.targets[parameter], declaring)
    return list(found.values())


@dataclass(frozen=True)
class Narrowed:
    """The scope of a search: its types (none for all), and the names of entries that each filter refers to."""

    types: Sequence[str]
    references: Mapping[Naming, Sequence[str]]


def narrowed(types: Types, given: Mapping[str, Any], asked: Sequence[str]) -> Narrowed | None:
    """The search in the types ``asked``, narrowed by the given parameters. ``None`` if no type is left.

    The index stores which entries a document refers to, but not by which field. So if another type refers to entries of
    the same type by another parameter, or by none, only the types that declare the parameter are searched. Example: if
    ``author`` is declared by articles alone, and FAQ entries refer to authors too, ``author=x`` searches articles only.
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
    """The names of the searched types that refer to entries of the type ``target``."""
    return {name for name in searchable(types) if target in {each.target for each in types[name].references}}
