"""The counter that numbers writes, and the time of a write.

``change`` is the number of the last write, and ``content`` the number of the last write that changed what is published.
"""

from datetime import datetime, timedelta

CLOCK_SLACK = timedelta(seconds=10)


def steady(now: datetime, last: datetime) -> datetime:
    """The time of a write at ``now``, which is not before the ``last`` one if the clock was set back by a few seconds.

    Otherwise a new publication could begin before the one that it replaces. If the last time is more than
    ``CLOCK_SLACK`` ahead, that clock was wrong, and ``now`` counts: nothing planned may become live too early.
    """
    return last if last > now and last - now <= CLOCK_SLACK else now


def entity_tag(changed: int) -> str:
    """The strong entity tag (RFC 9110), without quotes, of an entry that this write changed last."""
    return f"{changed}"
