"""Articles: the pages of a site's blog."""

from typing import Any

from cms.articles.model import Article
from cms.articles.seo import LINKED_DATA
from cms.content.types import (
    ByFacet,
    ByReference,
    ByTime,
    Content,
    ContentType,
    EntryFeed,
    FeedFilter,
    LinkList,
    Meanings,
    Reference,
    Searched,
)
from cms.rendering import reading_time_minutes
from cms.site import Site


def _present(data: Content, outline: Content, site: Site) -> Content:
    body: dict[str, Any] = outline.get("body") or {"excerpt": "", "toc": [], "word_count": 0}
    return {
        "summary": data["summary"] or body["excerpt"],
        "toc": body["toc"],
        "word_count": body["word_count"],
        "reading_time_minutes": reading_time_minutes(body["word_count"], site.words_per_minute),
    }


ARTICLE = ContentType(
    name="article",
    plural="articles",
    model=Article,
    label=lambda content: str(content["title"]),
    sorts={
        "-published_at": "published_at",
        "published_at": "published_at",
        "title": "sort_text",
        "-updated_at": "updated_at",
    },
    bodies=("body",),
    left_out_of_lists=("body",),
    references=(
        Reference("authors", "author", default="short"),
        Reference("tags", "tag", default="short"),
        Reference("faqs", "faq"),
        Reference("related", "article"),
    ),
    filters=(
        ByReference("tag", "tags", everywhere=True),
        ByReference("author", "authors", everywhere=True),
        ByTime("published_at", "published_at"),
        ByTime("updated_at", "updated_at"),
        ByFacet("featured", flag="featured"),
    ),
    includes=(
        "authors",
        "authors.social_links",
        "tags",
        "faqs",
        "related",
        "adjacent",
        "translations",
        "seo",
        "jsonld",
    ),
    facet=lambda content: "featured" if content["featured"] else "",
    searched=Searched("title", summary=("subtitle", "summary")),
    present=_present,
    meanings=Meanings(summary="summary", body="body", image="hero_image", people="authors", topics="tags"),
    head="article",
    linked_data=LINKED_DATA,
    feed=EntryFeed(
        filters=(
            FeedFilter("tag", "only articles about this", example="repair"),
            FeedFilter("author", "only articles by this author", example="orla-wrenmoor"),
        )
    ),
    llms=LinkList("-published_at", note="summary", by_topic=True),
)
