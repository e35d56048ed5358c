"""Endpoints that are written once and serve each content type, or all content types together.

Their declarations may be functions of the type. Their texts have placeholders for its names: ``{Type}`` is the
component of its schema (``SocialLink``); ``{plural}``, ``{name}`` and ``{a name}`` are words (``social links``,
``social link``, ``a social link``); ``{id or slug}`` says by what an entry is requested; ``{and own entries}`` names
the entries that can be the site's own. ``of_type`` makes the class for one type.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import wraps
from typing import Any

from cms.api.http.contract import METHODS, contract_of, keep_contract
from cms.api.http.endpoint import Endpoint
from cms.api.v1.schemas import ContentResource
from cms.content.types import ContentType


class TypeEndpoint(Endpoint):
    """An endpoint that every content type has."""

    resource: ContentResource

    @property
    def kind(self) -> ContentType:
        """The content type."""
        return self.resource.type


class CatalogEndpoint(Endpoint):
    """An endpoint over the entries of all content types."""

    catalog: Sequence[ContentResource]


TypeRoutes = tuple[tuple[str, type[TypeEndpoint]], ...]
"""Paths below that of the type, such as ``/<entry_id>/usage``, each with its endpoint."""


def of_type(endpoint: type[TypeEndpoint], resource: ContentResource) -> type[Endpoint]:
    """The class that serves one content type: the same methods, each with its contract for this type."""
    return _specialised(endpoint, resource, _placeholders(resource), {"resource": resource})


def of_catalog(endpoint: type[CatalogEndpoint], catalog: Sequence[ContentResource]) -> type[Endpoint]:
    """The class that serves these content types: the same methods, each with its contract for them."""
    return _specialised(endpoint, catalog, _names_of_catalog(catalog), {"catalog": catalog})


def _placeholders(resource: ContentResource) -> dict[str, str]:
    """The values of the placeholders."""
    return {
        "Type": resource.name,
        "plural": resource.plural_noun,
        "name": resource.noun,
        "a name": f"{_article_of(resource.noun)} {resource.noun}",
        "id or slug": "id or slug" if resource.type.has_slug else "id",
    }


def _article_of(noun: str) -> str:
    """The article before a noun; an abbreviation is read letter by letter, as in ``an FAQ entry``."""
    return "an" if noun[0] in ("AEFHILMNORSX" if noun[:2].isupper() else "aeiouAEIOU") else "a"


def _names_of_catalog(catalog: Sequence[ContentResource]) -> dict[str, str]:
    own = [each.plural_noun for each in catalog if each.type.site_filter is not None]
    return {"and own entries": "".join(f" and own {plural}" for plural in own)}


def _specialised(
    endpoint: type[Endpoint], subject: Any, placeholders: Mapping[str, str], attributes: Mapping[str, Any]
) -> type[Endpoint]:
    methods = {
        name.lower(): _method_for(getattr(endpoint, name.lower()), subject, placeholders)
        for name in METHODS
        if hasattr(endpoint, name.lower())
    }
    return type(endpoint.__name__, (endpoint,), {**attributes, **methods, "__doc__": endpoint.__doc__})


def _method_for(method: Callable[..., Any], subject: Any, placeholders: Mapping[str, str]) -> Callable[..., Any]:
    """The method as a function of its own, so that each subject has its own contract and docstring."""

    @wraps(method)
    def separate(self: Endpoint, **arguments: Any) -> Any:
        return method(self, **arguments)

    contract = contract_of(method)
    separate.__doc__ = (method.__doc__ or "").format_map(placeholders)
    own = replace(contract.resolved(subject), operation_id=contract.operation_id.format_map(placeholders))
    return keep_contract(separate, own)
