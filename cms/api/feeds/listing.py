"""Lists of live entries as feeds and llms.txt read them."""

from cms.api.reading import Reading
from cms.api.services import services
from cms.content.published.composing import Composed, Composition, Document, compose
from cms.content.published.lists import ListQuery, list_published
from cms.content.published.rows import Row
from cms.content.types import ContentType


def list_entries(
    reading: Reading, kind: ContentType, wanted: ListQuery, shown: frozenset[str]
) -> tuple[list[Row], Composed]:
    """The rows of a list and their documents with these fields, one for one."""
    known, perspective = services(), reading.moment.perspective
    rows, _, _ = list_published(reading.connection, kind, wanted, perspective)
    how = Composition(known.types, known.fields, known.cards, reading.moment.site, perspective, only=shown)
    return rows, compose(reading.connection, kind, rows, how)


def cards_of(kind: ContentType, document: Document, field: str | None) -> list[tuple[ContentType, Document]]:
    """The entries that a reference delivers as cards, each with its type; none where there is no such field."""
    if field is None:
        return []
    targets = (services().types[each.target] for each in kind.references if each.field == field)
    return [(target, card) for target in targets for card in document[field]]
