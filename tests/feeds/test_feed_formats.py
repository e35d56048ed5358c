"""The feeds as documents: what any text becomes in them, what each format requires, and how large they get."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from xml.etree import ElementTree

import feedparser
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cms.feeds import atom, json_feed, rss
from cms.feeds.feed import (
    Feed,
    FeedAuthor,
    FeedImage,
    FeedItem,
    FeedTag,
    absolute,
    absolute_html,
    absolute_srcset,
    fitted,
    image_of,
)
from cms.feeds.xml import legal

MARCH = datetime(2026, 3, 3, 8, tzinfo=UTC)
ID = "0199c0de-0000-7000-8000-00000000000{}"
ATOM = "{http://www.w3.org/2005/Atom}"
CONTENT = "{http://purl.org/rss/1.0/modules/content/}encoded"
XML = [rss.write, atom.write]
EVERY = [*XML, json_feed.write]
# Every character there is, halves of surrogate pairs and what XML forbids among them.
ANYTHING = st.text(st.one_of(st.sampled_from("\x00\x0b\x1b\ufffe\uffff\ud800]>&<"), st.characters(codec=None)))


def item(number: int = 1, **changes: Any) -> FeedItem:
    whole = FeedItem(
        id=ID.format(number),
        title=f"A quiet morning {number}",
        url=f"https://harbour-and-reed.example/blog/morning-{number}",
        summary="Paste, paper and tea.",
        html="<p>Paste.</p>",
        locale="en",
        published_at=MARCH - timedelta(days=number),
        updated_at=MARCH - timedelta(hours=number),
    )
    return replace(whole, **changes)


def feed(*items: FeedItem, **changes: Any) -> Feed:
    whole = Feed(
        id="https://cms.example/feeds/articles",
        url="https://cms.example/feeds/articles.rss",
        site_url="https://harbour-and-reed.example/blog",
        title="Harbour & Reed",
        description="Books mended by hand",
        publisher="Harbour & Reed",
        locale="en",
        items=items,
    )
    return replace(whole, **changes)


def as_read(text: str) -> str:
    """The text as a reader of XML gets it: with one kind of line break."""
    return legal(text).replace("\r\n", "\n").replace("\r", "\n")


@given(ANYTHING)
def test_any_text_is_well_formed_in_rss_and_says_the_same(text: str) -> None:
    person, label = FeedAuthor(text, "https://harbour-and-reed.example/"), FeedTag("tag", text)
    document = rss.write(
        feed(item(title=text, summary=text, html=text, authors=[person], tags=[label]), title=text, description=text)
    )
    element = ElementTree.fromstring(document).find("channel/item")
    assert element is not None
    assert b"]]>" not in document
    expected = as_read(text)
    assert (element.findtext("title") or "") == expected
    assert (element.findtext(CONTENT) or "") == expected
    assert (element.findtext("category") or "") == expected


@given(ANYTHING)
def test_any_text_is_well_formed_in_atom_and_says_the_same(text: str) -> None:
    person, label = FeedAuthor(text, "https://harbour-and-reed.example/"), FeedTag("tag", text)
    picture = FeedImage("https://harbour-and-reed.example/hero.jpg", text)
    document = atom.write(
        feed(item(title=text, summary=text, html=text, authors=[person], tags=[label], image=picture), title=text)
    )
    entry = ElementTree.fromstring(document).find(f"{ATOM}entry")
    assert entry is not None
    assert b"]]>" not in document
    expected = as_read(text)
    assert (entry.findtext(f"{ATOM}title") or "") == expected
    assert (entry.findtext(f"{ATOM}content") or "") == expected
    assert (entry.findtext(f"{ATOM}author/{ATOM}name") or "") == expected


@given(ANYTHING)
def test_any_text_is_json_and_says_what_the_others_say(text: str) -> None:
    document = json.loads(json_feed.write(feed(item(title=text, html=text), title=text)))
    assert document["title"] == document["items"][0]["title"] == document["items"][0]["content_html"] == legal(text)


@pytest.mark.parametrize("number", [0x0, 0x8, 0xB, 0xC, 0xE, 0x1F, 0xD800, 0xDFFF, 0xFFFE, 0xFFFF])
def test_what_xml_cannot_hold_is_left_out(number: int) -> None:
    assert legal(f"a{chr(number)}b") == "ab"


@pytest.mark.parametrize(
    "number", [0x9, 0xA, 0xD, 0x20, 0x7F, 0x85, 0xD7FF, 0xE000, 0xFFFD, 0x10000, 0x1F4DA, 0x10FFFF]
)
def test_what_xml_can_hold_stays(number: int) -> None:
    assert legal(chr(number)) == chr(number)


FULL = feed(
    item(
        1,
        authors=[
            FeedAuthor(
                "Orla Wrenmoor", "https://harbour-and-reed.example/team/orla", "https://harbour-and-reed.example/o.jpg"
            ),
            FeedAuthor("Teasel Marsh"),
        ],
        tags=[FeedTag("repair", "Repair"), FeedTag("paper", "Paper & board")],
        image=FeedImage("https://harbour-and-reed.example/hero.jpg?width=800", "A bench.", 800, 600),
    ),
    item(2, url=None, html=None, summary="", locale="de"),
    item(3, html=None, image=FeedImage("https://pictures.example/no-ending")),
)


@pytest.mark.parametrize("write", XML)
def test_feedparser_finds_nothing_wrong(write: Callable[[Feed], bytes]) -> None:
    for each in (FULL, feed()):
        parsed = feedparser.parse(write(each))
        assert parsed.bozo == 0, parsed.get("bozo_exception")
        assert parsed.feed.title == "Harbour & Reed"
        assert len(parsed.entries) == len(each.items)


@pytest.mark.parametrize("write", XML)
def test_feedparser_reads_all_that_an_item_has(write: Callable[[Feed], bytes]) -> None:
    first = feedparser.parse(write(FULL)).entries[0]
    assert first.id == f"urn:uuid:{ID.format(1)}"
    assert first.link == "https://harbour-and-reed.example/blog/morning-1"
    assert first.published_parsed[:6] == (2026, 3, 2, 8, 0, 0)
    assert first.updated_parsed[:6] == (2026, 3, 3, 7, 0, 0)
    assert first.summary == "Paste, paper and tea."
    assert first.content[0].value == "<p>Paste.</p>"
    assert first.content[0].type == "text/html"
    assert [each.name for each in first.authors if each][-2:] == ["Orla Wrenmoor", "Teasel Marsh"]
    assert [each.label or each.term for each in first.tags] == ["Repair", "Paper & board"]
    (picture,) = first.enclosures
    assert picture.href == "https://harbour-and-reed.example/hero.jpg?width=800"
    assert picture.type == "image/jpeg"


def test_rss_has_what_the_specification_requires() -> None:
    channel = ElementTree.fromstring(rss.write(FULL)).find("channel")
    assert channel is not None
    for name in ("title", "link", "description"):
        assert channel.findtext(name), name
    (itself,) = channel.findall(f"{ATOM}link")
    assert itself.attrib == {"rel": "self", "type": "application/rss+xml", "href": FULL.url}
    for element in channel.findall("item"):
        assert element.findtext("title") or element.findtext("description")
        guid = element.find("guid")
        assert guid is not None
        assert guid.get("isPermaLink") == "false"
        for picture in element.findall("enclosure"):
            assert set(picture.attrib) == {"url", "length", "type"}
    assert channel.findtext("item/pubDate") == "Mon, 02 Mar 2026 08:00:00 GMT"


def test_a_description_is_html_in_rss_so_that_its_text_is_escaped() -> None:
    parsed = feedparser.parse(rss.write(feed(item(summary="1 < 2 & <b>bold</b>"))))
    assert parsed.entries[0].summary == "1 &lt; 2 &amp; &lt;b&gt;bold&lt;/b&gt;"


def test_atom_has_what_the_specification_requires() -> None:
    document = ElementTree.fromstring(atom.write(FULL))
    for parent in (document, *document.findall(f"{ATOM}entry")):
        for name in ("id", "title", "updated"):
            assert len(parent.findall(ATOM + name)) == 1, name
            assert parent.findtext(ATOM + name)
        # RFC 4287, 3.3: upper-case T and Z.
        assert datetime.fromisoformat(parent.findtext(f"{ATOM}updated") or "").tzinfo is not None
    assert document.findtext(f"{ATOM}updated") == "2026-03-03T07:00:00.000Z"
    assert document.findtext(f"{ATOM}author/{ATOM}name")
    for entry in document.findall(f"{ATOM}entry"):
        links = [each for each in entry.findall(f"{ATOM}link") if each.get("rel") == "alternate"]
        assert links or entry.find(f"{ATOM}content") is not None


JSON_TEXTS = {"title", "home_page_url", "feed_url", "description", "language"}
JSON_ITEM_TEXTS = {"id", "url", "title", "content_html", "content_text", "summary", "image", "language"}


def json_feed_faults(document: Any) -> list[str]:
    """What breaks a rule of jsonfeed.org/version/1.1."""
    faults = [name for name in ("version", "title", "items") if name not in document]
    if document["version"] != "https://jsonfeed.org/version/1.1":
        faults.append("version")
    faults += [f"{name} is no text" for name in JSON_TEXTS & document.keys() if not isinstance(document[name], str)]
    faults += [f"{name} is unknown" for name in document.keys() - JSON_TEXTS - {"version", "items", "authors"}]
    for each in document["items"]:
        known = JSON_ITEM_TEXTS | {"date_published", "date_modified", "authors", "tags"}
        faults += [f"{name} is unknown" for name in each.keys() - known]
        faults += [f"{name} is no text" for name in JSON_ITEM_TEXTS & each.keys() if not isinstance(each[name], str)]
        if not each.get("id") or not each.keys() & {"content_html", "content_text"}:
            faults.append("an item needs an id and content")
        for name in {"date_published", "date_modified"} & each.keys():
            if datetime.fromisoformat(each[name]).tzinfo is None:
                faults.append(f"{name} is no RFC 3339")
        for author in each.get("authors", []):
            if not author.keys() & {"name", "url", "avatar"} or author.keys() - {"name", "url", "avatar"}:
                faults.append("an author has a name, a url or an avatar")
        if not all(isinstance(tag, str) for tag in each.get("tags", [])):
            faults.append("tags are texts")
    if len({each["id"] for each in document["items"]}) != len(document["items"]):
        faults.append("ids repeat")
    return faults


def test_json_feed_keeps_the_rules_of_its_version() -> None:
    for each in (FULL, feed()):
        assert json_feed_faults(json.loads(json_feed.write(each))) == []


def test_the_rules_of_json_feed_can_be_broken() -> None:
    document = json.loads(json_feed.write(FULL))
    del document["items"][0]["content_html"]
    document["items"][1]["tags"] = [1]
    assert json_feed_faults(document) == ["an item needs an id and content", "tags are texts"]


@pytest.mark.parametrize("write", EVERY)
def test_a_feed_that_fits_is_whole(write: Callable[[Feed], bytes]) -> None:
    whole = feed(*(item(number) for number in range(1, 6)))
    assert fitted(whole, write, len(write(whole)) + 1) == write(whole)


@pytest.mark.parametrize("write", EVERY)
def test_in_a_feed_that_is_too_large_the_older_items_come_without_their_content(
    write: Callable[[Feed], bytes],
) -> None:
    items = [item(number, html=f"<p>{'content ' * 500}</p>") for number in range(1, 6)]
    limit = len(write(feed(*items))) - 1000
    document = fitted(feed(*items), write, limit)
    assert len(document) < limit
    expected = [*items[:4], replace(items[4], html=None)]
    assert document == write(feed(*expected))


@pytest.mark.parametrize("write", EVERY)
def test_if_summaries_are_too_many_the_oldest_do_not_come(write: Callable[[Feed], bytes]) -> None:
    items = [item(number, html="<p>Content.</p>", summary="summary " * 60) for number in range(1, 6)]
    bare = [replace(each, html=None) for each in items]
    limit = len(write(feed(*bare[:3]))) + 1
    assert fitted(feed(*items), write, limit) == write(feed(*bare[:3]))


@pytest.mark.parametrize("write", EVERY)
def test_a_feed_without_room_for_an_item_has_none(write: Callable[[Feed], bytes]) -> None:
    assert fitted(feed(item()), write, 10) == write(feed())


PAGE = "https://harbour-and-reed.example/blog/morning"


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ('<a href="/contact">c</a>', '<a href="https://harbour-and-reed.example/contact">c</a>'),
        ('<a href="next">c</a>', '<a href="https://harbour-and-reed.example/blog/next">c</a>'),
        ('<a href="#drying">c</a>', '<a href="https://harbour-and-reed.example/blog/morning#drying">c</a>'),
        ('<a href="?print=1">c</a>', '<a href="https://harbour-and-reed.example/blog/morning?print=1">c</a>'),
        ('<img src="../b.png" alt="b">', '<img src="https://harbour-and-reed.example/b.png" alt="b">'),
        ('<q cite="/source">q</q>', '<q cite="https://harbour-and-reed.example/source">q</q>'),
        ('<a href="https://x.example/?a=1&amp;b=2">x</a>', '<a href="https://x.example/?a=1&amp;b=2">x</a>'),
        ('<a href="mailto:a@x.example">m</a>', '<a href="mailto:a@x.example">m</a>'),
        ('<h2 id="drying">Drying</h2><p>a &lt; b</p>', '<h2 id="drying">Drying</h2><p>a &lt; b</p>'),
    ],
)
def test_addresses_in_content_are_made_absolute_and_nothing_else_changes(written: str, expected: str) -> None:
    assert absolute_html(written, PAGE) == expected


def test_every_address_of_a_srcset_is_made_absolute() -> None:
    candidates = "/a.jpg?crop=1,2 400w,  b.jpg 2x, https://x.example/c.jpg"
    assert absolute_srcset(candidates, PAGE) == (
        "https://harbour-and-reed.example/a.jpg?crop=1,2 400w, "
        "https://harbour-and-reed.example/blog/b.jpg 2x, https://x.example/c.jpg"
    )


def test_an_address_that_cannot_be_read_is_none() -> None:
    assert absolute("http://[", PAGE) == "http://["
    assert absolute_html('<a href="http://[">x</a>', PAGE) == "<a>x</a>"


@pytest.mark.parametrize(
    ("address", "url", "media_type"),
    [
        ("/hero.jpg", "https://harbour-and-reed.example/hero.jpg", "image/jpeg"),
        ("https://pictures.example/a.WEBP?w=1", "https://pictures.example/a.WEBP?w=1", "image/webp"),
        ("https://pictures.example/a", "https://pictures.example/a", None),
        ("https://pictures.example/a.html", "https://pictures.example/a.html", None),
    ],
)
def test_a_picture_has_an_absolute_address_and_its_type(address: str, url: str, media_type: str | None) -> None:
    picture = image_of({"url": address, "alt": ""}, PAGE)
    assert picture is not None
    assert (picture.url, picture.media_type) == (url, media_type)


def test_no_picture_is_none_and_what_is_not_on_the_web_is_none() -> None:
    assert image_of(None, PAGE) is None
    assert image_of({"url": "mailto:a@x.example"}, PAGE) is None
