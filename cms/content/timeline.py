"""The timeline of an entry: which revision is live from when until when.

Intervals never overlap; what has been live stays as history, what is only planned can be taken back.
"""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

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
from cms.content.revisions import to_content
from cms.content.types import Content, ContentType
from cms.content.version import Change
from cms.errors import Conflict, Fault, Invalid

Status = Literal["draft", "scheduled", "published", "unpublished"]


@dataclass(frozen=True)
class Standing:
    """Where an entry stands at an instant; ``live_from`` and ``live_until`` are of what is live or else next.

    ``has_unpublished_changes`` says that the draft is neither live nor planned, while something is; ``next_revision``
    and ``next_from`` are of the next plan after ``at``.
    """

    status: Status
    live_from: datetime | None
    live_until: datetime | None
    revision: int | None
    has_unpublished_changes: bool
    next_revision: int | None = None
    next_from: datetime | None = None


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
        live_until=None if shown.live_until == FOREVER else shown.live_until,
        revision=shown.revision,
        has_unpublished_changes=all(each.revision != version for each in publications if at < each.live_until),
        next_revision=planned.revision if planned else None,
        next_from=planned.live_from if planned else None,
    )


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
) -> bool:
    """Make a revision, the newest by default, live from an instant, now by default, until another or for ever.

    What was live then ends there. Without ``live_until`` it lasts until the next planned publication begins, if there
    is one; with ``keep_end`` until what it replaces would have ended. Raises ``Invalid`` for times that have passed
    or are out of order and ``Conflict`` when ``live_until`` reaches into a later plan. Returns whether anything
    changed.
    """
    chosen = change.session.get(Revision, (entry.id, revision or entry.version))
    if chosen is None:
        raise Invalid(Fault("unknown_revision", f"The newest revision is {entry.version}.", "#/revision"))
    publications = timeline(change.session, entry.id)
    same = _already(publications, chosen, live_from, change.at)
    start = same.live_from if same else live_from or change.at
    _check_times(change.at, live_from if not same else None, start, live_until)
    replaced = next((each for each in publications if each.live_from <= start < each.live_until), None)
    later = [each for each in publications if each.live_from > start]
    if keep_end and live_until is None and replaced and replaced.live_until != FOREVER:
        live_until = replaced.live_until
    end = _end(live_until, later)
    if same and same.live_until == end:
        return False
    if same:
        _set_end(change, same, end)
    else:
        if replaced:
            _cut(change, replaced, start)
        _begin(change, kind, entry, chosen, start, end)
    _review(change.session, entry.id)
    slugs.release_unused(change.session, entry.id)
    change.moves_content()
    change.touch(entry)
    change.record("scheduled" if start > change.at else "published", kind.name, entry.id, chosen.number)
    return True


def _already(
    publications: list[Publication], chosen: Revision, live_from: datetime | None, now: datetime
) -> Publication | None:
    """The publication that shows this revision from this instant already, so that only its end may change."""
    for each in publications:
        asked = each.live_from <= now if live_from is None else each.live_from == live_from
        if asked and each.revision == chosen.number and now < each.live_until:
            return each
    return None


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


def _end(live_until: datetime | None, later: list[Publication]) -> datetime:
    if live_until is None:
        return later[0].live_from if later else FOREVER
    if clashing := [each for each in later if each.live_from < live_until]:
        raise Conflict(
            "Another publication is planned before live_until.",
            *(
                Fault(
                    "overlaps",
                    f"Revision {each.revision} is planned from {clock.to_wire(each.live_from)}.",
                    pointer="#/live_until",
                )
                for each in clashing
            ),
        )
    return live_until


def _begin(
    change: Change, kind: ContentType, entry: Entry, revision: Revision, start: datetime, end: datetime
) -> Publication:
    content = to_content(revision)
    if content["slug"] is not None:
        slugs.reserve(change.session, kind, entry.locale, content["slug"], entry.id)
    given = content.get("published_at")
    published_at = clock.from_wire(given) if given else start
    publication = Publication(
        id=str(uuid7()),
        entry_id=entry.id,
        revision=revision.number,
        type=kind.name,
        locale=entry.locale,
        slug=content["slug"],
        translation_group=content["translation_of"] or entry.id,
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
    affected = [each for each in timeline(change.session, entry.id) if each.live_until > moment]
    for publication in affected:
        _cut(change, publication, moment)
    if affected:
        _review(change.session, entry.id)
        slugs.release_unused(change.session, entry.id)
        change.moves_content()
        change.touch(entry)
        change.record("unpublished" if moment <= change.at else "unpublishing_planned", kind.name, entry.id)
    return bool(affected)


def _cut(change: Change, publication: Publication, at: datetime) -> None:
    """End a publication at an instant; one that would never begin is taken back."""
    if publication.live_from >= at:
        settle(change.session, publication, announced=publication.announced, over=True)
        search.take_out(change.session, change.types[publication.type], publication)
        change.session.execute(delete(Publication).where(Publication.id == publication.id))
        change.session.expunge(publication)
    else:
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
