"""Where a database reads matches from."""

from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, FromClause

from cms.search.model import SearchIndex


@dataclass(frozen=True)
class Plan:
    """What decides a statement's text: the index, and how it is read."""

    index: SearchIndex
    indexes: tuple[SearchIndex, ...]
    """All that are searched, where a better translation may be."""
    dialect: str
    locales: int
    """How many locales there are of which a better translation hides another."""
    is_current: bool
    """Whether it is the present, when nearly all that is in the index is live."""
    is_walk: bool
    """Whether to go back from the newest document instead of reading all that match."""
    is_ranked: bool
    is_after: bool = False
    is_typed: bool = False
    """Whether types are told apart by looking at the documents."""
    walked_types: int = 0
    """Of how many types PostgreSQL walks back through the documents; none means all documents."""

    @property
    def needs_documents(self) -> bool:
        """Whether more is read of what is found than where it stands in the index, and in which language."""
        is_dated = self.index.is_timed and not self.is_current
        return self.locales > 1 or self.is_typed or is_dated or not self.is_ranked


class MatchSource(NamedTuple):
    """What to read, the columns of documents there, the condition for a match, and the order from the newest on."""

    tables: FromClause
    columns: Any
    matches: ColumnElement[bool]
    newest_first: ColumnElement[Any]
