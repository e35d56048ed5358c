"""The source that a request of delivery or preview reads from."""

from dataclasses import dataclass
from typing import Any

from cms.content.published.moment import Moment
from cms.content.published.perspective import Perspective


@dataclass(frozen=True)
class Reading:
    """The source of an answer: one snapshot, its moment, and the perspective on the content."""

    connection: Any
    moment: Moment
    perspective: Perspective
    only: str | None = None
    """The id of the one entry that the caller may read; ``None`` for all entries."""
