"""Preconditions (RFC 9110, 13), with ``If-Match`` and ``If-None-Match``."""

import re
from collections.abc import Sequence, Set

from flask import Response, request

from cms.api.http.codings import plain_tag
from cms.api.http.problems import PreconditionRequired, problem_response
from cms.errors import PreconditionFailed

# A malformed If-None-Match counts as absent here, so that no client gets a 304 by mistake. Werkzeug's parser is more
# lenient: it accepts `abc`, `w/"abc"` and `"a b"` as tags, and ignores the rest.
TAG = re.compile(r'(?:W/)?("[!#-~\x80-\xff]*")')


def named_tags(if_none_match: str) -> Set[str]:
    """The tags of ``If-None-Match``, in quotes, for weak comparison; none if the header is malformed."""
    if TAG.sub("", if_none_match).strip(" \t,"):
        return frozenset()
    return frozenset(TAG.findall(if_none_match))


def held_tag(if_none_match: str, offered: Sequence[str], *, in_any_coding: bool = False) -> str | None:
    """The first of the tags, in their quotes, under which the client has what it would be sent (RFC 9111, 4.3.4).

    With ``in_any_coding`` it may have it in whichever coding: that is enough for what has a weak tag anyhow.
    """
    if if_none_match.strip() == "*":
        return offered[0]
    named = named_tags(if_none_match)
    plain = {plain_tag(tag.strip('"')) for tag in offered} if in_any_coding else frozenset()
    alike = [tag for tag in sorted(named) if plain_tag(tag.strip('"')) in plain]
    return next((tag for tag in (*offered, *alike) if tag in named), None)


def expected_tags() -> Set[str] | None:
    """The strong tags of ``If-Match``, or ``None`` for ``*``; raises ``PreconditionRequired`` without the header.

    Weak tags are left out, because they never match (RFC 9110, 13.1.1). The suffix of a content coding, which a proxy
    may have added to the tag, is removed.
    """
    if "If-Match" not in request.headers:
        raise PreconditionRequired("Send If-Match with the ETag of the version that you read, or * for any version.")
    given = request.if_match
    if given.star_tag:
        return None
    return {plain_tag(tag) for tag in given.as_set() if tag}


def tags_if_any() -> Set[str] | None:
    """The strong tags of ``If-Match``, or ``None`` for ``*`` or without the header, when any version matches."""
    return expected_tags() if "If-Match" in request.headers else None


def with_if_match_applied(response: Response) -> Response:
    """The answer to a read, or a 412 problem if ``If-Match`` does not name its entity tag (RFC 9110, 13.1.1).

    The tag may be that of any content coding, and must be strong. An answer without a tag is returned unchanged.
    """
    tag = response.headers.get("ETag")
    if response.status_code not in (200, 304) or tag is None:
        return response
    expected = tags_if_any()
    if expected is None or tag.strip('"') in expected:
        return response
    response.close()
    error = PreconditionFailed("If-Match does not name the current ETag of this resource.", etag=tag)
    return problem_response(error)


def must_be_new() -> bool:
    """True if the request has ``If-None-Match: *``, and so may only create."""
    return bool(request.if_none_match.star_tag)
