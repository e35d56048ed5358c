"""In front of the application: answers kept in memory, conditional requests and compression, for all that is public.

An answer is kept with the version of the content that it was made from, and sent again only while that version
stands and nothing scheduled has come. Preview and management pass through untouched.
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
from cms.api.http.deprecation import tells_of_deprecation
from cms.api.http.hosts import host_check
from cms.api.http.problems import request_id_from
from cms.api.spaces import PRIVATE
from cms.content.published.moment import Moment
from cms.db import Database
from cms.settings import Settings

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

MEGABYTE = 1_000_000
# What is longer, or of unknown length, goes through as the application hands it over.
COLLECTED_BYTES = 8 * MEGABYTE
ACCEPT_LENGTH = 200

KEPT = frozenset({"200 OK", "308 PERMANENT REDIRECT"})
ANYTHING = frozenset({"", "*/*"})
# What a body is sent in while it comes, piece by piece.
STREAMED = frozenset({"gzip", IDENTITY})
# What the usual clients ask JSON with. A JSON resource answers them as it answers those who accept anything.
JSON_ACCEPTED = frozenset({JSON, "application/json, text/plain, */*", "application/json, */*", "application/*"})
OF_ONE_REQUEST = frozenset({"Date", "Server-Timing", "X-Request-Id"})
OF_ONE_CODING = frozenset({"Content-Encoding", "Content-Length", "ETag"})
# Of what describes the answer, a 304 repeats what guides a cache's update (RFC 9110, 15.4.5); the lifetimes that are
# for shared caches belong to it (RFC 9213), as they may have become shorter. The rest says nothing of the answer.
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
    """The WSGI application that stands before another one."""

    def __init__(self, application: "WSGIApplication", settings: Settings, database: Database) -> None:
        self.store = AnswerMemory(settings.cache_memory * MEGABYTE)
        self._application = application
        self._is_development = settings.development
        self._freshness = VersionWatch(database, timedelta(milliseconds=settings.cache_staleness))
        self._is_known_host = host_check(settings.hosts)

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        if environ["REQUEST_METHOD"] not in SAFE or environ["PATH_INFO"].startswith(PRIVATE):
            return self._application(environ, start_response)
        key = self._key(environ)
        if key is None:
            return self._ask(environ, start_response, None, "cms; fwd=bypass")
        page = self.store.find(key)
        if page is None or page.validity is None:
            return self._ask(environ, start_response, key, "cms; fwd=uri-miss")
        return self._check(page, page.validity, key, environ, start_response)

    def _key(self, environ: "WSGIEnvironment") -> Key | None:
        """What the answer depends on beside the content; ``None`` for requests that are out of the ordinary."""
        accept = environ.get("HTTP_ACCEPT", "")
        if not self.store.most_bytes or len(accept) > ACCEPT_LENGTH or self._is_odd(environ):
            return None
        query = environ.get("QUERY_STRING", "")
        if "&" in query:
            # Repeated parameters stay in their order, which may mean something.
            query = "&".join(sorted(query.split("&"), key=_parameter_name))
        return environ["PATH_INFO"], query, "" if accept in ANYTHING or accept in JSON_ACCEPTED else accept

    def _is_odd(self, environ: "WSGIEnvironment") -> bool:
        return (
            not self._is_known_host(environ.get("HTTP_HOST", ""))
            or "HTTP_RANGE" in environ
            or "HTTP_IF_MATCH" in environ
            or "HTTP_TRANSFER_ENCODING" in environ
            or environ.get("CONTENT_LENGTH", "") not in ("", "0")
            or not _is_sent_plain(environ)
        )

    def _check(
        self,
        page: KeptAnswer,
        validity: Validity,
        key: Key,
        environ: "WSGIEnvironment",
        start_response: "StartResponse",
    ) -> Iterable[bytes]:
        """Answer with what is kept, if it still holds."""
        started = time.perf_counter()
        if page.media_type != JSON and environ.get("HTTP_ACCEPT") in JSON_ACCEPTED:
            return self._ask(environ, start_response, None, "cms; fwd=bypass")
        request_id = ("X-Request-Id", request_id_from(environ.get("HTTP_X_REQUEST_ID", "")))
        if validity is ALWAYS:
            return self._answer(page, [request_id, ("Cache-Status", "cms; hit")], environ, start_response)
        standing = self._freshness.read(validity.content)
        if standing is None:
            return self._ask(environ, start_response, None, "cms; fwd=bypass")
        if not validity.holds(standing):
            if validity.content > standing.content:
                self.store.clear()  # The counter ran back: this is another state of the database, restored perhaps.
            return self._ask(environ, start_response, key, "cms; fwd=stale")
        own = [request_id, *_lifetimes_of_kept(seconds_left(standing.at, validity.next_change))]
        if self._is_development:
            milliseconds = (time.perf_counter() - started) * 1000
            own.append(("Server-Timing", f'db;dur={milliseconds:.2f};desc="freshness"'))
        return self._answer(page, own, environ, start_response)

    def _ask(
        self, environ: "WSGIEnvironment", start_response: "StartResponse", key: Key | None, cache_status: str
    ) -> Iterable[bytes]:
        """Have the application answer, and keep what it says may be kept."""
        response = _Response(self._application, environ)
        if not response.is_collected:
            return response.passed_on(start_response)
        page = response.page(key)
        own = response.own_headers
        if key is not None and page.validity is not None:
            if page.validity is not ALWAYS:
                own += lifetimes(seconds_left(page.validity.at, page.validity.next_change)).items()
            cache_status += "; stored" if self.store.keep(key, page) else ""
        if response.may_be_stored:
            own.append(("Cache-Status", cache_status))
        return self._answer(page, own, environ, start_response)

    def _answer(
        self, page: KeptAnswer, own: list[Header], environ: "WSGIEnvironment", start_response: "StartResponse"
    ) -> Iterable[bytes]:
        """Send the page in the coding that the client likes best, or 304 if it has one that it takes."""
        codings = acceptable_codings(environ.get("HTTP_ACCEPT_ENCODING")) if page.is_coded else (IDENTITY,)
        given = environ.get("HTTP_IF_NONE_MATCH")
        if given is not None and page.etag is not None and page.status == "200 OK":
            tag = held_tag(given, [coded_tag(page.etag, coding) for coding in codings])
            if tag is not None:
                return _not_modified(start_response, page.repeated, tag, own)
        variant = page.variants.get(codings[0]) or self._made(page, codings[0])
        start_response(page.status, [*variant.headers, *own])
        return [] if environ["REQUEST_METHOD"] == "HEAD" else [variant.body]

    def _made(self, page: KeptAnswer, coding: str) -> Variant:
        plain = page.variants[IDENTITY]
        body = compress(coding, plain.body)
        headers = [each for each in plain.headers if each[0] not in OF_ONE_CODING]
        headers += [("Content-Encoding", coding), ("Content-Length", str(len(body)))]
        if page.etag is not None:
            headers.append(("ETag", coded_tag(page.etag, coding)))
        variant = Variant(body, headers)
        self.store.add(page, coding, variant)
        return variant


class _Response:
    """What the application answered to one request."""

    def __init__(self, application: "WSGIApplication", environ: "WSGIEnvironment") -> None:
        self._environ = environ
        method = environ["REQUEST_METHOD"]
        # The answer to HEAD is the answer to GET without its body.
        environ["REQUEST_METHOD"] = "GET"
        self._chunks = application(environ, self._start)
        environ["REQUEST_METHOD"] = method

    def _start(self, status: str, headers: list[Header], _exc_info: Any = None) -> Callable[[bytes], object]:
        self.status = status
        self.headers = Headers(headers)
        return _write

    @property
    def is_collected(self) -> bool:
        """Whether the body is whole and of a size to be held in memory."""
        return self.headers.get("Content-Length", COLLECTED_BYTES + 1, type=int) <= COLLECTED_BYTES

    @property
    def may_be_stored(self) -> bool:
        """Whether any cache may keep it."""
        return "no-store" not in self.headers.get("Cache-Control", "no-store")

    @property
    def own_headers(self) -> list[Header]:
        """The headers of this request alone."""
        return [each for each in self.headers if each[0] in OF_ONE_REQUEST]

    def page(self, key: Key | None) -> KeptAnswer:
        """The whole answer; with a validity if it is one to keep under this key."""
        with closing(ClosingIterator(self._chunks, _close_of(self._chunks))) as chunks:
            body = b"".join(chunks)
        media_type = self.headers.get("Content-Type", "")
        is_coded = self._is_plain and is_worthwhile(media_type, len(body))
        if is_coded:
            _vary_by_coding(self.headers)
        validity = self._validity(key, media_type)
        gone = OF_ONE_REQUEST if validity in (None, ALWAYS) else OF_ONE_REQUEST | LIFETIMES
        headers = [each for each in self.headers if each[0] not in gone]
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
            return None  # A redirect repeats the query as it was sent.
        if media_type != JSON and self._environ.get("HTTP_ACCEPT") in JSON_ACCEPTED:
            return None
        if FIXED in self._environ:
            return None if key[1] else ALWAYS  # A query means nothing here, and must not fill the store with copies.
        moment: Moment | None = self._environ.get(MOMENT)
        if moment is None:
            return None
        expected = lifetimes(seconds_left(moment.at, moment.next_change))
        if any(self.headers.get(name) != value for name, value in expected.items()):
            return None  # It has lifetimes of its own, which would not count down.
        return Validity(moment.content, moment.at, moment.next_change)

    @property
    def _has_strong_tag(self) -> bool:
        return self.status == "200 OK" and self.headers.get("ETag", "").startswith('"')

    def passed_on(self, start_response: "StartResponse") -> Iterable[bytes]:
        """The answer as it comes, piece by piece, a text compressed on the way; or 304 if the client has it."""
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
    """True for the headers of an answer that a 304 in its place has too."""
    return name in REPEATED or tells_of_deprecation(name, value)


def _not_modified(
    start_response: "StartResponse", repeated: Iterable[Header], tag: str, own: Iterable[Header]
) -> Iterable[bytes]:
    """The answer to a client that has what would be sent, under this tag."""
    start_response("304 NOT MODIFIED", [*repeated, ("ETag", tag), *own])
    return []


def _is_sent_plain(environ: "WSGIEnvironment") -> bool:
    """Whether the path came without percent-encoding, as far as the server tells."""
    sent = environ.get("RAW_URI") or environ.get("REQUEST_URI")
    return sent is None or sent.partition("?")[0] == environ["PATH_INFO"]


@lru_cache(maxsize=LONGEST_SECONDS + 1)
def _lifetimes_of_kept(left: int) -> Sequence[Header]:
    """The caching headers of an answer that was kept and is right for so many seconds at least."""
    return *lifetimes(left).items(), ("Cache-Status", f"cms; hit; ttl={min(left, BROWSER_SECONDS)}")


def _parameter_name(part: str) -> str:
    return part.partition("=")[0]
