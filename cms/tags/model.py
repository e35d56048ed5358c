"""The working copies of tags."""

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from cms.content.draft_model import Draft
from cms.db import Base


class Tag(Draft, Base):
    __tablename__ = "tags"

    name: Mapped[str] = mapped_column(String(80))
    description: Mapped[str | None] = mapped_column(String(500))
