"""The table with the drafts of tags."""

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from cms.content.editing.model import DraftTable
from cms.db import Base


class Tag(DraftTable, Base):
    __tablename__ = "tags"

    name: Mapped[str] = mapped_column(String(80))
    description: Mapped[str | None] = mapped_column(String(500))
