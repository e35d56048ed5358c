"""The site's own settings: names, languages, addresses and navigation."""

from cms.site.model import DEFAULTS, Site, SiteRow, slug_between

__all__ = ["DEFAULTS", "Site", "SiteRow", "slug_between"]
