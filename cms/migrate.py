"""Whether the database is at this release, and bringing it there."""

import logging
from typing import Any

import flask_migrate
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask import Flask

from cms.api.services import Services
from cms.content.editing import preview
from cms.content.editing.indexing import fill_index
from cms.db import Database
from cms.errors import CMSError


def migrate(app: Flask) -> None:
    """Run every migration that is missing. Raises ``CMSError`` for a database that a newer release has migrated."""
    at, revisions = _revisions(app)
    if at == revisions[0]:
        return
    if at is not None and at not in revisions:
        raise CMSError(f"the database is at revision {at} of a newer release; install that release or a later one")
    logging.getLogger("alembic").setLevel(logging.WARNING)
    with app.app_context():
        flask_migrate.upgrade()
    # A site that is older than a search index has to be put into it.
    known: Services = app.extensions["cms"]
    fill_index(known.database, known.types, known.settings.public_url)
    preview.fill_draft_index(known.database, known.types)


def is_current(app: Flask) -> bool:
    """Whether the newest migration is the one that ran last."""
    at, revisions = _revisions(app)
    return at == revisions[0]


def _revisions(app: Flask) -> tuple[str | None, list[str]]:
    """The revision of the database, and those of this release, the newest first."""
    state: Any = app.extensions["migrate"]
    database: Database = state.db
    revisions = [each.revision for each in ScriptDirectory(str(state.directory)).walk_revisions()]
    with database.snapshot() as connection:
        return MigrationContext.configure(connection).get_current_revision(), revisions
