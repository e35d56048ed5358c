"""The timeline of an entry: which revision is live from when until when.

Intervals never overlap; what has been live stays as history, what is only planned can be taken back.
"""

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal, NamedTuple

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session
from uuid_utils.compat import uuid7

from cms import clock
from cms.clock import FOREVER
from cms.content import search, slugs
from cms.content.draft_model import Entry
from cms.content.links import publish_links, settle
from cms.content.model import Publication, PublicationLink, Revision
from cms.content.preview_model import DraftPublication, DraftPublicationLink
from cms.content.raw_html import check_raw_html
from cms.content.readiness import check_publishable
from cms.content.revisions import completed, newest, to_content
from cms.content.types import Content, ContentType
from cms.content.version import Change
from cms.errors import Conflict, Fault, Invalid, NotFound, NotReady

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


def timeline(session: Session, entry_id: str) -> list[Publication]:
    """Every publication of the entry, oldest first."""
    return list(
        session.scalars(select(Publication).where(Publication.entry_id == entry_id).order_by(Publication.live_from))
    )


def standing(publications: Sequence[Publication], version: int, at: datetime) -> Standing:
    """Judge a timeline, oldest first, at an instant, for a draft at revision ``version``."""
    live = next((each for each in publications if each.live_from <= at < each.live_until), None)
    planned = next((each for each in publications if each.live_from > at), None)
    shown = live or planned
    if shown is None:
        return Standing("unpublished" if publications else "draft", None, None, None, False)
    return Standing(
        status="published" if live else "scheduled",
        live_from=shown.live_from,
        live_until=_end_of(shown),
        revision=shown.revision,
        has_unpublished_changes=all(each.revision != version for each in publications if at < each.live_until),
        next_revision=planned.revision if planned else None,
        next_from=planned.live_from if planned else None,
        ends=_end_of(publications[-1]),
    )


def _end_of(publication: Any) -> datetime | None:
    """When a publication ends; ``None`` for never."""
    return None if publication.live_until == FOREVER else publication.live_until


class Span(NamedTuple):
    """What a publication says, apart from its row, which changes."""

    revision: int
    live_from: datetime
    live_until: datetime


def spans(publications: Sequence[Any]) -> list[Span]:
    """What a timeline says now, to be compared with what it says later."""
    return [Span(each.revision, each.live_from, each.live_until) for each in publications]


def _settle(
    change: Change, action: str, entry: Entry, before: Sequence[Span], revision: int | None, reason: str | None = None
) -> None:
    """Bring everything in line with a timeline that was changed, and tell the audit log where the entry stood before.

    What was touched of the timeline is told too.
    """
    _review(change.session, entry.id)
    slugs.release_unused(change.session, entry.id)
    change.moves_content()
    change.touch(entry)
    after = spans(timeline(change.session, entry.id))
    change.record(
        action,
        entry.type,
        entry.id,
        revision,
        before=_told(before, change.at, [each for each in before if each not in after]),
        after=_told(after, change.at, [each for each in after if each not in before]),
        reason=reason,
    )


def told_of_instant(session: Session, entry_id: str, instant: datetime) -> dict[str, Any]:
    """What the audit log keeps of what came by schedule: where the entry stood ``before`` the instant and ``after``."""
    planned = spans(timeline(session, entry_id))
    return {
        "before": _told(planned, instant - timedelta(milliseconds=1), []),
        "after": _told(planned, instant, []),
    }


def _told(known: Sequence[Any], at: datetime, touched: Sequence[Span]) -> dict[str, Any]:
    there = standing(known, 0, at)
    return {
        "status": there.status,
        "revision": there.revision,
        "live_from": there.live_from,
        "live_until": there.live_until,
        "timeline": [
            {
                "revision": each.revision,
                "live_from": each.live_from,
                "live_until": _end_of(each),
            }
            for each in touched
        ],
    }


def is_shown(change: Change, entry: Entry) -> bool:
    """Whether anything of the entry is live or planned."""
    return any(each.live_until > change.at for each in timeline(change.session, entry.id))


def publish(
    change: Change,
    kind: ContentType,
    entry: Entry,
    *,
    revision: int | None = None,
    live_from: datetime | None = None,
    live_until: datetime | None = None,
    keep_end: bool = False,
    override_reason: str | None = None,
) -> bool:
    """Make a revision, the newest by default, live from an instant, now by default, until another or for ever.

    What was live then ends there. Without ``live_until`` it lasts until the next planned publication begins, if there
    is one; with ``keep_end`` until what it replaces would have ended. Raises ``Invalid`` for times that have passed
    or are out of order and ``Conflict`` when it reaches into a later plan or begins within one that has an end of its
    own, and ``NotReady`` with what the site has block publishing, unless there is an ``override_reason``, which the
    audit log keeps where it was needed, and ``Forbidden`` for raw HTML that the draft has no more. Returns whether
    anything changed.
    """
    chosen = change.session.get(Revision, (entry.id, revision or entry.version))
    if chosen is None:
        raise Invalid(Fault("unknown_revision", f"The newest revision is {entry.version}.", "#/revision"))
    publications = timeline(change.session, entry.id)
    before = spans(publications)
    shown = _already(publications, chosen, live_from, change.at)
    slot = _slot(change.at, publications, shown, live_from, live_until, keep_end=keep_end)
    reason = None
    if shown:
        if (shown.live_until, shown.asked_until) == (slot.end, slot.asked_until):
            return False
        _set_end(change, shown, slot.end)
    else:
        if chosen.number != entry.version:
            check_raw_html(change, kind, to_content(chosen), to_content(newest(change.session, entry)))
        reason = _overriding(change, kind, entry, chosen, slot.start, override_reason)
        if slot.replaced:
            _cut(change, slot.replaced, slot.start, keep_asked=True)
        shown = _begin(change, kind, entry, chosen, slot.start, slot.end)
    shown.asked_until = slot.asked_until
    action = "scheduled" if slot.start > change.at else "published"
    _settle(change, action, entry, before, chosen.number, reason)
    return True


def _overriding(
    change: Change, kind: ContentType, entry: Entry, chosen: Revision, start: datetime, reason: str | None
) -> str | None:
    """The reason if there is something that it overrides; without one raises ``NotReady`` for what blocks."""
    try:
        check_publishable(change, kind, entry.id, chosen, start)
    except NotReady:
        if reason is None:
            raise
        return reason
    return None


def _already(
    publications: list[Publication], chosen: Revision, live_from: datetime | None, now: datetime
) -> Publication | None:
    """The publication that shows this revision from this instant already, so that only its end may change."""
    for each in publications:
        asked = each.live_from <= now if live_from is None else each.live_from == live_from
        if asked and each.revision == chosen.number and now < each.live_until:
            return each
    return None


@dataclass(frozen=True)
class _Slot:
    """The time that a publication gets, and what is cut short for it."""

    start: datetime
    end: datetime
    asked_until: datetime | None
    """The end that was asked for, where something is planned before it."""
    replaced: Publication | None


def _slot(
    now: datetime,
    publications: list[Publication],
    shown: Publication | None,
    live_from: datetime | None,
    live_until: datetime | None,
    *,
    keep_end: bool,
) -> _Slot:
    """Find room in a timeline, for what is ``shown`` already from where it begins. Raises as ``publish`` does."""
    start = shown.live_from if shown else live_from or now
    _check_times(now, None if shown else live_from, start, live_until)
    replaced = next((each for each in publications if each.live_from <= start < each.live_until), None)
    later = [each for each in publications if each.live_from > start]
    _check_overlaps(now, start, live_until, [*([replaced] if replaced else []), *later])
    asked = live_until or (_asked_end(replaced) if keep_end and replaced else FOREVER)
    end = min([asked, *(each.live_from for each in later)])
    return _Slot(start, end, asked if end < asked else None, replaced)


def _check_times(now: datetime, asked: datetime | None, start: datetime, end: datetime | None) -> None:
    faults = []
    if asked is not None and asked < now:
        faults.append(
            Fault("in_the_past", "It is later than that; leave live_from out to publish now.", pointer="#/live_from")
        )
    if (end or FOREVER) <= max(now, start):
        faults.append(Fault("out_of_order", "live_until is not after live_from and now.", pointer="#/live_until"))
    if faults:
        raise Invalid(*faults)


def _check_overlaps(now: datetime, start: datetime, end: datetime | None, others: list[Publication]) -> None:
    """Raises ``Conflict`` that names what is planned for the same time; what is live or has no end may be cut short."""
    faults, clashing = [], []
    for each in others:
        plan = f"Revision {each.revision} is planned {_in_words(each)}."
        if end is not None and start < each.live_from < end:
            faults.append(Fault("overlaps", plan, pointer="#/live_until"))
        elif now < each.live_from < start and _asked_end(each) != FOREVER:
            faults.append(Fault("overlaps", plan, pointer="#/live_from"))
        else:
            continue
        clashing.append(interval(each))
    if faults:
        raise Conflict("Another publication is planned for that time.", *faults, clashes=clashing)


def _in_words(publication: Publication) -> str:
    end = _end_of(publication)
    until = f"until {clock.to_wire(end)}" if end else "for ever"
    return f"from {clock.to_wire(publication.live_from)} {until}"


def _asked_end(publication: Publication) -> datetime:
    """The end that an editor asked for, even where a later plan cuts it short."""
    return publication.asked_until or publication.live_until


def interval(publication: Any) -> dict[str, Any]:
    """What names a publication of a timeline: its id, revision and times as the wire writes them, null for ever."""
    end = _end_of(publication)
    return {
        "id": publication.id,
        "revision": publication.revision,
        "live_from": clock.to_wire(publication.live_from),
        "live_until": clock.to_wire(end) if end else None,
    }


def _begin(
    change: Change,
    kind: ContentType,
    entry: Entry,
    revision: Revision,
    start: datetime,
    end: datetime,
    instead_of: Publication | None = None,
) -> Publication:
    """Make a publication; one ``instead_of`` a plan that has the same beginning goes by the same id."""
    content = completed(kind, revision)
    if content["slug"] is not None:
        slugs.reserve(change.session, kind, entry.locale, content["slug"], entry.id)
    given = content.get("published_at")
    published_at = clock.from_wire(given) if given else start
    publication = Publication(
        id=instead_of.id if instead_of and instead_of.live_from == start else str(uuid7()),
        entry_id=entry.id,
        revision=revision.number,
        type=kind.name,
        locale=entry.locale,
        slug=content["slug"],
        translation_group=instead_of.translation_group if instead_of else _group(change, entry, content),
        live_from=start,
        live_until=end,
        dated=given is not None,
        over=False,
        announced=start <= change.at,
        **sort_keys(kind, content, published_at=published_at, updated_at=start),
    )
    change.session.add(publication)
    change.session.flush()
    publish_links(change.session, kind, publication, content)
    search.put_in(change.session, kind, publication, revision)
    return publication


def _group(change: Change, entry: Entry, content: Content) -> str:
    """The original of those that translate each other; where the one named was erased, who has taken its place."""
    named = content["translation_of"]
    if named is None:
        return entry.id
    original = change.session.get(Entry, named)
    return (original.translation_of or original.id) if original else (entry.translation_of or entry.id)


def sort_keys(kind: ContentType, content: Content, *, published_at: datetime, updated_at: datetime) -> dict[str, Any]:
    """The columns of ``SortKeys``: what lists of this content are ordered and filtered by."""
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
    """What a text is ordered by: itself without case and accents, at most 100 characters."""
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return "".join(each for each in decomposed if not unicodedata.combining(each))[:100]


def unpublish(change: Change, kind: ContentType, entry: Entry, at: datetime | None = None) -> bool:
    """Let nothing of the entry be live from an instant on, now by default; plans from then on are taken back."""
    moment = at or change.at
    if moment < change.at:
        raise Invalid(Fault("in_the_past", "It is later than that; leave it out to unpublish now.", parameter="at"))
    publications = timeline(change.session, entry.id)
    before = spans(publications)
    affected = [each for each in publications if each.live_until > moment]
    for publication in publications:
        if publication in affected:
            _cut(change, publication, moment)
        elif publication.asked_until and publication.asked_until > moment:
            publication.asked_until = moment if publication.live_until < moment else None
    if affected:
        _settle(change, "unpublished" if moment <= change.at else "unpublishing_planned", entry, before, None)
    return bool(affected)


def exchange(change: Change, kind: ContentType, entry: Entry, numbers: Mapping[int, int]) -> bool:
    """Let other revisions take the place of those that are live or planned, by number, for the time these have left.

    Returns whether there were any.
    """
    publications = timeline(change.session, entry.id)
    before = spans(publications)
    affected = [each for each in publications if each.live_until > change.at and each.revision in numbers]
    for each in affected:
        revision = change.session.get_one(Revision, (entry.id, numbers[each.revision]))
        start, end, asked = max(each.live_from, change.at), each.live_until, each.asked_until
        _cut(change, each, start)
        anew = _begin(change, kind, entry, revision, start, end, instead_of=each)
        anew.asked_until = asked
    if affected:
        action = "published" if affected[0].live_from <= change.at else "scheduled"
        _settle(change, action, entry, before, numbers[affected[0].revision])
    return bool(affected)


def cancel(change: Change, kind: ContentType, entry: Entry, publication_id: str) -> None:
    """Take back one plan; what was cut short for it lasts as long as was asked again, or until the next plan.

    Raises ``NotFound``, and ``Conflict`` for what has begun.
    """
    publications = timeline(change.session, entry.id)
    before = spans(publications)
    plan = next((each for each in publications if each.id == publication_id), None)
    if plan is None:
        raise NotFound
    if plan.live_from <= change.at:
        over = plan.live_until <= change.at
        raise Conflict(
            "It is over and stays as history."
            if over
            else "It is live already; DELETE the publication to unpublish the entry."
        )
    revision = plan.revision
    position = publications.index(plan)
    _cut(change, plan, plan.live_from)
    if position:
        following = publications[position + 1] if position + 1 < len(publications) else None
        _give_back(change, publications[position - 1], before[position].live_from, following)
    _settle(change, "cancelled", entry, before, revision)


def _give_back(change: Change, cut: Publication, at: datetime, following: Publication | None) -> None:
    """Let what a plan cut short at an instant last until the end that was asked for, or until what follows."""
    if cut.live_until != at or cut.asked_until is None:
        return
    asked = cut.asked_until
    end = min(asked, following.live_from) if following else asked
    cut.asked_until = asked if end < asked else None
    _set_end(change, cut, end)


def _cut(change: Change, publication: Publication, at: datetime, *, keep_asked: bool = False) -> None:
    """End a publication at an instant; one that would never begin is taken back.

    With ``keep_asked`` it remembers the end that was asked for, to be had again when what cuts it is cancelled.
    """
    if publication.live_from >= at:
        settle(change.session, publication, announced=publication.announced, over=True)
        search.take_out(change.session, change.types[publication.type], publication)
        change.session.execute(delete(Publication).where(Publication.id == publication.id))
        change.session.expunge(publication)
    else:
        publication.asked_until = _asked_end(publication) if keep_asked else None
        _set_end(change, publication, at)


def _set_end(change: Change, publication: Publication, end: datetime) -> None:
    publication.live_until = end
    search.set_end(change.session, change.types[publication.type], publication, at=change.at)
    settle(change.session, publication, announced=publication.announced, over=end <= change.at)
    change.session.flush()
    change.session.execute(
        update(PublicationLink).where(PublicationLink.publication_id == publication.id).values(live_until=end)
    )


def _review(session: Session, entry_id: str) -> None:
    """Bring what publications and the draft say of the whole timeline up to date: the first date, and later slugs."""
    publications = timeline(session, entry_id)
    for position, publication in enumerate(publications):
        publication.renamed = any(each.slug != publication.slug for each in publications[position:])
    _date(session, publications)
    _date_draft(session, entry_id, publications)


def _date(session: Session, publications: list[Publication]) -> None:
    """Give publications without an editorial date the first moment the entry is live."""
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


def _date_draft(session: Session, entry_id: str, publications: list[Publication]) -> None:
    """Give a draft without an editorial date the first moment the entry is live, or else that of its last change."""
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
