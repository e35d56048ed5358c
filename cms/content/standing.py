"""Where an entry stands at an instant, judged from its timeline alone."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from cms.clock import FOREVER

Status = Literal["draft", "scheduled", "published", "unpublished"]


@dataclass(frozen=True)
class Standing:
    """Where an entry stands at an instant; ``live_from`` and ``live_until`` are of what is live or else next.

    ``has_unpublished_changes`` says that the draft is neither live nor planned, while something is; ``next_revision``
    and ``next_from`` are of the next plan after ``at``; ``ends`` is when the last plan ends, ``None`` for never.
    """

    status: Status
    live_from: datetime | None
    live_until: datetime | None
    revision: int | None
    has_unpublished_changes: bool
    next_revision: int | None = None
    next_from: datetime | None = None
    ends: datetime | None = None


def standing(publications: Sequence[Any], version: int, at: datetime) -> Standing:
    """Judge a timeline, oldest first, at an instant, for a draft at revision ``version``."""
    live = next((each for each in publications if each.live_from <= at < each.live_until), None)
    planned = next((each for each in publications if each.live_from > at), None)
    shown = live or planned
    if shown is None:
        return Standing("unpublished" if publications else "draft", None, None, None, False)
    return Standing(
        status="published" if live else "scheduled",
        live_from=shown.live_from,
        live_until=end_of(shown),
        revision=shown.revision,
        has_unpublished_changes=all(each.revision != version for each in publications if at < each.live_until),
        next_revision=planned.revision if planned else None,
        next_from=planned.live_from if planned else None,
        ends=end_of(publications[-1]),
    )


def end_of(publication: Any) -> datetime | None:
    """When a publication ends; ``None`` for never."""
    return None if publication.live_until == FOREVER else publication.live_until
