"""The field classes of URLs: the targets of links, and the sources of images."""

from typing import Any
from urllib.parse import urlsplit

from cms.api.http.fields import CONTROLS, SPACES, JSONSchema, Line, fault

ADDRESS_PATTERN = r"^https?://[^/?#]+.*$"
LINK_PATTERN = r"^(https?://[^/?#]+.*|(mailto|tel):.+|/([^/].*)?|[#?].*)$"
_UNSAFE = rf'{CONTROLS}{SPACES}\\<>"{{}}|^`'
_REST = rf"([/?#][^{_UNSAFE}]*)?"
_ABSOLUTE = rf"https?://[^@/?#{_UNSAFE}]+{_REST}"
_WITHIN = rf"(?!//)[^:&;@/?#{_UNSAFE}]*{_REST}"
SOURCE_PATTERN = rf"^({_ABSOLUTE}|{_WITHIN})$"
HREF_PATTERN = rf"^({_ABSOLUTE}|(mailto|tel):[^{_UNSAFE}]+|{_WITHIN})$"
"""URLs and paths as ``URL(paths=True)`` accepts them, and the relative addresses that Markdown and HTML may have."""


class URL(Line):
    """An absolute http or https URL without credentials. With ``paths`` also a path of the site, or mailto: or tel:."""

    example = "https://example.org/page"

    def __init__(self, *, paths: bool = False, **options: Any) -> None:
        super().__init__(2048, **options)
        self.paths = paths

    def json_schema(self) -> JSONSchema:
        described = {"type": "string", "format": "uri", "maxLength": 2048, "pattern": ADDRESS_PATTERN}
        return described | {"format": "uri-reference", "pattern": LINK_PATTERN} if self.paths else described

    def _deserialize(self, value: Any, attr: str | None, data: Any, **options: Any) -> str:
        text = super()._deserialize(value, attr, data, **options)
        if not _is_address(text, paths=self.paths):
            also = ", a path such as /contact, or a mailto: or tel: URL" if self.paths else ""
            raise fault("invalid_url", f"This must be a URL of the form https://host/path{also}.")
        return text


class Address(Line):
    """The target of a link or the source of an image: a URL, a path or a relative address, as the pattern allows."""

    def __init__(self, pattern: str, **options: Any) -> None:
        super().__init__(2048, pattern=pattern, **options)

    def complaint(self) -> str:
        return "This must be a URL of the form https://host/path, or a path such as /contact."

    def _deserialize(self, value: Any, attr: str | None, data: Any, **options: Any) -> str:
        text = super()._deserialize(value, attr, data, **options)
        if text.startswith(("http://", "https://")) and not _is_address(text, paths=True):
            raise fault("invalid_format", self.complaint())
        return text


def _is_address(text: str, *, paths: bool) -> bool:
    if any(each.isspace() for each in text) or any(each in text for each in '\\<>"{}|^`'):
        return False
    try:
        parts = urlsplit(text)
        parts.port  # noqa: B018 - raises if the port is invalid
    except ValueError:
        return False
    if parts.scheme in ("http", "https"):
        return bool(parts.hostname) and "@" not in parts.netloc
    if not paths:
        return False
    if parts.scheme in ("mailto", "tel"):
        return bool(parts.path)
    return not parts.scheme and not parts.netloc and text.startswith(("/", "#", "?")) and not text.startswith("//")
