"""Who calls: ``Authorization: Bearer`` keys and their scopes (RFC 6750). Runs before any body is read."""

from flask import request

from cms import clock
from cms.api.problems import Unauthorized
from cms.api.services import services
from cms.content.version import Actor
from cms.errors import Forbidden, Unavailable
from cms.keys import USE_IS_NOTED_EVERY, authenticate, note_use

ANY = "any"
"""In place of a scope: every good key will do."""


def actor_with(scope: str, request_id: str) -> Actor:
    """The caller, who has this scope; raises ``Unauthorized`` or ``Forbidden``."""
    given = request.headers.get("Authorization", "")
    kind, _, key = given.partition(" ")
    if not given:
        raise Unauthorized(sent=False)
    database, now = services().database, clock.now()
    row = None
    if kind.lower() == "bearer":
        with database.snapshot() as connection:
            row = authenticate(connection, key.strip(), now)
    if row is None:
        raise Unauthorized(sent=True)
    if scope != ANY and scope not in row.scopes:
        raise Forbidden(f"This needs a key with the scope {scope}.", scope=scope)
    if row.last_used_at is None or now - row.last_used_at > USE_IS_NOTED_EVERY:
        _note(row.id)
    return Actor(row.id, row.name, frozenset(row.scopes), request_id, row.expires_at)


def _note(key_id: str) -> None:
    try:
        with services().database.transaction() as session:
            note_use(session, key_id, clock.now())
    except Unavailable:
        # When the key was last used is worth a write, never a refused request.
        pass
