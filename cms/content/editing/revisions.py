"""Revisions: saved states of an entry, rendered once when they are saved."""

import re
from collections.abc import Sequence
from typing import Any

import orjson
from sqlalchemy import Connection, select
from sqlalchemy.orm import Session

from cms.content.editing.model import Entry
from cms.content.editing.write import Write
from cms.content.model import Revision
from cms.content.renditions import blocks_of, rendered, review_of, to_content
from cms.content.types import Content, ContentType
from cms.errors import NotFound
from cms.identifiers import UUID
from cms.rendering import RENDERER
from cms.wire import to_json

REPLACED = re.compile(rf"({UUID}) replaced by ({UUID})\.")


def add_revision(write: Write, kind: ContentType, entry: Entry, content: Content, note: str | None) -> bool:
    """Save the content as the entry's next revision. Returns False, and saves nothing, if nothing has changed."""
    previous = newest(write.session, entry) if entry.version else None
    data = {field: value for field, value in content.items() if field not in kind.bodies}
    columns = rendered(kind, content, _reusable_renditions(kind, content, previous))
    if previous and _same(data, previous.data) and _same(_sources(columns["bodies"]), _sources(previous.bodies)):
        return False
    entry.version += 1
    write.session.add(
        Revision(
            entry_id=entry.id,
            number=entry.version,
            change=write.number,
            created_at=write.at,
            created_by=write.actor.key_id,
            note=note,
            data=data,
            rendered_with=RENDERER,
            **columns,
        )
    )
    write.session.flush()
    return True


def _same(one: Any, other: Any) -> bool:
    """True if two values are the same JSON. Python's ``==`` would not do: it takes 1, 1.0 and true for equal."""
    return orjson.dumps(one, option=orjson.OPT_SORT_KEYS) == orjson.dumps(other, option=orjson.OPT_SORT_KEYS)


def add_copy(write: Write, entry: Entry, source: Revision, data: Content, note: str) -> int:
    """Save the rich texts of a revision with other data as the entry's next revision, and return its number."""
    entry.version += 1
    kept = {column.name: getattr(source, column.name) for column in Revision.__table__.columns}
    own = {"number": entry.version, "change": write.number, "created_at": write.at}
    write.session.add(Revision(**kept | own | {"created_by": write.actor.key_id, "note": note, "data": data}))
    write.session.flush()
    return entry.version


def note_of_replacement(old_id: str, new_id: str) -> str:
    """The note of a revision in which one entry replaced another. It has ids, so that no name remains after a purge."""
    return f"{old_id} replaced by {new_id}."


def readable_notes(connection: Connection, rows: Sequence[Any]) -> list[str | None]:
    """The notes of revisions. A note of a replacement gets slugs in place of ids, if the entries still exist."""
    found = [REPLACED.fullmatch(row.note or "") for row in rows]
    ids = {each for match in found if match for each in match.groups()}
    if not ids:
        return [row.note for row in rows]
    named = connection.execute(select(Entry.id, Entry.slug).where(Entry.id.in_(ids), Entry.slug.is_not(None)))
    slugs: dict[str, str] = {row.id: row.slug for row in named}
    return [
        note_of_replacement(*(slugs.get(each, each) for each in match.groups())) if match else row.note
        for row, match in zip(rows, found, strict=True)
    ]


def to_plain(content: Content) -> Content:
    """The content after a round trip through JSON: times become RFC 3339 texts, tuples become lists."""
    plain: Content = orjson.loads(to_json(content))
    return plain


def _reusable_renditions(kind: ContentType, content: Content, previous: Revision | None) -> dict[str, dict[str, Any]]:
    """The renditions of rich texts that have not changed since the previous revision, by field.

    Renditions by an older renderer are not reused.
    """
    if previous is None or previous.rendered_with != RENDERER:
        return {}
    renditions = {}
    for field in kind.bodies:
        body, before = content.get(field), previous.bodies.get(field)
        if body and before and field in previous.outline and _is_same_source(before, body):
            renditions[field] = {
                "outline": previous.outline[field],
                "bodies": before,
                "blocks": blocks_of(previous.blocks, previous.bodies, field),
                "review": review_of(previous, field),
            }
    return renditions


def _sources(bodies: dict[str, Any]) -> dict[str, Any]:
    """The format and source of each rich text, without its renditions, which depend on the renderer."""
    return {field: body and (body["format"], body["source"]) for field, body in bodies.items()}


def _is_same_source(before: dict[str, Any], body: dict[str, Any]) -> bool:
    return before["format"] == body["format"] and _same(before["source"], body["source"])


def completed(kind: ContentType, revision: Revision) -> Content:
    """The revision's content, with the blank values of fields that the type got later."""
    return kind.blank | to_content(revision)


def newest(session: Session, entry: Entry) -> Revision:
    """The entry's newest revision, which is its draft."""
    return numbered(session, entry, entry.version)


def numbered(session: Session, entry: Entry, number: int) -> Revision:
    """The revision with this number; raises ``NotFound``."""
    revision = session.get(Revision, (entry.id, number))
    if revision is None:
        raise NotFound
    return revision


def changed_fields(session: Session, entry: Entry, since: int) -> list[str]:
    """The fields in which the newest revision differs from the one that was newest after the write ``since``."""
    seen = session.scalars(
        select(Revision)
        .where(Revision.entry_id == entry.id, Revision.change <= since)
        .order_by(Revision.number.desc())
        .limit(1)
    ).one_or_none()
    now = newest(session, entry)
    if seen is None:
        return sorted(now.data | now.bodies)
    return sorted(
        field
        for before, after in ((seen.data, now.data), (seen.bodies, now.bodies))
        for field in before.keys() | after.keys()
        if not _same(before.get(field), after.get(field))
    )
