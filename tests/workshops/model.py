"""The drafts of workshops."""

from datetime import datetime

from sqlalchemy import String, Table
from sqlalchemy.orm import Mapped, mapped_column

from cms.content.editing.model import DraftTable
from cms.db import JSON, Base, UTCDateTime


class WorkshopEntry(DraftTable, Base):
    __tablename__ = "workshops"

    name: Mapped[str] = mapped_column(String(200))
    starts_at: Mapped[datetime] = mapped_column(UTCDateTime)
    venue: Mapped[str | None] = mapped_column(String(200))
    description: Mapped[dict[str, str] | None] = mapped_column(JSON)


def _taken_out_of_the_metadata() -> Table:
    """The model's table, known to the mapper alone.

    It is no table of the product: with it in ``Base.metadata``, whatever compares that with the migrations would find
    one too many in every process that has imported this module. Its foreign key was resolved when the class was made,
    so it loses nothing.
    """
    table = WorkshopEntry.__table__
    assert isinstance(table, Table)
    Base.metadata.remove(table)
    return table


WORKSHOP_TABLE = _taken_out_of_the_metadata()
