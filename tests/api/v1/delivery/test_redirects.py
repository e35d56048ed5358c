"""The redirect map: every old path of a live page with its present one, never a loop, never a page that answers."""

from datetime import timedelta
from typing import Any
from urllib.parse import quote

import pytest

from cms import clock
from cms.api.v1.delivery import redirects
from cms.content.published import redirects as published_redirects
from tests.service import Service

REDIRECTS = "/api/v1/redirects"
FORMATS = ("netlify", "vercel", "next", "cloudflare", "nginx")


def rename(service: Service, plural: str, entry: dict[str, Any], *slugs: str) -> None:
    for slug in slugs:
        service.editor.change(plural, entry, slug=slug)
        service.editor.publish(plural, entry)


def listed(service: Service, query: str = "") -> list[dict[str, Any]]:
    response = service.get(f"{REDIRECTS}{query}")
    assert response.status_code == 200, response.get_data(as_text=True)
    items: list[dict[str, Any]] = response.get_json()["data"]
    return items


def pairs(service: Service, query: str = "") -> list[tuple[str, str]]:
    return [(each["from"], each["to"]) for each in listed(service, query)]


def settings(service: Service, **changed: Any) -> None:
    response = service.admin.patch("/api/v1/manage/site", json=changed, if_match="*")
    assert response.status_code == 200, response.get_data(as_text=True)


def looked_up(service: Service, address: str) -> list[tuple[str, str]]:
    return pairs(service, f"?from={quote(address, safe='')}")


def test_an_old_path_leads_to_the_present_one(service: Service) -> None:
    article = service.editor.create_published("articles", slug="before")
    rename(service, "articles", article, "after")
    assert listed(service) == [
        {
            "from": "/blog/before",
            "to": "/blog/after",
            "type": "article",
            "id": article["id"],
            "locale": "en",
            "permanent": True,
        }
    ]


def test_chains_lead_to_the_last_slug_at_once(service: Service) -> None:
    article = service.editor.create_published("articles", slug="first")
    rename(service, "articles", article, "second", "third", "fourth")
    assert pairs(service) == [(f"/blog/{slug}", "/blog/fourth") for slug in ("first", "second", "third")]


def test_a_slug_that_is_taken_up_again_makes_no_loop(service: Service) -> None:
    article = service.editor.create_published("articles", slug="first")
    rename(service, "articles", article, "second", "first", "second", "first")
    assert pairs(service) == [("/blog/second", "/blog/first")]


def test_several_publications_under_one_old_slug_are_one_redirect(service: Service) -> None:
    article = service.editor.create_published("articles", slug="before")
    for title in ("Second", "Third"):
        service.editor.change("articles", article, title=title)
        service.editor.publish("articles", article)
    rename(service, "articles", article, "after")
    assert pairs(service) == [("/blog/before", "/blog/after")]


def test_what_is_not_live_leads_nowhere(service: Service) -> None:
    unpublished, trashed = (service.editor.create_published("articles", slug=f"before-{each}") for each in range(2))
    for number, article in enumerate((unpublished, trashed)):
        rename(service, "articles", article, f"after-{number}")
    service.editor.unpublish("articles", unpublished)
    service.editor.trash("articles", trashed)
    assert pairs(service) == []
    assert looked_up(service, "/blog/before-0") == []


def test_a_draft_renames_nothing(service: Service) -> None:
    article = service.editor.create_published("articles", slug="before")
    service.editor.change("articles", article, slug="drafted")
    assert pairs(service) == []


def test_a_planned_rename_leads_there_from_its_instant_on(service: Service) -> None:
    article = service.editor.create_published("articles", slug="before")
    service.editor.change("articles", article, slug="after")
    service.editor.publish("articles", article, live_from=clock.to_wire(clock.now() + timedelta(hours=1)))
    assert pairs(service) == []
    with clock.moved(timedelta(hours=2)):
        assert pairs(service) == looked_up(service, "/blog/before") == [("/blog/before", "/blog/after")]


def test_every_type_with_a_page_of_its_own_is_in_the_map(service: Service) -> None:
    for plural in ("articles", "authors", "tags", "faqs"):
        entry = service.editor.create_published(plural, slug=f"{plural}-before")
        rename(service, plural, entry, f"{plural}-after")
    found = pairs(service)
    assert [old for old, _ in found] == ["/blog/articles-before", "/authors/authors-before", "/tags/tags-before"]
    patterns = {"faq": "/faq/{slug}", "tag": None, "author": "/people?name={slug}"}
    service.admin.put("/api/v1/manage/site", json={"name": "Site", "url_patterns": patterns}, if_match="*")
    assert [old for old, _ in pairs(service)] == ["/blog/articles-before", "/faq/faqs-before"]


def test_paths_begin_where_the_site_does(service: Service) -> None:
    article = service.editor.create_published("articles", slug="before")
    rename(service, "articles", article, "after")
    settings(service, base_url="https://harbour-and-reed.example/studio/")
    assert pairs(service) == [("/studio/blog/before", "/studio/blog/after")]
    assert looked_up(service, "https://harbour-and-reed.example/studio/blog/before") != []
    assert looked_up(service, "/blog/before") == []


def test_paths_are_percent_encoded(service: Service) -> None:
    article = service.editor.create_published("articles", slug="before")
    rename(service, "articles", article, "after")
    settings(service, url_patterns={"article": "/caf\u00e9/%2B100%/{slug}.html"})
    (found,) = pairs(service)
    assert found == ("/caf%C3%A9/%2B100%25/before.html", "/caf%C3%A9/%2B100%25/after.html")
    assert looked_up(service, found[0]) == looked_up(service, "/caf\u00e9/+100%25/before.html") == [found]


@pytest.fixture
def renamed(service: Service) -> Service:
    """A site with one article that moved from ``before`` to ``after``, and another."""
    for slugs in (("before", "after"), ("other", "another")):
        article = service.editor.create_published("articles", slug=slugs[0])
        rename(service, "articles", article, slugs[1])
    return service


def test_one_old_path_is_looked_up(renamed: Service) -> None:
    same = (
        "/blog/before",
        "/blog/before/",
        "/blog/before?utm_source=letter",
        "/blog/before#top",
        "/blog/b%65fore",
        "http://127.0.0.1:8000/blog/before",
    )
    expected = [("/blog/before", "/blog/after")]
    assert [each for each in same if looked_up(renamed, each) != expected] == []


def test_any_other_path_has_not_moved(renamed: Service) -> None:
    others = (
        *("/blog/after", "/blog/never-was", "/", "/blog/", "/blog", "/blog/x/before", "/tags/before", "/blog/Before"),
        *("/blog/before%00", "//elsewhere.example/blog/before", "https://elsewhere.example/blog/before"),
    )
    assert [each for each in others if looked_up(renamed, each)] == []


def test_what_is_no_path_is_refused(service: Service) -> None:
    for address in ("blog/before", "mailto:x@y.example", "http://[::1/blog/before", "javascript:1", ""):
        response = service.get(REDIRECTS, query_string={"from": address})
        assert response.status_code == 400, address
        assert [each["parameter"] for each in response.get_json()["errors"]] == ["from"]


# Paths that several entries share.


def in_two_languages(service: Service) -> None:
    settings(service, locales=[{"code": "de", "fallback": None}, {"code": "en", "fallback": None}])


def test_a_page_that_answers_in_another_language_is_not_redirected(service: Service) -> None:
    in_two_languages(service)
    article = service.editor.create_published("articles", slug="before")
    rename(service, "articles", article, "after")
    service.editor.create_published("articles", slug="before", locale="de")
    assert pairs(service) == looked_up(service, "/blog/before") == []


def test_an_old_path_of_two_languages_leads_to_the_sites_own(service: Service) -> None:
    in_two_languages(service)
    for locale in ("de", "en"):
        article = service.editor.create_published("articles", slug="before", locale=locale)
        rename(service, "articles", article, f"after-{locale}")
    expected = [("/blog/before", "/blog/after-en")]
    assert pairs(service) == looked_up(service, "/blog/before") == expected


def test_a_language_that_the_site_no_longer_has_leads_nowhere(service: Service) -> None:
    languages = [{"code": locale, "fallback": None} for locale in ("en", "es", "de")]
    settings(service, locales=languages)
    for locale, slug in (("de", "before"), ("es", "before"), ("de", "only-german")):
        article = service.editor.create_published("articles", slug=slug, locale=locale)
        rename(service, "articles", article, f"{slug}-{locale}")
    settings(service, locales=languages[:2])
    expected = [("/blog/before", "/blog/before-es")]
    assert pairs(service) == looked_up(service, "/blog/before") == expected
    assert looked_up(service, "/blog/only-german") == []


def test_types_that_share_a_pattern_share_its_paths(service: Service) -> None:
    settings(service, url_patterns={"article": "/{slug}", "tag": "/{slug}"})
    for slug in ("live-as-a-tag", "moved-as-a-tag"):
        article = service.editor.create_published("articles", slug=slug)
        rename(service, "articles", article, f"{slug}-after")
    service.editor.create_published("tags", slug="live-as-a-tag")
    tag = service.editor.create_published("tags", slug="moved-as-a-tag")
    rename(service, "tags", tag, "tag-after")
    assert pairs(service) == [("/moved-as-a-tag", "/moved-as-a-tag-after")]


# Pages and files.


@pytest.mark.parametrize("limit", [1, 2, 3, 100])
def test_a_walk_in_pages_sees_each_redirect_once(service: Service, limit: int) -> None:
    for plural in ("articles", "tags"):
        for number in range(3):
            entry = service.editor.create_published(plural, slug=f"before-{number}")
            rename(service, plural, entry, f"after-{number}")
    expected = [(f"/{path}/before-{each}", f"/{path}/after-{each}") for path in ("blog", "tags") for each in range(3)]
    seen, address = [], f"{REDIRECTS}?limit={limit}"
    while address:
        document = service.get(address.removeprefix("http://127.0.0.1:8000")).get_json()
        seen += [(each["from"], each["to"]) for each in document["data"]]
        address = document["links"]["next"]
    assert seen == expected


@pytest.mark.parametrize("name", FORMATS)
def test_a_format_is_the_whole_map(service: Service, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(published_redirects, "BATCH", 2)
    for number in range(3):
        article = service.editor.create_published("articles", slug=f"before-{number}")
        rename(service, "articles", article, f"after-{number}")
    response = service.get(f"{REDIRECTS}?format={name}")
    assert response.status_code == 200
    assert response.content_type == ("application/json" if name in ("vercel", "next") else "text/plain; charset=utf-8")
    text = response.get_data(as_text=True)
    assert all(f"/blog/{when}-{each}" in text for when in ("before", "after") for each in range(3))
    again = service.get(f"{REDIRECTS}?format={name}", headers={"If-None-Match": response.headers["ETag"]})
    assert again.status_code == 304
    assert "max-age" in response.headers["Cache-Control"]


def test_the_files_are_what_their_readers_expect(service: Service) -> None:
    article = service.editor.create_published("articles", slug="before")
    rename(service, "articles", article, "after")
    rule = {"source": "/blog/before", "destination": "/blog/after", "permanent": True}
    assert service.get(f"{REDIRECTS}?format=next").get_json() == [rule]
    assert service.get(f"{REDIRECTS}?format=vercel").get_json() == {"redirects": [rule]}
    for name in ("netlify", "cloudflare"):
        assert service.get(f"{REDIRECTS}?format={name}").get_data() == b"/blog/before /blog/after 301\n"
    assert b'    "/blog/before" "/blog/after";\n' in service.get(f"{REDIRECTS}?format=nginx").get_data()


def test_a_file_of_one_path(service: Service) -> None:
    for number in range(2):
        article = service.editor.create_published("articles", slug=f"before-{number}")
        rename(service, "articles", article, f"after-{number}")
    response = service.get(f"{REDIRECTS}?format=netlify&from=/blog/before-1")
    assert response.get_data() == b"/blog/before-1 /blog/after-1 301\n"


def test_more_than_a_file_should_hold_is_refused(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(redirects, "EXPORT_AT_MOST", 1)
    for number in range(2):
        article = service.editor.create_published("articles", slug=f"before-{number}")
        rename(service, "articles", article, f"after-{number}")
    response = service.get(f"{REDIRECTS}?format=netlify")
    assert response.status_code == 400
    assert [each["code"] for each in response.get_json()["errors"]] == ["too_many"]


@pytest.mark.parametrize("query", ["format=apache", "limit=0", "cursor=x", "format=next&cursor=x", "to=/x"])
def test_bad_parameters_are_refused(service: Service, query: str) -> None:
    assert service.get(f"{REDIRECTS}?{query}").status_code == 400


def test_a_page_is_one_walk_for_each_type(service: Service) -> None:
    counts = []
    for number in range(2):
        for plural in ("articles", "tags"):
            entry = service.editor.create_published(plural, slug=f"before-{number}")
            rename(service, plural, entry, f"after-{number}")
        with service.counting() as usage:
            assert len(pairs(service, f"?limit={20 + number}")) == 2 * (number + 1)
        counts.append(usage.statements)
    assert counts[0] == counts[1] <= 5
