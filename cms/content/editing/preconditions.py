"""Refusing a write that is based on an older state, with who has changed what since then, and when."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from cms import clock
from cms.content.counter import entity_tag
from cms.content.model import Event
from cms.errors import PreconditionFailed
from cms.keys import APIKey


def check_tags(
    session: Session, tags: Iterable[str] | None, changed: int, detail: str, fields: Callable[[int], Sequence[str]]
) -> None:
    """Check the entity tags of ``If-Match`` against the number of the last write, ``changed``; ``None`` accepts any.

    Raises ``PreconditionFailed``. ``fields`` gets the number of the newest write that the client has seen, and returns
    the names of the fields that differ since then.
    """
    if tags is not None and entity_tag(changed) not in tags:
        raise changed_meanwhile(session, detail, changed, fields(_newest_seen(tags)))


def changed_meanwhile(session: Session, detail: str, changed: int, fields: Sequence[str]) -> PreconditionFailed:
    """The error with the current tag, the fields that differ, and the author and time of the write ``changed``."""
    return PreconditionFailed(
        detail, etag=f'"{entity_tag(changed)}"', changed_fields=list(fields), **_author(session, changed)
    )


def _author(session: Session, changed: int) -> dict[str, Any]:
    row = session.execute(
        select(Event.at, Event.key_id, APIKey.name)
        .outerjoin(APIKey, APIKey.id == Event.key_id)
        .where(Event.change == changed)
        .order_by(Event.position)
        .limit(1)
    ).one_or_none()
    # Initial data has no event, and the command line has no key.
    author = {"id": row.key_id, "name": row.name} if row and row.key_id else None
    return {"changed_by": author, "changed_at": clock.to_wire(row.at) if row else None}


def _newest_seen(tags: Iterable[str]) -> int:
    """The number of the newest write among these entity tags; 0 if none of them is valid."""
    return max((int(tag) for tag in tags if tag.isascii() and tag.isdigit() and len(tag) < 19), default=0)


def changed_settings(session: Session, since: int) -> list[str]:
    """The names of the site settings that were changed after the write ``since``."""
    rows = session.execute(select(Event.before, Event.after).where(Event.type == "site", Event.change > since))
    return sorted({name for row in rows for name in (row.before or {}).keys() | (row.after or {}).keys()})
