"""Applications that the tests of one process share one after the other.

Making an application takes longer than most tests, and its first statements have to be compiled. An application is lent
to one test at a time. Between two tests its database is replaced: the address is the same, the content is new.
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
    """The service with these settings. It has an application to itself until it is closed."""
    wanted = next((each for each in reversed(_idle) if each.fits(settings, catalog)), None)
    if wanted is None:
        wanted = _Lent(settings, catalog)
    else:
        _idle.remove(wanted)
    return Service(wanted.app, give_back=wanted.give_back)


class _Lent:
    """A lent application, and the parts that it was made from."""

    def __init__(self, settings: Settings, catalog: Sequence[ContentResource]) -> None:
        self._settings, self._catalog = settings, tuple(catalog)
        self.app: Flask = create_app(settings, catalog)
        self._parts = _parts(self.app)

    def fits(self, settings: Settings, catalog: Sequence[ContentResource]) -> bool:
        return self._settings == settings and self._catalog == tuple(catalog)

    def give_back(self, service: Service) -> None:
        """Keep the application for the next test, without the answers and connections of this one.

        An application that a test has changed, or whose engine it listens to, is not lent again.
        """
        service.answer_cache.memory.clear()
        if _parts(self.app) == self._parts:
            _idle.append(self)
            del _idle[:-IDLE_AT_MOST]


def _parts(app: Flask) -> list[object]:
    """The parts of an application that tests may replace; it is lent again only if they are unchanged."""
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
