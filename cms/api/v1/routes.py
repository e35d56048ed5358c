"""Every route of version 1, in reading order.

The files of the endpoints give paths relative to the space, or to the content type within it.
"""

from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache

from cms.api.http.endpoint import Endpoint
from cms.api.v1.delivery import changes, platforms, redirects, search, site
from cms.api.v1.delivery import entries as delivered
from cms.api.v1.management import (
    batch,
    diffs,
    duplicates,
    entries,
    events,
    keys,
    preview_tokens,
    publication,
    readiness,
    revisions,
    site_settings,
    usage,
)
from cms.api.v1.preview import entries as previewed
from cms.api.v1.schemas import ContentResource
from cms.api.v1.type_endpoint import CatalogEndpoint, TypeRoutes, of_catalog, of_type
from cms.api.versions import V1

Route = tuple[str, str, type[Endpoint]]
"""The tag in the OpenAPI document, the path, and the endpoint."""

MANAGED: TypeRoutes = (
    *entries.ROUTES,
    *duplicates.ROUTES,
    *publication.ROUTES,
    *revisions.ROUTES,
    *diffs.ROUTES,
    *usage.ROUTES,
    *readiness.ROUTES,
    *preview_tokens.ROUTES,
)
"""The routes of management for each content type."""


def every_route(catalog: Sequence[ContentResource]) -> Sequence[Route]:
    """Every route of the version, in reading order: delivery, preview, then management.

    The same content types give the same endpoints. These are made once, because making them takes longer than serving
    a request, and they never change.
    """
    return _every_route(tuple(catalog))


@lru_cache(maxsize=16)
def _every_route(catalog: tuple[ContentResource, ...]) -> tuple[Route, ...]:
    spaces = ((V1.prefix, _delivery(catalog)), (V1.preview, _preview(catalog)), (V1.management, _management(catalog)))
    return tuple((tag, f"{prefix}{path}", endpoint) for prefix, routes in spaces for tag, path, endpoint in routes)


def _delivery(catalog: Sequence[ContentResource]) -> Iterator[Route]:
    for resource in catalog:
        yield from _of_type(resource.type.plural, delivered.ROUTES, resource)
    for routes in (site.ROUTES, platforms.ROUTES, search.ROUTES, redirects.ROUTES, changes.ROUTES):
        yield from _of_catalog(routes, catalog)


def _preview(catalog: Sequence[ContentResource]) -> Iterator[Route]:
    for resource in catalog:
        yield from _of_type("preview", previewed.TYPE_ROUTES, resource)
    yield from _of_catalog(previewed.ROUTES, catalog)


def _management(catalog: Sequence[ContentResource]) -> Iterator[Route]:
    for resource in catalog:
        yield from _of_type(f"manage {resource.type.plural}", MANAGED, resource)
    for routes in (batch.ROUTES, site_settings.ROUTES, keys.ROUTES, events.ROUTES):
        yield from _of_catalog(routes, catalog)


def _of_type(tag: str, routes: TypeRoutes, resource: ContentResource) -> Iterator[Route]:
    for path, endpoint in routes:
        yield tag, f"/{resource.type.plural}{path}", of_type(endpoint, resource)


def _of_catalog(routes: Iterable[Route], catalog: Sequence[ContentResource]) -> Iterator[Route]:
    for tag, path, endpoint in routes:
        yield tag, path, of_catalog(endpoint, catalog) if issubclass(endpoint, CatalogEndpoint) else endpoint
