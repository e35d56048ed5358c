"""The plan of a statement, and the source that a database reads matches from."""

from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, FromClause

from cms.search.model import SearchIndex


@dataclass(frozen=True)
class Plan:
    """The properties that change the text of a statement. Statements are cached by them."""

    index: SearchIndex
    indexes: tuple[SearchIndex, ...]
    """All indexes of the search: a better translation may be in any of them."""
    dialect: str
    locales: int
    """The number of locales in which a better translation hides another; 1 if none is hidden."""
    is_current: bool
    """True for the present, in which nearly all documents of the index are live."""
    is_backward_scan: bool
    """True to scan back from the newest document instead of reading all matches from the index on words."""
    is_ranked: bool
    is_after: bool = False
    is_typed: bool = False
    """True if the type is checked on the documents and not in the index on words."""
    scanned_types: int = 0
    """The number of types whose documents PostgreSQL scans backwards, each alone; 0 to scan all documents."""

    @property
    def needs_documents(self) -> bool:
        """True if the statement needs columns of the matched documents beyond their number in the index."""
        is_dated = self.index.is_timed and not self.is_current
        return self.locales > 1 or self.is_typed or is_dated or not self.is_ranked


class MatchSource(NamedTuple):
    """The tables to read, their columns, the condition for a match, and the order from the newest on."""

    tables: FromClause
    columns: Any
    matches: ColumnElement[bool]
    newest_first: ColumnElement[Any]
