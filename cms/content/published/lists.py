"""Lists of what is published: filtered, ordered, and read a page at a time.

A page is read by an index scan that starts where the page before ended, so that a deep page costs no more than the
first one; only lists ordered by a count are sorted. The filters decide the access path: all entries of the type, those
with one facet, those that refer to one entry, or, for a list by names or by search, a few candidates that are sorted.
Several scans, one for each value of a filter, are merged by a UNION. Each fallback language has a statement of its own.

Example: the first page of ``/articles?tag=a&tag=b&featured=true`` for the locale ``en``, newest first, becomes ::

    SELECT … FROM (
        SELECT … FROM publication_links  -- the access path "links", by the filter ``tag``
        WHERE type = 'article' AND locale = 'en' AND field = 'tags' AND target_id = :a
          AND NOT over AND live_from <= :at AND :at < live_until
          AND facet = 'featured'  -- a remaining filter
        ORDER BY published_at DESC, entry_id DESC LIMIT 21
        UNION …  -- the same for :b
    ) ORDER BY sort_value DESC, entry_id DESC LIMIT 21

joined with publications and revisions for the 21 rows that are found.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from itertools import product
from typing import Any, Literal

from sqlalchemy import (
    ColumnElement,
    Connection,
    FromClause,
    Integer,
    Select,
    String,
    bindparam,
    exists,
    false,
    func,
    literal_column,
    select,
    true,
    tuple_,
    union,
)

from cms.content.published.lookup import Named, Naming, find_named
from cms.content.published.perspective import Perspective, StatementView, is_live_at
from cms.content.published.rows import Row, count_of, row_columns, with_revision
from cms.content.types import ByFacet, ByOwner, ByReference, ByReferrer, ByTime, ContentType, Filter
from cms.db import Identifier, UTCDateTime, is_among, unindexed
from cms.identifiers import NOBODY

COMPARISONS = {"gt": "__gt__", "gte": "__ge__", "lt": "__lt__", "lte": "__le__", "ne": "__ne__"}
TIME_OPERATORS = (*COMPARISONS, "exists")
BRANCHES_AT_MOST = 64
"""The most index scans in one statement. SQLite allows 500 parts of a UNION."""
CANDIDATES_AT_MOST = 10_000
"""More candidates than a list by names or by search can have."""


@dataclass(frozen=True)
class ListQuery:
    """One page of one type: its filters, its order, and where the page before ended."""

    filters: Mapping[str, Any] = field(default_factory=dict)
    """Values by parameter name. A list means "or"."""
    chain: Sequence[str] = ()
    """The locales that are listed and in which slugs are looked up, best first."""
    sort: str = ""
    after: tuple[Any, str] | None = None
    """The sort value and the id of the last entry of the page before."""
    limit: int = 20
    bodies: bool = False
    total: bool = False
    among: Sequence[str] | None = None
    """The ids of the publications that a search found. ``None`` if there is no search."""


def list_published(
    connection: Connection, kind: ContentType, query: ListQuery, perspective: Perspective
) -> tuple[list[Row], bool, int | None]:
    """The rows of a page, True if more follow, and the total if it is asked for.

    Runs one statement for each locale of the chain, one more for names in filters, and as many again for the total.
    """
    plan = _plan(connection, kind, query, perspective)
    if plan is None:
        return [], False, 0 if query.total else None
    rows = _read_page(connection, plan, query)
    total = sum(_count(connection, step) for step in plan) if query.total else None
    return rows[: query.limit], len(rows) > query.limit, total


@dataclass(frozen=True)
class _Structure:
    """The parts of a list that change the SQL text. Statements are cached by them.

    The number of structures must stay bounded whatever clients ask for, so values of filters are parameters.
    """

    kind: ContentType
    view: StatementView
    sort: str
    access: Literal["type", "facet", "links", "candidates"] = "type"
    link_field: str = ""
    """The field of the links that are scanned, if the access path is ``links``."""
    branches: int = 1
    merges_locales: bool = False
    """True if one scan covers all locales and is sorted, because one for each locale would be too many."""
    is_fallback: bool = False
    """True for a fallback locale: entries that have a live translation in a better locale are left out."""
    remaining_filters: tuple[tuple[str, str], ...] = ()
    """The filters that the access path does not apply, each with its value if that changes the SQL text.

    Example: ``(("featured", "True"), ("published_at__gte", ""))``.
    """
    after: bool = False
    bounded: bool = False
    """True if only the entries before a known one are needed, because better locales have filled the page."""
    bodies: bool = False


@dataclass(frozen=True)
class _Step:
    """One statement of a list: its structure, and its parameter values by name."""

    structure: _Structure
    values: Mapping[str, Any]


def _plan(connection: Connection, kind: ContentType, query: ListQuery, perspective: Perspective) -> list[_Step] | None:
    """The statements of a list in the order of the chain. ``None`` if a filter names no live entry."""
    named = _find_named(connection, kind, query, perspective)
    if named is None:
        return None
    filters = {name: query.filters[name] for name in _parameters(kind) if query.filters.get(name) is not None}
    if query.among is not None:
        filters["among"] = query.among
    structure = _Structure(
        kind=kind,
        view=perspective.view,
        sort=query.sort or next(iter(kind.sorts)),
        after=query.after is not None,
        bodies=query.bodies,
    )
    values: dict[str, Any] = {"at": perspective.at, **filters}
    values |= {f"{parameter}_targets": _target_ids(kind, parameter, found) for parameter, found in named.items()}
    if query.after is not None:
        values |= {"after_value": query.after[0], "after_id": query.after[1]}
    structure, keys = _choose_access_path(structure, filters, named)
    return list(_steps(structure, keys, query.chain, values))


def _parameters(kind: ContentType) -> Iterable[str]:
    for each in kind.filters:
        if isinstance(each, ByTime):
            yield from (f"{each.parameter}__{operator}" for operator in TIME_OPERATORS)
        else:
            yield each.parameter
    yield from ("id", "slug")


def _find_named(
    connection: Connection, kind: ContentType, query: ListQuery, perspective: Perspective
) -> dict[str, list[Named]] | None:
    """The live entries that filters name, by parameter. ``None`` if one of the filters names none."""
    asked = {
        _naming(kind, each): query.filters[each.parameter]
        for each in kind.filters
        if isinstance(each, ByReference | ByReferrer) and query.filters.get(each.parameter)
    }
    found = find_named(connection, asked, query.chain, perspective)
    return found if all(found.values()) else None


def _naming(kind: ContentType, each: ByReference | ByReferrer) -> Naming:
    if isinstance(each, ByReferrer):
        return Naming(each.parameter, each.source)
    return Naming(each.parameter, kind.targets[each.parameter], counted=(each.field, kind.name))


def _target_ids(kind: ContentType, parameter: str, named: Sequence[Named]) -> list[str]:
    """The ids for the parameter of a filter: entries that are referred to, or publications that refer."""
    referrers = {each.parameter for each in kind.filters if isinstance(each, ByReferrer)}
    return [each.publication_id if parameter in referrers else each.entry_id for each in named]


def _choose_access_path(
    structure: _Structure, filters: Mapping[str, Any], named: Mapping[str, Sequence[Named]]
) -> tuple[_Structure, Sequence[str]]:
    """The structure with its access path and its remaining filters, and one key for each index scan.

    The path is the first that the filters allow: candidates (names or a search), the links to the entries that are
    referred to least, a facet, all entries of the type. Example: ``author=x&featured=true`` scans the links to the
    author ``x``, and ``featured`` remains.
    """
    kind = structure.kind
    referrers = [each.parameter for each in kind.filters if isinstance(each, ByReferrer)]
    if filters.keys() & {"id", "slug", "among", *referrers}:
        return replace(structure, access="candidates", remaining_filters=_remaining_filters(kind, filters)), [""]
    references = [each for each in kind.filters if isinstance(each, ByReference) and each.parameter in filters]
    owners = [each for each in kind.filters if isinstance(each, ByOwner) and filters.get(each.parameter) == "site"]
    facets = [each for each in kind.filters if isinstance(each, ByFacet) and filters.get(each.parameter)]
    if references:
        rarest = min(references, key=lambda each: sum(target.number or 0 for target in named[each.parameter]))
        keys = [target.entry_id for target in named[rarest.parameter]]
        return replace(
            structure,
            access="links",
            link_field=rarest.field,
            remaining_filters=_remaining_filters(kind, filters, rarest),
        ), keys
    if owners:
        site = owners[0]
        return replace(
            structure, access="links", link_field=site.field, remaining_filters=_remaining_filters(kind, filters, site)
        ), [NOBODY]
    if facets:
        keys = [facets[0].flag] if facets[0].flag else filters[facets[0].parameter]
        return replace(structure, access="facet", remaining_filters=_remaining_filters(kind, filters, facets[0])), keys
    return replace(structure, remaining_filters=_remaining_filters(kind, filters)), [""]


def _remaining_filters(
    kind: ContentType, filters: Mapping[str, Any], applied: ByReference | ByOwner | ByFacet | None = None
) -> tuple[tuple[str, str], ...]:
    """All filters but the one of the access path. Booleans and owners keep their value, which changes the SQL text."""
    owners = {each.parameter for each in kind.filters if isinstance(each, ByOwner)}
    rest = {name: value for name, value in filters.items() if applied is None or name != applied.parameter}
    return tuple(
        (name, str(value) if isinstance(value, bool) or name in owners else "") for name, value in rest.items()
    )


def _steps(
    structure: _Structure, keys: Sequence[str], chain: Sequence[str], values: Mapping[str, Any]
) -> Iterable[_Step]:
    """One statement for each locale, or one in all for a type without locales.

    The statement of a fallback leaves out entries that have a live translation in a better locale.
    """
    keys = list(dict.fromkeys(keys))
    groups = [[each] for each in chain] if structure.kind.has_locales else [list(chain)]
    for position, locales in enumerate(groups):
        merges_locales = len(keys) * len(locales) > BRANCHES_AT_MOST
        pairs = list(product(keys, locales[:1] if merges_locales else locales))
        branches = 1 << (len(pairs) - 1).bit_length()
        # The number of branches is a power of two, so that few statements are cached. UNION drops what repeats.
        pairs += pairs[-1:] * (branches - len(pairs))
        own: dict[str, Any] = {f"key_{number}": key for number, (key, _) in enumerate(pairs)}
        own |= {f"locale_{number}": locale for number, (_, locale) in enumerate(pairs)}
        own |= {"locales": list(locales), "better": list(chain[:position])}
        step = replace(structure, branches=branches, merges_locales=merges_locales, is_fallback=position > 0)
        yield _Step(step, {**values, **own})


def _read_page(connection: Connection, plan: Sequence[_Step], query: ListQuery) -> list[Row]:
    """The rows of a page, and one more if there is one."""
    rows: list[Row] = []
    for step in plan:
        structure, values = step.structure, {**step.values, "limit": query.limit + 1}
        if len(rows) > query.limit:
            structure = replace(structure, bounded=True)
            values |= {"until_value": rows[-1].sort_value, "until_id": rows[-1].entry_id}
        rows += connection.execute(_page_statement(structure), values).all()
        rows.sort(key=lambda row: (row.sort_value, row.entry_id), reverse=structure.sort.startswith("-"))
        del rows[query.limit + 1 :]
    return rows


@lru_cache(maxsize=512)
def _page_statement(structure: _Structure) -> Select[Any]:
    """The rows of the entries that the scans find first. No columns of other entries are read."""
    branches = [_ordered(_branch(structure, number), structure) for number in range(structure.branches)]
    found = branches[0] if len(branches) == 1 else union(*(select(each.subquery()) for each in branches))
    if len(branches) > 1:
        merged = found.subquery()
        found = select(merged).order_by(*_order(structure, merged.c)).limit(bindparam("limit", type_=Integer))
    page, table = found.subquery("page"), structure.view.rows.publications
    columns = row_columns(table, structure.kind, bodies=structure.bodies, view=structure.view)
    joined = page.join(table, table.c.id == page.c.publication_id)
    return with_revision([*columns, page.c.sort_value], table, joined).order_by(*_order(structure, page.c))


def _order(structure: _Structure, columns: Any) -> tuple[Any, Any]:
    keys = (columns.sort_value, columns.entry_id)
    return (keys[0].desc(), keys[1].desc()) if structure.sort.startswith("-") else keys


def _ordered(branch: Select[Any], structure: _Structure) -> Select[Any]:
    """A branch in its order, from the end of the page before to the last entry that can be on this page."""
    key, entry_id = branch.selected_columns.sort_value, branch.selected_columns.entry_id
    here, descending = tuple_(key, entry_id), structure.sort.startswith("-")
    if structure.after:
        last = tuple_(bindparam("after_value", type_=key.type), bindparam("after_id", type_=Identifier))
        branch = branch.where(here < last if descending else here > last)
    if structure.bounded:
        end = tuple_(bindparam("until_value", type_=key.type), bindparam("until_id", type_=Identifier))
        branch = branch.where(here > end if descending else here < end)
    order = (key.desc(), entry_id.desc()) if descending else (key, entry_id)
    return branch.order_by(*order).limit(bindparam("limit", type_=Integer))


def _branch(structure: _Structure, number: int) -> Select[Any]:
    """One scan: the publications of one locale and, by facet or by link, of one key."""
    kind, view = structure.kind, structure.view
    scanned = _scanned_table(structure)
    publication_id = scanned.c.publication_id if structure.access == "links" else scanned.c.id
    conditions = [*_scan_conditions(structure, number, scanned), is_live_at(scanned, current=view.current)]
    if structure.is_fallback:
        conditions.append(~_has_better_translation(scanned, publication_id, view))
    implied = _implied_bounds(structure)
    filters = {name: form for name, form in structure.remaining_filters if name not in implied}
    for each in kind.filters:
        conditions += _filter_conditions(structure, each, filters, scanned, publication_id)
    column = kind.sorts[structure.sort]
    value = count_of(kind.counts[0], scanned.c.entry_id, view) if column == "count" else scanned.c[column]
    columns = (publication_id.label("publication_id"), scanned.c.entry_id, value.label("sort_value"))
    return select(*columns).where(*conditions)


def _scan_conditions(
    structure: _Structure, number: int, scanned: FromClause, *, uses_index: bool = True
) -> Iterable[ColumnElement[bool]]:
    """The conditions that select a range of an index.

    ``uses_index=False`` gives the same conditions for rows that are found otherwise, so that planners do not choose
    this index.
    """
    kind, locale = (
        (scanned.c.type, scanned.c.locale) if uses_index else map(unindexed, (scanned.c.type, scanned.c.locale))
    )
    yield kind == structure.kind.name
    if structure.merges_locales:
        yield is_among(locale, "locales")
    else:
        yield locale == bindparam(f"locale_{number}", type_=String)
    if structure.access == "links":
        yield scanned.c.field == structure.link_field
        target_id = scanned.c.target_id if uses_index else unindexed(scanned.c.target_id)
        yield target_id == bindparam(f"key_{number}", type_=Identifier)
    if structure.access == "facet":
        # Written like the condition of the partial index, so that each database recognises it.
        yield scanned.c.facet != literal_column("''")
        yield scanned.c.facet == bindparam(f"key_{number}", type_=String)


def _scanned_table(structure: _Structure) -> FromClause:
    rows = structure.view.rows
    match structure.access:
        case "candidates":
            return _candidates(structure)
        case "links":
            return rows.links
    return rows.publications


def _candidates(structure: _Structure) -> FromClause:
    """The publications that names or a search select. The limit keeps planners from scanning in the order instead."""
    table = structure.view.rows.publications
    given = dict(structure.remaining_filters)
    conditions = [(table.c.type if "slug" in given else unindexed(table.c.type)) == structure.kind.name]
    if "id" in given:
        conditions.append(is_among(table.c.entry_id, "id"))
    if "slug" in given:
        # The locale comes before the slug in the index.
        conditions += [is_among(table.c.locale, "locales"), is_among(table.c.slug, "slug")]
    if "among" in given:
        conditions.append(is_among(table.c.id, "among"))
    for each in structure.kind.filters:
        if isinstance(each, ByReferrer) and each.parameter in given:
            link = structure.view.rows.links.alias()
            referred = select(link.c.target_id).where(
                is_among(link.c.publication_id, f"{each.parameter}_targets"), link.c.field == each.field
            )
            conditions.append(table.c.entry_id.in_(referred))
    live = is_live_at(table, current=structure.view.current)
    return select(table).where(*conditions, live).limit(CANDIDATES_AT_MOST).subquery("candidates")


def _has_better_translation(scanned: FromClause, publication_id: Any, view: StatementView) -> ColumnElement[bool]:
    """True if a translation in a better locale is live."""
    own, better = view.rows.publications.alias(), view.rows.publications.alias()
    return (
        exists()
        .where(
            own.c.id == publication_id,
            better.c.translation_group == own.c.translation_group,
            better.c.type == own.c.type,
            is_among(better.c.locale, "better"),
            is_live_at(better, current=view.current),
        )
        .correlate(scanned)
    )


def _filter_conditions(
    structure: _Structure, each: Filter, filters: Mapping[str, str], scanned: FromClause, publication_id: Any
) -> Iterable[ColumnElement[bool]]:
    """The conditions of one remaining filter."""
    match each:
        case ByTime():
            yield from _time_conditions(each, filters, scanned)
        case ByReference() if each.parameter in filters:
            link = structure.view.rows.links.alias()
            targets = is_among(link.c.target_id, f"{each.parameter}_targets")
            yield exists().where(link.c.publication_id == publication_id, link.c.field == each.field, targets)
        case ByFacet(flag=None) if each.parameter in filters:
            yield is_among(scanned.c.facet, each.parameter)
        case ByFacet() if each.parameter in filters:
            yield scanned.c.facet == each.flag if filters[each.parameter] == "True" else scanned.c.facet != each.flag
        case ByOwner() if each.parameter in filters:
            link = structure.view.rows.links.alias()
            is_own = exists().where(
                link.c.publication_id == publication_id, link.c.field == each.field, link.c.target_id == NOBODY
            )
            yield is_own if filters[each.parameter] == "site" else ~is_own


def _implied_bounds(structure: _Structure) -> set[str]:
    """Time filters that hold for every entry after the page before, since its last entry fulfilled them.

    They are left out: SQLite would start the scan at such a bound instead of where the page before ended. Example:
    ``published_at__gte`` in a list by ``published_at``.
    """
    if not structure.after:
        return set()
    column, passed = structure.kind.sorts[structure.sort], ("gt", "gte")
    if structure.sort.startswith("-"):
        passed = ("lt", "lte")
    times = [each for each in structure.kind.filters if isinstance(each, ByTime) and each.column == column]
    return {f"{each.parameter}__{operator}" for each in times for operator in passed}


def _time_conditions(each: ByTime, filters: Mapping[str, str], scanned: FromClause) -> Iterable[ColumnElement[bool]]:
    column = scanned.c[each.column]
    for operator, method in COMPARISONS.items():
        name = f"{each.parameter}__{operator}"
        if name in filters:
            yield getattr(column, method)(bindparam(name, type_=UTCDateTime))
    if (asked := filters.get(f"{each.parameter}__exists")) is not None:
        # A live publication has every time.
        yield true() if asked == "True" else false()


def _count(connection: Connection, step: _Step) -> int:
    """The number of entries that one statement of a list finds on all pages together."""
    structure = replace(step.structure, after=False, bodies=False, sort=next(iter(step.structure.kind.sorts)))
    is_plain = not structure.remaining_filters and not structure.is_fallback and structure.branches == 1
    by_index = is_plain and structure.view.is_counted and structure.access != "candidates"
    statement = _difference_statement(structure) if by_index else _count_statement(structure)
    return int(connection.execute(statement, step.values).scalar_one())


@lru_cache(maxsize=256)
def _count_statement(structure: _Structure) -> Select[Any]:
    branches = [_branch(structure, number) for number in range(structure.branches)]
    found = branches[0].subquery() if len(branches) == 1 else union(*branches).subquery()
    return select(func.count()).select_from(found)


@lru_cache(maxsize=256)
def _difference_statement(structure: _Structure) -> Select[Any]:
    """The number of publications that are not over, minus the planned ones.

    These are the live ones, provided that everything that has begun or ended is marked so. Both numbers are counted in
    an index, without reading a row.
    """
    scanned, table = _scanned_table(structure), structure.view.rows.publications
    number_not_over = (
        select(func.count()).select_from(scanned).where(*_scan_conditions(structure, 0, scanned), ~scanned.c.over)
    )
    ahead = table.c.live_from > bindparam("at", type_=UTCDateTime)
    planned = select(table.c.id).where(~table.c.announced, ahead, ~unindexed(table.c.over)).subquery()
    publication_id = scanned.c.publication_id if structure.access == "links" else scanned.c.id
    # The planned ones are few, and each is looked up in the scanned table.
    number_planned = select(func.count()).select_from(planned.join(scanned, publication_id == planned.c.id))
    number_planned = number_planned.where(*_scan_conditions(structure, 0, scanned, uses_index=False))
    return select(number_not_over.scalar_subquery() - number_planned.scalar_subquery())
