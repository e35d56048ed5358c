"""Deprecation of an operation: what its answers and the document say of it (RFC 9745 and RFC 8594)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any

from flask import current_app

DEPRECATION, SUNSET, LINK = "Deprecation", "Sunset", "Link"
RELATION = 'rel="deprecation"'
HEADER_TEXTS = {
    DEPRECATION: "When this became deprecated, in seconds since 1970 (RFC 9745).",
    SUNSET: "When this will be gone (RFC 8594).",
    LINK: "`deprecation`: what to use instead (RFC 9745).",
}


@dataclass(frozen=True)
class Deprecation:
    """Since when an operation is deprecated, until when it works at least, and what is used instead.

    ``link`` leads to a page about it: an address, or a path of this service such as ``/docs/guides/delivery``.
    """

    since: datetime
    sunset: datetime | None
    link: str
    replacement: str

    def __post_init__(self) -> None:
        if self.since.tzinfo is None or (self.sunset is not None and self.sunset.tzinfo is None):
            raise ValueError("A deprecation is told in times with an offset.")
        if self.sunset is not None and self.sunset < self.since:
            raise ValueError("The sunset is not before the deprecation (RFC 9745, 4).")

    @property
    def text(self) -> str:
        """The deprecation for readers of the document, as Markdown."""
        until = f", and works until {_day(self.sunset)} at least" if self.sunset else ""
        return (
            f"**Deprecated** since {_day(self.since)}{until}. Use {self.replacement} instead; see [more]({self.link})."
        )

    @property
    def headers(self) -> dict[str, str]:
        """The headers of every answer of the operation; ``Link`` is one of perhaps several."""
        url = f"{current_app.config['PUBLIC_URL']}{self.link}" if self.link.startswith("/") else self.link
        headers = {DEPRECATION: f"@{int(self.since.timestamp())}"}
        if self.sunset is not None:
            headers[SUNSET] = format_datetime(self.sunset.astimezone(UTC), usegmt=True)
        return headers | {LINK: f'<{url}>; {RELATION}; type="text/html"'}

    def described(self, headers: Mapping[str, str]) -> dict[str, str]:
        """The descriptions of an answer's headers with those that a deprecated operation has besides."""
        own = {name: text for name, text in HEADER_TEXTS.items() if name != SUNSET or self.sunset is not None}
        if LINK in headers:
            own[LINK] = f"{headers[LINK]} {own[LINK]}"
        return {**headers, **own}


def _day(moment: datetime) -> str:
    return moment.astimezone(UTC).date().isoformat()


def tells_of_deprecation(name: str, value: str) -> bool:
    """True for the headers of a deprecation, which belong to every answer and so to a 304 too."""
    return name in (DEPRECATION, SUNSET) or (name == LINK and RELATION in value)


def deprecated_schema(schema: Mapping[str, Any], text: str) -> dict[str, Any]:
    """The JSON Schema of a deprecated parameter or member, with the reason in its description."""
    described = f"{schema.get('description', '')} Deprecated: {text}".strip()
    return {**schema, "description": described, "deprecated": True}
