"""The renditions of rich texts that a revision stores: made when it is saved, and made again by ``cms rerender``.

The columns ``RENDERED`` of a revision have one member for each rich text. ``Revision.rendered_with`` is the version of
the renderer that made them (``cms.rendering.RENDERER``).
"""

from collections.abc import Mapping
from typing import Any

from cms.content.types import Content, ContentType
from cms.rendering import Rendition, render
from cms.rendering.blocks.from_html import from_html

BLOCKS = "blocks"
"""The format of rich texts that are written as blocks (Portable Text)."""
RENDERED = ("outline", "bodies", "blocks", "review")
"""The columns of a revision that have a member for each rich text."""

Blocks = list[dict[str, Any]]
Columns = dict[str, dict[str, Any]]
"""The values of the columns ``RENDERED``, by column and then by field."""


def rendered(kind: ContentType, content: Content, known: Mapping[str, Mapping[str, Any]] | None = None) -> Columns:
    """Render every rich text of the content, except those whose renditions are ``known``, by field."""
    columns: Columns = {column: {} for column in RENDERED}
    for field in kind.bodies:
        values = (known or {}).get(field) or _render_body(content.get(field))
        for column in RENDERED:
            columns[column][field] = values[column]
    return columns


def _render_body(body: Mapping[str, Any] | None) -> dict[str, Any]:
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
    return {"outline": outline, "bodies": texts, "blocks": list(rendition.blocks), "review": _review(rendition)}


def _review(rendition: Rendition) -> dict[str, Any]:
    return {
        "findings": [{"code": each.code, "detail": each.detail} for each in rendition.findings],
        "links": list(rendition.links),
    }


def review_of(revision: Any, field: str) -> dict[str, Any]:
    """The ``findings`` and ``links`` of a rich text, rendered now if the revision does not store them."""
    body = revision.bodies.get(field)
    if body is None:
        return {"findings": [], "links": []}
    stored: dict[str, Any] | None = (revision.review or {}).get(field)
    return _review(render(body["format"], body["source"])) if stored is None else stored


def blocks_of(blocks: Mapping[str, Blocks | None] | None, bodies: Mapping[str, Any], field: str) -> Blocks | None:
    """One rich text of a revision as blocks, made from its HTML if the revision does not store them."""
    if blocks is not None and field in blocks:
        return blocks[field]
    body = bodies.get(field)
    return from_html(body["html"]) if body else None


def to_content(revision: Any) -> Content:
    """The content of a revision as it was written, with rich texts as format and source."""
    bodies = {
        field: body and {"format": body["format"], "source": body["source"]} for field, body in revision.bodies.items()
    }
    content: Content = revision.data | bodies
    return content
