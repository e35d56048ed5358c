"""Makes the answers of delivery: bytes with a strong entity tag and caching headers."""

from collections.abc import Mapping
from typing import Any

from flask import Response, request

from cms.api.answers.lifetimes import MomentHeaders, not_found_headers
from cms.api.http.problems import problem
from cms.api.http.responses import strong_etag
from cms.content.published.moment import Moment
from cms.errors import NOT_FOUND
from cms.wire import to_json

MOMENT = "cms.moment"
"""The key in the WSGI environment of the moment that an answer was made from, for the answer cache."""
FIXED = "cms.fixed"
"""A key that is in the WSGI environment if the answer stays the same while the process runs, for the answer cache."""


def cached_response(document: Any, cache_headers: Mapping[str, str]) -> Response:
    """An answer of delivery: a document as JSON, with a strong entity tag and the caching headers."""
    return cached_bytes(to_json(document), "application/json", cache_headers)


def cached_bytes(content: bytes, content_type: str, cache_headers: Mapping[str, str], *, status: int = 200) -> Response:
    """An answer of delivery in any media type, with a strong entity tag and the caching headers.

    The answer cache sends 304 to a client that has the bytes. If the headers come from ``cache_headers(moment)``, it
    keeps the answer until the moment's content changes. An answer that depends on anything else needs other headers.
    """
    response = Response(content, status, content_type=content_type)
    response.headers["ETag"] = strong_etag(content)
    response.headers["Vary"] = "Accept-Encoding"
    response.headers.update(cache_headers)
    if isinstance(cache_headers, MomentHeaders):
        request.environ[MOMENT] = cache_headers.moment
    return response


def not_found(moment: Moment) -> Response:
    """The 404 of delivery. It may be cached only briefly, because an entry may be published at the address soon."""
    response = problem("not-found", NOT_FOUND)
    response.headers.update(not_found_headers(moment))
    return response


def fixed_response(content: bytes, content_type: str, headers: Mapping[str, str]) -> Response:
    """An answer that depends on the program and its settings alone. The answer cache keeps it without a time limit."""
    request.environ[FIXED] = True
    return cached_bytes(content, content_type, headers)
