"""Content negotiation by ``Accept`` (RFC 9110, 12.5.1)."""

import re
from collections.abc import Iterator, Sequence

from flask import request

from cms.api.http.problems import NotAcceptable

RANGE = re.compile(r"[\w!#$&^.+*-]+/[\w!#$&^.+*-]+")


def check_accept(*media_types: str) -> None:
    """Raise ``NotAcceptable`` if the client accepts none of these types. A malformed header counts as absent.

    Parameters of a range, such as ``charset``, are ignored: they make no difference for any of the types.
    """
    ranges = [(kind.partition(";")[0].strip().lower(), quality) for kind, quality in request.accept_mimetypes]
    readable = [(kind, quality) for kind, quality in ranges if RANGE.fullmatch(kind)]
    if readable and not any(_quality(each, readable) > 0 for each in media_types):
        raise NotAcceptable(f"This resource is available as {' or '.join(media_types)}.")


def preferred(*media_types: str) -> str:
    """The type with the highest quality for the client. The first one wins among equals, and without a valid header."""
    ranges = [(kind.partition(";")[0].strip().lower(), quality) for kind, quality in request.accept_mimetypes]
    return max(media_types, key=lambda each: _quality(each, ranges))


def _quality(media_type: str, ranges: Sequence[tuple[str, float]]) -> float:
    """The quality of the type: that of the most specific range that matches it, or 0."""
    for wanted in _matching_ranges(media_type):
        qualities = [quality for kind, quality in ranges if kind == wanted]
        if qualities:
            return max(qualities)
    return 0


def _matching_ranges(media_type: str) -> Iterator[str]:
    """The ranges that match the type, most specific first. ``application/json`` matches ``application/x+json`` too."""
    yield media_type
    kind, _, subtype = media_type.partition("/")
    suffix = subtype.rpartition("+")[2]
    if suffix != subtype:
        yield f"application/{suffix}"
    if suffix == "xml":
        yield "text/xml"
    yield f"{kind}/*"
    yield "*/*"
