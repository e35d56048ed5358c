"""The scopes of keys, and the roles, which are named sets of scopes."""

from collections.abc import Iterable

SCOPES: dict[str, str] = {
    "content:preview": "Read drafts, their history and previews.",
    "content:write": "Create, change, trash and restore entries.",
    "content:publish": "Publish, schedule and unpublish entries.",
    "content:purge": "Delete entries and their history for ever.",
    "html:raw": "Write HTML that is delivered without sanitising.",
    "media:write": "Upload and change media.",
    "site:write": "Change the site's settings.",
    "webhooks:write": "Manage webhooks.",
    "keys:write": "Create and revoke API keys. A new key can have only scopes that the own key has.",
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
    """The scopes and those that they imply: every scope of content implies ``content:preview``.

    The answer of a write shows the draft, so that its caller must be allowed to read drafts.
    """
    given = frozenset(scopes)
    return given | _VIEWER if any(each.startswith("content:") for each in given) else given
