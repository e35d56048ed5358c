"""What the edge needs of the application it runs in."""

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
    """Made once by ``create_app``."""

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
        """The OpenAPI document, made when it is first asked for: it takes longer than everything else at the start."""
        return self.make_document()


def services() -> Services:
    """Those of the application that handles this request."""
    known: Services = current_app.extensions["cms"]
    return known
