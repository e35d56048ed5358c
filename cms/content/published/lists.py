"""Lists of what is published: filtered, ordered, and read a page at a time.

A page is a walk along an index from where the page before ended, at any depth of any list but one by a count. What is
walked depends on the filters: all entries of the type, those with one facet, or those that refer to one entry; several
of these are walked side by side and merged, and languages that stand in for another are walked as far as the page
reaches. A list by names or by search begins with those few and orders them.
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
"""How many walks go side by side; SQLite takes no more than 500 in a statement."""
FEW = 10_000
"""More than any list by names or by search begins with."""


@dataclass(frozen=True)
class ListQuery:
    """One page of one type: what to keep, how to order it, and where the page before ended."""

    filters: Mapping[str, Any] = field(default_factory=dict)
    """Values by parameter name; a list means "or"."""
    chain: Sequence[str] = ()
    """Locales, best first, that names are looked up in and that are listed."""
    sort: str = ""
    after: tuple[Any, str] | None = None
    """The sort value and the id of the last entry of the page before."""
    limit: int = 20
    bodies: bool = False
    total: bool = False
    among: Sequence[str] | None = None
    """Ids of publications that a search found; ``None`` without one."""


def list_published(
    connection: Connection, kind: ContentType, query: ListQuery, perspective: Perspective
) -> tuple[list[Row], bool, int | None]:
    """The rows of a page, whether more follow, and the total where asked for.

    A statement for each locale of the chain, one more for names in filters, and as many again for the total.
    """
    plan = _plan(connection, kind, query, perspective)
    if plan is None:
        return [], False, 0 if query.total else None
    rows = _page(connection, plan, query)
    total = sum(_counted(connection, step) for step in plan) if query.total else None
    return rows[: query.limit], len(rows) > query.limit, total


@dataclass(frozen=True)
class _Structure:
    """What of a list decides the text of its statements.

    Nothing of it grows without bound with what is asked: anybody can ask, and every structure is remembered.
    """

    kind: ContentType
    view: StatementView
    sort: str
    walks: Literal["type", "facet", "links", "few"] = "type"
    driver: str = ""
    """The field of the references that are walked."""
    branches: int = 1
    merges_locales: bool = False
    """Whether a walk goes through all locales at once, out of order, where one for each would be too many."""
    stands_in: bool = False
    """Whether what has a better translation is left out."""
    marks: tuple[tuple[str, str], ...] = ()
    """The given filters that are not walked, each with its form where that matters."""
    after: bool = False
    bounded: bool = False
    """Whether what comes after an entry that is known already is of no interest."""
    bodies: bool = False


@dataclass(frozen=True)
class _Step:
    """One statement of a list: its structure, and the values of its parameters by name."""

    structure: _Structure
    values: Mapping[str, Any]


def _plan(connection: Connection, kind: ContentType, query: ListQuery, perspective: Perspective) -> list[_Step] | None:
    """The statements of a list in the order of the chain; ``None`` where a filter names nothing that is live."""
    named = _named(connection, kind, query, perspective)
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
    values |= {f"{parameter}_targets": _wanted(kind, parameter, found) for parameter, found in named.items()}
    if query.after is not None:
        values |= {"after_value": query.after[0], "after_id": query.after[1]}
    structure, keys = _walked(structure, filters, named)
    return list(_steps(structure, keys, query.chain, values))


def _parameters(kind: ContentType) -> Iterable[str]:
    for each in kind.filters:
        if isinstance(each, ByTime):
            yield from (f"{each.parameter}__{operator}" for operator in TIME_OPERATORS)
        else:
            yield each.parameter
    yield from ("id", "slug")


def _named(
    connection: Connection, kind: ContentType, query: ListQuery, perspective: Perspective
) -> dict[str, list[Named]] | None:
    """The live entries that filters name, by parameter; ``None`` where one of them names none."""
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


def _wanted(kind: ContentType, parameter: str, named: Sequence[Named]) -> list[str]:
    """What entries are recognised by: the ids of those they refer to, or the publications that refer to them."""
    referrers = {each.parameter for each in kind.filters if isinstance(each, ByReferrer)}
    return [each.publication_id if parameter in referrers else each.entry_id for each in named]


def _walked(
    structure: _Structure, filters: Mapping[str, Any], named: Mapping[str, Sequence[Named]]
) -> tuple[_Structure, Sequence[str]]:
    """What is walked: names, else the references that fewest entries have, else a facet, else all of the type.

    Returns the structure with the other filters marked, and the keys that are walked side by side.
    """
    kind = structure.kind
    referrers = [each.parameter for each in kind.filters if isinstance(each, ByReferrer)]
    if filters.keys() & {"id", "slug", "among", *referrers}:
        return replace(structure, walks="few", marks=_marks(kind, filters)), [""]
    references = [each for each in kind.filters if isinstance(each, ByReference) and each.parameter in filters]
    owners = [each for each in kind.filters if isinstance(each, ByOwner) and filters.get(each.parameter) == "site"]
    facets = [each for each in kind.filters if isinstance(each, ByFacet) and filters.get(each.parameter)]
    if references:
        rarest = min(references, key=lambda each: sum(target.number or 0 for target in named[each.parameter]))
        keys = [target.entry_id for target in named[rarest.parameter]]
        return replace(structure, walks="links", driver=rarest.field, marks=_marks(kind, filters, rarest)), keys
    if owners:
        site = owners[0]
        return replace(structure, walks="links", driver=site.field, marks=_marks(kind, filters, site)), [NOBODY]
    if facets:
        keys = [facets[0].flag] if facets[0].flag else filters[facets[0].parameter]
        return replace(structure, walks="facet", marks=_marks(kind, filters, facets[0])), keys
    return replace(structure, marks=_marks(kind, filters)), [""]


def _marks(
    kind: ContentType, filters: Mapping[str, Any], walked: ByReference | ByOwner | ByFacet | None = None
) -> tuple[tuple[str, str], ...]:
    """The filters but for the walked one; what is true or false, or an owner, with its value."""
    owners = {each.parameter for each in kind.filters if isinstance(each, ByOwner)}
    rest = {name: value for name, value in filters.items() if walked is None or name != walked.parameter}
    return tuple(
        (name, str(value) if isinstance(value, bool) or name in owners else "") for name, value in rest.items()
    )


def _steps(
    structure: _Structure, keys: Sequence[str], chain: Sequence[str], values: Mapping[str, Any]
) -> Iterable[_Step]:
    """A statement for each locale, the later ones without what has a better translation; one for what has none."""
    keys = list(dict.fromkeys(keys))
    groups = [[each] for each in chain] if structure.kind.has_locales else [list(chain)]
    for position, locales in enumerate(groups):
        merges_locales = len(keys) * len(locales) > BRANCHES_AT_MOST
        pairs = list(product(keys, locales[:1] if merges_locales else locales))
        branches = 1 << (len(pairs) - 1).bit_length()
        # What goes beyond the last pair repeats it, and UNION drops what it finds: few numbers, few statements.
        pairs += pairs[-1:] * (branches - len(pairs))
        own: dict[str, Any] = {f"key_{number}": key for number, (key, _) in enumerate(pairs)}
        own |= {f"locale_{number}": locale for number, (_, locale) in enumerate(pairs)}
        own |= {"locales": list(locales), "better": list(chain[:position])}
        step = replace(structure, branches=branches, merges_locales=merges_locales, stands_in=position > 0)
        yield _Step(step, {**values, **own})


def _page(connection: Connection, plan: Sequence[_Step], query: ListQuery) -> list[Row]:
    """The rows of a page and one more, where there is one."""
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
    """The rows of the few entries that the walks find first; nothing of any other is read."""
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
    """The first entries of a branch, from where the page before ended until where this one surely ends."""
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
    """One walk: the publications of one locale and, by facet or by reference, of one key."""
    kind, view = structure.kind, structure.view
    walked = _walked_table(structure)
    publication_id = walked.c.publication_id if structure.walks == "links" else walked.c.id
    conditions = [*_walk(structure, number, walked), is_live_at(walked, current=view.current)]
    if structure.stands_in:
        conditions.append(~_better(walked, publication_id, view))
    marks = {name: form for name, form in structure.marks if name not in _implied(structure)}
    for each in kind.filters:
        conditions += _kept(structure, each, marks, walked, publication_id)
    column = kind.sorts[structure.sort]
    value = count_of(kind.counts[0], walked.c.entry_id, view) if column == "count" else walked.c[column]
    columns = (publication_id.label("publication_id"), walked.c.entry_id, value.label("sort_value"))
    return select(*columns).where(*conditions)


def _walk(
    structure: _Structure, number: int, walked: FromClause, *, is_driver: bool = True
) -> Iterable[ColumnElement[bool]]:
    """Which part of an index one walk goes along; or, where it does not drive, what rows found otherwise must be."""
    kind, locale = (walked.c.type, walked.c.locale) if is_driver else map(unindexed, (walked.c.type, walked.c.locale))
    yield kind == structure.kind.name
    if structure.merges_locales:
        yield is_among(locale, "locales")
    else:
        yield locale == bindparam(f"locale_{number}", type_=String)
    if structure.walks == "links":
        yield walked.c.field == structure.driver
        target_id = walked.c.target_id if is_driver else unindexed(walked.c.target_id)
        yield target_id == bindparam(f"key_{number}", type_=Identifier)
    if structure.walks == "facet":
        # Said as the index says it, so that each database recognises it.
        yield walked.c.facet != literal_column("''")
        yield walked.c.facet == bindparam(f"key_{number}", type_=String)


def _walked_table(structure: _Structure) -> FromClause:
    rows = structure.view.rows
    match structure.walks:
        case "few":
            return _few(structure)
        case "links":
            return rows.links
    return rows.publications


def _few(structure: _Structure) -> FromClause:
    """The publications that names or a search pick out; the limit keeps planners from walking an order instead."""
    table = structure.view.rows.publications
    given = dict(structure.marks)
    conditions = [(table.c.type if "slug" in given else unindexed(table.c.type)) == structure.kind.name]
    if "id" in given:
        conditions.append(is_among(table.c.entry_id, "id"))
    if "slug" in given:
        # With its locale, which stands before it in the index.
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
    return select(table).where(*conditions, live).limit(FEW).subquery("few")


def _better(walked: FromClause, publication_id: Any, view: StatementView) -> ColumnElement[bool]:
    """Whether a translation in a better locale is live."""
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
        .correlate(walked)
    )


def _kept(
    structure: _Structure, each: Filter, marks: Mapping[str, str], walked: FromClause, publication_id: Any
) -> Iterable[ColumnElement[bool]]:
    """What a filter that is not walked asks of an entry."""
    match each:
        case ByTime():
            yield from _times(each, marks, walked)
        case ByReference() if each.parameter in marks:
            link = structure.view.rows.links.alias()
            targets = is_among(link.c.target_id, f"{each.parameter}_targets")
            yield exists().where(link.c.publication_id == publication_id, link.c.field == each.field, targets)
        case ByFacet(flag=None) if each.parameter in marks:
            yield is_among(walked.c.facet, each.parameter)
        case ByFacet() if each.parameter in marks:
            yield walked.c.facet == each.flag if marks[each.parameter] == "True" else walked.c.facet != each.flag
        case ByOwner() if each.parameter in marks:
            link = structure.view.rows.links.alias()
            by_site = exists().where(
                link.c.publication_id == publication_id, link.c.field == each.field, link.c.target_id == NOBODY
            )
            yield by_site if marks[each.parameter] == "site" else ~by_site


def _implied(structure: _Structure) -> set[str]:
    """The bounds that whatever comes after the page before is within; SQLite would begin at them instead."""
    if not structure.after:
        return set()
    column, passed = structure.kind.sorts[structure.sort], ("gt", "gte")
    if structure.sort.startswith("-"):
        passed = ("lt", "lte")
    times = [each for each in structure.kind.filters if isinstance(each, ByTime) and each.column == column]
    return {f"{each.parameter}__{operator}" for each in times for operator in passed}


def _times(each: ByTime, marks: Mapping[str, str], walked: FromClause) -> Iterable[ColumnElement[bool]]:
    column = walked.c[each.column]
    for operator, method in COMPARISONS.items():
        name = f"{each.parameter}__{operator}"
        if name in marks:
            yield getattr(column, method)(bindparam(name, type_=UTCDateTime))
    if (asked := marks.get(f"{each.parameter}__exists")) is not None:
        # Whatever is live has every time.
        yield true() if asked == "True" else false()


def _counted(connection: Connection, step: _Step) -> int:
    """How many entries one statement of a list would find in all."""
    structure = replace(step.structure, after=False, bodies=False, sort=next(iter(step.structure.kind.sorts)))
    is_plain = not structure.marks and not structure.stands_in and structure.branches == 1
    by_index = is_plain and structure.view.is_counted and structure.walks != "few"
    statement = _difference_statement(structure) if by_index else _count_statement(structure)
    return int(connection.execute(statement, step.values).scalar_one())


@lru_cache(maxsize=256)
def _count_statement(structure: _Structure) -> Select[Any]:
    branches = [_branch(structure, number) for number in range(structure.branches)]
    found = branches[0].subquery() if len(branches) == 1 else union(*branches).subquery()
    return select(func.count()).select_from(found)


@lru_cache(maxsize=256)
def _difference_statement(structure: _Structure) -> Select[Any]:
    """How many are not over without those that are planned, which are few: counted in an index, no row is read.

    Where all that began or ended has been seen, those are the live ones.
    """
    walked, table = _walked_table(structure), structure.view.rows.publications
    standing = select(func.count()).select_from(walked).where(*_walk(structure, 0, walked), ~walked.c.over)
    ahead = table.c.live_from > bindparam("at", type_=UTCDateTime)
    planned = select(table.c.id).where(~table.c.announced, ahead, ~unindexed(table.c.over)).subquery()
    publication_id = walked.c.publication_id if structure.walks == "links" else walked.c.id
    # Few names again: one by one they are looked up in what is walked.
    few = select(func.count()).select_from(planned.join(walked, publication_id == planned.c.id))
    few = few.where(*(_walk(structure, 0, walked, is_driver=False)))
    return select(standing.scalar_subquery() - few.scalar_subquery())
