"""What a revision stores of its rich texts, made once when it is saved."""

from collections.abc import Mapping
from typing import Any

from cms.rendering.blocks.from_html import from_html

BLOCKS = "blocks"
"""The format of rich texts that is kept apart from the others."""

Blocks = list[dict[str, Any]]


def blocks_of(blocks: Mapping[str, Blocks | None] | None, bodies: Mapping[str, Any], field: str) -> Blocks | None:
    """One rich text of a revision as blocks, made of its HTML where the revision does not keep them."""
    if blocks is not None and field in blocks:
        return blocks[field]
    body = bodies.get(field)
    return from_html(body["html"]) if body else None
