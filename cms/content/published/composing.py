"""Delivered documents: a published row, joined at read time with the site and with other published entries.

Values that depend on the site or on other entries are never stored, so that a changed setting or an author's new
portrait rewrites nothing.

Example: ``include=authors.social_links`` embeds the authors of an article in full, each with its social links in full.
One statement reads the authors of all articles and one more the social links of all authors.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from sqlalchemy import Connection

from cms import clock
from cms.content.published.blocks import Known, read_blocks
from cms.content.published.page_head import (
    described,
    graph_of,
    graph_relations,
    head_of,
    head_relations,
    profiles_of,
)
from cms.content.published.perspective import Perspective
from cms.content.published.relations import Embedded, Wanted, gather
from cms.content.published.rows import Row
from cms.content.renditions import BLOCKS, blocks_of
from cms.content.types import Backlink, Content, ContentType, Described, Reference, Shape, Types
from cms.site import Site

Document = dict[str, Any]

IDENTITY = ("id", "type", "locale", "slug", "url", "published_at", "updated_at")
TRANSLATION_FIELDS = ("locale", "slug", "url")


@dataclass(frozen=True)
class Composition:
    """How rows become documents: the field names of each type's shapes, the formats of rich texts, what to include."""

    types: Types
    fields: Mapping[str, Sequence[str]]
    """The delivered fields of each type, in order."""
    cards: Mapping[str, Sequence[str]]
    """The fields of each type's short shape, in order."""
    site: Site
    perspective: Perspective
    formats: Sequence[str] = ("html",)
    includes: frozenset[str] = frozenset()
    only: frozenset[str] | None = None
    """The fields that are asked for. ``None`` for all fields of the shape."""
    without: frozenset[str] = frozenset()
    own_entries: Sequence[Row] = ()
    """The entries that belong to the site itself, for graphs."""
    detail: bool = False
    """True for a single entry, which has the fields that lists leave out."""

    @cached_property
    def own_profiles(self) -> list[str]:
        """The site's addresses on other platforms."""
        return profiles_of(self.types, self.own_entries)


class Composed(list[Document]):
    """Documents, with the type and the id of every entry in them, including embedded ones."""

    entries: frozenset[tuple[str, str]]


def compose(connection: Connection, kind: ContentType, rows: Sequence[Row], how: Composition) -> Composed:
    """The documents of the rows, in order. Runs at most two statements for any number of rows, and one for blocks."""
    selected = _selected_fields(kind, how)
    gathered = how.includes | _graph_needs(kind, how.includes & selected)
    first = gather(connection, _wanted(kind, rows, gathered, selected, how), how.perspective)
    below = (wanted for inner in how.types.values() for wanted in _wanted_below(inner, first, gathered, how))
    second = gather(connection, below, how.perspective.of_others)
    blocks = _read_blocks(connection, _entries(rows, first, second), how)
    leaves = _Composer(how, [], blocks, inner=None)
    inner = _Composer(how, second, blocks, inner=leaves)
    outer = _Composer(how, first, blocks, inner=inner, counted=True)
    documents = Composed(outer.document(kind, row, how.includes, selected) for row in rows)
    found = (*_entries(rows, first, second), *how.own_entries)
    documents.entries = frozenset((row.type, row.entry_id) for row in found)
    return documents


def _read_blocks(connection: Connection, rows: Iterable[Row], how: Composition) -> Known:
    """The blocks of every row with rich texts. Empty if blocks are not asked for."""
    return read_blocks(connection, (row for row in rows if row.bodies)) if BLOCKS in how.formats else {}


def _graph_needs(kind: ContentType, includes: frozenset[str]) -> frozenset[str]:
    """The relations that a graph needs in full, even if they are not delivered."""
    return frozenset(graph_relations(kind)) if "jsonld" in includes else frozenset()


def _entries(rows: Sequence[Row], *found: Sequence[Embedded]) -> Iterable[Row]:
    """Every row that is an entry, and not a count."""
    yield from rows
    for level in found:
        yield from (each.row for each in level if each.row.entry_id is not None)


def _selected_fields(kind: ContentType, how: Composition) -> frozenset[str]:
    """The fields that are delivered at the top level."""
    if how.only is not None:
        return (how.only | {"id"}) - how.without
    return (frozenset(how.fields[kind.name]) if how.detail else _listed(kind, how)) - how.without


def _listed(kind: ContentType, how: Composition) -> frozenset[str]:
    """The fields of an entry in a list, or embedded in full."""
    return frozenset(how.fields[kind.name]).difference(kind.left_out_of_lists)


def _wanted_below(
    kind: ContentType, found: Sequence[Embedded], includes: frozenset[str], how: Composition
) -> Iterable[Wanted]:
    """The relations and counts of the entries of this type that were embedded in full."""
    rows = _full(found, kind)
    if not rows:
        return
    yield from _wanted(kind, rows, _below(found, kind, includes), _listed(kind, how), how)
    yield from (Wanted(count, "id", rows) for count in kind.counts)


def _full(found: Iterable[Embedded], kind: ContentType) -> list[Row]:
    rows = {each.row.entry_id: each.row for each in found if each.shape == "full" and each.row.type == kind.name}
    return list(rows.values())


def _below(found: Iterable[Embedded], kind: ContentType, includes: frozenset[str]) -> frozenset[str]:
    """The second parts of dotted includes for entries of this type.

    Example: ``social_links`` for the authors of ``authors.social_links``.
    """
    fields = {each.field for each in found if each.row.type == kind.name}
    return frozenset(inner for field in fields for inner in _inner(field, includes))


def _inner(field: str, includes: frozenset[str]) -> frozenset[str]:
    return frozenset(each.split(".", 1)[1] for each in includes if each.startswith(f"{field}."))


def _wanted(
    kind: ContentType, rows: Sequence[Row], includes: frozenset[str], selected: frozenset[str], how: Composition
) -> Iterable[Wanted]:
    """The relations that these rows embed: all that are delivered, in full if ``includes`` names them."""
    # Head and graph name other entries, even if their fields are not delivered.
    needed = selected | head_relations(kind) if "seo" in selected & includes else selected
    needed |= {each.split(".")[0] for each in _graph_needs(kind, selected & includes)}
    for source in kind.relations:
        shape = _shape(source.field, source.default, includes)
        if shape is not None and source.field in needed:
            yield Wanted(source, shape, rows, bodies=shape == "full" and _lists_bodies(source, how))
        elif source.field in kind.presented_references:
            yield Wanted(source, "id", rows)
    if "translations" in needed:
        yield Wanted("translations", "full" if "translations" in includes else "short", rows)
    if "adjacent" in includes and "adjacent" in selected:
        yield Wanted("previous", "short", rows)
        yield Wanted("next", "short", rows)


def _lists_bodies(source: Reference | Backlink, how: Composition) -> bool:
    """True if an entry embedded by this relation has a rich text."""
    target = how.types[source.target if isinstance(source, Reference) else source.source]
    return any(name not in target.left_out_of_lists for name in target.bodies)


def reads_bodies(kind: ContentType, how: Composition) -> bool:
    """True if the rows must have their rich texts, because a field or the graph delivers one."""
    selected = _selected_fields(kind, how)
    needs_bodies = (
        kind.linked_data is not None and kind.linked_data.tells_bodies and "jsonld" in how.includes & selected
    )
    return needs_bodies or not selected.isdisjoint(kind.bodies)


def _shape(name: str, default: Shape | None, includes: frozenset[str]) -> Shape | None:
    included = any(each == name or each.startswith(f"{name}.") for each in includes)
    return "full" if included else default


class _Composer:
    """Builds the documents of one level. The ``inner`` composer builds the entries that they embed in full, each once.

    Each level has found entries of its own: an entry may be in both levels, with more embedded in the outer one.
    """

    def __init__(
        self,
        how: Composition,
        found: Iterable[Embedded],
        blocks: Known,
        *,
        inner: "_Composer | None",
        counted: bool = False,
    ) -> None:
        self.how, self.site, self.inner, self.counted = how, how.site, inner, counted
        self.blocks = blocks
        self.found: dict[tuple[str, str], list[Embedded]] = defaultdict(list)
        for each in found:
            self.found[each.owner_id, each.field].append(each)
        self._full: dict[tuple[str, frozenset[str]], Document] = {}
        self._cards: dict[tuple[str, bool], Document] = {}
        self._trails: dict[str, list[Document]] = {}

    def document(self, kind: ContentType, row: Row, includes: frozenset[str], selected: frozenset[str]) -> Document:
        """A row with all fields in ``selected``, in the order of the delivered schema."""
        written = kind.blank | row.data
        data = written | {f"live_{name}": self._live(row, name) for name in kind.presented_references}
        values = self._own(kind, row, written | kind.present(data, row.outline, self.site))
        for name in kind.bodies:
            if name in selected:
                values[name] = self._body(row, name)
        for count in kind.counts:
            values[count.field] = self._count(row, count.field)
        self._embed_relations(kind, row, includes, selected, values)
        self._embed_others(kind, row, includes, selected, values)
        return {name: values[name] for name in self.how.fields[kind.name] if name in selected and name in values}

    def _body(self, row: Row, name: str) -> Document | None:
        """A rich text in the requested formats."""
        body = (row.bodies or {}).get(name)
        if body is None:
            return None
        return {
            each: blocks_of(self.blocks.get((row.entry_id, row.revision)), row.bodies, name)
            if each == BLOCKS
            else body[each]
            for each in self.how.formats
        }

    def _live(self, row: Row, field: str) -> str | None:
        """The id of the entry that a reference names, if it is live.

        Below the last level the reference names the entry that embeds the row, which is live.
        """
        if self.inner is None:
            return row.data.get(field)  # type: ignore[no-any-return]
        return next((each.row.entry_id for each in self.found[row.entry_id, field]), None)

    def _count(self, row: Row, field: str) -> int:
        """A count: a column of a listed row, or the result of one statement for all embedded rows."""
        if self.counted:
            return int(getattr(row, field))
        return sum(each.row.position for each in self.found[row.entry_id, field])

    def _own(self, kind: ContentType, row: Row, fields: Content) -> Document:
        """The fields of the row itself. A written field cannot replace a field of its identity, such as ``id``."""
        values = {"version": row.revision, **fields}
        for name in IDENTITY:
            if name != "url" or kind.has_slug:
                values[name] = self._identity(kind, row, name)
        return values

    def _identity(self, kind: ContentType, row: Row, name: str) -> Any:
        """One of the fields that identify an entry. They come from its publication and the site."""
        match name:
            case "id":
                return row.entry_id
            case "type":
                return kind.name
            case "url":
                return self.site.url(kind.name, row.slug)
            case "published_at" | "updated_at":
                return clock.to_wire(getattr(row, name))
        return getattr(row, name)

    def _embed_relations(
        self, kind: ContentType, row: Row, includes: frozenset[str], selected: frozenset[str], values: Document
    ) -> None:
        for source in kind.relations:
            if _shape(source.field, source.default, includes) is None:
                values.pop(source.field, None)
            elif source.field in selected:
                inner = _inner(source.field, includes)
                shape = _shape(source.field, source.default, includes)
                found = [self._embed(each, shape, inner) for each in self.found[row.entry_id, source.field]]
                values[source.field] = found if getattr(source, "many", True) else next(iter(found), None)

    def _embed_others(
        self, kind: ContentType, row: Row, includes: frozenset[str], selected: frozenset[str], values: Document
    ) -> None:
        translations = sorted(self.found[row.entry_id, "translations"], key=lambda each: str(each.row.locale))
        values["translations"] = [self._embed(each, each.shape, frozenset()) for each in translations]
        values["breadcrumbs"] = self._breadcrumbs(kind, values) if selected & {"breadcrumbs", "jsonld"} else []
        if "adjacent" in includes:
            values["adjacent"] = {
                side: next((self._embed(each, "short", frozenset()) for each in self.found[row.entry_id, side]), None)
                for side in ("previous", "next")
            }
        values.pop("seo", None)
        if includes.isdisjoint(selected & {"seo", "jsonld"}):
            return
        entry = described(kind, row, self.site, self._related_to(row), values)
        if "seo" in includes & selected:
            values["seo"] = head_of(entry, row, self.site, self._rows(row, "translations"))
        if "jsonld" in includes & selected:
            values["jsonld"] = graph_of(entry, row, self.site, self.how.own_profiles)

    def _related_to(self, row: Row) -> Callable[[str], Sequence[Described]]:
        """A function that returns the found entries of one of the row's fields, for its head and its graph."""
        inner = self.inner or self

        def related(field: str) -> list[Described]:
            found = self._rows(row, field)
            return [described(self.how.types[each.type], each, self.site, inner._related_to(each)) for each in found]

        return related

    def _rows(self, row: Row, field: str) -> list[Row]:
        return [each.row for each in self.found[row.entry_id, field] if each.shape != "id"]

    def _embed(self, each: Embedded, shape: Shape | None, includes: frozenset[str]) -> Any:
        if shape == "id":
            return each.row.entry_id
        kind = self.how.types[each.row.type]
        if shape == "short":
            return self._card(kind, each.row, is_translation=each.field == "translations")
        assert self.inner is not None, "what is embedded in an embedded entry embeds nothing in full"
        return self.inner.embedded(kind, each.row, includes)

    def embedded(self, kind: ContentType, row: Row, includes: frozenset[str]) -> Document:
        """The document of an entry embedded in full. It is built once."""
        known = self._full.get((row.entry_id, includes))
        if known is None:
            known = self._full[row.entry_id, includes] = self.document(kind, row, includes, _listed(kind, self.how))
        return known

    def _card(self, kind: ContentType, row: Row, *, is_translation: bool) -> Document:
        known = self._cards.get((row.entry_id, is_translation))
        if known is None:
            names = TRANSLATION_FIELDS if is_translation else self.how.cards[kind.name]
            data = kind.blank | row.data
            known = {name: self._identity(kind, row, name) if name in IDENTITY else data[name] for name in names}
            self._cards[row.entry_id, is_translation] = known
        return known

    def _breadcrumbs(self, kind: ContentType, values: Document) -> list[Document]:
        """The path from the site's front page through the collection to the entry itself."""
        if kind.name not in self._trails:
            trail = [
                {"label": self.site.name, "url": self.site.url("home")},
                {"label": self.site.collection_label(kind.plural), "url": self.site.url(kind.plural)},
            ]
            self._trails[kind.name] = [each for each in trail if each["url"] is not None]
        itself = {"label": kind.label(values), "url": values.get("url")}
        return [*self._trails[kind.name], *([itself] if itself["url"] is not None else [])]
