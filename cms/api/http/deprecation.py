"""The deprecation of an operation, as its answers and the document state it (RFC 9745 and RFC 8594)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any

from flask import current_app

DEPRECATION, SUNSET, LINK = "Deprecation", "Sunset", "Link"
RELATION = 'rel="deprecation"'
HEADER_TEXTS = {
    DEPRECATION: "When this operation became deprecated, in seconds since 1970 (RFC 9745).",
    SUNSET: "When this operation will be removed (RFC 8594).",
    LINK: "`deprecation`: a page that says what to use instead (RFC 9745).",
}


@dataclass(frozen=True)
class Deprecation:
    """The dates of a deprecation, and what to use instead. The operation works until ``sunset`` at least.

    ``link`` leads to a page about it: a URL, or a path of this service such as ``/docs/guides/delivery``.
    """

    since: datetime
    sunset: datetime | None
    link: str
    replacement: str

    def __post_init__(self) -> None:
        if self.since.tzinfo is None or (self.sunset is not None and self.sunset.tzinfo is None):
            raise ValueError("The dates of a deprecation must have a UTC offset.")
        if self.sunset is not None and self.sunset < self.since:
            raise ValueError("The sunset must not be before the deprecation (RFC 9745, 4).")

    @property
    def text(self) -> str:
        """The deprecation for readers of the document, as Markdown."""
        until = f"; works until at least {_day(self.sunset)}" if self.sunset else ""
        since = _day(self.since)
        return f"**Deprecated** since {since}{until}. Use {self.replacement} instead ([details]({self.link}))."

    @property
    def headers(self) -> dict[str, str]:
        """The headers of every answer of the operation. An answer may have other ``Link`` headers too."""
        url = f"{current_app.config['PUBLIC_URL']}{self.link}" if self.link.startswith("/") else self.link
        headers = {DEPRECATION: f"@{int(self.since.timestamp())}"}
        if self.sunset is not None:
            headers[SUNSET] = format_datetime(self.sunset.astimezone(UTC), usegmt=True)
        return headers | {LINK: f'<{url}>; {RELATION}; type="text/html"'}

    def described(self, headers: Mapping[str, str]) -> dict[str, str]:
        """The descriptions of an answer's headers, with those of the deprecation added."""
        own = {name: text for name, text in HEADER_TEXTS.items() if name != SUNSET or self.sunset is not None}
        if LINK in headers:
            own[LINK] = f"{headers[LINK]} {own[LINK]}"
        return {**headers, **own}


def _day(moment: datetime) -> str:
    return moment.astimezone(UTC).date().isoformat()


def is_deprecation_header(name: str, value: str) -> bool:
    """True for the headers of a deprecation. They belong to every answer, and so to a 304 too."""
    return name in (DEPRECATION, SUNSET) or (name == LINK and RELATION in value)


def deprecated_schema(schema: Mapping[str, Any], text: str) -> dict[str, Any]:
    """The JSON Schema of a deprecated parameter or member, with the reason in its description."""
    described = f"{schema.get('description', '')} Deprecated: {text}".strip()
    return {**schema, "description": described, "deprecated": True}
