"""The one counter, what is read with it, and the unit of every write."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, Select, func, insert, select, update
from sqlalchemy.orm import Session

from cms.clock import FOREVER
from cms.content.model import ContentVersion, Event, Publication
from cms.content.queries import Perspective
from cms.content.types import Types
from cms.db import Database, database_now, discard
from cms.site import Site, SiteRow

if TYPE_CHECKING:
    from cms.content.draft_model import Entry


CLOCK_SLACK = timedelta(seconds=10)
NEVER_TAKEN = 2**52
"""Added to the number of a dry run, which stays exact in JSON."""


@dataclass(frozen=True)
class Moment:
    """The instant a delivery request answers for, read in one statement.

    ``content`` validates what is cached; ``next_change`` is the first instant from ``at`` on at which something begins
    or ends by schedule, ``None`` if nothing is planned.
    """

    at: datetime
    content: int
    next_change: datetime | None
    site: Site
    settled: bool = False
    """Whether everything that began or ended by schedule has been counted."""

    @property
    def perspective(self) -> Perspective:
        """The present, as delivery looks at it."""
        return Perspective(self.at, settled=self.settled)


def read_moment(connection: Connection, public_url: str) -> Moment:
    """The counter, the site and the database's clock, in one statement and one snapshot."""
    row = connection.execute(_moment_statement()).one()
    at = steady(row.at, row.last)
    # What is planned between the database's clock and ours counts as next: it must not hide what comes after it.
    planned = [max(each, at) for each in (row.next_start, row.next_end) if each is not None and each < FOREVER]
    # What begins or ends within that slack is looked at as having come, and nobody has counted it yet.
    settled = row.first_untold is None and row.first_end is None and at not in planned
    return Moment(at, row.content, min(planned, default=None), Site.of(row.data, public_url), settled)


def hold_still(session: Session) -> datetime:
    """Let no write begin until the session's transaction ends; returns the time that one would have."""
    row = session.execute(select(ContentVersion.at, database_now().label("now")).with_for_update()).one()
    return steady(row.now, row.at)


def has_purged(session: Session, since: int) -> bool:
    """Whether this write, or one after it, erased an entry."""
    purged = select(Event.change).where(Event.action == "purged", Event.change >= since).limit(1)
    return session.execute(purged).first() is not None


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
            _due(Publication.live_from, ~Publication.announced, now).label("first_untold"),
            _due(Publication.live_until, ~Publication.over, now).label("first_end"),
        )
        .select_from(at)
        .join(ContentVersion, ContentVersion.id == 1)
        .join(SiteRow, SiteRow.id == 1)
    )


def _due(time: Any, condition: Any, now: Any) -> Any:
    """The earliest of a time that has come; asked for by its order, for which every planner takes the index."""
    return select(time).where(condition, time <= now).order_by(time).limit(1).scalar_subquery()


def steady(now: datetime, last: datetime) -> datetime:
    """The time, which does not run backwards when the clock is set back a little or a replica's is behind.

    Otherwise a publication made now could begin before the one that it replaces. A clock that was far ahead is not
    followed: nothing planned may come out early because of it.
    """
    return last if last > now and last - now <= CLOCK_SLACK else now


@dataclass(frozen=True)
class Actor:
    """Who acts: an API key, or the command line when ``key_id`` is ``None``."""

    key_id: str | None = None
    name: str = "command line"
    scopes: frozenset[str] = frozenset()
    request_id: str | None = None
    expires_at: datetime | None = None
    client: str | None = None
    """The program that acts, as it names itself."""

    @property
    def program(self) -> str | None:
        """What acts: the program of who has a key, or else the part of the service itself."""
        return self.client if self.key_id else self.name


@dataclass
class Change:
    """One write: its number, its time by the database's clock, who makes it, and the session it happens in.

    The counter's row stays locked until the transaction ends, so changes happen one after the other, on every node.
    """

    number: int
    at: datetime
    session: Session
    types: Types
    site: Site
    actor: Actor
    dry_run: bool = False
    """Whether it only shows what it would do: nothing of it is kept."""
    recorded: int = 0
    """How many events it has put into the audit log."""
    erased: set[str] = field(default_factory=set)
    """The entries of which it has left nothing."""

    def moves_content(self) -> None:
        """Say that this change alters what may be seen, now or at a planned time."""
        self.session.execute(update(ContentVersion).values(content=self.number))

    def record(
        self,
        action: str,
        type_name: str,
        subject: str | None = None,
        revision: int | None = None,
        *,
        before: Any = None,
        after: Any = None,
        reason: str | None = None,
    ) -> None:
        """Add to the audit log, in the same transaction as what it tells of.

        ``before`` and ``after`` are JSON values and hold no content of entries.
        """
        self.session.execute(
            insert(Event).values(
                change=self.number,
                position=self.recorded,
                at=self.at,
                action=action,
                type=type_name,
                subject=subject,
                revision=revision,
                key_id=self.actor.key_id,
                request_id=self.actor.request_id,
                client=self.actor.program,
                before=before,
                after=after,
                reason=reason,
            )
        )
        self.recorded += 1

    def touch(self, entry: "Entry") -> None:
        """Give the entry this change's number: its entity tag becomes another one."""
        entry.changed = self.number


@contextmanager
def change(
    database: Database, types: Types, actor: Actor, public_url: str, *, dry_run: bool = False
) -> Iterator[Change]:
    """Begin a write: take the next number under the counter's lock and read the time after the lock was had.

    A write that records nothing changed nothing: it is discarded with its number, so that the numbers have no gaps.
    So is a dry run, whatever it recorded. Its number is one that no write will have: the entity tags in its answer
    must match nothing, or the next write would be overwritten by whoever holds them.
    """
    with database.transaction() as session:
        number, last, now = session.execute(
            update(ContentVersion)
            .values(change=ContentVersion.change + 1)
            .returning(ContentVersion.change, ContentVersion.at, database_now())
        ).one()
        at = steady(now, last)
        session.execute(update(ContentVersion).values(at=at))
        site = Site.of(session.execute(select(SiteRow.data)).scalar_one(), public_url)
        unit = Change(number + NEVER_TAKEN if dry_run else number, at, session, types, site, actor, dry_run)
        yield unit
        if dry_run or not unit.recorded:
            discard(session)


def entity_tag(changed: int) -> str:
    """The strong entity tag, without quotes, of an entry last written by this change."""
    return f"{changed}"
