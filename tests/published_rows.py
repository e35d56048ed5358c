"""Writes published entries in bulk, directly as rows of the reading side: thousands of entries in a second.

The rows are those that publishing and the worker would have left until an instant. Drafts are left out.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import insert
from sqlalchemy.orm import Session
from uuid_utils.compat import uuid7

from cms.clock import FOREVER
from cms.content.editing.model import Entry
from cms.content.model import LinkCount, Publication, PublicationLink, Revision
from cms.db import insert_for

BATCH = 2000
KEYS = ("published_at", "updated_at", "sort_text", "sort_number", "sort_time", "facet")

Row = dict[str, Any]


@dataclass(frozen=True)
class Published:
    """The only publication of an entry, with everything that lists sort and filter by."""

    type: str
    published_at: datetime
    live_from: datetime
    id: str = field(default_factory=lambda: str(uuid7()))
    locale: str = "en"
    group: str | None = None
    """The id of the entry it translates; ``None`` of an original."""
    slug: str | None = None
    live_until: datetime = FOREVER
    sort_text: str = ""
    sort_number: int = 0
    facet: str = ""
    links: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """The ids that each field names, in order."""
    content: Row = field(default_factory=lambda: {"data": {}, "outline": {}, "bodies": {}})
    """What its revision holds."""

    def is_live(self, at: datetime) -> bool:
        """True if the publication is live: ``live_from <= now < live_until``."""
        return self.live_from <= at < self.live_until


def insert_published(session: Session, entries: Sequence[Published], at: datetime) -> None:
    """Write the entries in their state at ``at``, after the worker has recorded everything that is due."""
    for start in range(0, len(entries), BATCH):
        batch = entries[start : start + BATCH]
        rows = [(each, _publication(each, at)) for each in batch]
        session.execute(insert(Entry), [_entry(each) for each in batch])
        session.execute(insert(Revision), [_revision(each) for each in batch])
        session.execute(insert(Publication), [row for _, row in rows])
        if links := [link for each, row in rows for link in _links(each, row)]:
            session.execute(insert(PublicationLink), links)
    numbers = Counter(
        (target, name, each.type)
        for each in entries
        if each.is_live(at)
        for name, targets in each.links.items()
        for target in targets
    )
    counted = [
        {"target_id": target, "field": name, "type": type_name, "number": number}
        for (target, name, type_name), number in numbers.items()
    ]
    if counted:
        insertion = insert_for(session)(LinkCount)
        summed = {"number": LinkCount.number + insertion.excluded.number}
        keys = ["target_id", "field", "type"]
        session.execute(insertion.on_conflict_do_update(index_elements=keys, set_=summed), counted)


def _entry(each: Published) -> Row:
    return {
        "id": each.id,
        "type": each.type,
        "locale": each.locale,
        "translation_of": each.group,
        "slug": each.slug,
        "label": each.sort_text,
        "version": 1,
        "changed": 1,
        "created_at": each.live_from,
        "updated_at": each.live_from,
    }


def _revision(each: Published) -> Row:
    return {"entry_id": each.id, "number": 1, "change": 1, "created_at": each.live_from, **each.content}


def _publication(each: Published, at: datetime) -> Row:
    return {
        "id": str(uuid7()),
        "entry_id": each.id,
        "revision": 1,
        "type": each.type,
        "locale": each.locale,
        "slug": each.slug,
        "translation_group": each.group or each.id,
        "live_from": each.live_from,
        "live_until": each.live_until,
        "dated": True,
        "over": each.live_until <= at,
        "announced": each.live_from <= at,
        "published_at": each.published_at,
        "updated_at": each.live_from,
        "sort_text": each.sort_text,
        "sort_number": each.sort_number,
        "sort_time": each.published_at,
        "facet": each.facet,
    }


def _links(each: Published, publication: Row) -> Iterator[Row]:
    shared = {name: publication[name] for name in (*KEYS, "entry_id", "type", "locale", "live_from", "live_until")}
    for name, targets in each.links.items():
        for position, target in enumerate(targets):
            yield shared | {
                "publication_id": publication["id"],
                "over": publication["over"],
                "field": name,
                "position": position,
                "target_id": target,
            }
