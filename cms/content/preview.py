"""Preview: the statements of delivery, run over drafts as if all were published, or at any moment of the timeline.

The drafts' tables are written here, in the transaction of each change to a working copy, and handed to the reading
side as part of a perspective: nothing that delivery imports knows them.
"""

from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.orm import Session

from cms import clock
from cms.content.draft_model import Entry
from cms.content.links import listed_references
from cms.content.model import Publication
from cms.content.preview_model import DraftPublication, DraftPublicationLink
from cms.content.queries import Perspective, Tables
from cms.content.timeline import sort_keys
from cms.content.types import Content, ContentType
from cms.content.version import Moment

_drafts: Any = DraftPublication.__table__
_links: Any = DraftPublicationLink.__table__

# An entry has one draft, whose id is the entry's own.
DRAFTS = Tables(
    publications=select(_drafts, _drafts.c.entry_id.label("id")).subquery("drafts"),
    links=select(_links, _links.c.entry_id.label("publication_id")).subquery("draft_links"),
)


def as_drafts(moment: Moment) -> Perspective:
    """Everything as its draft, whether it is live or not."""
    return Perspective(moment.at, rows=DRAFTS, others=DRAFTS)


def as_draft_alone(moment: Moment) -> Perspective:
    """What is asked for as its draft, and all that it embeds as it is live."""
    return replace(moment.perspective, rows=DRAFTS)


def as_of(at: datetime) -> Perspective:
    """What was live at an instant of the past, or will be at one to come as things are planned."""
    return Perspective(at, current=False)


def put_in(session: Session, kind: ContentType, entry: Entry, content: Content) -> None:
    """Make this content, that of the entry's newest revision, what preview shows of the entry."""
    take_out(session, entry.id)
    given = content.get("published_at")
    first = None if given else session.scalar(_first_live(entry.id))
    published_at = clock.from_wire(given) if given else first or entry.updated_at
    keys = sort_keys(kind, content, published_at=published_at, updated_at=entry.updated_at)
    shared = keys | {"entry_id": entry.id, "type": kind.name, "locale": entry.locale}
    session.execute(
        insert(DraftPublication).values(
            **shared,
            revision=entry.version,
            slug=entry.slug,
            translation_group=entry.translation_of or entry.id,
            dated=given is not None,
        )
    )
    rows = [
        shared | {"field": field, "position": position, "target_id": target}
        for field, position, target in listed_references(kind, content)
    ]
    if rows:
        session.execute(insert(DraftPublicationLink), rows)


def _first_live(entry_id: str) -> Any:
    return select(func.min(Publication.live_from)).where(Publication.entry_id == entry_id)


def take_out(session: Session, entry_id: str) -> None:
    """Let preview show nothing of the entry."""
    session.execute(delete(DraftPublication).where(DraftPublication.entry_id == entry_id))


def forget(session: Session, target_id: str) -> None:
    """Let no draft refer to an entry that is about to be erased."""
    session.execute(delete(DraftPublicationLink).where(DraftPublicationLink.target_id == target_id))


def pass_on_translations(session: Session, original: str, heir: str) -> None:
    """Follow the translations of an erased entry to the one that is their original from now on."""
    session.execute(
        update(DraftPublication).where(DraftPublication.translation_group == original).values(translation_group=heir)
    )
