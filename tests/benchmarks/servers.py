"""The real server and the yardsticks, each in processes of its own, and the processor time that they use."""

import http.client
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from cms.settings import Settings
from tests.benchmarks.bare import BODIES, FOLDER
from tests.benchmarks.load import ROOT
from tests.processes import PATIENCE, free_port

WORKERS = 2
CACHE_MEGABYTES = 64
SECONDS_TO_STOP = 2
PROCESSES = Path("/proc")

# As fast as it goes: no compression, no log, the kernel sends the file, and no connection is closed for its age.
NGINX = """
{user}worker_processes {workers};
daemon off;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{ worker_connections 512; }}
http {{
    access_log off;
    gzip off;
    sendfile on;
    tcp_nopush on;
    open_file_cache max=100;
    keepalive_requests 1000000000;
    default_type application/json;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    server {{
        listen 127.0.0.1:{port};
        root {files};
    }}
}}
"""


@dataclass(frozen=True)
class Server:
    """A running server: its port, and the first of its processes."""

    port: int
    process_id: int

    def get(self, path: str) -> http.client.HTTPResponse:
        """The answer to one GET, read to its end."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        try:
            connection.request("GET", path)
            response = connection.getresponse()
            response.read()
            return response
        finally:
            connection.close()


@contextmanager
def serving_cms(settings: Settings, *, is_cached: bool) -> Iterator[Server]:
    """``cms serve`` with these settings, which keeps answers in memory or not."""
    port = free_port()
    command = [sys.executable, "-m", "cms", "serve", "--port", str(port)]
    variables = {
        "CMS_DATABASE_URL": settings.database_url,
        "CMS_SECRET_KEY": settings.secret_key,
        "CMS_CACHE_MEMORY": str(CACHE_MEGABYTES if is_cached else 0),
    }
    options = ["--workers", str(WORKERS), "--without-worker"]
    with _running([*command, *options], variables, port, "/readyz") as server:
        yield server


@contextmanager
def serving_bare(kind: str, answers: Path, *, is_sqlite: bool) -> Iterator[Server]:
    """``flask`` or ``wsgi`` with the answers in a folder, with as many processes and threads as ``cms serve`` has."""
    port = free_port()
    threads = "1" if is_sqlite else "4"
    command = [sys.executable, "-m", "tests.benchmarks.bare", kind, str(port), str(WORKERS), threads]
    with _running(command, {FOLDER: str(answers)}, port, f"/{_any(answers / BODIES)}") as server:
        yield server


@contextmanager
def serving_nginx(answers: Path) -> Iterator[Server]:
    """Nginx with the bodies of the answers in a folder as files, with as many processes."""
    program = nginx_program()
    assert program is not None
    port = free_port()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        user = "user root;\n" if os.geteuid() == 0 else ""
        configuration = NGINX.format(user=user, workers=WORKERS, folder=folder, port=port, files=answers / BODIES)
        (folder / "nginx.conf").write_text(configuration)
        # The path of the log until the configuration is read, which would be the machine's own.
        command = [program, "-p", name, "-c", str(folder / "nginx.conf"), "-e", str(folder / "error.log")]
        with _running(command, {}, port, f"/{_any(answers / BODIES)}") as server:
            yield server


def nginx_program() -> str | None:
    """Where nginx is, if it is on the ``PATH``."""
    return shutil.which("nginx")


def processor_seconds(process_id: int | None) -> float | None:
    """What a process and its descendants have used so far; ``None`` where the system does not tell."""
    if process_id is None or not PROCESSES.is_dir():
        return None
    parents: dict[int, int] = {}
    ticks: dict[int, int] = {}
    for path in PROCESSES.glob("[0-9]*/stat"):
        with suppress(OSError):
            # What comes after the name, which may have spaces in it, begins with the third field of proc(5).
            fields = path.read_text().rpartition(")")[2].split()
            number = int(path.parent.name)
            parents[number], ticks[number] = int(fields[1]), int(fields[11]) + int(fields[12])
    family = [process_id]
    for each in family:
        family += [child for child, parent in parents.items() if parent == each]
    return sum(ticks.get(each, 0) for each in family) / os.sysconf("SC_CLK_TCK")


def _any(files: Path) -> str:
    return next(files.iterdir()).name


@contextmanager
def _running(command: list[str], variables: dict[str, str], port: int, path: str) -> Iterator[Server]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("CMS_")} | variables
    process = subprocess.Popen(command, cwd=ROOT, env=environment, stdin=subprocess.DEVNULL, start_new_session=True)
    server = Server(port, process.pid)
    try:
        _wait_until_it_answers(process, server, path)
        yield server
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(timeout=SECONDS_TO_STOP)
        except subprocess.TimeoutExpired:
            # A worker of granian that is told to stop while it starts does not, and these only read. The group is that
            # of the server and its workers alone.
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _wait_until_it_answers(process: subprocess.Popen[bytes], server: Server, path: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline and process.poll() is None:
        with suppress(OSError, http.client.HTTPException):
            if server.get(path).status == 200:
                return
        time.sleep(0.05)
    raise RuntimeError(f"The server on port {server.port} did not start.")
