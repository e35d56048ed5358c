"""A client that asks as fast as answers come, over kept connections, and costs as little as Python lets it.

Each connection has a process of its own that sends bytes made beforehand and waits for the answer: no parsing beyond
its length, no event loop, no lock. One more process starts them, so that they are forked where no thread runs.
"""

import gc
import json
import os
import socket
import struct
import subprocess
import sys
import time
from array import array
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Self

ROOT = Path(__file__).parent.parent.parent
ANSWER_SECONDS = 60
WARMING_SECONDS = 0.5
BUFFER_BYTES = 1 << 20
END_OF_HEAD = b"\r\n\r\n"


@dataclass(frozen=True)
class Request:
    """An address and the header fields to ask it with."""

    path: str
    headers: dict[str, str] = field(default_factory=dict)

    def encoded(self, port: int) -> bytes:
        """The bytes on the wire."""
        lines = [f"GET {self.path} HTTP/1.1", f"Host: 127.0.0.1:{port}"]
        lines += [f"{name}: {value}" for name, value in self.headers.items()]
        return "\r\n".join([*lines, "", ""]).encode()


@dataclass(frozen=True)
class Measured:
    """What one run of the client says: times in milliseconds, processor time in microseconds per request."""

    requests: int
    per_second: float
    p50: float
    p99: float
    server_cpu: float | None
    database_cpu: float | None
    client_cpu: float

    @property
    def cpu(self) -> float | None:
        """What one request costs the server and its database together."""
        return None if self.server_cpu is None else self.server_cpu + (self.database_cpu or 0)


def measure(
    port: int,
    requests: Sequence[Request],
    status: int,
    seconds: float,
    connections: int,
    processor_time: Callable[[], tuple[float | None, float | None]],
    *,
    each_first: bool = False,
) -> Measured:
    """Ask for these in turn for so long, after a moment to get warm; every answer must have this status.

    ``each_first`` has every connection ask each of them before, so that all of them are known to the server.
    ``processor_time`` tells the seconds that the server and its database have used so far.
    """
    job = {
        "port": port,
        "requests": [asdict(each) for each in requests],
        "status": status,
        "seconds": seconds,
        "connections": connections,
        "before": len(requests) if each_first else 1,
    }
    with _client() as client:
        assert client.stdin is not None
        assert client.stdout is not None
        print(json.dumps(job), file=client.stdin, flush=True)
        _expect(client.stdout.readline(), requests)
        before = processor_time()
        print("go", file=client.stdin, flush=True)
        found = json.loads(_expect(client.stdout.readline(), requests))
        after = processor_time()
        client.wait(timeout=ANSWER_SECONDS)
    count = found["requests"]
    server, database = (
        None if late is None or early is None else (late - early) / count * 1e6
        for early, late in zip(before, after, strict=True)
    )
    return Measured(
        requests=count,
        per_second=count / seconds,
        p50=found["p50"] * 1000,
        p99=found["p99"] * 1000,
        server_cpu=server,
        database_cpu=database,
        client_cpu=found["cpu"] / count * 1e6,
    )


@contextmanager
def _client() -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "tests.benchmarks.load"]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def _expect(line: str, requests: Sequence[Request]) -> str:
    if not line:
        raise RuntimeError(f"A client failed on {requests[0].path}.")
    return line


class Connection:
    """One kept connection that asks a list of questions over and over."""

    def __init__(self, port: int, questions: Sequence[bytes], status: str, position: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        # A timeout of Python's own would be one more system call for each answer.
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, struct.pack("ll", ANSWER_SECONDS, 0))
        self._questions = questions
        self._bodies: list[int | None] = [0 if status == "304" else None] * len(questions)
        self._begins = f"HTTP/1.1 {status}".encode()
        self._position = position % len(questions)
        self._buffer = bytearray(BUFFER_BYTES)
        self._view = memoryview(self._buffer)

    def ask_until(self, end: float) -> "array[float]":
        """Ask one question after the other until that time; the seconds that each answer took."""
        taken = array("d")
        started = time.perf_counter()
        while started < end:
            self.ask()
            now = time.perf_counter()
            taken.append(now - started)
            started = now
        return taken

    def ask(self) -> None:
        """Ask the next question and wait for the whole answer; raises ``RuntimeError`` for another status."""
        position = self._position
        self._position = (position + 1) % len(self._questions)
        self.socket.sendall(self._questions[position])
        received = self._receive(0)
        while (head := self._buffer.find(END_OF_HEAD, 0, received)) < 0:
            received = self._receive(received)
        if not self._buffer.startswith(self._begins):
            raise RuntimeError(f"Not {self._begins.decode()} but {bytes(self._buffer[:1000])!r}")
        body = self._bodies[position]
        if body is None:
            # Nothing changes while this runs, so neither does the length.
            body = self._bodies[position] = self._content_length(head)
        expected = head + len(END_OF_HEAD) + body
        while received < expected:
            received = self._receive(received)

    def _receive(self, received: int) -> int:
        count = self.socket.recv_into(self._view[received:])
        if not count:
            raise RuntimeError("The server closed the connection, or the answer is longer than the buffer.")
        return received + count

    def _content_length(self, head: int) -> int:
        _, name, rest = bytes(self._buffer[:head]).lower().partition(b"\r\ncontent-length:")
        if not name:
            raise RuntimeError("The answer does not say how long it is.")
        return int(rest.split(b"\r\n")[0])


class _Asker:
    """A forked process with one connection, which gets warm, waits for the start, and hands over what it timed."""

    def __init__(self, job: dict[str, Any], number: int) -> None:
        self._ready, ready = os.pipe()
        start, self._start = os.pipe()
        self._results, results = os.pipe()
        self._child = os.fork()
        if not self._child:
            try:
                os.close(self._start)
                _ask(job, number, ready, start, results)
                os._exit(0)
            except BaseException as error:
                print(error, file=sys.stderr, flush=True)
                os._exit(1)
        for each in (ready, start, results):
            os.close(each)

    def wait_until_warm(self) -> None:
        """Raises ``RuntimeError`` if it has failed."""
        if not os.read(self._ready, 1):
            raise RuntimeError("A client failed while it got warm.")

    def start(self) -> None:
        os.write(self._start, b"!")

    def results(self) -> "array[float]":
        """The seconds that each of its answers took; raises ``RuntimeError`` if it has failed."""
        taken = array("d")
        with os.fdopen(self._results, "rb") as file:
            taken.frombytes(file.read())
        if os.waitpid(self._child, 0)[1]:
            raise RuntimeError("A client failed.")
        return taken


def _ask(job: dict[str, Any], number: int, ready: int, start: int, results: int) -> None:
    questions = [Request(**each).encoded(job["port"]) for each in job["requests"]]
    connection = Connection(job["port"], questions, str(job["status"]), number * 97)
    # The first answer may take long.
    for _ in range(job["before"]):
        connection.ask()
    connection.ask_until(time.perf_counter() + min(WARMING_SECONDS, job["seconds"]))
    gc.disable()
    os.write(ready, b"!")
    if os.read(start, 1):
        taken = connection.ask_until(time.perf_counter() + job["seconds"])
        with os.fdopen(results, "wb") as file:
            file.write(taken.tobytes())
    connection.socket.close()


@dataclass(frozen=True)
class _Found:
    requests: int
    p50: float
    p99: float
    cpu: float

    @classmethod
    def of(cls, taken: "array[float]", cpu: float) -> Self:
        ordered = sorted(taken)
        count = len(ordered)
        return cls(count, ordered[count // 2], ordered[min(count - 1, count * 99 // 100)], cpu)


def main() -> None:
    """Read a job from the first line, get warm, say so, wait for the next line, ask, and print what was found."""
    job = json.loads(sys.stdin.readline())
    askers = [_Asker(job, number) for number in range(job["connections"])]
    for each in askers:
        each.wait_until_warm()
    print("warm", flush=True)
    sys.stdin.readline()
    for each in askers:
        each.start()
    taken = array("d")
    for each in askers:
        taken += each.results()
    times = os.times()
    # With what getting warm cost: about as much for each request.
    share = job["seconds"] / (job["seconds"] + min(WARMING_SECONDS, job["seconds"]))
    print(json.dumps(asdict(_Found.of(taken, (times.children_user + times.children_system) * share))), flush=True)


if __name__ == "__main__":
    main()
