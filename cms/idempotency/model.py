"""The table of answers that are replayed when a client repeats a request."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from cms.db import JSON, Base, UTCDateTime


class IdempotencyKey(Base):
    """The answer to a request, stored in the transaction that did the write."""

    __tablename__ = "idempotency_keys"
    __table_args__ = (Index("ix_idempotency_keys_created_at", "created_at"),)

    api_key_id: Mapped[str] = mapped_column(ForeignKey("api_keys.id", ondelete="CASCADE"), primary_key=True)
    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    fingerprint: Mapped[str] = mapped_column(String(64))
    """SHA-256 of method, path, query and body, as hexadecimal digits."""
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    status: Mapped[int]
    headers: Mapped[dict[str, Any]] = mapped_column(JSON)
    content: Mapped[str] = mapped_column(Text)
    """The body as text, so that a purge can find the answers that name an entry."""
