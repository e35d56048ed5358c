"""API keys: made once and shown once, stored as a digest, with scopes, an expiry and revocation at once."""

from cms.keys.actions import (
    USE_IS_NOTED_EVERY,
    NewKey,
    authenticate,
    create_key,
    find_key,
    list_keys,
    note_use,
    revoke_key,
    told_of,
)
from cms.keys.deprecated_usage import DeprecatedUsage, list_deprecated_usage, note_deprecated_use
from cms.keys.idempotency import (
    NO_REQUEST,
    Repeatable,
    find_answer,
    forget_answers_about,
    forget_expired_answers,
    has_expired_answers,
    keep_answer,
)
from cms.keys.idempotency_model import IdempotencyKey
from cms.keys.model import APIKey
from cms.keys.scopes import ROLES, SCOPES

__all__ = [
    "NO_REQUEST",
    "ROLES",
    "SCOPES",
    "USE_IS_NOTED_EVERY",
    "APIKey",
    "DeprecatedUsage",
    "IdempotencyKey",
    "NewKey",
    "Repeatable",
    "authenticate",
    "create_key",
    "find_answer",
    "find_key",
    "forget_answers_about",
    "forget_expired_answers",
    "has_expired_answers",
    "keep_answer",
    "list_deprecated_usage",
    "list_keys",
    "note_deprecated_use",
    "note_use",
    "revoke_key",
    "told_of",
]
