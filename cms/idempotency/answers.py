"""Answers kept for a day, so that a request sent again under its idempotency key is not done again."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, select, update
from sqlalchemy.orm import Session

from cms.db import insert_for
from cms.idempotency.model import IdempotencyKey

KEPT_FOR = timedelta(hours=24)
NO_REQUEST = ""
"""The fingerprint of none: what was done with the key is not done again, though nothing is known of it any more."""


@dataclass(frozen=True)
class Repeatable:
    """A request that may be sent again: whose it is, its key, and a digest of what it asks for."""

    api_key_id: str
    key: str
    fingerprint: str


def find_answer(session: Session, request: Repeatable, now: datetime) -> IdempotencyKey | None:
    """What a request with this key of this caller was answered with in the last 24 hours, whatever it asked for."""
    row = session.get(IdempotencyKey, (request.api_key_id, request.key))
    return row if row is not None and row.created_at > now - KEPT_FOR else None


def keep_answer(
    session: Session, request: Repeatable, now: datetime, *, status: int, headers: Mapping[str, str], content: str
) -> None:
    """Keep an answer; one that is kept already and has not expired stays as it is."""
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
    """Whether there is anything to forget, told by an index."""
    expired = select(IdempotencyKey.key).where(IdempotencyKey.created_at <= now - KEPT_FOR).limit(1)
    return connection.execute(expired).first() is not None


def forget_expired_answers(session: Session, now: datetime) -> None:
    """Forget what no request may ask for again."""
    session.execute(delete(IdempotencyKey).where(IdempotencyKey.created_at <= now - KEPT_FOR))


def forget_answers_about(session: Session, entry_id: str) -> None:
    """Forget every answer that names an entry, for a purge leaves nothing of its content; its key stays used."""
    nothing = {"fingerprint": NO_REQUEST, "headers": {}, "content": ""}
    session.execute(update(IdempotencyKey).where(IdempotencyKey.content.contains(entry_id)).values(nothing))
