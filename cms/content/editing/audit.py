"""The audit log as it is read: who did what to which entry, key or setting, and what that changed.

The log is kept for good: it is what answers when something is asked years later, and it holds nothing that would have
to be forgotten. Of entries it has ids and numbers of revisions; what changed in them is found in the revisions as long
as those exist, so that a purge takes it from the log as well.
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
    "created": "An entry was made.",
    "saved": "A working copy, or the site's settings, changed.",
    "published": "Something became live at once.",
    "scheduled": "Something was planned.",
    "unpublished": "What was live ended at once, and with it what was planned.",
    "unpublishing_planned": "An end was planned.",
    "cancelled": "A plan was taken back.",
    "went_live": "What was planned became live.",
    "superseded": "What was live ended, and the next took its place.",
    "expired": "What was live ended.",
    "trashed": "An entry went into the trash.",
    "undeleted": "An entry came out of the trash.",
    "purged": "An entry was erased with its history.",
    "preview_token_created": "A token was made that shows a draft.",
    "key_created": "An API key was made.",
    "key_revoked": "An API key was revoked.",
    "rerendered": "Texts were rendered anew by a newer renderer.",
    "reindexed": "The search index was built anew.",
}
"""Everything that is ever recorded."""

OTHER_TYPES = ("site", "key", "search", "revision")
"""What events are of, beside entries."""

OPERATORS: Mapping[str, Any] = {"gt": gt, "gte": ge, "lt": lt, "lte": le}
CONTENT_ACTIONS = ("created", "saved")
SHOWING_ACTIONS = ("published", "scheduled", "went_live")

EventKey = tuple[int, int]
"""The number of a change, and the position of an event in it."""


@dataclass(frozen=True)
class Difference:
    """What an event changed: the fields by name, and a JSON Patch (RFC 6902)."""

    fields: list[str]
    patch: list[dict[str, Any]]


def list_events(
    connection: Connection, filters: Mapping[str, Any], *, descending: bool, after: EventKey | None, limit: int
) -> tuple[Sequence[Row[Any]], EventKey | None]:
    """A page of events in the order of their numbers, and where the next one begins.

    ``filters`` are ``type``, ``subject``, ``action``, ``key``, and ``at`` and ``change`` with an operator.
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
        here, last = tuple_(Event.change, Event.position), tuple_(*map(_number, after))
        # The number alone says where in the index to begin; the pair says it exactly.
        conditions.append(Event.change <= _number(after[0]) if descending else Event.change >= _number(after[0]))
        conditions.append(here < last if descending else here > last)
    order = (Event.change, Event.position)
    statement = _events().where(*conditions).order_by(*(each.desc() for each in order) if descending else order)
    rows = connection.execute(statement.limit(limit + 1)).all()
    following = (rows[limit - 1].change, rows[limit - 1].position) if len(rows) > limit else None
    return rows[:limit], following


def _number(value: Any) -> BindParameter[int]:
    """A number that stands in the statement itself: only then does PostgreSQL know how much lies behind it."""
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
    """The numbers between which times lie, so that a page of every filter is a walk in the order of numbers.

    Times run as the numbers do unless a clock was set back by more than the counter makes up for: what was recorded out
    of order then is found by the time of its neighbours.
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
    """What the subjects of events are called now, by id; those that exist no more are left out."""
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
    """The revisions of an entry before and after an event: of what was saved, or of what is shown.

    A save makes its revision from the one before it, unless it says which it was made from.
    """
    if row.action in CONTENT_ACTIONS and row.revision is not None:
        return row.before["revision"] if row.before else row.revision - 1 or None, row.revision
    if row.action in SHOWING_ACTIONS:
        shown = row.before["revision"] if row.before and row.before["status"] == "published" else None
        return shown, row.revision
    return None, None


def difference(connection: Connection, types: Types, row: Any) -> Difference | None:
    """What an event changed; ``None`` where it changed no content, or the content was purged."""
    if row.type not in types:
        patch = json_patch(row.before or {}, row.after or {})
    else:
        before, after = revisions_of(row)
        contents = _contents(connection, row.subject, [each for each in (before, after) if each is not None])
        if after not in contents or (before is not None and before not in contents):
            return None
        patch = json_patch(contents[before] if before else {}, contents[after])
    places = {each[name] for each in patch for name in ("path", "from") if name in each}
    return Difference(sorted({each.split("/")[1] for each in places if each}), patch)


def _contents(connection: Connection, entry_id: str, numbers: Sequence[int]) -> dict[int | None, Content]:
    rows = connection.execute(
        select(Revision.number, Revision.data, Revision.bodies).where(
            Revision.entry_id == entry_id, Revision.number.in_(numbers)
        )
    )
    return {row.number: to_content(row) for row in rows}
