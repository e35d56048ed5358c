"""Keeps the search index in step with what is published: entries go in and out in the transaction that publishes.

The index has what is live or planned. A row is made from the revision that a publication shows, never from a draft, and
leaves in the transaction that sees its end, for an index of the past.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import Integer, and_, bindparam, exists, literal, select, tuple_
from sqlalchemy.orm import Session

from cms.content.editing.write import begin_write
from cms.content.model import ContentVersion, Publication, PublicationLink, Revision
from cms.content.published.searching import texts_of
from cms.content.types import ContentType, Types
from cms.db import Database, Identifier, UTCDateTime
from cms.keys import Actor
from cms.search import indexing
from cms.search.indexing import IndexedText
from cms.search.model import PAST_INDEX, PUBLISHED_INDEX, PastSearchDocument, SearchDocument

BATCH = 200


def put(session: Session, kind: ContentType, publication: Publication, revision: Revision) -> None:
    """Let a publication that is live or planned be found; one that is over, by those who look at the past."""
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
    """Let a publication that is about to be erased be found no more, whenever one looks at."""
    if kind.searched is None:
        return
    revision = session.get_one(Revision, (publication.entry_id, publication.revision))
    texts = texts_of(kind, revision.data, revision.bodies)
    for index in (PUBLISHED_INDEX, PAST_INDEX):
        indexing.remove(session, publication.id, publication.type, publication.locale, texts, index)


def move_to_past(session: Session, kind: ContentType, publication: Publication) -> None:
    """Let a publication that is over be found no more but by those who look at the past."""
    if kind.searched is None:
        return
    indexing.move_to_past(session, publication.id, publication.live_until)
    revision = session.get_one(Revision, (publication.entry_id, publication.revision))
    texts = texts_of(kind, revision.data, revision.bodies)
    indexing.remove(session, publication.id, publication.type, publication.locale, texts)


def set_end(session: Session, kind: ContentType, publication: Publication, *, at: datetime) -> None:
    """Follow a publication to its other end, which may have come by this instant."""
    if publication.live_until <= at:
        move_to_past(session, kind, publication)
    elif kind.searched is not None:
        indexing.set_end(session, publication.id, publication.live_until)


def hand_over_translations(session: Session, original: str, heir: str) -> None:
    """Follow the translations of an erased entry to the one that is their original from now on."""
    for index in (PUBLISHED_INDEX, PAST_INDEX):
        indexing.hand_over_translations(session, original, heir, index)


def fill_index(database: Database, types: Types, public_url: str, *, anew: bool = False) -> int:
    """Index every publication that is not yet, in batches; returns how many there were that are not over.

    ``anew`` empties the index first; searches find the less until it is full again. Writers go on in between.
    Unless there was nothing to do, it ends as a change of the content.
    """
    if anew:
        with database.transaction() as session:
            wait_for_turn(session)
            indexing.clear(session)
            indexing.clear(session, PAST_INDEX)
    filled = _fill(database, types, SearchDocument, over=False)
    _fill(database, types, PastSearchDocument, over=True)
    if filled or anew:
        # Answers that were kept, by whomever, and cursors may say otherwise.
        with begin_write(database, types, Actor(name="reindex"), public_url) as write:
            write.advance_content()
            write.record("reindexed", "search")
    return filled


def _fill(database: Database, types: Types, indexed: Any, *, over: bool) -> int:
    filled, after = 0, None
    while True:
        with database.transaction() as session:
            wait_for_turn(session)
            batch = session.execute(_missing(types, indexed, after, over=over), {"batch": BATCH}).all()
            for publication, revision in batch:
                put(session, types[publication.type], publication, revision)
        if not batch:
            return filled
        filled += len(batch)
        after = (batch[-1][0].live_from, batch[-1][0].id)


def wait_for_turn(session: Session) -> None:
    """Changes happen one after the other, on every node: the counter's row is what they queue for."""
    session.execute(select(ContentVersion.change).with_for_update())


def _missing(types: Types, indexed: Any, after: tuple[datetime, str] | None, *, over: bool) -> Any:
    """Publications, over or not, that are not indexed, with their revisions, the oldest first: later is newer."""
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
        here = tuple_(Publication.live_from, Publication.id)
        statement = statement.where(here > tuple_(literal(after[0], UTCDateTime), literal(after[1], Identifier)))
    return statement
