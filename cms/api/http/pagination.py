"""Pages: signed keyset cursors, bound to the filters and the sort they were made for, and links (RFC 8288)."""

import hashlib
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

import orjson
from flask import current_app, request
from itsdangerous import BadData, URLSafeSerializer

from cms import clock
from cms.api.http.problems import InvalidParameter
from cms.errors import Fault

LIMIT = 20
LIMIT_AT_MOST = 100


CURSORS = "cursors"
"""The name under which an application registers its signer of cursors among Flask's extensions."""


def cursor_signer(secret_key: str) -> URLSafeSerializer:
    """What signs and reads the cursors of an application."""
    return URLSafeSerializer(secret_key, salt="cursor", signer_kwargs={"digest_method": hashlib.sha256})


def read_cursor(cursor: str | None, query: Mapping[str, Any]) -> tuple[Any, str] | None:
    """The sort value and the id where the page before ended; raises ``InvalidParameter`` for any other string."""
    if cursor is None:
        return None
    try:
        kind, value, entry_id, bound = current_app.extensions[CURSORS].loads(cursor)
    except (BadData, ValueError, TypeError):
        raise InvalidParameter(Fault("invalid_cursor", "This is no cursor of ours.", parameter="cursor")) from None
    if bound != _fingerprint(query):
        raise InvalidParameter(
            Fault("invalid_cursor", "This cursor belongs to other filters or another sort.", parameter="cursor")
        )
    return (clock.from_wire(value) if kind == "time" else value), entry_id


def make_cursor(value: Any, entry_id: str, query: Mapping[str, Any]) -> str:
    """A cursor after this entry."""
    timed = isinstance(value, datetime)
    payload = ("time" if timed else "plain", clock.to_wire(value) if timed else value, entry_id, _fingerprint(query))
    return str(current_app.extensions[CURSORS].dumps(payload))


def _fingerprint(query: Mapping[str, Any]) -> str:
    """What a cursor is bound to: the address and everything that chooses or orders, not the page's size or shape."""
    given = {name: value for name, value in query.items() if name not in _SHAPE and value is not None}
    # Repeating means "or": in which order, and how often, is nothing.
    bound = {name: sorted(set(value)) if isinstance(value, list) else value for name, value in given.items()}
    text = orjson.dumps([request.path, bound], default=clock.to_wire, option=orjson.OPT_SORT_KEYS)
    return hashlib.sha256(text).hexdigest()[:16]


_SHAPE = {"cursor", "limit", "include_total", "fields", "exclude", "include", "formats"}


def page(
    items: list[Any], query: Mapping[str, Any], following: tuple[Any, str] | None, total: int | None
) -> tuple[dict[str, Any], dict[str, str]]:
    """A list's document and its ``Link`` header; ``following`` is where the next page begins, if there is one."""
    cursor = make_cursor(*following, query) if following else None
    links = {"self": _address(None, keep=True), "next": cursor and _address(cursor)}
    information: dict[str, Any] = {"limit": query["limit"], "next": cursor}
    if total is not None:
        information["total"] = total
    header = [f'<{_address(None)}>; rel="first"'] if cursor or query.get("cursor") else []
    if links["next"]:
        header.insert(0, f'<{links["next"]}>; rel="next"')
    document = {"data": items, "page": information, "links": links}
    return document, {"Link": ", ".join(header)} if header else {}


def _address(cursor: str | None, *, keep: bool = False) -> str:
    """This list's address with another cursor, or with its own; parameters in a canonical order."""
    given = [(name, value) for name, value in sorted(request.args.items(multi=True)) if keep or name != "cursor"]
    if cursor is not None:
        given.append(("cursor", cursor))
    query = f"?{urlencode(given)}" if given else ""
    return f"{current_app.config['PUBLIC_URL']}{request.path}{query}"
