"""How published content is looked at: at which instant, and in which tables.

There is no way from here to a draft: this module never names the tables of drafts, entries or links. Preview runs the
same statements over tables of its own, which it hands in with its perspective.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import BindParameter, ColumnElement, FromClause, and_, bindparam, true

from cms.content.model import LinkCount, Publication, PublicationLink, Revision
from cms.db import UTCDateTime
from cms.search.model import PUBLISHED_INDEX, SearchIndex

# Core tables, and not mapped classes: the same names, a fraction of the work.
publications: FromClause = Publication.__table__
publication_links: FromClause = PublicationLink.__table__
link_counts: FromClause = LinkCount.__table__
revisions: FromClause = Revision.__table__


@dataclass(frozen=True, eq=False)
class Tables:
    """A pair of tables with the columns of publications and of the links copied from them, and where it is searched."""

    publications: FromClause
    links: FromClause
    indexes: tuple[SearchIndex, ...] = (PUBLISHED_INDEX,)


PUBLISHED = Tables(publications, publication_links)


@dataclass(frozen=True)
class StatementView:
    """What of a perspective decides the text of a statement."""

    current: bool = True
    is_counted: bool = False
    rows: Tables = PUBLISHED
    others: Tables = PUBLISHED


@dataclass(frozen=True)
class Perspective:
    """The instant that is looked at, and the tables in which.

    ``current`` says it is the present, where what is over can be skipped; ``settled`` that all which began or ended
    until then has been counted, so that kept counts are those of what is live. ``rows`` has what is asked for and
    ``others`` what that embeds, counts and stands beside.
    """

    at: datetime
    current: bool = True
    is_counted: bool = False
    rows: Tables = PUBLISHED
    others: Tables = PUBLISHED

    @property
    def view(self) -> StatementView:
        return StatementView(self.current, self.current and self.is_counted, self.rows, self.others)

    @property
    def of_others(self) -> "Perspective":
        """How what is embedded is looked at when it embeds more."""
        return replace(self, rows=self.others)


def is_live_at(table: Any, *, current: bool) -> ColumnElement[bool]:
    """The WHERE clause of the timeline, over publications or the links copied from them, at the parameter ``at``."""
    if "live_from" not in table.c:
        return true()  # What has no timeline is there at any time.
    at: BindParameter[datetime] = bindparam("at", type_=UTCDateTime)
    live = and_(table.c.live_from <= at, at < table.c.live_until)
    return and_(~table.c.over, live) if current else live
