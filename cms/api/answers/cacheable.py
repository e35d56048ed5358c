"""Answers of delivery: bytes with a strong entity tag and the headers that say how long they may be kept."""

from collections.abc import Mapping
from typing import Any

from flask import Response, request

from cms.api.answers.lifetimes import MomentHeaders, not_found_headers
from cms.api.http.problems import problem
from cms.api.http.responses import encode, strong_etag
from cms.content.published.moment import Moment

MOMENT = "cms.moment"
"""Where the WSGI environment says which moment an answer follows from, for the front."""
FIXED = "cms.fixed"
"""Stands in the WSGI environment where an answer is the same for as long as the process runs, for the front."""


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
