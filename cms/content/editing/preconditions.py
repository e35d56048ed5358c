"""What stands against a change made by somebody who saw an older state: who changed what since, and when."""

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
    """Check the entity tags that a client holds of what was last changed by ``changed``; ``None`` for any.

    Raises ``PreconditionFailed``; ``fields`` are those that differ since the newest change that the client has seen.
    """
    if tags is not None and entity_tag(changed) not in tags:
        raise changed_meanwhile(session, detail, changed, fields(_newest_seen(tags)))


def changed_meanwhile(session: Session, detail: str, changed: int, fields: Sequence[str]) -> PreconditionFailed:
    """The error that names the present tag, the fields that differ, and who made the change ``changed``."""
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
    # What was there from the beginning was changed by nobody, and the command line has no key.
    author = {"id": row.key_id, "name": row.name} if row and row.key_id else None
    return {"changed_by": author, "changed_at": clock.to_wire(row.at) if row else None}


def _newest_seen(tags: Iterable[str]) -> int:
    """The newest change that the holder of these entity tags has seen; 0 where none of them is one of ours."""
    return max((int(tag) for tag in tags if tag.isascii() and tag.isdigit() and len(tag) < 19), default=0)


def changed_settings(session: Session, since: int) -> list[str]:
    """The site settings that were changed after the change ``since``."""
    rows = session.execute(select(Event.before, Event.after).where(Event.type == "site", Event.change > since))
    return sorted({name for row in rows for name in (row.before or {}).keys() | (row.after or {}).keys()})
