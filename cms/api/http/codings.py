"""Content codings of answers (RFC 9110, 8.4 and 12.5.3): their negotiation, and the bytes and the tag of each."""

import re
import sys
import zlib
from collections.abc import Callable
from functools import lru_cache
from typing import Any

import brotli
from werkzeug.http import parse_accept_header

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

IDENTITY = "identity"
# A shorter body fits in one or two packets without compression.
WORTHWHILE_BYTES = 1024
TEXT_TYPES = frozenset(
    {"application/javascript", "application/json", "application/xml", "application/yaml", "image/svg+xml"}
)
REMEMBERED_BYTES = 300
# A weight without a number makes its member invalid, but Werkzeug would read it as 1.
EMPTY_WEIGHT = re.compile(r"(;[ \t]*q[ \t]*=)(?=[ \t]*(?:[,;]|$))", re.IGNORECASE)


def _gzip(content: bytes) -> bytes:
    # 31 asks zlib for a gzip frame. It contains no time, so that equal content gives equal bytes.
    return zlib.compress(content, level=6, wbits=31)


def _zstd(content: bytes) -> bytes:
    return zstd.compress(content, level=3)


def _brotli(content: bytes) -> bytes:
    compressed: bytes = brotli.compress(content, mode=brotli.MODE_TEXT, quality=5)
    return compressed


# Best first: the smallest result, at a speed that the first request can afford.
CODINGS: dict[str, Callable[[bytes], bytes]] = {"br": _brotli, "zstd": _zstd, "gzip": _gzip}
CODED = re.compile(rf"[-:](?:{'|'.join(CODINGS)})$")


def acceptable_codings(header: str | None) -> tuple[str, ...]:
    """The codings that can be sent to a client with this ``Accept-Encoding``, best first; at least one.

    They may include ``identity``. A client that rules out everything gets the content without a coding, which it can
    most probably read.
    """
    if header is None:
        return (IDENTITY, *CODINGS)
    return _cached_acceptable(header) if len(header) <= REMEMBERED_BYTES else _acceptable(header)


def _acceptable(header: str) -> tuple[str, ...]:
    qualities = _qualities(header)
    others = qualities.get("*")
    # Identity remains acceptable if the header does not name it, but after everything else.
    identity = qualities.get(IDENTITY, 0.0 if others == 0 else 0.0001)
    known = {coding: qualities.get(coding, others or 0.0) for coding in CODINGS}
    if identity == 0 and not any(known.values()) and qualities.keys() == {IDENTITY}:
        # The client rules out identity and names no other coding: every client reads gzip.
        return ("gzip",)
    ranked = sorted({**known, IDENTITY: identity}.items(), key=lambda each: -each[1])
    return tuple(coding for coding, quality in ranked if quality > 0) or (IDENTITY,)


_cached_acceptable = lru_cache(maxsize=256)(_acceptable)


def _qualities(header: str) -> dict[str, float]:
    """Each coding of the header with its weight, without invalid members."""
    weighted = EMPTY_WEIGHT.sub(r"\1none", header)
    members = {coding.lower(): quality for coding, quality in parse_accept_header(weighted)}
    if "x-gzip" in members:
        members["gzip"] = members.pop("x-gzip")  # Both names mean the same (RFC 9110, 8.4.1.3).
    return members


def is_worthwhile(content_type: str, length: int) -> bool:
    """True if compression makes a body of this type and length smaller. Images and archives are compressed already."""
    kind = content_type.partition(";")[0].strip().lower()
    is_text = kind in TEXT_TYPES or kind.startswith("text/") or kind.endswith(("+json", "+xml"))
    return is_text and length > WORTHWHILE_BYTES and kind != "text/event-stream"


def compress(coding: str, content: bytes) -> bytes:
    """Encode the content in this coding."""
    return content if coding == IDENTITY else CODINGS[coding](content)


def coded_tag(etag: str, coding: str) -> str:
    """The entity tag of the content in this coding, in quotes.

    A strong tag names bytes, so each coding has its own: ``"abc"`` becomes ``"abc-br"``.
    """
    return etag if coding == IDENTITY else f'{etag[:-1]}-{coding}"'


def plain_tag(tag: str) -> str:
    """The tag, given and returned without quotes, without the suffix of a coding that this service or a proxy added."""
    return CODED.sub("", tag)


def stream_compressor(codings: tuple[str, ...]) -> Any:
    """A gzip compressor for a body of unknown length, or ``None`` if the client does not want gzip."""
    is_wanted = "gzip" in codings and codings[0] != IDENTITY
    return zlib.compressobj(level=6, wbits=31) if is_wanted else None
