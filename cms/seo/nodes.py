"""Nodes of linked data: one schema.org ``@graph``, its nodes complete and its references never dangling.

Each node has an ``@id`` that stays the same wherever the node appears: the address of its page with a fragment, or
``urn:uuid:`` where it has no page. A dictionary with ``@id`` inside a node is a reference to another node of the graph.
A node that lacks what it is useless without is left out together with every reference to it.
"""

from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cms.seo.head import absolute, later

Node = dict[str, Any]

REQUIRED: Mapping[str, tuple[str, ...]] = {
    "Article": ("headline",),
    "WebPage": ("name", "url"),
    "ProfilePage": ("mainEntity", "url"),
    "FAQPage": ("mainEntity",),
    "Question": ("name", "acceptedAnswer"),
    "Answer": ("text",),
    "Person": ("name",),
    "BreadcrumbList": ("itemListElement",),
    "ListItem": ("name",),
    "ImageObject": ("url",),
    "Organization": ("name", "url"),
    "WebSite": ("name", "url"),
}
"""What a node of each type is useless without; one of any other type without its name."""


@dataclass(frozen=True, kw_only=True)
class Publisher:
    """The site, which publishes every page."""

    name: str
    base_url: str
    tagline: str | None = None
    logo: Mapping[str, Any] | None = None
    """Like every image here: ``url``, which may be a path, ``alt``, ``width`` and ``height``."""
    locales: Sequence[str] = ()
    same_as: Sequence[str] = ()
    """Addresses of the site's own profiles elsewhere."""


@dataclass(frozen=True, kw_only=True)
class Page:
    """What pages of every kind have."""

    id: str
    """The entry's UUID."""
    url: str | None
    """The canonical address, or ``None`` for an entry that has no page."""
    locale: str
    published_at: str
    updated_at: str
    breadcrumbs: Sequence[Mapping[str, str | None]] = ()
    """``label`` and ``url`` of each step from the front page to this one."""


def make_graph(*nodes: Node) -> dict[str, Any]:
    """The complete nodes, each once; leaving one out may leave another incomplete that refers to it."""
    kept = {node["@id"]: node for node in nodes}
    while True:
        linked = {id: _linked(node, kept) for id, node in kept.items()}
        complete = {id: node for id, node in linked.items() if _is_complete(node)}
        if complete == kept:
            return {"@context": "https://schema.org", "@graph": list(kept.values())}
        kept = complete


def _linked(node: Node, known: Container[str]) -> Node:
    """The node without references to what is not known and without incomplete parts."""
    linked = {}
    for name, value in node.items():
        values = [each for each in value if _stands(each, known)] if isinstance(value, list) else value
        if _said(values) and _stands(values, known):
            linked[name] = values
    return linked


def _stands(value: Any, known: Container[str]) -> bool:
    if not isinstance(value, dict):
        return True
    return value["@id"] in known if "@id" in value else _is_complete(value)


def _is_complete(node: Node) -> bool:
    """Whether the node and the parts it cannot do without are complete."""
    return all(name in node and _stands_alone(node[name]) for name in REQUIRED.get(node["@type"], ("name",)))


def _stands_alone(value: Any) -> bool:
    """Whether a property's value is complete in itself, whatever it refers to."""
    return not isinstance(value, dict) or "@id" in value or _is_complete(value)


def make_node(type: str, id: str | None = None, **properties: Any) -> Node:
    """A node with what is known of it."""
    node = {"@type": type, "@id": id, **properties}
    said = {name: [*filter(_said, value)] if isinstance(value, list) else value for name, value in node.items()}
    return {name: value for name, value in said.items() if _said(value)}


def _said(value: Any) -> bool:
    return bool(value.strip() if isinstance(value, str) else value)


def reference(node: Node, *members: str) -> Node:
    """A reference to a node of the graph, with what is repeated of it for who does not look it up."""
    return {name: node[name] for name in ("@id", *members) if name in node}


def page_node(type: str, part: str, page: Page, publisher: Publisher, **properties: Any) -> Node:
    """A node of WebPage or a type below it."""
    published = {} if "dateCreated" in properties else {"datePublished": page.published_at}
    return make_node(
        type,
        identity(page, part),
        url=page.url,
        **properties,
        inLanguage=page.locale,
        **published,
        dateModified=later(page.published_at, page.updated_at),
        isPartOf={"@id": identifier(publisher, "website")},
        breadcrumb={"@id": identity(page, "breadcrumb")},
    )


def surroundings(page: Page, publisher: Publisher) -> list[Node]:
    """The way back, and who publishes the page."""
    return [
        make_node("BreadcrumbList", identity(page, "breadcrumb"), itemListElement=_steps(page.breadcrumbs)),
        *publication(publisher),
    ]


def _steps(breadcrumbs: Sequence[Mapping[str, str | None]]) -> list[Node]:
    """The steps from 1; only the last, the page itself, may have no address, and one step alone leads nowhere."""
    last = len(breadcrumbs) - 1
    usable = [each for place, each in enumerate(breadcrumbs) if _said(each["label"]) and (each["url"] or place == last)]
    if len(usable) < 2:
        return []
    return [
        make_node("ListItem", position=place, name=each["label"], item=each["url"])
        for place, each in enumerate(usable, 1)
    ]


def publication(publisher: Publisher) -> list[Node]:
    """The site, as who publishes and as where it is published."""
    home = publisher.base_url.rstrip("/") + "/"
    organization = make_node(
        "Organization",
        identifier(publisher, "organization"),
        name=publisher.name,
        url=home,
        slogan=publisher.tagline,
        logo=image_node(publisher.logo, publisher.base_url),
        sameAs=profiles(publisher.same_as, besides=home),
    )
    website = make_node(
        "WebSite",
        identifier(publisher, "website"),
        name=publisher.name,
        url=home,
        description=publisher.tagline,
        inLanguage=list(publisher.locales),
        publisher=reference(organization),
    )
    return [organization, website]


def identifier(publisher: Publisher, part: str) -> str:
    """The ``@id`` of a node that is the site's."""
    return address_of_part(publisher.base_url.rstrip("/") + "/", part)


def identity(page: Page, part: str) -> str:
    """The ``@id`` of the node that a page is or has under this name."""
    return address_of_part(page.url or f"urn:uuid:{page.id}", part)


def address_of_part(address: str, name: str) -> str:
    """The address of a part; an entry that is itself a part of its page, as in ``/faq#drying``, has parts below."""
    return f"{address}/{name}" if "#" in address else f"{address}#{name}"


def image_node(image: Mapping[str, Any] | None, base_url: str) -> Node | None:
    """The picture, or ``None`` where there is none that can be fetched."""
    if not image:
        return None
    address = absolute(image["url"], base_url)
    # For schema.org these are distances, which have a unit.
    size = {name: f"{image[name]} px" for name in ("width", "height") if image.get(name)}
    return make_node("ImageObject", url=address, **size, caption=image.get("alt")) if address else None


def profiles(addresses: Iterable[str | None], *, besides: str | None) -> list[str]:
    """Each web address once; a mail address is no page that tells who someone is."""
    found = dict.fromkeys(each for each in addresses if each and each.startswith(("https://", "http://")))
    return [each for each in found if each != besides]
