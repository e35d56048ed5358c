"""What became live, changed or went since a reader last asked: the feed that keeps a copy in step.

A ``Place`` is all that is known of a reader, who holds it as a token: every event before ``change`` and ``position``
has been told, and every beginning and end of a publication before ``instant`` and ``entry_id``. Nothing is missed,
because of one invariant: **the reader's copy of an entry is right unless the log has an event of it from the place
on, or a publication of it begins or ends between the place and now.** What is live follows from the timeline and the
time alone. Whoever writes to a timeline records an event in the same transaction, under the counter's lock, so that
events have no gaps and none appears behind a number already read; time passing without a write crosses a beginning
or an end, which the timeline holds. Both kinds of cause are read in one snapshot and told in the order they happened;
whatever state an entry has in that snapshot is told, so that of several causes the last is enough, and a cause is
left out only for a later one of the same entry that is still to be told. A plan is told once it has come true, when
its event was recorded behind an instant already passed. The first walk tells everything live and ends at the place
where it began: what changed meanwhile is told again.

The time of a place does not run backwards when a clock is set back a little; a place far ahead of the clock, or one
of another history (a restored backup, another database), is refused, and the reader starts anew.
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
"""After the events of entries in the same change: the site is told by its row."""
LAST_ID = "ffffffff-ffff-ffff-ffff-ffffffffffff"
LAG = timedelta(minutes=5)
"""How far a replica may be behind the node that a place came from."""

AT_ONCE = ("published", "unpublished", "cancelled", "purged", "rerendered")
PLANNED = ("scheduled", "unpublishing_planned")

events: FromClause = Event.__table__


class WalkKey(NamedTuple):
    """The entry that a first walk has come to, in the order in which it walks."""

    type: str
    locale: str
    published_at: datetime
    entry_id: str


WALK_START = WalkKey("", "", datetime(1, 1, 1, tzinfo=UTC), "")


@dataclass(frozen=True)
class Place:
    """What a reader is told next; ``told_at`` is the time of ``change``, which tells one history from another."""

    change: int
    position: int
    told_at: datetime
    instant: datetime
    entry_id: str = LAST_ID
    walk: WalkKey | None = None
    """Where a first walk stands; ``None`` once it is done."""


@dataclass(frozen=True)
class Change:
    """One entry, or the site, as it stands now; ``place`` is where a reader stands who has been told this."""

    action: Literal["upsert", "delete"]
    type: str
    entry_id: str | None
    at: datetime
    """When it became so."""
    row: Row | None
    """Of a live entry: ``locale``, ``slug``, ``revision`` and ``updated_at``."""
    place: Place


@dataclass(frozen=True)
class Changes:
    """What there is to tell, oldest first; ``more`` says that there is something to ask for right away."""

    items: Sequence[Change]
    place: Place
    more: bool


class PlaceLost(Exception):
    """The place is of another history, or further ahead than clocks differ: only starting anew is exact."""


@dataclass(frozen=True)
class _Now:
    """The snapshot that is told from: the counter, when it last moved, the instant looked at, and the site's row."""

    change: int
    changed_at: datetime
    at: datetime
    site_changed: int
    site_changed_at: datetime

    @property
    def place(self) -> Place:
        """That of a reader who knows everything."""
        return Place(self.change, LAST_POSITION, self.changed_at, self.at)


@dataclass(frozen=True)
class _Cause:
    """Why an entry, or the site when ``entry_id`` is ``None``, is told; an event's number, or none of a boundary."""

    type: str
    entry_id: str | None
    at: datetime
    change: int | None = None
    position: int = 0


def current_place(connection: Connection, moment: Moment) -> Place:
    """The place of a reader who wants to hear only of what comes."""
    return _read_now(connection, moment).place


def list_changes(
    connection: Connection, moment: Moment, place: Place | None, types: Sequence[str], limit: int
) -> Changes:
    """What is to be told after a place, of these types (``site`` among them), or everything live for ``None``.

    Raises ``PlaceLost``.
    """
    now = _read_now(connection, moment)
    if place is None:
        return _walk(connection, replace(now.place, walk=WALK_START), now, types, limit, first=True)
    if place.instant - now.at > CLOCK_SLACK:
        raise PlaceLost
    now = replace(now, at=max(now.at, place.instant))
    if place.change > now.change:
        if now.at - place.told_at > LAG:
            raise PlaceLost
        return Changes([], place, more=place.walk is not None)
    _check_history(connection, place, now)
    if place.walk is not None:
        return _walk(connection, place, now, types, limit, first=False)
    return _tell_changes(connection, place, now, types, limit)


def _read_now(connection: Connection, moment: Moment) -> _Now:
    row = connection.execute(
        select(ContentVersion.change, ContentVersion.at, SiteRow.changed, SiteRow.updated_at).join_from(
            ContentVersion, SiteRow, SiteRow.id == ContentVersion.id
        )
    ).one()
    return _Now(row.change, row.at, moment.at, row.changed, row.updated_at)


def _check_history(connection: Connection, place: Place, now: _Now) -> None:
    """Raise ``PlaceLost`` unless the change of the place is the one it was, and all that follow it are still there."""
    if place.change == now.change:
        known = place.told_at == now.changed_at
    else:
        found = connection.execute(_history_statement(), {"change": place.change}).first()
        known = found is not None and (
            found.at == place.told_at if found.change == place.change else found.change == place.change + 1
        )
    if not known:
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


def _walk(connection: Connection, place: Place, now: _Now, types: Sequence[str], limit: int, *, first: bool) -> Changes:
    """A page of all that is live, type by type, each in the order of an index; the site comes first."""
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
    # What a walk of several pages told first may have changed since.
    return Changes(page[:-1] + [replace(each, place=end) for each in page[-1:]], end, more=not first)


def _live_from(connection: Connection, key: WalkKey, at: datetime, types: Sequence[str], limit: int) -> Iterator[Row]:
    for type_name in sorted(each for each in types if each >= key.type):
        if limit <= 0:
            return
        continues = type_name == key.type
        values = {"type": type_name, "at": at, "limit": limit}
        if continues:
            values |= {"locale": key.locale, "published_at": key.published_at, "entry_id": key.entry_id}
        rows = connection.execute(_walk_statement(continues=continues), values).all()
        limit -= len(rows)
        yield from rows


@lru_cache(maxsize=2)
def _walk_statement(*, continues: bool) -> Select[Any]:
    order = (publications.c.locale, publications.c.published_at, publications.c.entry_id)
    statement = select(*_told_columns()).where(
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


def _told_columns() -> list[ColumnElement[Any]]:
    names = ("type", "entry_id", "locale", "slug", "revision", "published_at", "updated_at")
    return [publications.c[name] for name in names]


# What happened since a place.


def _tell_changes(connection: Connection, place: Place, now: _Now, types: Sequence[str], limit: int) -> Changes:
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
    """Events after the place, by number; of several of an entry the last."""
    rows = connection.execute(_events_statement(), _values(place, now, types, limit)).all()
    found = [_Cause(row.type, row.subject, row.at, row.change, row.position) for row in rows]
    saved = _Cause(SITE, None, now.site_changed_at, now.site_changed, SITE_POSITION)
    if SITE in types and (saved.change, saved.position) >= (place.change, place.position):
        # The row of the site knows its last change: it takes its place among the events of others.
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
    # Of a key's event the subject is no UUID, and no database promises to look at the type first.
    entry_id = case((is_among(events.c.type, "types"), cast(events.c.subject, Identifier)))
    has_come_true = or_(*(_boundary(entry_id, events.c.at, at, column) for column in ("live_from", "live_until")))
    still_to_tell = or_(
        *(_boundary(entry_id, events.c.at, at, column, untold=True) for column in ("live_from", "live_until"))
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
            ~still_to_tell,
            ~superseded,
        )
        .order_by(events.c.change, events.c.position)
        .limit(bindparam("limit", type_=Integer))
    )


def _events_from_place(table: Any) -> ColumnElement[bool]:
    """Events that the reader has not been told, as the index of numbers finds them."""
    change: Any = bindparam("change", type_=BigInteger)
    position: Any = bindparam("position", type_=Integer)
    return and_(table.c.change >= change, tuple_(table.c.change, table.c.position) >= tuple_(change, position))


def _boundary(entry_id: Any, after: Any, until: Any, column: str, *, untold: bool = False) -> ColumnElement[bool]:
    """Whether a publication of the entry begins, or ends, within a time; and the reader has not been told so."""
    publication = publications.alias()
    instant = publication.c[column]
    found = exists().where(publication.c.entry_id == entry_id, instant > after, instant <= until)
    return found.where(_boundaries_from_place(publication, column)) if untold else found


def _boundaries_from_place(table: Any, column: str) -> ColumnElement[bool]:
    """Beginnings or ends that the reader has not been told, as the index of instants finds them."""
    instant: Any = bindparam("instant", type_=UTCDateTime)
    entry_id: Any = bindparam("entry_id", type_=Identifier)
    here = tuple_(table.c[column], table.c.entry_id)
    return and_(table.c[column] >= instant, here >= tuple_(instant, entry_id))


def _find_boundaries(connection: Connection, place: Place, now: _Now, types: Sequence[str], limit: int) -> list[_Cause]:
    """Beginnings and ends since the place, by instant; of several of an entry the last, unless an event follows it."""
    rows = connection.execute(_boundaries_statement(), _values(place, now, types, limit)).all()
    return [_Cause(row.type, row.entry_id, row.instant) for row in rows]


@lru_cache(maxsize=1)
def _boundaries_statement() -> Select[Any]:
    limit: Any = bindparam("limit", type_=Integer)
    found = union(*(select(_crossed(column).limit(limit).subquery()) for column in ("live_from", "live_until")))
    both = found.subquery()
    return select(both).order_by(both.c.instant, both.c.entry_id).limit(limit)


def _crossed(column: str) -> Select[Any]:
    at: Any = bindparam("at", type_=UTCDateTime)
    publication, told = publications.alias(), events.alias()
    instant = publication.c[column]
    later = or_(*(_boundary(publication.c.entry_id, instant, at, each) for each in ("live_from", "live_until")))
    followed = exists().where(
        told.c.subject == cast(publication.c.entry_id, String),
        _events_from_place(told),
        told.c.action.in_(AT_ONCE),
        told.c.at >= instant,
    )
    return (
        select(publication.c.type, publication.c.entry_id, instant.label("instant"))
        .where(_boundaries_from_place(publication, column), instant <= at, is_among(publication.c.type, "types"))
        .where(~later, ~followed)
        .order_by(instant, publication.c.entry_id)
    )


def _places(now: _Now, causes: Sequence[_Cause], count: int) -> list[Place]:
    """Where a reader stands after each of the first causes: at the next of either kind, past all that were left out."""
    places: list[Place] = []
    for number in range(1, count + 1):
        event = next((each for each in causes[number:] if each.change is not None), None)
        boundary = next((each for each in causes[number:] if each.change is None), None)
        here = now.place
        if event is not None and event.change is not None:
            here = replace(here, change=event.change, position=event.position, told_at=event.at)
        if boundary is not None and boundary.entry_id is not None:
            here = replace(here, instant=boundary.at, entry_id=boundary.entry_id)
        places.append(here)
    return places


State = tuple[Literal["upsert", "delete"], Row | None]


def _find_states(connection: Connection, now: _Now, causes: Sequence[_Cause]) -> dict[str | None, State]:
    """What to tell of each entry: as it is live, that it went, or nothing of what has never been live."""
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
    return select(*_told_columns()).where(
        is_among(publications.c.entry_id, "ids"), is_live_at(publications, current=True)
    )


def _once_live(connection: Connection, identifiers: Sequence[str], at: datetime) -> set[str]:
    """Which of these have ever been live, by their timeline or, when that was erased, by the log."""
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
    return {each for each, done in actions.items() if _tells_of_life(done)}.union(begun.scalars())


def _tells_of_life(actions: set[str]) -> bool:
    """A plan alone is nothing that anybody has seen; who erases what has begun notes that first."""
    return not actions.isdisjoint({"published", "went_live"})
