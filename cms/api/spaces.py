"""The spaces of the API (delivery, preview and management), and the addresses that belong to each."""

from cms.api.versions import V1, VERSIONS

MANAGEMENT, PREVIEW = V1.management, V1.preview
MANAGEMENTS = tuple(each.management for each in VERSIONS)
PREVIEWS = tuple(each.preview for each in VERSIONS)
PRIVATE = (*MANAGEMENTS, *PREVIEWS)
# The addresses that frontends on other origins fetch.
DELIVERY = (
    *(f"{each.prefix}/" for each in VERSIONS),
    *("/feeds/", "/sitemap.xml", "/sitemaps/", "/llms.txt", "/robots.txt", "/.well-known/"),
)


def space_of(tag: str, path: str) -> str:
    """The space of a route with this tag, as ``CMS_SPACES`` names it; ``service`` for a route that every node has."""
    if path.startswith(MANAGEMENTS):
        return "management"
    if path.startswith(PREVIEWS):
        return "preview"
    return "service" if tag == "service" else "delivery"


def is_delivery(path: str) -> bool:
    """True if the path belongs to delivery, whose answers scripts of other origins may read."""
    return path.startswith(DELIVERY) and not path.startswith(PRIVATE)
