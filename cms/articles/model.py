"""The table with the drafts of articles."""

from datetime import datetime
from typing import Any

from sqlalchemy import Index, String
from sqlalchemy.orm import Mapped, mapped_column

from cms.content.editing.model import DraftTable
from cms.db import JSON, Base, UTCDateTime


class Article(DraftTable, Base):
    __tablename__ = "articles"
    __table_args__ = (
        Index("ix_articles_published_at", "published_at", "entry_id"),
        Index("ix_articles_featured", "featured", "entry_id"),
    )

    title: Mapped[str] = mapped_column(String(200))
    subtitle: Mapped[str | None] = mapped_column(String(300))
    summary: Mapped[str | None] = mapped_column(String(500))
    body: Mapped[dict[str, str] | None] = mapped_column(JSON)
    published_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    featured: Mapped[bool]
    hero_image: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    calls_to_action: Mapped[list[dict[str, str]]] = mapped_column(JSON)
    seo: Mapped[dict[str, Any] | None] = mapped_column(JSON)
