"""What can go wrong in the domain, as coded errors that know no HTTP.

The edge (``cms/api/problems.py``) turns each class into one status and one RFC 9457 problem.
"""

from dataclasses import dataclass
from typing import Any, ClassVar


@dataclass(frozen=True)
class Fault:
    """One thing that is wrong, and where.

    ``code`` is a stable word for programs, ``detail`` a sentence for people, and exactly one of the places
    names the spot: ``pointer`` is a JSON Pointer as a URI fragment (``#/seo/title``), ``parameter`` a query
    parameter, ``header`` a request header. ``did_you_mean`` is the nearest known word to an unknown one.
    """

    code: str
    detail: str
    pointer: str | None = None
    parameter: str | None = None
    header: str | None = None
    did_you_mean: str | None = None


class CMSError(Exception):
    """An expected failure: ``code`` names its problem type, ``faults`` list every fault found."""

    code: ClassVar[str] = "internal"

    def __init__(self, detail: str, *faults: Fault, **extensions: Any) -> None:
        super().__init__(detail)
        self.detail = detail
        self.faults = faults
        self.extensions = extensions


class Invalid(CMSError):
    """The content is well-formed and breaks a rule; ``faults`` say which."""

    code = "validation-error"

    def __init__(self, *faults: Fault) -> None:
        count = len(faults)
        super().__init__("The body has one fault." if count == 1 else f"The body has {count} faults.", *faults)


class NotFound(CMSError):
    """Unknown, or not visible to the caller: the two are told apart nowhere."""

    code = "not-found"

    def __init__(self, *faults: Fault, detail: str = "There is nothing here.") -> None:
        super().__init__(detail, *faults)


class Conflict(CMSError):
    """The request contradicts the present state."""

    code = "conflict"


class SlugTaken(Conflict):
    """Another entry of the same type and locale holds the slug."""

    code = "slug-taken"


class PreconditionFailed(CMSError):
    """``If-Match`` names another version than the present one."""

    code = "precondition-failed"


class NotReady(CMSError):
    """The site lets nothing be published in which its checks find such faults."""

    code = "not-ready"

    def __init__(self, *faults: Fault) -> None:
        super().__init__(
            "The site lets nothing be published with these faults; mend them, or say in override_reason why to publish "
            "nevertheless.",
            *faults,
        )


class Forbidden(CMSError):
    """The key is good and lacks a scope."""

    code = "forbidden"


class Unavailable(CMSError):
    """The database is out of reach or busy; the same request may succeed later."""

    code = "temporarily-unavailable"
