"""Content codings of answers (RFC 9110, 8.4 and 12.5.3): which ones a client takes, and the bytes and tag of each."""

import re
import sys
import zlib
from collections.abc import Callable
from functools import lru_cache
from typing import Any

import brotli

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

IDENTITY = "identity"
# Shorter bodies fit a packet or two as they are.
WORTHWHILE_BYTES = 1024
TEXT_TYPES = frozenset(
    {"application/javascript", "application/json", "application/xml", "application/yaml", "image/svg+xml"}
)
REMEMBERED_BYTES = 300


def _gzip(content: bytes) -> bytes:
    # 31 asks zlib for a gzip frame, which holds no time: the same content is the same bytes.
    return zlib.compress(content, level=6, wbits=31)


def _zstd(content: bytes) -> bytes:
    return zstd.compress(content, level=3)


def _brotli(content: bytes) -> bytes:
    compressed: bytes = brotli.compress(content, mode=brotli.MODE_TEXT, quality=5)
    return compressed


# Best first: the smallest result at a speed that a first request can wait for.
CODINGS: dict[str, Callable[[bytes], bytes]] = {"br": _brotli, "zstd": _zstd, "gzip": _gzip}
CODED = re.compile(rf"[-:](?:{'|'.join(CODINGS)})$")


def acceptable_codings(header: str | None) -> tuple[str, ...]:
    """The codings of ``Accept-Encoding`` that can be sent, ``identity`` among them, best first; never none.

    A client that rules everything out is sent what it can read most probably: the content as it is.
    """
    if header is None:
        return (IDENTITY, *CODINGS)
    return _remembered(header) if len(header) <= REMEMBERED_BYTES else _acceptable(header)


def _acceptable(header: str) -> tuple[str, ...]:
    asked = _qualities(header)
    others = asked.get("*")
    # Without being named, the content as it is remains acceptable, after everything else.
    plain = asked.get(IDENTITY, 0.0 if others == 0 else 0.0001)
    known = {coding: asked.get(coding, others or 0.0) for coding in CODINGS}
    if plain == 0 and not any(known.values()) and asked.keys() == {IDENTITY}:
        # "Anything but plain", said without naming anything: gzip is what everybody reads.
        return ("gzip",)
    ranked = sorted({**known, IDENTITY: plain}.items(), key=lambda each: -each[1])
    return tuple(coding for coding, quality in ranked if quality > 0) or (IDENTITY,)


_remembered = lru_cache(maxsize=256)(_acceptable)


def _qualities(header: str) -> dict[str, float]:
    """Each coding with its weight; a member that cannot be read is passed over."""
    found: dict[str, float] = {}
    for member in header.lower().split(","):
        coding, _, parameter = (part.strip() for part in member.partition(";"))
        name, _, value = (part.strip() for part in parameter.partition("="))
        try:
            quality = float(value) if parameter else 1.0
        except ValueError:
            continue
        if coding and name in ("", "q") and 0 <= quality <= 1:
            found["gzip" if coding == "x-gzip" else coding] = quality
    return found


def is_worthwhile(content_type: str, length: int) -> bool:
    """Whether a body of this type and length gains by compression; what is packed already does not."""
    kind = content_type.partition(";")[0].strip().lower()
    is_text = kind in TEXT_TYPES or kind.startswith("text/") or kind.endswith(("+json", "+xml"))
    return is_text and length > WORTHWHILE_BYTES and kind != "text/event-stream"


def compress(coding: str, content: bytes) -> bytes:
    """The content in this coding."""
    return content if coding == IDENTITY else CODINGS[coding](content)


def coded_tag(etag: str, coding: str) -> str:
    """The entity tag, in its quotes, of this coding: strong tags name bytes, so each coding has its own."""
    return etag if coding == IDENTITY else f'{etag[:-1]}-{coding}"'


def plain_tag(tag: str) -> str:
    """The tag, without quotes, of the content before a coding was named in it, here or by a proxy on the way."""
    return CODED.sub("", tag)


def stream_compressor(codings: tuple[str, ...]) -> Any:
    """A gzip compressor for a body of unknown length, or ``None`` where the client wants no gzip."""
    wanted = "gzip" in codings and codings[0] != IDENTITY
    return zlib.compressobj(level=6, wbits=31) if wanted else None
