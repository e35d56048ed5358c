"""The schema fields for slugs and for references to entries."""

from typing import Any

from cms.api.http.fields import Line, fault
from cms.identifiers import SLUG, SLUG_LENGTH, is_identifier

SLUG_PATTERN = rf"^{SLUG}$"


class EntrySlug(Line):
    """A slug: lower-case words joined by hyphens, and not in the form of an id."""

    example = "a-quiet-morning"

    def __init__(self, **options: Any) -> None:
        super().__init__(SLUG_LENGTH, pattern=SLUG_PATTERN, **options)

    def complaint(self) -> str:
        return "A slug must be words of lower-case letters and digits, joined by single hyphens."

    def _deserialize(self, value: Any, attr: str | None, data: Any, **options: Any) -> str:
        text = super()._deserialize(value, attr, data, **options)
        if is_identifier(text):
            raise fault("invalid_format", "A slug must not have the form of an id.")
        return text


class EntryName(Line):
    """The id or the slug of an entry."""

    example = "a-quiet-morning"

    def __init__(self, **options: Any) -> None:
        super().__init__(SLUG_LENGTH, pattern=SLUG_PATTERN, **options)

    def complaint(self) -> str:
        return "This must be an id or a slug."
