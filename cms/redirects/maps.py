"""A redirect map in the words of those who serve it: Netlify, Cloudflare Pages, Vercel, Next.js and nginx.

Paths come in percent-encoded (RFC 3986) and stand for themselves: what a format gives another meaning is escaped.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any
from urllib.parse import unquote

import orjson

Pair = tuple[str, str]
"""An old path and the one it moved to, percent-encoded."""

# Placeholders and wildcards; their files have no escapes, and an encoded character means the same.
FILE_WORDS = re.compile(r"[:*]")
# What path-to-regexp gives a meaning; with a backslash it is the character itself.
PATTERN_WORDS = re.compile(r"[(){}:*+?]")

NGINX_HEAD = """\
# In the http context: include this file, with map_hash_bucket_size 512; and a map_hash_max_size above its lines.
# In the server: if ($moved_to) { return 301 $moved_to$is_args$args; }
map $uri $moved_to {
"""


def to_redirects_file(pairs: Iterable[Pair]) -> bytes:
    """The ``_redirects`` of Netlify and of Cloudflare Pages: a line for each, old path, new path, status."""
    return "".join(f"{_literal(old)} {_literal(new)} 301\n" for old, new in pairs).encode()


def _literal(path: str) -> str:
    return FILE_WORDS.sub(_percent, path)


def _percent(found: re.Match[str]) -> str:
    return f"%{ord(found[0]):02X}"


def to_vercel(pairs: Iterable[Pair]) -> bytes:
    """``vercel.json``, or the part to merge into it."""
    return _json({"redirects": _rules(pairs)})


def to_next(pairs: Iterable[Pair]) -> bytes:
    """What ``redirects()`` of ``next.config.js`` returns, as JSON."""
    return _json(_rules(pairs))


def _json(document: Any) -> bytes:
    return orjson.dumps(document, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


def _rules(pairs: Iterable[Pair]) -> list[dict[str, Any]]:
    return [{"source": _source(old), "destination": _destination(new), "permanent": True} for old, new in pairs]


def _source(path: str) -> str:
    return PATTERN_WORDS.sub(r"\\\g<0>", path)


def _destination(path: str) -> str:
    """A destination is a pattern too, and not every release takes a backslash there."""
    return PATTERN_WORDS.sub(_percent, path)


def to_nginx(pairs: Iterable[Pair]) -> bytes:
    """A ``map`` from the decoded path that nginx compares to the encoded one that a client is sent."""
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
