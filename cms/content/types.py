"""What a content type declares of itself, so that the engine can serve any."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property
from typing import Any, Literal, get_args, get_origin, get_type_hints

from cms.db import Base
from cms.seo.head import PageType
from cms.seo.nodes import Page, Publisher
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
    everywhere: bool = False
    """Whether the search over all types can be narrowed by it too, and not only the type's own list."""


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
    site_field: str
    """The field in which the delivered site has those that are its own."""


@dataclass(frozen=True)
class Searched:
    """Which written fields are searched: as the title, as the summary; the text of every rich text is the body."""

    title: str
    summary: tuple[str, ...] = ()
    everywhere: bool = True
    """Whether the search over all types finds it too, and not only the type's own list."""


Filter = ByReference | ByReferrer | ByTime | ByFacet | ByOwner


@dataclass(frozen=True)
class Meanings:
    """The names of the fields that mean what readers elsewhere know of any page: feeds, search engines, models."""

    summary: str | None = None
    """The written text that says in few words what an entry is about; else the beginning of its text does."""
    body: str | None = None
    image: str | None = None
    people: str | None = None
    """The reference, delivered as cards, to those who made it."""
    topics: str | None = None
    """The reference, delivered as cards, to what it is about, the one that matters most first."""


@dataclass(frozen=True)
class FeedFilter:
    """A parameter that narrows a feed: that of a ``ByReference`` of the type; the feed is then about that entry."""

    parameter: str
    meaning: str
    """What the narrowed feed has, for the OpenAPI document, such as ``only articles about this``."""
    example: str


@dataclass(frozen=True)
class EntryFeed:
    """The feed of a type's newest entries, at ``/feeds/{plural}``: ``Meanings`` says what its items are made of.

    The cards of the people and the topics have what their labels are made of.
    """

    filters: tuple[FeedFilter, ...] = ()
    formats: tuple[str, ...] = ("rss", "atom", "json")


@dataclass(frozen=True)
class LinkList:
    """How ``llms.txt`` lists a type's entries that have a page: in which order, with which field as a note."""

    sort: str
    note: str
    by_topic: bool = False
    """Whether each stands under its first topic, and only those without one under the type's own heading."""


@dataclass(frozen=True)
class Described:
    """A live entry as the head and the graph of its page tell of it, and as those of other pages do."""

    kind: "ContentType"
    id: str
    url: str | None
    values: Content
    """Its fields by name: as delivered where the page is its own, else as written."""
    bodies: Mapping[str, Any]
    """Its rich texts in every format, where they were read."""
    related: Callable[[str], Sequence["Described"]]
    """The live entries that one of its fields names or is named by."""

    @property
    def label(self) -> str:
        return self.kind.label(self.values)

    @property
    def node(self) -> Any:
        """What its type's ``LinkedData`` makes of it."""
        assert self.kind.linked_data is not None, "a type that graphs tell of says what its entries are"
        return self.kind.linked_data.node(self)

    @property
    def same_as(self) -> str | None:
        return self.kind.same_as(self.values)


@dataclass(frozen=True)
class LinkedData:
    """What an entry is to machines, as schema.org says it.

    ``node`` turns an entry into facts, which the graphs of other types can have too; ``graph`` makes the graph of the
    entry's own page of them.
    """

    type: str
    """The schema.org type, such as ``Article`` or ``Person``."""
    node: Callable[[Described], Any]
    graph: Callable[[Page, Any, Publisher], dict[str, Any]]
    relations: tuple[str, ...] = ()
    """The relations that it tells of, as in ``include``."""
    tells_bodies: bool = False
    """Whether it tells of the entry's own rich text."""


def _unchanged(content: Content) -> Content:
    return content


def _nothing(data: Content, outline: Content, site: Site) -> Content:
    return {}


def _no_address(content: Content) -> None:
    return None


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
    meanings: Meanings = Meanings()
    head: PageType | None = None
    """The Open Graph type of an entry's page, for a type that has ``seo``: the head that search engines are told."""
    linked_data: LinkedData | None = None
    """What ``jsonld`` has, for a type that has it."""
    feed: EntryFeed | None = None
    llms: LinkList | None = None
    same_as: Callable[[Content], str | None] = _no_address
    """The address of whom an entry belongs to, where the entry is such an address (schema.org's ``sameAs``)."""
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

    def __post_init__(self) -> None:
        unknown = {each.parameter for each in self.feed.filters} - self.targets.keys() if self.feed else set()
        if unknown:
            raise ValueError(f"The feed of {self.plural} is narrowed by no filter of theirs: {', '.join(unknown)}.")
        cards = {each.field for each in self.references if each.default == "short"}
        if not cards.issuperset(each for each in (self.meanings.people, self.meanings.topics) if each):
            raise ValueError(f"The people and the topics of {self.plural} must be references that come as cards.")

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

    @cached_property
    def by_date(self) -> "ContentType":
        """The type with a list by ``published_at``, which every publication has, whatever its own list offers."""
        sorts: dict[str, SortColumn] = {"-published_at": "published_at", "published_at": "published_at"}
        date = ByTime("published_at", "published_at")
        return replace(self, sorts=sorts, filters=self.filters if date in self.filters else (*self.filters, date))

    @property
    def site_filter(self) -> ByOwner | None:
        """The filter that tells the site's own entries from those of others, of a type that has it."""
        return next((each for each in self.filters if isinstance(each, ByOwner)), None)

    @property
    def relations(self) -> tuple[Reference | Backlink, ...]:
        """Every field that delivers other entries."""
        return (*self.references, *self.backlinks)

    def label_of(self, data: Content) -> str:
        """The label of an entry by its written fields, of which an old revision may lack some."""
        return self.label(self.blank | data)

    @cached_property
    def targets(self) -> Mapping[str, str]:
        """The types whose entries are named by the filters over references, by their parameter."""
        types = {each.field: each.target for each in self.references}
        return {each.parameter: types[each.field] for each in self.filters if isinstance(each, ByReference)}


Types = Mapping[str, ContentType]
"""Every content type of the service by its name."""


def with_slugs(types: Types) -> list[str]:
    """The names of the types whose entries have pages of their own."""
    return [name for name, kind in types.items() if kind.has_slug]
