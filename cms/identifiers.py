"""The formats of ids, slugs and host names, and two ids that no entry has."""

import re

UUID = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
"""A UUID in lower case (RFC 9562), as a regular expression."""
SLUG = "[a-z0-9]+(-[a-z0-9]+)*"
"""Lower-case words joined by single hyphens, as a regular expression."""
SLUG_LENGTH = 120
"""The most characters that a slug may have."""
HOST = re.compile(r"([a-z0-9._-]+|\[[a-f0-9:.]+\])(?::\d{1,5})?", re.ASCII | re.IGNORECASE)
"""A host name or IP address, with or without a port. Host names in container networks may have underscores."""

NOBODY = "00000000-0000-0000-0000-000000000000"
"""The id in place of a reference to no entry; it sorts before all others."""
NO_ENTRY = "ffffffff-ffff-ffff-ffff-ffffffffffff"
"""An id that no entry has, for branches of a statement that must match no row; it sorts after all others."""

_UUID = re.compile(UUID)
_SLUG = re.compile(SLUG)


def is_identifier(text: str) -> bool:
    """True if the text has the form of an id, which no slug has."""
    return _UUID.fullmatch(text) is not None


def is_slug(text: str) -> bool:
    """True if the text has the form of a slug."""
    return _SLUG.fullmatch(text) is not None
