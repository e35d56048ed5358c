"""The registry of social platforms, and the one spelling of a profile an editor may have typed in many ways.

The facts live in ``platforms.json``, one object per platform in reading order. The members that need a word:

``handle``       A regular expression for the canonical handle, anchored, linear, and the same in Python and ECMAScript
                 (its ``u`` and ``v`` modes too, so that it also serves as an HTML ``pattern``).
``hosts``        Hosts whose paths are read; ``www.``, ``m.`` and ``mobile.`` before any of them are understood.
``short_hosts``  Hosts that belong to the platform and never show a profile: shorteners, invitations, players.
``paths``        Where a profile is found, and the handle it spells. ``//host/path`` stands on its own host. Several
                 paths may spell one handle: the first is canonical, the others are only read.
``tabs``         Last segments that show a part of a profile and are dropped.
``reserved``     Names that a handle could have by its form, and that are pages of the platform.
``case``         ``lower``: handles are folded. ``ignored``: kept as typed, compared without. ``kept``: significant.
``skip``         Characters that people write inside a handle and that mean nothing.
``icons``        Names in Simple Icons, Font Awesome 7 (brands; solid for ``email``, ``website`` and ``other``) and
                 Lucide. Lucide 1 carries no brand icons any more, so those are generic ones present there today;
                 Simple Icons had to remove LinkedIn's. Null where a set has none.
``same_as``      Whether the address counts as a schema.org ``sameAs`` of its owner.
"""

import difflib
import json
import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from importlib import resources
from types import MappingProxyType
from typing import Any
from urllib.parse import quote, unquote

from cms.errors import Fault, Invalid

HANDLE_LIMIT = 100
URL_LIMIT = 2000
ECHO_LIMIT = 100

# What RFC 3986 lets stand in a path segment; a handle never contains a slash of its own.
SEGMENT_SAFE = "@:!$&'()*+,;=~-._"
ADDRESS_SAFE = SEGMENT_SAFE + "/?%"

# Parameters that follow a visitor around; none of them chooses what a page shows.
TRACKING = re.compile(
    r"utm_.*|_hsenc|_hsmi|dclid|fbclid|gad_campaignid|gad_source|gbraid|gclid|gclsrc|igsh|igshid|li_fat_id|mc_cid|mc_eid"
    r"|mkt_tok|msclkid|oly_anon_id|oly_enc_id|ref_src|ref_url|si|srsltid|ttclid|twclid|vero_id|wbraid|yclid",
    re.IGNORECASE | re.DOTALL,
)

# What a placeholder of the data file stands for; any other name stands for one path segment or one host label.
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
PREFIX = re.compile(r"^(?:(?:www|m|mobile)\.)+(?=[^.]+\.)")
SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*")
LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
# A last label of letters only also excludes every spelling of an IPv4 address.
LAST_LABEL = re.compile(r"[a-z]{2,63}|xn--[a-z0-9-]{1,59}")


@dataclass(frozen=True)
class Address:
    """The parts of an http(s) URL, the host canonical and the rest as it was written."""

    scheme: str
    host: str
    path: str
    query: str
    fragment: str


@dataclass(frozen=True)
class Form:
    """One place where a platform shows profiles: ``template`` is its URL, ``handle`` the handle that spells it."""

    origin: str
    template: str
    handle: str

    @cached_property
    def own_host(self) -> str | None:
        return self.template[2:].partition("/")[0] if self.template.startswith("//") else None

    @cached_property
    def any_server(self) -> bool:
        """Whether the profile lives on a server of its owner's choice, as in the Fediverse."""
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
        """Whether the handle says everything that the URL needs."""
        return set(PLACEHOLDER.findall(self.template)) <= set(PLACEHOLDER.findall(self.handle))

    def url(self, parts: Mapping[str, str]) -> str:
        filled = self.template.format(**{name: quote(value, safe=SEGMENT_SAFE) for name, value in parts.items()})
        if self.own_host is not None:
            return f"https:{filled}"
        return f"{self.origin}{filled}" if filled.startswith("/") else filled


def _expression(template: str, segment: str) -> str:
    """Return the regular expression of a template, each placeholder a group of its own name."""
    literals_and_names = PLACEHOLDER.split(template)
    return "".join(
        f"(?P<{piece}>{PLACEHOLDERS.get(piece, segment)})" if index % 2 else re.escape(piece)
        for index, piece in enumerate(literals_and_names)
    )


@dataclass(frozen=True)
class Platform:
    """One entry of the registry; the patterns are None where a platform has no handles, only addresses."""

    key: str
    label: str
    url_pattern: str | None
    handle_pattern: str | None
    example: str | None
    hosts: tuple[str, ...]
    short_hosts: tuple[str, ...]
    forms: tuple[Form, ...]
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
    """Return the expression of all the hosts, which matches nothing when there are none."""
    # The groups lose their names, because a name may appear only once in an expression.
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
        forms=tuple(Form(origin, template, handle) for template, handle in entry["paths"].items()),
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


@dataclass(frozen=True)
class Profile:
    """A profile in its one spelling; ``handle`` is None for platforms that have only addresses."""

    platform: str
    handle: str | None
    url: str


def profile(platform: str, handle: str | None, url: str | None) -> Profile:
    """Return the canonical profile that a handle, a URL or both name; raise ``Invalid`` with every fault found."""
    known = PLATFORMS.get(platform)
    handle, url = (handle or "").strip(), (url or "").strip()
    found: list[Profile] = []
    faults: list[Fault] = []
    if known is None:
        faults.append(_unknown_platform(platform))
    if not handle and not url:
        faults.append(_required(known))
    for read, text in ((_from_handle, handle), (_from_url, url)):
        if text:
            try:
                # Without its platform, an address can still be judged as an address.
                found.append(read(known or PLATFORMS["other"], text))
            except Invalid as refusal:
                faults += refusal.faults if known or read is _from_url else ()
    if known and len(found) == 2 and not _same(known, *found):
        faults.append(_disagreement(*found))
    if faults:
        raise Invalid(*faults)
    return found[0]


def _unknown_platform(text: str) -> Fault:
    names = {name: key for key, one in PLATFORMS.items() for name in (key, one.label.lower(), *one.aliases)}
    close = difflib.get_close_matches(text[:ECHO_LIMIT].strip().lower(), names, n=3, cutoff=0.6)
    suggestions = list(dict.fromkeys(names[name] for name in close))
    hint = f"did you mean {' or '.join(map(_echo, suggestions))}?" if suggestions else 'use "other" for any address.'
    return Fault("unknown_platform", f"{_echo(text)} is not a known platform; {hint}", pointer="#/platform")


def _echo(text: str) -> str:
    """Return the input in quotes, cut, and without characters that could break the line or its encoding."""
    shown = "".join(
        character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in text[:ECHO_LIMIT]
    )
    return f'"{shown}…"' if len(text) > ECHO_LIMIT else f'"{shown}"'


def _required(platform: Platform | None) -> Fault:
    if platform is not None and platform.handle_pattern is None:
        return Fault("required", f'"url" is required: the address of the {platform.key} link.', pointer="#/url")
    return Fault("required", 'One of "handle" and "url" is required.', pointer="#/handle")


def _from_handle(platform: Platform, text: str) -> Profile:
    """Read the handle field, where an editor may also have put a path (``in/marlow-finch``) or the whole URL."""
    if len(text) <= URL_LIMIT:
        spelling = _spelling(platform, text)
        found = _named(platform, spelling) or _located(platform, None, f"/{spelling.removeprefix('/')}", "")
        if found is not None:
            return found
        if _resembles_url(platform, text):
            return _from_url(platform, text, "#/handle")
    if len(text) > HANDLE_LIMIT:
        raise Invalid(Fault("too_long", f"A handle has at most {HANDLE_LIMIT} characters.", pointer="#/handle"))
    if platform.example is None:
        detail = f'{platform.label} has addresses and no handles; give the address as "url".'
    else:
        detail = f"{_echo(text)} is not a handle on {platform.label}; one looks like {_echo(platform.example)}."
    raise Invalid(Fault("invalid_handle", detail, pointer="#/handle"))


def _spelling(platform: Platform, text: str) -> str:
    """Return the text as a handle is spelt: NFC, no leading @, none of the characters that mean nothing."""
    text = text.strip().removeprefix("@").translate(dict.fromkeys(map(ord, platform.skip)))
    return unicodedata.normalize("NFC", text.lower() if platform.case == "lower" else text)


def _named(platform: Platform, handle: str) -> Profile | None:
    """Return the profile of an exact handle, or None where the platform cannot have such a handle."""
    if len(handle) > HANDLE_LIMIT:
        return None
    for form in platform.forms:
        match = form.handle_pattern.fullmatch(handle) if form.canonical else None
        if match:
            parts = _settled(match.groupdict())
            canonical = form.handle.format(**parts) if parts is not None else ""
            legal = platform.handle_expression.fullmatch(canonical) and canonical.lower() not in platform.reserved
            if parts is None or not legal or len(canonical) > HANDLE_LIMIT:
                return None
            return Profile(platform.key, canonical, form.url(parts))
    return None


def _settled(parts: Mapping[str, str]) -> dict[str, str] | None:
    """Return the parts of a handle with its host canonical; None without a host, or with a host that is taken."""
    settled = dict(parts)
    for name in {"server", "domain"} & settled.keys():
        host = _canonical_host(settled[name])
        if host is None or (name == "server" and _owner(host) is not None):
            return None
        settled[name] = host
    return settled


def _canonical_host(text: str) -> str | None:
    """Return a public host name in lower-case ASCII (UTS 46, non-transitional); None for addresses and other text."""
    if len(text) > 253:
        return None
    labels = unicodedata.normalize("NFKC", text).lower().removesuffix(".").split(".")
    labels = [_ascii_label(unicodedata.normalize("NFC", label)) for label in labels]
    well_formed = len(labels) > 1 and all(map(LABEL.fullmatch, labels)) and LAST_LABEL.fullmatch(labels[-1])
    host = ".".join(labels)
    return host if well_formed and len(host) <= 253 else None


def _ascii_label(label: str) -> str:
    """Return the label in Punycode, and the empty string for one that holds more than letters, digits and hyphens."""
    # The standard library's own "idna" codec is IDNA 2003: it would turn "straße" into another site, "strasse".
    if label.isascii():
        return label
    lettered = all(letter == "-" or letter.isalnum() or unicodedata.category(letter)[0] == "M" for letter in label)
    return "xn--" + label.encode("punycode").decode("ascii") if lettered else ""


def _owner(host: str) -> Platform | None:
    """Return the platform whose territory the host is."""
    bare = PREFIX.sub("", host)
    return next((one for one in PLATFORMS.values() if one.territory_expression.fullmatch(bare)), None)


def _located(platform: Platform, host: str | None, path: str, query: str) -> Profile | None:
    """Return the profile that a path shows; without a host, the path is taken as one on the platform's own hosts."""
    for segments in _readings(platform, path):
        for form in platform.forms:
            parts = _read(form, platform, host, "".join(f"/{segment}" for segment in segments), query)
            handle = form.handle.format(**parts) if parts is not None else None
            found = _named(platform, _spelling(platform, handle)) if handle is not None else None
            if found is not None:
                return found
    return None


def _readings(platform: Platform, path: str) -> Iterator[list[str]]:
    """Yield the decoded segments, and then those without the tab at the end."""
    segments = [unquote(segment) for segment in path.split("/") if segment]
    if any("/" in segment for segment in segments):
        return
    yield segments
    if segments and segments[-1] in platform.tabs:
        yield segments[:-1]


def _read(form: Form, platform: Platform, host: str | None, path: str, query: str) -> dict[str, str] | None:
    """Return what the form's placeholders stand for in this URL, or None where it is not of this form."""
    parts: dict[str, str] = {}
    if form.own_host is not None:
        # A server of one's own may well be called m.example.net, so that nothing is taken off its name.
        named = form.host_pattern.fullmatch((host or "") if form.any_server else PREFIX.sub("", host or ""))
        if named is None:
            return None
        parts |= named.groupdict()
    elif host is not None and not platform.host_expression.fullmatch(PREFIX.sub("", host)):
        return None
    placed = form.path_pattern.fullmatch(path)
    if placed is None:
        return None
    parts |= placed.groupdict()
    if form.query_pattern is not None:
        pairs = (unquote(pair).translate(dict.fromkeys(map(ord, platform.skip))) for pair in query.split("&"))
        asked = next((match for match in map(form.query_pattern.fullmatch, pairs) if match), None)
        if asked is None:
            return None
        parts |= asked.groupdict()
    return parts


def _resembles_url(platform: Platform, text: str) -> bool:
    """Tell whether a text that is no handle was meant as a URL, so that its faults are named as a URL's."""
    if "://" in text or text.startswith("//") or (_is_mail(platform) and text[:7].lower() == "mailto:"):
        return True
    host = _canonical_host(re.split("[/?#]", text, maxsplit=1)[0])
    return host is not None and ("/" in text or platform.handle_pattern is None or _owner(host) is not None)


def _is_mail(platform: Platform) -> bool:
    return platform.url_pattern is not None and platform.url_pattern.startswith("mailto:")


def _from_url(platform: Platform, text: str, pointer: str = "#/url") -> Profile:
    """Read a URL, the scheme optional."""
    if len(text) > URL_LIMIT:
        raise Invalid(Fault("too_long", f"A URL has at most {URL_LIMIT} characters.", pointer=pointer))
    if _is_mail(platform):
        return _from_mail_url(platform, text, pointer)
    address = _address(text, pointer)
    if platform.url_pattern is None:
        return Profile(platform.key, None, _untracked(address, pointer))
    found = _located(platform, address.host, address.path, address.query)
    if found is not None:
        return found
    owner = _owner(address.host)
    if owner is not platform and (owner is not None or platform.hosts):
        raise Invalid(_wrong_host(platform, address.host, owner, pointer))
    detail = f"{_echo(text)} is not the address of a profile on {platform.label}; one looks like {_sample(platform)}."
    raise Invalid(Fault("not_a_profile", detail, pointer=pointer))


def _from_mail_url(platform: Platform, text: str, pointer: str) -> Profile:
    scheme_given = text[:7].lower() == "mailto:"
    found = _named(platform, _spelling(platform, unquote(text[7:].partition("?")[0]) if scheme_given else text))
    if found is None:
        detail = f"{_echo(text)} is not a mail address; one looks like {_sample(platform)}."
        raise Invalid(Fault("invalid_url", detail, pointer=pointer))
    return found


def _sample(platform: Platform) -> str:
    example = _named(platform, platform.example or "")
    return _echo(example.url if example is not None else "")


def _address(text: str, pointer: str) -> Address:
    """Take a URL apart; refuse what an http(s) URL in a public link cannot have, or has only to deceive."""
    unseen = any(character.isspace() or not character.isprintable() for character in text)
    if unseen or "\\" in text:
        raise Invalid(_invalid_url(text, "it holds spaces, backslashes or characters that cannot be seen", pointer))
    scheme, mark, rest = text.partition("://")
    if not mark or not SCHEME.fullmatch(scheme):
        scheme, rest = "https", text.removeprefix("//")
    rest, _, fragment = rest.partition("#")
    rest, _, query = rest.partition("?")
    authority, slash, path = rest.partition("/")
    host = _canonical_host(authority)
    reason = None
    if scheme.lower() not in ("http", "https"):
        reason = 'it has to begin with "https://"'
    elif "@" in authority:
        reason = "credentials have no place in a public link"
    elif ":" in authority:
        reason = "a port or another scheme has no place in a public link"
    if reason is not None or host is None:
        raise Invalid(_invalid_url(text, reason or "it has no public host name", pointer))
    return Address(scheme.lower(), host, slash + path, query, fragment)


def _invalid_url(text: str, reason: str, pointer: str) -> Fault:
    return Fault("invalid_url", f"{_echo(text)} is not a usable address: {reason}.", pointer=pointer)


def _untracked(address: Address, pointer: str) -> str:
    """Return the address as given, for a site we know nothing about, but for its host and the tracking parameters."""
    # The scheme, a slash at the end and the fragment stay: on an unknown site each may lead to something else.
    pairs = [pair for pair in address.query.split("&") if pair and not _tracks(pair)]
    query = "?" + "&".join(pairs) if pairs else ""
    fragment = f"#{address.fragment}" if address.fragment else ""
    path = "" if address.path in ("", "/") and not query and not fragment else address.path or "/"
    url = f"{address.scheme}://{address.host}" + quote(path + query, safe=ADDRESS_SAFE)
    url += quote(fragment, safe=ADDRESS_SAFE + "#")
    if len(url) > URL_LIMIT:
        detail = f"With its characters encoded, this URL has more than {URL_LIMIT} characters."
        raise Invalid(Fault("too_long", detail, pointer=pointer))
    return url


def _tracks(pair: str) -> bool:
    return TRACKING.fullmatch(unquote(pair.partition("=")[0])) is not None


def _wrong_host(platform: Platform, host: str, owner: Platform | None, pointer: str) -> Fault:
    # The hosts of single countries are understood and need no mention.
    usual = [item for item in platform.territory if item not in platform.short_hosts and "{country}" not in item]
    right = " or ".join(usual) or "any server of the network"
    if owner is None:
        detail = f"{_echo(host)} does not belong to {platform.label}, whose addresses are on {right}."
    else:
        article = "an" if owner.label[0] in "AEIOU" or owner.label == "X" else "a"
        detail = f"That is {article} {owner.label} address ({_echo(host)}); the platform here is {platform.label}"
        detail += f", whose addresses are on {right}."
    return Fault("wrong_host", detail, pointer=pointer)


def _same(platform: Platform, first: Profile, second: Profile) -> bool:
    if platform.case == "ignored":
        return first.url.casefold() == second.url.casefold()
    return first.url == second.url


def _disagreement(first: Profile, second: Profile) -> Fault:
    detail = f"The handle names {_echo(first.url)} and the URL {_echo(second.url)}; leave one of them out."
    return Fault("handle_mismatch", detail, pointer="#/url")
