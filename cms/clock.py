"""The only reader of time: aware datetimes in UTC, cut to the millisecond the wire shows."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import lru_cache

_offset = timedelta(0)

FOREVER = datetime(9999, 12, 31, 23, 59, 59, 999000, tzinfo=UTC)
"""The ``live_until`` of what has no end; a value instead of NULL keeps "live now" one comparison."""


def now() -> datetime:
    """The time of this process; what decides visibility asks the database's clock instead (``db.database_now``)."""
    moment = datetime.now(UTC)
    return to_millisecond(moment + _offset if _offset else moment)


def to_millisecond(moment: datetime) -> datetime:
    """Cut, never rounded up: a moment that was read is never later than the moment it was read at."""
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


def offset_seconds() -> float:
    """By how much the clock is moved; always 0 outside tests."""
    return _offset.total_seconds()


@contextmanager
def moved(by: timedelta) -> Iterator[None]:
    """Move this process's clock, and with it every reading of a database's clock, for a test."""
    global _offset
    before = _offset
    _offset = before + by
    try:
        yield
    finally:
        _offset = before


@lru_cache(maxsize=4096)
def to_wire(moment: datetime) -> str:
    """RFC 3339 in UTC with milliseconds and ``Z``: ``2026-03-03T08:00:00.000Z``."""
    utc = moment if moment.tzinfo is UTC else moment.astimezone(UTC)
    return utc.isoformat(timespec="milliseconds")[:-6] + "Z"


def from_wire(text: str) -> datetime:
    """The inverse of ``to_wire``."""
    return datetime.fromisoformat(text)
