"""Sitemaps, llms.txt, robots.txt and security.txt over HTTP."""

from dataclasses import replace
from datetime import timedelta
from typing import Any
from xml.etree import ElementTree

import pytest

from cms import clock
from cms.api.feeds import sitemaps
from cms.feeds import sitemap
from cms.identifiers import NOBODY
from tests.applications import serve
from tests.service import Service

HOUR = timedelta(hours=1)
ADDRESS = "https://harbour-and-reed.example"
SITE: dict[str, Any] = {
    "name": "Harbour & Reed",
    "tagline": "Books mended by hand",
    "base_url": ADDRESS,
    "locales": [{"code": "en", "fallback": None}, {"code": "de", "fallback": "en"}],
}
OWN = [f"{ADDRESS}{path}" for path in ("/", "/blog", "/faq", "/authors", "/tags")]
NAME = "{http://www.sitemaps.org/schemas/sitemap/0.9}"
LINK = "{http://www.w3.org/1999/xhtml}link"


@pytest.fixture
def site(service: Service) -> Service:
    """A service whose site has a name, an address and two languages."""
    configure(service)
    return service


def configure(service: Service, **changes: Any) -> None:
    response = service.admin.put("/api/v1/manage/site", json=SITE | changes, if_match="*")
    assert response.status_code == 200, response.get_data(as_text=True)


def read(service: Service, path: str = "/sitemap.xml") -> ElementTree.Element:
    response = service.get(path)
    assert response.status_code == 200, response.get_data(as_text=True)
    assert response.content_type == "application/xml; charset=utf-8"
    return ElementTree.fromstring(response.get_data())


def urls(service: Service, path: str = "/sitemap.xml") -> list[str]:
    """The addresses of a sitemap in their order."""
    document = read(service, path)
    assert document.tag == f"{NAME}urlset"
    return [str(each.findtext(f"{NAME}loc")) for each in document]


def entries(service: Service) -> list[str]:
    """Those that are no page of the site's own."""
    found = urls(service)
    assert found[: len(OWN)] == OWN
    return found[len(OWN) :]


def files(service: Service) -> list[str]:
    """The paths of the index's files."""
    document = read(service)
    assert document.tag == f"{NAME}sitemapindex"
    found = [str(each.findtext(f"{NAME}loc")) for each in document]
    assert all(each.startswith("http://127.0.0.1:8000/sitemaps/") for each in found)
    return [each.removeprefix("http://127.0.0.1:8000") for each in found]


def test_every_type_with_pages_of_its_own_is_listed_and_no_other(site: Service) -> None:
    editor = site.editor
    editor.create_published("articles", slug="morning")
    editor.create_published("faqs", slug="drying")  # At a place within a page, /faq#drying.
    editor.create_published("authors", slug="orla")
    editor.create_published("social-links")
    editor.create_published("tags", slug="repair")
    assert entries(site) == [f"{ADDRESS}/blog/morning", f"{ADDRESS}/authors/orla", f"{ADDRESS}/tags/repair"]
    configure(site, url_patterns={"faq": "/faq/{slug}", "tag": None, "author": "/team"})
    assert entries(site) == [f"{ADDRESS}/blog/morning", f"{ADDRESS}/faq/drying"]


def test_nothing_but_what_is_live_is_listed(site: Service) -> None:
    editor, now = site.editor, clock.now()
    editor.change("articles", editor.create_published("articles", slug="live"), slug="draft-of-live")
    editor.create("articles", slug="draft")
    editor.publish("articles", editor.create("articles", slug="planned"), live_from=clock.to_wire(now + HOUR))
    editor.publish("articles", editor.create("articles", slug="ending"), live_until=clock.to_wire(now + HOUR))
    editor.unpublish("articles", editor.create_published("articles", slug="unpublished"))
    editor.trash("articles", editor.create_published("articles", slug="trashed"))
    assert entries(site) == [f"{ADDRESS}/blog/live", f"{ADDRESS}/blog/ending"]
    with clock.moved(2 * HOUR):
        assert entries(site) == [f"{ADDRESS}/blog/live", f"{ADDRESS}/blog/planned"]


def test_what_search_engines_are_not_to_list_is_not_listed(site: Service) -> None:
    editor = site.editor
    editor.create_published("articles", slug="listed", seo={"title": "Another title"})
    editor.create_published("articles", slug="hidden", seo={"noindex": True})
    editor.create_published("articles", slug="copy", seo={"canonical_url": "https://elsewhere.example/original"})
    editor.create_published("articles", slug="itself", seo={"canonical_url": f"{ADDRESS}/blog/itself"})
    assert entries(site) == [f"{ADDRESS}/blog/listed", f"{ADDRESS}/blog/itself"]


def test_a_language_that_the_site_no_longer_has_is_not_listed(site: Service) -> None:
    site.editor.create_published("articles", slug="morgen", locale="de")
    configure(site, locales=SITE["locales"][:1])
    assert entries(site) == []


def test_the_date_is_that_of_the_last_change_that_went_live(site: Service) -> None:
    def date() -> str | None:
        return read(site)[len(OWN)].findtext(f"{NAME}lastmod")

    article = site.editor.create_published("articles")
    before = date()
    with clock.moved(HOUR):
        site.editor.change("articles", article, title="Evening")
        assert date() == before
        site.editor.publish("articles", article)
        (delivered,) = site.get("/api/v1/articles").get_json()["data"]
        assert date() == delivered["updated_at"] != before


def alternates(service: Service) -> dict[str, dict[str, str]]:
    """For each address the addresses of its languages."""
    return {
        str(url.findtext(f"{NAME}loc")): {
            str(link.get("hreflang")): str(link.get("href")) for link in url.findall(LINK)
        }
        for url in read(service)
    }


def test_translations_name_each_other_and_themselves(site: Service) -> None:
    morning = site.editor.create_published("articles", slug="morning")
    site.editor.create_published("articles", slug="morgen", locale="de", translation_of=morning["id"])
    site.editor.create_published("articles", slug="alone")
    english, german = f"{ADDRESS}/blog/morning", f"{ADDRESS}/blog/morgen"
    found = alternates(site)
    assert found[english] == found[german] == {"de": german, "en": english, "x-default": english}
    assert found[f"{ADDRESS}/blog/alone"] == {}
    for address, named in found.items():
        for other in named.values():
            assert address in found[other].values()


def test_a_translation_that_is_not_listed_is_not_named(site: Service) -> None:
    morning = site.editor.create_published("articles", slug="morning")
    german = {"locale": "de", "translation_of": morning["id"]}
    site.editor.create_published("articles", slug="morgen", seo={"noindex": True}, **german)
    assert alternates(site)[f"{ADDRESS}/blog/morning"] == {}


def test_languages_name_each_other_across_batches(site: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sitemaps, "BATCH", 1)
    morning = site.editor.create_published("articles", slug="morning")
    site.editor.create_published("articles", slug="between")
    site.editor.create_published("articles", slug="morgen", locale="de", translation_of=morning["id"])
    found = alternates(site)
    assert found[f"{ADDRESS}/blog/morning"] == found[f"{ADDRESS}/blog/morgen"] != {}


def test_as_many_as_a_file_holds_are_one_file_and_one_more_is_an_index(
    site: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sitemap, "URLS_AT_MOST", len(OWN) + 2)
    made = [site.editor.create_published("articles", slug=f"article-{number}") for number in range(2)]
    assert len(entries(site)) == 2
    made.append(site.editor.create_published("articles", slug="article-2"))
    assert files(site) == ["/sitemaps/pages.xml", f"/sitemaps/{made[0]['id']}.xml"]
    assert urls(site, "/sitemaps/pages.xml") == OWN
    assert urls(site, f"/sitemaps/{made[0]['id']}.xml") == [f"{ADDRESS}/blog/article-{number}" for number in range(3)]


def test_the_files_of_an_index_list_each_page_once_and_in_order(site: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sitemap, "URLS_AT_MOST", 2)
    made = [site.editor.create_published("articles", slug=f"article-{number}") for number in range(5)]
    site.editor.create_published("social-links")
    parts = files(site)[1:]
    assert parts == [f"/sitemaps/{made[number]['id']}.xml" for number in (0, 2, 4)]
    listed = [url for path in parts for url in urls(site, path)]
    assert listed == [f"{ADDRESS}/blog/article-{number}" for number in range(5)]
    changed = [each.findtext(f"{NAME}lastmod") for each in read(site)][1:]
    dates = {each["slug"]: each["updated_at"] for each in site.get("/api/v1/articles").get_json()["data"]}
    assert changed == [dates[f"article-{number}"] for number in (1, 3, 4)]


def test_what_is_hidden_takes_its_place_but_is_not_in_the_file(site: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sitemap, "URLS_AT_MOST", 2)
    made = [
        site.editor.create_published("articles", slug=f"article-{number}", seo={"noindex": number == 1})
        for number in range(4)
    ]
    parts = files(site)[1:]
    assert parts == [f"/sitemaps/{made[number]['id']}.xml" for number in (0, 2)]
    assert [len(urls(site, path)) for path in parts] == [1, 2]


def test_a_file_whose_first_entry_is_gone_begins_with_the_next(site: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sitemap, "URLS_AT_MOST", 2)
    made = [site.editor.create_published("articles", slug=f"article-{number}") for number in range(4)]
    (_, first, _) = files(site)
    site.editor.unpublish("articles", made[0])
    assert urls(site, first) == [f"{ADDRESS}/blog/article-1", f"{ADDRESS}/blog/article-2"]


@pytest.mark.parametrize(
    "name", ["ffffffff-ffff-ffff-ffff-ffffffffffff", "1", "PAGES", "0199C0DE-0000-7000-8000-00000000000A"]
)
def test_a_file_that_would_have_nothing_is_not_found(site: Service, name: str) -> None:
    site.editor.create_published("articles")
    response = site.get(f"/sitemaps/{name}.xml")
    assert response.status_code == 404
    assert response.content_type == "application/problem+json"


@pytest.mark.parametrize("batch", [1, 2, 3, 7, 100])
def test_the_size_of_a_batch_makes_no_difference(site: Service, monkeypatch: pytest.MonkeyPatch, batch: int) -> None:
    for number in range(7):
        site.editor.create_published("articles", slug=f"article-{number}")
    monkeypatch.setattr(sitemaps, "BATCH", batch)
    assert entries(site) == [f"{ADDRESS}/blog/article-{number}" for number in range(7)]


def test_a_batch_takes_two_statements_and_a_sitemap_is_read_as_it_is_sent(
    site: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(6):
        site.editor.create_published("articles")
    monkeypatch.setattr(sitemaps, "BATCH", 2)
    monkeypatch.setattr(sitemap, "URLS_PER_CHUNK", 1)
    with site.counting() as measured:
        response = site.get("/sitemap.xml", buffered=False)
        chunks = iter(response.response)
        seen = [measured.statements for _ in chunks]
    before, after = seen[0], seen[-1]
    # Each chunk is one page: the statements grow as the pages are taken, and by two for each batch of two.
    assert after - before == 3 * 2
    assert len(set(seen)) == 4
    # The time and the settings, the state of all that is live, how many there are.
    assert before == 3


def test_a_sitemap_in_one_language_asks_for_no_other(site: Service) -> None:
    configure(site, locales=SITE["locales"][:1])
    site.editor.create_published("articles")
    with site.counting() as measured:
        assert len(entries(site)) == 1
    assert measured.statements == 4


def test_a_write_while_a_sitemap_is_sent_loses_nothing_that_was_live(
    site: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sitemaps, "BATCH", 1)
    monkeypatch.setattr(sitemap, "URLS_PER_CHUNK", 1)
    made = [site.editor.create_published("articles", slug=f"article-{number}") for number in range(3)]
    chunks = site.get("/sitemap.xml", buffered=False).iter_encoded()
    content = next(chunks)
    with clock.moved(timedelta(seconds=1)):
        site.editor.change("articles", made[2], slug="renamed")
        site.editor.publish("articles", made[2])
        content = b"".join([content, *chunks])
    assert [str(each.findtext(f"{NAME}loc")) for each in ElementTree.fromstring(content)][len(OWN) :] == [
        f"{ADDRESS}/blog/article-{number}" for number in range(3)
    ]


def test_a_sitemap_is_revalidated_without_being_read(site: Service) -> None:
    article = site.editor.create("articles")
    now = clock.now()
    tag = site.get("/sitemap.xml").headers["ETag"]
    assert tag.startswith('W/"')
    same = {"If-None-Match": f'"other", {tag}'}
    with site.counting() as measured:
        response = site.get("/sitemap.xml", headers=same)
    assert (response.status_code, response.get_data()) == (304, b"")
    assert response.headers["ETag"] == tag
    assert measured.statements == 2
    site.editor.change("articles", article, title="Still a draft")
    assert site.get("/sitemap.xml", headers=same).status_code == 304
    site.editor.publish("articles", article, live_from=clock.to_wire(now + HOUR))
    # That something is planned changes nothing, and is nobody's business.
    assert site.get("/sitemap.xml", headers=same).status_code == 304
    with clock.moved(2 * HOUR):
        assert site.get("/sitemap.xml", headers=same).status_code == 200
    same = {"If-None-Match": site.get("/sitemap.xml").headers["ETag"]}
    # Nor does it tell of settings that nobody is told.
    configure(site, words_per_minute=237, publish_blockers=["missing_alt"])
    assert site.get("/sitemap.xml", headers=same).status_code == 304
    configure(site, name="Another name")
    assert site.get("/sitemap.xml", headers=same).status_code == 200
    gone, other = site.editor.create_published("articles"), site.editor.create_published("articles")
    for entry in (gone, site.editor.create("articles")):
        same = {"If-None-Match": site.get("/sitemap.xml").headers["ETag"]}
        site.editor.trash("articles", entry, purge="true")
        assert site.get("/sitemap.xml", headers=same).status_code == (200 if entry is gone else 304)
    assert f"/{other['slug']}<" in site.get("/sitemap.xml").get_data(as_text=True)


def test_a_sitemap_is_revalidated_by_who_takes_it_compressed(site: Service) -> None:
    compressed = {"Accept-Encoding": "gzip"}
    first = site.get("/sitemap.xml", headers=compressed)
    tag = first.headers["ETag"]
    assert (first.headers["Content-Encoding"], tag[-6:]) == ("gzip", '-gzip"')
    for given, kept in ((tag, tag), (f'"other", {tag}', tag), ("*", tag)):
        response = site.get("/sitemap.xml", headers=compressed | {"If-None-Match": given})
        assert (response.status_code, response.get_data(), response.headers.get("ETag")) == (304, b"", kept), given
    plain = site.get("/sitemap.xml").headers["ETag"]
    assert plain != tag
    for given, kept in ((plain, plain), (tag, tag), ("*", plain)):
        response = site.get("/sitemap.xml", headers={"If-None-Match": given})
        assert (response.status_code, response.headers.get("ETag")) == (304, kept), given
    service_tag = tag.replace('-gzip"', '-other"')
    assert site.get("/sitemap.xml", headers=compressed | {"If-None-Match": service_tag}).status_code == 200


def test_a_planned_change_ends_how_long_a_sitemap_is_kept(site: Service) -> None:
    soon = clock.to_wire(clock.now() + timedelta(seconds=30))
    site.editor.publish("articles", site.editor.create("articles"), live_from=soon)
    lifetime = site.get("/sitemap.xml").headers["Cache-Control"].split(", ")[1]
    assert 0 <= int(lifetime.removeprefix("max-age=")) <= 30


def test_head_of_a_sitemap_reads_nothing_of_it(site: Service) -> None:
    site.editor.create_published("articles")
    with site.counting() as measured:
        response = site.request("HEAD", "/sitemap.xml")
    assert (response.status_code, response.get_data()) == (200, b"")
    assert response.headers["ETag"] == site.get("/sitemap.xml").headers["ETag"]
    assert measured.statements <= 3


def test_a_sitemap_takes_no_parameters(site: Service) -> None:
    for path in ("/sitemap.xml", "/sitemaps/pages.xml", f"/sitemaps/{NOBODY}.xml", "/llms.txt", "/robots.txt"):
        response = site.get(f"{path}?page=1")
        assert response.status_code == 400, path
        assert response.get_json(force=True)["errors"][0]["code"] == "unknown_parameter"


def test_llms_txt_names_the_newest_articles_by_tag(site: Service) -> None:
    editor = site.editor
    tag = editor.create_published("tags", name="Repair")
    other = editor.create_published("tags", name="Paper")
    editor.create_published("articles", title="Loose spine", summary="Glue.", tags=[tag["id"], other["id"]])
    editor.create_published("articles", title="Untagged", slug="untagged")
    editor.create_published("articles", title="Hidden", seo={"noindex": True})
    editor.create("articles", title="Draft")
    editor.create_published("authors", name="Orla Wrenmoor", job_title="Bookbinder")
    response = site.get("/llms.txt")
    assert response.content_type == "text/plain; charset=utf-8"
    text = response.get_data(as_text=True)
    assert text.startswith("# Harbour & Reed\n\n> Books mended by hand\n\n")
    assert f"\n## Articles\n\n- [Untagged]({ADDRESS}/blog/untagged)\n" in text
    assert f"\n## Repair\n\n- [Loose spine]({ADDRESS}/blog/loose-spine): Glue.\n" in text
    assert f"\n## Authors\n\n- [Orla Wrenmoor]({ADDRESS}/authors/orla-wrenmoor): Bookbinder\n" in text
    assert "Hidden" not in text
    assert "Draft" not in text
    sections = [line for line in text.splitlines() if line.startswith("## ")]
    assert sections == ["## Articles", "## Repair", "## Authors", "## API", "## Optional"]
    same = {"If-None-Match": response.headers["ETag"]}
    assert site.get("/llms.txt", headers=same).status_code == 304


def test_every_address_of_this_service_in_llms_txt_answers(site: Service) -> None:
    text = site.get("/llms.txt").get_data(as_text=True)
    paths = [part.split(")")[0] for part in text.split("(http://127.0.0.1:8000")[1:]]
    assert len(paths) >= 6
    for path in paths:
        assert site.get(path).status_code == 200, path


def test_robots_txt_keeps_crawlers_out_of_management_and_preview(site: Service) -> None:
    response = site.get("/robots.txt")
    assert response.content_type == "text/plain; charset=utf-8"
    lines = response.get_data(as_text=True).splitlines()
    assert {"Disallow: /api/v1/manage", "Disallow: /api/v1/preview"} <= set(lines)
    assert "Sitemap: http://127.0.0.1:8000/sitemap.xml" in lines
    assert site.get("/robots.txt", headers={"If-None-Match": response.headers["ETag"]}).status_code == 304


def test_the_contacts_of_the_settings_make_security_txt(service: Service) -> None:
    contacts = ("mailto:security@harbour.example", "https://harbour.example/report")
    named = serve(replace(service.services.settings, security_contact=contacts))
    try:
        response = named.get("/.well-known/security.txt")
        same = {"If-None-Match": response.headers["ETag"]}
        assert named.get("/.well-known/security.txt", headers=same).status_code == 304
    finally:
        named.close()
    assert response.status_code == 200
    assert response.content_type == "text/plain; charset=utf-8"
    lines = response.get_data(as_text=True).splitlines()
    assert [line for line in lines if line.startswith("Contact: ")] == [f"Contact: {each}" for each in contacts]
    assert "Canonical: http://127.0.0.1:8000/.well-known/security.txt" in lines
    assert response.headers["Access-Control-Allow-Origin"] == "*"


def test_without_a_contact_there_is_no_security_txt(site: Service) -> None:
    response = site.get("/.well-known/security.txt")
    assert response.status_code == 404
    assert response.content_type == "application/problem+json"
