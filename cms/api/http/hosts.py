"""Which ``Host`` headers (RFC 9110, 7.2) are those of this service."""

from collections.abc import Callable, Iterable
from functools import lru_cache

from cms.identifiers import HOST

HOST_LENGTH = 255


def host_check(hosts: Iterable[str]) -> Callable[[str], bool]:
    """Whether a ``Host`` is one of these, on any port; one that begins with a dot stands for all names below it.

    What was asked lately is remembered. Werkzeug has such a check, which knows no IPv6 and no capitals.
    """
    names = frozenset(hosts)
    domains = tuple(each for each in names if each.startswith("."))

    @lru_cache(maxsize=64)
    def is_named(host: str) -> bool:
        found = HOST.fullmatch(host)
        return found is not None and (found[1].lower() in names or found[1].lower().endswith(domains))

    def is_known(host: str) -> bool:
        return len(host) <= HOST_LENGTH and is_named(host)

    return is_known
