"""Authenticates callers by ``Authorization: Bearer`` (RFC 6750) and checks their scopes, before a body is read."""

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
"""The query parameter that may have a preview token if there is no header."""


@dataclass(frozen=True)
class TokenHolder(Actor):
    """A caller without a key, whose preview token gives access to one entry."""

    entry_id: str = ""


def actor_with(scope: str, request_id: str, *, takes_token: bool = False, is_noted: bool = True) -> Actor:
    """The caller, whose key has this scope, or with ``takes_token`` who has a preview token.

    A header wins over the query parameter. ``is_noted`` is true if the time of the key's last use may be stored. Raises
    ``Unauthorized`` or ``Forbidden``.
    """
    # In preview the parameter is read on every route, so that a token gets the same answer whichever way it is sent.
    reads_parameter = takes_token or request.path.startswith(PREVIEWS)
    given = request.headers.get("Authorization") or _as_header(request.args.get(BY_QUERY) if reads_parameter else None)
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
            raise Forbidden("A preview token gives access to the entry that it was made for, and to nothing else.")
        return TokenHolder(row.id, row.name, frozenset(), request_id, row.expires_at, entry_id=entry_id)
    check_scope(row.scopes, scope)
    if is_noted and (row.last_used_at is None or now - row.last_used_at > USE_IS_NOTED_EVERY):
        _note(row.id)
    return Actor(row.id, row.name, frozenset(row.scopes), request_id, row.expires_at, _client())


def check_scope(scopes: Collection[str], wanted: str) -> None:
    """Raise ``Forbidden`` unless the wanted scope is among these, or every key is allowed."""
    if wanted != ANY:
        require_scope(scopes, wanted)


def _client() -> str | None:
    """The ``User-Agent`` of the caller, for the audit log.

    The network address is not stored: it is personal data, behind a proxy it is the proxy's, and the key already
    identifies the caller.
    """
    given = request.headers.get("User-Agent", "")
    return "".join(each for each in given if each.isprintable())[:CLIENT_LENGTH] or None


def _as_header(token: str | None) -> str:
    """The parameter as a header. It can have a preview token only: a key in a URL is never accepted."""
    return "" if token is None else f"Bearer {PREFIX}{token.removeprefix(PREFIX)}"


def _known(connection: Any, credential: str, now: datetime) -> tuple[Any, str | None]:
    """The row of a valid key or ``None``, and for a preview token the id of its entry."""
    if not credential.startswith(PREFIX):
        return authenticate(connection, credential, now), None
    granted = read_token(connection, services().settings.secret_key, credential, now)
    return (granted.key, granted.entry_id) if granted else (None, None)


def _note(key_id: str) -> None:
    try:
        with services().database.transaction() as session:
            note_use(session, key_id, clock.now())
    except Unavailable:
        # The time of the last use is useful, but a request must not fail because of it.
        pass
