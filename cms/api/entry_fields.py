"""The schema fields that name entries."""

from typing import Any

from cms.api.http.fields import Line, fault
from cms.identifiers import SLUG, SLUG_LENGTH, is_identifier

SLUG_PATTERN = rf"^{SLUG}$"


class Slug(Line):
    """Lower-case words and hyphens, and nothing that could be taken for an id."""

    example = "a-quiet-morning"

    def __init__(self, **options: Any) -> None:
        super().__init__(SLUG_LENGTH, pattern=SLUG_PATTERN, **options)

    def complaint(self) -> str:
        return "A slug is lower-case letters and digits in words joined by single hyphens."

    def _deserialize(self, value: Any, attr: str | None, data: Any, **options: Any) -> str:
        text = super()._deserialize(value, attr, data, **options)
        if is_identifier(text):
            raise fault("invalid_format", "A slug cannot have the form of an id.")
        return text


class EntryName(Line):
    """The id or the slug of an entry."""

    example = "a-quiet-morning"

    def __init__(self, **options: Any) -> None:
        super().__init__(SLUG_LENGTH, pattern=SLUG_PATTERN, **options)

    def complaint(self) -> str:
        return "This is neither an id nor a slug."
