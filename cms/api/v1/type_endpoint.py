"""Endpoints that stand once in the code and serve every content type, or all content types together.

Their declarations may be functions of the type, and their texts have places for its names: ``{Type}`` is the component
of its schema (``SocialLink``), ``{plural}``, ``{name}`` and ``{a name}`` are words (``social links``, ``social link``,
``a social link``), and ``{id or slug}`` is what its entries are asked for by. ``{and own entries}`` names the entries
that can be the site's own. ``of_type`` makes the class for one type.
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
"""Paths below that of the type, such as ``/<entry_id>/usage``, with their endpoints."""


def of_type(endpoint: type[TypeEndpoint], resource: ContentResource) -> type[Endpoint]:
    """The class that serves one content type: the same methods, each with its contract for this type."""
    return _specialised(endpoint, resource, _names(resource), {"resource": resource})


def of_catalog(endpoint: type[CatalogEndpoint], catalog: Sequence[ContentResource]) -> type[Endpoint]:
    """The class that serves these content types: the same methods, each with its contract for them."""
    return _specialised(endpoint, catalog, _names_of_catalog(catalog), {"catalog": catalog})


def _names(resource: ContentResource) -> dict[str, str]:
    """What stands in the places of a text."""
    kind = resource.type
    name = kind.name.replace("-", " ")
    return {
        "Type": resource.name,
        "plural": kind.plural.replace("-", " "),
        "name": name,
        "a name": f"{_article_of(resource.name)} {name}",
        "id or slug": "id or slug" if kind.has_slug else "id",
    }


def _article_of(name: str) -> str:
    """The article before a component's name; an abbreviation is said letter by letter, as in ``an FAQ``."""
    return "an" if name[0] in ("AEFHILMNORSX" if name.isupper() else "AEIOU") else "a"


def _names_of_catalog(catalog: Sequence[ContentResource]) -> dict[str, str]:
    own = [each.type.plural.replace("-", " ") for each in catalog if each.type.site_filter is not None]
    return {"and own entries": "".join(f" and own {plural}" for plural in own)}


def _specialised(
    endpoint: type[Endpoint], subject: Any, names: Mapping[str, str], attributes: Mapping[str, Any]
) -> type[Endpoint]:
    methods = {
        name.lower(): _of_its_own(getattr(endpoint, name.lower()), subject, names)
        for name in METHODS
        if hasattr(endpoint, name.lower())
    }
    return type(endpoint.__name__, (endpoint,), {**attributes, **methods, "__doc__": endpoint.__doc__})


def _of_its_own(method: Callable[..., Any], subject: Any, names: Mapping[str, str]) -> Callable[..., Any]:
    """The method as another function, so that each subject has a contract and a docstring of its own."""

    @wraps(method)
    def same(self: Endpoint, **arguments: Any) -> Any:
        return method(self, **arguments)

    contract = contract_of(method)
    same.__doc__ = (method.__doc__ or "").format_map(names)
    own = replace(contract.resolved(subject), operation_id=contract.operation_id.format_map(names))
    return keep_contract(same, own)
