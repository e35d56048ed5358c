"""The answer cache in front of the application: kept answers, conditional requests and compression.

It serves public addresses. An answer is kept with the version of the content that it was made from, and sent again
until the version changes or a scheduled change is due. Requests to preview and management are passed on unchanged.
"""

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from datetime import timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from werkzeug.datastructures import Headers
from werkzeug.wsgi import ClosingIterator

from cms.api.answers.cacheable import FIXED, MOMENT
from cms.api.answers.lifetimes import BROWSER_SECONDS, LIFETIMES, LONGEST_SECONDS, lifetimes, seconds_left
from cms.api.answers.memory import ALWAYS, AnswerMemory, Header, KeptAnswer, Key, Validity, Variant
from cms.api.answers.version_watch import VersionWatch
from cms.api.http.codings import IDENTITY, acceptable_codings, coded_tag, compress, is_worthwhile, stream_compressor
from cms.api.http.conditional import held_tag
from cms.api.http.contract import JSON, SAFE
from cms.api.http.deprecation import is_deprecation_header
from cms.api.http.hosts import host_check
from cms.api.http.problems import request_id_from
from cms.api.spaces import PRIVATE
from cms.content.published.moment import Moment
from cms.db import Database
from cms.settings import Settings

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

MEGABYTE = 1_000_000
# A body that is longer than this, or of unknown length, is passed on piece by piece.
COLLECTED_BYTES = 8 * MEGABYTE
ACCEPT_LENGTH = 200

KEPT = frozenset({"200 OK", "308 PERMANENT REDIRECT"})
ANYTHING = frozenset({"", "*/*"})
# The codings in which a body is sent piece by piece.
STREAMED = frozenset({"gzip", IDENTITY})
# The Accept headers of common clients that want JSON. For a JSON resource they mean the same as no header.
JSON_ACCEPTED = frozenset({JSON, "application/json, text/plain, */*", "application/json, */*", "application/*"})
OF_ONE_REQUEST = frozenset({"Date", "Server-Timing", "X-Request-Id"})
OF_ONE_CODING = frozenset({"Content-Encoding", "Content-Length", "ETag"})
# A 304 repeats the headers by which a cache updates its copy (RFC 9110, 15.4.5). The lifetimes for shared caches are
# among them (RFC 9213), because they may have become shorter.
REPEATED = LIFETIMES | {
    "Access-Control-Allow-Origin",
    "Access-Control-Expose-Headers",
    "Content-Location",
    "Content-Security-Policy",
    "Expires",
    "Referrer-Policy",
    "Vary",
    "X-Content-Type-Options",
}


class AnswerCache:
    """A WSGI application that answers from memory where it can, and else calls another application."""

    def __init__(self, application: "WSGIApplication", settings: Settings, database: Database) -> None:
        self.memory = AnswerMemory(settings.cache_memory * MEGABYTE)
        self._application = application
        self._is_development = settings.development
        self._version_watch = VersionWatch(database, timedelta(milliseconds=settings.cache_staleness))
        self._is_known_host = host_check(settings.hosts)

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        if environ["REQUEST_METHOD"] not in SAFE or environ["PATH_INFO"].startswith(PRIVATE):
            return self._application(environ, start_response)
        key = self._key(environ)
        if key is None:
            return self._call_application(environ, start_response, None, "cms; fwd=bypass")
        answer = self.memory.find(key)
        if answer is None or answer.validity is None:
            return self._call_application(environ, start_response, key, "cms; fwd=uri-miss")
        return self._send_if_valid(answer, answer.validity, key, environ, start_response)

    def _key(self, environ: "WSGIEnvironment") -> Key | None:
        """Everything that the answer depends on beside the content; ``None`` for an unusual request."""
        accept = environ.get("HTTP_ACCEPT", "")
        if not self.memory.most_bytes or len(accept) > ACCEPT_LENGTH or self._is_unusual(environ):
            return None
        query = environ.get("QUERY_STRING", "")
        if "&" in query:
            # Repeated parameters keep their order, because it may have a meaning.
            query = "&".join(sorted(query.split("&"), key=_parameter_name))
        return environ["PATH_INFO"], query, "" if accept in ANYTHING or accept in JSON_ACCEPTED else accept

    def _is_unusual(self, environ: "WSGIEnvironment") -> bool:
        return (
            not self._is_known_host(environ.get("HTTP_HOST", ""))
            or "HTTP_RANGE" in environ
            or "HTTP_IF_MATCH" in environ
            or "HTTP_TRANSFER_ENCODING" in environ
            or environ.get("CONTENT_LENGTH", "") not in ("", "0")
            or not _is_sent_plain(environ)
        )

    def _send_if_valid(
        self,
        answer: KeptAnswer,
        validity: Validity,
        key: Key,
        environ: "WSGIEnvironment",
        start_response: "StartResponse",
    ) -> Iterable[bytes]:
        """Send the kept answer if it is still valid, or else call the application."""
        started = time.perf_counter()
        if answer.media_type != JSON and environ.get("HTTP_ACCEPT") in JSON_ACCEPTED:
            return self._call_application(environ, start_response, None, "cms; fwd=bypass")
        request_id = ("X-Request-Id", request_id_from(environ.get("HTTP_X_REQUEST_ID", "")))
        if validity is ALWAYS:
            return self._send(answer, [request_id, ("Cache-Status", "cms; hit")], environ, start_response)
        reading = self._version_watch.read(validity.content)
        if reading is None:
            return self._call_application(environ, start_response, None, "cms; fwd=bypass")
        if not validity.holds(reading):
            if validity.content > reading.content:
                self.memory.clear()  # The counter has decreased: the database is another one, for example a backup.
            return self._call_application(environ, start_response, key, "cms; fwd=stale")
        own = [request_id, *_lifetimes_of_kept(seconds_left(reading.at, validity.next_change))]
        if self._is_development:
            milliseconds = (time.perf_counter() - started) * 1000
            own.append(("Server-Timing", f'db;dur={milliseconds:.2f};desc="version check"'))
        return self._send(answer, own, environ, start_response)

    def _call_application(
        self, environ: "WSGIEnvironment", start_response: "StartResponse", key: Key | None, cache_status: str
    ) -> Iterable[bytes]:
        """Send the application's answer, and keep it under the key if it may be kept."""
        response = _Response(self._application, environ)
        if not response.is_collected:
            return response.passed_on(start_response)
        answer = response.answer(key)
        own = response.own_headers
        if key is not None and answer.validity is not None:
            if answer.validity is not ALWAYS:
                own += lifetimes(seconds_left(answer.validity.at, answer.validity.next_change)).items()
            cache_status += "; stored" if self.memory.keep(key, answer) else ""
        if response.may_be_stored:
            own.append(("Cache-Status", cache_status))
        return self._send(answer, own, environ, start_response)

    def _send(
        self, answer: KeptAnswer, own: list[Header], environ: "WSGIEnvironment", start_response: "StartResponse"
    ) -> Iterable[bytes]:
        """Send the answer in the coding that the client prefers, or 304 if the client has it.

        ``own`` are the headers of this request alone.
        """
        codings = acceptable_codings(environ.get("HTTP_ACCEPT_ENCODING")) if answer.is_coded else (IDENTITY,)
        if_none_match = environ.get("HTTP_IF_NONE_MATCH")
        if if_none_match is not None and answer.etag is not None and answer.status == "200 OK":
            tag = held_tag(if_none_match, [coded_tag(answer.etag, coding) for coding in codings])
            if tag is not None:
                return _not_modified(start_response, answer.repeated, tag, own)
        variant = answer.variants.get(codings[0]) or self._make_variant(answer, codings[0])
        start_response(answer.status, [*variant.headers, *own])
        return [] if environ["REQUEST_METHOD"] == "HEAD" else [variant.body]

    def _make_variant(self, answer: KeptAnswer, coding: str) -> Variant:
        plain = answer.variants[IDENTITY]
        body = compress(coding, plain.body)
        headers = [each for each in plain.headers if each[0] not in OF_ONE_CODING]
        headers += [("Content-Encoding", coding), ("Content-Length", str(len(body)))]
        if answer.etag is not None:
            headers.append(("ETag", coded_tag(answer.etag, coding)))
        variant = Variant(body, headers)
        self.memory.add(answer, coding, variant)
        return variant


class _Response:
    """The application's response to one request."""

    def __init__(self, application: "WSGIApplication", environ: "WSGIEnvironment") -> None:
        self._environ = environ
        method = environ["REQUEST_METHOD"]
        # The application answers HEAD as GET. The body is removed later.
        environ["REQUEST_METHOD"] = "GET"
        self._chunks = application(environ, self._start)
        environ["REQUEST_METHOD"] = method

    def _start(self, status: str, headers: list[Header], _exc_info: Any = None) -> Callable[[bytes], object]:
        self.status = status
        self.headers = Headers(headers)
        return _write

    @property
    def is_collected(self) -> bool:
        """True if the length of the body is known, and small enough to hold the body in memory."""
        return self.headers.get("Content-Length", COLLECTED_BYTES + 1, type=int) <= COLLECTED_BYTES

    @property
    def may_be_stored(self) -> bool:
        """True if a cache may store the response."""
        return "no-store" not in self.headers.get("Cache-Control", "no-store")

    @property
    def own_headers(self) -> list[Header]:
        """The headers that belong to this request alone."""
        return [each for each in self.headers if each[0] in OF_ONE_REQUEST]

    def answer(self, key: Key | None) -> KeptAnswer:
        """The whole answer, with a validity if it may be kept under this key."""
        with closing(ClosingIterator(self._chunks, _close_of(self._chunks))) as chunks:
            body = b"".join(chunks)
        media_type = self.headers.get("Content-Type", "")
        is_coded = self._is_plain and is_worthwhile(media_type, len(body))
        if is_coded:
            _vary_by_coding(self.headers)
        validity = self._validity(key, media_type)
        left_out = OF_ONE_REQUEST if validity in (None, ALWAYS) else OF_ONE_REQUEST | LIFETIMES
        headers = [each for each in self.headers if each[0] not in left_out]
        etag = self.headers.get("ETag", "")
        return KeptAnswer(
            status=self.status,
            media_type=media_type,
            etag=etag if etag.startswith('"') else None,
            is_coded=is_coded,
            repeated=[each for each in headers if _is_repeated(*each)],
            variants={IDENTITY: Variant(body, headers)},
            validity=validity,
        )

    @property
    def _is_plain(self) -> bool:
        return "Content-Encoding" not in self.headers and "Content-Range" not in self.headers

    def _validity(self, key: Key | None, media_type: str) -> Validity | None:
        if key is None or self.status not in KEPT:
            return None
        if self.status != "200 OK" and "&" in key[1]:
            return None  # A redirect repeats the query with its parameters in the order of the request.
        if media_type != JSON and self._environ.get("HTTP_ACCEPT") in JSON_ACCEPTED:
            return None
        if FIXED in self._environ:
            return None if key[1] else ALWAYS  # The query has no effect here, and must not fill the memory with copies.
        moment: Moment | None = self._environ.get(MOMENT)
        if moment is None:
            return None
        expected = lifetimes(seconds_left(moment.at, moment.next_change))
        if any(self.headers.get(name) != value for name, value in expected.items()):
            return None  # The answer has other lifetimes, which would not count down.
        return Validity(moment.content, moment.at, moment.next_change)

    @property
    def _has_strong_tag(self) -> bool:
        return self.status == "200 OK" and self.headers.get("ETag", "").startswith('"')

    def passed_on(self, start_response: "StartResponse") -> Iterable[bytes]:
        """Send the answer piece by piece, a text compressed, or 304 if the client has it."""
        close = _close_of(self._chunks)
        compressor = None
        offered = [self.headers.get("ETag", "")]
        if self._is_plain and is_worthwhile(self.headers.get("Content-Type", ""), COLLECTED_BYTES):
            _vary_by_coding(self.headers)
            codings = acceptable_codings(self._environ.get("HTTP_ACCEPT_ENCODING"))
            compressor = stream_compressor(codings)
            offered = [coded_tag(offered[0], each) for each in codings if each in STREAMED] or offered
        if self._has_strong_tag and (tag := held_tag(self._environ.get("HTTP_IF_NONE_MATCH", ""), offered)):
            close()
            repeated = [each for each in self.headers if _is_repeated(*each)]
            return _not_modified(start_response, repeated, tag, self.own_headers)
        if compressor is not None:
            self.headers["Content-Encoding"] = "gzip"
            self.headers.pop("Content-Length", None)
            if etag := self.headers.get("ETag"):
                self.headers["ETag"] = coded_tag(etag, "gzip")
        start_response(self.status, list(self.headers))
        if self._environ["REQUEST_METHOD"] == "HEAD":
            close()
            return []
        return self._chunks if compressor is None else ClosingIterator(_compressed(self._chunks, compressor), close)


def _write(_content: bytes) -> None:
    raise NotImplementedError("The application returns its content.")


def _close_of(chunks: Iterable[bytes]) -> Callable[[], None]:
    close: Callable[[], None] = getattr(chunks, "close", lambda: None)
    return close


def _compressed(chunks: Iterable[bytes], compressor: Any) -> Iterator[bytes]:
    for chunk in chunks:
        if compressed := compressor.compress(chunk):
            yield compressed
    yield compressor.flush()


def _vary_by_coding(headers: Headers) -> None:
    named = [each.strip() for each in headers.get("Vary", "").split(",") if each.strip()]
    if "accept-encoding" not in [each.lower() for each in named]:
        headers["Vary"] = ", ".join([*named, "Accept-Encoding"])


def _is_repeated(name: str, value: str) -> bool:
    """True for a header of an answer that a 304 in its place has too."""
    return name in REPEATED or is_deprecation_header(name, value)


def _not_modified(
    start_response: "StartResponse", repeated: Iterable[Header], tag: str, own: Iterable[Header]
) -> Iterable[bytes]:
    """The answer to a client that has what would be sent, under this tag."""
    start_response("304 NOT MODIFIED", [*repeated, ("ETag", tag), *own])
    return []


def _is_sent_plain(environ: "WSGIEnvironment") -> bool:
    """True if the path was sent without percent-encoding, as far as the server reports it."""
    sent = environ.get("RAW_URI") or environ.get("REQUEST_URI")
    return sent is None or sent.partition("?")[0] == environ["PATH_INFO"]


@lru_cache(maxsize=LONGEST_SECONDS + 1)
def _lifetimes_of_kept(left: int) -> Sequence[Header]:
    """The caching headers of a kept answer that is valid for at least ``left`` seconds."""
    return *lifetimes(left).items(), ("Cache-Status", f"cms; hit; ttl={min(left, BROWSER_SECONDS)}")


def _parameter_name(part: str) -> str:
    return part.partition("=")[0]
