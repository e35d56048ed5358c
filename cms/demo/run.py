"""Make the demonstration's database and say what to try with it."""

import secrets
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from cms.api.services import Services
from cms.api.versions import V1
from cms.app import create_app
from cms.content.editing.write import begin_write
from cms.demo.content import load_entries, load_site
from cms.keys import ROLES, Actor, create_key, logged_values
from cms.migrate import migrate
from cms.settings import Settings

DATABASE = Path("var/demo.db")
FLAGSHIP = "save-a-book-with-a-loose-spine"


def is_in_use(database: Path = DATABASE) -> bool:
    """Whether a process still works with the file: leaving the mode that is for several needs it alone."""
    if not database.exists():
        return False
    with closing(sqlite3.connect(database, timeout=0)) as connection:
        try:
            connection.execute("PRAGMA journal_mode=DELETE")
        except sqlite3.OperationalError:
            return True
        except sqlite3.DatabaseError:
            return False  # It is no database, and will be replaced by one.
    return False


def run_demo(address: str, echo: Callable[[str], None], database: Path = DATABASE) -> Settings:
    """Replace the demonstration's database by a new one with the sample site; returns the settings to serve it with."""
    if database.exists():
        echo(f"Replacing {database}: what was written in the last demonstration is gone.")
    for suffix in ("", "-wal", "-shm"):
        database.with_name(database.name + suffix).unlink(missing_ok=True)
    settings = Settings(database_url=f"sqlite:///{database}", public_url=address, secret_key=secrets.token_hex(32))
    app = create_app(settings)
    known: Services = app.extensions["cms"]
    echo(f"Making a new database in {database} …")
    migrate(app)
    echo("Loading the sample site of Harbour & Reed, an invented bookbinder …")
    with begin_write(known.database, known.types, Actor(name="demo"), address) as write:
        load_site(write)
    with begin_write(known.database, known.types, Actor(name="demo"), address) as write:
        load_entries(write, lambda what: echo(f"  {what}"))
        made = create_key(write.session, "Demonstration", ROLES["admin"], write.at)
        write.record("key_created", "key", made.row.id, after=logged_values(made.row))
    known.database.dispose()
    echo(what_to_try(address, made.key))
    return settings


def what_to_try(address: str, key: str) -> str:
    """The address, a key and three commands that work when they are pasted."""
    return f"""
  Address    {address}{V1.prefix}
  Reference  {address}/docs
  Key        {key}   (an administrator's, for this demonstration)

Try these, in another terminal:

  # A whole page in one request: text, authors with their links, questions, the head for search engines.
  curl -s '{address}{V1.prefix}/articles/{FLAGSHIP}?include=authors.social_links,faqs,tags,related,seo'

  # The newest articles about repair.
  curl -s '{address}{V1.prefix}/articles?tag=repair&limit=3&fields=title,slug,published_at'

  # Write a draft, with the key; nobody sees it until it is published.
  curl -s -X POST '{address}{V1.management}/articles' -H 'Authorization: Bearer {key}' \\
    -H 'Content-Type: application/json' -d '{{"title": "Hello from curl", "body": "It *works*."}}'
"""
