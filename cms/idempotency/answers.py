"""Keeping, finding and deleting the answers to requests with an idempotency key."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, select, update
from sqlalchemy.orm import Session

from cms.db import insert_for
from cms.idempotency.model import IdempotencyKey

KEPT_FOR = timedelta(hours=24)
NO_REQUEST = ""
"""The fingerprint of an answer that a purge deleted. Its key stays used, so nothing is carried out twice."""


@dataclass(frozen=True)
class Repeatable:
    """A request that can be repeated: its API key, its idempotency key, and a digest of its content."""

    api_key_id: str
    key: str
    fingerprint: str


def find_answer(session: Session, request: Repeatable, now: datetime) -> IdempotencyKey | None:
    """The answer of the last 24 hours to this caller's request with this key, whatever its fingerprint."""
    row = session.get(IdempotencyKey, (request.api_key_id, request.key))
    return row if row is not None and row.created_at > now - KEPT_FOR else None


def keep_answer(
    session: Session, request: Repeatable, now: datetime, *, status: int, headers: Mapping[str, str], content: str
) -> None:
    """Keep an answer; it does not replace one that has not expired."""
    values = {
        "fingerprint": request.fingerprint,
        "created_at": now,
        "status": status,
        "headers": dict(headers),
        "content": content,
    }
    statement = insert_for(session)(IdempotencyKey).values(api_key_id=request.api_key_id, key=request.key, **values)
    session.execute(
        statement.on_conflict_do_update(
            index_elements=["api_key_id", "key"], set_=values, where=IdempotencyKey.created_at <= now - KEPT_FOR
        )
    )


def has_expired_answers(connection: Connection, now: datetime) -> bool:
    """True if there is an expired answer; it reads an index only."""
    expired = select(IdempotencyKey.key).where(IdempotencyKey.created_at <= now - KEPT_FOR).limit(1)
    return connection.execute(expired).first() is not None


def forget_expired_answers(session: Session, now: datetime) -> None:
    """Delete the answers that have expired."""
    session.execute(delete(IdempotencyKey).where(IdempotencyKey.created_at <= now - KEPT_FOR))


def forget_answers_about(session: Session, entry_id: str) -> None:
    """Delete the content of every answer that names an entry, since a purge must leave none. The keys stay used."""
    nothing = {"fingerprint": NO_REQUEST, "headers": {}, "content": ""}
    session.execute(update(IdempotencyKey).where(IdempotencyKey.content.contains(entry_id)).values(nothing))
