"""Rich texts as blocks, which are long and seldom asked for: read by themselves, and only then."""

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import Connection, select, tuple_

from cms.content.queries import Row, revisions
from cms.rendering.blocks.from_html import from_html

BLOCKS = "blocks"
"""The format of rich texts that is kept apart from the others."""
REVISIONS_AT_ONCE = 500

Blocks = list[dict[str, Any]]
Known = Mapping[tuple[str, int], Mapping[str, Blocks | None] | None]
"""The blocks of each field, by the revision that holds them: its entry's id and its number."""


def read_blocks(connection: Connection, rows: Iterable[Row]) -> Known:
    """The blocks of what the rows show; one statement for up to 500 of them."""
    wanted = list(dict.fromkeys((row.entry_id, row.revision) for row in rows))
    identity = tuple_(revisions.c.entry_id, revisions.c.number)
    statement = select(revisions.c.entry_id, revisions.c.number, revisions.c.blocks)
    known: dict[tuple[str, int], Any] = {}
    for start in range(0, len(wanted), REVISIONS_AT_ONCE):
        some = wanted[start : start + REVISIONS_AT_ONCE]
        for row in connection.execute(statement.where(identity.in_(some))):
            known[row.entry_id, row.number] = row.blocks
    return known


def blocks_of(blocks: Mapping[str, Blocks | None] | None, bodies: Mapping[str, Any], field: str) -> Blocks | None:
    """One rich text of a revision as blocks, made of its HTML where the revision does not keep them."""
    if blocks is not None and field in blocks:
        return blocks[field]
    body = bodies.get(field)
    return from_html(body["html"]) if body else None
