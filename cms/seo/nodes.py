"""Nodes of linked data, joined to one schema.org ``@graph`` without incomplete nodes or dangling references.

Each node has an ``@id`` that stays the same wherever the node appears: the address of its page with a fragment, or
``urn:uuid:`` where it has no page. A dictionary with ``@id`` inside a node is a reference to another node of the graph.
A node without its required properties is left out, together with every reference to it.
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
"""The required properties of each node type. Any other type requires ``name``."""


@dataclass(frozen=True, kw_only=True)
class Publisher:
    """The site as the publisher of every page."""

    name: str
    base_url: str
    tagline: str | None = None
    logo: Mapping[str, Any] | None = None
    """Has ``url``, which may be a path, ``alt``, ``width`` and ``height``, like every image here."""
    locales: Sequence[str] = ()
    same_as: Sequence[str] = ()
    """The addresses of the site's profiles on other platforms."""


@dataclass(frozen=True, kw_only=True)
class Page:
    """The data that every page has."""

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
    """The graph of the complete nodes, each once.

    A node that is left out can make a node that refers to it incomplete, so this repeats until nothing changes.
    """
    kept = {node["@id"]: node for node in nodes}
    while True:
        linked = {id: _linked(node, kept) for id, node in kept.items()}
        complete = {id: node for id, node in linked.items() if _is_complete(node)}
        if complete == kept:
            return {"@context": "https://schema.org", "@graph": list(kept.values())}
        kept = complete


def _linked(node: Node, known: Container[str]) -> Node:
    """The node without references to unknown nodes and without incomplete parts."""
    linked = {}
    for name, value in node.items():
        values = [each for each in value if _is_resolved(each, known)] if isinstance(value, list) else value
        if _has_value(values) and _is_resolved(values, known):
            linked[name] = values
    return linked


def _is_resolved(value: Any, known: Container[str]) -> bool:
    if not isinstance(value, dict):
        return True
    return value["@id"] in known if "@id" in value else _is_complete(value)


def _is_complete(node: Node) -> bool:
    """True if the node has its required properties, and these are complete."""
    return all(name in node and _is_self_contained(node[name]) for name in REQUIRED.get(node["@type"], ("name",)))


def _is_self_contained(value: Any) -> bool:
    """True if the value of a property is complete; a reference counts as complete."""
    return not isinstance(value, dict) or "@id" in value or _is_complete(value)


def make_node(type: str, id: str | None = None, **properties: Any) -> Node:
    """A node with the properties that have a value."""
    node = {"@type": type, "@id": id, **properties}
    given = {name: [*filter(_has_value, value)] if isinstance(value, list) else value for name, value in node.items()}
    return {name: value for name, value in given.items() if _has_value(value)}


def _has_value(value: Any) -> bool:
    return bool(value.strip() if isinstance(value, str) else value)


def reference(node: Node, *members: str) -> Node:
    """A reference to a node, with copies of these members for consumers that do not follow references."""
    return {name: node[name] for name in ("@id", *members) if name in node}


def page_node(type: str, part: str, page: Page, publisher: Publisher, **properties: Any) -> Node:
    """A node of type WebPage or a subtype of it, such as FAQPage."""
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
    """The common nodes of every page: its breadcrumbs, the publisher and the site."""
    return [
        make_node("BreadcrumbList", identity(page, "breadcrumb"), itemListElement=_steps(page.breadcrumbs)),
        *publication(publisher),
    ]


def _steps(breadcrumbs: Sequence[Mapping[str, str | None]]) -> list[Node]:
    """The breadcrumbs as numbered steps; empty if there are fewer than two.

    Steps without an address are left out, except the last one, which is the page itself.
    """
    last = len(breadcrumbs) - 1
    usable = [
        each for place, each in enumerate(breadcrumbs) if _has_value(each["label"]) and (each["url"] or place == last)
    ]
    if len(usable) < 2:
        return []
    return [
        make_node("ListItem", position=place, name=each["label"], item=each["url"])
        for place, each in enumerate(usable, 1)
    ]


def publication(publisher: Publisher) -> list[Node]:
    """The nodes of the site: the Organization that publishes, and the WebSite."""
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
    """The ``@id`` of a node of the site, such as ``https://site.example/#website``."""
    return address_of_part(publisher.base_url.rstrip("/") + "/", part)


def identity(page: Page, part: str) -> str:
    """The ``@id`` of a node of the page, such as ``https://site.example/blog/post#article``."""
    return address_of_part(page.url or f"urn:uuid:{page.id}", part)


def address_of_part(address: str, name: str) -> str:
    """The address of a part: ``/faq#webpage`` for ``/faq``.

    An entry that is itself part of a page gets a path in the fragment: ``/faq#drying/faq`` for ``/faq#drying``.
    """
    return f"{address}/{name}" if "#" in address else f"{address}#{name}"


def image_node(image: Mapping[str, Any] | None, base_url: str) -> Node | None:
    """The node of an image, or ``None`` if there is no image on the web."""
    if not image:
        return None
    address = absolute(image["url"], base_url)
    # In schema.org, width and height are distances and need a unit.
    size = {name: f"{image[name]} px" for name in ("width", "height") if image.get(name)}
    return make_node("ImageObject", url=address, **size, caption=image.get("alt")) if address else None


def profiles(addresses: Iterable[str | None], *, besides: str | None) -> list[str]:
    """Each ``http`` or ``https`` address once, without the one given as ``besides``."""
    found = dict.fromkeys(each for each in addresses if each and each.startswith(("https://", "http://")))
    return [each for each in found if each != besides]
