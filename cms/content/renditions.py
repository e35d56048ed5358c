"""The stored renditions of a revision's rich texts. Saving makes them, and ``cms rerender`` makes them again.

The columns ``RENDERED`` of a revision hold one member for each rich text. ``Revision.rendered_with`` says which
renderer made them (``cms.rendering.RENDERER``).
"""

from collections.abc import Mapping
from typing import Any

from cms.content.types import Content, ContentType
from cms.rendering import Rendition, render
from cms.rendering.blocks.from_html import from_html

BLOCKS = "blocks"
"""The format of rich texts that has a column of its own."""
RENDERED = ("outline", "bodies", "blocks", "review")
"""The columns of a revision that hold renditions of each rich text."""

Blocks = list[dict[str, Any]]
Columns = dict[str, dict[str, Any]]
"""The values of the columns ``RENDERED``, by column and field."""


def rendered(kind: ContentType, content: Content, known: Mapping[str, Mapping[str, Any]] | None = None) -> Columns:
    """The renditions of every rich text in the content. ``known`` has those by field that need not be made again."""
    columns: Columns = {column: {} for column in RENDERED}
    for field in kind.bodies:
        values = (known or {}).get(field) or _rendered(content.get(field))
        for column in RENDERED:
            columns[column][field] = values[column]
    return columns


def _rendered(body: Mapping[str, Any] | None) -> dict[str, Any]:
    """The value of each column for one rich text."""
    if body is None:
        return dict.fromkeys(RENDERED)
    rendition = render(body["format"], body["source"])
    texts = {
        "format": body["format"],
        "source": body["source"],
        "html": rendition.html,
        "text": rendition.text,
        "markdown": rendition.markdown,
    }
    outline = {
        "toc": [{"level": each.level, "id": each.id, "text": each.text} for each in rendition.toc],
        "word_count": rendition.word_count,
        "excerpt": rendition.excerpt,
    }
    return {"outline": outline, "bodies": texts, "blocks": list(rendition.blocks), "review": _review_from(rendition)}


def _review_from(rendition: Rendition) -> dict[str, Any]:
    return {
        "findings": [{"code": each.code, "detail": each.detail} for each in rendition.findings],
        "links": list(rendition.links),
    }


def review_of(revision: Any, field: str) -> dict[str, Any]:
    """The ``findings`` and ``links`` of a rich text, rendered now if the revision does not store them."""
    body = revision.bodies.get(field)
    if body is None:
        return {"findings": [], "links": []}
    known: dict[str, Any] | None = (revision.review or {}).get(field)
    return _review_from(render(body["format"], body["source"])) if known is None else known


def blocks_of(blocks: Mapping[str, Blocks | None] | None, bodies: Mapping[str, Any], field: str) -> Blocks | None:
    """One rich text of a revision as blocks, made from its HTML if the revision does not store them."""
    if blocks is not None and field in blocks:
        return blocks[field]
    body = bodies.get(field)
    return from_html(body["html"]) if body else None


def to_content(revision: Any) -> Content:
    """The content as an editor wrote it, with rich texts as format and source. This is the inverse of saving."""
    bodies = {
        field: body and {"format": body["format"], "source": body["source"]} for field, body in revision.bodies.items()
    }
    content: Content = revision.data | bodies
    return content
