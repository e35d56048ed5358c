"""The timeline of an entry: its revisions with the times from and until which each is live.

Publications never overlap. Those that were live stay as history; those that are only planned can be cancelled.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session
from uuid_utils.compat import uuid7

from cms import clock
from cms.clock import FOREVER
from cms.content.editing import indexing, slugs
from cms.content.editing.links import copy_links, mark_progress
from cms.content.editing.model import Entry
from cms.content.editing.preview_model import DraftPublication, DraftPublicationLink
from cms.content.editing.revisions import completed
from cms.content.editing.sort_keys import sort_keys
from cms.content.editing.write import Write
from cms.content.model import Publication, PublicationLink, Revision
from cms.content.standing import end_of, standing
from cms.content.types import Content, ContentType
from cms.errors import Conflict, Fault, Invalid, NotFound


def timeline(session: Session, entry_id: str) -> list[Publication]:
    """All publications of the entry, oldest first."""
    return list(
        session.scalars(select(Publication).where(Publication.entry_id == entry_id).order_by(Publication.live_from))
    )


class Span(NamedTuple):
    """The revision and times of a publication, copied from its row, which may change later."""

    revision: int
    live_from: datetime
    live_until: datetime


def spans(publications: Sequence[Any]) -> list[Span]:
    """The spans of a timeline now, to compare with later ones."""
    return [Span(each.revision, each.live_from, each.live_until) for each in publications]


def _record(
    write: Write, action: str, entry: Entry, before: Sequence[Span], revision: int | None, reason: str | None = None
) -> None:
    """Update everything that depends on the timeline, and record the event.

    The event has the entry's state before and after, each with the spans that the write removed or added.
    """
    _update_dates_and_renames(write.session, entry.id)
    slugs.release_unused(write.session, entry.id)
    write.advance_content()
    write.touch(entry)
    after = spans(timeline(write.session, entry.id))
    write.record(
        action,
        entry.type,
        entry.id,
        revision,
        before=_state(before, write.at, [each for each in before if each not in after]),
        after=_state(after, write.at, [each for each in after if each not in before]),
        reason=reason,
    )


def states_around(session: Session, entry_id: str, instant: datetime) -> dict[str, Any]:
    """The entry's state ``before`` and ``after`` an instant at which a publication began or ended, for its event."""
    planned = spans(timeline(session, entry_id))
    return {
        "before": _state(planned, instant - timedelta(milliseconds=1), []),
        "after": _state(planned, instant, []),
    }


def _state(timeline_spans: Sequence[Span], at: datetime, changed: Sequence[Span]) -> dict[str, Any]:
    """The JSON value of an entry's state in an event."""
    stands = standing(timeline_spans, 0, at)
    return {
        "status": stands.status,
        "revision": stands.revision,
        "live_from": stands.live_from,
        "live_until": stands.live_until,
        "timeline": [
            {
                "revision": each.revision,
                "live_from": each.live_from,
                "live_until": end_of(each),
            }
            for each in changed
        ],
    }


def is_live_or_planned(write: Write, entry: Entry) -> bool:
    """True if something of the entry is live or planned."""
    return any(each.live_until > write.at for each in timeline(write.session, entry.id))


@dataclass(frozen=True)
class Slot:
    """The time that a publication gets, and the publications that it extends or cuts short."""

    start: datetime
    end: datetime
    asked_until: datetime | None
    """The end that was asked for, if a plan begins before it."""
    existing: Publication | None
    """The publication of the same revision that has this time already, so that only its end changes."""
    replaced: Publication | None
    """The publication that is cut short."""


def find_slot(
    write: Write,
    entry: Entry,
    revision: Revision,
    *,
    live_from: datetime | None = None,
    live_until: datetime | None = None,
    keep_end: bool = False,
) -> Slot:
    """Find the slot for a revision in the entry's timeline, from ``live_from`` (by default now) until ``live_until``.

    Without ``live_until`` it lasts until the next plan begins, or else for ever; with ``keep_end`` at most until the
    publication that it replaces would have ended. Raises ``Invalid`` for times that have passed or are out of order,
    and ``Conflict`` if it overlaps a later plan or begins within a plan that has an end.
    """
    now, publications = write.at, timeline(write.session, entry.id)
    existing = _find_existing(publications, revision, live_from, now)
    start = existing.live_from if existing else live_from or now
    _check_times(now, None if existing else live_from, start, live_until)
    replaced = next((each for each in publications if each.live_from <= start < each.live_until), None)
    later = [each for each in publications if each.live_from > start]
    _check_overlaps(now, start, live_until, [*([replaced] if replaced else []), *later])
    asked = live_until or (_asked_end(replaced) if keep_end and replaced else FOREVER)
    end = min([asked, *(each.live_from for each in later)])
    return Slot(start, end, asked if end < asked else None, existing, replaced)


def fill_slot(
    write: Write, kind: ContentType, entry: Entry, revision: Revision, slot: Slot, *, reason: str | None = None
) -> bool:
    """Publish a revision in a slot from ``find_slot``; the publication that it replaces ends there.

    Returns True if anything changed. ``reason`` is kept in the audit log.
    """
    before = spans(timeline(write.session, entry.id))
    publication = slot.existing
    if publication:
        if (publication.live_until, publication.asked_until) == (slot.end, slot.asked_until):
            return False
        _set_end(write, publication, slot.end)
    else:
        if slot.replaced:
            _cut(write, slot.replaced, slot.start, keep_asked=True)
        publication = _add_publication(write, kind, entry, revision, slot.start, slot.end)
    publication.asked_until = slot.asked_until
    _record(write, "scheduled" if slot.start > write.at else "published", entry, before, revision.number, reason)
    return True


def _find_existing(
    publications: list[Publication], chosen: Revision, live_from: datetime | None, now: datetime
) -> Publication | None:
    """The publication of this revision that begins at this instant, or is live if no instant is given."""
    for each in publications:
        begins = each.live_from <= now if live_from is None else each.live_from == live_from
        if begins and each.revision == chosen.number and now < each.live_until:
            return each
    return None


def _check_times(now: datetime, asked: datetime | None, start: datetime, end: datetime | None) -> None:
    faults = []
    if asked is not None and asked < now:
        faults.append(
            Fault("in_the_past", "live_from is in the past. To publish now, leave it out.", pointer="#/live_from")
        )
    if (end or FOREVER) <= max(now, start):
        faults.append(
            Fault("out_of_order", "live_until must be after live_from and in the future.", pointer="#/live_until")
        )
    if faults:
        raise Invalid(*faults)


def _check_overlaps(now: datetime, start: datetime, end: datetime | None, others: list[Publication]) -> None:
    """Raises ``Conflict`` with the plans for the same time. What is live or has no end may be cut short."""
    faults, clashing = [], []
    for each in others:
        plan = f"Revision {each.revision} is planned {_in_words(each)}."
        if end is not None and start < each.live_from < end:
            faults.append(Fault("overlaps", plan, pointer="#/live_until"))
        elif now < each.live_from < start and _asked_end(each) != FOREVER:
            faults.append(Fault("overlaps", plan, pointer="#/live_from"))
        else:
            continue
        clashing.append(interval_document(each))
    if faults:
        raise Conflict("Another publication is planned for that time.", *faults, clashes=clashing)


def _in_words(publication: Publication) -> str:
    end = end_of(publication)
    until = f"until {clock.to_wire(end)}" if end else "for ever"
    return f"from {clock.to_wire(publication.live_from)} {until}"


def _asked_end(publication: Publication) -> datetime:
    """The end that an editor asked for, even if a later plan cuts it short."""
    return publication.asked_until or publication.live_until


def interval_document(publication: Any) -> dict[str, Any]:
    """A publication as JSON: its id, revision and times as RFC 3339 texts; ``live_until`` is null if it has no end."""
    end = end_of(publication)
    return {
        "id": publication.id,
        "revision": publication.revision,
        "live_from": clock.to_wire(publication.live_from),
        "live_until": clock.to_wire(end) if end else None,
    }


def _add_publication(
    write: Write,
    kind: ContentType,
    entry: Entry,
    revision: Revision,
    start: datetime,
    end: datetime,
    instead_of: Publication | None = None,
) -> Publication:
    """Add a publication. If it begins when the one that it is ``instead_of`` began, it keeps that one's id."""
    content = completed(kind, revision)
    if content["slug"] is not None:
        slugs.reserve(write.session, kind, entry.locale, content["slug"], entry.id)
    given = content.get("published_at")
    published_at = clock.from_wire(given) if given else start
    publication = Publication(
        id=instead_of.id if instead_of and instead_of.live_from == start else str(uuid7()),
        entry_id=entry.id,
        revision=revision.number,
        type=kind.name,
        locale=entry.locale,
        slug=content["slug"],
        translation_group=instead_of.translation_group if instead_of else _translation_group(write, entry, content),
        live_from=start,
        live_until=end,
        dated=given is not None,
        over=False,
        announced=start <= write.at,
        **sort_keys(kind, content, published_at=published_at, updated_at=start),
    )
    write.session.add(publication)
    write.session.flush()
    copy_links(write.session, kind, publication, content)
    indexing.put(write.session, kind, publication, revision)
    return publication


def _translation_group(write: Write, entry: Entry, content: Content) -> str:
    """The id of the original, or the entry's own id. If the named original was erased, the id of its successor."""
    named = content["translation_of"]
    if named is None:
        return entry.id
    original = write.session.get(Entry, named)
    return (original.translation_of or original.id) if original else (entry.translation_of or entry.id)


def unpublish(write: Write, kind: ContentType, entry: Entry, at: datetime | None = None) -> bool:
    """End what is live at an instant, by default now, and cancel later plans. Returns True if anything changed."""
    moment = at or write.at
    if moment < write.at:
        raise Invalid(Fault("in_the_past", "This time is in the past. To unpublish now, leave it out.", parameter="at"))
    publications = timeline(write.session, entry.id)
    before = spans(publications)
    affected = [each for each in publications if each.live_until > moment]
    for publication in publications:
        if publication in affected:
            _cut(write, publication, moment)
        elif publication.asked_until and publication.asked_until > moment:
            publication.asked_until = moment if publication.live_until < moment else None
    if affected:
        write.actor.require("content:publish")
        _record(write, "unpublished" if moment <= write.at else "unpublishing_planned", entry, before, None)
    return bool(affected)


def replace_revisions(write: Write, kind: ContentType, entry: Entry, numbers: Mapping[int, int]) -> bool:
    """Replace live and planned revisions by others, for the rest of their time.

    ``numbers`` maps each old revision number to the new one. Returns True if anything was replaced.
    """
    publications = timeline(write.session, entry.id)
    before = spans(publications)
    affected = [each for each in publications if each.live_until > write.at and each.revision in numbers]
    for each in affected:
        revision = write.session.get_one(Revision, (entry.id, numbers[each.revision]))
        start, end, asked = max(each.live_from, write.at), each.live_until, each.asked_until
        _cut(write, each, start)
        publication = _add_publication(write, kind, entry, revision, start, end, instead_of=each)
        publication.asked_until = asked
    if affected:
        action = "published" if affected[0].live_from <= write.at else "scheduled"
        _record(write, action, entry, before, numbers[affected[0].revision])
    return bool(affected)


def cancel(write: Write, kind: ContentType, entry: Entry, publication_id: str) -> None:
    """Cancel one plan. The publication that it cut short gets its end back, or lasts until the next plan.

    Raises ``NotFound``, and ``Conflict`` if the publication has begun.
    """
    publications = timeline(write.session, entry.id)
    before = spans(publications)
    plan = next((each for each in publications if each.id == publication_id), None)
    if plan is None:
        raise NotFound
    if plan.live_from <= write.at:
        over = plan.live_until <= write.at
        raise Conflict(
            "The publication is over and stays in the history."
            if over
            else "The publication is live already. To unpublish the entry, send DELETE to its publication."
        )
    write.actor.require("content:publish")
    revision = plan.revision
    position = publications.index(plan)
    _cut(write, plan, plan.live_from)
    if position:
        following = publications[position + 1] if position + 1 < len(publications) else None
        _restore_end(write, publications[position - 1], before[position].live_from, following)
    _record(write, "cancelled", entry, before, revision)


def _restore_end(write: Write, cut: Publication, at: datetime, following: Publication | None) -> None:
    """Restore the end of a publication that a plan cut short at an instant, but not beyond the following one."""
    if cut.live_until != at or cut.asked_until is None:
        return
    asked = cut.asked_until
    end = min(asked, following.live_from) if following else asked
    cut.asked_until = asked if end < asked else None
    _set_end(write, cut, end)


def _cut(write: Write, publication: Publication, at: datetime, *, keep_asked: bool = False) -> None:
    """End a publication at an instant, or delete it if it begins no earlier.

    With ``keep_asked`` it remembers the end that was asked for, which is restored if its successor is cancelled.
    """
    if publication.live_from >= at:
        mark_progress(write.session, publication, announced=publication.announced, over=True)
        indexing.remove(write.session, write.types[publication.type], publication)
        write.session.execute(delete(Publication).where(Publication.id == publication.id))
        write.session.expunge(publication)
    else:
        publication.asked_until = _asked_end(publication) if keep_asked else None
        _set_end(write, publication, at)


def _set_end(write: Write, publication: Publication, end: datetime) -> None:
    publication.live_until = end
    indexing.set_end(write.session, write.types[publication.type], publication, at=write.at)
    mark_progress(write.session, publication, announced=publication.announced, over=end <= write.at)
    write.session.flush()
    write.session.execute(
        update(PublicationLink).where(PublicationLink.publication_id == publication.id).values(live_until=end)
    )


def _update_dates_and_renames(session: Session, entry_id: str) -> None:
    """Update the columns that depend on the whole timeline: ``renamed``, and dates that no editor gave."""
    publications = timeline(session, entry_id)
    for position, publication in enumerate(publications):
        publication.renamed = any(each.slug != publication.slug for each in publications[position:])
    _update_dates(session, publications)
    _update_draft_date(session, entry_id, publications)


def _update_dates(session: Session, publications: list[Publication]) -> None:
    """Set the date of publications without an editorial date to the first instant at which the entry is live."""
    for publication in publications:
        first = publications[0].live_from
        if not publication.dated and publication.published_at != first:
            if publication.sort_time == publication.published_at:
                publication.sort_time = first
            publication.published_at = first
            session.execute(
                update(PublicationLink)
                .where(PublicationLink.publication_id == publication.id)
                .values(published_at=first, sort_time=publication.sort_time)
            )
    session.flush()


def _update_draft_date(session: Session, entry_id: str, publications: list[Publication]) -> None:
    """Set the date of a draft without an editorial date to the entry's first live instant, or else to its last save."""
    draft = session.get(DraftPublication, entry_id, populate_existing=True)
    if draft is None or draft.dated:
        return
    first = publications[0].live_from if publications else draft.updated_at
    if draft.published_at != first:
        if draft.sort_time == draft.published_at:
            draft.sort_time = first
        draft.published_at = first
        session.execute(
            update(DraftPublicationLink)
            .where(DraftPublicationLink.entry_id == entry_id)
            .values(published_at=first, sort_time=draft.sort_time)
        )
        session.flush()
