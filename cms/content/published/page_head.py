"""An entry's page for search engines: its head, and its graph of linked data (JSON-LD).

The content type declares the schema.org type of its entries, and the meaning of their fields.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from cms.content.published.rows import Row, first_excerpt, written_summary
from cms.content.types import Content, ContentType, Described, Types
from cms.seo.head import PageFacts, is_indexable, search_head
from cms.seo.nodes import Page, Publisher
from cms.site import Site


def described(
    kind: ContentType,
    row: Row,
    site: Site,
    related: Callable[[str], Sequence[Described]],
    values: Content | None = None,
) -> Described:
    """A row for heads and graphs. ``values`` are its delivered fields, if the head or graph is of its own page."""
    return Described(
        kind=kind,
        id=row.entry_id,
        url=site.url(kind.name, row.slug),
        values=kind.blank | row.data if values is None else values,
        bodies=row.bodies or {},
        related=related,
    )


def head_relations(kind: ContentType) -> frozenset[str]:
    """The fields with the other entries that a head names."""
    named = (kind.meanings.people, kind.meanings.topics, "translations")
    return frozenset(each for each in named if each)


def head_of(entry: Described, row: Row, site: Site, translations: Sequence[Row]) -> Content:
    """The search-engine head of a delivered entry."""
    kind, values = entry.kind, entry.values
    meanings = kind.meanings
    return search_head(
        PageFacts(
            type=kind.head or "website",
            title=entry.label,
            written=row.data.get("seo") or {},
            summary=written_summary(kind, row),
            excerpt=first_excerpt(row),
            url=values.get("url"),
            image=values.get(meanings.image) if meanings.image else None,
            site_name=site.name,
            title_template=site.data["title_template"],
            base_url=site.base_url,
            logo=site.data["logo"],
            locale=row.locale,
            default_locale=site.default_locale,
            published_at=values["published_at"],
            updated_at=values["updated_at"],
            authors=_labels(entry, meanings.people),
            tags=_labels(entry, meanings.topics),
            translations=_listed(kind, site, translations),
        )
    )


def _labels(entry: Described, field: str | None) -> list[str]:
    return [each.label for each in entry.related(field)] if field else []


def _listed(kind: ContentType, site: Site, translations: Sequence[Row]) -> dict[str, str | None]:
    """The addresses, by locale, of the translations that search engines may list."""
    addresses = [(each, site.url(kind.name, each.slug)) for each in translations]
    return {each.locale: url for each, url in addresses if is_indexable(each.data.get("seo") or {}, url)}


def graph_relations(kind: ContentType) -> tuple[str, ...]:
    """The relations that a graph contains, written as in ``include``."""
    return kind.linked_data.relations if kind.linked_data else ()


def graph_of(entry: Described, row: Row, site: Site, own_profiles: Sequence[str]) -> dict[str, Any]:
    """The JSON-LD graph of a delivered entry. ``own_profiles`` are the site's addresses on other platforms."""
    values, linked_data = entry.values, entry.kind.linked_data
    assert linked_data is not None, "only a type with linked data has the field"
    page = Page(
        id=row.entry_id,
        url=(row.data.get("seo") or {}).get("canonical_url") or values.get("url"),
        locale=row.locale,
        published_at=values["published_at"],
        updated_at=values["updated_at"],
        breadcrumbs=values["breadcrumbs"],
    )
    return linked_data.graph(page, entry.node, publisher_of(site, own_profiles))


def profiles_of(types: Types, own_entries: Iterable[Row]) -> list[str]:
    """The site's addresses on other platforms, from the entries that belong to the site."""
    addresses = (types[each.type].same_as(each.data) for each in own_entries)
    return [each for each in addresses if each]


def publisher_of(site: Site, own_profiles: Sequence[str]) -> Publisher:
    """The site as the publisher in a graph."""
    return Publisher(
        name=site.name,
        base_url=site.base_url,
        tagline=site.data["tagline"],
        logo=site.data["logo"],
        locales=list(site.locales),
        same_as=own_profiles,
    )
