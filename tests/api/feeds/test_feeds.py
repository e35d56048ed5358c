"""Feeds over HTTP: what is in them, who they are for, and how they are revalidated."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from xml.etree import ElementTree

import feedparser
import pytest
from werkzeug.test import TestResponse

from cms import clock
from cms.api.feeds import entry_feeds
from tests.service import Service

HOUR = timedelta(hours=1)
SITE = {
    "name": "Harbour & Reed",
    "tagline": "Books mended by hand",
    "base_url": "https://harbour-and-reed.example",
    "locales": [{"code": "en", "fallback": None}, {"code": "de", "fallback": "en"}],
}
MEDIA_TYPES = {
    "rss": "application/rss+xml; charset=utf-8",
    "atom": "application/atom+xml; charset=utf-8",
    "json": "application/feed+json",
}
every_ending = pytest.mark.parametrize("ending", MEDIA_TYPES)


@pytest.fixture
def site(service: Service) -> Service:
    """A service whose site has a name, an address and two languages."""
    assert service.admin.patch("/api/v1/manage/site", json=SITE, if_match="*").status_code == 200
    return service


def get(service: Service, ending: str, query: str = "", **options: Any) -> TestResponse:
    response = service.get(f"/feeds/articles.{ending}{query and '?'}{query}", **options)
    assert response.status_code == 200, response.get_data(as_text=True)
    return response


def items(service: Service, ending: str, query: str = "") -> list[tuple[str, str]]:
    """The id and the title of every item."""
    response = get(service, ending, query)
    if ending == "json":
        return [(each["id"], each["title"]) for each in response.get_json(force=True)["items"]]
    parsed = feedparser.parse(response.get_data())
    assert parsed.bozo == 0
    return [(each.id, each.title) for each in parsed.entries]


def titles(service: Service, ending: str, query: str = "") -> list[str]:
    return [title for _, title in items(service, ending, query)]


@every_ending
def test_a_feed_is_of_its_type(site: Service, ending: str) -> None:
    response = get(site, ending)
    assert response.content_type == MEDIA_TYPES[ending]
    assert response.headers["Content-Language"] == "en"
    assert response.headers["Vary"] == "Accept-Encoding"
    assert response.headers["Cache-Control"].startswith("public, max-age=60")


@every_ending
def test_a_feed_has_the_newest_articles_first(site: Service, ending: str) -> None:
    for day, title in ((2, "Second"), (3, "Third"), (1, "First")):
        site.editor.create_published("articles", title=title, published_at=f"2026-03-0{day}T08:00:00Z")
    assert titles(site, ending) == ["Third", "Second", "First"]


@every_ending
def test_a_feed_ends_after_fifty_articles(site: Service, ending: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert entry_feeds.ITEMS_AT_MOST == 50
    monkeypatch.setattr(entry_feeds, "ITEMS_AT_MOST", 2)
    for day in (1, 2, 3):
        site.editor.create_published("articles", title=f"Day {day}", published_at=f"2026-03-0{day}T08:00:00Z")
    assert titles(site, ending) == ["Day 3", "Day 2"]


@every_ending
def test_nothing_but_what_is_live_is_in_a_feed(site: Service, ending: str) -> None:
    editor, now = site.editor, clock.now()
    shown = editor.create_published("articles", title="Live")
    editor.change("articles", shown, title="Changed but not published")
    editor.create("articles", title="Draft")
    editor.publish("articles", editor.create("articles", title="Planned"), live_from=clock.to_wire(now + HOUR))
    ending_soon = editor.create("articles", title="Ending")
    editor.publish("articles", ending_soon, live_until=clock.to_wire(now + HOUR))
    gone = editor.create_published("articles", title="Unpublished")
    editor.unpublish("articles", gone)
    trashed = editor.create_published("articles", title="Trashed")
    editor.trash("articles", trashed, force="true")
    assert set(titles(site, ending)) == {"Live", "Ending"}
    with clock.moved(2 * HOUR):
        assert set(titles(site, ending)) == {"Live", "Planned"}


@every_ending
def test_an_article_whose_date_lies_ahead_waits_for_it(site: Service, ending: str) -> None:
    tomorrow = clock.to_wire(clock.now() + 24 * HOUR)
    site.editor.create_published("articles", title="Today")
    site.editor.create_published("articles", title="Tomorrow", published_at=tomorrow)
    assert titles(site, ending) == ["Today"]
    with clock.moved(25 * HOUR):
        assert titles(site, ending) == ["Tomorrow", "Today"]


@every_ending
def test_articles_whose_dates_lie_ahead_take_no_places_in_a_feed(
    site: Service, ending: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(entry_feeds, "ITEMS_AT_MOST", 2)
    for title in ("Yesterday", "Today"):
        site.editor.create_published("articles", title=title)
    for seconds in (40, 30, 50):
        ahead = clock.to_wire(clock.now() + timedelta(seconds=seconds))
        site.editor.create_published("articles", title="Ahead", published_at=ahead)
    assert titles(site, ending) == ["Today", "Yesterday"]
    lifetime = get(site, ending).headers["Cache-Control"].split(", ")[1]
    assert 0 <= int(lifetime.removeprefix("max-age=")) <= 30


def test_a_date_that_lies_ahead_ends_how_long_a_feed_is_kept(site: Service) -> None:
    soon = clock.to_wire(clock.now() + timedelta(seconds=30))
    site.editor.create_published("articles", published_at=soon)
    lifetime = get(site, "rss").headers["Cache-Control"].split(", ")[1]
    assert 0 <= int(lifetime.removeprefix("max-age=")) <= 30


@every_ending
def test_a_feed_can_be_of_a_tag_an_author_and_a_language(site: Service, ending: str) -> None:
    editor = site.editor
    tag = editor.create_published("tags", name="Repair", description="Mending.")
    author = editor.create_published("authors", name="Orla Wrenmoor")
    both = editor.create_published("articles", title="Both", tags=[tag["id"]], authors=[author["id"]])
    editor.create_published("articles", title="Tagged", tags=[tag["id"]])
    editor.create_published("articles", title="Signed", authors=[author["id"]])
    editor.create_published("articles", title="Beides", locale="de", translation_of=both["id"])
    assert set(titles(site, ending)) == {"Both", "Tagged", "Signed"}
    assert set(titles(site, ending, "tag=repair")) == {"Both", "Tagged"}
    assert set(titles(site, ending, f"tag={tag['id']}")) == {"Both", "Tagged"}
    assert set(titles(site, ending, "author=orla-wrenmoor")) == {"Both", "Signed"}
    assert titles(site, ending, "tag=repair&author=orla-wrenmoor") == ["Both"]
    # A missing translation is stood in for, as in every list.
    assert set(titles(site, ending, "locale=de")) == {"Beides", "Tagged", "Signed"}
    assert get(site, ending, "locale=de").headers["Content-Language"] == "de"


def test_a_feed_says_what_it_is_of(site: Service) -> None:
    site.editor.create_published("tags", name="Repair", description="Mending.")
    site.editor.create_published("authors", name="Orla Wrenmoor")
    whole = get(site, "json").get_json(force=True)
    assert whole["title"] == "Harbour & Reed"
    assert whole["description"] == "Books mended by hand"
    assert whole["home_page_url"] == "https://harbour-and-reed.example/blog"
    assert whole["feed_url"] == "http://127.0.0.1:8000/feeds/articles.json"
    tagged = get(site, "json", "tag=repair&locale=de").get_json(force=True)
    assert tagged["title"] == "Repair | Harbour & Reed"
    assert tagged["description"] == "Mending."
    assert tagged["language"] == "de"
    assert tagged["home_page_url"] == "https://harbour-and-reed.example/tags/repair"
    assert tagged["feed_url"] == "http://127.0.0.1:8000/feeds/articles.json?locale=de&tag=repair"
    signed = get(site, "json", "author=orla-wrenmoor&tag=repair").get_json(force=True)
    assert signed["title"] == "Repair, Orla Wrenmoor | Harbour & Reed"


@every_ending
def test_a_tag_or_an_author_that_is_not_live_is_not_found(site: Service, ending: str) -> None:
    site.editor.create("tags", name="Draft")
    for query in ("tag=draft", "tag=none", "author=none", "tag=0199c0de-0000-7000-8000-000000000001"):
        response = site.get(f"/feeds/articles.{ending}?{query}")
        assert response.status_code == 404, query
        assert response.content_type == "application/problem+json"
        assert response.headers["Cache-Control"] == "public, max-age=10"


def test_a_feed_of_a_tag_outlives_the_tags_slug(site: Service) -> None:
    tag = site.editor.create_published("tags", name="Repair")
    site.editor.create_published("articles", title="Mended", tags=[tag["id"]])
    before = ElementTree.fromstring(get(site, "atom", "tag=repair").get_data())
    site.editor.change("tags", tag, slug="mending")
    site.editor.publish("tags", tag)
    assert titles(site, "atom", "tag=repair") == ["Mended"]
    after = ElementTree.fromstring(get(site, "atom", "tag=repair").get_data())
    name = "{http://www.w3.org/2005/Atom}"
    assert after.findtext(f"{name}id") == before.findtext(f"{name}id")
    addresses = [each.get("href") for each in after.findall(f"{name}link") if each.get("rel") == "self"]
    assert addresses == ["http://127.0.0.1:8000/feeds/articles.atom?tag=mending"]


@every_ending
def test_an_item_keeps_its_id_when_its_slug_moves(site: Service, ending: str) -> None:
    article = site.editor.create_published("articles", title="Morning", slug="morning")
    before = items(site, ending)
    site.editor.change("articles", article, slug="evening", title="Evening")
    site.editor.publish("articles", article)
    after = items(site, ending)
    assert before == [(f"urn:uuid:{article['id']}", "Morning")]
    assert after == [(f"urn:uuid:{article['id']}", "Evening")]


def test_the_date_of_change_is_that_of_the_last_change_that_went_live(site: Service) -> None:
    article = site.editor.create_published("articles", title="Morning")
    (before,) = get(site, "json").get_json(force=True)["items"]
    with clock.moved(HOUR):
        site.editor.change("articles", article, title="Evening")
        (drafted,) = get(site, "json").get_json(force=True)["items"]
        site.editor.publish("articles", article)
        (after,) = get(site, "json").get_json(force=True)["items"]
    assert drafted == before
    assert after["date_published"] == before["date_published"]
    assert after["date_modified"] > before["date_modified"]


def test_an_item_has_all_that_the_article_has(site: Service) -> None:
    editor = site.editor
    author = editor.create_published("authors", name="Orla Wrenmoor", avatar={"url": "/orla.jpg"})
    tag = editor.create_published("tags", name="Repair")
    editor.create_published(
        "articles",
        title="A quiet morning",
        slug="morning",
        summary="Paste & tea.",
        body="See [the visit](/visit), [below](#drying) and ![a bench](bench.png).\n\n## Drying\n",
        authors=[author["id"]],
        tags=[tag["id"]],
        hero_image={"url": "/hero.jpg", "alt": "A bench."},
    )
    (item,) = get(site, "json").get_json(force=True)["items"]
    address = "https://harbour-and-reed.example"
    assert item["url"] == f"{address}/blog/morning"
    assert item["summary"] == "Paste & tea."
    assert item["image"] == f"{address}/hero.jpg"
    assert item["tags"] == ["Repair"]
    assert item["authors"] == [
        {"name": "Orla Wrenmoor", "url": f"{address}/authors/orla-wrenmoor", "avatar": f"{address}/orla.jpg"}
    ]
    for expected in (f'"{address}/visit"', f'"{address}/blog/morning#drying"', f'"{address}/blog/bench.png"'):
        assert expected in item["content_html"]
    for ending in ("rss", "atom"):
        response = get(site, ending)
        texts = [element.text for element in ElementTree.fromstring(response.get_data()).iter()]
        assert item["content_html"] in texts
        (entry,) = feedparser.parse(response.get_data()).entries
        assert entry.enclosures[0].href == f"{address}/hero.jpg"


@every_ending
def test_no_draft_is_seen_through_an_item(site: Service, ending: str) -> None:
    author = site.editor.create("authors", name="Secret Author")
    tag = site.editor.create("tags", name="Secret Tag")
    site.editor.create_published("articles", authors=[author["id"]], tags=[tag["id"]])
    assert "Secret" not in get(site, ending).get_data(as_text=True)


@every_ending
def test_what_breaks_out_of_markup_stays_in_it(site: Service, ending: str) -> None:
    site.editor.create_published("articles", title="]]> </item> & <b>", body="a ]]> b &#1; \ufffe \uffff \x0b c")
    assert titles(site, ending) == ["]]> </item> & <b>"]
    content = get(site, ending).get_data(as_text=True)
    assert not {"\ufffe", "\uffff", "\x0b", "\x01"} & set(content)
    assert ending == "json" or "]]>" not in content


@every_ending
def test_a_feed_is_revalidated(site: Service, ending: str) -> None:
    article = site.editor.create_published("articles", title="Morning")
    first = get(site, ending)
    path = f"/feeds/articles.{ending}"
    again = site.get(path, headers={"If-None-Match": first.headers["ETag"]})
    assert again.status_code == 304
    assert again.get_data() == b""
    site.editor.change("articles", article, title="Evening")
    assert site.get(path, headers={"If-None-Match": first.headers["ETag"]}).status_code == 304
    site.editor.publish("articles", article)
    changed = site.get(path, headers={"If-None-Match": first.headers["ETag"]})
    assert changed.status_code == 200
    assert changed.headers["ETag"] != first.headers["ETag"]


@every_ending
def test_head_says_what_get_says(site: Service, ending: str) -> None:
    site.editor.create_published("articles")
    head = site.request("HEAD", f"/feeds/articles.{ending}")
    assert (head.status_code, head.get_data()) == (200, b"")
    assert head.headers["ETag"] == get(site, ending).headers["ETag"]


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("tags=a", "unknown_parameter"),
        ("tag=a&tag=b", "repeated"),
        ("tag=", "too_short"),
        ("tag=A%20B", "invalid_format"),
        ("locale=fr", "unknown_locale"),
        ("locale=EN", "invalid_format"),
        ("limit=100", "unknown_parameter"),
    ],
)
def test_a_wrong_parameter_is_said(site: Service, query: str, code: str) -> None:
    response = site.get(f"/feeds/articles.rss?{query}")
    assert response.status_code == 400
    assert [each["code"] for each in response.get_json(force=True)["errors"]] == [code]


@pytest.mark.parametrize(
    ("ending", "accept", "status"),
    [
        ("rss", "application/rss+xml", 200),
        ("rss", "application/xml;q=0.9, text/html", 200),
        ("rss", "text/xml", 200),
        ("rss", "*/*", 200),
        ("rss", "application/json", 406),
        ("rss", "application/rss+xml;q=0, */*", 406),
        ("atom", "application/rss+xml, application/atom+xml", 200),
        ("atom", "application/rss+xml", 406),
        ("json", "application/json", 200),
        ("json", "application/feed+json", 200),
        ("json", "text/html", 406),
    ],
)
def test_a_feed_comes_to_those_who_can_read_it(site: Service, ending: str, accept: str, status: int) -> None:
    assert site.get(f"/feeds/articles.{ending}", headers={"Accept": accept}).status_code == status


def test_a_json_feed_stays_below_250_kb(site: Service) -> None:
    for number in range(4):
        site.editor.create_published("articles", title=f"Long {number}", body="A long paragraph. " * 5000)
    response = get(site, "json")
    assert len(response.get_data()) < 250_000
    contents = ["content_html" in each for each in response.get_json(force=True)["items"]]
    assert contents == sorted(contents, reverse=True)
    assert any(contents)
    assert not all(contents)


@every_ending
def test_a_feed_takes_as_many_statements_however_long_it_is(site: Service, ending: str) -> None:
    def statements() -> int:
        with site.counting() as measured:
            get(site, ending, "locale=de&tag=repair", headers={"Range": "bytes=0-"})
        return measured.statements

    tag = site.editor.create_published("tags", name="Repair")
    author = site.editor.create_published("authors")
    publish: Callable[[], Any] = lambda: site.editor.create_published(  # noqa: E731
        "articles", tags=[tag["id"]], authors=[author["id"]], body="Text."
    )
    publish()
    few = statements()
    for _ in range(5):
        publish()
    assert statements() == few <= 9


def test_a_feed_without_articles_is_a_feed(site: Service) -> None:
    for ending in MEDIA_TYPES:
        assert items(site, ending) == []


def test_an_article_without_a_page_is_in_the_feed_without_a_link(site: Service) -> None:
    patterns = {"url_patterns": {"article": None, "articles": None}}
    assert site.admin.put("/api/v1/manage/site", json=SITE | patterns, if_match="*").status_code == 200
    site.editor.create_published("articles", title="Placeless", body="[see](/there)")
    (item,) = get(site, "json").get_json(force=True)["items"]
    assert "url" not in item
    assert 'href="https://harbour-and-reed.example/there"' in item["content_html"]
    for ending in ("rss", "atom"):
        assert titles(site, ending) == ["Placeless"]
