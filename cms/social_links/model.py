"""The table with the drafts of social links."""

from sqlalchemy import Index, String
from sqlalchemy.orm import Mapped, mapped_column

from cms.content.editing.model import DraftTable
from cms.db import Base


class SocialLink(DraftTable, Base):
    __tablename__ = "social_links"
    __table_args__ = (
        Index("ix_social_links_position", "position", "entry_id"),
        Index("ix_social_links_platform", "platform", "entry_id"),
    )

    platform: Mapped[str] = mapped_column(String(40))
    handle: Mapped[str | None] = mapped_column(String(120))
    url: Mapped[str] = mapped_column(String(2048))
    label: Mapped[str | None] = mapped_column(String(120))
    position: Mapped[int]
