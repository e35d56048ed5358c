"""References to an entry from drafts and from live and planned publications."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Literal, NamedTuple

from sqlalchemy import Connection, Integer, Select, String, bindparam, literal, select, tuple_, union_all
from sqlalchemy.orm import Session

from cms.content.editing.preview_model import DraftPublication, DraftPublicationLink
from cms.content.model import Publication, PublicationLink, Revision
from cms.content.types import Types
from cms.db import Identifier, UTCDateTime

BEFORE_ALL = datetime(1, 1, 1, tzinfo=UTC)


class UseKey(NamedTuple):
    """The place of a reference in the list of uses."""

    field: str
    type: str
    published_at: datetime
    entry_id: str
    live_from: datetime
    """For a draft, which has no such time, the earliest possible one."""


@dataclass(frozen=True)
class Use:
    """A reference to an entry from another one: from its draft, or from a live or planned publication."""

    key: UseKey
    place: Literal["draft", "live", "planned"]
    revision: int
    slug: str | None
    label: str

    def as_document(self) -> dict[str, Any]:
        """The use as a JSON object."""
        return {
            "id": self.key.entry_id,
            "type": self.key.type,
            "title": self.label,
            "slug": self.slug,
            "field": self.key.field,
            "in": self.place,
            "revision": self.revision,
        }


def uses(
    session: Session | Connection, types: Types, target_id: str, at: datetime, *, after: UseKey | None, limit: int
) -> tuple[list[Use], UseKey | None]:
    """A page of the references to the entry, and the place where the next page begins; it takes two statements."""
    values: dict[str, Any] = {"target": target_id, "at": at, "most": limit + 1}
    if after is not None:
        values |= after._asdict()
    rows = session.execute(_statement(after is not None), values).all()
    labels = _labels(session, types, rows[:limit])
    found = [
        Use(key, _place(key, at), row.revision, row.slug, labels[row.entry_id, row.revision])
        for row, key in ((row, UseKey(*row[: len(UseKey._fields)])) for row in rows[:limit])
    ]
    return found, found[-1].key if len(rows) > limit else None


def _place(key: UseKey, at: datetime) -> Literal["draft", "live", "planned"]:
    if key.live_from == BEFORE_ALL:
        return "draft"
    return "live" if key.live_from <= at else "planned"


@lru_cache(maxsize=2)
def _statement(follows: bool) -> Select[Any]:
    """The references from drafts and publications. Each branch is one range of an index, after the last page."""
    at = bindparam("at", type_=UTCDateTime)
    drafts = _references(DraftPublicationLink, literal(BEFORE_ALL, UTCDateTime).label("live_from"), follows)
    drafts = drafts.add_columns(DraftPublication.revision, DraftPublication.slug).join(
        DraftPublication, DraftPublication.entry_id == DraftPublicationLink.entry_id
    )
    published = _references(PublicationLink, PublicationLink.live_from, follows)
    published = (
        published.add_columns(Publication.revision, Publication.slug)
        .join(Publication, Publication.id == PublicationLink.publication_id)
        .where(~PublicationLink.over, PublicationLink.live_until > at)
    )
    both = union_all(*(select(each.subquery()) for each in (drafts, published))).subquery()
    order = [both.c[name] for name in UseKey._fields]
    return select(both).order_by(*order).limit(bindparam("most", type_=Integer))


def _references(link: Any, live_from: Any, follows: bool) -> Select[Any]:
    key = (link.field, link.type, link.published_at, link.entry_id, live_from)
    statement: Select[Any] = select(*key).where(link.target_id == bindparam("target", type_=Identifier))
    if follows:
        kinds: tuple[Any, ...] = (String(), String(), UTCDateTime(), Identifier, UTCDateTime())
        last: list[Any] = [bindparam(name, type_=kind) for name, kind in zip(UseKey._fields, kinds, strict=True)]
        statement = statement.where(tuple_(*key) > tuple_(*last))
    return statement.order_by(*key).limit(bindparam("most", type_=Integer))


def _labels(session: Session | Connection, types: Types, rows: Sequence[Any]) -> dict[tuple[str, int], str]:
    """The title or name of each entry in the revision that refers."""
    wanted = {(row.entry_id, row.revision): row.type for row in rows}
    if not wanted:
        return {}
    found = session.execute(
        select(Revision.entry_id, Revision.number, Revision.data).where(
            tuple_(Revision.entry_id, Revision.number).in_(list(wanted))
        )
    )
    return {(entry_id, number): types[wanted[entry_id, number]].label(data) for entry_id, number, data in found}
