"""Migrating the database to the tables of this release."""

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
    """Run all missing migrations. Raises ``CMSError`` if a newer release has migrated the database."""
    at, revisions = _revisions(app)
    if at == revisions[0]:
        return
    if at is not None and at not in revisions:
        raise CMSError(f"a newer release has migrated the database (to {at}); install that release or a later one")
    logging.getLogger("alembic").setLevel(logging.WARNING)
    with app.app_context():
        flask_migrate.upgrade()
    # Entries that are older than a search index must be added to it.
    known: Services = app.extensions["cms"]
    fill_index(known.database, known.types, known.settings.public_url)
    preview.fill_draft_index(known.database, known.types)


def is_current(app: Flask) -> bool:
    """True if the newest migration has run."""
    at, revisions = _revisions(app)
    return at == revisions[0]


def _revisions(app: Flask) -> tuple[str | None, list[str]]:
    """The migration at which the database is, and those of this release, newest first."""
    state: Any = app.extensions["migrate"]
    database: Database = state.db
    revisions = [each.revision for each in ScriptDirectory(str(state.directory)).walk_revisions()]
    with database.snapshot() as connection:
        return MigrationContext.configure(connection).get_current_revision(), revisions
