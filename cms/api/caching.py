"""How long answers of delivery may be kept (RFC 9111, RFC 5861, RFC 9213)."""

from cms.content.version import Moment

BROWSER_SECONDS = 60
CDN_SECONDS = 300
STALE_SECONDS = 300
STALE_IF_ERROR_SECONDS = 86400
NOT_FOUND_SECONDS = 10


def cache_headers(moment: Moment) -> dict[str, str]:
    """Every lifetime, stale service included, ends before the next scheduled change of the site."""
    return {
        "Cache-Control": f"public, {_lifetime(moment, BROWSER_SECONDS)}",
        "CDN-Cache-Control": _lifetime(moment, CDN_SECONDS),
        "Surrogate-Control": _lifetime(moment, CDN_SECONDS),
    }


def not_found_headers(moment: Moment) -> dict[str, str]:
    """What is not there yet may be there in a moment."""
    return {"Cache-Control": f"public, max-age={_until_change(moment, NOT_FOUND_SECONDS)}"}


def _lifetime(moment: Moment, seconds: int) -> str:
    fresh = _until_change(moment, seconds)
    stale = _until_change(moment, seconds + STALE_SECONDS) - fresh
    revalidate = f", stale-while-revalidate={stale}" if stale else ""
    return f"max-age={fresh}{revalidate}, stale-if-error={STALE_IF_ERROR_SECONDS}"


def _until_change(moment: Moment, seconds: int) -> int:
    if moment.next_change is None:
        return seconds
    return max(0, min(seconds, int((moment.next_change - moment.at).total_seconds())))
