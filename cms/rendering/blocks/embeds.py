"""The providers whose media can be embedded. An address is read without asking the provider."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

VIDEO, SQUARE, PORTRAIT = "16:9", "1:1", "9:16"
SECONDS_AT_MOST = 86_400
SECONDS = re.compile(r"(?:(\d{1,5})h)?(?:(\d{1,5})m)?(?:(\d{1,5})s?)?")


@dataclass(frozen=True)
class Embed:
    """A medium of a provider. ``player_url`` is the address for a frame, ``url`` the page for people."""

    provider: str
    id: str
    url: str
    player_url: str
    aspect_ratio: str | None = None


@dataclass(frozen=True)
class Provider:
    """A provider: its hosts, the pattern of its paths, and the function that makes an embed of a match and a query."""

    name: str
    hosts: frozenset[str]
    path: re.Pattern[str]
    read: Callable[[re.Match[str], Mapping[str, str]], Embed | None]
    example: str


def _youtube(path: re.Match[str], query: Mapping[str, str]) -> Embed | None:
    id = path["id"] or query.get("v", "")
    if not re.fullmatch(r"[\w-]{11}", id, re.ASCII):
        return None
    start = _seconds(query.get("t") or query.get("start") or "")
    url = f"https://www.youtube.com/watch?v={id}" + (f"&t={start}s" if start else "")
    player = f"https://www.youtube-nocookie.com/embed/{id}" + (f"?start={start}" if start else "")
    return Embed("youtube", id, url, player, PORTRAIT if path["short"] else VIDEO)


def _seconds(text: str) -> int:
    """The number of seconds in ``90``, ``90s`` or ``1m30s``; 0 for any other text."""
    found = SECONDS.fullmatch(text) if text.isascii() else None
    if found is None:
        return 0
    hours, minutes, seconds = (int(each or 0) for each in found.groups())
    return min(hours * 3600 + minutes * 60 + seconds, SECONDS_AT_MOST)


def _vimeo(path: re.Match[str], query: Mapping[str, str]) -> Embed | None:
    id, secret = path["id"], path["secret"] or query.get("h", "")
    if not re.fullmatch("[0-9a-f]{0,20}", secret):
        return None
    url = f"https://vimeo.com/{id}" + (f"/{secret}" if secret else "")
    player = f"https://player.vimeo.com/video/{id}?dnt=1" + (f"&h={secret}" if secret else "")
    return Embed("vimeo", id, url, player, VIDEO)


def _spotify(path: re.Match[str], query: Mapping[str, str]) -> Embed:
    id = f"{path['kind']}/{path['id']}"
    return Embed("spotify", id, f"https://open.spotify.com/{id}", f"https://open.spotify.com/embed/{id}")


def _x(path: re.Match[str], query: Mapping[str, str]) -> Embed:
    url = f"https://x.com/{path['user']}/status/{path['id']}"
    return Embed("x", path["id"], url, f"https://platform.twitter.com/embed/Tweet.html?dnt=true&id={path['id']}")


def _instagram(path: re.Match[str], query: Mapping[str, str]) -> Embed:
    kind = "reel" if path["kind"] in ("reel", "reels") else "p"
    url = f"https://www.instagram.com/{kind}/{path['id']}/"
    return Embed("instagram", path["id"], url, f"{url}embed/")


def _codepen(path: re.Match[str], query: Mapping[str, str]) -> Embed:
    user, id = path["user"], path["id"]
    player = f"https://codepen.io/{user}/embed/{id}?default-tab=result"
    return Embed("codepen", f"{user}/{id}", f"https://codepen.io/{user}/pen/{id}", player)


def _soundcloud(path: re.Match[str], query: Mapping[str, str]) -> Embed:
    id = f"{path['user']}/{path['id']}"
    url = f"https://soundcloud.com/{id}"
    return Embed("soundcloud", id, url, f"https://w.soundcloud.com/player/?url={quote(url, safe='')}")


def _tiktok(path: re.Match[str], query: Mapping[str, str]) -> Embed:
    url = f"https://www.tiktok.com/@{path['user']}/video/{path['id']}"
    return Embed("tiktok", path["id"], url, f"https://www.tiktok.com/embed/v2/{path['id']}", PORTRAIT)


def _loom(path: re.Match[str], query: Mapping[str, str]) -> Embed:
    id = path["id"]
    return Embed("loom", id, f"https://www.loom.com/share/{id}", f"https://www.loom.com/embed/{id}", VIDEO)


def _provider(name: str, hosts: str, path: str, read: Callable[..., Embed | None], example: str) -> Provider:
    return Provider(name, frozenset(hosts.split()), re.compile(path, re.ASCII), read, example)


PROVIDERS: Mapping[str, Provider] = {
    each.name: each
    for each in (
        _provider(
            "youtube",
            "youtube.com m.youtube.com music.youtube.com youtu.be youtube-nocookie.com",
            r"/(?:watch|(?:embed/|live/|v/|(?P<short>shorts/))?(?P<id>[\w-]{11}))/?",
            _youtube,
            "https://www.youtube.com/watch?v=M7lc1UVf-VE",
        ),
        _provider(
            "vimeo",
            "vimeo.com player.vimeo.com",
            r"/(?:video/|channels/[\w-]+/)?(?P<id>\d{5,12})(?:/(?P<secret>[0-9a-f]{6,20}))?/?",
            _vimeo,
            "https://vimeo.com/76979871",
        ),
        _provider(
            "spotify",
            "open.spotify.com",
            r"/(?:intl-[a-z]{2}/)?(?:embed/)?(?P<kind>track|album|playlist|episode|show|artist)/(?P<id>[A-Za-z0-9]{22})/?",
            _spotify,
            "https://open.spotify.com/track/11dFghVXANMlKmJXsNCbNl",
        ),
        _provider(
            "x",
            "x.com twitter.com mobile.twitter.com",
            r"/(?P<user>\w{1,15}|i/web)/status/(?P<id>\d{1,20})(?:/.*)?",
            _x,
            "https://x.com/jack/status/20",
        ),
        _provider(
            "instagram",
            "instagram.com",
            r"/(?:[\w.]{1,30}/)?(?P<kind>p|reels?|tv)/(?P<id>[\w-]{5,40})(?:/embed)?/?",
            _instagram,
            "https://www.instagram.com/p/CuE2WNQs6vH/",
        ),
        _provider(
            "codepen",
            "codepen.io",
            r"/(?P<user>(?:team/)?[\w-]{1,60})/(?:pen|full|details|embed)/(?P<id>[A-Za-z0-9]{4,40})/?",
            _codepen,
            "https://codepen.io/chriscoyier/pen/gfdDu",
        ),
        _provider(
            "soundcloud",
            "soundcloud.com m.soundcloud.com",
            r"/(?P<user>[\w-]{1,60})/(?P<id>(?:sets/)?[\w-]{1,120})/?",
            _soundcloud,
            "https://soundcloud.com/forss/flickermood",
        ),
        _provider(
            "tiktok",
            "tiktok.com m.tiktok.com",
            r"/@(?P<user>[\w.]{1,30})/video/(?P<id>\d{5,25})/?",
            _tiktok,
            "https://www.tiktok.com/@scout2015/video/6718335390845095173",
        ),
        _provider(
            "loom",
            "loom.com",
            r"/(?:share|embed)/(?P<id>[0-9a-f]{32})/?",
            _loom,
            "https://www.loom.com/share/0281766fa2d04bb788eaf19e65135184",
        ),
    )
}


def provider_of(url: str) -> str | None:
    """The name of the provider that the address belongs to, even if it leads to nothing that can be embedded."""
    try:
        parts = urlsplit(url)
        host = (parts.hostname or "").removeprefix("www.")
    except ValueError:
        return None
    if parts.scheme not in ("http", "https") or "@" in parts.netloc:
        return None
    return next((name for name, each in PROVIDERS.items() if host in each.hosts), None)


def embed_of(url: str) -> Embed | None:
    """The embed that the address names, in its canonical form; ``None`` if no known provider has it.

    Example: ``https://youtu.be/M7lc1UVf-VE?t=90`` is the video ``M7lc1UVf-VE`` of ``youtube``, from second 90.
    """
    name = provider_of(url)
    if name is None:
        return None
    parts = urlsplit(url)
    path = PROVIDERS[name].path.fullmatch(parts.path)
    query = {name: values[0] for name, values in parse_qs(parts.query).items()}
    return PROVIDERS[name].read(path, query) if path else None


def as_data(embed: Embed) -> dict[str, Any]:
    """The members of an embed in the delivered block."""
    return {
        "provider": embed.provider,
        "id": embed.id,
        "url": embed.url,
        "player_url": embed.player_url,
        "aspect_ratio": embed.aspect_ratio,
    }
