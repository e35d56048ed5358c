"""Checks the ``Host`` header (RFC 9110, 7.2) against the names of the service."""

from collections.abc import Callable, Iterable
from functools import lru_cache

from cms.identifiers import HOST

HOST_LENGTH = 255


def host_check(hosts: Iterable[str]) -> Callable[[str], bool]:
    """A function that is true for a ``Host`` that is one of these, on any port.

    A name that begins with a dot matches all its subdomains: ``.example.org`` matches ``www.example.org``. Recent
    results are cached. Werkzeug's own check supports neither IPv6 addresses nor capitals.
    """
    names = frozenset(hosts)
    domains = tuple(each for each in names if each.startswith("."))

    @lru_cache(maxsize=64)
    def is_named(host: str) -> bool:
        match = HOST.fullmatch(host)
        return match is not None and (match[1].lower() in names or match[1].lower().endswith(domains))

    def is_known(host: str) -> bool:
        return len(host) <= HOST_LENGTH and is_named(host)

    return is_known
