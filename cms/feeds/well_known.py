"""Files at fixed addresses: robots.txt (RFC 9309) and security.txt (RFC 9116)."""

from collections.abc import Sequence
from datetime import datetime, timedelta

MEDIA_TYPE = "text/plain"
# RFC 9116 recommends less than a year.
SECURITY_DAYS = 270


def robots(hidden: Sequence[str], sitemap: str) -> bytes:
    """robots.txt: the paths that crawlers must not visit, and the address of the sitemap."""
    rules = [f"Disallow: {path}" for path in hidden]
    return "\n".join(["User-agent: *", *rules, "", f"Sitemap: {sitemap}", ""]).encode()


def security(contacts: Sequence[str], canonical: str, now: datetime) -> bytes:
    """security.txt: the contacts for reports of vulnerabilities, best first. The bytes are the same all day (UTC)."""
    expires = now.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=SECURITY_DAYS)
    lines = [
        *(f"Contact: {each}" for each in contacts),
        f"Expires: {expires:%Y-%m-%dT%H:%M:%SZ}",
        "Preferred-Languages: en",
        f"Canonical: {canonical}",
    ]
    return "\n".join([*lines, ""]).encode()
