"""The one spelling of a profile that an editor may have typed in many ways: as a handle, a path or an address."""

import difflib
import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import quote, unquote

from cms.errors import Fault, Invalid
from cms.social_links.platforms import PLATFORMS, SEGMENT_SAFE, Form, Platform

HANDLE_LIMIT = 100
URL_LIMIT = 2000
ECHO_LIMIT = 100
ADDRESS_SAFE = SEGMENT_SAFE + "/?%"

# Parameters that follow a visitor around; none of them chooses what a page shows.
TRACKING = re.compile(
    r"utm_.*|_hsenc|_hsmi|dclid|fbclid|gad_campaignid|gad_source|gbraid|gclid|gclsrc|igsh|igshid|li_fat_id|mc_cid|mc_eid"
    r"|mkt_tok|msclkid|oly_anon_id|oly_enc_id|ref_src|ref_url|si|srsltid|ttclid|twclid|vero_id|wbraid|yclid",
    re.IGNORECASE | re.DOTALL,
)

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
