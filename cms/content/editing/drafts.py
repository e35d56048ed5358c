"""Drafts and revisions as editors read them."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, select
from sqlalchemy.orm import Session

from cms import clock
from cms.content.editing.model import Entry, Link, Slug
from cms.content.model import Publication, Revision
from cms.content.standing import Standing, standing
from cms.content.types import Content, ContentType
from cms.db import UTCDateTime, database_now
from cms.errors import NotFound
from cms.identifiers import is_identifier
from cms.keys import APIKey


@dataclass(frozen=True)
class Draft:
    """An entry with its content, its standing, and the id and name of the key that created it."""

    entry: Any
    content: Content
    standing: Standing
    at: datetime
    """The instant of ``standing``."""
    created_by: tuple[str, str] | None


def to_columns(kind: ContentType, content: Content) -> dict[str, Any]:
    """The values of the type's draft table: JSON values, and ``datetime`` for times."""
    table = kind.model.__table__
    return {
        name: clock.from_wire(content[name])
        if content[name] is not None and isinstance(table.c[name].type, UTCDateTime)
        else content[name]
        for name in kind.columns
    }


def read_drafts(session: Session | Connection, kind: ContentType, entries: Sequence[Any], at: datetime) -> list[Draft]:
    """Read the drafts of these entries in a constant number of statements."""
    ids = [entry.id for entry in entries]
    table = kind.model.__table__
    drafts = {row.entry_id: row for row in session.execute(select(table).where(table.c.entry_id.in_(ids)))}
    references: dict[tuple[str, str], list[str]] = defaultdict(list)
    for row in session.execute(
        select(Link.entry_id, Link.field, Link.target_id).where(Link.entry_id.in_(ids)).order_by(Link.position)
    ):
        references[row.entry_id, row.field].append(row.target_id)
    publications: dict[str, list[Any]] = defaultdict(list)
    for each in session.execute(
        select(Publication.entry_id, Publication.revision, Publication.live_from, Publication.live_until)
        .where(Publication.entry_id.in_(ids))
        .order_by(Publication.live_from)
    ):
        publications[each.entry_id].append(each)
    authors = {entry.created_by for entry in entries if entry.created_by}
    names = {row.id: row.name for row in session.execute(select(APIKey.id, APIKey.name).where(APIKey.id.in_(authors)))}
    return [
        Draft(
            entry=entry,
            content=_content(kind, entry, drafts[entry.id], references),
            standing=standing(publications[entry.id], entry.version, at),
            at=at,
            created_by=(entry.created_by, names[entry.created_by]) if entry.created_by else None,
        )
        for entry in entries
    ]


def _content(kind: ContentType, entry: Any, draft: Any, references: dict[tuple[str, str], list[str]]) -> Content:
    """The content in the form in which it is written."""
    content: Content = {"slug": entry.slug, "locale": entry.locale, "translation_of": entry.translation_of}
    content |= {column: getattr(draft, column) for column in kind.columns}
    for reference in kind.references:
        targets = references[entry.id, reference.field]
        content[reference.field] = targets if reference.many else next(iter(targets), None)
    return content


def with_slugs_of_references(connection: Connection, kind: ContentType, draft: Draft) -> Content:
    """The draft's content with slugs in place of ids, for entries that their slug names in the draft's locale."""
    content = dict(draft.content)
    named = {each.field: content[each.field] for each in kind.references}
    ids = [each for value in named.values() for each in (value if isinstance(value, list) else [value]) if each]
    rows = connection.execute(
        select(Slug.entry_id, Slug.slug)
        .join(Entry, (Entry.id == Slug.entry_id) & (Entry.slug == Slug.slug))
        .where(Slug.entry_id.in_(ids), Slug.locale == draft.entry.locale)
    )
    slugs = {row.entry_id: row.slug for row in rows}
    for name, value in named.items():
        is_list = isinstance(value, list)
        content[name] = [slugs.get(each, each) for each in value] if is_list else slugs.get(value, value)
    return content


def find_draft(connection: Connection, kind: ContentType, entry_id: str) -> Draft:
    """The draft of one entry, in the trash or not; raises ``NotFound``."""
    if not is_identifier(entry_id):
        raise NotFound
    row = connection.execute(
        select(Entry.__table__, database_now().label("now")).where(Entry.id == entry_id, Entry.type == kind.name)
    ).one_or_none()
    if row is None:
        raise NotFound
    (draft,) = read_drafts(connection, kind, [row], row.now)
    return draft


def timeline_rows(connection: Connection, entry_id: str) -> list[Any]:
    """Every publication of the entry, oldest first."""
    statement = select(Publication.__table__).where(Publication.entry_id == entry_id)
    return list(connection.execute(statement.order_by(Publication.live_from)))


def list_revisions(
    connection: Connection, entry_id: str, *, before: int | None, limit: int
) -> tuple[list[Any], int | None]:
    """A page of an entry's revisions without content, newest first, and the place where the next page begins."""
    statement = _revisions().where(Revision.entry_id == entry_id)
    if before is not None:
        statement = statement.where(Revision.number < before)
    rows = connection.execute(statement.order_by(Revision.number.desc()).limit(limit + 1)).all()
    return list(rows[:limit]), rows[limit - 1].number if len(rows) > limit else None


def find_revision(connection: Connection, entry_id: str, number: int) -> Any:
    """One revision with its content; raises ``NotFound``."""
    row = connection.execute(
        _revisions()
        .add_columns(Revision.data, Revision.bodies)
        .where(Revision.entry_id == entry_id, Revision.number == number)
    ).one_or_none()
    if row is None:
        raise NotFound
    return row


def _revisions() -> Select[*tuple[Any, ...]]:
    columns = (Revision.number, Revision.created_at, Revision.created_by, Revision.note)
    return select(*columns, APIKey.name.label("created_by_name")).outerjoin(APIKey, APIKey.id == Revision.created_by)
