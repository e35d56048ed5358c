"""The registry of social platforms.

The data is in ``platforms.json``: one object for each platform, in the order of lists. Some of its members:

``handle``       A regular expression for the canonical handle, anchored, linear, and the same in Python and ECMAScript
                 (its ``u`` and ``v`` modes too, so that it also serves as an HTML ``pattern``).
``hosts``        The hosts of profiles. ``www.``, ``m.`` and ``mobile.`` are accepted before each of them.
``short_hosts``  Hosts that belong to the platform and have no profiles: shorteners, invitations, players.
``paths``        The URL of a profile (a path on ``hosts``, or ``//host/path`` for another host) and the handle that it
                 has. If several paths have the same handle, the first is canonical and the others are only read.
``tabs``         Last path segments that show a part of a profile. They are dropped.
``reserved``     Names that match the pattern of a handle and are pages of the platform.
``case``         ``lower``: handles become lower case. ``ignored``: their case is kept and not compared. ``kept``: their
                 case is significant.
``skip``         Characters that people write inside a handle although they have no meaning. They are dropped.
``icons``        Names in Simple Icons, Font Awesome 7 (brands; solid for ``email``, ``website`` and ``other``) and
                 Lucide; null if a set has none. Lucide 1 has no brand icons, so its names are of generic icons.
                 Simple Icons had to remove the icon of LinkedIn.
``same_as``      True if the address is a schema.org ``sameAs`` of its owner.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from importlib import resources
from types import MappingProxyType
from typing import Any
from urllib.parse import quote

# The characters that RFC 3986 allows in a path segment, besides letters and digits. A handle has no slash of its own.
SEGMENT_SAFE = "@:!$&'()*+,;=~-._"

# The patterns of placeholders in the data file. Any other placeholder is one path segment or one label of a host.
PLACEHOLDERS = {
    "country": "[a-z]{2}(?:-[a-z]{2})?",
    "did": "did:plc:[a-z2-7]{24}",
    "language": "[a-z]{2,3}(?:-[a-z]{2,12})?",
    "locale": "intl-[a-z]{2}(?:-[a-z]{2})?",
    "number": "[0-9]+",
    "relay": "[a-z0-9.-]+",
    "server": "[^/@:]+",
    "domain": "[^/@:]+",
}
PLACEHOLDER = re.compile(r"\{([a-z]+)\}")


@dataclass(frozen=True)
class HandleForm:
    """One form of the URLs of a platform's profiles: the template of the URL, and the handle that it has.

    Example: ``/in/{handle}`` on the origin of LinkedIn, with the handle ``{handle}``.
    """

    origin: str
    template: str
    handle: str

    @cached_property
    def own_host(self) -> str | None:
        return self.template[2:].partition("/")[0] if self.template.startswith("//") else None

    @cached_property
    def any_server(self) -> bool:
        """True if the profile may be on any server, as in the Fediverse."""
        return self.own_host is not None and bool({"server", "relay"} & set(PLACEHOLDER.findall(self.own_host)))

    @cached_property
    def host_pattern(self) -> re.Pattern[str]:
        return re.compile(_expression(self.own_host or "", "[a-z0-9-]+"))

    @cached_property
    def path_pattern(self) -> re.Pattern[str]:
        path = self.template.partition("?")[0]
        return re.compile(_expression(path if self.own_host is None else path[2 + len(self.own_host) :], "[^/]+"))

    @cached_property
    def query_pattern(self) -> re.Pattern[str] | None:
        query = self.template.partition("?")[2]
        return re.compile(_expression(query, "[^/]+")) if query else None

    @cached_property
    def handle_pattern(self) -> re.Pattern[str]:
        return re.compile(_expression(self.handle, "[^/]+"))

    @cached_property
    def canonical(self) -> bool:
        """True if the handle has every part that the URL needs."""
        return set(PLACEHOLDER.findall(self.template)) <= set(PLACEHOLDER.findall(self.handle))

    def url(self, parts: Mapping[str, str]) -> str:
        filled = self.template.format(**{name: quote(value, safe=SEGMENT_SAFE) for name, value in parts.items()})
        if self.own_host is not None:
            return f"https:{filled}"
        return f"{self.origin}{filled}" if filled.startswith("/") else filled


def _expression(template: str, segment: str) -> str:
    """The regular expression of a template, in which each placeholder is a group of the same name."""
    literals_and_names = PLACEHOLDER.split(template)
    return "".join(
        f"(?P<{piece}>{PLACEHOLDERS.get(piece, segment)})" if index % 2 else re.escape(piece)
        for index, piece in enumerate(literals_and_names)
    )


@dataclass(frozen=True)
class Platform:
    """One platform of the registry. The patterns are ``None`` if the platform has addresses and no handles."""

    key: str
    label: str
    url_pattern: str | None
    handle_pattern: str | None
    example: str | None
    hosts: tuple[str, ...]
    short_hosts: tuple[str, ...]
    forms: tuple[HandleForm, ...]
    tabs: frozenset[str]
    reserved: frozenset[str]
    case: str
    skip: str
    aliases: tuple[str, ...]
    icons: Mapping[str, str | None]
    rel: str
    same_as: bool

    @cached_property
    def handle_expression(self) -> re.Pattern[str]:
        return re.compile(self.handle_pattern or "(?!)")

    @cached_property
    def host_expression(self) -> re.Pattern[str]:
        return _any_of(self.hosts)

    @cached_property
    def territory(self) -> tuple[str, ...]:
        """Every host that belongs to this platform and to no other."""
        own = (form.own_host for form in self.forms if form.own_host is not None and not form.any_server)
        return tuple(dict.fromkeys((*self.hosts, *own, *self.short_hosts)))

    @cached_property
    def territory_expression(self) -> re.Pattern[str]:
        return _any_of(self.territory)


def _any_of(hosts: tuple[str, ...]) -> re.Pattern[str]:
    """The regular expression of all hosts. Without hosts it matches nothing."""
    # The groups get no names, because a name may occur only once in an expression.
    alternatives = (re.sub(r"\?P<[a-z]+>", "?:", _expression(host, "[a-z0-9-]+")) for host in hosts)
    return re.compile("|".join(alternatives) or "(?!)")


def _load() -> Mapping[str, Platform]:
    text = resources.files("cms.social_links").joinpath("platforms.json").read_text(encoding="utf-8")
    platforms = [_platform(entry) for entry in json.loads(text)]
    return MappingProxyType({platform.key: platform for platform in platforms})


def _platform(entry: Mapping[str, Any]) -> Platform:
    origin = "/".join((entry["url"] or "").split("/")[:3])
    return Platform(
        key=entry["key"],
        label=entry["label"],
        url_pattern=entry["url"],
        handle_pattern=entry["handle"],
        example=entry["example"],
        hosts=tuple(entry["hosts"]),
        short_hosts=tuple(entry.get("short_hosts", ())),
        forms=tuple(HandleForm(origin, template, handle) for template, handle in entry["paths"].items()),
        tabs=frozenset(entry.get("tabs", ())),
        reserved=frozenset(entry.get("reserved", ())),
        case=entry["case"],
        skip=entry.get("skip", ""),
        aliases=tuple(entry.get("aliases", ())),
        icons=MappingProxyType(entry["icons"]),
        rel=entry["rel"],
        same_as=entry["same_as"],
    )


PLATFORMS: Mapping[str, Platform] = _load()
