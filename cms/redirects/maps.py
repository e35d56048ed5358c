"""Redirect maps in the formats of Netlify, Cloudflare Pages, Vercel, Next.js and nginx.

The given paths are percent-encoded (RFC 3986) and are literal: characters that are special in a format are escaped.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any
from urllib.parse import unquote

import orjson

Pair = tuple[str, str]
"""An old path and the path that it redirects to, both percent-encoded."""

# Placeholders and wildcards in ``_redirects``. The format has no escapes, but an encoded character means the same.
FILE_SYNTAX = re.compile(r"[:*]")
# The special characters of path-to-regexp. A backslash makes them literal.
PATTERN_SYNTAX = re.compile(r"[(){}:*+?]")

NGINX_HEAD = """\
# Include this file in the http context, with map_hash_bucket_size 512; and a map_hash_max_size above its line count.
# Add this to the server block: if ($moved_to) { return 301 $moved_to$is_args$args; }
map $uri $moved_to {
"""


def to_redirects_file(pairs: Iterable[Pair]) -> bytes:
    """The file ``_redirects`` of Netlify and of Cloudflare Pages.

    Each redirect is a line with the old path, the new path and the status. Example: ``/blog/before /blog/after 301``.
    """
    return "".join(f"{_literal(old)} {_literal(new)} 301\n" for old, new in pairs).encode()


def _literal(path: str) -> str:
    return FILE_SYNTAX.sub(_percent, path)


def _percent(found: re.Match[str]) -> str:
    return f"%{ord(found[0]):02X}"


def to_vercel(pairs: Iterable[Pair]) -> bytes:
    """The file ``vercel.json``, or the part to merge into it."""
    return _json({"redirects": _rules(pairs)})


def to_next(pairs: Iterable[Pair]) -> bytes:
    """The value that ``redirects()`` in ``next.config.js`` must return, as JSON."""
    return _json(_rules(pairs))


def _json(document: Any) -> bytes:
    return orjson.dumps(document, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


def _rules(pairs: Iterable[Pair]) -> list[dict[str, Any]]:
    return [{"source": _source(old), "destination": _destination(new), "permanent": True} for old, new in pairs]


def _source(path: str) -> str:
    return PATTERN_SYNTAX.sub(r"\\\g<0>", path)


def _destination(path: str) -> str:
    """The path as a destination. It is a pattern too, but not every release accepts a backslash in it."""
    return PATTERN_SYNTAX.sub(_percent, path)


def to_nginx(pairs: Iterable[Pair]) -> bytes:
    """An nginx ``map`` from the decoded path, which nginx compares, to the encoded path, which it sends to clients."""
    lines = "".join(f"    {_quoted(unquote(old))} {_quoted(_without_variables(new))};\n" for old, new in pairs)
    return f"{NGINX_HEAD}{lines}}}\n".encode()


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _without_variables(path: str) -> str:
    return path.replace("$", "%24")


FORMATS: Mapping[str, tuple[str, Callable[[Iterable[Pair]], bytes]]] = {
    "netlify": ("text/plain; charset=utf-8", to_redirects_file),
    "vercel": ("application/json", to_vercel),
    "next": ("application/json", to_next),
    "cloudflare": ("text/plain; charset=utf-8", to_redirects_file),
    "nginx": ("text/plain; charset=utf-8", to_nginx),
}
"""The media type and the writer of each format."""
