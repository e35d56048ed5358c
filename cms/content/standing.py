"""The status of an entry at an instant, derived from its timeline alone."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from cms.clock import FOREVER

Status = Literal["draft", "scheduled", "published", "unpublished"]


@dataclass(frozen=True)
class Standing:
    """The status of an entry at an instant.

    ``live_from``, ``live_until`` and ``revision`` are of the live publication, or else of the next plan.
    ``has_unpublished_changes`` is true if a revision is live or planned, but not the draft's. ``next_revision`` and
    ``next_from`` are of the next plan after ``at``. ``ends`` is the end of the last publication, ``None`` for never.
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
    """The standing of a timeline, oldest first, at an instant, for a draft at revision ``version``.

    Example: if revision 2 is live and revision 4 is planned, the status is ``published``. A draft at version 5 has
    unpublished changes, and a draft at version 4 has none.
    """
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
    """The end of a publication. ``None`` for never."""
    return None if publication.live_until == FOREVER else publication.live_until
