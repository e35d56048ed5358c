"""The spaces of addresses: delivery, preview and management, and the service about itself."""

MANAGEMENT = "/api/v1/manage"
PREVIEW = "/api/v1/preview"
PRIVATE = (MANAGEMENT, PREVIEW)
# What frontends fetch from pages of other origins.
DELIVERY = ("/api/v1/", "/feeds/", "/sitemap.xml", "/sitemaps/", "/llms.txt", "/robots.txt", "/.well-known/")


def space_of(tag: str, path: str) -> str:
    """The space, as ``CMS_SPACES`` names it, of a route with this tag; ``service`` of what every node answers."""
    if path.startswith(MANAGEMENT):
        return "management"
    if path.startswith(PREVIEW):
        return "preview"
    return "service" if tag == "service" else "delivery"


def is_delivery(path: str) -> bool:
    """Whether scripts of other origins may read what is answered here."""
    return path.startswith(DELIVERY) and not path.startswith(PRIVATE)
