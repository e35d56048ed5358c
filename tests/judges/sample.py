"""A server with the sample site in it, for judges that speak to one from outside."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cms.api.services import Services
from cms.app import create_app
from cms.content.editing.write import begin_write
from cms.demo.content import load_entries, load_site
from cms.keys import Actor
from cms.migrate import migrate
from cms.settings import Settings
from tests.processes import Server, free_port, serving, variables
from tests.service import SECRET


def fill(database_url: str) -> None:
    """Bring the database to this release and load the sample site into it."""
    app = create_app(Settings(database_url=database_url, secret_key=SECRET))
    migrate(app)
    known: Services = app.extensions["cms"]
    try:
        with begin_write(known.database, known.types, Actor(name="sample"), known.settings.public_url) as write:
            load_site(write)
        with begin_write(known.database, known.types, Actor(name="sample"), known.settings.public_url) as write:
            load_entries(write, lambda _: None)
    finally:
        known.database.dispose()


@contextmanager
def serving_sample(database_url: str, folder: Path) -> Iterator[Server]:
    """A server of the sample site that knows its own address."""
    fill(database_url)
    port = free_port()
    settings = variables(database_url, CMS_PUBLIC_URL=f"http://127.0.0.1:{port}")
    with serving(folder=folder, settings=settings, port=port) as server:
        yield server
