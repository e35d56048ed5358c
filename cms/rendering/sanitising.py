"""Makes HTML safe to place in a page, by lists of what is allowed."""

import nh3

from cms.rendering.allowed import ATTRIBUTES, TAGS, URL_SCHEMES, allowed_value
from cms.rendering.nesting import bound_nesting
from cms.rendering.removals import Finding, Removals, misplaced

MAX_ROUNDS = 6


def clean(html: str) -> str:
    """Return the allowed part of the HTML; a fixed point, so cleaning the result again changes nothing."""
    return _clean_bounded(bound_nesting(html))


def clean_and_tell(html: str, *, by_line: bool) -> tuple[str, list[Finding]]:
    """The same with what was taken out of it, and where: by line and column, or by the words before each place."""
    source = html.replace("\r\n", "\n").replace("\r", "\n")
    removals = Removals(source)
    bounded = bound_nesting(source, removals)
    cleaned = _clean_bounded(bounded)
    return cleaned, [*removals.findings(by_line=by_line), *misplaced(bounded, cleaned)]


def _clean_bounded(bounded: str) -> str:
    html = _clean_once(bounded)
    for _ in range(MAX_ROUNDS - 1):
        cleaned = _clean_once(bound_nesting(html))
        if cleaned == html:
            return cleaned
        html = cleaned
    # Removing a tag can let the parser see the rest differently, most often once. What is still changing after
    # several rounds was made to do so, and only its text is kept.
    return bound_nesting(nh3.clean(html, tags=set(), attributes={}))


def _clean_once(bounded: str) -> str:
    return nh3.clean(
        bounded,
        tags=TAGS,
        attributes=ATTRIBUTES,
        attribute_filter=allowed_value,
        url_schemes=URL_SCHEMES,
        # A link needs no rel: without target it opens in the same tab, there is no opener to protect, and whether
        # to send a referrer or recommend a link to search engines is the site's decision.
        link_rel=None,
    )
