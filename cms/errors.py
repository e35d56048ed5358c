"""The errors of the domain, each with a code, without HTTP.

The edge (``cms/api/http/problems.py``) turns each class into one status and one problem (RFC 9457).
"""

from dataclasses import dataclass
from typing import Any, ClassVar

FAULTS_LISTED = 50
"""The most faults that one answer lists."""
NOT_FOUND = "The resource was not found."
"""The detail of every answer of status 404 that gives no closer reason, so that none can be told from another."""


@dataclass(frozen=True)
class Fault:
    """One fault and its place.

    ``code`` is a stable word for programs, and ``detail`` a sentence for people. At most one of these names the place:
    ``pointer`` is a JSON Pointer (RFC 6901) as a URI fragment, such as ``#/seo/title``; ``parameter`` is a query
    parameter; ``header`` is a request header. ``did_you_mean`` is the known word that is nearest to an unknown one.
    """

    code: str
    detail: str
    pointer: str | None = None
    parameter: str | None = None
    header: str | None = None
    did_you_mean: str | None = None


class CMSError(Exception):
    """An expected failure. ``code`` names its problem type; ``faults`` are all faults that were found."""

    code: ClassVar[str] = "internal"

    def __init__(self, detail: str, *faults: Fault, **extensions: Any) -> None:
        super().__init__(detail)
        self.detail = detail
        self.faults = faults
        self.extensions = extensions


class Invalid(CMSError):
    """The body is well-formed but invalid; ``faults`` say why."""

    code = "validation-error"

    def __init__(self, *faults: Fault) -> None:
        count = len(faults)
        detail = "The body has one error." if count == 1 else f"The body has {count} errors."
        if count > FAULTS_LISTED:
            detail = f"The body has more than {FAULTS_LISTED} errors. The first {FAULTS_LISTED} are listed."
        super().__init__(detail, *faults)


class NotFound(CMSError):
    """The address names nothing, or nothing that the caller may see. No answer says which of the two."""

    code = "not-found"

    def __init__(self, *faults: Fault, detail: str = NOT_FOUND) -> None:
        super().__init__(detail, *faults)


class Conflict(CMSError):
    """The request conflicts with the current state."""

    code = "conflict"


class SlugTaken(Conflict):
    """Another entry of the same type and locale holds the slug."""

    code = "slug-taken"


class PreconditionFailed(CMSError):
    """``If-Match`` names another state than the current one (RFC 9110)."""

    code = "precondition-failed"


class NotReady(CMSError):
    """The checks of the revision found something that blocks publishing on this site."""

    code = "not-ready"

    def __init__(self, *faults: Fault) -> None:
        super().__init__(
            "This site does not publish entries with these errors. Fix them, or publish with an override_reason.",
            *faults,
        )


class Forbidden(CMSError):
    """The key is valid but lacks a scope."""

    code = "forbidden"


class Unavailable(CMSError):
    """The database cannot be reached or is busy; the same request may succeed later."""

    code = "temporarily-unavailable"
