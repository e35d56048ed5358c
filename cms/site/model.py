"""The one row of site settings, and what can be asked of it."""

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
    """The settings as one document, so that a new one needs no migration."""

    __tablename__ = "site"
    __table_args__ = (CheckConstraint("id = 1", name="single"),)

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    data: Mapped[dict[str, Any]] = mapped_column(JSON)
    changed: Mapped[int] = mapped_column(BigInteger)
    updated_at: Mapped[datetime] = mapped_column(UTCDateTime)


@dataclass(frozen=True)
class Site:
    """The settings with their defaults filled in; ``public_url`` stands in until the site has an address."""

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
        """Where the frontend lives, without a trailing slash."""
        return str(self.data["base_url"] or self.public_url).rstrip("/")

    @property
    def default_locale(self) -> str:
        return str(self.data["default_locale"])

    @property
    def words_per_minute(self) -> int:
        return int(self.data["words_per_minute"])

    @property
    def locales(self) -> dict[str, str | None]:
        """Each locale's code with the one it falls back to."""
        return {each["code"]: each["fallback"] for each in self.data["locales"]}

    def chain(self, locale: str) -> list[str]:
        """The locale and those that stand in for it, best first; a circle ends where it closes."""
        fallbacks, chain = self.locales, []
        following: str | None = locale
        while following is not None and following not in chain:
            chain.append(following)
            following = fallbacks.get(following)
        return chain

    def url(self, pattern: str, slug: str | None = None) -> str | None:
        """The canonical address that a pattern's name gives, or ``None`` where the site has no such page."""
        path: str | None = self.data["url_patterns"].get(pattern)
        if path is None or ("{slug}" in path and slug is None):
            return None
        return self.base_url + path.replace("{slug}", slug or "")

    def collection_label(self, plural: str) -> str:
        """What the site's navigation calls a collection: the label of the item that leads there."""
        address = self.data["url_patterns"].get(plural)
        for item in _flattened(self.data["navigation"]):
            if address is not None and item["url"] in (address, self.base_url + address):
                return str(item["label"])
        return plural.replace("-", " ").capitalize()


def _flattened(items: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [inner for item in items for inner in (item, *_flattened(item.get("children") or []))]


def slug_between(address: str, before: str, after: str) -> str | None:
    """The slug that an address has where a pattern has ``{slug}``, between two texts; ``None`` if it has none there."""
    if len(address) < len(before) + len(after) or not (address.startswith(before) and address.endswith(after)):
        return None
    slug = address[len(before) : len(address) - len(after)]
    return slug if is_slug(slug) else None
