"""The standing of an entry at an instant: its status and times, computed from its timeline alone."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from cms.clock import FOREVER

Status = Literal["draft", "scheduled", "published", "unpublished"]


@dataclass(frozen=True)
class Standing:
    """The status of an entry at an instant, with the times and revision of what is live, or else of the next plan.

    ``has_unpublished_changes`` is true if something is live or planned, but not the draft's revision. ``next_revision``
    and ``next_from`` belong to the next plan. ``ends`` is the end of the last publication, ``None`` if it has none.
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
    """The standing of an entry, from its publications (oldest first) and its draft's revision number, ``version``."""
    live = next((each for each in publications if each.live_from <= at < each.live_until), None)
    planned = next((each for each in publications if each.live_from > at), None)
    current = live or planned
    if current is None:
        return Standing("unpublished" if publications else "draft", None, None, None, False)
    return Standing(
        status="published" if live else "scheduled",
        live_from=current.live_from,
        live_until=end_of(current),
        revision=current.revision,
        has_unpublished_changes=all(each.revision != version for each in publications if at < each.live_until),
        next_revision=planned.revision if planned else None,
        next_from=planned.live_from if planned else None,
        ends=end_of(publications[-1]),
    )


def end_of(publication: Any) -> datetime | None:
    """The end of a publication; ``None`` if it has none."""
    return None if publication.live_until == FOREVER else publication.live_until
