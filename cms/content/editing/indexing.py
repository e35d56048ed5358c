"""Keeping the search index in step with publications, in the transaction that changes them.

The index has one row for each publication that is live or planned, made from the published revision and never from a
draft. When a publication ends, its row moves to an index of the past.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import Integer, and_, bindparam, exists, literal, select, tuple_
from sqlalchemy.orm import Session

from cms.content.editing.write import begin_write, block_writes
from cms.content.model import Publication, PublicationLink, Revision
from cms.content.published.searching import texts_of
from cms.content.types import ContentType, Types
from cms.db import Database, Identifier, UTCDateTime
from cms.keys import Actor
from cms.search import indexing
from cms.search.indexing import IndexedText
from cms.search.model import PAST_INDEX, PUBLISHED_INDEX, PastSearchDocument, SearchDocument

BATCH = 200


def put(session: Session, kind: ContentType, publication: Publication, revision: Revision) -> None:
    """Add a publication to the index, or to the index of the past if it is over."""
    if kind.searched is None:
        return
    linked = select(PublicationLink.target_id).where(PublicationLink.publication_id == publication.id)
    indexing.put(
        session,
        IndexedText(
            publication_id=publication.id,
            type=publication.type,
            locale=publication.locale,
            translation_group=publication.translation_group,
            live_from=publication.live_from,
            live_until=publication.live_until,
            texts=texts_of(kind, revision.data, revision.bodies),
            references=list(session.scalars(linked.order_by(PublicationLink.field, PublicationLink.position))),
        ),
        PAST_INDEX if publication.over else PUBLISHED_INDEX,
    )


def remove(session: Session, kind: ContentType, publication: Publication) -> None:
    """Remove a publication that is about to be erased from both indexes."""
    if kind.searched is None:
        return
    revision = session.get_one(Revision, (publication.entry_id, publication.revision))
    texts = texts_of(kind, revision.data, revision.bodies)
    for index in (PUBLISHED_INDEX, PAST_INDEX):
        indexing.remove(session, publication.id, publication.type, publication.locale, texts, index)


def move_to_past(session: Session, kind: ContentType, publication: Publication) -> None:
    """Move a publication that is over to the index of the past."""
    if kind.searched is None:
        return
    indexing.move_to_past(session, publication.id, publication.live_until)
    revision = session.get_one(Revision, (publication.entry_id, publication.revision))
    texts = texts_of(kind, revision.data, revision.bodies)
    indexing.remove(session, publication.id, publication.type, publication.locale, texts)


def set_end(session: Session, kind: ContentType, publication: Publication, *, at: datetime) -> None:
    """Store the new end of a publication, which may have passed at this instant."""
    if publication.live_until <= at:
        move_to_past(session, kind, publication)
    elif kind.searched is not None:
        indexing.set_end(session, publication.id, publication.live_until)


def hand_over_translations(session: Session, original: str, successor: str) -> None:
    """Give the translations of an erased entry their new original."""
    for index in (PUBLISHED_INDEX, PAST_INDEX):
        indexing.hand_over_translations(session, original, successor, index)


def fill_index(database: Database, types: Types, public_url: str, *, anew: bool = False) -> int:
    """Index every publication that is missing, in batches; returns the number of those that are not over.

    ``anew`` empties the index first, so that searches find less until it is full again. Other writes go on between the
    batches. If anything was indexed, it ends with a write that counts as a change of the published content.
    """
    if anew:
        with database.transaction() as session:
            block_writes(session)
            indexing.clear(session)
            indexing.clear(session, PAST_INDEX)
    filled = _fill(database, types, SearchDocument, over=False)
    _fill(database, types, PastSearchDocument, over=True)
    if filled or anew:
        # Answers in caches, and cursors, may rest on the index as it was before.
        with begin_write(database, types, Actor(name="reindex"), public_url) as write:
            write.advance_content()
            write.record("reindexed", "search")
    return filled


def _fill(database: Database, types: Types, indexed: Any, *, over: bool) -> int:
    filled, after = 0, None
    while True:
        with database.transaction() as session:
            block_writes(session)
            batch = session.execute(_missing(types, indexed, after, over=over), {"batch": BATCH}).all()
            for publication, revision in batch:
                put(session, types[publication.type], publication, revision)
        if not batch:
            return filled
        filled += len(batch)
        after = (batch[-1][0].live_from, batch[-1][0].id)


def _missing(types: Types, indexed: Any, after: tuple[datetime, str] | None, *, over: bool) -> Any:
    """The oldest publications that are not indexed, with their revisions."""
    statement: Any = (
        select(Publication, Revision)
        .join(Revision, and_(Revision.entry_id == Publication.entry_id, Revision.number == Publication.revision))
        .where(
            Publication.over if over else ~Publication.over,
            Publication.type.in_([each.name for each in types.values() if each.searched]),
            ~exists().where(indexed.publication_id == Publication.id),
        )
        .order_by(Publication.live_from, Publication.id)
        .limit(bindparam("batch", type_=Integer))
    )
    if after is not None:
        place = tuple_(Publication.live_from, Publication.id)
        statement = statement.where(place > tuple_(literal(after[0], UTCDateTime), literal(after[1], Identifier)))
    return statement
