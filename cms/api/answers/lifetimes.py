"""The lifetimes of delivery's answers, and the tags by which caches purge them (RFC 9111, 5861, 9213, 9875)."""

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
"""The longest lifetime. A scheduled change that is nearer than this shortens the lifetimes."""
STALE_IF_ERROR_SECONDS = 86400
NOT_FOUND_SECONDS = 10
LIFETIMES = frozenset({"Cache-Control", "CDN-Cache-Control", "Surrogate-Control"})
"""The headers with lifetimes. They end before the next scheduled change, and so count down when it is near."""
TAGGED_ENTRIES = 64


class MomentHeaders(dict[str, str]):
    """Caching headers that remember the moment that they follow from, also when other headers are added.

    The answer cache may keep an answer with these headers until the moment's content changes.
    """

    def __init__(self, moment: Moment, headers: Mapping[str, str]) -> None:
        super().__init__(headers)
        self.moment = moment

    def __or__(self, others: Mapping[str, str]) -> Self:  # type: ignore[override]
        return type(self)(self.moment, {**self, **others})


def cache_headers(moment: Moment) -> MomentHeaders:
    """The caching headers of an answer. Their lifetimes end before the next scheduled change of the site.

    This includes ``stale-while-revalidate``. ``stale-if-error`` ends with a change that is near, and otherwise after a
    day. If it were to end with every change of the next day too, all lifetimes would have to count down for a day.
    """
    return MomentHeaders(moment, lifetimes(seconds_left(moment.at, moment.next_change)))


def not_found_headers(moment: Moment) -> dict[str, str]:
    """The caching headers of a 404: a short lifetime, because an entry may be published at the address soon."""
    left = seconds_left(moment.at, moment.next_change)
    return {"Cache-Control": f"public, max-age={min(NOT_FOUND_SECONDS, left)}"}


def seconds_left(at: datetime, next_change: datetime | None) -> int:
    """Whole seconds until the next scheduled change, and at most ``LONGEST_SECONDS``."""
    if next_change is None:
        return LONGEST_SECONDS
    return max(0, min(LONGEST_SECONDS, int((next_change - at).total_seconds())))


@lru_cache(maxsize=LONGEST_SECONDS + 1)
def lifetimes(left: int) -> Mapping[str, str]:
    """The caching headers of an answer that is valid for at least ``left`` seconds.

    Example: with 30 seconds left, ``Cache-Control`` is ``public, max-age=30, stale-if-error=30``.
    """
    browser, cdn = _lifetime(left, BROWSER_SECONDS), _lifetime(left, CDN_SECONDS)
    return {"Cache-Control": f"public, {browser}", "CDN-Cache-Control": cdn, "Surrogate-Control": cdn}


def _lifetime(left: int, seconds: int) -> str:
    fresh = min(seconds, left)
    stale = min(seconds + STALE_SECONDS, left) - fresh
    revalidate = f", stale-while-revalidate={stale}" if stale else ""
    if_error = left if left < LONGEST_SECONDS else STALE_IF_ERROR_SECONDS
    return f"max-age={fresh}{revalidate}, stale-if-error={if_error}"


def tag_headers(entries: Iterable[tuple[str, str]], types: Iterable[str]) -> dict[str, str]:
    """The headers with the tags of an answer: ``all``, each type, and ``type:id`` of every entry in it.

    Embedded entries count too. The headers are those of Cloudflare (``Cache-Tag``), of Fastly (``Surrogate-Key``) and
    of the standard (``Cache-Groups``, RFC 9875). If there are more than 64 entries, the largest types have the tag of
    the type only.
    """
    tagged = set(entries)
    counts = Counter(kind for kind, _ in tagged)
    kinds = sorted({*types, *counts})
    for kind, number in sorted(counts.items(), key=lambda each: (-each[1], each[0])):
        if counts.total() <= TAGGED_ENTRIES:
            break
        counts.subtract({kind: number})
        tagged = {each for each in tagged if each[0] != kind}
    tags = ["all", *kinds, *sorted(f"{kind}:{entry_id}" for kind, entry_id in tagged)]
    return {
        "Cache-Tag": ",".join(tags),
        "Surrogate-Key": " ".join(tags),
        "Cache-Groups": ", ".join(f'"{tag}"' for tag in tags),
    }
