"""Answers: documents as bytes, with the headers that follow from them."""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import orjson
from flask import Response
from sqlalchemy import Connection

from cms import clock


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
