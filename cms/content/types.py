"""What a content type declares of itself, so that the engine can serve any."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any, Literal, get_args, get_origin, get_type_hints

from cms.db import Base
from cms.site import Site

Content = dict[str, Any]
"""What an editor wrote: one JSON value for each written field, references as entry ids, times as the wire's text."""

Shape = Literal["id", "short", "full"]
"""How an entry is embedded in another: its id, the few fields of its card, or all that a list shows."""

SortColumn = Literal["published_at", "updated_at", "sort_text", "sort_number", "sort_time", "count"]


@dataclass(frozen=True)
class Reference:
    """A field that names other entries, and how they are delivered when not asked for by ``include``."""

    field: str
    target: str
    many: bool = True
    default: Shape | None = "id"


@dataclass(frozen=True)
class Backlink:
    """Entries that refer to this one through their field ``by``, delivered as a field of this one."""

    field: str
    source: str
    by: str
    order: SortColumn
    descending: bool = False
    limit: int | None = None
    default: Shape | None = "id"


@dataclass(frozen=True)
class Count:
    """How many live entries refer to this one through their field ``by``, delivered as a number."""

    field: str
    source: str
    by: str


@dataclass(frozen=True)
class ByReference:
    """A filter by the id or slug of an entry that is referred to; repeating it means "or"."""

    parameter: str
    field: str


@dataclass(frozen=True)
class ByReferrer:
    """A filter by the id or slug of an entry that refers to the listed ones."""

    parameter: str
    source: str
    field: str


@dataclass(frozen=True)
class ByTime:
    """Filters over a time of the publication: ``parameter__gt`` and the other operators of ``lists``."""

    parameter: str
    column: SortColumn


@dataclass(frozen=True)
class ByFacet:
    """A filter by the type's facet; ``flag`` makes it a boolean that is true where the facet has this value."""

    parameter: str
    flag: str | None = None


@dataclass(frozen=True)
class ByOwner:
    """A filter by whether a reference is set (the target's type) or not (``site``)."""

    parameter: str
    field: str


@dataclass(frozen=True)
class Searched:
    """Which written fields are searched: as the title, as the summary; the text of every rich text is the body."""

    title: str
    summary: tuple[str, ...] = ()
    everywhere: bool = True
    """Whether the search over all types finds it too, and not only the type's own list."""


Filter = ByReference | ByReferrer | ByTime | ByFacet | ByOwner


def _unchanged(content: Content) -> Content:
    return content


def _nothing(data: Content, outline: Content, site: Site) -> Content:
    return {}


def _no(content: Content) -> bool:
    return False


def _no_facet(content: Content) -> str:
    return ""


@dataclass(frozen=True, eq=False)
class ContentType:
    """A kind of entry. ``name`` is stored and delivered, ``plural`` is its path."""

    name: str
    plural: str
    model: type[Base]
    """The table of drafts, with a column for each field that an editor writes."""
    label: Callable[[Content], str]
    """The text a slug is made from and that people know an entry by."""
    sorts: Mapping[str, SortColumn]
    """The delivered sorts, the default first; a leading ``-`` means descending."""
    bodies: tuple[str, ...] = ()
    """The fields that hold rich text."""
    left_out_of_lists: tuple[str, ...] = ()
    references: tuple[Reference, ...] = ()
    backlinks: tuple[Backlink, ...] = ()
    counts: tuple[Count, ...] = ()
    filters: tuple[Filter, ...] = ()
    includes: tuple[str, ...] = ()
    """What ``include`` may name; two levels are joined by a dot."""
    sort_text: Callable[[Content], str] | None = None
    """What the column ``sort_text`` holds; the label by default."""
    sort_number: str | None = None
    """The written field that the column ``sort_number`` holds."""
    sort_time: str | None = None
    facet: Callable[[Content], str] = _no_facet
    searched: Searched | None = None
    graph: Literal["article", "person", "question"] | None = None
    """What an entry is to search engines; the fields of these meanings are named in ``heads``."""
    same_as: Callable[[Content], bool] = _no
    """Whether an entry's ``url`` is an address of whom it belongs to."""
    has_slug: bool = True
    has_locales: bool = True
    """Whether a list shows one language only; a social link speaks them all."""
    prepare: Callable[[Content], Content] = _unchanged
    """Makes written content canonical or raises ``Invalid``."""
    supersedes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Fields that a patch of another one clears, unless it names them too: what the new value stands in for."""
    presented_references: tuple[str, ...] = ()
    """The references of which ``present`` is told, as ``live_<field>``: a live entry's id, or ``None``."""
    present: Callable[[Content, Content, Site], Content] = _nothing
    """Fields of the delivered entry that are computed from its data, its outline and the site."""

    @property
    def columns(self) -> tuple[str, ...]:
        """The written fields that are columns of the draft table."""
        table = self.model.__table__
        return tuple(column.name for column in table.columns if column.name != "entry_id")

    @cached_property
    def blank(self) -> Content:
        """What each field holds where nothing was written, as in a revision from before the type had it."""
        hints, table = get_type_hints(self.model), self.model.__table__
        written = {name: get_args(hints[name])[0] for name in self.columns}
        blank = {
            name: None if table.c[name].nullable else (get_origin(python) or python)()
            for name, python in written.items()
            if table.c[name].nullable or python is not datetime  # No time stands for none.
        }
        return blank | {each.field: [] if each.many else None for each in self.references}

    @property
    def relations(self) -> tuple[Reference | Backlink, ...]:
        """Every field that delivers other entries."""
        return (*self.references, *self.backlinks)

    def reference(self, name: str) -> Reference | None:
        return next((each for each in self.references if each.field == name), None)


Types = Mapping[str, ContentType]
"""Every content type of the service by its name."""


def with_slugs(types: Types) -> list[str]:
    """The names of the types whose entries have pages of their own."""
    return [name for name, kind in types.items() if kind.has_slug]
