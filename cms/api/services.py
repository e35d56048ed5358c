"""The parts of the application that request handlers use."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from flask import current_app

from cms.content.types import Types
from cms.db import Database
from cms.settings import Settings


@dataclass(frozen=True)
class Services:
    """The settings, the database and the content types of an application. ``create_app`` makes it once."""

    settings: Settings
    database: Database
    types: Types
    fields: Mapping[str, Sequence[str]]
    """The delivered fields of each type, in order."""
    cards: Mapping[str, Sequence[str]]
    """The fields of each type's card, in order."""
    make_document: Callable[[], Mapping[str, Any]]

    @cached_property
    def document(self) -> Mapping[str, Any]:
        """The OpenAPI document. It is made at first use, because this takes longer than all else at the start."""
        return self.make_document()


def services() -> Services:
    """The services of the application that handles this request."""
    known: Services = current_app.extensions["cms"]
    return known
