"""The yardstick: Flask routes that return bytes from memory, on granian as ``cms serve`` starts it."""

import os
import sys
from pathlib import Path

from flask import Flask, Response, request
from granian import Granian
from granian.constants import Interfaces
from granian.log import LogLevels

FOLDER = "BENCHMARK_FOLDER"
ETAG = '"0123456789abcdef0123456789abcdef"'


def create_bare() -> Flask:
    """One route for each file of the folder."""
    app = Flask("bare", static_folder=None)
    contents = {path.name: path.read_bytes() for path in Path(os.environ[FOLDER]).iterdir()}

    @app.get("/<name>")
    def content(name: str) -> Response:
        if request.headers.get("If-None-Match") == ETAG:
            response = Response(status=304)
        else:
            response = Response(contents[name], content_type="application/json")
        response.headers["ETag"] = ETAG
        return response

    return app


def main(port: int, workers: int, blocking_threads: int) -> None:
    """Serve until stopped."""
    Granian(
        "tests.benchmarks.bare:create_bare",
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
    main(*map(int, sys.argv[1:4]))
