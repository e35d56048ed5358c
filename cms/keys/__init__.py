"""API keys: made once and shown once, stored as a digest, with scopes, an expiry and revocation at once."""

from cms.keys.actions import (
    USE_IS_NOTED_EVERY,
    NewKey,
    authenticate,
    create_key,
    find_key,
    list_keys,
    logged_values,
    note_use,
    revoke_key,
)
from cms.keys.actor import Actor, require_scope
from cms.keys.deprecated_usage import DeprecatedUsage, list_deprecated_usage, note_deprecated_use
from cms.keys.model import APIKey
from cms.keys.scopes import ROLES, SCOPES

__all__ = [
    "ROLES",
    "SCOPES",
    "USE_IS_NOTED_EVERY",
    "APIKey",
    "Actor",
    "DeprecatedUsage",
    "NewKey",
    "authenticate",
    "create_key",
    "find_key",
    "list_deprecated_usage",
    "list_keys",
    "logged_values",
    "note_deprecated_use",
    "note_use",
    "require_scope",
    "revoke_key",
]
