"""Publishing: check the scope and the readiness of the revision, and then change the timeline."""

from datetime import datetime

from cms.content.editing import timeline
from cms.content.editing.model import Entry
from cms.content.editing.raw_html import check_raw_html
from cms.content.editing.readiness import check_publishable
from cms.content.editing.revisions import newest
from cms.content.editing.write import Write
from cms.content.model import Revision
from cms.content.renditions import to_content
from cms.content.types import ContentType
from cms.errors import Fault, Invalid, NotReady


def publish(
    write: Write,
    kind: ContentType,
    entry: Entry,
    *,
    revision: int | None = None,
    live_from: datetime | None = None,
    live_until: datetime | None = None,
    keep_end: bool = False,
    override_reason: str | None = None,
) -> bool:
    """Make a revision live from ``live_from`` until ``live_until``; by default the newest one, from now on, for ever.

    Returns True if anything changed. Raises ``Forbidden`` if the scope ``content:publish`` is missing, and for raw HTML
    that the draft no longer has. Raises ``Invalid`` and ``Conflict`` as ``timeline.find_slot`` does. If findings block
    publishing on this site, raises ``NotReady`` with them, unless there is an ``override_reason``, which then goes into
    the audit log.
    """
    write.actor.require("content:publish")
    chosen = write.session.get(Revision, (entry.id, revision or entry.version))
    if chosen is None:
        raise Invalid(Fault("unknown_revision", f"The newest revision is {entry.version}.", "#/revision"))
    slot = timeline.find_slot(write, entry, chosen, live_from=live_from, live_until=live_until, keep_end=keep_end)
    reason = None
    if slot.existing is None:
        if chosen.number != entry.version:
            check_raw_html(write, kind, to_content(chosen), to_content(newest(write.session, entry)))
        reason = _reason_if_needed(write, kind, entry, chosen, slot.start, override_reason)
    return timeline.fill_slot(write, kind, entry, chosen, slot, reason=reason)


def _reason_if_needed(
    write: Write, kind: ContentType, entry: Entry, chosen: Revision, start: datetime, reason: str | None
) -> str | None:
    """The reason if something blocks publishing, else ``None``. Raises ``NotReady`` if it is missing."""
    try:
        check_publishable(write, kind, entry.id, chosen, start)
    except NotReady:
        if reason is None:
            raise
        return reason
    return None
