"""The table with the drafts of FAQ entries."""

from sqlalchemy import Index, String
from sqlalchemy.orm import Mapped, mapped_column

from cms.content.editing.model import DraftTable
from cms.db import JSON, Base


class FAQ(DraftTable, Base):
    __tablename__ = "faqs"
    __table_args__ = (Index("ix_faqs_position", "position", "entry_id"),)

    question: Mapped[str] = mapped_column(String(300))
    answer: Mapped[dict[str, str] | None] = mapped_column(JSON)
    position: Mapped[int]
