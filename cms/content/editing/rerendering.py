"""Rendering texts again that an older renderer rendered, while the service is running.

A batch is read in a snapshot, rendered without a lock, and written in one transaction. A run that was stopped can be
continued by another one, since each batch is marked with its new renderer.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import BigInteger, Connection, Select, bindparam, func, select, tuple_

from cms.content.editing import indexing, preview
from cms.content.editing.model import Entry
from cms.content.editing.preview_model import DraftPublication
from cms.content.editing.write import Write, begin_write
from cms.content.model import Publication, Revision
from cms.content.renditions import RENDERED, Columns, rendered, to_content
from cms.content.types import Types
from cms.db import Database
from cms.identifiers import NOBODY
from cms.keys import Actor
from cms.rendering import RENDERER

BATCH = 50
ACTOR = Actor(name="rerender")

Key = tuple[str, int]
"""A revision: its entry's id and its number."""


@dataclass
class Rerendered:
    """Counts: revisions rendered again, those whose renditions changed, and live or planned entries among these."""

    revisions: int = 0
    changed: int = 0
    live: int = 0


def rerender(
    database: Database,
    types: Types,
    public_url: str,
    *,
    dry_run: bool = False,
    report: Callable[[Rerendered], None] = lambda _: None,
) -> Rerendered:
    """Render every revision again that an older renderer rendered; ``report`` is called after each batch.

    If something live or planned of an entry changes, it gets an event ``rerendered``, so that clients of ``/changes``
    fetch it again. A dry run renders and counts, and writes nothing.
    """
    done, after = Rerendered(), (NOBODY, 0)
    while True:
        with database.snapshot() as connection:
            batch = _read(connection, types, after)
        if not batch:
            return done
        after = (batch[-1].entry_id, batch[-1].number)
        renewed = {(row.entry_id, row.number): rendered(types[row.type], to_content(row)) for row in batch}
        changed = {(row.entry_id, row.number) for row in batch if _differs(row, renewed[row.entry_id, row.number])}
        with begin_write(database, types, ACTOR, public_url, dry_run=dry_run) as write:
            done.live += _write_renditions(write, renewed, changed)
            if not write.recorded:
                write.record("rerendered", "revision", after={"revisions": len(batch)})
        done.revisions += len(batch)
        done.changed += len(changed)
        report(done)


def _read(connection: Connection, types: Types, after: Key) -> Sequence[Any]:
    return connection.execute(
        _older_statement(), {"entry_id": after[0], "number": after[1], "types": list(types)}
    ).all()


def _older_statement() -> Select[Any]:
    """The next batch of revisions that an older renderer rendered, after the last one of the previous batch."""
    columns = [getattr(Revision, name) for name in ("entry_id", "number", "data", *RENDERED)]
    key = tuple_(Revision.entry_id, Revision.number)
    last = tuple_(bindparam("entry_id", type_=Revision.entry_id.type), bindparam("number", type_=BigInteger))
    return (
        select(*columns, Entry.type)
        .join(Entry, Entry.id == Revision.entry_id)
        .where(Revision.rendered_with < RENDERER, Entry.type.in_(bindparam("types", expanding=True)))
        .where(key > last)
        .order_by(Revision.entry_id, Revision.number)
        .limit(BATCH)
    )


def _differs(row: Any, columns: Columns) -> bool:
    return any((getattr(row, name) or {}) != columns[name] for name in RENDERED)


def _write_renditions(write: Write, renewed: dict[Key, Columns], changed: set[Key]) -> int:
    """Store renditions, update the search indexes, and record an event for each live or planned entry that changed.

    Returns the number of these entries.
    """
    session, live = write.session, set[str]()
    for (entry_id, number), columns in renewed.items():
        revision = session.get(Revision, (entry_id, number))
        if revision is None:
            continue  # The entry was erased in the meantime.
        if (entry_id, number) not in changed:
            revision.rendered_with = RENDERER
            continue
        kind = write.types[session.get_one(Entry, entry_id).type]
        publications = session.scalars(
            select(Publication).where(Publication.entry_id == entry_id, Publication.revision == number)
        ).all()
        is_draft = session.scalar(
            select(func.count())
            .select_from(DraftPublication)
            .where(DraftPublication.entry_id == entry_id, DraftPublication.revision == number)
        )
        # The indexes remove words by the text from which they were added, so the old rows go before the text changes.
        for publication in publications:
            indexing.remove(session, kind, publication)
        if is_draft:
            preview.unindex_draft(session, kind, entry_id)
        for name in RENDERED:
            setattr(revision, name, columns[name])
        revision.rendered_with = RENDERER
        session.flush()
        for publication in publications:
            indexing.put(session, kind, publication, revision)
        if is_draft:
            preview.index_draft(session, kind, session.get_one(Entry, entry_id))
        if entry_id not in live and any(each.live_until > write.at for each in publications):
            live.add(entry_id)
            write.advance_content()
            write.record("rerendered", kind.name, entry_id, number)
    return len(live)
