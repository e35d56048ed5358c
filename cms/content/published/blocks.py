"""Rich texts as blocks. They are long and seldom asked for, so a statement of its own reads them when needed."""

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import Connection, select, tuple_

from cms.content.published.perspective import revisions
from cms.content.published.rows import Row
from cms.content.renditions import Blocks

REVISIONS_AT_ONCE = 500
Known = Mapping[tuple[str, int], Mapping[str, Blocks | None] | None]
"""The blocks of each field, by the entry's id and the number of the revision that holds them."""


def read_blocks(connection: Connection, rows: Iterable[Row]) -> Known:
    """The blocks of the rows' revisions. One statement reads up to 500 of them."""
    wanted = list(dict.fromkeys((row.entry_id, row.revision) for row in rows))
    identity = tuple_(revisions.c.entry_id, revisions.c.number)
    statement = select(revisions.c.entry_id, revisions.c.number, revisions.c.blocks)
    known: dict[tuple[str, int], Any] = {}
    for start in range(0, len(wanted), REVISIONS_AT_ONCE):
        some = wanted[start : start + REVISIONS_AT_ONCE]
        for row in connection.execute(statement.where(identity.in_(some))):
            known[row.entry_id, row.number] = row.blocks
    return known
