"""The locales in which a request of delivery is answered."""

from cms.api.http.problems import InvalidParameter
from cms.errors import Fault
from cms.site import Site


def languages(site: Site, locale: str | None, *, all_of_them: bool = False) -> list[str]:
    """The locales to search, best first: the requested one or the site's default, and then its fallbacks.

    With ``all_of_them`` the other locales of the site follow, for entries that exist in one language only. Example: for
    ``de-AT`` with the fallback ``de``, on a site that also has ``en``, they are ``de-AT``, ``de`` and ``en``. Raises
    ``InvalidParameter`` for a locale that the site does not have.
    """
    wanted = locale or site.default_locale
    if wanted not in site.locales:
        known = ", ".join(site.locales)
        raise InvalidParameter(
            Fault("unknown_locale", f"The site has no locale '{wanted}'. Use one of: {known}.", parameter="locale")
        )
    chain: list[str] = site.chain(wanted)
    return chain + [each for each in site.locales if all_of_them and each not in chain]
