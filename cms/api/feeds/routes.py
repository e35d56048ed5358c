"""Every route of the feeds and of the files at fixed addresses, in reading order."""

from collections.abc import Iterable, Sequence

from cms.api.feeds.entry_feeds import entry_feed_routes
from cms.api.feeds.llms import LLMs
from cms.api.feeds.sitemaps import Sitemap, SitemapPages, SitemapPart
from cms.api.feeds.well_known import Robots, SecurityContact
from cms.api.http.endpoint import Endpoint
from cms.api.v1.schemas import ContentResource


def feed_routes(catalog: Sequence[ContentResource]) -> Iterable[tuple[str, str, type[Endpoint]]]:
    """Tag, path and endpoint of every route: the feeds of each type that declares one, then the files of the site."""
    for resource in catalog:
        yield from entry_feed_routes(resource)
    yield from (
        ("feeds", "/sitemap.xml", Sitemap),
        ("feeds", "/sitemaps/pages.xml", SitemapPages),
        ("feeds", "/sitemaps/<entry_id>.xml", SitemapPart),
        ("feeds", "/llms.txt", LLMs),
        ("feeds", "/robots.txt", Robots),
        ("feeds", "/.well-known/security.txt", SecurityContact),
    )
