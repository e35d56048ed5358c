"""Tags: what articles and FAQ entries are about."""

from cms.content.types import ContentType, Count, Meanings, Searched
from cms.tags.model import Tag

TAG = ContentType(
    name="tag",
    plural="tags",
    model=Tag,
    label=lambda content: str(content["name"]),
    sorts={"name": "sort_text", "-article_count": "count"},
    searched=Searched("name", summary=("description",), everywhere=False),
    meanings=Meanings(summary="description"),
    counts=(Count("article_count", "article", "tags"),),
)
