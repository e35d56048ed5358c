"""Every route of version 1, in reading order."""

from collections.abc import Iterable, Sequence

from cms.api.http.endpoint import Endpoint
from cms.api.v1.delivery import redirects
from cms.api.v1.delivery.changes import change_routes
from cms.api.v1.delivery.entries import delivery_routes
from cms.api.v1.delivery.search import search_routes
from cms.api.v1.delivery.site import site_routes
from cms.api.v1.management import batch, keys, site_settings
from cms.api.v1.management.diffs import diff_routes
from cms.api.v1.management.duplicates import duplicate_routes
from cms.api.v1.management.entries import entry_routes
from cms.api.v1.management.events import event_routes
from cms.api.v1.management.publication import publication_routes
from cms.api.v1.management.readiness import readiness_routes
from cms.api.v1.management.revisions import revision_routes
from cms.api.v1.management.usage import usage_routes
from cms.api.v1.preview.entries import preview_routes, preview_search_routes, preview_token_routes
from cms.api.v1.schemas import ContentResource

Route = tuple[str, str, type[Endpoint]]
"""The tag of the document, the path, and the endpoint."""


def every_route(catalog: Sequence[ContentResource]) -> Iterable[Route]:
    """Every route of the version, in reading order: delivery, preview, then management."""
    for resource in catalog:
        yield from delivery_routes(resource)
    yield from site_routes(catalog)
    for resource in catalog:
        yield from resource.routes
    yield from search_routes(catalog)
    yield from redirects.ROUTES
    yield from change_routes(catalog)
    for resource in catalog:
        yield from preview_routes(resource)
    yield from preview_search_routes(catalog)
    for resource in catalog:
        yield from entry_routes(resource)
        yield from duplicate_routes(resource)
        yield from publication_routes(resource)
        yield from revision_routes(resource)
        yield from diff_routes(resource)
        yield from usage_routes(resource)
        yield from readiness_routes(resource)
        yield from preview_token_routes(resource)
    yield from batch.ROUTES
    yield from site_settings.ROUTES
    yield from keys.ROUTES
    yield from event_routes(catalog)
