"""The clock and the format of times: aware datetimes in UTC with milliseconds. Only this module reads the clock."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import lru_cache

_offset = timedelta(0)

FOREVER = datetime(9999, 12, 31, 23, 59, 59, 999000, tzinfo=UTC)
"""The ``live_until`` of a publication without an end. Unlike with NULL, one comparison decides what is live."""


def now() -> datetime:
    """The time by the clock of this process. The database's clock decides what is live (``db.database_now``)."""
    instant = datetime.now(UTC)
    return to_millisecond(instant + _offset if _offset else instant)


def to_millisecond(instant: datetime) -> datetime:
    """The instant cut to milliseconds. It is never rounded up, so that the result is not in the future."""
    return instant.replace(microsecond=instant.microsecond // 1000 * 1000)


def offset_seconds() -> float:
    """The seconds by which the clock is moved; always 0 outside tests."""
    return _offset.total_seconds()


@contextmanager
def moved(by: timedelta) -> Iterator[None]:
    """Move the clock of this process, and its readings of the database's clock, for a test."""
    global _offset
    before = _offset
    _offset = before + by
    try:
        yield
    finally:
        _offset = before


@lru_cache(maxsize=4096)
def to_wire(instant: datetime) -> str:
    """The instant as an RFC 3339 text in UTC with milliseconds: ``2026-03-03T08:00:00.000Z``."""
    utc = instant if instant.tzinfo is UTC else instant.astimezone(UTC)
    return utc.isoformat(timespec="milliseconds")[:-6] + "Z"


def from_wire(text: str) -> datetime:
    """The instant that a text from ``to_wire`` names."""
    return datetime.fromisoformat(text)
