"""The spaces of addresses: delivery, preview and management, and the service about itself."""

from cms.api.versions import V1, VERSIONS

MANAGEMENT, PREVIEW = V1.management, V1.preview
MANAGEMENTS = tuple(each.management for each in VERSIONS)
PREVIEWS = tuple(each.preview for each in VERSIONS)
PRIVATE = (*MANAGEMENTS, *PREVIEWS)
# What frontends fetch from pages of other origins.
DELIVERY = (
    *(f"{each.prefix}/" for each in VERSIONS),
    *("/feeds/", "/sitemap.xml", "/sitemaps/", "/llms.txt", "/robots.txt", "/.well-known/"),
)


def space_of(tag: str, path: str) -> str:
    """The space, as ``CMS_SPACES`` names it, of a route with this tag; ``service`` of what every node answers."""
    if path.startswith(MANAGEMENTS):
        return "management"
    if path.startswith(PREVIEWS):
        return "preview"
    return "service" if tag == "service" else "delivery"


def is_delivery(path: str) -> bool:
    """Whether scripts of other origins may read what is answered here."""
    return path.startswith(DELIVERY) and not path.startswith(PRIVATE)
