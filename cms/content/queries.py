"""What is published, read from publications and revisions only.

There is no way from here to a working copy: this module never names the tables of drafts, entries or links.

Building a statement costs many times what running it costs, so each is built once for its structure (which filters,
which order, which relations) and run with the values of the request as parameters.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Any, Literal

from sqlalchemy import (
    BigInteger,
    BindParameter,
    ColumnElement,
    Connection,
    FromClause,
    Integer,
    Select,
    String,
    and_,
    bindparam,
    case,
    cast,
    exists,
    func,
    literal,
    null,
    or_,
    select,
    tuple_,
    union_all,
)

from cms.content.model import Publication, PublicationLink, Revision
from cms.content.types import (
    Backlink,
    ByFacet,
    ByOwner,
    ByReference,
    ByReferrer,
    ByTime,
    ContentType,
    Count,
    Filter,
    Reference,
    Shape,
)
from cms.db import JSON, Identifier, UTCDateTime

Row = Any
"""A published entry as read: columns of the publication, ``data``, ``outline`` and ``bodies`` where asked for."""

UUID_PATTERN = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
NOBODY = "00000000-0000-0000-0000-000000000000"
OPERATORS = {"gt": "__gt__", "gte": "__ge__", "lt": "__lt__", "lte": "__le__"}

# Core tables, and not mapped classes: the same names, a fraction of the work.
publications: FromClause = Publication.__table__
publication_links: FromClause = PublicationLink.__table__
revisions: FromClause = Revision.__table__


def is_identifier(text: str) -> bool:
    """Whether the text is an id rather than a slug; no slug has this form."""
    return UUID_PATTERN.fullmatch(text) is not None


@dataclass(frozen=True)
class Perspective:
    """The instant that is looked at; ``current`` says it is the present, where what is over can be skipped."""

    at: datetime
    current: bool = True


def shows(table: Any, *, current: bool) -> ColumnElement[bool]:
    """The WHERE clause of the timeline, over publications or the links copied from them, at the parameter ``at``."""
    at: BindParameter[datetime] = bindparam("at", type_=UTCDateTime)
    live = and_(table.c.live_from <= at, at < table.c.live_until)
    return and_(~table.c.over, live) if current else live


@dataclass(frozen=True)
class ListQuery:
    """One page of one type: what to keep, how to order it, and where the page before ended."""

    filters: Mapping[str, Any] = field(default_factory=dict)
    """Values by parameter name; a list means "or"."""
    chain: Sequence[str] = ()
    """Locales, best first, that names are looked up in and, where the type has locales, that are listed."""
    sort: str = ""
    after: tuple[Any, str] | None = None
    """The sort value and the id of the last entry of the page before."""
    limit: int = 20
    bodies: bool = False
    total: bool = False


@dataclass(frozen=True)
class _Structure:
    """What of a list query decides the statement's text."""

    sort: str
    filters: tuple[tuple[str, str], ...]
    """Each given parameter with a mark: one id or slug, several with ids or slugs among them, or which word it is.

    A mark never grows with the number of values: anybody can ask, and every structure is remembered.
    """
    locales: int
    after: bool
    bodies: bool
    total: bool
    current: bool

    @classmethod
    def of(cls, kind: ContentType, query: ListQuery, perspective: Perspective) -> "_Structure":
        given = tuple(
            (name, _marks(query.filters[name])) for name in _parameters(kind) if query.filters.get(name) is not None
        )
        return cls(
            sort=query.sort or next(iter(kind.sorts)),
            filters=given,
            locales=len(query.chain),
            after=query.after is not None,
            bodies=query.bodies,
            total=query.total,
            current=perspective.current,
        )

    def marks(self, parameter: str) -> str | None:
        return dict(self.filters).get(parameter)


def _parameters(kind: ContentType) -> Iterable[str]:
    for each in kind.filters:
        if isinstance(each, ByTime):
            yield from (f"{each.parameter}__{operator}" for operator in OPERATORS)
        else:
            yield each.parameter
    yield from ("id", "slug")


def _marks(value: Any) -> str:
    if isinstance(value, list):
        ids, slugs = _ids_and_slugs(value)
        kinds = "i" * bool(ids) + "s" * bool(slugs)
        return kinds if len(value) == 1 else f"several {kinds}"
    return str(value) if isinstance(value, bool) or value == "site" else ""


def _ids_and_slugs(names: Sequence[str]) -> tuple[list[str], list[str]]:
    ids = [each for each in names if is_identifier(each)]
    return ids, [each for each in names if not is_identifier(each)]


def list_published(
    connection: Connection, kind: ContentType, query: ListQuery, perspective: Perspective
) -> tuple[list[Row], bool, int | None]:
    """The rows of a page, whether more follow, and the total where asked for: one statement, or two past the end."""
    structure = _Structure.of(kind, query, perspective)
    statement, total = _list_statement(kind, structure)
    values = _values(kind, query, perspective)
    rows = connection.execute(statement, values | {"limit": query.limit + 1}).all()
    count = None
    if query.total:
        count = rows[0].total if rows else connection.execute(total, values).scalar_one()
    return list(rows[: query.limit]), len(rows) > query.limit, count


def _values(kind: ContentType, query: ListQuery, perspective: Perspective) -> dict[str, Any]:
    """The parameters of a list statement by name."""
    values: dict[str, Any] = {"at": perspective.at}
    values |= {f"locale_{position}": locale for position, locale in enumerate(query.chain)}
    if query.after is not None:
        values |= {"after_value": query.after[0], "after_id": query.after[1]}
    for name in _parameters(kind):
        value = query.filters.get(name)
        if isinstance(value, list) and name not in ("id", "slug"):
            ids, slugs = _ids_and_slugs(value)
            values |= {f"{name}_one": value[0], f"{name}_ids": ids, f"{name}_slugs": slugs}
        if value is not None and not isinstance(value, bool):
            values[name] = value
    return values


@lru_cache(maxsize=256)
def _list_statement(kind: ContentType, structure: _Structure) -> tuple[Select[Any], Select[Any]]:
    """The statement of a page and the one that counts all."""
    walked, conditions = _conditions(kind, structure)
    key, entry_id = _sort_column(kind, structure, walked), walked.c.entry_id
    counted = select(func.count()).select_from(walked).where(*conditions)
    total = counted.correlate(None).scalar_subquery() if structure.total else null()
    columns = _columns(kind, bodies=structure.bodies, current=structure.current)
    statement = _walk(columns, walked).where(*conditions)
    statement = statement.add_columns(key.label("sort_value"), total.label("total"))
    descending = structure.sort.startswith("-")
    if structure.after:
        last = tuple_(bindparam("after_value", type_=key.type), bindparam("after_id", type_=Identifier))
        here = tuple_(key, entry_id)
        statement = statement.where(here < last if descending else here > last)
    order = (key.desc(), entry_id.desc()) if descending else (key, entry_id)
    return statement.order_by(*order).limit(bindparam("limit", type_=Integer)), counted


def _columns(kind: ContentType | None, *, bodies: bool, current: bool) -> list[Any]:
    """The columns of a row; of ``kind`` with its counts, since no other has them."""
    entry_id = publications.c.entry_id
    counts = [_count(each, entry_id, current=current).label(each.field) for each in kind.counts] if kind else []
    return [
        publications.c.id.label("publication_id"),
        entry_id,
        publications.c.revision,
        publications.c.type,
        publications.c.locale,
        publications.c.slug,
        publications.c.translation_group,
        publications.c.published_at,
        publications.c.updated_at,
        revisions.c.data,
        revisions.c.outline,
        (revisions.c.bodies if bodies else cast(null(), JSON)).label("bodies"),
        *counts,
    ]


def _walk(columns: list[Any], walked: FromClause) -> Select[Any]:
    """Rows of publications, found by walking them or, in the order of a tag or an author, their links."""
    found = walked
    if walked is not publications:
        found = found.join(publications, publications.c.id == walked.c.publication_id)
    revision = and_(revisions.c.entry_id == publications.c.entry_id, revisions.c.number == publications.c.revision)
    return select(*columns).select_from(found.join(revisions, revision))


def _count(count: Count, entry_id: Any, *, current: bool) -> Any:
    link = publication_links.alias()
    return (
        select(func.count())
        .select_from(link)
        .where(
            link.c.target_id == entry_id,
            link.c.field == count.by,
            link.c.type == count.source,
            shows(link, current=current),
        )
        .scalar_subquery()
    )


def _sort_column(kind: ContentType, structure: _Structure, walked: FromClause) -> Any:
    column = kind.sorts[structure.sort]
    if column == "count":
        return _count(kind.counts[0], walked.c.entry_id, current=structure.current)
    return walked.c[column]


def _conditions(kind: ContentType, structure: _Structure) -> tuple[FromClause, list[Any]]:
    """What to walk and what to keep. A single tag or author is walked through its own links, already in order."""
    driving = next((each for each in kind.filters if _drives(each, structure)), None)
    walked = publications if driving is None else publication_links
    conditions = [walked.c.type == kind.name, shows(walked, current=structure.current)]
    if structure.locales and kind.has_locales:
        conditions.append(_in_locale(walked, structure))
    for each in kind.filters:
        if isinstance(each, ByTime):
            conditions += _time_conditions(each, walked, structure)
        elif (marks := structure.marks(each.parameter)) is not None:
            conditions.append(_filter(kind, each, marks, walked, each is driving, structure))
    if structure.marks("id"):
        conditions.append(walked.c.entry_id.in_(bindparam("id", type_=Identifier, expanding=True)))
    if structure.marks("slug"):
        named = publications.alias()
        matching = select(named.c.entry_id).where(
            named.c.type == kind.name,
            named.c.slug.in_(bindparam("slug", type_=String, expanding=True)),
            shows(named, current=structure.current),
        )
        conditions.append(walked.c.entry_id.in_(matching))
    return walked, conditions


def _drives(each: Filter, structure: _Structure) -> bool:
    return isinstance(each, ByReference) and structure.marks(each.parameter) in ("i", "s")


def _locale(position: int) -> BindParameter[str]:
    return bindparam(f"locale_{position}", type_=String)


def _in_locale(walked: FromClause, structure: _Structure) -> ColumnElement[bool]:
    """One language: the asked one, or a fallback where no better translation is live."""
    alternatives = [walked.c.locale == _locale(0)]
    for position in range(1, structure.locales):
        own, better = publications.alias(), publications.alias()
        found = (
            exists()
            .where(
                own.c.entry_id == walked.c.entry_id,
                own.c.live_from == walked.c.live_from,
                better.c.translation_group == own.c.translation_group,
                better.c.type == walked.c.type,
                better.c.locale.in_([_locale(each) for each in range(position)]),
                shows(better, current=structure.current),
            )
            .correlate(walked)
        )
        alternatives.append(and_(walked.c.locale == _locale(position), ~found))
    return or_(*alternatives)


def _time_conditions(each: ByTime, walked: FromClause, structure: _Structure) -> list[Any]:
    names = {operator: f"{each.parameter}__{operator}" for operator in OPERATORS}
    return [
        getattr(walked.c[each.column], OPERATORS[operator])(bindparam(name, type_=UTCDateTime))
        for operator, name in names.items()
        if structure.marks(name) is not None
    ]


def _filter(
    kind: ContentType,
    each: ByReference | ByReferrer | ByFacet | ByOwner,
    marks: str,
    walked: FromClause,
    drives: bool,
    structure: _Structure,
) -> Any:
    link = publication_links.alias()
    shown = shows(link, current=structure.current)
    match each:
        case ByReference():
            reference = kind.reference(each.field)
            assert reference is not None
            targets = _entries_named(reference.target, each.parameter, marks, structure)
            if drives:
                return and_(walked.c.field == each.field, walked.c.target_id == targets.scalar_subquery())
            return walked.c.entry_id.in_(
                select(link.c.entry_id).where(
                    link.c.type == kind.name, link.c.field == each.field, link.c.target_id.in_(targets), shown
                )
            )
        case ByReferrer():
            sources = _entries_named(each.source, each.parameter, marks, structure, wanted="id")
            return walked.c.entry_id.in_(
                select(link.c.target_id).where(link.c.publication_id.in_(sources), link.c.field == each.field)
            )
        case ByFacet(flag=None):
            return walked.c.facet.in_(bindparam(each.parameter, type_=String, expanding=True))
        case ByFacet():
            return walked.c.facet == each.flag if marks == "True" else walked.c.facet != each.flag
        case ByOwner():
            publication_id = walked.c.id if walked is publications else walked.c.publication_id
            owned = exists().where(link.c.publication_id == publication_id, link.c.field == each.field)
            return ~owned if marks == "site" else owned


def _entries_named(
    type_name: str, parameter: str, marks: str, structure: _Structure, *, wanted: str = "entry_id"
) -> Select[Any]:
    """A column of the live entries that ids and slugs name; no row for what is not live."""
    if marks in ("i", "s"):
        return _entry_named(type_name, f"{parameter}_one", wanted, is_id=marks == "i", structure=structure)
    target = publications.alias()
    named: list[ColumnElement[bool]] = []
    if "i" in marks.split()[1]:
        named.append(target.c.entry_id.in_(bindparam(f"{parameter}_ids", type_=Identifier, expanding=True)))
    if "s" in marks.split()[1]:
        chain = [_locale(position) for position in range(structure.locales)]
        slugs = target.c.slug.in_(bindparam(f"{parameter}_slugs", type_=String, expanding=True))
        named.append(and_(slugs, target.c.locale.in_(chain)))
    return select(target.c[wanted]).where(
        target.c.type == type_name, or_(*named), shows(target, current=structure.current)
    )


def _entry_named(type_name: str, name: str, wanted: str, *, is_id: bool, structure: _Structure) -> Select[Any]:
    """A column of the live entry that an id or a slug names, in the best locale; no row for what is not live."""
    target = publications.alias()
    shown = shows(target, current=structure.current)
    statement = select(target.c[wanted]).where(target.c.type == type_name, shown).limit(1)
    if is_id:
        return statement.where(target.c.entry_id == bindparam(name, type_=Identifier))
    statement = statement.where(target.c.slug == bindparam(name, type_=String))
    if structure.locales:
        chain = [_locale(position) for position in range(structure.locales)]
        rank = case(*((target.c.locale == each, position) for position, each in enumerate(chain)), else_=len(chain))
        statement = statement.where(target.c.locale.in_(chain)).order_by(rank)
    return statement


def find_published(
    connection: Connection,
    kind: ContentType,
    name: str,
    chain: Sequence[str],
    perspective: Perspective,
    *,
    asked_locale: bool,
) -> Row | None:
    """The live entry that a slug, in the best locale of the chain, or an id names; one statement.

    An id answers with the entry itself unless a locale was asked for and a better translation is live.
    """
    is_id = is_identifier(name)
    statement = _item_statement(kind, is_id=is_id, current=perspective.current)
    values = {"at": perspective.at, "name": name} | ({} if is_id else {"chain": list(chain)})
    rows: Sequence[Row] = connection.execute(statement, values).all()
    if is_id:
        itself = next((row for row in rows if row.entry_id == name), None)
        if itself is None or not asked_locale:
            return itself
        rows = [row for row in rows if row.locale in chain] or [itself]
    return min(rows, key=lambda row: chain.index(row.locale) if row.locale in chain else 0, default=None)


@lru_cache(maxsize=256)
def _item_statement(kind: ContentType, *, is_id: bool, current: bool) -> Select[Any]:
    statement = _walk(_columns(kind, bodies=True, current=current), publications).where(
        publications.c.type == kind.name, shows(publications, current=current)
    )
    if not is_id:
        return statement.where(
            publications.c.slug == bindparam("name", type_=String),
            publications.c.locale.in_(bindparam("chain", type_=String, expanding=True)),
        )
    own = publications.alias()
    group = select(own.c.translation_group).where(
        own.c.entry_id == bindparam("name", type_=Identifier), own.c.type == kind.name, shows(own, current=current)
    )
    return statement.where(publications.c.translation_group == group.limit(1).scalar_subquery())


def find_moved(
    connection: Connection, kind: ContentType, slug: str, chain: Sequence[str], perspective: Perspective
) -> Row | None:
    """The live entry that has been live under this slug before and is now under another; one statement."""
    before = publications.alias()
    rows = connection.execute(
        select(publications.c.entry_id, publications.c.slug, publications.c.locale)
        .join(before, before.c.entry_id == publications.c.entry_id)
        .where(
            before.c.type == kind.name,
            before.c.slug == slug,
            before.c.locale.in_(chain),
            before.c.live_from <= perspective.at,
            shows(publications, current=perspective.current),
        ),
        {"at": perspective.at},
    ).all()
    return min(rows, key=lambda row: chain.index(row.locale) if row.locale in chain else len(chain), default=None)


@dataclass(frozen=True)
class Wanted:
    """What a set of rows needs of other entries: one field of them, in one shape."""

    source: Reference | Backlink | Count | Literal["translations", "previous", "next"]
    shape: Shape
    rows: Sequence[Row]

    @property
    def field(self) -> str:
        return self.source if isinstance(self.source, str) else self.source.field

    @property
    def branches(self) -> int:
        """How many branches of the statement it takes: one, or one for each row where each has its own limit."""
        each_row = self.source in ("previous", "next") or (
            isinstance(self.source, Backlink) and self.source.limit is not None
        )
        # Few numbers, so that few statements are remembered; branches without a row name nobody.
        return next(each for each in (1, 5, 20, 100, len(self.rows)) if each >= len(self.rows)) if each_row else 1


@dataclass(frozen=True)
class Found:
    """An embedded entry: for the entry ``owner_id`` and the field, in this shape; of a count, ``row.position``."""

    owner_id: str
    field: str
    shape: Shape
    row: Row


def gather(connection: Connection, wanted: Iterable[Wanted], perspective: Perspective) -> list[Found]:
    """Everything that rows embed, of every field and shape, in one statement; in the order of delivery."""
    needs = [each for each in wanted if each.rows]
    if not needs:
        return []
    structure = tuple((each.source, each.shape, each.branches) for each in needs)
    values: dict[str, Any] = {"at": perspective.at}
    for number, need in enumerate(needs):
        values |= _need_values(number, need)
    statement = _gather_statement(structure, current=perspective.current)
    rows = connection.execute(statement, values).all()
    return [Found(row.owner_id, needs[row.need].field, needs[row.need].shape, row) for row in rows]


def _need_values(number: int, need: Wanted) -> dict[str, Any]:
    if isinstance(need.source, Reference) or need.source == "translations":
        return {f"publications_{number}": [row.publication_id for row in need.rows]}
    if isinstance(need.source, Count) or (isinstance(need.source, Backlink) and need.source.limit is None):
        return {f"owners_{number}": [row.entry_id for row in need.rows]}
    values: dict[str, Any] = {f"owner_{number}_{position}": NOBODY for position in range(need.branches)}
    for position, row in enumerate(need.rows):
        values[f"owner_{number}_{position}"] = row.entry_id
        if not isinstance(need.source, Backlink):
            values[f"type_{number}_{position}"] = row.type
            values[f"locale_{number}_{position}"] = row.locale
            values[f"time_{number}_{position}"] = row.published_at
    return values


Need = tuple[Any, Shape, int]
"""The structure of a ``Wanted``: its source, its shape, and its number of branches."""


@lru_cache(maxsize=256)
def _gather_statement(needs: tuple[Need, ...], *, current: bool) -> Select[Any]:
    branches = [branch for number, need in enumerate(needs) for branch in _branches(number, need, current=current)]
    union = union_all(*branches).subquery()
    return select(union).order_by(union.c.need, union.c.position, union.c.entry_id)


def _branches(number: int, need: Need, *, current: bool) -> list[Select[Any]]:
    source, shape, count = need
    match source:
        case Reference():
            return [_references(number, source, shape, current=current)]
        case Count():
            return [_counted(number, source, current=current)]
        case Backlink(limit=None):
            return [_backlinks(number, source, shape, current=current)]
        case Backlink():
            return [_newest(number, position, source, shape, current=current) for position in range(count)]
        case "translations":
            return [_translations(number, shape, current=current)]
        case _:
            return [_neighbour(number, position, source, shape, current=current) for position in range(count)]


def _embedded(number: int, owner_id: Any, position: Any, shape: Shape, *, current: bool) -> list[Any]:
    """The columns of a branch; what the shape does not show is not read."""
    hidden: set[str] = {"id": {"data", "outline"}, "short": {"outline"}, "full": set()}[shape]
    columns = _columns(None, bodies=shape == "full", current=current)
    return [
        literal(number, Integer, literal_execute=True).label("need"),
        cast(owner_id, String).label("owner_id"),
        cast(position, BigInteger).label("position"),
        *(cast(null(), JSON).label(each.name) if each.name in hidden else each for each in columns),
    ]


def _ids(name: str, number: int) -> BindParameter[Any]:
    return bindparam(f"{name}_{number}", type_=Identifier, expanding=True)


def _counted(number: int, count: Count, *, current: bool) -> Select[Any]:
    """The number of referring entries of each owner, once for each, however often the owner is embedded."""
    link = publication_links.alias()
    columns = _embedded(number, link.c.target_id, func.count(), "id", current=current)
    return (
        select(*columns[:3], *(cast(null(), column.type).label(column.name) for column in columns[3:]))
        .select_from(link)
        .where(
            link.c.target_id.in_(_ids("owners", number)),
            link.c.field == count.by,
            link.c.type == count.source,
            shows(link, current=current),
        )
        .group_by(link.c.target_id)
    )


def _references(number: int, reference: Reference, shape: Shape, *, current: bool) -> Select[Any]:
    link = publication_links.alias()
    columns = _embedded(number, link.c.entry_id, link.c.position, shape, current=current)
    return (
        _walk(columns, publications)
        .join(link, link.c.target_id == publications.c.entry_id)
        .where(
            link.c.publication_id.in_(_ids("publications", number)),
            link.c.field == reference.field,
            publications.c.type == reference.target,
            shows(publications, current=current),
        )
    )


def _backlinks(number: int, backlink: Backlink, shape: Shape, *, current: bool) -> Select[Any]:
    link = publication_links.alias()
    key = link.c[backlink.order]
    order = (key.desc(), link.c.entry_id.desc()) if backlink.descending else (key, link.c.entry_id)
    position = func.row_number().over(partition_by=link.c.target_id, order_by=order)
    columns = _embedded(number, link.c.target_id, position, shape, current=current)
    return (
        _walk(columns, publications)
        .join(link, link.c.publication_id == publications.c.id)
        .where(
            link.c.target_id.in_(_ids("owners", number)),
            link.c.field == backlink.by,
            link.c.type == backlink.source,
            shows(link, current=current),
        )
    )


def _newest(number: int, position: int, backlink: Backlink, shape: Shape, *, current: bool) -> Select[Any]:
    """The first few referring entries of one owner, by an index that carries the order."""
    link = publication_links.alias()
    owner: BindParameter[str] = bindparam(f"owner_{number}_{position}", type_=Identifier)
    key = link.c[backlink.order]
    order = (key.desc(), link.c.entry_id.desc()) if backlink.descending else (key, link.c.entry_id)
    first = (
        select(link.c.publication_id, func.row_number().over(order_by=order).label("position"))
        .where(
            link.c.target_id == owner,
            link.c.field == backlink.by,
            link.c.type == backlink.source,
            shows(link, current=current),
        )
        .order_by(*order)
        .limit(backlink.limit)
        .subquery()
    )
    columns = _embedded(number, owner, first.c.position, shape, current=current)
    return _walk(columns, publications).join(first, first.c.publication_id == publications.c.id)


def _translations(number: int, shape: Shape, *, current: bool) -> Select[Any]:
    own = publications.alias()
    columns = _embedded(number, own.c.entry_id, literal(0), shape, current=current)
    return (
        _walk(columns, publications)
        .join(own, own.c.translation_group == publications.c.translation_group)
        .where(
            own.c.id.in_(_ids("publications", number)),
            publications.c.entry_id != own.c.entry_id,
            publications.c.type == own.c.type,
            shows(publications, current=current),
        )
    )


def _neighbour(number: int, position: int, side: str, shape: Shape, *, current: bool) -> Select[Any]:
    """The entry published just before or after one, in its type and locale."""
    other = publications.alias()
    owner: BindParameter[str] = bindparam(f"owner_{number}_{position}", type_=Identifier)
    time: BindParameter[datetime] = bindparam(f"time_{number}_{position}", type_=UTCDateTime)
    here, there = tuple_(other.c.published_at, other.c.entry_id), tuple_(time, owner)
    earlier = side == "previous"
    order = (
        (other.c.published_at.desc(), other.c.entry_id.desc()) if earlier else (other.c.published_at, other.c.entry_id)
    )
    nearest = (
        select(other.c.id)
        .where(
            other.c.type == bindparam(f"type_{number}_{position}", type_=String),
            other.c.locale == bindparam(f"locale_{number}_{position}", type_=String),
            here < there if earlier else here > there,
            shows(other, current=current),
        )
        .order_by(*order)
        .limit(1)
        .subquery()
    )
    columns = _embedded(number, owner, literal(0), shape, current=current)
    return _walk(columns, publications).join(nearest, nearest.c.id == publications.c.id)
