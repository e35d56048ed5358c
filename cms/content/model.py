"""The tables of revisions, publications and events, which all content types share."""

from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    String,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from cms.clock import FOREVER
from cms.db import JSON, Base, Collated, Identifier, UTCDateTime
from cms.identifiers import SLUG_LENGTH

TYPE_LENGTH = 40
LOCALE_LENGTH = 35
CLIENT_LENGTH = 200


class Revision(Base):
    """One saved state of an entry's content. The content never changes, but its renditions may be made again.

    ``data`` has the written fields without the rich texts. For each rich text, ``outline`` has its table of contents,
    word count and excerpt, and ``bodies`` its source, HTML, text and Markdown. These are separate columns in this order
    so that a list never reads a long text.
    """

    __tablename__ = "revisions"
    __table_args__ = (Index("ix_revisions_rendered_with", "rendered_with"),)

    entry_id: Mapped[str] = mapped_column(ForeignKey("entries.id", ondelete="CASCADE"), primary_key=True)
    number: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    change: Mapped[int] = mapped_column(BigInteger)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    created_by: Mapped[str | None] = mapped_column(ForeignKey("api_keys.id"))
    note: Mapped[str | None]
    data: Mapped[dict[str, Any]] = mapped_column(JSON)
    outline: Mapped[dict[str, Any]] = mapped_column(JSON)
    bodies: Mapped[dict[str, Any]] = mapped_column(JSON)
    blocks: Mapped[dict[str, Any] | None] = mapped_column(JSON, deferred=True)
    """The Portable Text of each rich text. It is long and seldom asked for, so a statement of its own reads it."""
    review: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    """The hints for the writer (``findings``) and the link targets (``links``) of each rich text."""
    rendered_with: Mapped[int] = mapped_column(server_default=text("1"))
    """The version of the renderer of all renditions in this row. ``cms rerender`` renews older ones."""


class SortKeys:
    """The columns that published lists are ordered and filtered by. A type declares which of its fields fill them."""

    published_at: Mapped[datetime] = mapped_column(UTCDateTime)
    updated_at: Mapped[datetime] = mapped_column(UTCDateTime)
    sort_text: Mapped[str] = mapped_column(Collated)
    sort_number: Mapped[int] = mapped_column(BigInteger)
    sort_time: Mapped[datetime] = mapped_column(UTCDateTime)
    facet: Mapped[str] = mapped_column(String(TYPE_LENGTH))
    """One short value to filter by, such as an article's ``featured`` or a social link's platform."""


class Publication(SortKeys, Base):
    """The statement that a revision is live from one instant until another: ``live_from <= now < live_until``."""

    __tablename__ = "publications"
    __table_args__ = (
        ForeignKeyConstraint(["entry_id", "revision"], ["revisions.entry_id", "revisions.number"], ondelete="CASCADE"),
        CheckConstraint("live_from < live_until", name="lasts"),
        UniqueConstraint("entry_id", "live_from"),
        Index("ix_publications_slug", "type", "locale", "slug"),
        Index("ix_publications_translations", "translation_group"),
        Index("ix_publications_live_from", "live_from"),
        Index("ix_publications_live_until", "live_until"),
        Index(
            "ix_publications_unannounced",
            "live_from",
            postgresql_where=text("NOT announced"),
            sqlite_where=text("announced = 0"),
        ),
        Index("ix_publications_ending", "live_until", postgresql_where=text("NOT over"), sqlite_where=text("over = 0")),
    )

    id: Mapped[str] = mapped_column(Identifier, primary_key=True)
    entry_id: Mapped[str] = mapped_column(Identifier)
    revision: Mapped[int] = mapped_column(BigInteger)
    type: Mapped[str] = mapped_column(String(TYPE_LENGTH))
    locale: Mapped[str] = mapped_column(String(LOCALE_LENGTH))
    slug: Mapped[str | None] = mapped_column(String(SLUG_LENGTH))
    translation_group: Mapped[str] = mapped_column(Identifier)
    live_from: Mapped[datetime] = mapped_column(UTCDateTime)
    live_until: Mapped[datetime] = mapped_column(UTCDateTime, default=FOREVER)
    asked_until: Mapped[datetime | None] = mapped_column(UTCDateTime)
    """The requested end, if a later plan cuts it short. It is restored when that plan is cancelled."""
    dated: Mapped[bool] = mapped_column(Boolean)
    """True if an editor set ``published_at``. Otherwise it is the first instant at which the entry was live."""
    over: Mapped[bool] = mapped_column(Boolean, default=False)
    """True once a write or the worker has recorded the end. Such rows leave the partial indexes of current lists."""
    announced: Mapped[bool] = mapped_column(Boolean)
    """True once the beginning is recorded as an event."""
    renamed: Mapped[bool] = mapped_column(Boolean, default=False, server_default=text("false"))
    """True if a later publication of the entry has another slug, which this slug then redirects to."""


class PublicationLink(SortKeys, Base):
    """A published reference, with the sort keys of its publication, so that the list of a tag is one index scan."""

    __tablename__ = "publication_links"

    publication_id: Mapped[str] = mapped_column(ForeignKey("publications.id", ondelete="CASCADE"), primary_key=True)
    field: Mapped[str] = mapped_column(String(TYPE_LENGTH), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True)
    target_id: Mapped[str] = mapped_column(Identifier)
    entry_id: Mapped[str] = mapped_column(Identifier)
    type: Mapped[str] = mapped_column(String(TYPE_LENGTH))
    locale: Mapped[str] = mapped_column(String(LOCALE_LENGTH))
    live_from: Mapped[datetime] = mapped_column(UTCDateTime)
    live_until: Mapped[datetime] = mapped_column(UTCDateTime)
    over: Mapped[bool] = mapped_column(Boolean, default=False)


class LinkCount(Base):
    """The stored number of publications that refer to an entry, have begun and are not over.

    It is the number of live ones, except between a planned instant and the worker's next run. In that time readers
    count with a query.
    """

    __tablename__ = "link_counts"

    target_id: Mapped[str] = mapped_column(Identifier, primary_key=True)
    field: Mapped[str] = mapped_column(String(TYPE_LENGTH), primary_key=True)
    type: Mapped[str] = mapped_column(String(TYPE_LENGTH), primary_key=True)
    """The type of the referring entries."""
    number: Mapped[int] = mapped_column(BigInteger)


def _current(name: str, model: type[Base], *columns: str, also: str = "") -> None:
    """Add a partial index over live and planned rows. Rows that are over remain for time travel, without cost here."""
    parts = [getattr(model, column) for column in columns]
    # Each database uses the index only if the condition is written as queries write ``~over``.
    Index(name, *parts, postgresql_where=text(f"NOT over{also}"), sqlite_where=text(f"over = 0{also}"))


# One index for each access path and each order, so that a page is one scan from where the page before ended.
for _key in ("published_at", "updated_at", "sort_text", "sort_number", "sort_time"):
    _current(f"ix_publications_by_{_key}", Publication, "type", "locale", _key, "entry_id")
    _current(
        f"ix_publications_by_facet_{_key}",
        Publication,
        *("type", "locale", "facet", _key, "entry_id"),
        also=" AND facet <> ''",
    )
    _current(
        f"ix_publication_links_by_{_key}",
        PublicationLink,
        *("target_id", "field", "type", "locale", _key, "entry_id"),
    )
# The newest entries that refer to an entry, in all locales.
_current("ix_publication_links_newest", PublicationLink, "target_id", "field", "type", "published_at", "entry_id")
Index(
    "ix_publications_renamed",
    *(Publication.type, Publication.locale, Publication.slug, Publication.entry_id),
    postgresql_where=text("renamed"),
    sqlite_where=text("renamed = 1"),
)


class ContentVersion(Base):
    """The only counter: the numbers of the last write, and of the last one that changed what readers can see."""

    __tablename__ = "content_version"
    __table_args__ = (CheckConstraint("id = 1", name="single"),)

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    change: Mapped[int] = mapped_column(BigInteger)
    content: Mapped[int] = mapped_column(BigInteger)
    at: Mapped[datetime] = mapped_column(UTCDateTime)
    """The time of the last write."""


class Event(Base):
    """An event in the order of ``change``: the audit log, and the outbox for other systems."""

    __tablename__ = "events"
    __table_args__ = (
        # One for each filter of the audit log, so that a page is one scan. The last one finds the number for a time.
        Index("ix_events_subject", "subject", "change", "position"),
        Index("ix_events_type", "type", "change", "position"),
        Index("ix_events_action", "action", "change", "position"),
        Index("ix_events_key", "key_id", "change", "position"),
        Index("ix_events_at", "at", "change"),
    )

    change: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    position: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    at: Mapped[datetime] = mapped_column(UTCDateTime)
    action: Mapped[str] = mapped_column(String(40))
    type: Mapped[str] = mapped_column(String(TYPE_LENGTH))
    subject: Mapped[str | None] = mapped_column(String(36))
    """The id of the entry or the key that the event is about."""
    revision: Mapped[int | None] = mapped_column(BigInteger)
    key_id: Mapped[str | None] = mapped_column(String(24))
    request_id: Mapped[str | None] = mapped_column(String(64))
    client: Mapped[str | None] = mapped_column(String(CLIENT_LENGTH))
    """The program that made the write, by its ``User-Agent``, or a part of the service itself."""
    before: Mapped[Any | None] = mapped_column(JSON)
    """The state before the write. It never has the content of an entry, which is in revisions that a purge erases."""
    after: Mapped[Any | None] = mapped_column(JSON)
    reason: Mapped[str | None] = mapped_column(String(500))
    """The reason that was given for a write despite warnings. A purge of the entry erases it."""
