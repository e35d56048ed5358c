"""Answers: documents as bytes, with the headers that follow from them."""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import orjson
from flask import Response, request
from sqlalchemy import Connection

from cms import clock
from cms.api.caching import MomentHeaders, not_found_headers
from cms.api.problems import problem
from cms.content.version import Moment

MOMENT = "cms.moment"
"""Where the WSGI environment says which moment an answer follows from, for the front."""
FIXED = "cms.fixed"
"""Stands in the WSGI environment where an answer is the same for as long as the process runs, for the front."""


@dataclass(frozen=True)
class Answer:
    """What a method answers: a JSON document, or ``None`` for no body, with status and headers."""

    document: Any = None
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    before: Callable[[Connection], Any] | None = None
    """Reads, for a dry run, what the document's ``data`` is at present."""


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


def content_type(media_type: str) -> str:
    """The ``Content-Type`` of text in UTF-8, which Markdown has to name (RFC 7763); JSON has none (RFC 8259, 11)."""
    return media_type if media_type.endswith("json") else f"{media_type}; charset=utf-8"


def strong_etag(content: bytes) -> str:
    """The strong entity tag of bytes: other bytes, other tag, and nothing else changes it."""
    return f'"{hashlib.sha256(content).hexdigest()[:32]}"'


def cached_response(document: Any, cache_headers: Mapping[str, str]) -> Response:
    """The answer of delivery: a document as JSON, with a strong entity tag and the caching headers."""
    return cached_bytes(encode(document), "application/json", cache_headers)


def cached_bytes(content: bytes, content_type: str, cache_headers: Mapping[str, str], *, status: int = 200) -> Response:
    """The answer of delivery in any media type, with a strong entity tag and the caching headers.

    The front answers 304 where the client has the bytes. It keeps the answer while the moment's content stands if the
    headers come from ``cache_headers(moment)``: what follows from anything else must be given other ones.
    """
    response = Response(content, status, content_type=content_type)
    response.headers["ETag"] = strong_etag(content)
    response.headers["Vary"] = "Accept-Encoding"
    response.headers.update(cache_headers)
    if isinstance(cache_headers, MomentHeaders):
        request.environ[MOMENT] = cache_headers.moment
    return response


def not_found(moment: Moment) -> Response:
    """The answer of delivery where nothing is: what is not there yet may be there in a moment."""
    response = problem("not-found", "There is nothing here.")
    response.headers.update(not_found_headers(moment))
    return response


def fixed_response(content: bytes, content_type: str, headers: Mapping[str, str]) -> Response:
    """What depends on the program and its settings alone, with a strong entity tag; the front keeps it for good."""
    request.environ[FIXED] = True
    return cached_bytes(content, content_type, headers)
