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


def migrate(app: Flask) -> None:
    """Run every migration that is missing."""
    if is_current(app):
        return
    logging.getLogger("alembic").setLevel(logging.WARNING)
    with app.app_context():
        flask_migrate.upgrade()
    # A site that is older than a search index has to be put into it.
    known: Services = app.extensions["cms"]
    fill_index(known.database, known.types, known.settings.public_url)
    preview.fill_index(known.database, known.types)


def is_current(app: Flask) -> bool:
    """Whether the newest migration is the one that ran last."""
    state: Any = app.extensions["migrate"]
    database: Database = state.db
    scripts = ScriptDirectory(str(state.directory))
    with database.snapshot() as connection:
        return MigrationContext.configure(connection).get_current_revision() == scripts.get_current_head()
