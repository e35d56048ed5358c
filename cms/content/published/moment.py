"""The instant of an answer, read together with the counter and the site."""

from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, Select, func, select

from cms.clock import FOREVER
from cms.content.counter import steady
from cms.content.model import ContentVersion, Publication
from cms.content.published.perspective import Perspective
from cms.db import database_now
from cms.site import Site, SiteRow


@dataclass(frozen=True)
class Moment:
    """The instant that a delivery request answers for, read in one statement.

    ``content`` validates cached answers. ``next_change`` is the first instant from ``at`` on at which a publication
    begins or ends by schedule, or ``None`` if nothing is planned.
    """

    at: datetime
    content: int
    next_change: datetime | None
    site: Site
    is_counted: bool = False
    """True if ``link_counts`` includes everything that has begun or ended by schedule."""

    @property
    def perspective(self) -> Perspective:
        """The present, as delivery reads it."""
        return Perspective(self.at, is_counted=self.is_counted)


def read_moment(connection: Connection, public_url: str) -> Moment:
    """The counter, the site and the database's clock, in one statement and one snapshot."""
    row = connection.execute(_moment_statement()).one()
    at = steady(row.at, row.last)
    # An instant between the database's clock and ``at`` becomes ``at``: it must not hide the plans after it.
    planned = [max(each, at) for each in (row.next_start, row.next_end) if each is not None and each < FOREVER]
    # Publications that begin or end between the two clocks count as begun or ended, but are in no kept count yet.
    is_counted = row.first_unannounced is None and row.first_end is None and at not in planned
    return Moment(at, row.content, min(planned, default=None), Site.of(row.data, public_url), is_counted)


@lru_cache(maxsize=1)
def _moment_statement() -> Select[Any]:
    at = select(database_now().label("at")).cte("moment")
    now = select(at.c.at).scalar_subquery()
    next_start = select(func.min(Publication.live_from)).where(Publication.live_from > now)
    next_end = select(func.min(Publication.live_until)).where(Publication.live_until > now)
    return (
        select(
            at.c.at,
            ContentVersion.content,
            ContentVersion.at.label("last"),
            SiteRow.data,
            next_start.scalar_subquery().label("next_start"),
            next_end.scalar_subquery().label("next_end"),
            _due(Publication.live_from, ~Publication.announced, now).label("first_unannounced"),
            _due(Publication.live_until, ~Publication.over, now).label("first_end"),
        )
        .select_from(at)
        .join(ContentVersion, ContentVersion.id == 1)
        .join(SiteRow, SiteRow.id == 1)
    )


def _due(time: Any, condition: Any, now: Any) -> Any:
    """The earliest time that has passed. ``ORDER BY … LIMIT 1`` makes every planner use the index, unlike ``MIN``."""
    return select(time).where(condition, time <= now).order_by(time).limit(1).scalar_subquery()
