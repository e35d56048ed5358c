"""The declaration of a content type, by which the engine serves any type."""

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
"""The written fields of an entry as JSON values. References are entry ids, and times are strings as in the API."""

Shape = Literal["id", "short", "full"]
"""The form of an embedded entry: its id, the few fields of its card, or all fields that a list has."""

SortColumn = Literal["published_at", "updated_at", "sort_text", "sort_number", "sort_time", "count"]


@dataclass(frozen=True)
class Reference:
    """A field that refers to other entries, and their shape if ``include`` does not name it."""

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
    """The number of live entries that refer to this one through their field ``by``."""

    field: str
    source: str
    by: str


@dataclass(frozen=True)
class ByReference:
    """A filter by the id or slug of an entry that is referred to. Repeating the parameter means "or"."""

    parameter: str
    field: str
    everywhere: bool = False
    """True if it also filters the search over all types, and not only the type's own list."""


@dataclass(frozen=True)
class ByReferrer:
    """A filter by the id or slug of an entry that refers to the listed ones."""

    parameter: str
    source: str
    field: str


@dataclass(frozen=True)
class ByTime:
    """Filters by a time of the publication: ``{parameter}__gt`` and the other operators of ``lists``."""

    parameter: str
    column: SortColumn


@dataclass(frozen=True)
class ByFacet:
    """A filter by the type's facet. With ``flag`` it is a boolean, true if the facet has this value.

    Example: ``ByFacet("featured", flag="featured")`` makes ``?featured=true`` mean ``facet = 'featured'``.
    """

    parameter: str
    flag: str | None = None


@dataclass(frozen=True)
class ByOwner:
    """A filter by owner: the target's type if a reference is set, or ``site`` if it is not."""

    parameter: str
    field: str
    site_field: str
    """The field of the delivered site with the entries that belong to the site."""


@dataclass(frozen=True)
class Searched:
    """The written fields that are searched as title and summary. The text of every rich text is the body."""

    title: str
    summary: tuple[str, ...] = ()
    everywhere: bool = True
    """True if the search over all types finds it too, and not only the type's own list."""


Filter = ByReference | ByReferrer | ByTime | ByFacet | ByOwner


@dataclass(frozen=True)
class Meanings:
    """The fields with a meaning that feeds, search engines and ``llms.txt`` know of any page."""

    summary: str | None = None
    """The written summary. Without one, the beginning of the text is used."""
    body: str | None = None
    image: str | None = None
    people: str | None = None
    """The reference, delivered as cards, to the authors."""
    topics: str | None = None
    """The reference, delivered as cards, to the topics, the main one first."""


@dataclass(frozen=True)
class FeedFilter:
    """A parameter that filters a feed by an entry. It must be that of a ``ByReference`` of the type."""

    parameter: str
    meaning: str
    """The content of the filtered feed for the OpenAPI document, such as ``only articles about this``."""
    example: str


@dataclass(frozen=True)
class EntryFeed:
    """The feed of a type's newest entries, at ``/feeds/{plural}``. Its items are made from the fields in ``Meanings``.

    The cards of the people and the topics must have the fields that their labels are made from.
    """

    filters: tuple[FeedFilter, ...] = ()
    formats: tuple[str, ...] = ("rss", "atom", "json")


@dataclass(frozen=True)
class LinkList:
    """The list of a type's entries with a page in ``llms.txt``: its order, and the field that is used as a note."""

    sort: str
    note: str
    by_topic: bool = False
    """True if entries are listed under their first topic, and those without a topic under the type's heading."""


@dataclass(frozen=True)
class Described:
    """A live entry for the head and the graph of its own page, or of a page that names it."""

    kind: "ContentType"
    id: str
    url: str | None
    values: Content
    """Its fields by name, as delivered for its own page, and as written for other pages."""
    bodies: Mapping[str, Any]
    """Its rich texts in every format, if they were read."""
    related: Callable[[str], Sequence["Described"]]
    """The live entries that one of its fields refers to, or that refer to it by a backlink."""

    @property
    def label(self) -> str:
        return self.kind.label(self.values)

    @property
    def node(self) -> Any:
        """The facts that its type's ``LinkedData`` makes from it."""
        assert self.kind.linked_data is not None, "a type in a graph must declare linked data"
        return self.kind.linked_data.node(self)

    @property
    def same_as(self) -> str | None:
        return self.kind.same_as(self.values)


@dataclass(frozen=True)
class LinkedData:
    """The JSON-LD of a type's entries, in terms of schema.org.

    ``node`` makes facts from an entry, which graphs of other types can use too. ``graph`` makes the graph of the
    entry's own page from these facts.
    """

    type: str
    """The schema.org type, such as ``Article`` or ``Person``."""
    node: Callable[[Described], Any]
    graph: Callable[[Page, Any, Publisher], dict[str, Any]]
    relations: tuple[str, ...] = ()
    """The relations that the graph contains, written as in ``include``."""
    tells_bodies: bool = False
    """True if the graph contains the entry's own rich text."""


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
    """A kind of entry. ``name`` is stored and delivered, and ``plural`` is its path."""

    name: str
    plural: str
    model: type[Base]
    """The table of drafts, with a column for each field that an editor writes."""
    label: Callable[[Content], str]
    """The text that names an entry for people, and from which its slug is made."""
    sorts: Mapping[str, SortColumn]
    """The sorts of delivered lists, the default first. A leading ``-`` means descending."""
    bodies: tuple[str, ...] = ()
    """The fields that hold rich text."""
    left_out_of_lists: tuple[str, ...] = ()
    references: tuple[Reference, ...] = ()
    backlinks: tuple[Backlink, ...] = ()
    counts: tuple[Count, ...] = ()
    filters: tuple[Filter, ...] = ()
    includes: tuple[str, ...] = ()
    """The values of ``include``. Two levels are joined by a dot, as in ``authors.social_links``."""
    sort_text: Callable[[Content], str] | None = None
    """The value of the column ``sort_text``. The default is the label."""
    sort_number: str | None = None
    """The written field that fills the column ``sort_number``."""
    sort_time: str | None = None
    facet: Callable[[Content], str] = _no_facet
    searched: Searched | None = None
    meanings: Meanings = Meanings()
    head: PageType | None = None
    """The Open Graph type of an entry's page, for a type with ``seo``, the head for search engines."""
    linked_data: LinkedData | None = None
    """The content of ``jsonld``, for a type that has this field."""
    feed: EntryFeed | None = None
    llms: LinkList | None = None
    same_as: Callable[[Content], str | None] = _no_address
    """The address of the entry's owner, if the entry is one, such as a social link (schema.org's ``sameAs``)."""
    has_slug: bool = True
    has_locales: bool = True
    """True if a list is in one locale. False for types without language, such as social links."""
    prepare: Callable[[Content], Content] = _unchanged
    """Makes written content canonical, or raises ``Invalid``."""
    supersedes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """The fields that a patch of a field clears, which the new value replaces, unless the patch has them."""
    presented_references: tuple[str, ...] = ()
    """The references that ``present`` gets as ``live_<field>``: a live entry's id, or ``None``."""
    present: Callable[[Content, Content, Site], Content] = _nothing
    """Computes fields of the delivered entry from its data, its outline and the site."""

    def __post_init__(self) -> None:
        unknown = {each.parameter for each in self.feed.filters} - self.targets.keys() if self.feed else set()
        if unknown:
            raise ValueError(f"The feed of {self.plural} has unknown filters: {', '.join(unknown)}.")
        cards = {each.field for each in self.references if each.default == "short"}
        if not cards.issuperset(each for each in (self.meanings.people, self.meanings.topics) if each):
            raise ValueError(f"The people and the topics of {self.plural} must be references delivered as cards.")

    @property
    def columns(self) -> tuple[str, ...]:
        """The written fields that are columns of the draft table."""
        table = self.model.__table__
        return tuple(column.name for column in table.columns if column.name != "entry_id")

    @cached_property
    def blank(self) -> Content:
        """The value of each field that was not written, as in a revision from before the type had the field."""
        hints, table = get_type_hints(self.model), self.model.__table__
        written = {name: get_args(hints[name])[0] for name in self.columns}
        blank = {
            name: None if table.c[name].nullable else (get_origin(python) or python)()
            for name, python in written.items()
            if table.c[name].nullable or python is not datetime  # A required time has no blank value.
        }
        return blank | {each.field: [] if each.many else None for each in self.references}

    @cached_property
    def by_date(self) -> "ContentType":
        """The type with sorts and filters by ``published_at``, which all publications have, not its own sorts."""
        sorts: dict[str, SortColumn] = {"-published_at": "published_at", "published_at": "published_at"}
        date = ByTime("published_at", "published_at")
        return replace(self, sorts=sorts, filters=self.filters if date in self.filters else (*self.filters, date))

    @property
    def site_filter(self) -> ByOwner | None:
        """The filter that selects the entries that belong to the site itself. ``None`` if the type has none."""
        return next((each for each in self.filters if isinstance(each, ByOwner)), None)

    @property
    def relations(self) -> tuple[Reference | Backlink, ...]:
        """All fields that deliver other entries."""
        return (*self.references, *self.backlinks)

    def label_of(self, data: Content) -> str:
        """The label of an entry, made from its written fields. Old revisions may lack some of them."""
        return self.label(self.blank | data)

    @cached_property
    def targets(self) -> Mapping[str, str]:
        """The type of the entries that each filter by reference names, by its parameter."""
        types = {each.field: each.target for each in self.references}
        return {each.parameter: types[each.field] for each in self.filters if isinstance(each, ByReference)}


Types = Mapping[str, ContentType]
"""Every content type of the service by its name."""


def with_slugs(types: Types) -> list[str]:
    """The names of the types whose entries have pages of their own."""
    return [name for name, kind in types.items() if kind.has_slug]
