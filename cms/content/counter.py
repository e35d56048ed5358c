"""The counter that numbers writes, and the time that goes with it.

``change`` is the number of the last write and ``content`` that of the last write which altered what readers may see.
"""

from datetime import datetime, timedelta

CLOCK_SLACK = timedelta(seconds=10)


def steady(now: datetime, last: datetime) -> datetime:
    """The time, which does not run backwards when the clock is set back a little or a replica's is behind.

    Otherwise a publication made now could begin before the one that it replaces. A clock that was far ahead is not
    followed: nothing planned may come out early because of it.
    """
    return last if last > now and last - now <= CLOCK_SLACK else now


def entity_tag(changed: int) -> str:
    """The strong entity tag, without quotes, of an entry last written by this change."""
    return f"{changed}"
