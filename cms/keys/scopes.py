"""What a key may do, and the named sets of it."""

from collections.abc import Iterable

SCOPES: dict[str, str] = {
    "content:preview": "Read working copies, their history and previews.",
    "content:write": "Create, change, trash and restore entries.",
    "content:publish": "Publish, schedule and unpublish entries.",
    "content:purge": "Erase entries with their history.",
    "html:raw": "Write HTML that is delivered as given.",
    "media:write": "Upload and change media.",
    "site:write": "Change the site's settings.",
    "webhooks:write": "Manage webhooks.",
    "keys:write": "Make and revoke API keys, with scopes of the own key at most.",
    "events:read": "Read the audit log.",
}

_VIEWER = frozenset({"content:preview"})
_AUTHOR = _VIEWER | {"content:write", "media:write"}
_EDITOR = _AUTHOR | {"content:publish", "content:purge", "events:read"}

ROLES: dict[str, frozenset[str]] = {
    "viewer": _VIEWER,
    "author": _AUTHOR,
    "editor": _EDITOR,
    "admin": frozenset(SCOPES),
}


def with_implied(scopes: Iterable[str]) -> frozenset[str]:
    """The scopes with what they imply: the answer to a change of content shows the working copy."""
    given = frozenset(scopes)
    return given | _VIEWER if any(each.startswith("content:") for each in given) else given
