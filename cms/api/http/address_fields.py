"""The field classes of addresses: where a link leads, and where a picture is."""

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
"""What the URL fields take that take paths, and relative addresses, which Markdown and HTML may have."""


class URL(Line):
    """An absolute http or https address without credentials, or where allowed a path of the site."""

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
            also = ", a path such as /contact, or mailto: and tel:" if self.paths else ""
            raise fault("invalid_url", f"This is not an address of the form https://host/path{also}.")
        return text


class Address(Line):
    """Where a link leads or a picture is: as a URL or path, or relative to the page; the pattern says which."""

    def __init__(self, pattern: str, **options: Any) -> None:
        super().__init__(2048, pattern=pattern, **options)

    def complaint(self) -> str:
        return "This is not an address of the form https://host/path, nor a path such as /contact."

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
        parts.port  # noqa: B018 - raises when it is none
    except ValueError:
        return False
    if parts.scheme in ("http", "https"):
        return bool(parts.hostname) and "@" not in parts.netloc
    if not paths:
        return False
    if parts.scheme in ("mailto", "tel"):
        return bool(parts.path)
    return not parts.scheme and not parts.netloc and text.startswith(("/", "#", "?")) and not text.startswith("//")
