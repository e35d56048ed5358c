"""Preconditions (RFC 9110, 13): nobody overwrites what they have not seen, and nobody is sent what they have."""

import re
from collections.abc import Sequence, Set

from flask import Response, request

from cms.api.http.codings import plain_tag
from cms.api.http.problems import PreconditionRequired, problem_response
from cms.errors import PreconditionFailed

# A malformed If-None-Match counts as absent here, so that nobody is answered 304 by mistake. The parser of werkzeug
# reads what it can of one: it takes `abc`, `w/"abc"` and `"a b"` for tags, and passes over the rest.
TAG = re.compile(r'(?:W/)?("[!#-~\x80-\xff]*")')


def named_tags(if_none_match: str) -> Set[str]:
    """The tags, in their quotes, that ``If-None-Match`` names, for weak comparison; of a malformed one, none."""
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

    Weak tags are left out: they never match here. An encoding's suffix, which a proxy may have added to the tag it
    handed out, is cut off.
    """
    if "If-Match" not in request.headers:
        raise PreconditionRequired("Send If-Match with the ETag of what you read, or * for whatever is there.")
    given = request.if_match
    if given.star_tag:
        return None
    return {plain_tag(tag) for tag in given.as_set() if tag}


def tags_if_any() -> Set[str] | None:
    """The same where the precondition is the client's choice: without the header, whatever is there."""
    return expected_tags() if "If-Match" in request.headers else None


def held_back(response: Response) -> Response:
    """The answer to a read, or a refusal where the client wants it only as it knows it (RFC 9110, 13.1.1).

    ``If-Match`` has to name its tag, in whichever coding; a weak one is never matched. An answer without a tag can be
    known by nobody, and comes as it is.
    """
    tag = response.headers.get("ETag")
    if response.status_code not in (200, 304) or tag is None:
        return response
    expected = tags_if_any()
    if expected is None or tag.strip('"') in expected:
        return response
    response.close()
    refusal = PreconditionFailed("What is here has another entity tag than If-Match names.", etag=tag)
    return problem_response(refusal)


def must_be_new() -> bool:
    """Whether ``If-None-Match: *`` asks for a creation."""
    return bool(request.if_none_match.star_tag)
