"""Real processes of the CMS, started and ended as an operator would, and clients of them in processes of their own."""

import http.client
import itertools
import json
import multiprocessing
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import NullPool, create_engine, text

from cms.keys import ROLES
from cms.settings import Settings
from tests.applications import serve
from tests.service import MERGE_PATCH, SECRET

REPOSITORY = Path(__file__).parents[1]
# When to give up what should come at once, however slow and busy the machine is; a test of speed this is not.
PATIENCE = 300
# The server gives its own processes 10 seconds, and then the worker 10.
SECONDS_TO_STOP = 40
# Each process of a parallel run draws its ports from a slice of its own, below those that systems give to clients.
FIRST_PORT, PORTS_EACH, SLICES = 20_000, 100, 120

T = TypeVar("T")


def variables(database_url: str, **others: str) -> dict[str, str]:
    """The settings of a node that uses this database."""
    return {"CMS_DATABASE_URL": database_url, "CMS_SECRET_KEY": SECRET, **others}


def _environment(settings: Mapping[str, str]) -> dict[str, str]:
    """This process's environment with these settings of the CMS and no others."""
    return {name: value for name, value in os.environ.items() if not name.startswith("CMS_")} | dict(settings)


def cms(
    *arguments: str, folder: Path, settings: Mapping[str, str], seconds: float = PATIENCE
) -> subprocess.CompletedProcess[str]:
    """Run one command to its end. If it does not end, it is killed with everything that it started."""
    command = [sys.executable, "-m", "cms", *arguments]
    with subprocess.Popen(
        command,
        cwd=folder,
        env=_environment(settings),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        try:
            output, errors = process.communicate(timeout=seconds)
        except BaseException:
            os.killpg(process.pid, signal.SIGKILL)
            raise
    return subprocess.CompletedProcess(command, process.returncode, output, errors)


def new_key(database_url: str, role: str = "admin") -> str:
    """A new key of this role, made without the command line, which would take a second."""
    with closing(serve(Settings(database_url=database_url, secret_key=SECRET))) as service:
        key = service.with_key(*ROLES[role], name="Test").key
    assert key is not None
    return key


def free_port() -> int:
    """A port that nobody listens on, and that no other process of the test run gets meanwhile."""
    number = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    first = FIRST_PORT + PORTS_EACH * (number % SLICES)
    for _ in range(PORTS_EACH):
        port = first + next(_drawn) % PORTS_EACH
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise OSError("No port is free.")


_drawn = itertools.count(os.getpid())


def rows(database_url: str, statement: str) -> list[tuple[Any, ...]]:
    """Query the database directly, without the service."""
    engine = create_engine(database_url, poolclass=NullPool)
    with engine.connect() as connection:
        return [tuple(row) for row in connection.execute(text(statement))]


@dataclass(frozen=True)
class Reply:
    """An answer of the server; header names are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def document(self) -> Any:
        return json.loads(self.body)

    @property
    def data(self) -> Any:
        return self.document["data"]

    def expect(self, status: int) -> "Reply":
        assert self.status == status, f"{self.status}: {self.body.decode(errors='replace')[:1000]}"
        return self


@dataclass(frozen=True)
class Client:
    """A client that opens a new connection for each request."""

    port: int
    key: str | None = None

    def request(
        self, method: str, path: str, *, json: Any = None, if_match: str | None = None, **headers: str
    ) -> Reply:
        """Any request; header names are written with underscores."""
        return self.send(method, path, json=json, if_match=if_match, headers=headers)

    def send(
        self,
        method: str,
        path: str,
        *,
        json: Any = None,
        if_match: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Reply:
        given = {name.replace("_", "-"): value for name, value in (headers or {}).items()}
        body = None
        if json is not None:
            body = _encoded(json)
            given.setdefault("Content-Type", MERGE_PATCH if method == "PATCH" else "application/json")
        if self.key:
            given.setdefault("Authorization", f"Bearer {self.key}")
        if if_match:
            given["If-Match"] = if_match
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        try:
            connection.request(method, path, body, {"Connection": "close", **given})
            response = connection.getresponse()
            content = response.read()
            return Reply(response.status, {name.lower(): value for name, value in response.getheaders()}, content)
        finally:
            connection.close()

    def get(self, path: str, **headers: str) -> Reply:
        return self.request("GET", path, **headers)

    def insist(self, method: str, path: str, **options: Any) -> tuple[Reply, int]:
        """Repeat the request while the service is busy; returns the answer and the number of repetitions."""
        deadline = time.monotonic() + PATIENCE
        busy = 0
        while True:
            reply = self.send(method, path, **options)
            if reply.status != 503 or time.monotonic() > deadline:
                return reply, busy
            assert int(reply.headers["retry-after"]) > 0
            busy += 1
            time.sleep(0.2)


def _encoded(document: Any) -> bytes:
    return json.dumps(document).encode()


class Process:
    """A command that keeps running, in a process group of its own that its children share."""

    def __init__(self, *arguments: str, folder: Path, settings: Mapping[str, str]) -> None:
        self._log = folder / f"{arguments[0]}-{time.monotonic_ns()}.log"
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "cms", *arguments],
                cwd=folder,
                env=_environment(settings),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self.pid = self._process.pid

    @property
    def output(self) -> str:
        """Everything that the command and its children have printed."""
        return self._log.read_text(errors="replace")

    @property
    def status(self) -> int | None:
        """The exit status; ``None`` while it runs."""
        return self._process.poll()

    def members(self) -> list[int]:
        """Every running process of the group: the command, and the processes that it started."""
        return sorted(pid for pid, group in _living() if group == self.pid)

    def terminate(self) -> None:
        """SIGTERM, to the command alone, as a service manager sends it."""
        self._process.send_signal(signal.SIGTERM)

    def wait(self, seconds: float = SECONDS_TO_STOP) -> int:
        return self._process.wait(seconds)

    def stop(self) -> int:
        """SIGTERM, and wait for the end."""
        self.terminate()
        return self.wait()

    def kill(self) -> None:
        """SIGKILL to the command and everything it started, as a power cut would."""
        self._signal_group(signal.SIGKILL)
        self._process.wait(SECONDS_TO_STOP)

    def clean_up(self) -> None:
        """Leave nothing behind, whatever happened."""
        self._signal_group(signal.SIGKILL)
        self._process.wait(SECONDS_TO_STOP)

    def _signal_group(self, number: signal.Signals) -> None:
        if self.members():
            os.killpg(self.pid, number)


def _living() -> Iterator[tuple[int, int]]:
    """Every running process with its group, without zombies."""
    if not Path("/proc/self/stat").exists():
        listing = subprocess.run(["ps", "-A", "-o", "pid=,pgid=,stat="], check=True, capture_output=True, text=True)
        for line in listing.stdout.splitlines():
            pid, group, state = line.split()
            if not state.startswith("Z"):
                yield int(pid), int(group)
        return
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            # The name in the middle may hold anything; after it come state, parent and group.
            state, _parent, group = (folder / "stat").read_text().rpartition(")")[2].split()[:3]
        except OSError:
            continue
        if state not in "ZX":
            yield int(folder.name), int(group)


class Server(Process):
    """``cms serve`` with two processes that answer."""

    def __init__(self, *arguments: str, folder: Path, settings: Mapping[str, str], port: int | None = None) -> None:
        self.port = port or free_port()
        super().__init__(
            "serve", "--port", str(self.port), "--workers", "2", *arguments, folder=folder, settings=settings
        )

    def wait_until_ready(self) -> None:
        deadline = time.monotonic() + PATIENCE
        while not self.is_ready():
            assert self.status is None, f"the server ended with status {self.status}: {self.output}"
            assert time.monotonic() < deadline, f"the server is not ready: {self.output}"
            time.sleep(0.05)

    def is_ready(self) -> bool:
        try:
            return Client(self.port).get("/readyz").status == 200
        except (OSError, http.client.HTTPException):
            return False


@contextmanager
def serving(*arguments: str, folder: Path, settings: Mapping[str, str], port: int | None = None) -> Iterator[Server]:
    """A server that answers, ended however the block ends."""
    server = Server(*arguments, folder=folder, settings=settings, port=port)
    try:
        server.wait_until_ready()
        yield server
    finally:
        server.clean_up()


@contextmanager
def working(folder: Path, settings: Mapping[str, str]) -> Iterator[Process]:
    """``cms worker``, ended however the block ends."""
    worker = Process("worker", folder=folder, settings=settings)
    try:
        yield worker
    finally:
        worker.clean_up()


def comes_true(condition: Callable[[], bool]) -> bool:
    """Wait until a condition that another process fulfils is true."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def at_once(
    work: Callable[[Client, int], T],
    client: Client,
    *,
    processes: int = 5,
    threads: int = 10,
    seconds: float = PATIENCE,
) -> list[T]:
    """Do ``work`` in every thread of several new processes, all beginning together; each gets a number of its own."""
    # Copies of a process that has already imported what they need: to import it takes each a second.
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([__name__])
    everyone_is_here = context.Barrier(processes)
    with context.Pool(processes, _remember, (everyone_is_here,)) as pool:
        given = [(work, client, first, threads) for first in range(0, processes * threads, threads)]
        results = pool.starmap_async(_in_threads, given, chunksize=1).get(seconds)
        pool.close()
        pool.join()
    return [each for some in results for each in some]


_others: Any = None


def _remember(barrier: Any) -> None:
    global _others
    _others = barrier


def _in_threads(work: Callable[[Client, int], T], client: Client, first: int, threads: int) -> list[T]:
    ready = threading.Barrier(threads)

    def begin(number: int) -> T:
        ready.wait(PATIENCE)
        return work(client, number)

    _others.wait(PATIENCE)
    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(begin, range(first, first + threads)))
