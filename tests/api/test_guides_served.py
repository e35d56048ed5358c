"""The guides as pages: complete, linked, safe to open, and the same texts as in the repository."""

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import pytest

from cms.api.guides import address_of
from cms.app import create_app
from cms.rendering import render
from cms.settings import Settings
from tests.guides import FOLDER, GUIDES, PAPERS, ROOT, name_of, prose, text_of
from tests.service import SECRET, Service

LINK = re.compile(r"\]\(([^)\s]+)\)")
ADDRESSES = {each: address_of(each.relative_to(FOLDER).as_posix()) for each in GUIDES}


@pytest.fixture(scope="module")
def service(sqlite_template: Path) -> Iterator[Service]:
    """One service for all of these: the guides are the same whatever the database."""
    running = Service(create_app(Settings(database_url=f"sqlite:///{sqlite_template}", secret_key=SECRET)))
    yield running
    running.close()


class Page(HTMLParser):
    """The places of a page: where its links lead, what it loads, and the ids in it."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.loads: list[str] = []
        self.ids: list[str] = []
        self.has_script = False
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self.has_script = self.has_script or tag == "script"
        self.ids += [given["id"]] if "id" in given else []
        if "href" in given:
            (self.links if tag == "a" else self.loads).append(given["href"])
        self.loads += [given["src"]] if "src" in given else []


def page_at(service: Service, address: str) -> Page:
    response = service.get(address)
    assert response.status_code == 200, address
    assert response.headers["Content-Type"] == "text/html; charset=utf-8"
    return Page(response.get_data(as_text=True))


def test_the_guides_are_there() -> None:
    names = {each.stem for each in GUIDES if each.parent == FOLDER}
    assert names >= {"README", "tutorial", "editing", "delivery", "operating", "content-types", "benchmarks"}
    assert len(GUIDES) > len(names) + 8, "Where are the decisions?"


@pytest.mark.parametrize("guide", GUIDES, ids=name_of)
def test_a_guide_is_a_page_that_loads_its_style_alone(service: Service, guide: Path) -> None:
    page = page_at(service, ADDRESSES[guide])
    assert not page.has_script
    assert page.loads == ["/docs/guides/guides.css", "/docs/favicon-32x32.png"]
    assert render("markdown", text_of(guide)).toc[0].level == 1
    assert f"<title>{render('markdown', text_of(guide)).toc[0].text}</title>" in service.get(ADDRESSES[guide]).get_data(
        as_text=True
    )


@pytest.mark.parametrize("guide", GUIDES, ids=name_of)
def test_nothing_is_taken_out_of_a_guide_to_make_it_safe(guide: Path) -> None:
    without_comments = re.sub(r"<!--.*?-->", "", text_of(guide))
    removed = [each.code for each in render("markdown", without_comments).findings]
    assert [code for code in removed if code.startswith(("removed", "plain"))] == []


@pytest.mark.parametrize("guide", GUIDES, ids=name_of)
def test_every_link_of_a_page_leads_to_a_place(service: Service, guide: Path) -> None:
    page = page_at(service, ADDRESSES[guide])
    assert len(page.links) == len(LINK.findall(prose(guide))) + 2
    for link in page.links:
        if urlsplit(link).scheme:
            assert link.startswith("https://")
            continue
        address, _, fragment = urljoin(ADDRESSES[guide], link).partition("#")
        found = page_at(service, address)
        assert not fragment or fragment in found.ids, link


@pytest.mark.parametrize("paper", PAPERS, ids=name_of)
def test_every_link_works_in_the_repository_too(paper: Path) -> None:
    for link in LINK.findall(prose(paper)):
        if urlsplit(link).scheme:
            continue
        path, _, fragment = link.partition("#")
        target = (paper.parent / path).resolve() if path else paper
        assert target.is_file(), link
        assert ROOT in target.parents
        if paper in GUIDES:
            assert FOLDER in target.parents, f"{link} leads to no guide, and so nowhere on a page"
        if fragment:
            assert fragment in {anchor_of(each) for each in headings(target)}, link


def headings(paper: Path) -> list[str]:
    return re.findall(r"^#+ (.+)$", prose(paper), re.MULTILINE)


def anchor_of(heading: str) -> str:
    """The anchor of a heading as GitHub makes it."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def test_the_index_leads_to_every_guide_and_the_reference_leads_to_the_index(service: Service) -> None:
    index = page_at(service, "/docs/guides/")
    decisions = page_at(service, "/docs/guides/decisions/")
    assert {*index.links, *decisions.links} >= set(ADDRESSES.values())
    assert "/docs/guides/" in page_at(service, "/docs").links


def test_the_index_has_no_second_text(service: Service) -> None:
    assert service.get("/docs/guides").data == service.get("/docs/guides/").data


def test_a_policy_forbids_everything_but_the_style(service: Service) -> None:
    policy = service.get("/docs/guides/editing").headers["Content-Security-Policy"]
    directives = dict(each.strip().split(" ", 1) for each in policy.split(";"))
    assert directives["default-src"] == "'none'"
    assert directives["style-src"] == "'self'"
    assert directives["frame-ancestors"] == "'none'"
    assert "script-src" not in directives
    style = service.get("/docs/guides/guides.css")
    assert style.headers["Content-Type"] == "text/css; charset=utf-8"
    assert "url(" not in style.get_data(as_text=True)
    assert "@import" not in style.get_data(as_text=True)


def test_a_page_is_kept_and_revalidated(service: Service) -> None:
    first = service.get("/docs/guides/editing")
    assert "max-age=300" in first.headers["Cache-Control"]
    again = service.get("/docs/guides/editing", headers={"If-None-Match": first.headers["ETag"]})
    assert again.status_code == 304


@pytest.mark.parametrize(
    "path",
    [
        "/docs/guides/unknown",
        "/docs/guides/editing.md",
        "/docs/guides/editing/",
        "/docs/guides/decisions",
        "/docs/guides/README",
        "/docs/guides/../settings.py",
        "/docs/guides/..%2fsettings.py",
        "/docs/guides//etc/passwd",
    ],
)
def test_nothing_else_is_there(service: Service, path: str) -> None:
    response = service.get(path)
    assert response.status_code == 404
    assert response.headers["Content-Type"] == "application/problem+json"
