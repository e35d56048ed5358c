"""What is published, read from publications and revisions only.

There is no way from here to a working copy: this module never names the tables of drafts, entries or links.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Integer,
    Select,
    String,
    and_,
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
from sqlalchemy.orm import aliased

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
from cms.db import JSON, UTCDateTime

Row = Any
"""A published entry as read: columns of the publication, ``data``, ``outline`` and ``bodies`` where asked for."""

UUID_PATTERN = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
OPERATORS = {"gt": "__gt__", "gte": "__ge__", "lt": "__lt__", "lte": "__le__"}


def is_identifier(text: str) -> bool:
    """Whether the text is an id rather than a slug; no slug has this form."""
    return UUID_PATTERN.fullmatch(text) is not None


@dataclass(frozen=True)
class Perspective:
    """The instant that is looked at; ``current`` says it is the present, where what is over can be skipped."""

    at: datetime
    current: bool = True

    def shows(self, publication: Any) -> ColumnElement[bool]:
        """The one WHERE clause of the timeline, over publications or the links copied from them."""
        live = and_(publication.live_from <= self.at, self.at < publication.live_until)
        return and_(~publication.over, live) if self.current else live


@dataclass(frozen=True)
class ListQuery:
    """One page of one type: what to keep, how to order it, and where the page before ended."""

    filters: Mapping[str, Any] = field(default_factory=dict)
    """Values by parameter name; a list means "or"."""
    chain: Sequence[str] = ()
    """Locales, best first; empty for all."""
    sort: str = ""
    after: tuple[Any, str] | None = None
    """The sort value and the id of the last entry of the page before."""
    limit: int = 20
    bodies: bool = False
    total: bool = False


def list_published(
    connection: Connection, kind: ContentType, query: ListQuery, perspective: Perspective
) -> tuple[list[Row], bool, int | None]:
    """The rows of a page, whether more follow, and the total where asked for: one statement, or two past the end."""
    name = query.sort or next(iter(kind.sorts))
    walked, conditions = _conditions(kind, query, perspective)
    key, entry_id = _sort_column(kind, name, walked, perspective), walked.entry_id
    total = _total(walked, conditions)
    statement = _walk(_columns(kind, perspective, bodies=query.bodies), walked).where(*conditions)
    statement = statement.add_columns(key.label("sort_value"), total if query.total else null().label("total"))
    descending = name.startswith("-")
    if query.after is not None:
        last = tuple_(literal(query.after[0], key.type), literal(query.after[1], entry_id.type))
        here = tuple_(key, entry_id)
        statement = statement.where(here < last if descending else here > last)
    order = (key.desc(), entry_id.desc()) if descending else (key, entry_id)
    rows = connection.execute(statement.order_by(*order).limit(query.limit + 1)).all()
    count = None
    if query.total:
        count = rows[0].total if rows else connection.execute(select(total)).scalar_one()
    return list(rows[: query.limit]), len(rows) > query.limit, count


def _columns(kind: ContentType | None, perspective: Perspective, *, bodies: bool) -> list[Any]:
    """The columns of a row; of ``kind`` with its counts, since no other has them."""
    counts = [_count(each, Publication.entry_id, perspective).label(each.field) for each in kind.counts] if kind else []
    return [
        Publication.id.label("publication_id"),
        Publication.entry_id,
        Publication.revision,
        Publication.type,
        Publication.locale,
        Publication.slug,
        Publication.translation_group,
        Publication.published_at,
        Publication.updated_at,
        Revision.data,
        Revision.outline,
        (Revision.bodies if bodies else cast(null(), JSON)).label("bodies"),
        *counts,
    ]


def _walk(columns: list[Any], walked: Any) -> Select[Any]:
    """Rows of publications, found by walking them or, in the order of a tag or an author, their links."""
    statement = select(*columns).select_from(walked)
    if walked is not Publication:
        statement = statement.join(Publication, Publication.id == walked.publication_id)
    revision = and_(Revision.entry_id == Publication.entry_id, Revision.number == Publication.revision)
    return statement.join(Revision, revision)


def _count(count: Count, entry_id: Any, perspective: Perspective) -> ColumnElement[int]:
    link = aliased(PublicationLink)
    return (
        select(func.count())
        .select_from(link)
        .where(link.target_id == entry_id, link.field == count.by, link.type == count.source, perspective.shows(link))
        .scalar_subquery()
    )


def _sort_column(kind: ContentType, name: str, walked: Any, perspective: Perspective) -> Any:
    column = kind.sorts[name]
    if column == "count":
        return _count(kind.counts[0], walked.entry_id, perspective)
    return getattr(walked, column)


def _total(walked: Any, conditions: list[Any]) -> Any:
    return select(func.count()).select_from(walked).where(*conditions).correlate(None).scalar_subquery().label("total")


def _conditions(kind: ContentType, query: ListQuery, perspective: Perspective) -> tuple[Any, list[Any]]:
    """What to walk and what to keep. A single tag or author is walked through its own links, already in order."""
    driving = next((each for each in kind.filters if _drives(each, query)), None)
    walked: Any = Publication if driving is None else PublicationLink
    conditions = [walked.type == kind.name, perspective.shows(walked)]
    if kind.has_locales and query.chain:
        conditions.append(_in_locale(walked, query.chain, perspective))
    for each in kind.filters:
        if isinstance(each, ByTime):
            conditions += _time_conditions(each, walked, query.filters)
        elif (value := query.filters.get(each.parameter)) is not None:
            conditions.append(_filter(kind, each, value, walked, each is driving, query.chain, perspective))
    if ids := query.filters.get("id"):
        conditions.append(walked.entry_id.in_(ids))
    if slugs := query.filters.get("slug"):
        matching = select(Publication.entry_id).where(
            Publication.type == kind.name, Publication.slug.in_(slugs), perspective.shows(Publication)
        )
        conditions.append(walked.entry_id.in_(matching))
    return walked, conditions


def _drives(each: Filter, query: ListQuery) -> bool:
    return isinstance(each, ByReference) and len(query.filters.get(each.parameter) or ()) == 1


def _in_locale(walked: Any, chain: Sequence[str], perspective: Perspective) -> ColumnElement[bool]:
    """One language: the asked one, or a fallback where no better translation is live."""
    alternatives = [walked.locale == chain[0]]
    for position, locale in enumerate(chain[1:], start=1):
        own, better = aliased(Publication), aliased(Publication)
        found = (
            exists()
            .where(
                own.entry_id == walked.entry_id,
                own.live_from == walked.live_from,
                better.translation_group == own.translation_group,
                better.type == walked.type,
                better.locale.in_(chain[:position]),
                perspective.shows(better),
            )
            .correlate(walked)
        )
        alternatives.append(and_(walked.locale == locale, ~found))
    return or_(*alternatives)


def _time_conditions(each: ByTime, walked: Any, filters: Mapping[str, Any]) -> list[Any]:
    column = getattr(walked, each.column)
    given = {name: filters.get(f"{each.parameter}__{name}") for name in OPERATORS}
    return [getattr(column, OPERATORS[name])(value) for name, value in given.items() if value is not None]


def _filter(
    kind: ContentType,
    each: ByReference | ByReferrer | ByFacet | ByOwner,
    value: Any,
    walked: Any,
    drives: bool,
    chain: Sequence[str],
    perspective: Perspective,
) -> Any:
    match each:
        case ByReference():
            reference = kind.reference(each.field)
            assert reference is not None
            targets = [_entry_named(reference.target, name, chain, perspective) for name in value]
            if drives:
                return and_(walked.field == each.field, walked.target_id == targets[0])
            link = aliased(PublicationLink)
            return walked.entry_id.in_(
                select(link.entry_id).where(
                    link.type == kind.name,
                    link.field == each.field,
                    link.target_id.in_(targets),
                    perspective.shows(link),
                )
            )
        case ByReferrer():
            link = aliased(PublicationLink)
            sources = [_entry_named(each.source, name, chain, perspective) for name in value]
            return walked.entry_id.in_(
                select(link.target_id).where(
                    link.entry_id.in_(sources), link.field == each.field, perspective.shows(link)
                )
            )
        case ByFacet():
            if each.flag is None:
                return walked.facet.in_(value)
            return walked.facet == each.flag if value else walked.facet != each.flag
        case ByOwner():
            link = aliased(PublicationLink)
            owned = exists().where(link.entry_id == walked.entry_id, link.field == each.field, perspective.shows(link))
            return ~owned if value == "site" else owned


def _entry_named(type_name: str, name: str, chain: Sequence[str], perspective: Perspective) -> Any:
    """The id of the live entry that an id or a slug names, in the best locale; no row for what is not live."""
    target = aliased(Publication)
    statement = select(target.entry_id).where(target.type == type_name, perspective.shows(target)).limit(1)
    if is_identifier(name):
        return statement.where(target.entry_id == name).scalar_subquery()
    statement = statement.where(target.slug == name)
    if chain:
        statement = statement.where(target.locale.in_(chain)).order_by(_rank(target.locale, chain))
    return statement.scalar_subquery()


def _rank(locale: Any, chain: Sequence[str]) -> ColumnElement[int]:
    return case(dict(zip(chain, range(len(chain)), strict=True)), value=locale, else_=len(chain))


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
    statement = _walk(_columns(kind, perspective, bodies=True), Publication).where(
        Publication.type == kind.name, perspective.shows(Publication)
    )
    if not is_identifier(name):
        statement = statement.where(Publication.slug == name, Publication.locale.in_(chain))
        rows = connection.execute(statement).all()
    else:
        own = aliased(Publication)
        group = select(own.translation_group).where(own.entry_id == name, own.type == kind.name, perspective.shows(own))
        rows = connection.execute(statement.where(Publication.translation_group.in_(group))).all()
        itself = next((row for row in rows if row.entry_id == name), None)
        if itself is None or not asked_locale:
            return itself
        rows = [row for row in rows if row.locale in chain] or [itself]
    return min(rows, key=lambda row: chain.index(row.locale) if row.locale in chain else 0, default=None)


def find_moved(
    connection: Connection, kind: ContentType, slug: str, chain: Sequence[str], perspective: Perspective
) -> Row | None:
    """The live entry that has been live under this slug before and is now under another; one statement."""
    before = aliased(Publication)
    return connection.execute(
        select(Publication.entry_id, Publication.slug, Publication.locale)
        .join(before, before.entry_id == Publication.entry_id)
        .where(
            before.type == kind.name,
            before.slug == slug,
            before.locale.in_(chain),
            before.live_from <= perspective.at,
            perspective.shows(Publication),
        )
        .order_by(_rank(Publication.locale, chain))
        .limit(1)
    ).one_or_none()


@dataclass(frozen=True)
class Wanted:
    """What a set of rows needs of other entries: one field of them, in one shape."""

    source: Reference | Backlink | Literal["translations", "previous", "next"]
    shape: Shape
    rows: Sequence[Row]

    @property
    def field(self) -> str:
        return self.source if isinstance(self.source, str) else self.source.field


@dataclass(frozen=True)
class Found:
    """An embedded entry: for the entry ``owner_id`` and the field, in this shape."""

    owner_id: str
    field: str
    shape: Shape
    row: Row


def gather(
    connection: Connection, wanted: Iterable[Wanted], perspective: Perspective, counted: Sequence[ContentType]
) -> list[Found]:
    """Everything that rows embed, of every field and shape, in one statement; in the order of delivery.

    ``counted`` are the types whose counts are needed where they are embedded in full.
    """
    needs = [each for each in wanted if each.rows]
    branches = [
        branch.add_columns(*_counts(counted, each, perspective))
        for number, each in enumerate(needs)
        for branch in _branches(number, each, perspective)
    ]
    if not branches:
        return []
    union = union_all(*branches).subquery()
    rows = connection.execute(select(union).order_by(union.c.need, union.c.position, union.c.entry_id)).all()
    return [Found(row.owner_id, needs[row.need].field, needs[row.need].shape, row) for row in rows]


def _counts(counted: Sequence[ContentType], need: Wanted, perspective: Perspective) -> list[Any]:
    target = need.source.target if isinstance(need.source, Reference) else None
    return [
        (
            _count(count, Publication.entry_id, perspective)
            if need.shape == "full" and kind.name == target
            else cast(null(), Integer)
        ).label(f"{kind.name}.{count.field}")
        for kind in counted
        for count in kind.counts
    ]


def _branches(number: int, need: Wanted, perspective: Perspective) -> list[Select[Any]]:
    match need.source:
        case Reference():
            return [_references(number, need, need.source, perspective)]
        case Backlink(limit=None):
            return [_backlinks(number, need, need.source, [row.entry_id for row in need.rows], perspective)]
        case Backlink():
            return [_newest(number, need, need.source, row.entry_id, perspective) for row in need.rows]
        case "translations":
            return [_translations(number, need, perspective)]
        case "previous" | "next":
            return [_neighbour(number, need, row, perspective) for row in need.rows]


def _embedded(number: int, need: Wanted, owner_id: Any, position: Any, perspective: Perspective) -> list[Any]:
    """The columns of a branch; what the shape does not show is not read."""
    columns = _columns(None, perspective, bodies=need.shape == "full")
    hidden = {"id": {"data", "outline"}, "short": {"outline"}, "full": set[str]()}[need.shape]
    shown = [cast(null(), JSON).label(each.name) if each.name in hidden else each for each in columns]
    return [
        literal(number, Integer, literal_execute=True).label("need"),
        cast(owner_id, String).label("owner_id"),
        cast(position, BigInteger).label("position"),
        *shown,
    ]


def _references(number: int, need: Wanted, reference: Reference, perspective: Perspective) -> Select[Any]:
    link = aliased(PublicationLink)
    columns = _embedded(number, need, link.entry_id, link.position, perspective)
    return (
        _walk(columns, Publication)
        .join(link, link.target_id == Publication.entry_id)
        .where(
            link.publication_id.in_([row.publication_id for row in need.rows]),
            link.field == reference.field,
            Publication.type == reference.target,
            perspective.shows(Publication),
        )
    )


def _backlinks(
    number: int, need: Wanted, backlink: Backlink, owner_ids: Sequence[str], perspective: Perspective
) -> Select[Any]:
    link = aliased(PublicationLink)
    columns = _embedded(number, need, link.target_id, getattr(Publication, backlink.order), perspective)
    return (
        _walk(columns, Publication)
        .join(link, link.publication_id == Publication.id)
        .where(
            link.target_id.in_(owner_ids),
            link.field == backlink.by,
            link.type == backlink.source,
            perspective.shows(link),
        )
    )


def _newest(number: int, need: Wanted, backlink: Backlink, owner_id: str, perspective: Perspective) -> Select[Any]:
    """The first few referring entries of one owner, by an index that carries the order."""
    link = aliased(PublicationLink)
    key = getattr(link, backlink.order)
    order = (key.desc(), link.entry_id.desc()) if backlink.descending else (key, link.entry_id)
    first = (
        select(link.publication_id, func.row_number().over(order_by=order).label("position"))
        .where(
            link.target_id == owner_id,
            link.field == backlink.by,
            link.type == backlink.source,
            perspective.shows(link),
        )
        .order_by(*order)
        .limit(backlink.limit)
        .subquery()
    )
    columns = _embedded(number, need, literal(owner_id, String), first.c.position, perspective)
    return _walk(columns, Publication).join(first, first.c.publication_id == Publication.id)


def _translations(number: int, need: Wanted, perspective: Perspective) -> Select[Any]:
    own = aliased(Publication)
    columns = _embedded(number, need, own.entry_id, literal(0), perspective)
    return (
        _walk(columns, Publication)
        .join(own, own.translation_group == Publication.translation_group)
        .where(
            own.id.in_([row.publication_id for row in need.rows]),
            Publication.entry_id != own.entry_id,
            Publication.type == own.type,
            perspective.shows(Publication),
        )
    )


def _neighbour(number: int, need: Wanted, row: Row, perspective: Perspective) -> Select[Any]:
    """The entry published just before or after one, in its type and locale."""
    other = aliased(Publication)
    here = tuple_(other.published_at, other.entry_id)
    there = tuple_(literal(row.published_at, UTCDateTime), literal(row.entry_id, other.entry_id.type))
    earlier = need.source == "previous"
    order = (other.published_at.desc(), other.entry_id.desc()) if earlier else (other.published_at, other.entry_id)
    nearest = (
        select(other.id)
        .where(
            other.type == row.type,
            other.locale == row.locale,
            here < there if earlier else here > there,
            perspective.shows(other),
        )
        .order_by(*order)
        .limit(1)
        .subquery()
    )
    columns = _embedded(number, need, literal(row.entry_id, String), literal(0), perspective)
    return _walk(columns, Publication).join(nearest, nearest.c.id == Publication.id)
