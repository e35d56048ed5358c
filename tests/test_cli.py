"""The command line as an operator uses it: commands that work, and one clear line for each failure."""

import json
import os
import shutil
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import psycopg
import pytest
from psycopg import sql
from sqlalchemy.engine import make_url

from cms.version import VERSION
from tests.postgresql import PostgreSQLServer
from tests.processes import PATIENCE, REPOSITORY, Client, cms, free_port, rows, serving, variables
from tests.service import SECRET

pytestmark = pytest.mark.process

HEAD = max(path.name[:4] for path in (REPOSITORY / "migrations/versions").glob("[0-9]*.py"))
UNREACHABLE = "postgresql://nobody:secret-password@127.0.0.1:9/cms"


@pytest.fixture
def empty_postgresql(postgresql: PostgreSQLServer, worker_name: str) -> Iterator[str]:
    """A database without a single table."""
    name = f"empty_{worker_name}"
    yield postgresql.create_database(name)
    postgresql.drop_database(name)


def refused(
    *arguments: str, folder: Path, settings: dict[str, str], naming: str, seconds: float = PATIENCE
) -> subprocess.CompletedProcess[str]:
    """Run a command that must fail with one line that names this."""
    ended = cms(*arguments, folder=folder, settings=settings, seconds=seconds)
    assert ended.returncode not in (0, -9, -11), ended.stdout
    assert "Traceback" not in ended.stderr + ended.stdout
    assert len(ended.stderr.strip().splitlines()) == 1, ended.stderr
    assert naming in ended.stderr
    return ended


def created_key(folder: Path, settings: dict[str, str]) -> str:
    """A key of an administrator, made by the command line."""
    made = cms("key", "create", "--role", "admin", "--name", "Test", folder=folder, settings=settings)
    assert made.returncode == 0, made.stderr
    return made.stdout.strip()


# Starting and migrating.


def test_serve_makes_and_migrates_a_sqlite_database_by_itself(tmp_path: Path) -> None:
    with serving(folder=tmp_path, settings={}) as server:
        assert Client(server.port).get("/api/v1/articles").expect(200).data == []
    assert rows(f"sqlite:///{tmp_path}/var/cms.db", "SELECT version_num FROM alembic_version") == [(HEAD,)]
    assert (tmp_path / "var" / "secret_key").stat().st_mode & 0o777 == 0o600


def test_serve_refuses_a_postgresql_that_is_not_migrated_and_says_what_to_run(
    empty_postgresql: str, tmp_path: Path
) -> None:
    arguments = ("serve", "--port", str(free_port()))
    refused(*arguments, folder=tmp_path, settings=variables(empty_postgresql), naming="cms migrate")
    assert rows(empty_postgresql, "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'") == [(0,)]


@pytest.mark.parametrize("arguments", [("worker",), ("key", "list"), ("key", "create", "--role=admin", "--name=A")])
def test_other_commands_refuse_it_too(empty_postgresql: str, tmp_path: Path, arguments: tuple[str, ...]) -> None:
    refused(*arguments, folder=tmp_path, settings=variables(empty_postgresql), naming="cms migrate")


def test_migrate_makes_a_postgresql_ready_and_twice_does_no_harm(empty_postgresql: str, tmp_path: Path) -> None:
    settings = variables(empty_postgresql)
    for _ in range(2):
        migrated = cms("migrate", folder=tmp_path, settings=settings)
        assert (migrated.returncode, migrated.stderr) == (0, "")
    key = created_key(tmp_path, settings)
    with serving(folder=tmp_path, settings=settings) as server:
        assert Client(server.port, key).get("/api/v1/manage/articles").expect(200).data == []


def test_flask_db_shows_the_revision(database_url: str, tmp_path: Path) -> None:
    asked = subprocess.run(
        [sys.executable, "-m", "flask", "--app", "cms", "db", "current"],
        cwd=tmp_path,
        env=os.environ | variables(database_url),
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert asked.returncode == 0, asked.stderr
    assert asked.stdout.strip() == f"{HEAD} (head)"


def test_the_version_is_printed(tmp_path: Path) -> None:
    asked = cms("--version", folder=tmp_path, settings={})
    assert (asked.returncode, asked.stderr) == (0, "")
    assert VERSION in asked.stdout


@pytest.mark.parametrize("name", ["serve", "migrate", "worker", "openapi", "bruno", "demo", "key create", "key list"])
def test_every_command_explains_itself_without_a_database(tmp_path: Path, name: str) -> None:
    asked = cms(*name.split(), "--help", folder=tmp_path, settings={})
    assert asked.returncode == 0
    assert f"cms {name}" in asked.stdout
    assert list(tmp_path.iterdir()) == []


# Keys.


def test_a_key_is_made_listed_and_revoked_while_the_server_runs(database_url: str, tmp_path: Path) -> None:
    settings = variables(database_url)
    with serving(folder=tmp_path, settings=settings) as server:
        arguments = ("--role", "viewer", "--name", "Newsroom", "--json")
        made = json.loads(cms("key", "create", *arguments, folder=tmp_path, settings=settings).stdout)
        assert set(made) == {"id", "key", "scopes"}
        assert made["scopes"] == ["content:preview"]
        client = Client(server.port, made["key"])
        client.get("/api/v1/manage/articles").expect(200)
        listed = cms("key", "list", folder=tmp_path, settings=settings).stdout
        assert made["id"] in listed
        assert "active" in listed
        assert made["key"] not in listed
        revoked = cms("key", "revoke", made["id"], folder=tmp_path, settings=settings)
        assert revoked.returncode == 0
        # Each request may meet another process; both have to know.
        assert {client.get("/api/v1/manage/articles").status for _ in range(10)} == {401}
        assert "revoked" in cms("key", "list", folder=tmp_path, settings=settings).stdout
        again = cms("key", "revoke", made["id"], folder=tmp_path, settings=settings)
        assert again.returncode == 0


def test_a_plain_key_is_printed_alone(database_url: str, tmp_path: Path) -> None:
    settings = variables(database_url)
    arguments = ("--scope", "content:preview", "--scope", "events:read", "--name", "Two scopes")
    made = cms("key", "create", *arguments, folder=tmp_path, settings=settings)
    key = made.stdout.removesuffix("\n")
    assert key.startswith("cms_")
    assert not set(key) & set(" \n")
    (listed,) = json.loads(cms("key", "list", "--json", folder=tmp_path, settings=settings).stdout)
    assert listed["scopes"] == ["content:preview", "events:read"]
    assert listed["name"] == "Two scopes"
    assert listed["revoked_at"] is None


def test_a_terminal_shows_the_id_of_a_new_key_too(tmp_path: Path) -> None:
    terminal, output = os.openpty()
    command = [sys.executable, "-m", "cms", "key", "create", "--role", "viewer", "--name", "Reader"]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("CMS_")}
    made = subprocess.run(
        command, cwd=tmp_path, env=environment, stdout=output, stderr=subprocess.PIPE, text=True, check=True
    )
    key = os.read(terminal, 1000).decode()
    os.close(terminal)
    os.close(output)
    assert made.stderr == f"Its id, for `cms key revoke`: {key.split('_')[1]}\n"


def test_a_key_that_expires_says_so(database_url: str, tmp_path: Path) -> None:
    settings = variables(database_url)
    arguments = ("--role", "viewer", "--name", "Short", "--expires-in-days", "30")
    assert cms("key", "create", *arguments, folder=tmp_path, settings=settings).returncode == 0
    (listed,) = json.loads(cms("key", "list", "--json", folder=tmp_path, settings=settings).stdout)
    assert listed["expires_at"] > listed["created_at"]


def test_a_first_key_can_be_made_before_the_first_start(tmp_path: Path) -> None:
    key = created_key(tmp_path, {})
    with serving(folder=tmp_path, settings={}) as server:
        Client(server.port, key).get("/api/v1/manage/articles").expect(200)


def test_a_key_for_nothing_is_refused(tmp_path: Path) -> None:
    refused("key", "create", "--name", "Nothing", folder=tmp_path, settings={}, naming="--scope")


def test_revoking_an_unknown_key_is_refused(database_url: str, tmp_path: Path) -> None:
    refused("key", "revoke", "nosuchkey000", folder=tmp_path, settings=variables(database_url), naming="nosuchkey000")


@pytest.mark.parametrize("name", ["x" * 121, ""])
def test_a_name_that_no_key_can_have_is_refused(database_url: str, tmp_path: Path, name: str) -> None:
    made = cms("key", "create", "--role=viewer", "--name", name, folder=tmp_path, settings=variables(database_url))
    assert made.returncode != 0
    assert "Traceback" not in made.stderr
    assert rows(database_url, "SELECT count(*) FROM api_keys") == [(0,)]


# The contract.


def test_the_committed_contract_is_what_the_code_says(tmp_path: Path) -> None:
    checked = cms("openapi", "--check", folder=REPOSITORY, settings={})
    assert (checked.returncode, checked.stderr) == (0, "")


def test_another_contract_is_refused(tmp_path: Path) -> None:
    shutil.copytree(REPOSITORY / "openapi", tmp_path / "openapi")
    assert cms("openapi", "--check", folder=tmp_path, settings={}).returncode == 0
    document = tmp_path / "openapi" / "v1.json"
    document.write_text(document.read_text().replace("3.1", "3.0", 1))
    refused("openapi", "--check", folder=tmp_path, settings={}, naming="cms openapi")
    document.unlink()
    refused("openapi", "--check", folder=tmp_path, settings={}, naming="cms openapi")
    assert cms("openapi", folder=tmp_path, settings={}).returncode == 0
    assert document.read_bytes() == (REPOSITORY / "openapi" / "v1.json").read_bytes()


# Settings that are wrong.

SQLITE = "sqlite:///var/cms.db"
WRONG: dict[str, tuple[dict[str, str], str]] = {
    "no URL": ({"CMS_DATABASE_URL": "var/cms.db"}, "CMS_DATABASE_URL"),
    "a port that is no number": (variables("postgresql://u:p@host:port/name"), "CMS_DATABASE_URL"),
    "another database": ({"CMS_DATABASE_URL": "mysql://u:p@127.0.0.1/cms"}, "mysql"),
    "an unknown driver": ({"CMS_DATABASE_URL": "sqlite+nothing:///var/cms.db"}, "CMS_DATABASE_URL"),
    "a driver that is not installed": (variables("postgresql+psycopg2://u:p@127.0.0.1:9/cms"), "CMS_DATABASE_URL"),
    "a database in memory": ({"CMS_DATABASE_URL": "sqlite://"}, "CMS_DATABASE_URL"),
    "a short secret": ({"CMS_SECRET_KEY": "short"}, "CMS_SECRET_KEY"),
    "no secret": ({"CMS_DATABASE_URL": "postgresql://u:p@127.0.0.1:9/cms"}, "CMS_SECRET_KEY"),
    "an unknown space": ({"CMS_SPACES": "delivery,editing"}, "editing"),
    "no space": ({"CMS_SPACES": ","}, "CMS_SPACES"),
    "no public URL": ({"CMS_PUBLIC_URL": "cms.example"}, "CMS_PUBLIC_URL"),
    "a broken public URL": ({"CMS_PUBLIC_URL": "http://[::1"}, "CMS_PUBLIC_URL"),
    "a public URL with an impossible port": ({"CMS_PUBLIC_URL": "http://cms.example:99999"}, "CMS_PUBLIC_URL"),
    "a public URL with a path": ({"CMS_PUBLIC_URL": "https://cms.example/cms"}, "CMS_PUBLIC_URL"),
    "an unreachable PostgreSQL": (variables(UNREACHABLE), "database"),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_wrong_setting_ends_the_start_with_one_line(tmp_path: Path, case: str) -> None:
    settings, naming = WRONG[case]
    ended = refused("serve", "--port", str(free_port()), folder=tmp_path, settings=settings, naming=naming)
    assert "secret-password" not in ended.stderr


@pytest.mark.parametrize("command", [("migrate",), ("key", "list"), ("worker",)])
def test_other_commands_end_with_one_line_too(tmp_path: Path, command: tuple[str, ...]) -> None:
    refused(*command, folder=tmp_path, settings={"CMS_SPACES": "editing"}, naming="editing")


@pytest.mark.parametrize("secret", [{}, {"CMS_SECRET_KEY": SECRET}])
@pytest.mark.parametrize("path", ["file/cms.db", "file/below/cms.db"])
def test_a_folder_that_cannot_be_written_ends_the_start_with_one_line(
    tmp_path: Path, path: str, secret: dict[str, str]
) -> None:
    # Not even root can make a folder below a file.
    (tmp_path / "file").touch()
    settings = {"CMS_DATABASE_URL": f"sqlite:///{tmp_path}/{path}", **secret}
    refused("serve", "--port", str(free_port()), folder=tmp_path, settings=settings, naming=str(tmp_path / "file"))


def test_a_file_that_is_no_database_ends_the_start_with_one_line(tmp_path: Path) -> None:
    (tmp_path / "cms.db").write_text("Once upon a time there was a text of some length. " * 100)
    settings = variables(f"sqlite:///{tmp_path}/cms.db")
    refused("serve", "--port", str(free_port()), folder=tmp_path, settings=settings, naming="database")


@pytest.mark.parametrize("command", [("migrate",), ("serve",), ("key", "list")])
def test_a_database_of_a_newer_release_is_left_alone(
    sqlite_template: Path, tmp_path: Path, command: tuple[str, ...]
) -> None:
    shutil.copy(sqlite_template, tmp_path / "cms.db")
    with closing(sqlite3.connect(tmp_path / "cms.db")) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    before = (tmp_path / "cms.db").read_bytes()
    port = ("--port", str(free_port())) if command == ("serve",) else ()
    settings = variables(f"sqlite:///{tmp_path}/cms.db")
    naming = "a newer release has migrated the database (to 9999)"
    refused(*command, *port, folder=tmp_path, settings=settings, naming=naming)
    assert (tmp_path / "cms.db").read_bytes() == before


def test_a_port_that_is_taken_ends_the_start_with_one_line(sqlite_template: Path, tmp_path: Path) -> None:
    shutil.copy(sqlite_template, tmp_path / "cms.db")
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = str(other.getsockname()[1])
        settings = variables(f"sqlite:///{tmp_path}/cms.db")
        refused("serve", "--port", port, folder=tmp_path, settings=settings, naming=port)


def test_the_port_of_another_server_of_ours_is_taken(sqlite_template: Path, tmp_path: Path) -> None:
    shutil.copy(sqlite_template, tmp_path / "cms.db")
    settings = variables(f"sqlite:///{tmp_path}/cms.db")
    with serving(folder=tmp_path, settings=settings) as server:
        port = str(server.port)
        refused("serve", "--port", port, folder=tmp_path, settings=settings, naming=port)
        assert server.is_ready()


def test_an_address_that_is_not_ours_ends_the_start_with_one_line(tmp_path: Path) -> None:
    arguments = ("serve", "--host", "203.0.113.7", "--port", str(free_port()))
    refused(*arguments, folder=tmp_path, settings={}, naming="203.0.113.7")


# A node for delivery alone.


def check_delivery_alone(client: Client, key: str) -> None:
    assert client.get("/api/v1/articles").expect(200).data[0]["title"] == "Seen everywhere"
    assert client.get("/api/v1/articles/seen-everywhere?include=authors,tags,seo").status == 200
    assert client.get("/api/v1/site").status == 200
    assert client.get("/readyz").status == 200
    for path in ("articles", "site", "keys"):
        for each in (client, Client(client.port, key)):
            assert each.get(f"/api/v1/manage/{path}").status == 404
    assert Client(client.port, key).request("POST", "/api/v1/manage/articles", json={"title": "No"}).status == 404
    assert not [path for path in client.get("/api/v1/openapi.json").document["paths"] if "/manage" in path]


def fill(folder: Path, database_url: str) -> str:
    """Publish one article through a full node; returns the key that was used."""
    settings = variables(database_url)
    key = created_key(folder, settings)
    with serving(folder=folder, settings=settings) as server:
        entry = {"title": "Seen everywhere"}
        Client(server.port, key).request("POST", "/api/v1/manage/articles?publish=true", json=entry).expect(201)
        assert server.stop() == 0
    return key


def test_a_node_for_delivery_has_no_management(database_url: str, tmp_path: Path) -> None:
    key = fill(tmp_path, database_url)
    with serving(folder=tmp_path, settings=variables(database_url, CMS_SPACES="delivery")) as server:
        check_delivery_alone(Client(server.port), key)


def test_a_node_for_delivery_needs_no_more_than_to_select(
    postgresql: PostgreSQLServer, postgresql_template: str, worker_name: str, tmp_path: Path
) -> None:
    name, role = f"replica_{worker_name}", f"reader_{worker_name}"
    url = postgresql.create_database(name, template=postgresql_template)
    plain = url.replace("+psycopg", "", 1)
    try:
        key = fill(tmp_path, url)
        with psycopg.connect(plain, autocommit=True) as connection:
            reader = sql.Identifier(role)
            connection.execute(sql.SQL("CREATE ROLE {} LOGIN PASSWORD 'reads'").format(reader))
            connection.execute(sql.SQL("GRANT SELECT ON ALL TABLES IN SCHEMA public TO {}").format(reader))
        restricted = make_url(url).set(username=role, password="reads").render_as_string(hide_password=False)
        refusal = pytest.raises(psycopg.errors.InsufficientPrivilege)
        with psycopg.connect(restricted.replace("+psycopg", "", 1)) as connection, refusal:
            connection.execute("UPDATE content_version SET change = change")
        with serving(folder=tmp_path, settings=variables(restricted, CMS_SPACES="delivery")) as server:
            check_delivery_alone(Client(server.port), key)
            assert "permission denied" not in server.output
    finally:
        postgresql.drop_database(name)
        with psycopg.connect(postgresql.maintenance_url.replace("+psycopg", "", 1), autocommit=True) as connection:
            connection.execute(sql.SQL("DROP ROLE IF EXISTS {}").format(sql.Identifier(role)))


def test_a_node_for_delivery_starts_no_worker(sqlite_template: Path, tmp_path: Path) -> None:
    shutil.copy(sqlite_template, tmp_path / "cms.db")
    settings = variables(f"sqlite:///{tmp_path}/cms.db", CMS_SPACES="delivery")
    with serving(folder=tmp_path, settings=settings) as server:
        commands = [Path(f"/proc/{pid}/cmdline").read_text() for pid in server.members()]
        assert not [command for command in commands if command.endswith("cms\0worker\0")]
