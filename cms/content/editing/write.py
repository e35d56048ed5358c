"""The unit of work of every write, and the lock on the counter that orders writes."""

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

DRY_RUN_OFFSET = 2**52
"""Added to the number of a dry run, so that no write ever has it; the sum is still exact in JSON."""


def block_writes(session: Session) -> datetime:
    """Block all other writes until the session's transaction ends; returns the time that a write would have now."""
    row = session.execute(select(ContentVersion.at, database_now().label("now")).with_for_update()).one()
    return steady(row.now, row.at)


def has_purged(session: Session, since: int) -> bool:
    """True if the write ``since``, or one after it, erased an entry."""
    purged = select(Event.change).where(Event.action == "purged", Event.change >= since).limit(1)
    return session.execute(purged).first() is not None


@dataclass
class Write:
    """One write: its number, its time by the database's clock, its author, and its session.

    The counter's row stays locked until the transaction ends, so writes run one after the other, across all nodes.
    """

    number: int
    at: datetime
    session: Session
    types: Types
    site: Site
    actor: Actor
    dry_run: bool = False
    """True if the write only shows what it would do; it is rolled back."""
    recorded: int = 0
    """The number of events that it has added to the audit log."""
    erased: set[str] = field(default_factory=set)
    """The ids of the entries that it has erased."""

    def advance_content(self) -> None:
        """Note that this write changes what is published, now or at a planned time."""
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
        """Add an event to the audit log, in the transaction of this write.

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
        """Give the entry the number of this write, so that its entity tag changes."""
        entry.changed = self.number


@contextmanager
def begin_write(
    database: Database, types: Types, actor: Actor, public_url: str, *, dry_run: bool = False
) -> Iterator[Write]:
    """Begin a write: lock the counter, take the next number, and then read the time.

    A write that records no event has changed nothing and is rolled back with its number, so that the numbers have no
    gaps. A dry run is always rolled back. It gets a number that no write will ever have, so that the entity tags in its
    answer match nothing: otherwise a client that holds them could overwrite the next write.
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
        write = Write(number + DRY_RUN_OFFSET if dry_run else number, at, session, types, site, actor, dry_run)
        yield write
        if dry_run or not write.recorded:
            discard(session)
