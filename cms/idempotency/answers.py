"""Stores, finds and deletes the answers that are replayed for a repeated ``Idempotency-Key``."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, select, update
from sqlalchemy.orm import Session

from cms.db import insert_for
from cms.idempotency.model import IdempotencyKey

KEPT_FOR = timedelta(hours=24)
NO_REQUEST = ""
"""The fingerprint of an erased answer. It matches no request, so any request with this key is refused."""


@dataclass(frozen=True)
class Repeatable:
    """A request that may be repeated: the caller's API key, the idempotency key, and a digest of the request."""

    api_key_id: str
    key: str
    fingerprint: str


def find_answer(session: Session, request: Repeatable, now: datetime) -> IdempotencyKey | None:
    """The stored answer to this caller's key from the last 24 hours. Its fingerprint may be that of another request."""
    row = session.get(IdempotencyKey, (request.api_key_id, request.key))
    return row if row is not None and row.created_at > now - KEPT_FOR else None


def keep_answer(
    session: Session, request: Repeatable, now: datetime, *, status: int, headers: Mapping[str, str], content: str
) -> None:
    """Store an answer; an answer that is stored already and has not expired stays as it is."""
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
    """True if any stored answer has expired. An index answers this."""
    expired = select(IdempotencyKey.key).where(IdempotencyKey.created_at <= now - KEPT_FOR).limit(1)
    return connection.execute(expired).first() is not None


def forget_expired_answers(session: Session, now: datetime) -> None:
    """Delete the stored answers that have expired."""
    session.execute(delete(IdempotencyKey).where(IdempotencyKey.created_at <= now - KEPT_FOR))


def forget_answers_about(session: Session, entry_id: str) -> None:
    """Erase every stored answer that names a purged entry, and keep its key as used."""
    nothing = {"fingerprint": NO_REQUEST, "headers": {}, "content": ""}
    session.execute(update(IdempotencyKey).where(IdempotencyKey.content.contains(entry_id)).values(nothing))
