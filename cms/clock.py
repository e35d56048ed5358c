"""The only module that reads the time: aware datetimes in UTC, cut to milliseconds as in the API."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import lru_cache

_offset = timedelta(0)

FOREVER = datetime(9999, 12, 31, 23, 59, 59, 999000, tzinfo=UTC)
"""The ``live_until`` of a publication without an end. With a value instead of NULL, "live now" is one comparison."""


def now() -> datetime:
    """The time of this process. Visibility is decided by the database's clock instead (``db.database_now``)."""
    moment = datetime.now(UTC)
    return to_millisecond(moment + _offset if _offset else moment)


def to_millisecond(moment: datetime) -> datetime:
    """The time cut to milliseconds. It is never rounded up, so that no time that was read lies in the future."""
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


def offset_seconds() -> float:
    """The seconds by which a test has moved the clock; always 0 outside tests."""
    return _offset.total_seconds()


@contextmanager
def moved(by: timedelta) -> Iterator[None]:
    """Move the clock of this process for a test, and with it every reading of a database's clock."""
    global _offset
    before = _offset
    _offset = before + by
    try:
        yield
    finally:
        _offset = before


@lru_cache(maxsize=4096)
def to_wire(moment: datetime) -> str:
    """The time as RFC 3339 in UTC with milliseconds and ``Z``: ``2026-03-03T08:00:00.000Z``."""
    utc = moment if moment.tzinfo is UTC else moment.astimezone(UTC)
    return utc.isoformat(timespec="milliseconds")[:-6] + "Z"


def from_wire(text: str) -> datetime:
    """The time that an RFC 3339 text gives; the inverse of ``to_wire``."""
    return datetime.fromisoformat(text)
