"""Fixtures: a test that takes ``service`` runs on SQLite and on a real PostgreSQL, with a database of its own."""

import gc
import os
import shutil
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from cms.app import create_app
from cms.migrate import migrate
from cms.settings import Settings
from tests.applications import serve
from tests.postgresql import SHARED_SERVER, PostgreSQLServer, SharedDatabase
from tests.quick import selection
from tests.service import SECRET, Service

FILES_SHOWN = 10

# How long an example takes to make or to try says how busy the machine is, and nothing of the service.
settings.register_profile("random", deadline=None, suppress_health_check=[HealthCheck.too_slow])
# The same examples each time, so that a failure comes from the change that is tested; --hypothesis-profile=random looks
# for new ones.
settings.register_profile("deterministic", settings.get_profile("random"), derandomize=True)
settings.load_profile("deterministic")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let ``make quick`` choose."""
    parser.addoption("--quick", action="store_true", help="run the tests that find nearly every mistake")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what is not quick, if that is asked for."""
    if config.option.quick:
        kept = selection(items)
        left_out = set(items) - set(kept)
        config.hook.pytest_deselected(items=list(left_out))
        items[:] = kept


def pytest_collection_finish() -> None:
    """Look for garbage less often: with the thousands of tests in memory it took a fifth of the time."""
    gc.freeze()
    gc.set_threshold(50_000)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Name the files that took longest."""
    seconds: dict[str, float] = defaultdict(float)
    for reports in terminalreporter.stats.values():
        for report in reports:
            if isinstance(report, pytest.TestReport):
                seconds[report.location[0]] += report.duration
    if len(seconds) > 1:
        terminalreporter.section(f"slowest {FILES_SHOWN} files")
        for path, duration in sorted(seconds.items(), key=lambda each: -each[1])[:FILES_SHOWN]:
            terminalreporter.write_line(f"{duration:7.1f}s {path}")


def pytest_configure(config: pytest.Config) -> None:
    """Start one PostgreSQL server for the whole run; workers of a parallel run share it."""
    if SHARED_SERVER not in os.environ and not config.option.collectonly:
        server = PostgreSQLServer()
        server.start()
        config.add_cleanup(server.stop)
        os.environ[SHARED_SERVER] = server.maintenance_url


@pytest.fixture(scope="session")
def postgresql() -> PostgreSQLServer:
    """The run's PostgreSQL server."""
    return PostgreSQLServer.connect(os.environ[SHARED_SERVER])


@pytest.fixture(scope="session")
def worker_name() -> str:
    """A name that no other process of this run has."""
    return f"{os.environ.get('PYTEST_XDIST_WORKER', 'main')}_{os.getpid()}"


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite file to copy."""
    path = tmp_path_factory.mktemp("template") / "cms.db"
    _migrated(f"sqlite:///{path}")
    return path


@pytest.fixture(scope="session")
def postgresql_template(postgresql: PostgreSQLServer, worker_name: str) -> Iterator[str]:
    """The name of a migrated PostgreSQL database to copy."""
    name = f"template_{worker_name}"
    _migrated(postgresql.create_database(name))
    yield name
    postgresql.drop_database(name)


@pytest.fixture(scope="session")
def postgresql_database(
    postgresql: PostgreSQLServer, postgresql_template: str, worker_name: str
) -> Iterator[SharedDatabase]:
    """The database that this worker's tests use one after the other."""
    shared = SharedDatabase(postgresql, f"test_{worker_name}", postgresql_template)
    yield shared
    shared.drop()


def _migrated(url: str) -> None:
    app = create_app(Settings(database_url=url, secret_key=SECRET))
    migrate(app)
    app.extensions["cms"].database.dispose()


def _fresh_file(template: Path, name: str) -> str:
    """The address of a new copy of the template, which replaces the copy before: the same address for every test."""
    path = template.with_name(name)
    for old in path.parent.glob(f"{name}*"):
        old.unlink()  # With its log. Who still has it open keeps the old file and never sees the new one.
    shutil.copy(template, path)
    return f"sqlite:///{path}"


@pytest.fixture
def sqlite_url(sqlite_template: Path) -> str:
    """The address of a new, migrated SQLite database, for tests that do not depend on the kind of database."""
    return _fresh_file(sqlite_template, "lone.db")


@pytest.fixture(params=["sqlite", "postgresql"])
def fresh_database(request: pytest.FixtureRequest) -> Callable[[], str]:
    """A function that empties a migrated database and returns its address: once on SQLite, once on PostgreSQL."""
    if request.param == "sqlite":
        return partial(_fresh_file, request.getfixturevalue("sqlite_template"), "either.db")
    shared: SharedDatabase = request.getfixturevalue("postgresql_database")
    return shared.fresh


@pytest.fixture
def database_url(fresh_database: Callable[[], str]) -> str:
    """The address of an empty, migrated database: once on SQLite, once on PostgreSQL."""
    return fresh_database()


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def shared_database_url(request: pytest.FixtureRequest, worker_name: str) -> Iterator[str]:
    """The address of a migrated database for a site that the tests of a file only read: once on each database."""
    if request.param == "sqlite":
        yield _fresh_file(request.getfixturevalue("sqlite_template"), "shared.db")
        return
    server: PostgreSQLServer = request.getfixturevalue("postgresql")
    name = f"shared_{worker_name}"
    yield server.create_database(name, template=request.getfixturevalue("postgresql_template"))
    server.drop_database(name)


@pytest.fixture
def service(database_url: str) -> Iterator[Service]:
    """The service in this process, on a new database."""
    running = serve(Settings(database_url=database_url, secret_key=SECRET))
    yield running
    running.close()


@pytest.fixture
def uncached(service: Service) -> Iterator[Service]:
    """The same site, served by an application that keeps no answers in memory."""
    running = serve(replace(service.services.settings, cache_memory=0))
    yield running
    running.close()
