"""The counter that numbers writes, and their time.

``change`` is the number of the last write. ``content`` is that of the last write that changed what readers can see.
"""

from datetime import datetime, timedelta

CLOCK_SLACK = timedelta(seconds=10)


def steady(now: datetime, last: datetime) -> datetime:
    """The time ``now``, or ``last`` if the clock is a little behind it, so that time does not run backwards.

    Otherwise a new publication could begin before the one that it replaces. A clock that was more than ``CLOCK_SLACK``
    ahead is ignored, since no plan may go live early because of it. Example: with ``last`` at 12:00:05, 12:00:00
    becomes 12:00:05, and 11:59:00 stays.
    """
    return last if last > now and last - now <= CLOCK_SLACK else now


def entity_tag(changed: int) -> str:
    """The strong entity tag (RFC 9110), without quotes, of an entry whose last write has this number."""
    return f"{changed}"
