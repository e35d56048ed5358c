"""The site's own settings: names, languages, addresses and navigation."""

from cms.site.model import DEFAULTS, Site, SiteRow

__all__ = ["DEFAULTS", "Site", "SiteRow"]
