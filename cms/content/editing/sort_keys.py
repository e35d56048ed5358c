"""Sort keys, by which lists are sorted and filtered, computed from the content."""

import unicodedata
from datetime import datetime
from typing import Any

from cms import clock
from cms.content.types import Content, ContentType


def sort_keys(kind: ContentType, content: Content, *, published_at: datetime, updated_at: datetime) -> dict[str, Any]:
    """The values of the columns of ``SortKeys`` for this content."""
    sort_time = content.get(kind.sort_time) if kind.sort_time else None
    return {
        "published_at": published_at,
        "updated_at": updated_at,
        "sort_text": sort_key((kind.sort_text or kind.label)(content)),
        "sort_number": content.get(kind.sort_number) or 0 if kind.sort_number else 0,
        "sort_time": clock.from_wire(sort_time) if sort_time else published_at,
        "facet": kind.facet(content),
    }


def sort_key(text: str) -> str:
    """The text without case and accents, at most 100 characters. Example: ``Émile`` gives ``emile``."""
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return "".join(each for each in decomposed if not unicodedata.combining(each))[:100]
