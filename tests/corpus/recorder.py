"""Asking the service, and writing down what it answered in a form that can be compared and read."""

import gzip
import hashlib
import json
import re
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import brotli
from werkzeug.test import TestResponse

from cms import clock
from tests.corpus.normalising import Names
from tests.service import MERGE_PATCH, Caller, Service

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

DECODERS = {"br": brotli.decompress, "gzip": gzip.decompress, "zstd": zstd.decompress}
LONGEST_BODY = 24_000
"""In characters; of a longer body only its length and a digest are kept."""
LONGEST_TITLE = 160
AGENT = {"User-Agent": "corpus/1"}
PIECES = re.compile(r'(?<=[,{\[])(?=["{\[])|(?<=\n)|(?<=>)(?=<[a-z/])')
"""Where a body is broken into lines that make a readable diff; joined again they are the body."""

Record = dict[str, Any]


class Corpus:
    """The requests of one run with their answers, by chapter."""

    def __init__(self, service: Service) -> None:
        self.service = service
        self.callers: dict[str, Caller] = {"anyone": service, "admin": service.admin}
        self.ids: dict[str, str] = {}
        """Ids of what was made, by the name that the requests know it under."""
        self.chapters: dict[str, list[Record]] = {}
        self._names = Names()
        self._titles: Counter[tuple[str, str]] = Counter()
        self._chapter = ""

    def begin(self, chapter: str) -> None:
        """Begin a chapter, which is a file of its own."""
        self._chapter = chapter
        self.chapters[chapter] = []

    def know_key(self, name: str, key: str) -> None:
        """Let somebody call with this key."""
        self.callers[name] = Caller(self.service.app, key)
        self.ids[f"key_{name}"] = key.split("_")[1]

    @contextmanager
    def later(self, hours: int) -> Iterator[None]:
        """Move the service's clock on by whole hours."""
        with clock.moved(timedelta(hours=hours)):
            yield

    def get(self, path: str, by: str = "anyone", **headers: str) -> TestResponse:
        """Read; an underscore in a header's name is a hyphen."""
        return self.ask("GET", path, by, headers={name.replace("_", "-"): value for name, value in headers.items()})

    def ask(self, method: str, path: str, by: str = "anyone", **options: Any) -> TestResponse:
        """Send a request, and write down what is answered."""
        headers = dict(options.pop("headers", {}))
        if method == "PATCH" and "json" in options:
            headers = {"Content-Type": MERGE_PATCH} | headers
        response = self.callers[by].request(method, path, headers=AGENT | headers, **options)
        records = self.chapters[self._chapter]
        self._names.read(f"{self._chapter} {len(records) + 1}")
        title = self._title(method, path, by, headers, options)
        records.append({"request": title, **self._recorded(response)})
        return response

    def make(self, method: str, path: str, by: str = "editor", name: str | None = None, **options: Any) -> Any:
        """Ask for what has to succeed, since other requests build on it; returns the answer's data."""
        response = self.ask(method, path, by, **options)
        assert response.status_code < 300, (method, path, response.get_data(as_text=True))
        data = (response.get_json() or {}).get("data") if response.get_data() else None
        if name is not None:
            assert data is not None
            self.ids[name] = data["id"]
        return data

    def _title(self, method: str, path: str, by: str, headers: dict[str, str], options: dict[str, Any]) -> str:
        """What tells the request from others, for people: who asks for what."""
        sent = "; ".join(f"{name}: {value}" for name, value in headers.items())
        body = options.get("json", options.get("data", ""))
        text = body if isinstance(body, str) else repr(body) if isinstance(body, bytes) else json.dumps(body)
        parts = (f"{by}: {method} {path}", sent and f"[{sent}]", text)
        title = self._names.applied(" ".join(part for part in parts if part))
        title = title if len(title) <= LONGEST_TITLE else f"{title[:LONGEST_TITLE]}…"
        self._titles[self._chapter, title] += 1
        number = self._titles[self._chapter, title]
        return title if number == 1 else f"{title} ({number})"

    def _recorded(self, response: TestResponse) -> Record:
        raw = response.get_data()
        given_id = response.headers.get("X-Request-Id", "")
        decode = DECODERS.get(response.headers.get("Content-Encoding", ""))
        content = decode(raw) if decode and raw else raw
        body = self._body(content, given_id)
        is_fixed = bool(content) and body == content.decode(errors="backslashreplace")
        if is_fixed and (strong := re.match(r'"([0-9a-f]{32})', response.headers.get("ETag", ""))):
            self._names.keep_tag(strong[1])
        headers = sorted(self._header(name, value, raw, given_id) for name, value in response.headers.items())
        return {"status": response.status, "headers": headers, "body": _shown(body)}

    def _body(self, content: bytes, given_id: str) -> str:
        text = content.decode(errors="backslashreplace")
        return self._names.applied(text.replace(given_id, "<request>") if given_id else text)

    def _header(self, name: str, value: str, raw: bytes, given_id: str) -> str:
        if name == "X-Request-Id":
            return f"{name}: <request>"
        if name == "Content-Length" and value == str(len(raw)):
            return f"{name}: <length of the body>"
        if name == "Allow":
            # Flask's own answer to OPTIONS lists a set, whose order changes from process to process.
            value = ", ".join(sorted(value.split(", ")))
        return f"{name}: {self._names.applied(value.replace(given_id, '<request>') if given_id else value)}"


def _shown(body: str) -> list[str]:
    """The body in pieces of a line each, or what stands for one that is too long to be kept."""
    if len(body) > LONGEST_BODY:
        return [f"<{len(body)} characters, SHA-256 {hashlib.sha256(body.encode()).hexdigest()}>"]
    return [piece for piece in PIECES.split(body) if piece]
