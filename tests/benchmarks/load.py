"""A client that asks as fast as answers come, over kept connections: the measured side costs more than this one.

Runs in processes of its own; each reads a job from standard input and prints what it counted.
"""

import json
import selectors
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Self

ROOT = Path(__file__).parent.parent.parent
PROCESSES = 2
CONNECTIONS = 8
ANSWER_SECONDS = 30


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
    """What a cell of the table says."""

    per_second: float
    p50: float
    p99: float

    @classmethod
    def of(cls, seconds: Sequence[float], duration: float) -> Self:
        """From the time that each answer took."""
        ordered = sorted(seconds)
        return cls(
            per_second=len(ordered) / duration,
            p50=ordered[len(ordered) // 2] * 1000,
            p99=ordered[min(len(ordered) - 1, len(ordered) * 99 // 100)] * 1000,
        )


def measure(port: int, requests: Sequence[Request], status: int, seconds: float) -> list[float]:
    """Ask for these in turn for so long, after a moment to get warm; the seconds that each answer took.

    Every answer must have this status.
    """
    job = {
        "port": port,
        "requests": [asdict(each) for each in requests],
        "status": status,
        "seconds": seconds,
        "connections": CONNECTIONS // PROCESSES,
    }
    taken: list[float] = []
    with ExitStack() as running:
        clients = [running.enter_context(_client()) for _ in range(PROCESSES)]
        for number, client in enumerate(clients):
            assert client.stdin is not None
            client.stdin.write(json.dumps(job | {"skip": number * 97}))
            client.stdin.close()
        for client in clients:
            assert client.stdout is not None
            answered = client.stdout.read()
            if client.wait(timeout=ANSWER_SECONDS):
                raise RuntimeError(f"A client failed on {requests[0].path}.")
            taken += json.loads(answered)
    return taken


@contextmanager
def _client() -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "tests.benchmarks.load"]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


class Connection:
    """One kept connection, with the time its question was sent."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=ANSWER_SECONDS)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.sent_at = 0.0
        self._received = bytearray()
        self._length = -1

    def ask(self, question: bytes) -> None:
        """Send the next question."""
        self._received.clear()
        self._length = -1
        self.sent_at = time.perf_counter()
        self.socket.sendall(question)

    def read(self, expected: bytes) -> bool:
        """Take what has come; whether the answer is complete. Raises ``RuntimeError`` for another status."""
        received = self.socket.recv(1 << 18)
        if not received:
            raise RuntimeError("The server closed the connection.")
        self._received += received
        if self._length < 0:
            end = self._received.find(b"\r\n\r\n")
            if end < 0:
                return False
            head = bytes(self._received[:end]).lower()
            if head[9:12] != expected:
                raise RuntimeError(f"This was expected to be {expected.decode()}: {self._received[:1000]!r}")
            _, _, rest = head.partition(b"\r\ncontent-length:")
            self._length = end + 4 + (int(rest.split(b"\r\n")[0]) if rest and expected != b"304" else 0)
        return len(self._received) >= self._length


def run(job: dict[str, object]) -> list[float]:
    """The seconds that each answer took; those of the warming up are left out."""
    port, seconds, status = int(str(job["port"])), float(str(job["seconds"])), str(job["status"]).encode()
    requests = job["requests"]
    assert isinstance(requests, list)
    questions = [Request(**each).encoded(port) for each in requests]
    position = int(str(job["skip"]))
    with selectors.DefaultSelector() as selector:
        connections = [Connection(port) for _ in range(int(str(job["connections"])))]
        for connection in connections:
            selector.register(connection.socket, selectors.EVENT_READ, connection)
            connection.ask(questions[position % len(questions)])
            position += 1
        begin = time.perf_counter() + min(1.0, seconds / 2)
        taken: list[float] = []
        while (now := time.perf_counter()) < begin + seconds:
            for key, _ in selector.select(timeout=ANSWER_SECONDS):
                connection = key.data
                if connection.read(status):
                    now = time.perf_counter()
                    if begin <= now < begin + seconds:
                        taken.append(now - connection.sent_at)
                    connection.ask(questions[position % len(questions)])
                    position += 1
        for connection in connections:
            # A worker of granian that loses a client in the middle of an answer does not stop when it is told to.
            while not connection.read(status):
                pass
            connection.socket.close()
    return taken


if __name__ == "__main__":
    print(json.dumps(run(json.load(sys.stdin))))
