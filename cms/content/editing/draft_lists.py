"""Lists of drafts, filtered by their content and their status, a page at a time."""

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
"""The columns of every entry that its list can be sorted by."""
CANDIDATES_AT_MOST = 1000
"""The most entries that a filter may leave for the list to be read from their ids."""
SAVED = ByTime("updated_at", "updated_at")
"""The filter by the last save, which every type has."""


@dataclass(frozen=True)
class DraftListQuery:
    """One page of one type: its filters, its sort, and where the previous page ended."""

    filters: Mapping[str, Any] = field(default_factory=dict)
    """Values by parameter name; a list means "or"."""
    chain: Sequence[str] = ()
    """All locales, best first: a slug names the entry in the first locale that has it."""
    sort: str = "-updated_at"
    after: tuple[Any, str] | None = None
    """The sort value and the id of the last entry of the previous page."""
    limit: int = 20
    total: bool = False


def sorts_of(kind: ContentType) -> list[str]:
    """The sorts of a type's drafts, the default first: those of every type, then those of delivery that drafts have."""
    names = dict.fromkeys([*KEYS, *(each.removeprefix("-") for each in kind.sorts)])
    sorted_by = [name for name in names if _key(kind, name) is not None]
    return [f"{sign}{name}" for name in sorted_by for sign in (("-", "") if name.endswith("_at") else ("", "-"))]


def _key(kind: ContentType, name: str) -> Any:
    """The column of a sort; ``None`` if only publications have it."""
    if name in KEYS:
        return getattr(Entry, name)
    published_key = kind.sorts.get(name) or kind.sorts.get(f"-{name}")
    if published_key == "sort_text" and kind.sort_text is None:
        return Entry.label
    return _table(kind).c[name] if name in kind.columns else None


def _table(kind: ContentType) -> Any:
    return kind.model.__table__


def filters_of(kind: ContentType) -> list[Filter]:
    """The filters of delivery that drafts have too, and the filter by the last save."""
    shared = [each for each in kind.filters if _is_in_drafts(kind, each)]
    return [*(each for each in shared if each != SAVED), SAVED]


def _is_in_drafts(kind: ContentType, each: Filter) -> bool:
    if isinstance(each, ByTime | ByFacet):
        return each.parameter in (*KEYS, *kind.columns)
    return True


def list_drafts(
    connection: Connection, kind: ContentType, query: DraftListQuery, at: datetime
) -> tuple[list[Draft], tuple[Any, str] | None, int | None]:
    """A page of drafts, the place where the next page begins, and the total if the query asks for it.

    It takes a constant number of statements. ``at`` is the instant of the drafts' status.
    """
    conditions = _conditions(connection, kind, query, at)
    if conditions is None:
        return [], None, 0 if query.total else None
    rows = _rows(connection, kind, query, conditions)
    drafts = read_drafts(connection, kind, rows[: query.limit], at)
    total = _count(connection, kind, conditions) if query.total else None
    if len(rows) <= query.limit:
        return drafts, None, total
    last = rows[query.limit - 1]
    return drafts, (last.sort_value, last.id), total


def _conditions(
    connection: Connection, kind: ContentType, query: DraftListQuery, at: datetime
) -> list[ColumnElement[bool]] | None:
    """The conditions of the query; ``None`` if a filter names only unknown entries, so that nothing can match."""
    filters = {name: value for name, value in query.filters.items() if value is not None}
    targets = _targets(connection, kind, filters, query.chain)
    if not all(targets.values()):
        return None
    conditions = list(_entry_conditions(connection, kind, filters, at))
    for each in filters_of(kind):
        conditions += _filter_conditions(connection, kind, each, filters, targets)
    if "q" in filters:
        conditions.append(_Candidates(_search_candidates(connection, kind, query, targets, at)))
    candidate_lists = [each for each in conditions if isinstance(each, _Candidates)]
    # Candidates are read by their ids, and some sorts by an index of the type's own table. The database must use those
    # and not the index on ``Entry.type``.
    has_other_index = bool(candidate_lists) or _key(kind, query.sort.removeprefix("-")).table is _table(kind)
    of_type = (unindexed(Entry.__table__.c.type) if has_other_index else Entry.type) == kind.name
    return [of_type, *(each.condition if isinstance(each, _Candidates) else each for each in conditions)]


@dataclass(frozen=True)
class _Candidates:
    """The ids of the few entries that a filter leaves.

    Reading these is cheaper than reading the list in order and checking each entry. Example: ``slug=about`` leaves one.
    """

    ids: Sequence[str]

    @property
    def condition(self) -> ColumnElement[bool]:
        return Entry.id.in_(self.ids)


_Condition = ColumnElement[bool] | _Candidates


def _candidates_or(connection: Connection, found: Select[str], condition: ColumnElement[bool]) -> _Condition:
    """The entries that a statement finds if they are few enough, or else the condition that selects them."""
    ids = list(connection.scalars(found.limit(CANDIDATES_AT_MOST + 1)))
    return _Candidates(ids) if len(ids) <= CANDIDATES_AT_MOST else condition


def _targets(
    connection: Connection, kind: ContentType, filters: Mapping[str, Any], chain: Sequence[str]
) -> dict[str, list[str]]:
    """The ids of the entries that filters name by id or slug, by parameter; one statement for each with slugs."""
    found = {}
    for each in filters_of(kind):
        if isinstance(each, ByReference | ByReferrer) and each.parameter in filters:
            names = filters[each.parameter]
            slugs = [name for name in names if not is_identifier(name)]
            ids = [name for name in names if is_identifier(name)]
            found[each.parameter] = ids + _ids_of_slugs(connection, _type_named_by(kind, each), slugs, chain)
    return found


def _type_named_by(kind: ContentType, each: ByReference | ByReferrer) -> str:
    return each.source if isinstance(each, ByReferrer) else kind.targets[each.parameter]


def _ids_of_slugs(connection: Connection, type_name: str, slugs: Sequence[str], chain: Sequence[str]) -> list[str]:
    """The ids of the entries that have these slugs and are not in the trash."""
    if not slugs:
        return []
    rows = connection.execute(
        select(Entry.id, Entry.locale, Entry.slug.label("name")).where(
            Entry.type == type_name, Entry.slug.in_(slugs), Entry.trashed_at.is_(None)
        )
    )
    return [row.id for row in best_by_name(rows, chain).values()]


def _entry_conditions(
    connection: Connection, kind: ContentType, filters: Mapping[str, Any], at: datetime
) -> Iterable[_Condition]:
    """The conditions of the filters that all types have."""
    own = select(Entry.id).where(Entry.type == kind.name)
    if filters.get("trashed"):
        trashed = Entry.trashed_at.is_not(None)
        yield _candidates_or(connection, own.where(trashed), trashed)
    else:
        yield Entry.trashed_at.is_(None)
    if "locale" in filters:
        yield Entry.locale == filters["locale"]
    if "id" in filters:
        yield _Candidates(filters["id"])
    if "slug" in filters:
        has_slug = Entry.slug.in_(filters["slug"])
        yield _candidates_or(connection, own.where(has_slug), has_slug)
    if "status" in filters:
        yield or_(*(_has_status(status, at) for status in filters["status"]))
    if "has_unpublished_changes" in filters:
        differs = _has_unpublished_changes(at)
        yield differs if filters["has_unpublished_changes"] else ~differs


def _has_status(status: str, at: datetime) -> ColumnElement[bool]:
    """The status that ``standing.standing`` computes, as a SQL condition."""
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


def _has_unpublished_changes(at: datetime) -> ColumnElement[bool]:
    has_publication = exists().where(Publication.entry_id == Entry.id, Publication.live_until > at)
    has_draft_published = exists().where(
        Publication.entry_id == Entry.id, Publication.live_until > at, Publication.revision == Entry.version
    )
    return has_publication & ~has_draft_published


def _filter_conditions(
    connection: Connection,
    kind: ContentType,
    each: Filter,
    filters: Mapping[str, Any],
    targets: Mapping[str, Sequence[str]],
) -> Iterable[_Condition]:
    """The conditions of one of the type's filters on the content of drafts."""
    if isinstance(each, ByTime):
        yield from _time_conditions(connection, kind, each, filters)
        return
    value = filters.get(each.parameter)
    if value is None:
        return
    match each:
        case ByReference():
            refers = Link.target_id.in_(targets[each.parameter])
            yield _candidates_or(
                connection, select(Link.entry_id).where(refers, Link.field == each.field), _has_link(each.field, refers)
            )
        case ByReferrer():
            referring = (Link.entry_id.in_(targets[each.parameter]), Link.field == each.field)
            referred = select(Link.target_id).where(*referring)
            yield _candidates_or(connection, referred, Entry.id.in_(referred))
        case ByFacet():
            column = _table(kind).c[each.parameter]
            is_kept = column.in_(value) if each.flag is None else column == value
            yield _candidates_or(connection, select(_table(kind).c.entry_id).where(is_kept), is_kept)
        case ByOwner():
            yield ~_has_link(each.field, true()) if value == "site" else _has_link(each.field, true())


def _has_link(field_name: str, condition: ColumnElement[bool]) -> ColumnElement[bool]:
    return exists().where(Link.entry_id == Entry.id, Link.field == field_name, condition)


def _time_conditions(
    connection: Connection, kind: ContentType, each: ByTime, filters: Mapping[str, Any]
) -> Iterable[_Condition]:
    if each.parameter in KEYS:
        yield from _range(getattr(Entry, each.parameter), each, filters)
        return
    table = _table(kind)
    if conditions := list(_range(table.c[each.parameter], each, filters)):
        yield _candidates_or(connection, select(table.c.entry_id).where(*conditions), and_(*conditions))


def _range(column: Any, each: ByTime, filters: Mapping[str, Any]) -> Iterable[ColumnElement[bool]]:
    """The conditions on a time. A row without a time is in no range, and differs (``ne``) from every instant."""
    for operator, method in COMPARISONS.items():
        if (instant := filters.get(f"{each.parameter}__{operator}")) is not None:
            compared = getattr(column, method)(literal(instant, column.type))
            yield or_(column.is_(None), compared) if operator == "ne" else compared
    if (wanted := filters.get(f"{each.parameter}__exists")) is not None:
        yield column.is_not(None) if wanted else column.is_(None)


def _search_candidates(
    connection: Connection, kind: ContentType, query: DraftListQuery, targets: Mapping[str, Sequence[str]], at: datetime
) -> list[str]:
    """The ids of the newest entries whose drafts contain the words, in every language or in the one that is listed.

    The search reads only so many of its newest matches, so it gets the filters by reference too. It must not get those
    that are in the trash: its index does not have them.
    """
    references = {
        referred_to(parameter, target): targets[parameter]
        for parameter, target in kind.targets.items()
        if parameter in targets
    }
    named = {target for each in references.values() for target in each}
    trashed = named - set(connection.scalars(select(Entry.id).where(Entry.id.in_(named), Entry.trashed_at.is_(None))))
    references = {naming: each for naming, each in references.items() if trashed.isdisjoint(each)}
    locale = query.filters.get("locale")
    search = SearchQuery(
        query.filters["q"], [locale] if locale else query.chain, [kind.name], references, hides_translations=False
    )
    return candidates(connection, search, Perspective(at, rows=DRAFT_TABLES, others=DRAFT_TABLES))


def _rows(
    connection: Connection, kind: ContentType, query: DraftListQuery, conditions: Sequence[ColumnElement[bool]]
) -> list[Any]:
    """The rows of a page and one more, if there is one.

    Rows without a sort value come after all others, in either direction. The rows with a value and those without are
    read by one statement each, in the order of an index.
    """
    key, descending = _key(kind, query.sort.removeprefix("-")), query.sort.startswith("-")
    statement = _with_type_table(kind, select(Entry.__table__, key.label("sort_value"))).where(*conditions)
    parts = _page_parts(key, query, descending)
    rows: list[Any] = []
    for part, columns in parts:
        order = [column.desc() if descending else column.asc() for column in columns]
        wanted = query.limit + 1 - len(rows)
        if wanted:
            rows += connection.execute(statement.where(part).order_by(*order).limit(wanted)).all()
    return rows


def _with_type_table(kind: ContentType, statement: Select[Any]) -> Select[Any]:
    table = _table(kind)
    return statement.select_from(Entry.__table__.join(table, table.c.entry_id == Entry.id))


def _page_parts(key: Any, query: DraftListQuery, descending: bool) -> list[tuple[ColumnElement[bool], list[Any]]]:
    """The conditions that select the rest of the list, one or two, each with the columns that it is sorted by.

    Example: a nullable key has two parts, the rows with a value and then those without.
    """
    after, order = query.after, [key, _id_column(key)]
    if not key.nullable:
        return [(true() if after is None else _comes_after(order, after, descending), order)]
    id_only = order[1:]
    if after is not None and after[0] is None:
        return [(key.is_(None) & _comes_after(id_only, after[1:], descending), id_only)]
    with_value = key.is_not(None) if after is None else _comes_after(order, after, descending)
    return [(with_value, order), (key.is_(None), id_only)]


def _id_column(key: Any) -> Any:
    """The id column of the key's table, since an index has the two together."""
    table = key.table if hasattr(key, "table") else Entry.__table__
    return table.c.entry_id if "entry_id" in table.c else Entry.id


def _comes_after(columns: Sequence[Any], last: Sequence[Any], descending: bool) -> ColumnElement[bool]:
    row = tuple_(*columns)
    last_row = tuple_(*(literal(value, column.type) for column, value in zip(columns, last, strict=True)))
    compared: ColumnElement[bool] = row < last_row if descending else row > last_row
    return compared


def _count(connection: Connection, kind: ContentType, conditions: Sequence[ColumnElement[bool]]) -> int:
    counted = _with_type_table(kind, select(func.count())).where(*conditions)
    return int(connection.execute(counted).scalar_one())
