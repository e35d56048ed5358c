"""The one counter, what is read with it, and the unit of every write."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from cms.content.counter import steady
from cms.content.editing.model import Entry
from cms.content.model import ContentVersion, Event
from cms.content.types import Types
from cms.db import Database, database_now, discard
from cms.keys import Actor
from cms.site import Site, SiteRow

NEVER_TAKEN = 2**52
"""Added to the number of a dry run, which stays exact in JSON."""


def hold_still(session: Session) -> datetime:
    """Let no write begin until the session's transaction ends; returns the time that one would have."""
    row = session.execute(select(ContentVersion.at, database_now().label("now")).with_for_update()).one()
    return steady(row.now, row.at)


def has_purged(session: Session, since: int) -> bool:
    """Whether this write, or one after it, erased an entry."""
    purged = select(Event.change).where(Event.action == "purged", Event.change >= since).limit(1)
    return session.execute(purged).first() is not None


@dataclass
class Write:
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

    def advance_content(self) -> None:
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

    def touch(self, entry: Entry) -> None:
        """Give the entry this change's number: its entity tag becomes another one."""
        entry.changed = self.number


@contextmanager
def begin_write(
    database: Database, types: Types, actor: Actor, public_url: str, *, dry_run: bool = False
) -> Iterator[Write]:
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
        write = Write(number + NEVER_TAKEN if dry_run else number, at, session, types, site, actor, dry_run)
        yield write
        if dry_run or not write.recorded:
            discard(session)
