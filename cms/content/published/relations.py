"""Reads the entries that published entries embed: every field and shape of many rows, in one statement.

The statements read publications, links and revisions only.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any, Literal, NamedTuple

from sqlalchemy import (
    BigInteger,
    BindParameter,
    Connection,
    Integer,
    Select,
    String,
    bindparam,
    cast,
    func,
    literal,
    literal_column,
    null,
    select,
    tuple_,
    union_all,
)

from cms.content.published.perspective import Perspective, StatementView, is_live_at, link_counts
from cms.content.published.rows import Row, row_columns, with_revision
from cms.content.types import Backlink, Count, Reference, Shape
from cms.db import JSON, Identifier, UTCDateTime, is_among, unindexed
from cms.identifiers import NO_ENTRY

RelationSource = Reference | Backlink | Count | Literal["translations", "previous", "next"]


@dataclass(frozen=True)
class Wanted:
    """One field, in one shape, that a set of rows needs from other entries."""

    source: RelationSource
    shape: Shape
    rows: Sequence[Row]
    bodies: bool = False
    """True if rich texts are read."""

    @property
    def field(self) -> str:
        return self.source if isinstance(self.source, str) else self.source.field

    @property
    def branches(self) -> int:
        """The number of branches of the statement: one, or one for each row if each row has its own limit."""
        each_row = self.source in ("previous", "next") or (
            isinstance(self.source, Backlink) and self.source.limit is not None
        )
        # Few numbers are possible, so that few statements are cached. A branch without a row has no owner.
        return next(each for each in (1, 5, 20, 100, len(self.rows)) if each >= len(self.rows)) if each_row else 1


class Embedded(NamedTuple):
    """An entry that is embedded in a field of the entry ``owner_id``, in a shape. A count is in ``row.position``."""

    owner_id: str
    field: str
    shape: Shape
    row: Row


def gather(connection: Connection, wanted: Iterable[Wanted], perspective: Perspective) -> list[Embedded]:
    """Everything that rows embed, of every field and shape, in the order of delivery. Runs one statement.

    The statement is a UNION ALL with a branch for each field. Example: a list of articles has one branch for the
    authors of all articles, one for their tags, and one for their translations.
    """
    needs = [each for each in wanted if each.rows]
    if not needs:
        return []
    structure = tuple(
        _Need(number, each.source, each.shape, each.bodies, each.branches, perspective.view)
        for number, each in enumerate(needs)
    )
    values: dict[str, Any] = {"at": perspective.at}
    for number, need in enumerate(needs):
        values |= _need_values(number, need)
    statement = _gather_statement(structure)
    rows = connection.execute(statement, values).all()
    return [Embedded(row.owner_id, needs[row.need].field, needs[row.need].shape, row) for row in rows]


def _need_values(number: int, need: Wanted) -> dict[str, Any]:
    if isinstance(need.source, Reference) or need.source == "translations":
        return {f"publications_{number}": [row.publication_id for row in need.rows]}
    if isinstance(need.source, Count) or (isinstance(need.source, Backlink) and need.source.limit is None):
        return {f"owners_{number}": [row.entry_id for row in need.rows]}
    values: dict[str, Any] = {f"owner_{number}_{position}": NO_ENTRY for position in range(need.branches)}
    for position, row in enumerate(need.rows):
        values[f"owner_{number}_{position}"] = row.entry_id
        if not isinstance(need.source, Backlink):
            values[f"type_{number}_{position}"] = row.type
            values[f"locale_{number}_{position}"] = row.locale
            values[f"time_{number}_{position}"] = row.published_at
    return values


@dataclass(frozen=True)
class _Need:
    """The parts of a ``Wanted`` that change the SQL text of its branches. ``number`` is its place among the others."""

    number: int
    source: RelationSource
    shape: Shape
    bodies: bool
    branches: int
    view: StatementView


@lru_cache(maxsize=256)
def _gather_statement(needs: tuple[_Need, ...]) -> Select[Any]:
    branches = [branch for need in needs for branch in _branches(need)]
    union = union_all(*branches).subquery()
    return select(union).order_by(union.c.need, union.c.position, union.c.entry_id)


def _branches(need: _Need) -> list[Select[Any]]:
    match need.source:
        case Reference():
            return [_references(need, need.source)]
        case Count():
            return [_counted(need, need.source)]
        case Backlink(limit=None):
            return [_backlinks(need, need.source)]
        case Backlink():
            return [_newest(need, need.source, position) for position in range(need.branches)]
        case "translations":
            return [_translations(need)]
        case _:
            return [_neighbour(need, need.source, position) for position in range(need.branches)]


def _embedded(need: _Need, owner_id: Any, position: Any) -> list[Any]:
    """The columns of a branch. Columns that the shape does not need are null."""
    hidden: set[str] = {"id": {"data", "outline"}, "short": {"outline"}, "full": set()}[need.shape]
    columns = row_columns(need.view.others.publications, None, bodies=need.bodies, view=need.view)
    return [
        literal_column(str(need.number), Integer).label("need"),
        cast(owner_id, String).label("owner_id"),
        cast(position, BigInteger).label("position"),
        *(cast(null(), JSON).label(each.name) if each.name in hidden else each for each in columns),
    ]


def _counted(need: _Need, count: Count) -> Select[Any]:
    """The number of referring entries of each owner, one row for each owner even if it is embedded several times."""
    table = (link_counts if need.view.is_counted else need.view.others.links).alias()
    referring = (
        is_among(table.c.target_id, f"owners_{need.number}"),
        table.c.field == count.by,
        table.c.type == count.source,
    )
    if need.view.is_counted:
        columns = _embedded(need, table.c.target_id, table.c.number)
        return _without_entry(columns).select_from(table).where(*referring)
    columns = _embedded(need, table.c.target_id, func.count())
    is_live = is_live_at(table, current=need.view.current)
    return _without_entry(columns).select_from(table).where(*referring, is_live).group_by(table.c.target_id)


def _without_entry(columns: Sequence[Any]) -> Select[Any]:
    """A branch for counts: the owners and the numbers. All columns of an entry are null."""
    return select(*columns[:3], *(cast(null(), column.type).label(column.name) for column in columns[3:]))


def _references(need: _Need, reference: Reference) -> Select[Any]:
    link, target = need.view.rows.links.alias(), need.view.others.publications
    columns = _embedded(need, link.c.entry_id, link.c.position)
    return (
        with_revision(columns, target)
        .join(link, link.c.target_id == target.c.entry_id)
        .where(
            is_among(link.c.publication_id, f"publications_{need.number}"),
            link.c.field == reference.field,
            unindexed(target.c.type) == reference.target,
            is_live_at(target, current=need.view.current),
        )
    )


def _backlinks(need: _Need, backlink: Backlink) -> Select[Any]:
    link, referring = need.view.others.links.alias(), need.view.others.publications
    key = link.c[backlink.order]
    order = (key.desc(), link.c.entry_id.desc()) if backlink.descending else (key, link.c.entry_id)
    position = func.row_number().over(partition_by=link.c.target_id, order_by=order)
    columns = _embedded(need, link.c.target_id, position)
    return (
        with_revision(columns, referring)
        .join(link, link.c.publication_id == referring.c.id)
        .where(
            is_among(link.c.target_id, f"owners_{need.number}"),
            link.c.field == backlink.by,
            link.c.type == backlink.source,
            is_live_at(link, current=need.view.current),
        )
    )


def _newest(need: _Need, backlink: Backlink, position: int) -> Select[Any]:
    """The first referring entries of one owner, by an index that has the order."""
    link, referring = need.view.others.links.alias(), need.view.others.publications
    owner: BindParameter[str] = bindparam(f"owner_{need.number}_{position}", type_=Identifier)
    key = link.c[backlink.order]
    order = (key.desc(), link.c.entry_id.desc()) if backlink.descending else (key, link.c.entry_id)
    first = (
        select(link.c.publication_id, func.row_number().over(order_by=order).label("position"))
        .where(
            link.c.target_id == owner,
            link.c.field == backlink.by,
            link.c.type == backlink.source,
            is_live_at(link, current=need.view.current),
        )
        .order_by(*order)
        .limit(backlink.limit)
        .subquery()
    )
    columns = _embedded(need, owner, first.c.position)
    return with_revision(columns, referring).join(first, first.c.publication_id == referring.c.id)


def _translations(need: _Need) -> Select[Any]:
    own, other = need.view.rows.publications.alias(), need.view.others.publications
    columns = _embedded(need, own.c.entry_id, literal(0))
    return (
        with_revision(columns, other)
        .join(own, own.c.translation_group == other.c.translation_group)
        .where(
            is_among(own.c.id, f"publications_{need.number}"),
            other.c.entry_id != own.c.entry_id,
            unindexed(other.c.type) == own.c.type,
            is_live_at(other, current=need.view.current),
        )
    )


def _neighbour(need: _Need, side: str, position: int) -> Select[Any]:
    """The entry of the same type and locale that was published just before or after an entry."""
    table = need.view.others.publications
    other = table.alias()
    owner: BindParameter[str] = bindparam(f"owner_{need.number}_{position}", type_=Identifier)
    time: BindParameter[datetime] = bindparam(f"time_{need.number}_{position}", type_=UTCDateTime)
    here, there = tuple_(other.c.published_at, other.c.entry_id), tuple_(time, owner)
    earlier = side == "previous"
    order = (
        (other.c.published_at.desc(), other.c.entry_id.desc()) if earlier else (other.c.published_at, other.c.entry_id)
    )
    nearest = (
        select(other.c.id)
        .where(
            other.c.type == bindparam(f"type_{need.number}_{position}", type_=String),
            other.c.locale == bindparam(f"locale_{need.number}_{position}", type_=String),
            other.c.entry_id != owner,
            here < there if earlier else here > there,
            is_live_at(other, current=need.view.current),
        )
        .order_by(*order)
        .limit(1)
        .subquery()
    )
    columns = _embedded(need, owner, literal(0))
    return with_revision(columns, table).join(nearest, nearest.c.id == table.c.id)
