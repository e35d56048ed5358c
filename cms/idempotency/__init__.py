"""Stores answers for a day, so that a request repeated with the same ``Idempotency-Key`` is not done twice."""

from cms.idempotency.answers import (
    NO_REQUEST,
    Repeatable,
    find_answer,
    forget_answers_about,
    forget_expired_answers,
    has_expired_answers,
    keep_answer,
)
from cms.idempotency.model import IdempotencyKey

__all__ = [
    "NO_REQUEST",
    "IdempotencyKey",
    "Repeatable",
    "find_answer",
    "forget_answers_about",
    "forget_expired_answers",
    "has_expired_answers",
    "keep_answer",
]
