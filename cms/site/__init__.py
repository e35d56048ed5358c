"""The settings of the site: its name, locales, URL patterns and navigation."""

from cms.site.model import DEFAULTS, Site, SiteRow, slug_between

__all__ = ["DEFAULTS", "Site", "SiteRow", "slug_between"]
