"""Makes HTML safe to place in a page: only listed elements and attributes are kept."""

import nh3

from cms.rendering.allowed import ATTRIBUTES, TAGS, URL_SCHEMES, allowed_value
from cms.rendering.nesting import bound_nesting
from cms.rendering.removals import Finding, Removals, misplaced

MAX_ROUNDS = 6


def clean(html: str) -> str:
    """The allowed part of the HTML. Cleaning the result again changes nothing."""
    return _clean_bounded(bound_nesting(html))


def clean_with_findings(html: str, *, by_line: bool) -> tuple[str, list[Finding]]:
    """The same as ``clean``, and a finding for each kind of removal.

    ``by_line`` names places by line and column, else by the words before them.
    """
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
    # Once a tag is removed, the parser can see the rest differently; mostly one more round is enough. A document that
    # still changes after several rounds was made to do so, and only its text is kept.
    return bound_nesting(nh3.clean(html, tags=set(), attributes={}))


def _clean_once(bounded: str) -> str:
    return nh3.clean(
        bounded,
        tags=TAGS,
        attributes=ATTRIBUTES,
        attribute_filter=allowed_value,
        url_schemes=URL_SCHEMES,
        # A link needs no ``rel``: without ``target`` it opens in the same tab, so there is no opener to protect. The
        # site decides whether a link sends a referrer or is recommended to search engines.
        link_rel=None,
    )
