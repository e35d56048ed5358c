"""Who acts, and what they may do."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from cms.errors import Forbidden


@dataclass(frozen=True)
class Actor:
    """Who acts: an API key, or the command line when ``key_id`` is ``None``."""

    key_id: str | None = None
    name: str = "command line"
    scopes: frozenset[str] = frozenset()
    request_id: str | None = None
    expires_at: datetime | None = None
    client: str | None = None
    """The program that acts, as it names itself."""

    @property
    def program(self) -> str | None:
        """What acts: the program of who has a key, or else the part of the service itself."""
        return self.client if self.key_id else self.name

    def require(self, scope: str) -> None:
        """Raise ``Forbidden`` without this scope. The command line, which has no key, may do everything."""
        if self.key_id is not None:
            require_scope(self.scopes, scope)


def require_scope(scopes: Collection[str], wanted: str) -> None:
    """Raise ``Forbidden`` unless the wanted scope is among these."""
    if wanted not in scopes:
        raise Forbidden(f"This needs a key with the scope {wanted}.", scope=wanted)
