"""The real server and the yardstick, each in processes of its own."""

import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from cms.settings import Settings
from tests.benchmarks.bare import FOLDER
from tests.benchmarks.load import ROOT

WORKERS = 2
SECONDS_TO_START = 60
SECONDS_TO_STOP = 30


@contextmanager
def serving_cms(settings: Settings) -> Iterator[int]:
    """``cms serve`` with these settings; gives its port."""
    port = _free_port()
    command = ["-m", "cms", "serve", "--port", str(port), "--workers", str(WORKERS), "--without-worker"]
    variables = {"CMS_DATABASE_URL": settings.database_url, "CMS_SECRET_KEY": settings.secret_key}
    with _running(command, variables, port, "/readyz"):
        yield port


@contextmanager
def serving_bare(folder: Path, *, is_sqlite: bool) -> Iterator[int]:
    """Bare Flask with the files of a folder, as many processes and threads as ``cms serve`` has; gives its port."""
    port = _free_port()
    command = ["-m", "tests.benchmarks.bare", str(port), str(WORKERS), "1" if is_sqlite else "4"]
    with _running(command, {FOLDER: str(folder)}, port, f"/{next(folder.iterdir()).name}"):
        yield port


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


@contextmanager
def _running(command: list[str], variables: dict[str, str], port: int, path: str) -> Iterator[None]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("CMS_")} | variables
    process = subprocess.Popen(
        [sys.executable, *command], cwd=ROOT, env=environment, stdin=subprocess.DEVNULL, start_new_session=True
    )
    try:
        _wait_until_it_answers(process, port, path)
        yield
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(timeout=SECONDS_TO_STOP)
        except subprocess.TimeoutExpired:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)  # its own session: the server and its workers only
            process.wait()


def _wait_until_it_answers(process: subprocess.Popen[bytes], port: int, path: str) -> None:
    deadline = time.monotonic() + SECONDS_TO_START
    while time.monotonic() < deadline and process.poll() is None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        try:
            connection.request("GET", path)
            if connection.getresponse().status == 200:
                return
        except OSError:
            pass
        finally:
            connection.close()
        time.sleep(0.05)
    raise RuntimeError(f"The server on port {port} did not start.")
