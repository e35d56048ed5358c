"""The deprecated operations that a key still calls, how often, and when last."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Connection, ForeignKey, String, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from cms.db import Base, UTCDateTime, insert_for
from cms.errors import NotFound
from cms.keys.model import APIKey

OPERATION_LENGTH = 120


class DeprecatedUsage(Base):
    """The calls of one deprecated operation with one key."""

    __tablename__ = "deprecated_usage"

    api_key_id: Mapped[str] = mapped_column(ForeignKey("api_keys.id", ondelete="CASCADE"), primary_key=True)
    operation: Mapped[str] = mapped_column(String(OPERATION_LENGTH), primary_key=True)
    """Its id in the OpenAPI document."""
    count: Mapped[int] = mapped_column(BigInteger)
    last_used_at: Mapped[datetime] = mapped_column(UTCDateTime)


def note_deprecated_use(session: Session, key_id: str, operation: str, now: datetime) -> None:
    """Count one call, in one statement."""
    first = insert_for(session)(DeprecatedUsage).values(
        api_key_id=key_id, operation=operation, count=1, last_used_at=now
    )
    session.execute(
        first.on_conflict_do_update(
            index_elements=["api_key_id", "operation"],
            set_={"count": DeprecatedUsage.count + 1, "last_used_at": now},
        )
    )


def list_deprecated_usage(connection: Connection, key_id: str) -> Sequence[Any]:
    """The deprecated operations that the key has called, the last one first; raises ``NotFound`` for the key."""
    if connection.execute(select(APIKey.id).where(APIKey.id == key_id)).first() is None:
        raise NotFound
    usage = DeprecatedUsage.__table__.c
    statement = select(DeprecatedUsage.__table__).where(usage.api_key_id == key_id)
    return connection.execute(statement.order_by(usage.last_used_at.desc(), usage.operation)).all()
