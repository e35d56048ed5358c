"""What machines are told of an FAQ entry, by itself and in the articles that have it."""

from cms.content.types import Described, LinkedData
from cms.seo.jsonld import Question, question_graph


def _question(entry: Described) -> Question:
    return Question(question=entry.label, answer=entry.bodies["answer"]["html"], url=entry.url)


LINKED_DATA = LinkedData("Question", _question, question_graph, tells_bodies=True)
