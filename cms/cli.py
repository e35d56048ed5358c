"""The command ``cms``: it serves the API, migrates the database, manages keys, and has some more subcommands."""

import json
import os
import socket
import subprocess
import sys
from collections.abc import Mapping
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, NoReturn

import click
import orjson
from flask import Flask
from granian import Granian
from granian.constants import Interfaces
from granian.log import LogLevels
from sqlalchemy.exc import DatabaseError

from cms import clock
from cms.api.clients import bruno_files, http_file
from cms.api.services import Services
from cms.app import create_app
from cms.content.editing import preview
from cms.content.editing.indexing import fill_index
from cms.content.editing.rerendering import Rerendered
from cms.content.editing.rerendering import rerender as rerender_all
from cms.content.editing.write import Write, begin_write
from cms.db import Database
from cms.errors import CMSError, NotFound, Unavailable
from cms.keys import ROLES, SCOPES, Actor, create_key, list_keys, logged_values, revoke_key
from cms.migrate import is_current, migrate
from cms.settings import Settings, SettingsError
from cms.version import VERSION
from cms.worker import run_worker

CONTRACT = Path("openapi")
WORKER_SECONDS = 10


def main() -> None:
    """Run the command line. An expected error prints one line on standard error, and the exit status is 1."""
    try:
        cli()
    except SettingsError as error:
        _fail(str(error))
    except DatabaseError as error:
        _fail_for_database("It is not a database of this service, or is damaged.", error)
    except Unavailable as error:
        _fail_for_database(error.detail, error.__cause__)
    except CMSError as error:
        _fail(" ".join([str(error), *(f"{each.pointer or ''} {each.detail}" for each in error.faults)]))


def _fail(message: str) -> NoReturn:
    click.echo(f"cms: {message}", err=True)
    sys.exit(1)


def _fail_for_database(reason: str, cause: BaseException | None) -> NoReturn:
    """Exit with a message that names the database and the reason, and quotes the driver's message for the operator."""
    address = Settings.from_environment().url.render_as_string(hide_password=True)
    message = " ".join(str(getattr(cause, "orig", "")).split())
    _fail(f"the database {address} cannot be used. {reason}" + (f" The driver reports: {message}" if message else ""))


@click.group()
@click.version_option(VERSION)
def cli() -> None:
    """A headless CMS: articles, FAQ entries, authors, social links and tags over HTTP."""


@cli.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option("--port", default=8000, show_default=True, type=click.IntRange(1, 65535), help="The port to listen on.")
@click.option(
    "--workers",
    default=2,
    show_default=True,
    type=click.IntRange(1, 64),
    help="The number of processes that answer requests.",
)
@click.option(
    "--with-worker/--without-worker",
    default=None,
    help="Also run `cms worker`. This is the default with SQLite and the space `management`.",
)
def serve(host: str, port: int, workers: int, with_worker: bool | None) -> None:
    """Serve the API with granian."""
    app = _current_app()
    settings = _services(app).settings
    _database(app).dispose()
    # A node that only delivers may have no permission to write to the database.
    writes = settings.is_sqlite and "management" in settings.spaces
    _serve(settings, host, port, workers, with_worker=writes if with_worker is None else with_worker)


def _serve(settings: Settings, host: str, port: int, workers: int, *, with_worker: bool) -> None:
    _check_free(host, port)
    # The processes of the server read the environment themselves, and must use a secret key that was made here.
    os.environ["CMS_SECRET_KEY"] = settings.secret_key
    server = Granian(
        "cms:create_app",
        factory=True,
        address=host,
        port=port,
        interface=Interfaces.WSGI,
        workers=workers,
        # With SQLite one thread uses the processor fully. With PostgreSQL a thread waits for the network in between.
        blocking_threads=1 if settings.is_sqlite else 4,
        log_level=LogLevels.warning,
        respawn_failed_workers=True,
        workers_kill_timeout=10,
    )
    if with_worker:
        _run_beside(server)
    click.echo(
        f"Serving on http://{host}:{port} with {workers} processes. The reference is at /docs. Stop with Ctrl-C.",
        err=True,
    )
    server.serve()


def _check_free(host: str, port: int) -> None:
    """Exit if the port is in use. The server shares its port, so a second server would get half of the requests."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        try:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((host, port))
        except OSError as error:
            _fail(f"cannot listen on {host}:{port}: {error.strerror}. Choose another port with --port.")


def _run_beside(server: Any) -> None:
    """Run ``cms worker`` for as long as the server runs."""
    processes: list[subprocess.Popen[bytes]] = []

    def start() -> None:
        processes.append(subprocess.Popen([sys.executable, "-m", "cms", "worker"]))

    def stop() -> None:
        for process in processes:
            process.terminate()
            try:
                process.wait(timeout=WORKER_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()

    server.on_startup(start)
    server.on_shutdown(stop)


@cli.command("migrate")
def migrate_command() -> None:
    """Migrate the database to the schema of this release."""
    migrate(create_app())
    click.echo("The database has the schema of this release.")


@cli.command()
def worker() -> None:
    """Process publications that become due and delete expired data, until it is stopped."""
    known = _services(_current_app())
    run_worker(known.database, known.types, known.settings.public_url)


@cli.command()
def reindex() -> None:
    """Rebuild the search indexes in batches. Until it has finished, searches find fewer entries."""
    known = _services(_current_app())
    filled = fill_index(known.database, known.types, known.settings.public_url, anew=True)
    drafts = preview.fill_draft_index(known.database, known.types, anew=True)
    click.echo(f"The search index has {filled} publications. The search index of preview has {drafts} drafts.")


@cli.command()
@click.option("--dry-run", is_flag=True, help="Count what would change; no text is changed.")
def rerender(dry_run: bool) -> None:
    """Render again, in batches, the texts that an older release rendered. Can be stopped and continued at any time."""
    known = _services(_current_app())
    done = rerender_all(known.database, known.types, known.settings.public_url, dry_run=dry_run, report=_show_progress)
    if not done.revisions:
        click.echo("Nothing to do: no text was rendered by an older release.")
        return
    changed = "would change" if dry_run else "changed"
    click.echo(
        f"Revisions that an older release rendered: {done.revisions}. Of these, {changed}: {done.changed}. "
        f"Live or planned entries that {changed}: {done.live}."
    )


def _show_progress(done: Rerendered) -> None:
    click.echo(f"{done.revisions} revisions …", err=True)


@cli.group()
def key() -> None:
    """Create, list and revoke API keys."""


@key.command("create")
@click.option("--role", type=click.Choice(list(ROLES)), help="A named set of scopes.")
@click.option("--scope", "scopes", multiple=True, type=click.Choice(list(SCOPES)), help="A scope. May be repeated.")
@click.option("--name", required=True, help="Who or what uses the key.")
@click.option("--expires-in-days", type=click.IntRange(1, 36500), help="Days until the key expires. Default: never.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON with `id`, `key` and `scopes`.")
def key_create(
    role: str | None, scopes: tuple[str, ...], name: str, expires_in_days: int | None, as_json: bool
) -> None:
    """Create a key and print it. It cannot be shown again."""
    chosen = ROLES.get(role or "", frozenset()) | set(scopes)
    if not chosen:
        _fail("--role or --scope is required")
    with _begin_write() as write:
        expires_at = write.at + timedelta(days=expires_in_days) if expires_in_days else None
        made = create_key(write.session, name, chosen, write.at, expires_at)
        write.record("key_created", "key", made.row.id, after=logged_values(made.row))
    if as_json:
        click.echo(json.dumps({"id": made.row.id, "key": made.key, "scopes": made.row.scopes}))
    else:
        click.echo(made.key)
        # A script takes the key alone from standard output.
        if sys.stdout.isatty():
            click.echo(f"Its id, for `cms key revoke`: {made.row.id}", err=True)


@key.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def key_list(as_json: bool) -> None:
    """List all keys, without their secrets."""
    with _database(_current_app()).snapshot() as connection:
        rows = list_keys(connection)
    names = ("id", "name", "scopes", "created_at", "expires_at", "revoked_at", "last_used_at")
    if as_json:
        click.echo(json.dumps([{name: _plain(getattr(row, name)) for name in names} for row in rows]))
        return
    for row in rows:
        state = "revoked" if row.revoked_at else "active"
        click.echo(f"{row.id}  {state:8}  {_plain(row.created_at)}  {row.name}  {' '.join(row.scopes)}")


def _plain(value: Any) -> Any:
    return clock.to_wire(value) if isinstance(value, datetime) else value


@key.command("revoke")
@click.argument("key_id")
def key_revoke(key_id: str) -> None:
    """Revoke a key at once."""
    try:
        with _begin_write() as write:
            if revoke_key(write.session, key_id, write.at):
                write.record("key_revoked", "key", key_id, before={"revoked_at": None}, after={"revoked_at": write.at})
    except NotFound:
        _fail(f"no key has the id {key_id}; `cms key list` shows the ids")
    click.echo(f"{key_id} is revoked.")


@cli.command()
@click.option("--check", is_flag=True, help="Write nothing, and fail if the committed files differ.")
def openapi(check: bool) -> None:
    """Write the OpenAPI document, and an .http file with its operations, to openapi/."""
    document = _contract()
    files = {
        CONTRACT / "v1.json": orjson.dumps(document, option=orjson.OPT_INDENT_2) + b"\n",
        CONTRACT / "v1.http": http_file(document).encode(),
    }
    if not check:
        _write(files)
        click.echo(f"Wrote {' and '.join(map(str, files))}.")
        return
    differing = [path for path, written in files.items() if not path.exists() or path.read_bytes() != written]
    if differing:
        _fail(f"{', '.join(map(str, differing))}: not up to date; run: cms openapi")


@cli.command()
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
def bruno(folder: Path) -> None:
    """Write a Bruno collection of all operations to FOLDER, which must be new or empty."""
    if folder.exists() and any(folder.iterdir()):
        _fail(f"{folder} is not empty; choose another folder")
    files = {folder / path: text.encode() for path, text in bruno_files(_contract()).items()}
    _write(files)
    click.echo(f"Wrote {folder}: {len(files)} files. Open the folder in Bruno.")


def _contract() -> Mapping[str, Any]:
    """The OpenAPI document. It does not depend on the settings, and making it needs no database."""
    return _services(create_app(Settings(secret_key="x" * 32))).document


def _write(files: Mapping[Path, bytes]) -> None:
    for path, written in files.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(written)


@cli.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option("--port", default=8000, show_default=True, type=click.IntRange(1, 65535), help="The port to listen on.")
@click.option("--serve/--no-serve", "serves", default=True, help="Serve the site, or only create the database.")
def demo(host: str, port: int, serves: bool) -> None:
    """Create a new database with a small sample site, and serve it."""
    from cms.demo import DATABASE, is_in_use, run_demo

    if is_in_use():
        _fail(f"another process is using {DATABASE}; stop it, or run the demonstration in another folder")
    if serves:
        _check_free(host, port)
    settings = run_demo(f"http://{host}:{port}", echo=click.echo)
    if serves:
        os.environ["CMS_DATABASE_URL"] = settings.database_url
        os.environ["CMS_PUBLIC_URL"] = settings.public_url
        _serve(settings, host, port, 2, with_worker=True)


def _services(app: Flask) -> Services:
    known: Services = app.extensions["cms"]
    return known


def _database(app: Flask) -> Database:
    return _services(app).database


def _current_app() -> Flask:
    """The application with a database of this release. SQLite is migrated if necessary, PostgreSQL is not."""
    app = create_app()
    if not is_current(app):
        if not _services(app).settings.is_sqlite:
            _fail("the database does not have the schema of this release; run: cms migrate")
        migrate(app)
    return app


def _begin_write() -> AbstractContextManager[Write]:
    known = _services(_current_app())
    return begin_write(known.database, known.types, Actor(), known.settings.public_url)
