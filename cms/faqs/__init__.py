"""FAQ entries: a question with its answer, usable in any number of articles."""

from cms.content.types import Backlink, ByReference, ByReferrer, ContentType, Reference, Searched
from cms.faqs import model
from cms.faqs.seo import LINKED_DATA

FAQ = ContentType(
    name="faq",
    plural="faqs",
    model=model.FAQ,
    label=lambda content: str(content["question"]),
    sorts={"position": "sort_number", "question": "sort_text", "-updated_at": "updated_at"},
    bodies=("answer",),
    references=(Reference("tags", "tag", default="short"),),
    backlinks=(Backlink("articles", "article", "faqs", "published_at", descending=True, limit=5, default=None),),
    filters=(ByReference("tag", "tags", everywhere=True), ByReferrer("article", "article", "faqs")),
    includes=("tags", "articles", "jsonld"),
    sort_number="position",
    searched=Searched("question"),
    linked_data=LINKED_DATA,
)
