"""Reads a request's body: checks its media type and its size, and parses strict JSON. No schema is applied here."""

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from flask import request

from cms.api.http.problems import ContentTooLarge, MalformedRequest, UnsupportedMediaType

BODY_BYTES = 1024 * 1024
MEMBERS = 1000
"""The most members of one object."""
DEPTH = 32
"""The most levels of nesting."""
TOO_DEEP = f"The body is nested deeper than {DEPTH} levels."
OUT_OF_RANGE = "a number is out of range"


@dataclass(frozen=True)
class OtherForm:
    """A media type other than JSON that a body may have. ``read`` makes the document that the schema validates."""

    read: Callable[[bytes], Any]
    description: str
    example: str
    longest: int
    """The greatest length in characters."""


def read_body(
    media_type: str,
    *,
    required: bool,
    most_bytes: int = BODY_BYTES,
    also: Mapping[str, OtherForm] = MappingProxyType({}),
) -> Any:
    """The body's document, read from JSON or another form. An absent body is ``{}`` if none is required.

    Raises ``UnsupportedMediaType``, ``ContentTooLarge`` or ``MalformedRequest``.
    """
    if request.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise UnsupportedMediaType("Send the body without Content-Encoding.", {"Accept-Encoding": "identity"})
    if (request.content_length or 0) > most_bytes:
        raise ContentTooLarge(f"The body is larger than {most_bytes} bytes.")
    content = request.stream.read(most_bytes + 1)
    if len(content) > most_bytes:
        raise ContentTooLarge(f"The body is larger than {most_bytes} bytes.")
    if not content and not required:
        return {}
    _check_type(media_type, *also)
    return also[request.mimetype].read(content) if request.mimetype in also else parse(content)


def _check_type(*media_types: str) -> None:
    charset = request.mimetype_params.get("charset", "utf-8").lower()
    if request.mimetype not in media_types or charset not in ("utf-8", "utf8"):
        answer = {"Accept": ", ".join(media_types)}
        if request.method == "PATCH":
            answer["Accept-Patch"] = ", ".join(media_types)
        raise UnsupportedMediaType(f"Send {' or '.join(media_types)} in UTF-8.", answer)


def decoded(content: bytes) -> str:
    """The text of a body in UTF-8. Raises ``MalformedRequest``."""
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise MalformedRequest(f"The body is not valid UTF-8 at byte {error.start}.") from None


def parse(content: bytes) -> Any:
    """Parse strict JSON: UTF-8, no duplicate names, no NaN or infinity, at most 32 levels.

    Raises ``MalformedRequest``.
    """
    text = decoded(content)
    try:
        document = json.loads(text, object_pairs_hook=_unique, parse_constant=_refuse_constant, parse_float=_finite)
    except json.JSONDecodeError as error:
        raise MalformedRequest(_syntax_error(text, error)) from None
    except RecursionError:
        raise MalformedRequest(TOO_DEEP) from None
    except _Refused as refused:
        raise MalformedRequest(f"The JSON of the body is not accepted: {refused}.") from None
    except ValueError:  # Python refuses to read an integer of thousands of digits.
        raise MalformedRequest(f"The JSON of the body is not accepted: {OUT_OF_RANGE}.") from None
    _check_depth(document, 1)
    return document


def _syntax_error(text: str, error: json.JSONDecodeError) -> str:
    """A sentence that says where the JSON is invalid. Python's own message is not used: it changes with releases."""
    rest = text[error.pos :].strip()
    if not rest:
        return "The body is not valid JSON: it is incomplete."
    return f"The body is not valid JSON at line {error.lineno}, column {error.colno}: {rest[:20]!a}."


class _Refused(ValueError):
    """JSON that the grammar allows and this service does not accept."""


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len(pairs) > MEMBERS:
        raise _Refused(f"an object has more than {MEMBERS} members")
    found: dict[str, Any] = {}
    for name, value in pairs:
        if not name.isascii() and any("\ud800" <= each <= "\udfff" for each in name):
            raise _Refused("a name contains half of a surrogate pair")
        if name in found:
            raise _Refused(f"the name {name[:60]!a} occurs twice in an object")
        found[name] = value
    return found


def _refuse_constant(name: str) -> Any:
    raise _Refused(f"{name} is not a JSON value")


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise _Refused(OUT_OF_RANGE)
    return number


def _check_depth(value: Any, depth: int) -> None:
    if depth > DEPTH:
        raise MalformedRequest(TOO_DEEP)
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    for each in inner:
        if isinstance(each, dict | list):
            _check_depth(each, depth + 1)
