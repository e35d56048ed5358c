"""The tables of what has been saved and what is published, the same for every type."""

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
    """One saved state of an entry's content. What was written never changes; its renditions may be made anew.

    ``data`` is what was written, without the rich texts; ``outline`` holds of each rich text what lists show (table
    of contents, word count, excerpt); ``bodies`` its source, HTML, text and Markdown. They are apart, and in this
    order, so that a list never reads a long text.
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
    """Of each rich text its Portable Text; last, and read only by itself, since it is long and seldom asked for."""
    review: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    """Of each rich text what there is to tell its writer (``findings``) and where it links to (``links``)."""
    rendered_with: Mapped[int] = mapped_column(server_default=text("1"))
    """The renderer that made ``outline``, ``bodies``, ``blocks`` and ``review``; ``cms rerender`` renews older ones."""


class SortKeys:
    """What published lists are ordered and filtered by; a type says which of its fields fills each."""

    published_at: Mapped[datetime] = mapped_column(UTCDateTime)
    updated_at: Mapped[datetime] = mapped_column(UTCDateTime)
    sort_text: Mapped[str] = mapped_column(Collated)
    sort_number: Mapped[int] = mapped_column(BigInteger)
    sort_time: Mapped[datetime] = mapped_column(UTCDateTime)
    facet: Mapped[str] = mapped_column(String(TYPE_LENGTH))
    """One short value to filter by: an article's ``featured``, a social link's platform."""


class Publication(SortKeys, Base):
    """A revision is live from here until there: ``live_from <= now < live_until``."""

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
    """The end that was asked for, where a later plan cuts it short; it is had again when that plan is cancelled."""
    dated: Mapped[bool] = mapped_column(Boolean)
    """Whether an editor gave ``published_at``; otherwise it is the first moment the entry was live."""
    over: Mapped[bool] = mapped_column(Boolean, default=False)
    """Whether a write or the worker has seen it end: such rows leave the indexes that lists of today walk."""
    announced: Mapped[bool] = mapped_column(Boolean)
    """Whether its beginning has been told to others."""
    renamed: Mapped[bool] = mapped_column(Boolean, default=False, server_default=text("false"))
    """Whether a later publication of the entry has another slug: from then on this one redirects."""


class PublicationLink(SortKeys, Base):
    """A published reference, with the sort keys of the publication it belongs to, so that a tag's list is one walk."""

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
    """How many publications that have begun and are not over refer to an entry: a number kept, so that none counts.

    It is the count of what is live except between a planned instant and the worker's next look, when readers count.
    """

    __tablename__ = "link_counts"

    target_id: Mapped[str] = mapped_column(Identifier, primary_key=True)
    field: Mapped[str] = mapped_column(String(TYPE_LENGTH), primary_key=True)
    type: Mapped[str] = mapped_column(String(TYPE_LENGTH), primary_key=True)
    """The type of what refers."""
    number: Mapped[int] = mapped_column(BigInteger)


def _current(name: str, model: type[Base], *columns: str, also: str = "") -> None:
    """An index over what is live or planned: what is over stays for time travel and costs today's lists nothing."""
    parts = [getattr(model, column) for column in columns]
    # Each database recognises the condition by the form in which queries write ``~over``.
    Index(name, *parts, postgresql_where=text(f"NOT over{also}"), sqlite_where=text(f"over = 0{also}"))


# One index for each order of each way a list is found, in which a page is one walk from where the last one ended.
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
# The newest few that refer to an entry, in whichever language.
_current("ix_publication_links_newest", PublicationLink, "target_id", "field", "type", "published_at", "entry_id")
Index(
    "ix_publications_renamed",
    *(Publication.type, Publication.locale, Publication.slug, Publication.entry_id),
    postgresql_where=text("renamed"),
    sqlite_where=text("renamed = 1"),
)


class ContentVersion(Base):
    """The one counter: ``change`` numbers the last write, ``content`` the last that altered what is seen."""

    __tablename__ = "content_version"
    __table_args__ = (CheckConstraint("id = 1", name="single"),)

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    change: Mapped[int] = mapped_column(BigInteger)
    content: Mapped[int] = mapped_column(BigInteger)
    at: Mapped[datetime] = mapped_column(UTCDateTime)
    """When the last write was made."""


class Event(Base):
    """What happened, in the order of ``change``: the audit log, and the outbox of what others are told."""

    __tablename__ = "events"
    __table_args__ = (
        # One for each filter of the audit log, in which a page is one walk; a time is turned into a number by the last.
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
    """The id of the entry or the key that it happened to."""
    revision: Mapped[int | None] = mapped_column(BigInteger)
    key_id: Mapped[str | None] = mapped_column(String(24))
    request_id: Mapped[str | None] = mapped_column(String(64))
    client: Mapped[str | None] = mapped_column(String(CLIENT_LENGTH))
    """The program that it was done with, as it names itself (``User-Agent``), or the part of the service itself."""
    before: Mapped[Any | None] = mapped_column(JSON)
    """What it was; never the content of an entry, which its revisions hold and a purge erases."""
    after: Mapped[Any | None] = mapped_column(JSON)
    reason: Mapped[str | None] = mapped_column(String(500))
    """Why somebody did it in spite of what speaks against it; a purge of the entry erases it."""
