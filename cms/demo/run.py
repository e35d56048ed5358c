"""Creates the demonstration's database, and makes the text that suggests commands."""

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
    """True if another process is using the file. SQLite leaves the WAL mode only if no other process has it open."""
    if not database.exists():
        return False
    with closing(sqlite3.connect(database, timeout=0)) as connection:
        try:
            connection.execute("PRAGMA journal_mode=DELETE")
        except sqlite3.OperationalError:
            return True
        except sqlite3.DatabaseError:
            return False  # The file is not a database, and will be replaced by one.
    return False


def run_demo(address: str, echo: Callable[[str], None], database: Path = DATABASE) -> Settings:
    """Replace the demonstration's database by a new one with the sample site. Return the settings to serve it."""
    if database.exists():
        echo(f"Replacing {database}. All changes from the last demonstration are lost.")
    for suffix in ("", "-wal", "-shm"):
        database.with_name(database.name + suffix).unlink(missing_ok=True)
    settings = Settings(database_url=f"sqlite:///{database}", public_url=address, secret_key=secrets.token_hex(32))
    app = create_app(settings)
    known: Services = app.extensions["cms"]
    echo(f"Creating the database {database} …")
    migrate(app)
    echo("Loading the sample site of Harbour & Reed, an invented bookbinder …")
    with begin_write(known.database, known.types, Actor(name="demo"), address) as write:
        load_site(write)
    with begin_write(known.database, known.types, Actor(name="demo"), address) as write:
        load_entries(write, lambda line: echo(f"  {line}"))
        made = create_key(write.session, "Demonstration", ROLES["admin"], write.at)
        write.record("key_created", "key", made.row.id, after=logged_values(made.row))
    known.database.dispose()
    echo(suggestions(address, made.key))
    return settings


def suggestions(address: str, key: str) -> str:
    """A text with the address, a key and three commands that can be pasted into a terminal."""
    return f"""
  Address    {address}{V1.prefix}
  Reference  {address}/docs
  Key        {key}   (an administrator's key, for this demonstration only)

Try these commands in another terminal:

  # A whole page in one request: the text, the authors with their links, the questions, and the data for search engines.
  curl -s '{address}{V1.prefix}/articles/{FLAGSHIP}?include=authors.social_links,faqs,tags,related,seo'

  # The three newest articles about repair.
  curl -s '{address}{V1.prefix}/articles?tag=repair&limit=3&fields=title,slug,published_at'

  # Create a draft with the key. Readers do not see it until it is published.
  curl -s -X POST '{address}{V1.management}/articles' -H 'Authorization: Bearer {key}' \\
    -H 'Content-Type: application/json' -d '{{"title": "Hello from curl", "body": "It *works*."}}'
"""
