"""The search-engine head of a page: the data that a frontend puts into ``<head>``, with every fallback applied.

The rules are those of the search engines' own documentation and of the Open Graph protocol. Where these leave a choice,
a comment gives the reason for ours.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

EXCERPT_LIMIT = 160
"""The most characters of a computed description: about as many as a page of results shows."""

PageType = Literal["article", "profile", "website"]
"""The Open Graph type: ``article``, ``profile`` for the page of a person, or ``website`` for any other page."""


@dataclass(frozen=True, kw_only=True)
class PageFacts:
    """The data of a page before any fallback is applied."""

    type: PageType = "article"
    title: str
    """The name of the entry in lists."""
    written: Mapping[str, Any]
    """``title``, ``description``, ``canonical_url``, ``noindex`` and ``image`` if an editor set them."""
    summary: str | None
    """The summary that an editor wrote."""
    excerpt: str
    """The beginning of its text."""
    url: str | None
    image: Mapping[str, Any] | None
    """The picture of the entry: ``url``, which may be a path, ``alt``, ``width`` and ``height``."""
    site_name: str
    title_template: str
    base_url: str
    logo: Mapping[str, Any] | None
    locale: str
    default_locale: str
    published_at: str
    updated_at: str
    authors: Sequence[str] = ()
    tags: Sequence[str] = ()
    """The names of the tags, most important first."""
    translations: Mapping[str, str | None]
    """The addresses, by locale, of the translations that search engines may list."""


def search_head(page: PageFacts) -> dict[str, Any]:
    """The head as data: title, description, canonical address, robots, Open Graph, Twitter card, alternates."""
    title = page.written.get("title") or page.title
    description = page.written.get("description") or page.summary or shortened(page.excerpt, EXCERPT_LIMIT) or None
    picture = _picture(page.written.get("image"), page.base_url) or _picture(page.image, page.base_url)
    image = picture or _picture(page.logo, page.base_url)
    alternates = _alternates(page)
    return {
        "title": titled(title, page.title_template, page.site_name),
        "description": description,
        "canonical_url": _canonical_url(page),
        "robots": "noindex, follow" if page.written.get("noindex") else "index, follow, max-image-preview:large",
        "open_graph": {
            "type": page.type,
            # The title does not repeat the site's name, which has a property of its own.
            "title": title,
            "description": description,
            "url": _canonical_url(page) or page.url,
            "site_name": page.site_name,
            "locale": _open_graph_locale(page.locale),
            "locale_alternates": [_open_graph_locale(code) for code in sorted(alternates) if code != page.locale],
            "image": image,
            **_article_properties(page),
        },
        "twitter": {
            # A logo is not a picture of the page: the large card would crop or enlarge it.
            "card": "summary_large_image" if picture else "summary",
            "title": title,
            "description": description,
            "image": image and image["url"],
            "image_alt": (image and image.get("alt")) or None,
        },
        "alternates": _links(alternates, page.default_locale),
    }


def shortened(text: str, limit: int) -> str:
    """The text in one line, cut between words to at most ``limit`` characters, the ellipsis included.

    Only computed texts are cut. Search engines set no limit: they shorten a text to the space that they have.
    """
    line = " ".join(text.split())
    if len(line) <= limit:
        return line
    cut = line[: limit - 1]
    # A script without spaces has no gap near the end, and may be cut anywhere.
    place = cut.rfind(" ") if line[limit - 1] != " " else len(cut)
    return (cut[:place] if place >= limit // 2 else cut).rstrip(" .,;:!?–—-…") + "…"  # noqa: RUF001


def _picture(image: Mapping[str, Any] | None, base_url: str) -> dict[str, Any] | None:
    """The image with its address made absolute, or ``None`` if there is no image on the web."""
    address = absolute(image["url"], base_url) if image else None
    return {**image, "url": address} if image and address else None


def absolute(url: str | None, base_url: str) -> str | None:
    """The web address, completed if it is a path of the site; ``None`` for anything else, such as ``mailto:``."""
    if not url:
        return None
    if url.startswith("/") and not url.startswith("//"):
        return base_url.rstrip("/") + url
    return url if re.match(r"https?://[^/?#]", url, re.IGNORECASE) else None


def titled(title: str, template: str, site_name: str) -> str:
    """The title in the site's template, such as ``{title} | {site}``, applied once.

    The title stays as it is if it equals the site's name or if an editor has already written it in that form.
    """
    before, _, after = (part.replace("{site}", site_name) for part in template.partition("{title}"))
    frame = len(before) + len(after)
    framed = 0 < frame < len(title) and title.startswith(before) and title.endswith(after)
    if framed or title.casefold() == site_name.casefold():
        return title
    # One pass replaces both, because either value may itself contain the text of a placeholder.
    values = {"{title}": title, "{site}": site_name}
    return re.sub(r"\{(?:title|site)\}", lambda match: values[match[0]], template)


def _canonical_url(page: PageFacts) -> str | None:
    """The canonical address, or ``None`` for a page with ``noindex``.

    "Do not list this page" and "list that page instead" contradict each other, and search engines may apply the first
    to both pages.
    """
    return None if page.written.get("noindex") else page.written.get("canonical_url") or page.url


def is_indexable(written: Mapping[str, Any], url: str | None) -> bool:
    """True if search engines should list this address: it exists, without ``noindex`` and another canonical address."""
    canonical_url = written.get("canonical_url")
    return url is not None and not written.get("noindex") and canonical_url in (None, "", url)


def _alternates(page: PageFacts) -> dict[str, str]:
    """The addresses of the page by locale, including its own; empty if it has no translations.

    Only pages that search engines may list refer to each other, because search engines ignore a link that the other
    page does not return.
    """
    if not is_indexable(page.written, page.url):
        return {}
    known = {locale: url for locale, url in {**page.translations, page.locale: page.url}.items() if url is not None}
    return known if len(known) > 1 else {}


def _open_graph_locale(code: str) -> str:
    """The locale as Open Graph writes it: ``en_GB`` for ``en-GB``."""
    return code.replace("-", "_")


def _article_properties(page: PageFacts) -> dict[str, Any]:
    """The properties of the ``article`` namespace; pages of other types have them empty."""
    is_article = page.type == "article"
    return {
        "published_time": page.published_at if is_article else None,
        "modified_time": later(page.published_at, page.updated_at) if is_article else None,
        "authors": list(page.authors) if is_article else [],
        "section": page.tags[0] if is_article and page.tags else None,
        "tags": list(page.tags) if is_article else [],
    }


def later(one: str, other: str) -> str:
    """The later of two RFC 3339 times, unchanged."""
    return max(one, other, key=datetime.fromisoformat)


def _links(alternates: Mapping[str, str], default_locale: str) -> list[dict[str, str]]:
    """One ``hreflang`` link for each language, and ``x-default`` for readers of any other language."""
    links = [{"hreflang": locale, "href": url} for locale, url in sorted(alternates.items())]
    if default_locale in alternates:
        links.append({"hreflang": "x-default", "href": alternates[default_locale]})
    return links
