"""What a request of delivery or preview reads from."""

from dataclasses import dataclass
from typing import Any

from cms.content.published.moment import Moment
from cms.content.published.perspective import Perspective


@dataclass(frozen=True)
class Reading:
    """What is read to deliver: one snapshot, the moment it is read at, and how its content is looked at."""

    connection: Any
    moment: Moment
    perspective: Perspective
    only: str | None = None
    """The id of the one entry that the caller may ask for; ``None`` for all."""
