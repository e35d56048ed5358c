"""Pages of lists: signed keyset cursors, bound to their filters and sort, and links (RFC 8288)."""

import hashlib
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from flask import current_app, request
from itsdangerous import BadData, URLSafeSerializer

from cms import clock
from cms.api.http.problems import InvalidParameter
from cms.errors import Fault
from cms.wire import to_json

LIMIT = 20
LIMIT_AT_MOST = 100


CURSORS = "cursors"
"""The name of the cursor signer among the application's Flask extensions."""


def cursor_signer(secret_key: str) -> URLSafeSerializer:
    """The serializer that signs and verifies the cursors of an application."""
    return URLSafeSerializer(secret_key, salt="cursor", signer_kwargs={"digest_method": hashlib.sha256})


def read_cursor(cursor: str | None, query: Mapping[str, Any]) -> tuple[Any, str] | None:
    """The sort value and the id of the last item of the previous page; ``None`` without a cursor.

    Raises ``InvalidParameter`` if the cursor is invalid, or was made for another query.
    """
    if cursor is None:
        return None
    try:
        kind, value, entry_id, bound = current_app.extensions[CURSORS].loads(cursor)
    except (BadData, ValueError, TypeError):
        detail = "The cursor is invalid. Use `page.next` from a previous answer to the same query."
        raise InvalidParameter(Fault("invalid_cursor", detail, parameter="cursor")) from None
    if bound != _fingerprint(query):
        detail = "The cursor belongs to other filters or another sort. Use it with the query that it was made for."
        raise InvalidParameter(Fault("invalid_cursor", detail, parameter="cursor"))
    return (clock.from_wire(value) if kind == "time" else value), entry_id


def make_cursor(value: Any, entry_id: str, query: Mapping[str, Any]) -> str:
    """The cursor of the page that begins after this entry, whose sort value is ``value``."""
    is_time = isinstance(value, datetime)
    sort_value = clock.to_wire(value) if is_time else value
    payload = ("time" if is_time else "plain", sort_value, entry_id, _fingerprint(query))
    return str(current_app.extensions[CURSORS].dumps(payload))


def _fingerprint(query: Mapping[str, Any]) -> str:
    """A digest of what a cursor is bound to: the path, the filters and the sort, but not the page's size or shape."""
    given = {name: value for name, value in query.items() if name not in _SHAPE and value is not None}
    # A repeated parameter means "or", so its order and its duplicates do not matter.
    bound = {name: sorted(set(value)) if isinstance(value, list) else value for name, value in given.items()}
    text = to_json([request.path, bound], sort_keys=True)
    return hashlib.sha256(text).hexdigest()[:16]


_SHAPE = {"cursor", "limit", "include_total", "fields", "exclude", "include", "formats"}


def page(
    items: list[Any], query: Mapping[str, Any], following: tuple[Any, str] | None, total: int | None
) -> tuple[dict[str, Any], dict[str, str]]:
    """A list's document and its ``Link`` header.

    ``following`` is the sort value and the id of the last item of this page, or ``None`` if no page follows.
    """
    cursor = make_cursor(*following, query) if following else None
    links = {"self": _page_url(None, keep=True), "next": cursor and _page_url(cursor)}
    information: dict[str, Any] = {"limit": query["limit"], "next": cursor}
    if total is not None:
        information["total"] = total
    header = [f'<{_page_url(None)}>; rel="first"'] if cursor or query.get("cursor") else []
    if links["next"]:
        header.insert(0, f'<{links["next"]}>; rel="next"')
    document = {"data": items, "page": information, "links": links}
    return document, {"Link": ", ".join(header)} if header else {}


def _page_url(cursor: str | None, *, keep: bool = False) -> str:
    """The URL of a page of this list, with its parameters in a canonical order.

    It has the given cursor, or with ``keep`` the cursor of the request.
    """
    given = [(name, value) for name, value in sorted(request.args.items(multi=True)) if keep or name != "cursor"]
    if cursor is not None:
        given.append(("cursor", cursor))
    query = f"?{urlencode(given)}" if given else ""
    return f"{current_app.config['PUBLIC_URL']}{request.path}{query}"
