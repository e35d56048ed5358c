"""What search engines and machines are told of an article."""

from cms.content.types import Described, LinkedData
from cms.seo.jsonld import ArticleDetails, article_graph


def _article(entry: Described) -> ArticleDetails:
    values = entry.values
    return ArticleDetails(
        title=entry.label,
        subtitle=values.get("subtitle"),
        summary=values.get("summary"),
        image=values.get("hero_image"),
        word_count=values.get("word_count") or 0,
        reading_time_minutes=values.get("reading_time_minutes") or 0,
        tags=[each.label for each in entry.related("tags")],
        authors=[each.node for each in entry.related("authors")],
        questions=[each.node for each in entry.related("faqs")],
    )


LINKED_DATA = LinkedData("Article", _article, article_graph, relations=("authors.social_links", "tags", "faqs"))
