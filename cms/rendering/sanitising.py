"""Makes HTML safe to place in a page, by lists of what is allowed."""

import re

import nh3

from cms.rendering.allowed import (
    ALIGNMENTS,
    ATTRIBUTES,
    CODE_LANGUAGE,
    HEADINGS,
    ID,
    TAGS,
    URL_ATTRIBUTES,
    URL_SCHEMES,
)
from cms.rendering.nesting import bound_nesting

MAX_ROUNDS = 6

SCHEME = re.compile(r"([^/?#]*?):")
# What a browser removes from a URL before it reads it (WHATWG URL, 4.4: C0 controls and spaces around, tabs and
# line breaks anywhere); the other controls have no business in a URL either.
IGNORED_IN_URL = re.compile(r"[\x00-\x20\x7f]")


def clean(html: str) -> str:
    """Return the allowed part of the HTML; a fixed point, so cleaning the result again changes nothing."""
    for _ in range(MAX_ROUNDS):
        cleaned = _clean_once(html)
        if cleaned == html:
            return cleaned
        html = cleaned
    # Removing a tag can let the parser see the rest differently, most often once. What is still changing after
    # several rounds was made to do so, and only its text is kept.
    return bound_nesting(nh3.clean(html, tags=set(), attributes={}))


def _clean_once(html: str) -> str:
    return nh3.clean(
        bound_nesting(html),
        tags=TAGS,
        attributes=ATTRIBUTES,
        attribute_filter=_filter_attribute,
        url_schemes=URL_SCHEMES,
        # A link needs no rel: without target it opens in the same tab, there is no opener to protect, and whether
        # to send a referrer or recommend a link to search engines is the site's decision.
        link_rel=None,
    )


def _filter_attribute(tag: str, attribute: str, value: str) -> str | None:
    if attribute in URL_ATTRIBUTES:
        return value if _is_safe_url(value) else None
    if tag in HEADINGS and attribute == "id":
        return value if ID.fullmatch(value) else None
    if attribute == "class":
        return next((word for word in value.split() if CODE_LANGUAGE.fullmatch(word)), None)
    if attribute == "align":
        return value.lower() if value.lower() in ALIGNMENTS else None
    return value


def _is_safe_url(url: str) -> bool:
    read_by_browser = IGNORED_IN_URL.sub("", url).replace("\\", "/")
    if scheme := SCHEME.match(read_by_browser):
        return scheme[1].lower() in URL_SCHEMES
    return not read_by_browser.startswith("//")
