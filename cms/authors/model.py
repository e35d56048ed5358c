"""The table with the drafts of authors."""

from typing import Any

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from cms.content.editing.model import DraftTable
from cms.db import JSON, Base


class Author(DraftTable, Base):
    __tablename__ = "authors"

    name: Mapped[str] = mapped_column(String(120))
    honorific_prefix: Mapped[str | None] = mapped_column(String(60))
    credentials: Mapped[str | None] = mapped_column(String(60))
    job_title: Mapped[str | None] = mapped_column(String(120))
    bio: Mapped[dict[str, str] | None] = mapped_column(JSON)
    avatar: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    website: Mapped[str | None]
