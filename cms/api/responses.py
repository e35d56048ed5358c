"""Answers: documents as bytes, with the headers that follow from them."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import orjson
from flask import Response, request

from cms import clock


@dataclass(frozen=True)
class Answer:
    """What a method answers: a JSON document, or ``None`` for no body, with status and headers."""

    document: Any = None
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


def encode(document: Any) -> bytes:
    """The one JSON encoding: UTF-8, times as RFC 3339."""
    return orjson.dumps(document, default=_default, option=orjson.OPT_PASSTHROUGH_DATETIME)


def _default(value: Any) -> Any:
    if isinstance(value, datetime):
        return clock.to_wire(value)
    raise TypeError


def json_response(answer: Answer) -> Response:
    """The answer of management: not stored by anyone."""
    response = Response(status=answer.status)
    if answer.document is not None:
        response.set_data(encode(answer.document))
        response.content_type = "application/json"
    else:
        response.headers.pop("Content-Type", None)
    response.headers["Cache-Control"] = "no-store"
    response.headers.update(answer.headers)
    return response


def strong_etag(content: bytes) -> str:
    """The strong entity tag of bytes: other bytes, other tag, and nothing else changes it."""
    return f'"{hashlib.sha256(content).hexdigest()[:32]}"'


def matches_none(etag: str) -> bool:
    """Whether ``If-None-Match`` names the tag, by weak comparison (RFC 9110, 13.1.2)."""
    given = request.if_none_match
    return bool(given.star_tag) or given.contains_weak(etag.strip('"'))


def cached_response(document: Any, cache_headers: Mapping[str, str], *, status: int = 200) -> Response:
    """The answer of delivery: a strong entity tag, the caching headers, and 304 where the client has the bytes."""
    content = encode(document)
    etag = strong_etag(content)
    # A precondition counts only where the answer would be 2xx without it (RFC 9110, 13.2.1).
    fresh = status == 200 and matches_none(etag)
    if fresh:
        response = Response(status=304)
        response.headers.pop("Content-Type", None)
    else:
        response = Response(content, status, content_type="application/json")
    response.headers["ETag"] = etag
    response.headers["Vary"] = "Accept-Encoding"
    response.headers.update(cache_headers)
    if fresh:
        response.headers.pop("Link", None)
    return response
