"""Two of the yardsticks, Flask and WSGI alone: they return bytes from memory, on granian as ``cms serve`` starts it.

Their answers have the headers of the service's answers too, which a server has to write as well.
"""

import json
import os
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from flask import Flask, Response, request
from granian import Granian
from granian.constants import Interfaces
from granian.log import LogLevels

from cms.api.answers.middleware import REPEATED

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

BODIES = "bodies"
HEADERS = "headers.json"
FOLDER = "BENCHMARK_FOLDER"


def create_flask() -> Flask:
    """One route that knows each body of the folder."""
    app = Flask("bare", static_folder=None)
    answers = _answers()

    @app.get("/<name>")
    def answer(name: str) -> Response:
        headers, content = answers[name]
        if request.headers.get("If-None-Match") == dict(headers)["ETag"]:
            return Response(status=304, headers=_repeated(headers))
        return Response(content, headers=headers)

    return app


def create_wsgi() -> "WSGIApplication":
    """A callable that knows each body of the folder."""
    answers = {
        f"/{name}": (headers, dict(headers)["ETag"], _repeated(headers), [content])
        for name, (headers, content) in _answers().items()
    }

    def answer(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        headers, tag, repeated, body = answers[environ["PATH_INFO"]]
        if environ.get("HTTP_IF_NONE_MATCH") == tag:
            start_response("304 Not Modified", repeated)
            return []
        start_response("200 OK", headers)
        return body

    return answer


def _answers() -> dict[str, tuple[list[tuple[str, str]], bytes]]:
    """The headers and the body of each answer."""
    folder = Path(os.environ[FOLDER])
    headers = json.loads((folder / HEADERS).read_bytes())
    bodies = {path.name: path.read_bytes() for path in (folder / BODIES).iterdir()}
    return {name: ([(each, value) for each, value in headers[name]], content) for name, content in bodies.items()}


def _repeated(headers: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Of the headers, those that the service sends with a 304."""
    return [each for each in headers if each[0] in REPEATED | {"ETag", "Cache-Status", "X-Request-Id"}]


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
