"""The registry of platforms, and the canonical spelling of profiles."""

import contextlib
import json
import re
import time
from importlib import resources

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cms.errors import Invalid
from cms.social_links.platforms import PLATFORMS
from cms.social_links.profiles import HANDLE_LIMIT, URL_LIMIT, Profile, profile

CHANNEL = "UC" + "aB3_-" * 4 + "xy"

# Every platform with handles: a handle of each of its kinds, and its only URL.
SAMPLES = [
    ("linkedin", "marlow-finch", "https://www.linkedin.com/in/marlow-finch"),
    ("linkedin", "company/acme-studio", "https://www.linkedin.com/company/acme-studio"),
    ("linkedin", "school/acme-academy", "https://www.linkedin.com/school/acme-academy"),
    ("linkedin", "showcase/acme-lab", "https://www.linkedin.com/showcase/acme-lab"),
    ("linkedin", "jörn-finch", "https://www.linkedin.com/in/j%C3%B6rn-finch"),
    ("instagram", "marlow.finch", "https://www.instagram.com/marlow.finch"),
    ("youtube", "marlow-finch", "https://www.youtube.com/@marlow-finch"),
    ("youtube", f"channel/{CHANNEL}", f"https://www.youtube.com/channel/{CHANNEL}"),
    ("youtube", "c/AcmeStudio", "https://www.youtube.com/c/AcmeStudio"),
    ("youtube", "user/AcmeStudio", "https://www.youtube.com/user/AcmeStudio"),
    ("x", "marlow_finch", "https://x.com/marlow_finch"),
    ("facebook", "acme.studio", "https://www.facebook.com/acme.studio"),
    ("facebook", "100012345678901", "https://www.facebook.com/profile.php?id=100012345678901"),
    ("facebook", "p/Acme-Studio-61550000000001", "https://www.facebook.com/p/Acme-Studio-61550000000001"),
    ("threads", "marlow.finch", "https://www.threads.com/@marlow.finch"),
    ("bluesky", "marlow-finch.bsky.social", "https://bsky.app/profile/marlow-finch.bsky.social"),
    ("bluesky", "acme-studio.example", "https://bsky.app/profile/acme-studio.example"),
    ("bluesky", "did:plc:" + "abc234" * 4, "https://bsky.app/profile/did:plc:" + "abc234" * 4),
    ("mastodon", "marlow@social.example", "https://social.example/@marlow"),
    ("tiktok", "marlow.finch", "https://www.tiktok.com/@marlow.finch"),
    ("pinterest", "marlowfinch", "https://www.pinterest.com/marlowfinch"),
    ("github", "marlow-finch", "https://github.com/marlow-finch"),
    ("gitlab", "marlow-finch", "https://gitlab.com/marlow-finch"),
    ("codeberg", "marlow-finch", "https://codeberg.org/marlow-finch"),
    ("stackoverflow", "1234567", "https://stackoverflow.com/users/1234567"),
    ("dev", "marlowfinch", "https://dev.to/marlowfinch"),
    ("medium", "marlow.finch", "https://medium.com/@marlow.finch"),
    ("substack", "marlowfinch", "https://marlowfinch.substack.com"),
    ("substack", "profile/marlowfinch", "https://substack.com/@marlowfinch"),
    ("dribbble", "marlow-finch", "https://dribbble.com/marlow-finch"),
    ("behance", "marlowfinch", "https://www.behance.net/marlowfinch"),
    ("flickr", "12345678@N00", "https://www.flickr.com/people/12345678@N00"),
    ("unsplash", "marlowfinch", "https://unsplash.com/@marlowfinch"),
    ("vimeo", "marlowfinch", "https://vimeo.com/marlowfinch"),
    ("twitch", "marlowfinch", "https://www.twitch.tv/marlowfinch"),
    ("spotify", "marlowfinch", "https://open.spotify.com/user/marlowfinch"),
    ("spotify", "show/" + "aB3" * 7 + "x", "https://open.spotify.com/show/" + "aB3" * 7 + "x"),
    ("soundcloud", "marlow-finch", "https://soundcloud.com/marlow-finch"),
    ("bandcamp", "acmestudio", "https://acmestudio.bandcamp.com"),
    ("telegram", "marlowfinch", "https://t.me/marlowfinch"),
    ("whatsapp", "15550100200", "https://wa.me/15550100200"),
    ("whatsapp", "channel/" + "0029VaAcme" * 2, "https://whatsapp.com/channel/" + "0029VaAcme" * 2),
    ("discord", "acme-studio", "https://discord.gg/acme-studio"),
    ("discord", "users/123456789012345678", "https://discord.com/users/123456789012345678"),
    ("reddit", "marlow_finch", "https://www.reddit.com/user/marlow_finch"),
    ("reddit", "r/acmestudio", "https://www.reddit.com/r/acmestudio"),
    ("snapchat", "marlow.finch", "https://www.snapchat.com/add/marlow.finch"),
    ("tumblr", "marlow-finch", "https://marlow-finch.tumblr.com"),
    # The identifier in ORCID's own documentation, of a person who does not exist.
    ("orcid", "0000-0002-1825-0097", "https://orcid.org/0000-0002-1825-0097"),
    ("researchgate", "Marlow-Finch", "https://www.researchgate.net/profile/Marlow-Finch"),
    ("google-scholar", "mArLow-FnchA", "https://scholar.google.com/citations?user=mArLow-FnchA"),
    ("goodreads", "1234567", "https://www.goodreads.com/author/show/1234567"),
    ("goodreads", "user/1234567", "https://www.goodreads.com/user/show/1234567"),
    ("patreon", "marlowfinch", "https://www.patreon.com/marlowfinch"),
    ("patreon", "user/1234567", "https://www.patreon.com/user?u=1234567"),
    ("ko-fi", "marlowfinch", "https://ko-fi.com/marlowfinch"),
    ("buy-me-a-coffee", "marlowfinch", "https://buymeacoffee.com/marlowfinch"),
    ("linktree", "marlowfinch", "https://linktr.ee/marlowfinch"),
    ("wikipedia", "en:Acme_Studio", "https://en.wikipedia.org/wiki/Acme_Studio"),
    ("wikipedia", "de:Benutzer:Marlow_Finch_(Köln)", "https://de.wikipedia.org/wiki/Benutzer:Marlow_Finch_(K%C3%B6ln)"),
    ("wikidata", "Q123456789", "https://www.wikidata.org/wiki/Q123456789"),
    ("xing", "Marlow_Finch", "https://www.xing.com/profile/Marlow_Finch"),
    ("xing", "pages/acme-studio", "https://www.xing.com/pages/acme-studio"),
    ("line", "acmestudio", "https://line.me/R/ti/p/@acmestudio"),
    ("email", "hello@acme-studio.example", "mailto:hello@acme-studio.example"),
]


@pytest.mark.parametrize(("platform", "handle", "url"), SAMPLES)
def test_a_handle_and_its_url_are_one_profile(platform: str, handle: str, url: str) -> None:
    expected = Profile(platform, handle, url)
    assert profile(platform, handle, None) == expected
    assert profile(platform, None, url) == expected
    assert profile(platform, handle, url) == expected
    assert profile(platform, url, None) == expected
    assert profile(platform, f" @{handle} ", "") == expected


def test_every_platform_has_a_sample() -> None:
    assert {platform for platform, _, _ in SAMPLES} | {"website", "other"} == set(PLATFORMS)


def test_the_data_file_is_valid() -> None:
    entries = json.loads(resources.files("cms.social_links").joinpath("platforms.json").read_text(encoding="utf-8"))
    keys = [entry["key"] for entry in entries]
    assert len(keys) == len(set(keys)) >= 30
    assert list(PLATFORMS) == keys
    assert keys[-2:] == ["website", "other"]
    names = [name for entry in entries for name in (entry["key"], *entry.get("aliases", ()))]
    assert len(names) == len(set(names))
    for entry in entries:
        assert re.fullmatch(r"[a-z]+(?:-[a-z]+)*", entry["key"])
        assert entry["label"]
        assert set(entry["icons"]) == {"simple_icons", "font_awesome", "lucide"}
        assert all(name is None or re.fullmatch("[a-z0-9-]+", name) for name in entry["icons"].values())
        assert entry["icons"]["lucide"]
        assert entry["case"] in {"lower", "ignored", "kept"}
        assert set(entry["rel"].split()) <= {"me", "noopener"}
        assert isinstance(entry["same_as"], bool)


@pytest.mark.parametrize("platform", [one for one in PLATFORMS.values() if one.handle_pattern], ids=lambda one: one.key)
def test_the_patterns_are_those_of_the_published_registry(platform) -> None:
    assert platform.handle_pattern.startswith("^")
    assert platform.handle_pattern.endswith("$")
    # What ECMAScript's "v" mode, Python or both would read differently.
    assert not re.search(r"\\[dwsbBAZ]|\(\?P|\(\?[a-z]|\(\?<|[*+?}][+]|&&|--|\\[_@:/]", platform.handle_pattern)
    assert re.fullmatch(platform.handle_pattern, platform.example)
    example = profile(platform.key, platform.example, None)
    assert re.sub(r"\{[a-z]+\}", "", platform.url_pattern).rstrip("/") != ""
    if "{handle}" in platform.url_pattern:
        assert example.url == platform.url_pattern.replace("{handle}", platform.example)
    for name in platform.reserved:
        with pytest.raises(Invalid):
            profile(platform.key, name, None)


def test_who_is_a_profile_of_its_owner() -> None:
    assert {key for key, one in PLATFORMS.items() if not one.same_as} == {
        "whatsapp",
        "discord",
        "line",
        "email",
        "other",
    }


@pytest.mark.parametrize(
    ("platform", "written", "canonical"),
    [
        ("linkedin", "linkedin.com/in/marlow-finch", "https://www.linkedin.com/in/marlow-finch"),
        ("linkedin", "http://linkedin.com/in/marlow-finch/", "https://www.linkedin.com/in/marlow-finch"),
        ("linkedin", "HTTPS://DE.LinkedIn.com/in/marlow-finch", "https://www.linkedin.com/in/marlow-finch"),
        ("linkedin", "//m.linkedin.com/in/marlow-finch?trk=x#top", "https://www.linkedin.com/in/marlow-finch"),
        ("linkedin", "https://www.linkedin.com/in/marlow-finch/en", "https://www.linkedin.com/in/marlow-finch"),
        ("linkedin", "www.linkedin.com./pub/marlow-finch", "https://www.linkedin.com/in/marlow-finch"),
        ("linkedin", "linkedin.com/company/acme-studio/about/", "https://www.linkedin.com/company/acme-studio"),
        ("linkedin", "linkedin.com/in/jo%CC%88rn", "https://www.linkedin.com/in/j%C3%B6rn"),
        ("linkedin", "linkedin.com/in/jörn", "https://www.linkedin.com/in/j%C3%B6rn"),
        ("instagram", "instagram.com/Marlow.Finch/?igsh=abc&hl=de", "https://www.instagram.com/marlow.finch"),
        ("instagram", "https://m.instagram.com/marlow.finch/reels/", "https://www.instagram.com/marlow.finch"),
        ("instagram", "http://instagr.am/marlow.finch", "https://www.instagram.com/marlow.finch"),
        ("youtube", "youtube.com/@AcmeStudio/videos", "https://www.youtube.com/@AcmeStudio"),
        ("youtube", "https://m.youtube.com/@AcmeStudio?si=xyz", "https://www.youtube.com/@AcmeStudio"),
        ("youtube", "https://www.youtube.com/%40AcmeStudio", "https://www.youtube.com/@AcmeStudio"),
        ("x", "https://twitter.com/marlow_finch?ref_src=twsrc%5Etfw", "https://x.com/marlow_finch"),
        ("x", "mobile.twitter.com/marlow_finch/with_replies", "https://x.com/marlow_finch"),
        ("x", "www.x.com/marlow_finch", "https://x.com/marlow_finch"),
        ("facebook", "https://m.facebook.com/acme.studio/?fref=ts", "https://www.facebook.com/acme.studio"),
        ("facebook", "de-de.facebook.com/pg/acme.studio/about", "https://www.facebook.com/acme.studio"),
        ("facebook", "fb.com/acme.studio", "https://www.facebook.com/acme.studio"),
        ("facebook", "facebook.com/profile.php?sk=about&id=1000123", "https://www.facebook.com/profile.php?id=1000123"),
        (
            "facebook",
            "facebook.com/people/Marlow-Finch/1000123",
            "https://www.facebook.com/profile.php?id=1000123",
        ),
        ("threads", "https://www.threads.net/@marlow.finch", "https://www.threads.com/@marlow.finch"),
        ("bluesky", "https://bsky.app/profile/Marlow.BSKY.social/", "https://bsky.app/profile/marlow.bsky.social"),
        ("bluesky", "marlow.bsky.social", "https://bsky.app/profile/marlow.bsky.social"),
        ("mastodon", "http://Social.Example/@Marlow/", "https://social.example/@Marlow"),
        ("mastodon", "social.example/users/marlow", "https://social.example/@marlow"),
        ("mastodon", "https://m.social.example/web/@marlow", "https://m.social.example/@marlow"),
        ("mastodon", "https://relay.example/@marlow@social.example", "https://social.example/@marlow"),
        ("mastodon", "https://bücher.example/@marlow", "https://xn--bcher-kva.example/@marlow"),
        ("tiktok", "tiktok.com/@Marlow.Finch?lang=en", "https://www.tiktok.com/@marlow.finch"),
        ("pinterest", "https://www.pinterest.co.uk/marlowfinch/_saved/", "https://www.pinterest.com/marlowfinch"),
        ("pinterest", "de.pinterest.com/marlowfinch", "https://www.pinterest.com/marlowfinch"),
        ("github", "https://github.com/orgs/acme-studio", "https://github.com/acme-studio"),
        (
            "stackoverflow",
            "https://stackoverflow.com/users/42/marlow?tab=profile",
            "https://stackoverflow.com/users/42",
        ),
        ("medium", "https://marlowfinch.medium.com/about", "https://medium.com/@marlowfinch"),
        ("substack", "https://open.substack.com/pub/marlowfinch", "https://marlowfinch.substack.com"),
        ("substack", "https://www.marlowfinch.substack.com/archive", "https://marlowfinch.substack.com"),
        ("telegram", "https://telegram.me/s/marlowfinch", "https://t.me/marlowfinch"),
        ("whatsapp", "https://api.whatsapp.com/send?phone=%2B15550100200&text=hi", "https://wa.me/15550100200"),
        ("discord", "https://discord.com/invite/aCmE", "https://discord.gg/aCmE"),
        ("reddit", "old.reddit.com/u/marlow_finch", "https://www.reddit.com/user/marlow_finch"),
        ("spotify", "open.spotify.com/intl-de/user/marlowfinch?si=1", "https://open.spotify.com/user/marlowfinch"),
        (
            "google-scholar",
            "scholar.google.co.uk/citations?hl=en&user=mArLow-FnchA&oi=ao",
            "https://scholar.google.com/citations?user=mArLow-FnchA",
        ),
        ("goodreads", "goodreads.com/author/show/42.Marlow_Finch", "https://www.goodreads.com/author/show/42"),
        (
            "wikipedia",
            "https://en.m.wikipedia.org/wiki/Acme_Studio#History",
            "https://en.wikipedia.org/wiki/Acme_Studio",
        ),
        ("wikidata", "http://www.wikidata.org/entity/Q42000000", "https://www.wikidata.org/wiki/Q42000000"),
        ("line", "https://line.me/ti/p/%40acmestudio", "https://line.me/R/ti/p/@acmestudio"),
        ("email", "MAILTO:hello@Acme-Studio.example?subject=Hi", "mailto:hello@acme-studio.example"),
        ("website", "Acme-Studio.example/", "https://acme-studio.example"),
        ("website", "http://acme-studio.example/a/?b=1", "http://acme-studio.example/a/?b=1"),
        ("other", "https://acme.example/x?utm_source=a&q=1&fbclid=2&UTM_Medium=3", "https://acme.example/x?q=1"),
        ("other", "https://acme.example/?gclid=2", "https://acme.example"),
        ("other", "https://acme.example?q=1", "https://acme.example/?q=1"),
        ("other", "https://chat.example/#/@marlow:chat.example", "https://chat.example/#/@marlow:chat.example"),
        ("other", "https://www.linkedin.com/feed", "https://www.linkedin.com/feed"),
        ("other", "https://straße.example/ä b".replace(" ", "%20"), "https://xn--strae-oqa.example/%C3%A4%20b"),
    ],
)
def test_every_way_to_write_a_url_has_one_result(platform: str, written: str, canonical: str) -> None:
    result = profile(platform, None, f"  {written}\n")
    assert result.url == canonical
    assert profile(platform, written, None) == result
    assert profile(platform, None, result.url) == result


@pytest.mark.parametrize(
    ("platform", "written", "handle"),
    [
        ("linkedin", "in/marlow-finch", "marlow-finch"),
        ("linkedin", "/company/acme-studio/", "company/acme-studio"),
        ("youtube", "@AcmeStudio", "AcmeStudio"),
        ("instagram", "@Marlow.Finch", "marlow.finch"),
        ("mastodon", "@marlow@Social.Example", "marlow@social.example"),
        ("reddit", "u/marlow_finch", "marlow_finch"),
        ("whatsapp", "+1 (555) 010-0200", "15550100200"),
        ("bluesky", "@Marlow.example", "marlow.example"),
        ("email", "mailto:hello@acme.example", "hello@acme.example"),
    ],
)
def test_every_way_to_write_a_handle_has_one_result(platform: str, written: str, handle: str) -> None:
    assert profile(platform, written, None).handle == handle


def test_letter_case_is_no_disagreement_where_the_platform_ignores_it() -> None:
    assert profile("github", "Marlow-Finch", "github.com/marlow-finch").handle == "Marlow-Finch"
    with pytest.raises(Invalid):
        profile("discord", "aCmE", "discord.gg/acme")


def faults_of(platform: str, handle: str | None, url: str | None) -> list[tuple[str, str | None]]:
    with pytest.raises(Invalid) as caught:
        profile(platform, handle, url)
    for fault in caught.value.faults:
        assert fault.detail.endswith((".", "?"))
        assert fault.detail.isprintable()
        fault.detail.encode()
    return [(fault.code, fault.pointer) for fault in caught.value.faults]


@pytest.mark.parametrize(
    ("platform", "handle", "url", "code", "pointer"),
    [
        ("linkdin", "marlow", None, "unknown_platform", "#/platform"),
        ("", None, "acme.example", "unknown_platform", "#/platform"),
        ("linkedin", None, None, "required", "#/handle"),
        ("linkedin", " ", "", "required", "#/handle"),
        ("website", None, None, "required", "#/url"),
        ("linkedin", None, "https://youtube.com/@marlow", "wrong_host", "#/url"),
        ("linkedin", "youtube.com/@marlow", None, "wrong_host", "#/handle"),
        ("linkedin", None, "https://linkedin.com.acme.example/in/marlow", "wrong_host", "#/url"),
        ("linkedin", None, "https://notlinkedin.com/in/marlow", "wrong_host", "#/url"),
        ("stackoverflow", None, "https://pt.stackoverflow.com/users/42", "wrong_host", "#/url"),
        ("mastodon", None, "https://www.youtube.com/@marlow", "wrong_host", "#/url"),
        ("linkedin", None, "https://www.linkedin.com/feed/update/1", "not_a_profile", "#/url"),
        ("linkedin", None, "https://lnkd.in/abc", "not_a_profile", "#/url"),
        ("linkedin", None, "https://www.linkedin.com/in/", "not_a_profile", "#/url"),
        ("instagram", None, "https://www.instagram.com/p/C0abc/", "not_a_profile", "#/url"),
        ("instagram", None, "https://www.instagram.com/explore/", "not_a_profile", "#/url"),
        ("youtube", None, "https://www.youtube.com/watch?v=abc", "not_a_profile", "#/url"),
        ("youtube", None, "https://youtu.be/abc", "not_a_profile", "#/url"),
        ("x", None, "https://x.com/marlow_finch/status/1", "not_a_profile", "#/url"),
        ("x", None, "https://x.com/i/lists/1", "not_a_profile", "#/url"),
        ("github", None, "https://github.com/acme-studio/site", "not_a_profile", "#/url"),
        ("facebook", None, "https://www.facebook.com/sharer.php?u=x", "not_a_profile", "#/url"),
        ("mastodon", None, "https://social.example/@marlow/123", "not_a_profile", "#/url"),
        ("mastodon", None, "https://social.example/about", "not_a_profile", "#/url"),
        ("linkedin", None, "https://www.linkedin.com/in/a%2Fb", "not_a_profile", "#/url"),
        ("linkedin", None, "https://www.linkedin.com/in/a%00%ff", "not_a_profile", "#/url"),
        ("linkedin", "marlow finch", None, "invalid_handle", "#/handle"),
        ("linkedin", "javascript:alert(1)", None, "invalid_handle", "#/handle"),
        ("instagram", "explore", None, "invalid_handle", "#/handle"),
        ("instagram", "marlow-finch", None, "invalid_handle", "#/handle"),
        ("instagram", "marlow\nfinch", None, "invalid_handle", "#/handle"),
        ("bluesky", "marlow", None, "invalid_handle", "#/handle"),
        ("mastodon", "marlow", None, "invalid_handle", "#/handle"),
        ("mastodon", "marlow@youtube.com", None, "invalid_handle", "#/handle"),
        ("mastodon", "marlow@192.168.0.1", None, "invalid_handle", "#/handle"),
        ("website", "acme", None, "invalid_handle", "#/handle"),
        ("linkedin", "a" * (HANDLE_LIMIT + 1), None, "too_long", "#/handle"),
        ("linkedin", "a" * 100_000, None, "too_long", "#/handle"),
        ("linkedin", None, "https://linkedin.com/in/x?" + "a" * URL_LIMIT, "too_long", "#/url"),
        ("other", None, "https://acme.example/" + "ä" * 1000, "too_long", "#/url"),
        ("github", "marlow", "github.com/finch", "handle_mismatch", "#/url"),
        *(
            (platform, None, url, "invalid_url", "#/url")
            for platform in ("linkedin", "mastodon", "other")
            for url in (
                "javascript:alert(1)",
                "javascript://acme.example/%0aalert(1)",
                "data:text/html,x",
                "ftp://acme.example/x",
                "https:acme.example",
                "https://",
                "https:///in/x",
                "https://marlow:secret@acme.example/@x",
                "https://acme.example:8443/@x",
                "https://acme.example/a b",
                "https://acme.example/a\x00b",
                "https://acme.example/a\u202eb",
                "https://acme.example/a\ud800b",
                "https://acme.example\\@x",
                "https://127.0.0.1/@x",
                "https://0x7f.1/@x",
                "https://[::1]/@x",
                "https://localhost/@x",
                "https://-acme.example/@x",
                "https://a..example/@x",
                "https://acme_studio.example/@x",
                "https://" + "a." * 200 + "example",
                "https://☃.example/",
                "?",
                "/in/x",
            )
        ),
    ],
)
def test_each_fault_has_its_code_and_place(platform, handle, url, code, pointer) -> None:
    assert faults_of(platform, handle, url) == [(code, pointer)]


def test_all_faults_come_at_once() -> None:
    assert faults_of("linkdin", None, None) == [("unknown_platform", "#/platform"), ("required", "#/handle")]
    assert faults_of("linkdin", "!", "ftp://x") == [("unknown_platform", "#/platform"), ("invalid_url", "#/url")]
    assert faults_of("x", "a b", "github.com/a") == [("invalid_handle", "#/handle"), ("wrong_host", "#/url")]


def detail_of(platform: str, handle: str | None, url: str | None) -> str:
    with pytest.raises(Invalid) as caught:
        profile(platform, handle, url)
    return caught.value.faults[0].detail


@pytest.mark.parametrize(
    ("typed", "meant"),
    [("linkdin", "linkedin"), ("Twitter", "x"), ("YouTube", "youtube"), ("stack overflow", "stackoverflow")],
)
def test_an_unknown_platform_is_guessed(typed: str, meant: str) -> None:
    assert f'Did you mean "{meant}"' in detail_of(typed, "marlow", None)


def test_a_wrong_host_says_whose_it_is_and_which_are_right() -> None:
    detail = detail_of("linkedin", None, "https://www.youtube.com/@marlow")
    assert detail.startswith('This is a YouTube address ("www.youtube.com"), but the platform is LinkedIn')
    assert "linkedin.com" in detail.partition("LinkedIn")[2]


def test_input_is_echoed_short() -> None:
    detail = detail_of("a" * 100_000, None, "https://acme.example")
    assert "a" * 100 + "…" in detail
    assert "a" * 101 not in detail


PIECES = st.sampled_from(
    [
        "https://",
        "http:",
        "//",
        "/",
        "@",
        "?",
        "#",
        "&",
        "=",
        ".",
        "%",
        "%2F",
        "%40",
        "www.",
        "m.",
        "de.",
        "in/",
        "c/",
        "id=",
    ]
    + [host for one in PLATFORMS.values() for host in one.hosts if "{" not in host]
    + [form.template for one in PLATFORMS.values() for form in one.forms]
    + [
        "marlow",
        "finch-1",
        "Acme.Studio",
        "acme.example",
        "ß",
        "İ",
        "ﬀ",
        "Å",
        "\u0301",
        "\ud800",
        "\u202e",
        "123456789012",
    ]
)
TEXTS = st.none() | st.text(max_size=60) | st.lists(PIECES | st.characters(), max_size=9).map("".join)


@given(platform=st.sampled_from(sorted(PLATFORMS)) | st.text(max_size=20), handle=TEXTS, url=TEXTS)
def test_anything_else_is_refused_and_a_result_is_a_fixed_point(platform, handle, url) -> None:
    for given_handle, given_url in ((handle, url), (handle, None), (None, url)):
        try:
            result = profile(platform, given_handle, given_url)
        except Invalid as refusal:
            assert refusal.faults  # noqa: PT017 - whatever is typed either has a profile or is refused with faults
            for fault in refusal.faults:
                fault.detail.encode()
        else:
            assert profile(platform, None, result.url) == result
            assert profile(platform, result.handle, result.url) == result
            assert result.handle is None or profile(platform, result.handle, None) == result
            assert result.url.isascii()
            assert len(result.handle or "") <= HANDLE_LIMIT


@pytest.mark.exhaustive
@given(platform=st.sampled_from([one for one in PLATFORMS.values() if one.handle_pattern]), data=st.data())
def test_every_handle_that_the_pattern_allows_round_trips_or_is_refused(platform, data) -> None:
    handle = data.draw(st.from_regex(platform.handle_pattern, fullmatch=True))
    try:
        result = profile(platform.key, handle, None)
    except Invalid:
        return
    assert profile(platform.key, None, result.url) == result
    assert profile(platform.key, result.handle, None) == result


@pytest.mark.parametrize("piece", ["a", "a.", "@a", "-", "/a", "%2", "www.", "a@a.", "ä", "\u0301", "://", "?a=&", "1"])
def test_long_input_is_read_in_linear_time(piece: str) -> None:
    start = time.process_time()
    for platform in PLATFORMS:
        for text in (piece * 3000, (piece * 3000)[: URL_LIMIT - 30], (piece * 3000)[:99]):
            for handle, url in ((text, None), (None, text), (None, f"acme.example/{text}"), (None, f"{text}.example")):
                with contextlib.suppress(Invalid):
                    profile(platform, handle, url)
    assert time.process_time() - start < 5
