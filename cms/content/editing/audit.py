"""Reading the audit log: who did what to which entry, key or setting, and what that changed.

Events are kept for ever, so that a question can be answered years later. They hold no content of entries, only ids and
revision numbers. The difference that an event made is computed from the revisions, so a purge removes it as well.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from operator import ge, gt, le, lt
from typing import Any

from sqlalchemy import (
    BigInteger,
    BindParameter,
    ColumnElement,
    Connection,
    Row,
    Select,
    bindparam,
    select,
    tuple_,
)

from cms.content.editing.diffs import json_patch
from cms.content.editing.model import Entry
from cms.content.model import Event, Revision
from cms.content.renditions import to_content
from cms.content.types import Content, Types
from cms.db import is_among
from cms.errors import NotFound
from cms.keys import APIKey

ACTIONS: Mapping[str, str] = {
    "created": "An entry was created.",
    "saved": "A draft or the site's settings were saved.",
    "published": "A revision was published at once.",
    "scheduled": "A publication was planned.",
    "unpublished": "An entry was unpublished at once, and its plans were cancelled.",
    "unpublishing_planned": "The end of a publication was planned.",
    "cancelled": "A plan was cancelled.",
    "went_live": "A planned publication became live.",
    "superseded": "A publication ended, and the next one took its place.",
    "expired": "A publication ended, and no other took its place.",
    "trashed": "An entry was moved to the trash.",
    "undeleted": "An entry was restored from the trash.",
    "purged": "An entry was erased with its history.",
    "preview_token_created": "A preview token for a draft was created.",
    "key_created": "An API key was created.",
    "key_revoked": "An API key was revoked.",
    "rerendered": "Texts were rendered again by a newer renderer.",
    "reindexed": "The search index was rebuilt.",
}
"""Every action that is recorded, with its description."""

OTHER_TYPES = ("site", "key", "search", "revision")
"""The types of subjects that are not entries."""

OPERATORS: Mapping[str, Any] = {"gt": gt, "gte": ge, "lt": lt, "lte": le}
CONTENT_ACTIONS = ("created", "saved")
PUBLISHING_ACTIONS = ("published", "scheduled", "went_live")

EventKey = tuple[int, int]
"""The number of a write and the position of the event in it."""


@dataclass(frozen=True)
class Difference:
    """The changes that an event made: the names of the fields and a JSON Patch (RFC 6902)."""

    fields: list[str]
    patch: list[dict[str, Any]]


def list_events(
    connection: Connection, filters: Mapping[str, Any], *, descending: bool, after: EventKey | None, limit: int
) -> tuple[Sequence[Row[Any]], EventKey | None]:
    """A page of events in the order of their numbers, and the place where the next page begins.

    ``filters`` may have ``type``, ``subject``, ``action``, ``key``, and ``at`` and ``change`` with an operator, such as
    ``at__gte``.
    """
    conditions = _conditions(filters)
    bounds = _find_bounds(connection, filters)
    if None in bounds.values():
        return [], None
    for name, number in bounds.items():
        operator = name.removeprefix("at__")
        conditions.append(
            Event.change >= _number(number) if operator.startswith("g") else Event.change <= _number(number)
        )
    if after is not None:
        key, last = tuple_(Event.change, Event.position), tuple_(*map(_number, after))
        # The condition on the number lets the database start in the index there; the one on the pair is exact.
        conditions.append(Event.change <= _number(after[0]) if descending else Event.change >= _number(after[0]))
        conditions.append(key < last if descending else key > last)
    order = (Event.change, Event.position)
    statement = _events().where(*conditions).order_by(*(each.desc() for each in order) if descending else order)
    rows = connection.execute(statement.limit(limit + 1)).all()
    following = (rows[limit - 1].change, rows[limit - 1].position) if len(rows) > limit else None
    return rows[:limit], following


def _number(value: Any) -> BindParameter[int]:
    """A number written into the statement itself: only then can PostgreSQL estimate how many rows lie beyond it."""
    return bindparam(None, value, type_=BigInteger, unique=True, literal_execute=True)


def find_event(connection: Connection, place: EventKey) -> Row[Any]:
    """One event; raises ``NotFound``."""
    change, position = place
    row = connection.execute(_events().where(Event.change == change, Event.position == position)).one_or_none()
    if row is None:
        raise NotFound
    return row


def _events() -> Select[Any]:
    return select(Event.__table__, APIKey.name.label("key_name")).outerjoin(APIKey, APIKey.id == Event.key_id)


def _conditions(filters: Mapping[str, Any]) -> list[ColumnElement[bool]]:
    columns = {"type": Event.type, "subject": Event.subject, "action": Event.action, "key": Event.key_id}
    found: list[ColumnElement[bool]] = []
    for name, value in filters.items():
        field, _, operator = name.partition("__")
        if field in columns:
            found.append(columns[field] == value)
        elif field == "change":
            found.append(OPERATORS[operator](Event.change, _number(value)))
    return found


def _find_bounds(connection: Connection, filters: Mapping[str, Any]) -> dict[str, int | None]:
    """The numbers of writes that belong to the times in the filters, ``None`` where no event lies within a time.

    With them, a page of every filter is one range of an index ordered by number. Times and numbers have the same order
    unless a clock was set back further than the counter corrects; an event recorded then is found by the times of the
    events around it.
    """
    found: dict[str, int | None] = {}
    for name, instant in filters.items():
        field, _, operator = name.partition("__")
        if field == "at":
            order = (Event.at, Event.change) if operator.startswith("g") else (Event.at.desc(), Event.change.desc())
            statement = select(Event.change).where(OPERATORS[operator](Event.at, instant)).order_by(*order).limit(1)
            found[name] = connection.execute(statement).scalar()
    return found


def find_labels(connection: Connection, types: Types, rows: Sequence[Row[Any]]) -> dict[str, str]:
    """The current titles of entries and names of keys that are subjects of events, by id, without those erased."""
    subjects: dict[bool, set[str]] = defaultdict(set)
    for row in rows:
        if row.subject is not None:
            subjects[row.type in types].add(row.subject)
    labels: dict[str, str] = {}
    if subjects[True]:
        statement = (
            select(Entry.id, Entry.type, Revision.data)
            .join(Revision, (Revision.entry_id == Entry.id) & (Revision.number == Entry.version))
            .where(is_among(Entry.__table__.c.id, "ids"))
        )
        found = connection.execute(statement, {"ids": list(subjects[True])})
        labels |= {row.id: types[row.type].label(row.data) for row in found if row.type in types}
    if subjects[False]:
        statement_of_keys = select(APIKey.id, APIKey.name).where(is_among(APIKey.__table__.c.id, "ids"))
        labels |= {row.id: row.name for row in connection.execute(statement_of_keys, {"ids": list(subjects[False])})}
    return labels


def revisions_of(row: Any) -> tuple[int | None, int | None]:
    """The revision numbers of an entry before and after an event: of its draft, or of what is live.

    A save follows the revision before it, unless the event names the one that it was made from.
    """
    if row.action in CONTENT_ACTIONS and row.revision is not None:
        return row.before["revision"] if row.before else row.revision - 1 or None, row.revision
    if row.action in PUBLISHING_ACTIONS:
        live = row.before["revision"] if row.before and row.before["status"] == "published" else None
        return live, row.revision
    return None, None


def difference(connection: Connection, types: Types, row: Any) -> Difference | None:
    """The changes that an event made, or ``None`` if it changed no content or the content was purged."""
    if row.type not in types:
        patch = json_patch(row.before or {}, row.after or {})
    else:
        before, after = revisions_of(row)
        contents = _contents(connection, row.subject, [each for each in (before, after) if each is not None])
        if after not in contents or (before is not None and before not in contents):
            return None
        patch = json_patch(contents[before] if before else {}, contents[after])
    pointers = {each[name] for each in patch for name in ("path", "from") if name in each}
    return Difference(sorted({each.split("/")[1] for each in pointers if each}), patch)


def _contents(connection: Connection, entry_id: str, numbers: Sequence[int]) -> dict[int | None, Content]:
    rows = connection.execute(
        select(Revision.number, Revision.data, Revision.bodies).where(
            Revision.entry_id == entry_id, Revision.number.in_(numbers)
        )
    )
    return {row.number: to_content(row) for row in rows}
