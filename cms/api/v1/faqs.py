"""The schemas of FAQ entries."""

from cms.api import entry_fields
from cms.api.http import fields
from cms.api.v1.rich_text import RichText
from cms.api.v1.schemas import Body, ContentResource, Document, Written, embeds, linked_data
from cms.faqs import FAQ as FAQ_TYPE


class FAQWrite(Written):
    """An FAQ entry as an editor writes one."""

    question = fields.Line(
        300, required=True, example="How long must the glue dry?", description="The question, as a reader asks it."
    )
    answer = RichText(required=True, example="Overnight, under a weight.", description="The text of the answer.")
    tags = fields.Many(
        entry_fields.EntryName(example="repair"),
        most=50,
        load_default=list,
        description="Ids or slugs of tags, in order.",
    )
    position = fields.Whole(
        load_default=0, description="The place in the list of all questions; lower numbers come first.", example=10
    )


class FAQ(Document):
    """An FAQ entry."""

    question = fields.Line(
        300, required=True, example="How long must the glue dry?", description="The question, as a reader asks it."
    )
    answer = fields.Group(Body, required=True, description="The text of the answer.")
    tags = fields.Delivered(
        embeds("TagCard", "Tag"), required=True, example=[], description="Cards, in order; in full with `include=tags`."
    )
    position = fields.Whole(
        required=True, example=10, description="The place in the list of all questions; lower numbers come first."
    )
    articles = fields.Delivered(
        embeds("Article"), description="With `include=articles`: the newest five articles with this question."
    )
    jsonld = linked_data()
    extra = fields.FreeObject(required=True, description="Other data for the frontend, as written.")


FAQS = ContentResource(
    type=FAQ_TYPE,
    written=FAQWrite,
    delivered=FAQ,
    words=("FAQ entry", "FAQ entries"),
    example={"question": "How long must the glue dry?", "answer": "Overnight, under a weight.", "position": 10},
)
