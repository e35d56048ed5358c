"""Sitemaps, llms.txt, robots.txt and security.txt as documents."""

import itertools
from datetime import UTC, datetime, timedelta
from xml.etree import ElementTree

import pytest

from cms.feeds import llms, sitemap, well_known
from cms.feeds.sitemap import ListedPage

MARCH = datetime(2026, 3, 3, 8, tzinfo=UTC)
SITEMAP = "{http://www.sitemaps.org/schemas/sitemap/0.9}"
LINK = "{http://www.w3.org/1999/xhtml}link"


def test_a_sitemap_is_written_as_its_pages_come() -> None:
    """From an endless supply: the first chunk is there, and few pages were taken for it."""
    taken = itertools.count()
    pages = (ListedPage(f"https://harbour-and-reed.example/{next(taken)}") for _ in itertools.count())
    first = next(sitemap.urlset(pages))
    assert first.startswith(b"<?xml")
    assert next(taken) <= sitemap.URLS_PER_CHUNK


def test_a_page_is_written_with_its_change_and_its_languages() -> None:
    english, german = "https://harbour-and-reed.example/morning", "https://harbour-and-reed.example/morgen"
    page = ListedPage(english, MARCH, {"de": german, "en": english, "x-default": english})
    (url,) = ElementTree.fromstring(b"".join(sitemap.urlset([page])))
    assert url.findtext(f"{SITEMAP}loc") == english
    assert url.findtext(f"{SITEMAP}lastmod") == "2026-03-03T08:00:00.000Z"
    assert [(each.get("rel"), each.get("hreflang"), each.get("href")) for each in url.findall(LINK)] == [
        ("alternate", "de", german),
        ("alternate", "en", english),
        ("alternate", "x-default", english),
    ]


@pytest.mark.parametrize(
    ("address", "written"),
    [
        ("https://h.example/?a=1&b='2'", "https://h.example/?a=1&amp;b=&#x27;2&#x27;"),
        ("https://h.example/straße/水", "https://h.example/stra%C3%9Fe/%E6%B0%B4"),
        ("https://h.example/already%20encoded", "https://h.example/already%20encoded"),
        ('https://h.example/"<>\x00\ufffe', "https://h.example/%22%3C%3E"),
    ],
)
def test_an_address_is_percent_encoded_and_then_escaped(address: str, written: str) -> None:
    assert sitemap.encoded_address(address) == written
    assert f"<loc>{written}</loc>".encode() in b"".join(sitemap.urlset([ListedPage(address)]))


def test_a_file_lists_as_many_pages_as_the_protocol_allows() -> None:
    assert sitemap.urls_per_file(longest_address=200, languages=1) == 50_000


@pytest.mark.parametrize(("longest", "languages"), [(200, 2), (200, 40), (2500, 1), (2500, 100)])
def test_a_file_of_the_longest_addresses_is_within_fifty_megabytes(longest: int, languages: int) -> None:
    address = "https://h.example/".ljust(longest, "x")
    alternates = {f"zh-Hant-{number:03}": address for number in range(languages)} | {"x-default": address}
    page = ListedPage(address, MARCH, alternates if languages > 1 else {})
    number = sitemap.urls_per_file(longest, languages)
    length = len(sitemap.URLSET) + len("</urlset>\n")
    one = len(b"".join(sitemap.urlset([page]))) - length
    assert 0 < number <= 50_000
    assert length + number * one <= 50 * 1024 * 1024
    # And no smaller than it has to be.
    assert number == 50_000 or length + (number * 1.05) * one > 50 * 1024 * 1024


def test_an_index_names_its_files_and_their_changes() -> None:
    document = ElementTree.fromstring(b"".join(sitemap.index([ListedPage("https://c.example/a.xml", MARCH)])))
    assert document.tag == f"{SITEMAP}sitemapindex"
    assert [each.tag for each in document[0]] == [f"{SITEMAP}loc", f"{SITEMAP}lastmod"]


def test_llms_txt_is_a_heading_a_quotation_and_lists_of_links() -> None:
    sections = [
        llms.Section("Repair", [llms.ListedLink("Loose spine", "https://h.example/spine", "Glue,\nand time.")]),
        llms.Section("Nothing", []),
        llms.Section("Optional", [llms.ListedLink("More", "https://h.example/more")]),
    ]
    assert llms.write("Harbour & Reed", "Books mended", "Details.", sections).decode() == (
        "# Harbour & Reed\n\n"
        "> Books mended\n\n"
        "Details.\n\n"
        "## Repair\n\n"
        "- [Loose spine](https://h.example/spine): Glue, and time.\n\n"
        "## Optional\n\n"
        "- [More](https://h.example/more)\n"
    )


def test_nothing_that_is_said_becomes_markdown_of_its_own() -> None:
    link = llms.ListedLink("[a](b) *c* _d_ `e` <f> \\", "https://h.example/(x) y", "# not a heading\n\n- nor a list")
    (line,) = llms.write("A", None, "", [llms.Section("S", [link])]).decode().splitlines()[-1:]
    assert line == (
        r"- [\[a\](b) \*c\* \_d\_ \`e\` \<f\> \\](https://h.example/%28x%29%20y): \# not a heading - nor a list"
    )


def test_robots_txt_hides_and_names() -> None:
    lines = well_known.robots(["/private"], "https://c.example/sitemap.xml").decode().split("\n")
    assert lines == ["User-agent: *", "Disallow: /private", "", "Sitemap: https://c.example/sitemap.xml", ""]


def test_security_txt_has_what_rfc_9116_requires() -> None:
    content = well_known.security(
        ["mailto:security@h.example", "https://h.example/report"], "https://c.example/.well-known/security.txt", MARCH
    ).decode()
    fields = [line.split(": ", 1) for line in content.splitlines()]
    assert [value for name, value in fields if name == "Contact"] == [
        "mailto:security@h.example",
        "https://h.example/report",
    ]
    (expires,) = [datetime.fromisoformat(value) for name, value in fields if name == "Expires"]
    assert timedelta(days=30) < expires - MARCH < timedelta(days=365)
    assert ["Canonical", "https://c.example/.well-known/security.txt"] in fields


def test_security_txt_is_the_same_all_day() -> None:
    start = MARCH.replace(hour=0)
    contents = {
        well_known.security(["mailto:a@h.example"], "https://c.example/", start + timedelta(hours=hour))
        for hour in (0, 11, 23)
    }
    assert len(contents) == 1
    assert well_known.security(["mailto:a@h.example"], "https://c.example/", start + timedelta(days=1)) not in contents
