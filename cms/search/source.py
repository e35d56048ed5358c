"""Where a database reads matches from."""

from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, FromClause


class Source(NamedTuple):
    """What to read, the columns of documents there, the condition for a match, and the order from the newest on."""

    tables: FromClause
    columns: Any
    matches: ColumnElement[bool]
    newest_first: ColumnElement[Any]
