"""Makes responses: a document as bytes, with the headers that follow from it."""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from flask import Response
from sqlalchemy import Connection

from cms.wire import to_json


@dataclass(frozen=True)
class Answer:
    """The answer of a method: a JSON document, or ``None`` for no body, with status and headers."""

    document: Any = None
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    before: Callable[[Connection], Any] | None = None
    """Reads the present state of the document's ``data``, which a dry run compares with the new one."""


def json_response(answer: Answer) -> Response:
    """The response for a JSON answer that no cache may store."""
    response = Response(status=answer.status)
    if answer.document is not None:
        response.set_data(to_json(answer.document))
        response.content_type = "application/json"
    else:
        response.headers.pop("Content-Type", None)
    response.headers["Cache-Control"] = "no-store"
    response.headers.update(answer.headers)
    return response


def content_type(media_type: str) -> str:
    """The ``Content-Type`` of UTF-8 text. Markdown must name the charset (RFC 7763), JSON has none (RFC 8259, 11)."""
    return media_type if media_type.endswith("json") else f"{media_type}; charset=utf-8"


def strong_etag(content: bytes) -> str:
    """The strong entity tag of some bytes, which depends on nothing but the bytes."""
    return f'"{hashlib.sha256(content).hexdigest()[:32]}"'
