"""Two of the yardsticks, Flask and WSGI alone: they return bytes from memory, on granian as ``cms serve`` starts it."""

import os
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from flask import Flask, Response, request
from granian import Granian
from granian.constants import Interfaces
from granian.log import LogLevels

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

FOLDER = "BENCHMARK_FOLDER"
ETAG = '"0123456789abcdef0123456789abcdef"'


def create_flask() -> Flask:
    """One route that knows each file of the folder."""
    app = Flask("bare", static_folder=None)
    contents = _contents()

    @app.get("/<name>")
    def content(name: str) -> Response:
        if request.headers.get("If-None-Match") == ETAG:
            response = Response(status=304)
        else:
            response = Response(contents[name], content_type="application/json")
        response.headers["ETag"] = ETAG
        return response

    return app


def create_wsgi() -> "WSGIApplication":
    """A callable that knows each file of the folder."""
    answers = {
        f"/{name}": (
            [("Content-Type", "application/json"), ("Content-Length", str(len(content))), ("ETag", ETAG)],
            [content],
        )
        for name, content in _contents().items()
    }

    def answer(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        if environ.get("HTTP_IF_NONE_MATCH") == ETAG:
            start_response("304 Not Modified", [("ETag", ETAG)])
            return []
        headers, body = answers[environ["PATH_INFO"]]
        start_response("200 OK", headers)
        return body

    return answer


def _contents() -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in Path(os.environ[FOLDER]).iterdir()}


def main(kind: str, port: int, workers: int, blocking_threads: int) -> None:
    """Serve ``flask`` or ``wsgi`` until stopped."""
    Granian(
        f"tests.benchmarks.bare:create_{kind}",
        factory=True,
        address="127.0.0.1",
        port=port,
        interface=Interfaces.WSGI,
        workers=workers,
        blocking_threads=blocking_threads,
        log_level=LogLevels.warning,
        workers_kill_timeout=15,
    ).serve()


if __name__ == "__main__":
    main(sys.argv[1], *map(int, sys.argv[2:5]))
