"""The table of site settings, which has one row, and the settings as an object."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint
from sqlalchemy.orm import Mapped, mapped_column

from cms.db import JSON, Base, UTCDateTime
from cms.identifiers import is_slug

DEFAULTS: dict[str, Any] = {
    "name": "My site",
    "tagline": None,
    "base_url": None,
    "title_template": "{title} | {site}",
    "default_locale": "en",
    "locales": [{"code": "en", "fallback": None}],
    "url_patterns": {
        "home": "/",
        "articles": "/blog",
        "article": "/blog/{slug}",
        "faqs": "/faq",
        "faq": "/faq#{slug}",
        "authors": "/authors",
        "author": "/authors/{slug}",
        "tags": "/tags",
        "tag": "/tags/{slug}",
    },
    "navigation": [],
    "logo": None,
    "words_per_minute": 200,
    "publish_blockers": [],
}


class SiteRow(Base):
    """The settings as one JSON document, so that a new setting needs no migration."""

    __tablename__ = "site"
    __table_args__ = (CheckConstraint("id = 1", name="single"),)

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    data: Mapped[dict[str, Any]] = mapped_column(JSON)
    changed: Mapped[int] = mapped_column(BigInteger)
    updated_at: Mapped[datetime] = mapped_column(UTCDateTime)


@dataclass(frozen=True)
class Site:
    """The settings with their defaults. ``public_url`` is used as long as the site has no ``base_url``."""

    data: dict[str, Any]
    public_url: str

    @classmethod
    def of(cls, stored: dict[str, Any], public_url: str) -> "Site":
        return cls(DEFAULTS | stored, public_url)

    @property
    def name(self) -> str:
        return str(self.data["name"])

    @property
    def base_url(self) -> str:
        """The URL of the frontend, without a trailing slash."""
        return str(self.data["base_url"] or self.public_url).rstrip("/")

    @property
    def default_locale(self) -> str:
        return str(self.data["default_locale"])

    @property
    def words_per_minute(self) -> int:
        return int(self.data["words_per_minute"])

    @property
    def locales(self) -> dict[str, str | None]:
        """The fallback of each locale, by the locale's code."""
        return {each["code"]: each["fallback"] for each in self.data["locales"]}

    def chain(self, locale: str) -> list[str]:
        """The locale and its fallbacks, best first: ``["de-AT", "de"]``. The chain ends before a locale repeats."""
        fallbacks, chain = self.locales, []
        following: str | None = locale
        while following is not None and following not in chain:
            chain.append(following)
            following = fallbacks.get(following)
        return chain

    def url(self, pattern: str, slug: str | None = None) -> str | None:
        """The canonical URL of the page with this pattern and slug, or ``None`` if the site has no such page.

        Example: ``url("article", "a-slug")`` is ``https://example.org/blog/a-slug``.
        """
        path: str | None = self.data["url_patterns"].get(pattern)
        if path is None or ("{slug}" in path and slug is None):
            return None
        return self.base_url + path.replace("{slug}", slug or "")

    def collection_label(self, plural: str) -> str:
        """The name of a collection: the label of the navigation item that leads there, or the plural of the type."""
        address = self.data["url_patterns"].get(plural)
        for item in _flattened(self.data["navigation"]):
            if address is not None and item["url"] in (address, self.base_url + address):
                return str(item["label"])
        return plural.replace("-", " ").capitalize()


def _flattened(items: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [inner for item in items for inner in (item, *_flattened(item.get("children") or []))]


def slug_between(address: str, before: str, after: str) -> str | None:
    """The slug between the two parts of a pattern in an address, or ``None`` if the address does not match.

    Example: for ``/blog/a-slug/`` with ``/blog/`` before and ``/`` after, it is ``a-slug``.
    """
    if len(address) < len(before) + len(after) or not (address.startswith(before) and address.endswith(after)):
        return None
    slug = address[len(before) : len(address) - len(after)]
    return slug if is_slug(slug) else None
