"""The tables that editors work on: entries, the links of drafts, and slugs. Delivery never imports this module."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, declared_attr, mapped_column

from cms.content.model import LOCALE_LENGTH, TYPE_LENGTH
from cms.db import JSON, Base, Collated, Identifier, UTCDateTime
from cms.identifiers import SLUG_LENGTH

TRASHED = "trashed_at IS NOT NULL"


class Entry(Base):
    """An identity: its id stays the same while its content changes."""

    __tablename__ = "entries"
    __table_args__ = (
        Index("ix_entries_type_updated", "type", "updated_at", "id"),
        Index("ix_entries_type_created", "type", "created_at", "id"),
        Index("ix_entries_type_label", "type", "label", "id"),
        Index("ix_entries_type_slug", "type", "slug"),
        Index("ix_entries_trashed", "type", "id", postgresql_where=text(TRASHED), sqlite_where=text(TRASHED)),
    )

    id: Mapped[str] = mapped_column(Identifier, primary_key=True)
    type: Mapped[str] = mapped_column(String(TYPE_LENGTH))
    locale: Mapped[str] = mapped_column(String(LOCALE_LENGTH))
    translation_of: Mapped[str | None] = mapped_column(Identifier, index=True)
    """The entry that this one translates: always an original, never a translation."""
    slug: Mapped[str | None] = mapped_column(String(SLUG_LENGTH))
    label: Mapped[str] = mapped_column(Collated)
    """The title, question or name as a sort key, by which lists of drafts are sorted."""
    version: Mapped[int] = mapped_column(BigInteger)
    """The number of the newest revision, which is the draft's content."""
    changed: Mapped[int] = mapped_column(BigInteger)
    """The number of the last write to the draft or the timeline, which is the entity tag."""
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    updated_at: Mapped[datetime] = mapped_column(UTCDateTime)
    created_by: Mapped[str | None] = mapped_column(ForeignKey("api_keys.id"))
    trashed_at: Mapped[datetime | None] = mapped_column(UTCDateTime)


class DraftTable:
    """The columns of every draft table; a type's model adds one column for each field that an editor writes."""

    @declared_attr
    @classmethod
    def entry_id(cls) -> Mapped[str]:
        return mapped_column(Identifier, ForeignKey("entries.id", ondelete="CASCADE"), primary_key=True)

    extra: Mapped[dict[str, Any]] = mapped_column(JSON)


class Link(Base):
    """A draft's reference to another entry, in the editor's order."""

    __tablename__ = "links"

    entry_id: Mapped[str] = mapped_column(ForeignKey("entries.id", ondelete="CASCADE"), primary_key=True)
    field: Mapped[str] = mapped_column(String(TYPE_LENGTH), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True)
    target_id: Mapped[str] = mapped_column(ForeignKey("entries.id", ondelete="CASCADE"), index=True)


class Slug(Base):
    """A slug that an entry holds: that of its draft, or that of a publication, past, live or planned.

    If two entries want the same slug at the same time, the primary key decides.
    """

    __tablename__ = "slugs"

    type: Mapped[str] = mapped_column(String(TYPE_LENGTH), primary_key=True)
    locale: Mapped[str] = mapped_column(String(LOCALE_LENGTH), primary_key=True)
    slug: Mapped[str] = mapped_column(String(SLUG_LENGTH), primary_key=True)
    entry_id: Mapped[str] = mapped_column(ForeignKey("entries.id", ondelete="CASCADE"), index=True)
