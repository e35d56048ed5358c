"""What counts as a break, and what to do about each.

The rules are those of the field (oasdiff, Redocly's ``diff``): whatever a request may hold today must be accepted
tomorrow, and whatever an answer may hold tomorrow must be allowed today. Three exceptions make it possible to go on:
an answer may gain members, headers, media types and status codes, which a client has to ignore or to treat by their
class (RFC 9110, 15); a list of words that is marked ``x-extensible`` may grow in answers; and an answer may become
narrower in its values, for example never be null again.
"""

from collections.abc import Mapping
from dataclasses import dataclass

REQUEST, RESPONSE = "request", "response"

_KEEP = "Keep it, mark it as deprecated, and remove it in the next version of the API."
_OPTIONAL = "Make it optional, with a default that does what was done before."
_NEW_MEMBER = "Leave this member as it is, and deliver the new value in a new member beside it."
_LOOSE = "Keep accepting what was accepted; if it must be refused, add a new operation, parameter or member."
_SAME_ACCESS = "Ask for what was asked for; put what needs more in an operation of its own."

RULES: Mapping[str, str] = {
    "operation-removed": _KEEP,
    "operation-id-changed": "Keep the id: generated clients name their methods after it.",
    "server-removed": "Keep serving the old address, and list it.",
    "security-scheme-changed": "Keep the scheme, and add the new one beside it.",
    "security-tightened": _SAME_ACCESS,
    "scope-changed": _SAME_ACCESS,
    "request-parameter-removed": _KEEP,
    "request-parameter-added-required": _OPTIONAL,
    "request-parameter-became-required": _OPTIONAL,
    "request-parameter-style-changed": "Keep reading it as it was written; add a new parameter for the new form.",
    "request-body-removed": _KEEP,
    "request-body-added-required": _OPTIONAL,
    "request-body-became-required": _OPTIONAL,
    "request-media-type-removed": _KEEP,
    "request-property-removed": _KEEP,
    "request-property-added-required": _OPTIONAL,
    "request-property-became-required": _OPTIONAL,
    "request-additional-properties-refused": _LOOSE,
    "request-type-changed": _LOOSE,
    "request-null-refused": _LOOSE,
    "request-value-removed": _LOOSE,
    "request-limit-tightened": _LOOSE,
    "request-pattern-changed": _LOOSE,
    "request-format-changed": _LOOSE,
    "request-alternative-removed": _LOOSE,
    "request-keyword-changed": "Compare by hand: the detector cannot judge this keyword.",
    "request-default-changed": "Keep the default: who leaves it out relies on it.",
    "response-status-removed": "Keep answering with this status: clients act on it.",
    "response-media-type-removed": _KEEP,
    "response-header-removed": _KEEP,
    "response-header-became-optional": "Send the header with every such answer.",
    "response-property-removed": _KEEP,
    "response-property-became-optional": "Always deliver it.",
    "response-type-changed": _NEW_MEMBER,
    "response-null-added": _NEW_MEMBER,
    "response-value-added": f"{_NEW_MEMBER} Mark a list that will grow as x-extensible before it is first released.",
    "response-limit-loosened": _NEW_MEMBER,
    "response-pattern-changed": _NEW_MEMBER,
    "response-format-changed": _NEW_MEMBER,
    "response-alternative-added": _NEW_MEMBER,
    "response-keyword-changed": "Compare by hand: the detector cannot judge this keyword.",
}


@dataclass(frozen=True, order=True)
class Break:
    """One change that would break a client."""

    place: str
    """An operation such as ``GET /api/v1/articles``, or the component that holds the schema, such as ``Article``."""
    rule: str
    pointer: str
    """Where in that place, as a fragment: ``#/data/title``; ``*`` stands for every item of a list or map."""
    detail: str
    operations: tuple[str, ...]
    """Every operation that it reaches."""

    @property
    def id(self) -> str:
        """The name that the release notes call it by; it does not depend on the order or wording of a document."""
        return f"{self.place}: {self.rule} {self.pointer}"

    @property
    def advice(self) -> str:
        """What to do instead."""
        return RULES[self.rule]
