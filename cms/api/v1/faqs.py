"""FAQ entries on the wire."""

from cms.api import entry_fields
from cms.api.http import fields
from cms.api.v1.rich_text import RichText
from cms.api.v1.schemas import Body, ContentResource, Document, Written, embeds, linked_data
from cms.faqs import FAQ as FAQ_TYPE


class FAQWrite(Written):
    """An FAQ entry as an editor writes one."""

    question = fields.Line(300, required=True, example="How long must the glue dry?")
    answer = RichText(required=True, example="Overnight, under a weight.")
    tags = fields.Many(
        entry_fields.EntryName(example="repair"),
        most=50,
        load_default=list,
        description="Ids or slugs of tags, in order.",
    )
    position = fields.Whole(load_default=0, description="Where it stands in the list of all questions.", example=10)


class FAQ(Document):
    """An FAQ entry."""

    question = fields.Line(300, required=True, example="How long must the glue dry?")
    answer = fields.Group(Body, required=True)
    tags = fields.Delivered(
        embeds("TagCard", "Tag"), required=True, example=[], description="Cards; in full by `include`."
    )
    position = fields.Whole(required=True, example=10)
    articles = fields.Delivered(embeds("Article"), description="The newest five that carry it, by `include`.")
    jsonld = linked_data()
    extra = fields.FreeObject(required=True)


FAQS = ContentResource(
    type=FAQ_TYPE,
    written=FAQWrite,
    delivered=FAQ,
    words="FAQ entries",
    example={"question": "How long must the glue dry?", "answer": "Overnight, under a weight.", "position": 10},
)
