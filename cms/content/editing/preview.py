"""Preview: the statements of delivery, run over drafts as if they were published, or at any instant of the timeline.

This module writes the tables of drafts in the transaction that saves a draft. It passes them to the published side as
part of a ``Perspective``, so that no module which delivery imports names them.
"""

from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Select, delete, exists, func, insert, select, true, update
from sqlalchemy.orm import Session

from cms import clock
from cms.content.editing.indexing import BATCH
from cms.content.editing.links import listed_references
from cms.content.editing.model import Entry
from cms.content.editing.preview_model import DRAFT_INDEX, DraftPublication, DraftPublicationLink, DraftSearchDocument
from cms.content.editing.sort_keys import sort_keys
from cms.content.editing.write import block_writes
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

# An entry has one draft, and the id of a draft is the id of its entry.
DRAFT_TABLES = Tables(
    publications=select(_drafts, _drafts.c.entry_id.label("id")).subquery("drafts"),
    links=select(_links, _links.c.entry_id.label("publication_id")).subquery("draft_links"),
    indexes=(DRAFT_INDEX,),
)
# A publication that was live at a past instant may be over now.
AT_ANY_TIME = replace(PUBLISHED, indexes=(PUBLISHED_INDEX, PAST_INDEX))


def as_drafts(moment: Moment) -> Perspective:
    """The perspective in which every entry is its draft, live or not."""
    return Perspective(moment.at, rows=DRAFT_TABLES, others=DRAFT_TABLES)


def as_draft_alone(moment: Moment) -> Perspective:
    """The perspective in which the requested entry is its draft, and the entries that it embeds are live ones."""
    return replace(moment.perspective, rows=DRAFT_TABLES)


def as_of(at: datetime) -> Perspective:
    """The perspective at an instant: what was live then, or will be live according to the plans."""
    return Perspective(at, current=False, rows=AT_ANY_TIME)


def put(session: Session, kind: ContentType, entry: Entry, content: Content) -> None:
    """Store the content of the entry's newest revision for preview and its search."""
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
    """Add the words of the newest revision to the search index of drafts."""
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
    """Remove the entry from preview and its search."""
    if kind.searched is not None:
        unindex_draft(session, kind, entry_id)
    session.execute(delete(DraftPublication).where(DraftPublication.entry_id == entry_id))


def unindex_draft(session: Session, kind: ContentType, entry_id: str) -> None:
    """Remove the words of the revision that is indexed, which may no longer be the newest one."""
    is_indexed = (Revision.entry_id == DraftPublication.entry_id) & (Revision.number == DraftPublication.revision)
    statement = select(Revision).join(DraftPublication, is_indexed).where(DraftPublication.entry_id == entry_id)
    revision = session.scalar(statement)
    if revision is not None:
        texts = texts_of(kind, revision.data, revision.bodies)
        indexing.remove(session, entry_id, kind.name, revision.data["locale"], texts, DRAFT_INDEX)


def forget_links_to(session: Session, target_id: str) -> None:
    """Delete the references of drafts to an entry that is about to be erased."""
    session.execute(delete(DraftPublicationLink).where(DraftPublicationLink.target_id == target_id))


def scrub_indexes(session: Session) -> None:
    """Erase from every search index the words of rows that have been removed from it."""
    for index in (PUBLISHED_INDEX, PAST_INDEX, DRAFT_INDEX):
        indexing.scrub(session, index)


def hand_over_translations(session: Session, original: str, successor: str) -> None:
    """Give the translations of an erased entry their new original."""
    translations = update(DraftPublication).where(DraftPublication.translation_group == original)
    session.execute(translations.values(translation_group=successor))
    indexing.hand_over_translations(session, original, successor, DRAFT_INDEX)


def fill_draft_index(database: Database, types: Types, *, anew: bool = False) -> int:
    """Index every draft that is missing from the search index, in batches; returns their number.

    ``anew`` empties the index first. Other writes go on between the batches. Nothing that is published changes.
    """
    if anew:
        with database.transaction() as session:
            block_writes(session)
            indexing.clear(session, DRAFT_INDEX)
    filled, after = 0, ""
    while True:
        with database.transaction() as session:
            block_writes(session)
            batch = session.scalars(_missing(types, after)).all()
            for entry in batch:
                index_draft(session, types[entry.type], entry)
        if not batch:
            return filled
        filled, after = filled + len(batch), batch[-1].id


def _missing(types: Types, after: str) -> Select[Entry]:
    """The entries whose drafts are not indexed, ordered by id, which is nearly the order of their creation."""
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
