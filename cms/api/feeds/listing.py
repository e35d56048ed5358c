"""Reads lists of live entries for feeds and llms.txt."""

from cms.api.reading import Reading
from cms.api.services import services
from cms.content.published.composing import Composed, Composition, Document, compose
from cms.content.published.lists import ListQuery, list_published
from cms.content.published.rows import Row
from cms.content.types import ContentType


def list_entries(
    reading: Reading, kind: ContentType, wanted: ListQuery, shown: frozenset[str]
) -> tuple[list[Row], Composed]:
    """The rows of a list, and a document with these fields for each row, in the same order."""
    known, perspective = services(), reading.moment.perspective
    rows, _, _ = list_published(reading.connection, kind, wanted, perspective)
    how = Composition(known.types, known.fields, known.cards, reading.moment.site, perspective, only=shown)
    return rows, compose(reading.connection, kind, rows, how)


def cards_of(kind: ContentType, document: Document, field: str | None) -> list[tuple[ContentType, Document]]:
    """The cards of a reference field, each with its content type; empty if ``field`` is ``None``."""
    if field is None:
        return []
    targets = (services().types[each.target] for each in kind.references if each.field == field)
    return [(target, card) for target in targets for card in document[field]]
