"""The databases to measure on, each filled once and, if a folder is given for them, kept for the next time."""

import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import psycopg
from psycopg import sql

from cms.settings import Settings
from tests.benchmarks.content import Size
from tests.benchmarks.loading import fill
from tests.postgresql import PostgreSQLServer, find_binaries
from tests.service import SECRET

LAYOUT = 1
"""To be raised when a site is made in another way, so that those that were kept are made anew."""
KEPT_DATA = "postgresql"


@dataclass(frozen=True)
class Filled:
    """A site to measure: how it is served, the database's first process, and how long it took to fill."""

    settings: Settings
    database_process: int | None
    seconds: float | None
    """``None`` for one that was kept."""


@contextmanager
def sites(database: str, sizes: list[Size], folder: Path) -> Iterator[Iterator[Filled]]:
    """A site of each size, one after the other, in ``sqlite`` or ``postgresql``; their files are in the folder."""
    if database == "sqlite":
        yield (_sqlite_site(size, folder) for size in sizes)
        return
    with KeptServer(folder) as server:
        yield (_postgresql_site(server, size) for size in sizes)


def _name(size: Size) -> str:
    return f"site_{LAYOUT}_{size.articles}_{size.body_bytes}"


def _sqlite_site(size: Size, folder: Path) -> Filled:
    path, unfinished = folder / f"{_name(size)}.db", folder / "unfinished.db"
    seconds = None
    if not path.exists():
        for each in folder.glob("unfinished.db*"):
            each.unlink()
        seconds = _timed_fill(f"sqlite:///{unfinished}", size)
        unfinished.rename(path)
    return Filled(_settings(f"sqlite:///{path}"), None, seconds)


def _postgresql_site(server: PostgreSQLServer, size: Size) -> Filled:
    name, unfinished = _name(size), "unfinished"
    seconds = None
    if not _exists(server, name):
        server.drop_database(unfinished)
        seconds = _timed_fill(server.create_database(unfinished), size)
        _rename(server, unfinished, name)
    return Filled(_settings(server.url(name)), server.pid, seconds)


def _timed_fill(url: str, size: Size) -> float:
    started = time.perf_counter()
    fill(_settings(url), size)
    return time.perf_counter() - started


def _settings(url: str) -> Settings:
    return Settings(database_url=url, secret_key=SECRET)


def _exists(server: PostgreSQLServer, name: str) -> bool:
    with _maintenance(server) as connection:
        return connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone() is not None


def _rename(server: PostgreSQLServer, name: str, other: str) -> None:
    with _maintenance(server) as connection:
        statement = sql.SQL("ALTER DATABASE {} RENAME TO {}")
        connection.execute(statement.format(sql.Identifier(name), sql.Identifier(other)))


def _maintenance(server: PostgreSQLServer) -> psycopg.Connection:
    return psycopg.connect(server.maintenance_url.replace("+psycopg", "", 1), autocommit=True)


class KeptServer(PostgreSQLServer):
    """A server whose databases outlive it in a folder: it begins with what is there and leaves it there at its end.

    Meanwhile they are where the server's user can get to, whoever the folder belongs to.
    """

    def __init__(self, folder: Path) -> None:
        super().__init__(binaries=find_binaries())
        self._kept = folder / KEPT_DATA

    def _start(self, directory: Path) -> None:
        if self._kept.exists():
            shutil.move(self._kept, directory / "data")
        super()._start(directory)

    def _spawn(self, command: list[str | Path], directory: Path, output: IO[bytes]) -> subprocess.Popen[bytes]:
        begins = Path(command[0]).name == "initdb" and (directory / "data").exists()
        return super()._spawn(["true"] if begins else command, directory, output)

    def stop(self) -> None:
        """End the server, and put its data where the next one finds it."""
        if self.directory is None:
            return
        if self._process is not None:
            self._process.send_signal(signal.SIGINT)  # "fast": what is in memory is written, and sessions end
            self._process.wait()
        data = self.directory / "data"
        if (data / "PG_VERSION").exists():
            shutil.rmtree(self._kept, ignore_errors=True)
            shutil.move(data, self._kept)
        super().stop()
