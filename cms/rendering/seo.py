"""The search-engine head of a page: what a frontend puts into ``<head>``, with every fallback applied."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Page:
    """What is known of a page; ``title`` has been through the site's template, ``heading`` has not."""

    title: str
    heading: str
    description: str | None
    url: str | None
    canonical_url: str | None
    noindex: bool
    image: Mapping[str, Any] | None
    """``url``, ``alt``, ``width`` and ``height``."""
    site_name: str
    locale: str
    published_at: str
    updated_at: str
    authors: Sequence[str]
    alternates: Mapping[str, str | None]
    """The page's address by locale, its own included."""
    default_locale: str


def head(page: Page) -> dict[str, Any]:
    """The head as data: title, description, canonical address, robots, Open Graph, Twitter card, alternates."""
    return {
        "title": page.title,
        "description": page.description,
        "canonical_url": page.canonical_url,
        "robots": "noindex, follow" if page.noindex else "index, follow, max-image-preview:large",
        "open_graph": {
            "type": "article",
            "title": page.heading,
            "description": page.description,
            "url": page.canonical_url,
            "site_name": page.site_name,
            # Open Graph writes locales with an underscore.
            "locale": page.locale.replace("-", "_"),
            "image": dict(page.image) if page.image else None,
            "published_time": page.published_at,
            "modified_time": max(page.published_at, page.updated_at),
            "authors": list(page.authors),
        },
        "twitter": {
            "card": "summary_large_image" if page.image else "summary",
            "title": page.heading,
            "description": page.description,
            "image": page.image["url"] if page.image else None,
        },
        "alternates": _alternates(page),
    }


def _alternates(page: Page) -> list[dict[str, str]]:
    """Addresses of the same page in other languages; a page that stands alone has none."""
    known = {locale: url for locale, url in page.alternates.items() if url is not None}
    if len(known) < 2:
        return []
    alternates = [{"hreflang": locale, "href": url} for locale, url in sorted(known.items())]
    if page.default_locale in known:
        alternates.append({"hreflang": "x-default", "href": known[page.default_locale]})
    return alternates
