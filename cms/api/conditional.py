"""Preconditions (RFC 9110, 13): nobody overwrites what they have not seen, and nobody is sent what they have."""

import re
from collections.abc import Set

from flask import request

from cms.api.compression import plain_tag
from cms.api.problems import PreconditionRequired

TAG = re.compile(r'(?:W/)?("[!#-~\x80-\xff]*")')


def named_tags(if_none_match: str) -> Set[str]:
    """The tags, in their quotes, that ``If-None-Match`` names, for weak comparison; of a malformed one, none."""
    if TAG.sub("", if_none_match).strip(" \t,"):
        return frozenset()
    return frozenset(TAG.findall(if_none_match))


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
    return {plain_tag(tag.split(":")[0]) for tag in given.as_set() if tag}


def tags_if_any() -> Set[str] | None:
    """The same where the precondition is the client's choice: without the header, whatever is there."""
    return expected_tags() if "If-Match" in request.headers else None


def must_be_new() -> bool:
    """Whether ``If-None-Match: *`` asks for a creation."""
    return bool(request.if_none_match.star_tag)
