"""The feed of changes: entries that went live, changed or ended since a reader last asked. It keeps a copy in step.

A reader holds its position in the feed as a token, a ``Place``. The feed has already returned every event before
``change`` and ``position``, and every beginning and end of a publication before ``instant`` and ``entry_id``.

Nothing is missed, because of one invariant: **the reader's copy of an entry is right unless the log has an event of
the entry from the place on, or a publication of the entry begins or ends between the place and now.** The timeline and
the time alone decide what is live. Every write to a timeline records an event in the same transaction, under the
counter's lock, so that events have no gaps and none appears behind a number already read. Where time passes without a
write, the timeline holds the beginnings and ends that it crosses.

Both kinds of causes are read in one snapshot and returned in the order in which they happened. An entry is returned as
it is in that snapshot, so the last of several causes is enough: a cause is left out only if a later one of the same
entry follows. A plan is returned once it has come true, because of the boundary; or because of its event, if the place
had already passed the boundary's instant when the event was recorded.

Example: an article is published by event 7, published again by event 8, and ends by schedule at noon. A
reader at event 6 who asks at 11:00 gets one ``upsert`` for event 8, and at 12:00 one ``delete`` for the end.

Without a place, a reader first walks through everything that is live, page by page. The walk ends at the place where it
began, so that what changed meanwhile is returned again.

The time of a place does not run backwards when a clock is set back a little. A place that is far ahead of the clock, or
belongs to another history (a restored backup, another database), is refused, and the reader must start again.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from heapq import merge
from typing import Any, Literal, NamedTuple

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    FromClause,
    Integer,
    Select,
    String,
    and_,
    bindparam,
    case,
    cast,
    exists,
    or_,
    select,
    tuple_,
    union,
)

from cms.content.counter import CLOCK_SLACK
from cms.content.model import ContentVersion, Event
from cms.content.published.moment import Moment
from cms.content.published.perspective import is_live_at, publications
from cms.content.published.rows import Row
from cms.db import Identifier, UTCDateTime, is_among
from cms.site import SiteRow

SITE = "site"
LAST_POSITION = 2**31 - 1
SITE_POSITION = LAST_POSITION - 1
"""The position of the site's settings, whose row counts as an event: after the events of entries in one write."""
LAST_ID = "ffffffff-ffff-ffff-ffff-ffffffffffff"
LAG = timedelta(minutes=5)
"""How far a replica may be behind the node that made a place."""

AT_ONCE = ("published", "unpublished", "cancelled", "purged", "rerendered")
PLANNED = ("scheduled", "unpublishing_planned")

events: FromClause = Event.__table__


class WalkKey(NamedTuple):
    """The last entry that a first walk has returned, in the order of the walk."""

    type: str
    locale: str
    published_at: datetime
    entry_id: str


WALK_START = WalkKey("", "", datetime(1, 1, 1, tzinfo=UTC), "")


@dataclass(frozen=True)
class Place:
    """A reader's position in the feed. ``changed_at`` is the time of ``change`` and distinguishes two histories."""

    change: int
    position: int
    changed_at: datetime
    instant: datetime
    entry_id: str = LAST_ID
    walk: WalkKey | None = None
    """The position of a first walk. ``None`` once it is complete."""


@dataclass(frozen=True)
class Change:
    """One entry, or the site, as it is now. ``place`` is the reader's position after this item."""

    action: Literal["upsert", "delete"]
    type: str
    entry_id: str | None
    at: datetime
    """When the entry or the site became so."""
    row: Row | None
    """The columns of a live entry, such as ``slug`` and ``updated_at``. ``None`` for the site and for a deletion."""
    place: Place


@dataclass(frozen=True)
class Changes:
    """A page of changes, oldest first. ``more`` is true if the next page can be asked for right away."""

    items: Sequence[Change]
    place: Place
    more: bool


class PlaceLost(Exception):
    """The place is of another history, or further ahead than clocks may differ. The reader must start again."""


@dataclass(frozen=True)
class _Now:
    """The present of one snapshot: the counter, the time of the last write, the instant, and the site's row."""

    change: int
    changed_at: datetime
    at: datetime
    site_changed: int
    site_changed_at: datetime

    @property
    def place(self) -> Place:
        """The place of a reader who has everything."""
        return Place(self.change, LAST_POSITION, self.changed_at, self.at)


@dataclass(frozen=True)
class _Cause:
    """Why an entry is returned, or the site if ``entry_id`` is ``None``: an event, or a boundary of a publication.

    A boundary is a beginning or an end by schedule. It has no number, so ``change`` is ``None``.
    """

    type: str
    entry_id: str | None
    at: datetime
    change: int | None = None
    position: int = 0


def current_place(connection: Connection, moment: Moment) -> Place:
    """The place of a reader who wants future changes only."""
    return _read_now(connection, moment).place


def list_changes(
    connection: Connection, moment: Moment, place: Place | None, types: Sequence[str], limit: int
) -> Changes:
    """The changes of these types (``site`` is one of them) after a place, or everything live for ``None``.

    Raises ``PlaceLost``.
    """
    now = _read_now(connection, moment)
    if place is None:
        return _scan_live(connection, replace(now.place, walk=WALK_START), now, types, limit, first=True)
    if place.instant - now.at > CLOCK_SLACK:
        raise PlaceLost
    now = replace(now, at=max(now.at, place.instant))
    if place.change > now.change:
        if now.at - place.changed_at > LAG:
            raise PlaceLost
        return Changes([], place, more=place.walk is not None)
    _check_history(connection, place, now)
    if place.walk is not None:
        return _scan_live(connection, place, now, types, limit, first=False)
    return _changes_since(connection, place, now, types, limit)


def _read_now(connection: Connection, moment: Moment) -> _Now:
    row = connection.execute(
        select(ContentVersion.change, ContentVersion.at, SiteRow.changed, SiteRow.updated_at).join_from(
            ContentVersion, SiteRow, SiteRow.id == ContentVersion.id
        )
    ).one()
    return _Now(row.change, row.at, moment.at, row.changed, row.updated_at)


def _check_history(connection: Connection, place: Place, now: _Now) -> None:
    """Raise ``PlaceLost`` unless the write of the place has the same time as before and all later events exist."""
    if place.change == now.change:
        is_known = place.changed_at == now.changed_at
    else:
        found = connection.execute(_history_statement(), {"change": place.change}).first()
        is_known = found is not None and (
            found.at == place.changed_at if found.change == place.change else found.change == place.change + 1
        )
    if not is_known:
        raise PlaceLost


@lru_cache(maxsize=1)
def _history_statement() -> Select[Any]:
    return (
        select(events.c.change, events.c.at)
        .where(events.c.change >= bindparam("change", type_=BigInteger))
        .order_by(events.c.change, events.c.position)
        .limit(1)
    )


# The first walk: everything that is live.


def _scan_live(
    connection: Connection, place: Place, now: _Now, types: Sequence[str], limit: int, *, first: bool
) -> Changes:
    """A page of all that is live, type by type, each in the order of an index. The site comes first."""
    key = place.walk or WALK_START
    items: list[Change] = []
    if first and SITE in types:
        items.append(Change("upsert", SITE, None, now.site_changed_at, None, place))
    for row in _live_from(connection, key, now.at, types, limit + 1 - len(items)):
        here = replace(place, walk=WalkKey(row.type, row.locale, row.published_at, row.entry_id))
        items.append(Change("upsert", row.type, row.entry_id, row.updated_at, row, here))
    page = items[:limit]
    if len(items) > limit:
        return Changes(page, page[-1].place, more=True)
    end = replace(place, walk=None)
    # The first items of a walk of several pages may have changed since.
    return Changes(page[:-1] + [replace(each, place=end) for each in page[-1:]], end, more=not first)


def _live_from(connection: Connection, key: WalkKey, at: datetime, types: Sequence[str], limit: int) -> Iterator[Row]:
    for type_name in sorted(each for each in types if each >= key.type):
        if limit <= 0:
            return
        continues = type_name == key.type
        values = {"type": type_name, "at": at, "limit": limit}
        if continues:
            values |= {"locale": key.locale, "published_at": key.published_at, "entry_id": key.entry_id}
        rows = connection.execute(_live_scan_statement(continues=continues), values).all()
        limit -= len(rows)
        yield from rows


@lru_cache(maxsize=2)
def _live_scan_statement(*, continues: bool) -> Select[Any]:
    order = (publications.c.locale, publications.c.published_at, publications.c.entry_id)
    statement = select(*_item_columns()).where(
        publications.c.type == bindparam("type", type_=String), is_live_at(publications, current=True)
    )
    if continues:
        last = (
            bindparam("locale", type_=String),
            bindparam("published_at", type_=UTCDateTime),
            bindparam("entry_id", type_=Identifier),
        )
        statement = statement.where(tuple_(*order) > tuple_(*last))
    return statement.order_by(*order).limit(bindparam("limit", type_=Integer))


def _item_columns() -> list[ColumnElement[Any]]:
    names = ("type", "entry_id", "locale", "slug", "revision", "published_at", "updated_at")
    return [publications.c[name] for name in names]


# The changes since a place.


def _changes_since(connection: Connection, place: Place, now: _Now, types: Sequence[str], limit: int) -> Changes:
    causes = list(
        merge(
            _find_boundaries(connection, place, now, types, limit + 1),
            _find_events(connection, place, now, types, limit + 1),
            key=lambda cause: cause.at,
        )
    )
    taken = causes[:limit]
    places = _places(now, causes, len(taken))
    states = _find_states(connection, now, taken)
    items = []
    for cause, here in zip(taken, places, strict=True):
        state = states.pop(cause.entry_id, None)
        if state is not None:
            action, row = state
            items.append(Change(action, cause.type, cause.entry_id, cause.at, row, here))
    return Changes(items, places[-1] if places else now.place, more=len(causes) > limit)


def _find_events(connection: Connection, place: Place, now: _Now, types: Sequence[str], limit: int) -> list[_Cause]:
    """The events after the place by number, only the last one of each entry."""
    rows = connection.execute(_events_statement(), _values(place, now, types, limit)).all()
    found = [_Cause(row.type, row.subject, row.at, row.change, row.position) for row in rows]
    saved = _Cause(SITE, None, now.site_changed_at, now.site_changed, SITE_POSITION)
    if SITE in types and (saved.change, saved.position) >= (place.change, place.position):
        # The site has no events that are read here. Its row holds its last write, which is sorted among the events.
        found = sorted([*found, saved], key=lambda cause: (cause.change, cause.position))[:limit]
    return found


def _values(place: Place, now: _Now, types: Sequence[str], limit: int) -> dict[str, Any]:
    return {
        "change": place.change,
        "position": place.position,
        "instant": place.instant,
        "entry_id": place.entry_id,
        "at": now.at,
        "types": [each for each in types if each != SITE],
        "limit": limit,
    }


@lru_cache(maxsize=1)
def _events_statement() -> Select[Any]:
    at: Any = bindparam("at", type_=UTCDateTime)
    later = events.alias()
    # The subject of a key's event is no UUID, and no database promises to check the type first.
    entry_id = case((is_among(events.c.type, "types"), cast(events.c.subject, Identifier)))
    has_come_true = or_(*(_boundary(entry_id, events.c.at, at, column) for column in ("live_from", "live_until")))
    has_new_boundary = or_(
        *(_boundary(entry_id, events.c.at, at, column, is_new=True) for column in ("live_from", "live_until"))
    )
    superseded = exists().where(
        later.c.subject == events.c.subject,
        later.c.change >= events.c.change,
        tuple_(later.c.change, later.c.position) > tuple_(events.c.change, events.c.position),
        later.c.action.in_(AT_ONCE),
        later.c.at >= events.c.at,
    )
    return (
        select(events.c.change, events.c.position, events.c.at, events.c.type, events.c.subject)
        .where(
            _events_from_place(events),
            is_among(events.c.type, "types"),
            or_(events.c.action.in_(AT_ONCE), and_(events.c.action.in_(PLANNED), has_come_true)),
            ~has_new_boundary,
            ~superseded,
        )
        .order_by(events.c.change, events.c.position)
        .limit(bindparam("limit", type_=Integer))
    )


def _events_from_place(table: Any) -> ColumnElement[bool]:
    """The events from the reader's place on, in a form that uses the index of numbers."""
    change: Any = bindparam("change", type_=BigInteger)
    position: Any = bindparam("position", type_=Integer)
    return and_(table.c.change >= change, tuple_(table.c.change, table.c.position) >= tuple_(change, position))


def _boundary(entry_id: Any, after: Any, until: Any, column: str, *, is_new: bool = False) -> ColumnElement[bool]:
    """True if a publication of the entry begins, or ends, in a period, and with ``is_new`` after the reader's place."""
    publication = publications.alias()
    instant = publication.c[column]
    found = exists().where(publication.c.entry_id == entry_id, instant > after, instant <= until)
    return found.where(_boundaries_from_place(publication, column)) if is_new else found


def _boundaries_from_place(table: Any, column: str) -> ColumnElement[bool]:
    """The beginnings or ends from the reader's place on, in a form that uses the index of instants."""
    instant: Any = bindparam("instant", type_=UTCDateTime)
    entry_id: Any = bindparam("entry_id", type_=Identifier)
    here = tuple_(table.c[column], table.c.entry_id)
    return and_(table.c[column] >= instant, here >= tuple_(instant, entry_id))


def _find_boundaries(connection: Connection, place: Place, now: _Now, types: Sequence[str], limit: int) -> list[_Cause]:
    """The beginnings and ends since the place by instant: the last one of each entry, unless an event follows it."""
    rows = connection.execute(_boundaries_statement(), _values(place, now, types, limit)).all()
    return [_Cause(row.type, row.entry_id, row.instant) for row in rows]


@lru_cache(maxsize=1)
def _boundaries_statement() -> Select[Any]:
    limit: Any = bindparam("limit", type_=Integer)
    found = union(*(select(_boundaries(column).limit(limit).subquery()) for column in ("live_from", "live_until")))
    both = found.subquery()
    return select(both).order_by(both.c.instant, both.c.entry_id).limit(limit)


def _boundaries(column: str) -> Select[Any]:
    at: Any = bindparam("at", type_=UTCDateTime)
    publication, event = publications.alias(), events.alias()
    instant = publication.c[column]
    later = or_(*(_boundary(publication.c.entry_id, instant, at, each) for each in ("live_from", "live_until")))
    followed = exists().where(
        event.c.subject == cast(publication.c.entry_id, String),
        _events_from_place(event),
        event.c.action.in_(AT_ONCE),
        event.c.at >= instant,
    )
    return (
        select(publication.c.type, publication.c.entry_id, instant.label("instant"))
        .where(_boundaries_from_place(publication, column), instant <= at, is_among(publication.c.type, "types"))
        .where(~later, ~followed)
        .order_by(instant, publication.c.entry_id)
    )


def _places(now: _Now, causes: Sequence[_Cause], count: int) -> list[Place]:
    """The reader's place after each of the first ``count`` causes.

    It is the next event and the next boundary among the causes, or the present if there is no more of a kind.
    """
    places: list[Place] = []
    for number in range(1, count + 1):
        event = next((each for each in causes[number:] if each.change is not None), None)
        boundary = next((each for each in causes[number:] if each.change is None), None)
        here = now.place
        if event is not None and event.change is not None:
            here = replace(here, change=event.change, position=event.position, changed_at=event.at)
        if boundary is not None and boundary.entry_id is not None:
            here = replace(here, instant=boundary.at, entry_id=boundary.entry_id)
        places.append(here)
    return places


State = tuple[Literal["upsert", "delete"], Row | None]


def _find_states(connection: Connection, now: _Now, causes: Sequence[_Cause]) -> dict[str | None, State]:
    """The state of each entry: live, or deleted. An entry that has never been live has no state."""
    states: dict[str | None, State] = {None: ("upsert", None)}
    identifiers = list({each.entry_id for each in causes if each.entry_id is not None})
    if identifiers:
        values = {"ids": identifiers, "at": now.at}
        states |= {row.entry_id: ("upsert", row) for row in connection.execute(_live_statement(), values)}
        if absent := [each for each in identifiers if each not in states]:
            states |= dict.fromkeys(_once_live(connection, absent, now.at), ("delete", None))
    return states


@lru_cache(maxsize=1)
def _live_statement() -> Select[Any]:
    return select(*_item_columns()).where(
        is_among(publications.c.entry_id, "ids"), is_live_at(publications, current=True)
    )


def _once_live(connection: Connection, identifiers: Sequence[str], at: datetime) -> set[str]:
    """The ids of those that have ever been live, by their timeline or, if that was erased, by the log."""
    begun = connection.execute(
        select(publications.c.entry_id)
        .distinct()
        .where(is_among(publications.c.entry_id, "ids"), publications.c.live_from <= at),
        {"ids": identifiers},
    )
    logged = connection.execute(
        select(events.c.subject, events.c.action).distinct().where(is_among(events.c.subject, "ids")),
        {"ids": identifiers},
    )
    actions: dict[str, set[str]] = {}
    for subject, action in logged:
        actions.setdefault(subject, set()).add(action)
    return {each for each, done in actions.items() if _was_live(done)}.union(begun.scalars())


def _was_live(actions: set[str]) -> bool:
    """True if events show that the entry was live, and not only planned.

    A purge of a publication that has begun by schedule first records ``went_live``.
    """
    return not actions.isdisjoint({"published", "went_live"})
