"""Lists of working copies: filtered by what is written in them and by where they stand, and read a page at a time."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, exists, func, literal, or_, select, true, tuple_

from cms.content.editing.drafts import Draft, read_drafts
from cms.content.editing.model import Entry, Link
from cms.content.editing.preview import DRAFT_TABLES
from cms.content.locales import best_by_name
from cms.content.model import Publication
from cms.content.published.lists import COMPARISONS
from cms.content.published.perspective import Perspective
from cms.content.published.searching import SearchQuery, candidates, referred_to
from cms.content.types import ByFacet, ByOwner, ByReference, ByReferrer, ByTime, ContentType, Filter
from cms.db import unindexed
from cms.identifiers import is_identifier

KEYS = ("updated_at", "created_at", "label")
"""The columns of every entry that its list may be ordered by."""
FEW = 1000
"""How many entries a filter may leave to be begun with."""
SAVED = ByTime("updated_at", "updated_at")
"""When the working copy was saved last, which every type can be filtered by."""


@dataclass(frozen=True)
class DraftListQuery:
    """One page of one type: what to keep, how to order it, and where the page before ended."""

    filters: Mapping[str, Any] = field(default_factory=dict)
    """Values by parameter name; a list means "or"."""
    chain: Sequence[str] = ()
    """All locales, best first: a slug names the entry in the best one that has it."""
    sort: str = "-updated_at"
    after: tuple[Any, str] | None = None
    """The sort value and the id of the last entry of the page before."""
    limit: int = 20
    total: bool = False


def sorts_of(kind: ContentType) -> list[str]:
    """What a type's working copies may be ordered by, the default first: their own, then delivery's where written."""
    names = dict.fromkeys([*KEYS, *(each.removeprefix("-") for each in kind.sorts)])
    sorted_by = [name for name in names if _key(kind, name) is not None]
    return [f"{sign}{name}" for name in sorted_by for sign in (("-", "") if name.endswith("_at") else ("", "-"))]


def _key(kind: ContentType, name: str) -> Any:
    """The column of a sort; ``None`` where there is none, since it is only known of what is published."""
    if name in KEYS:
        return getattr(Entry, name)
    delivered = kind.sorts.get(name) or kind.sorts.get(f"-{name}")
    if delivered == "sort_text" and kind.sort_text is None:
        return Entry.label
    return _table(kind).c[name] if name in kind.columns else None


def _table(kind: ContentType) -> Any:
    return kind.model.__table__


def filters_of(kind: ContentType) -> list[Filter]:
    """The filters of delivery by what is written, and by when that was."""
    written = [each for each in kind.filters if _is_written(kind, each)]
    return [*(each for each in written if each != SAVED), SAVED]


def _is_written(kind: ContentType, each: Filter) -> bool:
    if isinstance(each, ByTime | ByFacet):
        return each.parameter in (*KEYS, *kind.columns)
    return True


def list_drafts(
    connection: Connection, kind: ContentType, query: DraftListQuery, at: datetime
) -> tuple[list[Draft], tuple[Any, str] | None, int | None]:
    """A page of working copies, where the next one begins, and the total where asked for.

    A constant number of statements; ``at`` is when their standing is judged.
    """
    conditions = _conditions(connection, kind, query, at)
    if conditions is None:
        return [], None, 0 if query.total else None
    rows = _rows(connection, kind, query, conditions)
    copies = read_drafts(connection, kind, rows[: query.limit], at)
    total = _count(connection, kind, conditions) if query.total else None
    if len(rows) <= query.limit:
        return copies, None, total
    last = rows[query.limit - 1]
    return copies, (last.sort_value, last.id), total


def _conditions(
    connection: Connection, kind: ContentType, query: DraftListQuery, at: datetime
) -> list[ColumnElement[bool]] | None:
    """What is asked of an entry; ``None`` where a filter names nobody."""
    filters = {name: value for name, value in query.filters.items() if value is not None}
    targets = _targets(connection, kind, filters, query.chain)
    if not all(targets.values()):
        return None
    conditions = list(_of_entries(connection, kind, filters, at))
    for each in filters_of(kind):
        conditions += _of_content(connection, kind, each, filters, targets)
    if "q" in filters:
        conditions.append(_Picked(_matching(connection, kind, query, targets, at)))
    picked = [each for each in conditions if isinstance(each, _Picked)]
    # What is found by names, or in the order of the type's own table, must not be found by its type.
    is_found = bool(picked) or _key(kind, query.sort.removeprefix("-")).table is _table(kind)
    of_type = (unindexed(Entry.__table__.c.type) if is_found else Entry.type) == kind.name
    return [of_type, *(each.condition if isinstance(each, _Picked) else each for each in conditions)]


@dataclass(frozen=True)
class _Picked:
    """The few entries that a filter leaves: cheaper to begin with than to look for on the way."""

    ids: Sequence[str]

    @property
    def condition(self) -> ColumnElement[bool]:
        return Entry.id.in_(self.ids)


_Condition = ColumnElement[bool] | _Picked


def _picked(connection: Connection, found: Select[str], otherwise: ColumnElement[bool]) -> _Condition:
    """The entries that are found by an index if they are few, else the condition that they are told by."""
    ids = list(connection.scalars(found.limit(FEW + 1)))
    return _Picked(ids) if len(ids) <= FEW else otherwise


def _targets(
    connection: Connection, kind: ContentType, filters: Mapping[str, Any], chain: Sequence[str]
) -> dict[str, list[str]]:
    """The ids of the entries that filters name by id or by slug, by parameter; a statement for each with slugs."""
    found = {}
    for each in filters_of(kind):
        if isinstance(each, ByReference | ByReferrer) and each.parameter in filters:
            names = filters[each.parameter]
            slugs = [name for name in names if not is_identifier(name)]
            ids = [name for name in names if is_identifier(name)]
            found[each.parameter] = ids + _holders(connection, _named_type(kind, each), slugs, chain)
    return found


def _named_type(kind: ContentType, each: ByReference | ByReferrer) -> str:
    return each.source if isinstance(each, ByReferrer) else kind.targets[each.parameter]


def _holders(connection: Connection, type_name: str, slugs: Sequence[str], chain: Sequence[str]) -> list[str]:
    """The entry that each slug is that of, out of the trash."""
    if not slugs:
        return []
    rows = connection.execute(
        select(Entry.id, Entry.locale, Entry.slug.label("name")).where(
            Entry.type == type_name, Entry.slug.in_(slugs), Entry.trashed_at.is_(None)
        )
    )
    return [row.id for row in best_by_name(rows, chain).values()]


def _of_entries(
    connection: Connection, kind: ContentType, filters: Mapping[str, Any], at: datetime
) -> Iterable[_Condition]:
    """The filters that all types have."""
    own = select(Entry.id).where(Entry.type == kind.name)
    if filters.get("trashed"):
        trashed = Entry.trashed_at.is_not(None)
        yield _picked(connection, own.where(trashed), trashed)
    else:
        yield Entry.trashed_at.is_(None)
    if "locale" in filters:
        yield Entry.locale == filters["locale"]
    if "id" in filters:
        yield _Picked(filters["id"])
    if "slug" in filters:
        has_slug = Entry.slug.in_(filters["slug"])
        yield _picked(connection, own.where(has_slug), has_slug)
    if "status" in filters:
        yield or_(*(_has_status(status, at) for status in filters["status"]))
    if "has_unpublished_changes" in filters:
        yield _differs(at) if filters["has_unpublished_changes"] else ~_differs(at)


def _has_status(status: str, at: datetime) -> ColumnElement[bool]:
    """The same judgement as ``timeline.standing``, as SQL."""
    own = Publication.entry_id == Entry.id
    ever = exists().where(own)
    live = exists().where(own, Publication.live_from <= at, Publication.live_until > at)
    planned = exists().where(own, Publication.live_from > at)
    return {
        "published": live,
        "scheduled": ~live & planned,
        "unpublished": ever & ~live & ~planned,
        "draft": ~ever,
    }[status]


def _differs(at: datetime) -> ColumnElement[bool]:
    shown = exists().where(Publication.entry_id == Entry.id, Publication.live_until > at)
    draft_shown = exists().where(
        Publication.entry_id == Entry.id, Publication.live_until > at, Publication.revision == Entry.version
    )
    return shown & ~draft_shown


def _of_content(
    connection: Connection,
    kind: ContentType,
    each: Filter,
    filters: Mapping[str, Any],
    targets: Mapping[str, Sequence[str]],
) -> Iterable[_Condition]:
    """What a filter of the type asks of what is written."""
    if isinstance(each, ByTime):
        yield from _times(connection, kind, each, filters)
        return
    value = filters.get(each.parameter)
    if value is None:
        return
    match each:
        case ByReference():
            to = Link.target_id.in_(targets[each.parameter])
            yield _picked(
                connection, select(Link.entry_id).where(to, Link.field == each.field), _refers(each.field, to)
            )
        case ByReferrer():
            referring = (Link.entry_id.in_(targets[each.parameter]), Link.field == each.field)
            referred = select(Link.target_id).where(*referring)
            yield _picked(connection, referred, Entry.id.in_(referred))
        case ByFacet():
            column = _table(kind).c[each.parameter]
            is_kept = column.in_(value) if each.flag is None else column == value
            yield _picked(connection, select(_table(kind).c.entry_id).where(is_kept), is_kept)
        case ByOwner():
            yield ~_refers(each.field, true()) if value == "site" else _refers(each.field, true())


def _refers(name: str, to: ColumnElement[bool]) -> ColumnElement[bool]:
    return exists().where(Link.entry_id == Entry.id, Link.field == name, to)


def _times(connection: Connection, kind: ContentType, each: ByTime, filters: Mapping[str, Any]) -> Iterable[_Condition]:
    if each.parameter in KEYS:
        yield from _range(getattr(Entry, each.parameter), each, filters)
        return
    table = _table(kind)
    if asked := list(_range(table.c[each.parameter], each, filters)):
        yield _picked(connection, select(table.c.entry_id).where(*asked), and_(*asked))


def _range(column: Any, each: ByTime, filters: Mapping[str, Any]) -> Iterable[ColumnElement[bool]]:
    """The range of a time; what has none is in no range, and is not at any instant."""
    for operator, method in COMPARISONS.items():
        if (instant := filters.get(f"{each.parameter}__{operator}")) is not None:
            compared = getattr(column, method)(literal(instant, column.type))
            yield or_(column.is_(None), compared) if operator == "ne" else compared
    if (asked := filters.get(f"{each.parameter}__exists")) is not None:
        yield column.is_not(None) if asked else column.is_(None)


def _matching(
    connection: Connection, kind: ContentType, query: DraftListQuery, targets: Mapping[str, Sequence[str]], at: datetime
) -> list[str]:
    """The newest entries in whose drafts the words occur, in every language or in the one that is listed.

    The search is told what has to be referred to, since it looks no further than its newest matches. It knows
    none in the trash.
    """
    references = {
        referred_to(parameter, target): targets[parameter]
        for parameter, target in kind.targets.items()
        if parameter in targets
    }
    named = {target for each in references.values() for target in each}
    lost = named - set(connection.scalars(select(Entry.id).where(Entry.id.in_(named), Entry.trashed_at.is_(None))))
    references = {naming: each for naming, each in references.items() if lost.isdisjoint(each)}
    locale = query.filters.get("locale")
    asked = SearchQuery(
        query.filters["q"], [locale] if locale else query.chain, [kind.name], references, hides_translations=False
    )
    return candidates(connection, asked, Perspective(at, rows=DRAFT_TABLES, others=DRAFT_TABLES))


def _rows(
    connection: Connection, kind: ContentType, query: DraftListQuery, conditions: Sequence[ColumnElement[bool]]
) -> list[Any]:
    """The rows of a page and one more, where there is one.

    What has no value to be ordered by comes after all that have one, in either direction; each is one walk.
    """
    key, descending = _key(kind, query.sort.removeprefix("-")), query.sort.startswith("-")
    statement = _selected(kind, select(Entry.__table__, key.label("sort_value"))).where(*conditions)
    parts = _parts(key, query, descending)
    rows: list[Any] = []
    for part, columns in parts:
        order = [column.desc() if descending else column.asc() for column in columns]
        wanted = query.limit + 1 - len(rows)
        if wanted:
            rows += connection.execute(statement.where(part).order_by(*order).limit(wanted)).all()
    return rows


def _selected(kind: ContentType, statement: Select[Any]) -> Select[Any]:
    table = _table(kind)
    return statement.select_from(Entry.__table__.join(table, table.c.entry_id == Entry.id))


def _parts(key: Any, query: DraftListQuery, descending: bool) -> list[tuple[ColumnElement[bool], list[Any]]]:
    """What comes after the page before, in one part or in two, each with the columns of its order."""
    after, order = query.after, [key, _identity(key)]
    if not key.nullable:
        return [(true() if after is None else _beyond(order, after, descending), order)]
    undated = order[1:]
    if after is not None and after[0] is None:
        return [(key.is_(None) & _beyond(undated, after[1:], descending), undated)]
    there = key.is_not(None) if after is None else _beyond(order, after, descending)
    return [(there, order), (key.is_(None), undated)]


def _identity(key: Any) -> Any:
    """The id beside the key: the one of its own table, where an index has the two."""
    table = key.table if hasattr(key, "table") else Entry.__table__
    return table.c.entry_id if "entry_id" in table.c else Entry.id


def _beyond(columns: Sequence[Any], last: Sequence[Any], descending: bool) -> ColumnElement[bool]:
    here = tuple_(*columns)
    there = tuple_(*(literal(value, column.type) for column, value in zip(columns, last, strict=True)))
    compared: ColumnElement[bool] = here < there if descending else here > there
    return compared


def _count(connection: Connection, kind: ContentType, conditions: Sequence[ColumnElement[bool]]) -> int:
    counted = _selected(kind, select(func.count())).where(*conditions)
    return int(connection.execute(counted).scalar_one())
