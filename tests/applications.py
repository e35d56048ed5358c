"""Applications that the tests of one process use in turn, so that few are made.

To make one takes longer than most tests do, and its first statements have to be compiled. An application is lent to
one test at a time. Between two tests its database is swapped below it: the address is the same, the content is new.
"""

from collections.abc import Sequence
from dataclasses import fields
from typing import Any

from flask import Flask

from cms.api.services import Services
from cms.api.v1.schemas import ContentResource
from cms.app import create_app
from cms.catalog import CONTENT_TYPES
from cms.settings import Settings
from tests.service import Service

# Most tests have the same few settings; an application for settings that come once is not worth its memory.
IDLE_AT_MOST = 12

_idle: list["_Lent"] = []
"""Those that no test uses, the one that was used last at the end."""


def serve(settings: Settings, catalog: Sequence[ContentResource] = CONTENT_TYPES) -> Service:
    """The service with these settings: an application of its own until it is closed."""
    wanted = next((each for each in reversed(_idle) if each.fits(settings, catalog)), None)
    if wanted is None:
        wanted = _Lent(settings, catalog)
    else:
        _idle.remove(wanted)
    return Service(wanted.app, give_back=wanted.give_back)


class _Lent:
    """An application and what it was made from."""

    def __init__(self, settings: Settings, catalog: Sequence[ContentResource]) -> None:
        self._settings, self._catalog = settings, tuple(catalog)
        self.app: Flask = create_app(settings, catalog)
        self._parts = _parts(self.app)

    def fits(self, settings: Settings, catalog: Sequence[ContentResource]) -> bool:
        return self._settings == settings and self._catalog == tuple(catalog)

    def give_back(self, service: Service) -> None:
        """Keep the application for the next test, without an answer or a connection of this one.

        One that a test has changed, or whose engine it listens to, is left to that test.
        """
        service.front.store.clear()
        if _parts(self.app) == self._parts:
            _idle.append(self)
            del _idle[:-IDLE_AT_MOST]


def _parts(app: Flask) -> list[object]:
    """What tests replace in an application or add to it, and which therefore has to be as it was."""
    front: Any = app.wsgi_app
    services: Services = app.extensions["cms"]
    database = services.database
    engine = database.engine
    listeners = [
        listener
        for dispatch in (engine.dispatch, engine.pool.dispatch)
        for name in sorted(dir(dispatch))
        if not name.startswith("_")
        for listener in getattr(dispatch, name)
    ]
    named = [getattr(services, each.name) for each in fields(services)]
    return [id(each) for each in (front, *vars(front).values(), *vars(database).values(), *named, *listeners)]
