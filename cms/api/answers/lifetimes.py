"""How long answers of delivery may be kept, and by which names they are purged (RFC 9111, 5861, 9213, 9875)."""

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import lru_cache
from typing import Self

from cms.content.published.moment import Moment

BROWSER_SECONDS = 60
CDN_SECONDS = 300
STALE_SECONDS = 300
LONGEST_SECONDS = CDN_SECONDS + STALE_SECONDS
"""From when on a scheduled change is told of, by lifetimes that end with it."""
STALE_IF_ERROR_SECONDS = 86400
NOT_FOUND_SECONDS = 10
LIFETIMES = frozenset({"Cache-Control", "CDN-Cache-Control", "Surrogate-Control"})
"""The headers that end before the next scheduled change, and so count down when one is near."""
TAGGED_ENTRIES = 64


class MomentHeaders(dict[str, str]):
    """Caching headers that remember the moment they follow from; adding other headers keeps it.

    An answer with these may be kept by the front for as long as the moment's content stands.
    """

    def __init__(self, moment: Moment, headers: Mapping[str, str]) -> None:
        super().__init__(headers)
        self.moment = moment

    def __or__(self, others: Mapping[str, str]) -> Self:  # type: ignore[override]
        return type(self)(self.moment, {**self, **others})


def cache_headers(moment: Moment) -> MomentHeaders:
    """Every lifetime, stale service included, ends before the next scheduled change of the site.

    But for what a cache may show while the service is out of reach: that ends with a change that is near, and else
    after a day. To follow one that is further ahead it would have to tell everybody of it so much earlier.
    """
    return MomentHeaders(moment, lifetimes(seconds_left(moment.at, moment.next_change)))


def not_found_headers(moment: Moment) -> dict[str, str]:
    """What is not there yet may be there in a moment."""
    left = seconds_left(moment.at, moment.next_change)
    return {"Cache-Control": f"public, max-age={min(NOT_FOUND_SECONDS, left)}"}


def seconds_left(at: datetime, next_change: datetime | None) -> int:
    """Whole seconds until the next scheduled change, or as many as make no difference."""
    if next_change is None:
        return LONGEST_SECONDS
    return max(0, min(LONGEST_SECONDS, int((next_change - at).total_seconds())))


@lru_cache(maxsize=LONGEST_SECONDS + 1)
def lifetimes(left: int) -> Mapping[str, str]:
    """The caching headers of an answer that is right for so many seconds at least."""
    browser, cdn = _lifetime(left, BROWSER_SECONDS), _lifetime(left, CDN_SECONDS)
    return {"Cache-Control": f"public, {browser}", "CDN-Cache-Control": cdn, "Surrogate-Control": cdn}


def _lifetime(left: int, seconds: int) -> str:
    fresh = min(seconds, left)
    stale = min(seconds + STALE_SECONDS, left) - fresh
    revalidate = f", stale-while-revalidate={stale}" if stale else ""
    if_error = left if left < LONGEST_SECONDS else STALE_IF_ERROR_SECONDS
    return f"max-age={fresh}{revalidate}, stale-if-error={if_error}"


def tag_headers(entries: Iterable[tuple[str, str]], types: Iterable[str]) -> dict[str, str]:
    """The names an answer is purged by: ``all``, each type, and ``type:id`` of every entry in it, embedded ones too.

    For Cloudflare (``Cache-Tag``), Fastly (``Surrogate-Key``) and the standard (``Cache-Groups``, RFC 9875). With
    more than 64 entries, those of the most numerous types are named by their type alone.
    """
    named = set(entries)
    counts = Counter(kind for kind, _ in named)
    kinds = sorted({*types, *counts})
    for kind, number in sorted(counts.items(), key=lambda each: (-each[1], each[0])):
        if counts.total() <= TAGGED_ENTRIES:
            break
        counts.subtract({kind: number})
        named = {each for each in named if each[0] != kind}
    tags = ["all", *kinds, *sorted(f"{kind}:{entry_id}" for kind, entry_id in named)]
    return {
        "Cache-Tag": ",".join(tags),
        "Surrogate-Key": " ".join(tags),
        "Cache-Groups": ", ".join(f'"{tag}"' for tag in tags),
    }
