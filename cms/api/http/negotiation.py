"""Content negotiation by ``Accept`` (RFC 9110, 12.5.1)."""

import re
from collections.abc import Iterator, Sequence

from flask import request

from cms.api.http.problems import NotAcceptable

RANGE = re.compile(r"[\w!#$&^.+*-]+/[\w!#$&^.+*-]+")


def check_accept(*media_types: str) -> None:
    """Raises ``NotAcceptable`` where the client rules them out; a header that cannot be read counts as absent.

    Parameters of a range are passed over: none of the types has one that makes a difference.
    """
    ranges = [(kind.partition(";")[0].strip().lower(), quality) for kind, quality in request.accept_mimetypes]
    readable = [(kind, quality) for kind, quality in ranges if RANGE.fullmatch(kind)]
    if readable and not any(_quality(each, readable) > 0 for each in media_types):
        raise NotAcceptable(f"This resource is {' or '.join(media_types)}.")


def preferred(*media_types: str) -> str:
    """The type that the client likes best; the first of equals, and where it says nothing that can be read."""
    ranges = [(kind.partition(";")[0].strip().lower(), quality) for kind, quality in request.accept_mimetypes]
    return max(media_types, key=lambda each: _quality(each, ranges))


def _quality(media_type: str, ranges: Sequence[tuple[str, float]]) -> float:
    """What the most specific range that matches says of the type."""
    for wanted in _names(media_type):
        qualities = [quality for kind, quality in ranges if kind == wanted]
        if qualities:
            return max(qualities)
    return 0


def _names(media_type: str) -> Iterator[str]:
    """What a range may call the type, most specific first; what is XML or JSON may be asked for as that."""
    yield media_type
    kind, _, subtype = media_type.partition("/")
    suffix = subtype.rpartition("+")[2]
    if suffix != subtype:
        yield f"application/{suffix}"
    if suffix == "xml":
        yield "text/xml"
    yield f"{kind}/*"
    yield "*/*"
