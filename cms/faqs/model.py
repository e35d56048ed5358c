"""The working copies of FAQ entries."""

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from cms.content.draft_model import Draft
from cms.db import JSON, Base


class FAQ(Draft, Base):
    __tablename__ = "faqs"

    question: Mapped[str] = mapped_column(String(300))
    answer: Mapped[dict[str, str] | None] = mapped_column(JSON)
    position: Mapped[int]
