"""Preview: the statements of delivery, run over drafts as if all were published, or at any moment of the timeline.

The drafts' tables are written here, in the transaction of each change to a working copy, and handed to the reading
side as part of a perspective: nothing that delivery imports knows them.
"""

from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Select, delete, exists, func, insert, select, true, update
from sqlalchemy.orm import Session

from cms import clock
from cms.content.editing.indexing import BATCH, wait_for_turn
from cms.content.editing.links import listed_references
from cms.content.editing.model import Entry
from cms.content.editing.preview_model import DRAFT_INDEX, DraftPublication, DraftPublicationLink, DraftSearchDocument
from cms.content.editing.sort_keys import sort_keys
from cms.content.model import Publication, Revision
from cms.content.published.moment import Moment
from cms.content.published.perspective import PUBLISHED, Perspective, Tables
from cms.content.published.searching import texts_of
from cms.content.types import Content, ContentType, Types
from cms.db import Database
from cms.search import indexing
from cms.search.indexing import IndexedText
from cms.search.model import PAST_INDEX, PUBLISHED_INDEX

_drafts: Any = DraftPublication.__table__
_links: Any = DraftPublicationLink.__table__

# An entry has one draft, whose id is the entry's own.
DRAFT_TABLES = Tables(
    publications=select(_drafts, _drafts.c.entry_id.label("id")).subquery("drafts"),
    links=select(_links, _links.c.entry_id.label("publication_id")).subquery("draft_links"),
    indexes=(DRAFT_INDEX,),
)
# What is live at an instant of the past may be over now.
AT_ANY_TIME = replace(PUBLISHED, indexes=(PUBLISHED_INDEX, PAST_INDEX))


def as_drafts(moment: Moment) -> Perspective:
    """Everything as its draft, whether it is live or not."""
    return Perspective(moment.at, rows=DRAFT_TABLES, others=DRAFT_TABLES)


def as_draft_alone(moment: Moment) -> Perspective:
    """What is asked for as its draft, and all that it embeds as it is live."""
    return replace(moment.perspective, rows=DRAFT_TABLES)


def as_of(at: datetime) -> Perspective:
    """What was live at an instant of the past, or will be at one to come as things are planned."""
    return Perspective(at, current=False, rows=AT_ANY_TIME)


def put(session: Session, kind: ContentType, entry: Entry, content: Content) -> None:
    """Make this content, that of the entry's newest revision, what preview shows of the entry and finds."""
    remove(session, kind, entry.id)
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
    index_draft(session, kind, entry)


def index_draft(session: Session, kind: ContentType, entry: Entry) -> None:
    """Put the words of the newest revision into the index of drafts."""
    if kind.searched is None:
        return
    linked = select(DraftPublicationLink.target_id).where(DraftPublicationLink.entry_id == entry.id)
    revision = session.get_one(Revision, (entry.id, entry.version))
    document = IndexedText(
        publication_id=entry.id,
        type=kind.name,
        locale=entry.locale,
        translation_group=entry.translation_of or entry.id,
        texts=texts_of(kind, revision.data, revision.bodies),
        references=list(session.scalars(linked.order_by(DraftPublicationLink.field, DraftPublicationLink.position))),
    )
    indexing.put(session, document, DRAFT_INDEX)


def _first_live(entry_id: str) -> Any:
    return select(func.min(Publication.live_from)).where(Publication.entry_id == entry_id)


def remove(session: Session, kind: ContentType, entry_id: str) -> None:
    """Let preview show nothing of the entry, and find nothing."""
    if kind.searched is not None:
        unindex_draft(session, kind, entry_id)
    session.execute(delete(DraftPublication).where(DraftPublication.entry_id == entry_id))


def unindex_draft(session: Session, kind: ContentType, entry_id: str) -> None:
    """Take out the words of the revision that was shown, which a save has just made an older one."""
    found = (Revision.entry_id == DraftPublication.entry_id) & (Revision.number == DraftPublication.revision)
    shown = session.scalar(select(Revision).join(DraftPublication, found).where(DraftPublication.entry_id == entry_id))
    if shown is not None:
        texts = texts_of(kind, shown.data, shown.bodies)
        indexing.remove(session, entry_id, kind.name, shown.data["locale"], texts, DRAFT_INDEX)


def forget_links_to(session: Session, target_id: str) -> None:
    """Let no draft refer to an entry that is about to be erased."""
    session.execute(delete(DraftPublicationLink).where(DraftPublicationLink.target_id == target_id))


def scrub_indexes(session: Session) -> None:
    """Let no index keep words of what has been taken out of it."""
    for index in (PUBLISHED_INDEX, PAST_INDEX, DRAFT_INDEX):
        indexing.scrub(session, index)


def hand_over_translations(session: Session, original: str, heir: str) -> None:
    """Follow the translations of an erased entry to the one that is their original from now on."""
    session.execute(
        update(DraftPublication).where(DraftPublication.translation_group == original).values(translation_group=heir)
    )
    indexing.hand_over_translations(session, original, heir, DRAFT_INDEX)


def fill_draft_index(database: Database, types: Types, *, anew: bool = False) -> int:
    """Index every draft that should be found and is not yet, in batches; returns how many there were.

    ``anew`` empties the index first. Writers go on in between, and nothing that is published changes.
    """
    if anew:
        with database.transaction() as session:
            wait_for_turn(session)
            indexing.clear(session, DRAFT_INDEX)
    filled, after = 0, ""
    while True:
        with database.transaction() as session:
            wait_for_turn(session)
            batch = session.scalars(_missing(types, after)).all()
            for entry in batch:
                index_draft(session, types[entry.type], entry)
        if not batch:
            return filled
        filled, after = filled + len(batch), batch[-1].id


def _missing(types: Types, after: str) -> Select[Entry]:
    """Entries whose drafts are not indexed, in the order of their ids, which is nearly that of their making."""
    names = [each.name for each in types.values() if each.searched]
    return (
        select(Entry)
        .join(DraftPublication, DraftPublication.entry_id == Entry.id)
        .where(
            Entry.type.in_(names),
            Entry.id > after if after else true(),
            ~exists().where(DraftSearchDocument.publication_id == Entry.id),
        )
        .order_by(Entry.id)
        .limit(BATCH)
    )
