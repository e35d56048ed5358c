"""Compression: the coding that the client likes best, a tag for each, and 304 for whichever it has."""

import gzip
import runpy
import sys
from collections.abc import Callable
from types import ModuleType

import brotli
import pytest

from cms.api.http import codings
from cms.api.http.codings import acceptable_codings, coded_tag, compress, is_worthwhile, plain_tag
from tests.service import Service

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

ONE = "/api/v1/articles/one"
SHORT = "/api/v1/articles/one?fields=title"
BROWSER = "gzip, deflate, br, zstd"
DECODERS: dict[str, Callable[[bytes], bytes]] = {
    "br": brotli.decompress,
    "zstd": zstd.decompress,
    "gzip": gzip.decompress,
}


@pytest.fixture
def site(service: Service) -> Service:
    """A site with one article of some length."""
    service.editor.create_published("articles", slug="one", body="A *body* — naïve.\n\n" * 200)
    return service


def test_zstd_is_that_of_python_where_it_has_it(monkeypatch: pytest.MonkeyPatch) -> None:
    own = ModuleType("compression")
    own.zstd = ModuleType("zstd")  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "compression", own)
    monkeypatch.setitem(sys.modules, "backports", None)
    monkeypatch.setattr(sys, "version_info", (3, 14, 0))
    assert runpy.run_path(codings.__file__)["zstd"] is own.zstd


@pytest.mark.parametrize(
    ("header", "codings"),
    [
        (None, ("identity", "br", "zstd", "gzip")),
        ("", ("identity",)),
        (BROWSER, ("br", "zstd", "gzip", "identity")),
        ("gzip", ("gzip", "identity")),
        ("GZip", ("gzip", "identity")),
        ("x-gzip", ("gzip", "identity")),
        ("gzip, br;q=0.5", ("gzip", "br", "identity")),
        ("gzip;q=0, br", ("br", "identity")),
        ("br;q=0.001", ("br", "identity")),
        ("identity, gzip;q=0.5", ("identity", "gzip")),
        ("identity;q=0.5, gzip;q=0.4", ("identity", "gzip")),
        ("*", ("br", "zstd", "gzip", "identity")),
        ("*;q=0.5, gzip", ("gzip", "br", "zstd", "identity")),
        ("br;q=0, *", ("zstd", "gzip", "identity")),
        ("identity;q=0", ("gzip",)),
        ("identity;q=0, gzip", ("gzip",)),
        ("identity;q=0, *", ("br", "zstd", "gzip")),
        ("*;q=0", ("identity",)),
        ("identity;q=0, *;q=0", ("identity",)),
        ("gzip, *;q=0", ("gzip",)),
        ("deflate, compress", ("identity",)),
        ("gzip;q=2", ("identity",)),
        ("gzip;q=nan", ("identity",)),
        ("gzip;q=, ;;,=,br ; q = 1", ("br", "identity")),
        ("gzip;level=9", ("identity",)),
        ("\xff\x00, gzip", ("gzip", "identity")),
        ("gzip, " * 2000, ("gzip", "identity")),
    ],
    ids=lambda value: repr(value)[:40] if not isinstance(value, tuple) else "",
)
def test_what_a_client_takes_is_read_from_its_header(header: str | None, codings: tuple[str, ...]) -> None:
    assert acceptable_codings(header) == codings


@pytest.mark.parametrize(
    ("media_type", "length", "expected"),
    [
        ("application/json", 1025, True),
        ("application/json", 1024, False),
        ("text/html; charset=utf-8", 5000, True),
        ("application/problem+json", 5000, True),
        ("application/rss+xml; charset=utf-8", 5000, True),
        ("application/xml", 5000, True),
        ("image/svg+xml", 5000, True),
        ("image/png", 5000, False),
        ("application/octet-stream", 5000, False),
        ("text/event-stream", 5000, False),
        ("", 5000, False),
    ],
)
def test_only_texts_of_some_length_are_compressed(media_type: str, length: int, expected: bool) -> None:
    assert is_worthwhile(media_type, length) is expected


@pytest.mark.parametrize("coding", DECODERS)
def test_the_same_content_is_the_same_bytes_in_a_coding(coding: str) -> None:
    content = "naïve ".encode() * 500
    packed = compress(coding, content)
    assert DECODERS[coding](packed) == content
    assert len(packed) < len(content) / 10
    assert compress(coding, content) == packed


def test_a_tag_and_its_coding_come_apart() -> None:
    for coding in ("br", "zstd", "gzip"):
        tag = coded_tag('"abc"', coding)
        assert tag == f'"abc-{coding}"'
        assert plain_tag(tag.strip('"')) == "abc"
    assert coded_tag('"abc"', "identity") == '"abc"'
    assert plain_tag("abc") == "abc"
    assert plain_tag("abc-def") == "abc-def"


def test_each_coding_is_the_same_document_with_a_tag_of_its_own(site: Service) -> None:
    for _ in range(2):  # As made, and as kept.
        plain = site.get(ONE)
        tags = {plain.headers["ETag"]}
        for coding, decode in DECODERS.items():
            response = site.get(ONE, headers={"Accept-Encoding": coding})
            assert response.headers["Content-Encoding"] == coding
            assert decode(response.get_data()) == plain.get_data()
            assert int(response.headers["Content-Length"]) == len(response.get_data()) < len(plain.get_data()) / 2
            tags.add(response.headers["ETag"])
        assert len(tags) == 4
        assert "Content-Encoding" not in plain.headers


def test_every_variant_says_that_it_varies(site: Service) -> None:
    for path in (ONE, SHORT, "/api/v1/openapi.json", "/docs"):
        for headers in ({}, {"Accept-Encoding": BROWSER}, {"Accept-Encoding": "identity"}):
            response = site.get(path, headers=headers)
            if path != "/docs" or len(response.get_data()) > 1024:
                assert response.headers["Vary"] == "Accept-Encoding", (path, headers)


def test_a_short_answer_is_sent_as_it_is(site: Service) -> None:
    response = site.get(SHORT, headers={"Accept-Encoding": BROWSER})
    assert "Content-Encoding" not in response.headers
    assert response.get_json()["data"]["title"]


def test_the_document_of_the_api_is_compressed_though_it_is_not_kept(site: Service) -> None:
    plain = site.get("/api/v1/openapi.json")
    packed = site.get("/api/v1/openapi.json", headers={"Accept-Encoding": BROWSER})
    assert packed.headers["Content-Encoding"] == "br"
    assert brotli.decompress(packed.get_data()) == plain.get_data()
    tag = packed.headers["ETag"]
    again = site.get("/api/v1/openapi.json", headers={"Accept-Encoding": BROWSER, "If-None-Match": tag})
    assert (again.status_code, again.headers["ETag"]) == (304, tag)


def test_head_has_the_length_of_the_coding(site: Service) -> None:
    for coding in DECODERS:
        headers = {"Accept-Encoding": coding}
        head, get = site.request("HEAD", ONE, headers=headers), site.get(ONE, headers=headers)
        assert head.headers["Content-Length"] == get.headers["Content-Length"] == str(len(get.get_data()))
        assert head.headers["ETag"] == get.headers["ETag"]
        assert head.get_data() == b""


def tag_of(service: Service, coding: str) -> str:
    return service.get(ONE, headers={"Accept-Encoding": coding}).headers["ETag"]


@pytest.mark.parametrize("held", ["identity", "br", "zstd", "gzip"])
def test_who_has_any_coding_that_it_takes_is_answered_304_with_its_tag(site: Service, held: str) -> None:
    tag = tag_of(site, held)
    for given in (tag, f"W/{tag}", f'"other", {tag}'):
        for headers in ({}, {"Accept-Encoding": BROWSER}, {"Accept-Encoding": f"{held}, *;q=0.1"}):
            response = site.get(ONE, headers={"If-None-Match": given, **headers})
            assert (response.status_code, response.headers["ETag"]) == (304, tag)
            assert response.headers["Vary"] == "Accept-Encoding"
            assert not {"Content-Encoding", "Content-Type", "Content-Length"} & set(dict(response.headers))


def test_who_has_a_coding_that_it_no_longer_takes_is_sent_another(site: Service) -> None:
    tag = tag_of(site, "br")
    response = site.get(ONE, headers={"If-None-Match": tag, "Accept-Encoding": "br;q=0, gzip"})
    assert (response.status_code, response.headers["Content-Encoding"]) == (200, "gzip")
    response = site.get(ONE, headers={"If-None-Match": tag, "Accept-Encoding": ""})
    assert response.status_code == 200
    assert "Content-Encoding" not in response.headers


def test_a_short_answer_has_no_coded_tag(site: Service) -> None:
    tag = site.get(SHORT).headers["ETag"]
    assert site.get(SHORT, headers={"If-None-Match": coded_tag(tag, "gzip")}).status_code == 200
    assert site.get(SHORT, headers={"If-None-Match": tag, "Accept-Encoding": "gzip"}).status_code == 304


def test_whatever_a_client_has_is_the_newest_in_its_coding(site: Service) -> None:
    before = {coding: tag_of(site, coding) for coding in DECODERS}
    article = site.get(ONE).get_json()["data"]["id"]
    site.editor.change("articles", article, title="Another")
    site.editor.publish("articles", article)
    for coding, tag in before.items():
        response = site.get(ONE, headers={"If-None-Match": tag, "Accept-Encoding": coding})
        assert response.status_code == 200
        assert b"Another" in DECODERS[coding](response.get_data())


@pytest.mark.parametrize("suffix", ["-gzip", "-br", "-zstd"])
def test_an_editor_may_send_the_tag_that_a_proxy_gave_to_a_coding(site: Service, suffix: str) -> None:
    article = site.editor.create("articles")
    tag = article["etag"].strip('"')
    response = site.editor.patch(
        f"/api/v1/manage/articles/{article['id']}", json={"title": "Changed"}, if_match=f'"{tag}{suffix}"'
    )
    assert response.status_code == 200
