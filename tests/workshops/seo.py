"""The JSON-LD of workshops: a kind of node that none of the five types has."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from cms.content.types import Described, LinkedData
from cms.seo.jsonld import Person, person_node
from cms.seo.nodes import Page, Publisher, identity, make_graph, make_node, page_node, reference, surroundings


@dataclass(frozen=True)
class Event:
    """A workshop as an event."""

    name: str
    starts_at: str
    venue: str | None
    description: str | None
    hosts: Sequence[Person]


def _event(entry: Described) -> Event:
    return Event(
        name=entry.label,
        starts_at=entry.values["starts_at"],
        venue=entry.values["venue"],
        description=(entry.bodies.get("description") or {}).get("text"),
        hosts=[each.node for each in entry.related("hosts")],
    )


def _event_graph(page: Page, event: Event, publisher: Publisher) -> dict[str, Any]:
    hosts = [person_node(each, publisher.base_url) for each in event.hosts]
    node = make_node(
        "Event",
        identity(page, "event"),
        name=event.name,
        startDate=event.starts_at,
        location=make_node("Place", name=event.venue),
        description=event.description,
        organizer=[reference(each, "@type", "name", "url") for each in hosts],
    )
    web_page = page_node("WebPage", "webpage", page, publisher, name=event.name, mainEntity=reference(node))
    return make_graph(node, web_page, *hosts, *surroundings(page, publisher))


LINKED_DATA = LinkedData("Event", _event, _event_graph, relations=("hosts.social_links",), tells_bodies=True)
