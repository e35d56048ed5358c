"""What machines are told of an author, on their own page and where they sign others."""

from cms.content.types import Described, LinkedData
from cms.seo.jsonld import Person, profile_graph


def _person(entry: Described) -> Person:
    values = entry.values
    return Person(
        id=entry.id,
        name=entry.label,
        url=entry.url,
        honorific_prefix=values.get("honorific_prefix"),
        credentials=values.get("credentials"),
        job_title=values.get("job_title"),
        biography=(entry.bodies.get("bio") or {}).get("text"),
        avatar=values.get("avatar"),
        website=values.get("website"),
        same_as=[each.same_as for each in entry.related("social_links") if each.same_as],
    )


LINKED_DATA = LinkedData("Person", _person, profile_graph, relations=("social_links",), tells_bodies=True)
