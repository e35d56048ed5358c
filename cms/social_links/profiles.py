"""Finds the canonical profile for what an editor typed: a handle, a path or an address.

Example: for LinkedIn, ``@marlow-finch``, ``in/marlow-finch`` and ``de.linkedin.com/in/marlow-finch?trk=x`` are the same
profile.
"""

import difflib
import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import quote, unquote

from cms.errors import Fault, Invalid
from cms.social_links.platforms import PLATFORMS, SEGMENT_SAFE, HandleForm, Platform

HANDLE_LIMIT = 100
URL_LIMIT = 2000
ECHO_LIMIT = 100
ADDRESS_SAFE = SEGMENT_SAFE + "/?%"

# Parameters that track visitors. None of them changes the content of a page.
TRACKING = re.compile(
    r"utm_.*|_hsenc|_hsmi|dclid|fbclid|gad_campaignid|gad_source|gbraid|gclid|gclsrc|igsh|igshid|li_fat_id|mc_cid|mc_eid"
    r"|mkt_tok|msclkid|oly_anon_id|oly_enc_id|ref_src|ref_url|si|srsltid|ttclid|twclid|vero_id|wbraid|yclid",
    re.IGNORECASE | re.DOTALL,
)

PREFIX = re.compile(r"^(?:(?:www|m|mobile)\.)+(?=[^.]+\.)")
SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*")
LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
# A last label without digits also excludes every form of an IPv4 address.
LAST_LABEL = re.compile(r"[a-z]{2,63}|xn--[a-z0-9-]{1,59}")


@dataclass(frozen=True)
class ProfileAddress:
    """The parts of an http(s) URL. The host is canonical, the other parts are as given."""

    scheme: str
    host: str
    path: str
    query: str
    fragment: str


@dataclass(frozen=True)
class Profile:
    """A canonical profile. ``handle`` is ``None`` for platforms that have addresses only."""

    platform: str
    handle: str | None
    url: str


def profile(platform: str, handle: str | None, url: str | None) -> Profile:
    """The canonical profile that a handle, a URL or both name. Raises ``Invalid`` with every fault found."""
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
                # If the platform is unknown, a URL can still be checked as a URL.
                found.append(read(known or PLATFORMS["other"], text))
            except Invalid as refusal:
                faults += refusal.faults if known or read is _from_url else ()
    if known and len(found) == 2 and not _same(known, *found):
        faults.append(_disagreement(*found))
    if faults:
        raise Invalid(*faults)
    return found[0]


def _unknown_platform(text: str) -> Fault:
    keys = {name: key for key, one in PLATFORMS.items() for name in (key, one.label.lower(), *one.aliases)}
    close = difflib.get_close_matches(text[:ECHO_LIMIT].strip().lower(), keys, n=3, cutoff=0.6)
    suggestions = list(dict.fromkeys(keys[name] for name in close))
    hint = f"Did you mean {' or '.join(map(_quoted, suggestions))}?" if suggestions else 'Use "other" for any address.'
    return Fault("unknown_platform", f"{_quoted(text)} is not a known platform. {hint}", pointer="#/platform")


def _quoted(text: str) -> str:
    """The input in quotes, shortened, and without characters that could break the line or its encoding."""
    printable = "".join(
        character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in text[:ECHO_LIMIT]
    )
    return f'"{printable}…"' if len(text) > ECHO_LIMIT else f'"{printable}"'


def _required(platform: Platform | None) -> Fault:
    if platform is not None and platform.handle_pattern is None:
        return Fault("required", f'"url" is required: the address of the {platform.key} link.', pointer="#/url")
    return Fault("required", 'One of "handle" and "url" is required.', pointer="#/handle")


def _from_handle(platform: Platform, text: str) -> Profile:
    """Read the handle field, where an editor may also have put a path (``in/marlow-finch``) or the whole URL."""
    if len(text) <= URL_LIMIT:
        spelling = _spelling(platform, text)
        found = _profile_of_handle(platform, spelling) or _profile_at_path(
            platform, None, f"/{spelling.removeprefix('/')}", ""
        )
        if found is not None:
            return found
        if _resembles_url(platform, text):
            return _from_url(platform, text, "#/handle")
    if len(text) > HANDLE_LIMIT:
        raise Invalid(Fault("too_long", f"A handle must have at most {HANDLE_LIMIT} characters.", pointer="#/handle"))
    if platform.example is None:
        detail = f'{platform.label} has no handles. Use "url" for the address.'
    else:
        detail = f"{_quoted(text)} is not a valid handle on {platform.label}. Example: {_quoted(platform.example)}."
    raise Invalid(Fault("invalid_handle", detail, pointer="#/handle"))


def _spelling(platform: Platform, text: str) -> str:
    """The text in the spelling of handles: in NFC, without a leading @ and without characters that have no meaning."""
    text = text.strip().removeprefix("@").translate(dict.fromkeys(map(ord, platform.skip)))
    return unicodedata.normalize("NFC", text.lower() if platform.case == "lower" else text)


def _profile_of_handle(platform: Platform, handle: str) -> Profile | None:
    """The profile of an exact handle, or ``None`` if the platform cannot have such a handle."""
    if len(handle) > HANDLE_LIMIT:
        return None
    for form in platform.forms:
        match = form.handle_pattern.fullmatch(handle) if form.canonical else None
        if match:
            parts = _with_canonical_host(match.groupdict())
            canonical = form.handle.format(**parts) if parts is not None else ""
            is_valid = platform.handle_expression.fullmatch(canonical) and canonical.lower() not in platform.reserved
            if parts is None or not is_valid or len(canonical) > HANDLE_LIMIT:
                return None
            return Profile(platform.key, canonical, form.url(parts))
    return None


def _with_canonical_host(parts: Mapping[str, str]) -> dict[str, str] | None:
    """The parts of a handle with a canonical host; ``None`` if its host is invalid or belongs to another platform."""
    canonical = dict(parts)
    for name in {"server", "domain"} & canonical.keys():
        host = _canonical_host(canonical[name])
        if host is None or (name == "server" and _owner(host) is not None):
            return None
        canonical[name] = host
    return canonical


def _canonical_host(text: str) -> str | None:
    """A public host name in lower-case ASCII (UTS 46, non-transitional); ``None`` for IP addresses and other text."""
    if len(text) > 253:
        return None
    labels = unicodedata.normalize("NFKC", text).lower().removesuffix(".").split(".")
    labels = [_ascii_label(unicodedata.normalize("NFC", label)) for label in labels]
    well_formed = len(labels) > 1 and all(map(LABEL.fullmatch, labels)) and LAST_LABEL.fullmatch(labels[-1])
    host = ".".join(labels)
    return host if well_formed and len(host) <= 253 else None


def _ascii_label(label: str) -> str:
    """A label in Punycode; an empty text if it has other characters than letters, digits and hyphens."""
    # The codec "idna" of the standard library is IDNA 2003, which would change "straße" to another site, "strasse".
    if label.isascii():
        return label
    lettered = all(letter == "-" or letter.isalnum() or unicodedata.category(letter)[0] == "M" for letter in label)
    return "xn--" + label.encode("punycode").decode("ascii") if lettered else ""


def _owner(host: str) -> Platform | None:
    """The platform that the host belongs to."""
    bare = PREFIX.sub("", host)
    return next((one for one in PLATFORMS.values() if one.territory_expression.fullmatch(bare)), None)


def _profile_at_path(platform: Platform, host: str | None, path: str, query: str) -> Profile | None:
    """The profile at a path. Without a host, the path is read as one on the platform's hosts."""
    for segments in _segment_lists(platform, path):
        for form in platform.forms:
            parts = _read(form, platform, host, "".join(f"/{segment}" for segment in segments), query)
            handle = form.handle.format(**parts) if parts is not None else None
            found = _profile_of_handle(platform, _spelling(platform, handle)) if handle is not None else None
            if found is not None:
                return found
    return None


def _segment_lists(platform: Platform, path: str) -> Iterator[list[str]]:
    """The decoded segments, and then the same without a tab at the end."""
    segments = [unquote(segment) for segment in path.split("/") if segment]
    if any("/" in segment for segment in segments):
        return
    yield segments
    if segments and segments[-1] in platform.tabs:
        yield segments[:-1]


def _read(form: HandleForm, platform: Platform, host: str | None, path: str, query: str) -> dict[str, str] | None:
    """The values of the form's placeholders in this URL, or ``None`` if the URL does not have this form."""
    parts: dict[str, str] = {}
    if form.own_host is not None:
        # Any server may be called m.example.net, so its name keeps its prefix.
        host_match = form.host_pattern.fullmatch((host or "") if form.any_server else PREFIX.sub("", host or ""))
        if host_match is None:
            return None
        parts |= host_match.groupdict()
    elif host is not None and not platform.host_expression.fullmatch(PREFIX.sub("", host)):
        return None
    path_match = form.path_pattern.fullmatch(path)
    if path_match is None:
        return None
    parts |= path_match.groupdict()
    if form.query_pattern is not None:
        pairs = (unquote(pair).translate(dict.fromkeys(map(ord, platform.skip))) for pair in query.split("&"))
        query_match = next((match for match in map(form.query_pattern.fullmatch, pairs) if match), None)
        if query_match is None:
            return None
        parts |= query_match.groupdict()
    return parts


def _resembles_url(platform: Platform, text: str) -> bool:
    """True if a text that is not a handle was meant as a URL, so that its faults must be those of a URL."""
    if "://" in text or text.startswith("//") or (_is_mail(platform) and text[:7].lower() == "mailto:"):
        return True
    host = _canonical_host(re.split("[/?#]", text, maxsplit=1)[0])
    return host is not None and ("/" in text or platform.handle_pattern is None or _owner(host) is not None)


def _is_mail(platform: Platform) -> bool:
    return platform.url_pattern is not None and platform.url_pattern.startswith("mailto:")


def _from_url(platform: Platform, text: str, pointer: str = "#/url") -> Profile:
    """Read a URL. The scheme is optional."""
    if len(text) > URL_LIMIT:
        raise Invalid(Fault("too_long", f"A URL must have at most {URL_LIMIT} characters.", pointer=pointer))
    if _is_mail(platform):
        return _from_mail_url(platform, text, pointer)
    address = _address(text, pointer)
    if platform.url_pattern is None:
        return Profile(platform.key, None, _without_tracking(address, pointer))
    found = _profile_at_path(platform, address.host, address.path, address.query)
    if found is not None:
        return found
    owner = _owner(address.host)
    if owner is not platform and (owner is not None or platform.hosts):
        raise Invalid(_wrong_host(platform, address.host, owner, pointer))
    detail = f"{_quoted(text)} is not the address of a profile on {platform.label}. Example: {_example_url(platform)}."
    raise Invalid(Fault("not_a_profile", detail, pointer=pointer))


def _from_mail_url(platform: Platform, text: str, pointer: str) -> Profile:
    scheme_given = text[:7].lower() == "mailto:"
    found = _profile_of_handle(
        platform, _spelling(platform, unquote(text[7:].partition("?")[0]) if scheme_given else text)
    )
    if found is None:
        detail = f"{_quoted(text)} is not a valid mail address. Example: {_example_url(platform)}."
        raise Invalid(Fault("invalid_url", detail, pointer=pointer))
    return found


def _example_url(platform: Platform) -> str:
    example = _profile_of_handle(platform, platform.example or "")
    return _quoted(example.url if example is not None else "")


def _address(text: str, pointer: str) -> ProfileAddress:
    """The parts of a URL. Raises ``Invalid`` for everything that a public http(s) link must not have."""
    has_invisible = any(character.isspace() or not character.isprintable() for character in text)
    if has_invisible or "\\" in text:
        raise Invalid(_invalid_url(text, "it contains spaces, backslashes or invisible characters", pointer))
    scheme, mark, rest = text.partition("://")
    if not mark or not SCHEME.fullmatch(scheme):
        scheme, rest = "https", text.removeprefix("//")
    rest, _, fragment = rest.partition("#")
    rest, _, query = rest.partition("?")
    authority, slash, path = rest.partition("/")
    host = _canonical_host(authority)
    reason = None
    if scheme.lower() not in ("http", "https"):
        reason = 'it must begin with "https://" or "http://"'
    elif "@" in authority:
        reason = "a public link must not contain credentials"
    elif ":" in authority:
        reason = "a public link must not contain a port or another scheme"
    if reason is not None or host is None:
        raise Invalid(_invalid_url(text, reason or "it has no public host name", pointer))
    return ProfileAddress(scheme.lower(), host, slash + path, query, fragment)


def _invalid_url(text: str, reason: str, pointer: str) -> Fault:
    return Fault("invalid_url", f"{_quoted(text)} is not a valid address: {reason}.", pointer=pointer)


def _without_tracking(address: ProfileAddress, pointer: str) -> str:
    """The URL of an address on an unknown site, with the canonical host and without tracking parameters."""
    # The scheme, a slash at the end and the fragment are kept: on an unknown site each may lead to another page.
    pairs = [pair for pair in address.query.split("&") if pair and not _is_tracking(pair)]
    query = "?" + "&".join(pairs) if pairs else ""
    fragment = f"#{address.fragment}" if address.fragment else ""
    path = "" if address.path in ("", "/") and not query and not fragment else address.path or "/"
    url = f"{address.scheme}://{address.host}" + quote(path + query, safe=ADDRESS_SAFE)
    url += quote(fragment, safe=ADDRESS_SAFE + "#")
    if len(url) > URL_LIMIT:
        detail = f"Once its characters are percent-encoded, this URL has more than {URL_LIMIT} characters."
        raise Invalid(Fault("too_long", detail, pointer=pointer))
    return url


def _is_tracking(pair: str) -> bool:
    return TRACKING.fullmatch(unquote(pair.partition("=")[0])) is not None


def _wrong_host(platform: Platform, host: str, owner: Platform | None, pointer: str) -> Fault:
    # The hosts of single countries are accepted, but not listed.
    main_hosts = [item for item in platform.territory if item not in platform.short_hosts and "{country}" not in item]
    right = " or ".join(main_hosts) or "any server of the network"
    if owner is None:
        detail = f"{_quoted(host)} does not belong to {platform.label}. Use an address on {right}."
    else:
        article = "an" if owner.label[0] in "AEIOU" or owner.label == "X" else "a"
        detail = f"This is {article} {owner.label} address ({_quoted(host)}), but the platform is {platform.label}."
        detail += f" Use an address on {right}."
    return Fault("wrong_host", detail, pointer=pointer)


def _same(platform: Platform, first: Profile, second: Profile) -> bool:
    if platform.case == "ignored":
        return first.url.casefold() == second.url.casefold()
    return first.url == second.url


def _disagreement(first: Profile, second: Profile) -> Fault:
    urls = f"{_quoted(first.url)} and {_quoted(second.url)}"
    detail = f"The handle and the URL name different profiles: {urls}. Send one of them."
    return Fault("handle_mismatch", detail, pointer="#/url")
