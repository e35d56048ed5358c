"""The languages that a request of delivery is answered in."""

from cms.api.http.problems import InvalidParameter
from cms.errors import Fault
from cms.site import Site


def languages(site: Site, locale: str | None, *, all_of_them: bool = False) -> list[str]:
    """The locales to look in, best first: the asked one or the site's default, then those that stand in for it.

    With ``all_of_them`` the site's others follow, for what is in one language only. Raises ``InvalidParameter`` for a
    locale that the site does not have.
    """
    wanted = locale or site.default_locale
    if wanted not in site.locales:
        known = ", ".join(site.locales)
        raise InvalidParameter(
            Fault("unknown_locale", f"The site has no locale '{wanted}'; it has {known}.", parameter="locale")
        )
    chain: list[str] = site.chain(wanted)
    return chain + [each for each in site.locales if all_of_them and each not in chain]
