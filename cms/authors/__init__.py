"""Authors: the people who sign articles."""

from cms.authors.model import Author
from cms.authors.seo import LINKED_DATA
from cms.content.types import Backlink, ContentType, Count, LinkList, Meanings, Searched

AUTHOR = ContentType(
    name="author",
    plural="authors",
    model=Author,
    label=lambda content: str(content["name"]),
    sorts={"name": "sort_text", "-updated_at": "updated_at"},
    bodies=("bio",),
    backlinks=(
        Backlink("social_links", "social-link", "author", "sort_number"),
        Backlink("articles", "article", "authors", "published_at", descending=True, limit=5, default=None),
    ),
    counts=(Count("article_count", "article", "authors"),),
    includes=("social_links", "articles", "jsonld"),
    searched=Searched("name", summary=("job_title",)),
    meanings=Meanings(image="avatar"),
    linked_data=LINKED_DATA,
    llms=LinkList("name", note="job_title"),
)
