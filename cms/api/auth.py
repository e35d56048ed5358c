"""Who calls: ``Authorization: Bearer`` keys and their scopes (RFC 6750). Runs before any body is read."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import request

from cms import clock
from cms.api.http.contract import ANY
from cms.api.http.problems import Unauthorized
from cms.api.services import services
from cms.api.spaces import PREVIEWS
from cms.content.model import CLIENT_LENGTH
from cms.errors import Forbidden, Unavailable
from cms.keys import USE_IS_NOTED_EVERY, Actor, authenticate, note_use, require_scope
from cms.keys.tokens import PREFIX, read_token

BY_QUERY = "token"
"""The parameter in which a preview token may come where there is no header."""


@dataclass(frozen=True)
class TokenHolder(Actor):
    """Somebody without a key, whose preview token opens one entry."""

    entry_id: str = ""


def actor_with(scope: str, request_id: str, *, takes_token: bool = False, is_noted: bool = True) -> Actor:
    """The caller, who has this scope or, where that will do, a preview token; raises ``Unauthorized`` or ``Forbidden``.

    The header decides where there is one. ``is_noted`` says whether the key's use is worth a write.
    """
    # Where a token opens nothing it is told so, sent either way.
    is_looked_for = takes_token or request.path.startswith(PREVIEWS)
    given = request.headers.get("Authorization") or _as_header(request.args.get(BY_QUERY) if is_looked_for else None)
    kind, _, key = given.partition(" ")
    if not given:
        raise Unauthorized(sent=False)
    database, now = services().database, clock.now()
    row = entry_id = None
    if kind.lower() == "bearer":
        with database.snapshot() as connection:
            row, entry_id = _known(connection, key.strip(), now)
    if row is None:
        raise Unauthorized(sent=True)
    if entry_id is not None:
        if not takes_token:
            raise Forbidden("A preview token opens the one entry that it was made for, and nothing else.")
        return TokenHolder(row.id, row.name, frozenset(), request_id, row.expires_at, entry_id=entry_id)
    check_scope(row.scopes, scope)
    if is_noted and (row.last_used_at is None or now - row.last_used_at > USE_IS_NOTED_EVERY):
        _note(row.id)
    return Actor(row.id, row.name, frozenset(row.scopes), request_id, row.expires_at, _client())


def check_scope(scopes: Collection[str], wanted: str) -> None:
    """Raise ``Forbidden`` unless the wanted scope is among these, or any key will do."""
    if wanted != ANY:
        require_scope(scopes, wanted)


def _client() -> str | None:
    """The program that calls, as it names itself, for the audit log.

    Its network address is not kept: it is personal data, behind a proxy it is the proxy's, and the key says who it is.
    """
    given = request.headers.get("User-Agent", "")
    return "".join(each for each in given if each.isprintable())[:CLIENT_LENGTH] or None


def _as_header(token: str | None) -> str:
    """A parameter can carry a preview token only: a key that stands in an address is none."""
    return "" if token is None else f"Bearer {PREFIX}{token.removeprefix(PREFIX)}"


def _known(connection: Any, credential: str, now: datetime) -> tuple[Any, str | None]:
    """The row of the key, if it is a good one, and the entry that a preview token narrows it to."""
    if not credential.startswith(PREFIX):
        return authenticate(connection, credential, now), None
    granted = read_token(connection, services().settings.secret_key, credential, now)
    return (granted.key, granted.entry_id) if granted else (None, None)


def _note(key_id: str) -> None:
    try:
        with services().database.transaction() as session:
            note_use(session, key_id, clock.now())
    except Unavailable:
        # When the key was last used is worth a write, never a refused request.
        pass
