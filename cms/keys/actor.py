"""The actor of a request or a command, and its scopes."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from cms.errors import Forbidden


@dataclass(frozen=True)
class Actor:
    """The API key that acts, or the service's own program, such as the command line, if ``key_id`` is ``None``."""

    key_id: str | None = None
    name: str = "command line"
    scopes: frozenset[str] = frozenset()
    request_id: str | None = None
    expires_at: datetime | None = None
    client: str | None = None
    """The program that uses the key, as its ``User-Agent`` names it."""

    @property
    def program(self) -> str | None:
        """The program that acts: the client that uses the key, or a part of the service itself."""
        return self.client if self.key_id else self.name

    def require(self, scope: str) -> None:
        """Raise ``Forbidden`` if the scope is missing. The command line has no key and may do everything."""
        if self.key_id is not None:
            require_scope(self.scopes, scope)


def require_scope(scopes: Collection[str], wanted: str) -> None:
    """Raise ``Forbidden`` unless the wanted scope is among these."""
    if wanted not in scopes:
        raise Forbidden(f"A key with the scope {wanted} is required.", scope=wanted)
