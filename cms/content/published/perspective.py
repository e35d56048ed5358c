"""The instant and the tables that published content is read at and from.

No statement here can reach a draft: this module never names the tables of drafts, entries or links. Preview runs the
same statements over its own tables, which its perspective passes in.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import BindParameter, ColumnElement, FromClause, and_, bindparam, true

from cms.content.model import LinkCount, Publication, PublicationLink, Revision
from cms.db import UTCDateTime
from cms.search.model import PUBLISHED_INDEX, SearchIndex

# Core tables instead of mapped classes have the same names and take a fraction of the time.
publications: FromClause = Publication.__table__
publication_links: FromClause = PublicationLink.__table__
link_counts: FromClause = LinkCount.__table__
revisions: FromClause = Revision.__table__


@dataclass(frozen=True, eq=False)
class Tables:
    """Tables with the columns of publications and of publication links, and the search indexes over them."""

    publications: FromClause
    links: FromClause
    indexes: tuple[SearchIndex, ...] = (PUBLISHED_INDEX,)


PUBLISHED = Tables(publications, publication_links)


@dataclass(frozen=True)
class StatementView:
    """The parts of a ``Perspective`` that change the SQL text. Statements are cached by them."""

    current: bool = True
    is_counted: bool = False
    rows: Tables = PUBLISHED
    others: Tables = PUBLISHED


@dataclass(frozen=True)
class Perspective:
    """The instant that is read, and the tables to read from.

    ``current`` is true for the present, where publications that are over can be skipped. ``is_counted`` is true if
    everything that has begun or ended by then is in ``link_counts``, so that these count the live entries. ``rows`` has
    the requested entries, and ``others`` those that are embedded, counted or adjacent. Example: the preview of
    one draft reads ``rows`` from the tables of drafts, and ``others``, such as its authors, from the published ones.
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
        """The perspective for entries that embedded entries embed."""
        return replace(self, rows=self.others)


def is_live_at(table: Any, *, current: bool) -> ColumnElement[bool]:
    """The WHERE clause for what is live at the parameter ``at``, over publications or their links.

    It is ``NOT over AND live_from <= :at AND :at < live_until``. The part ``NOT over`` selects the partial indexes of
    current lists, and must not be used for the past.
    """
    if "live_from" not in table.c:
        return true()  # A table without a timeline, such as one of drafts, holds its rows at any time.
    at: BindParameter[datetime] = bindparam("at", type_=UTCDateTime)
    live = and_(table.c.live_from <= at, at < table.c.live_until)
    return and_(~table.c.over, live) if current else live
