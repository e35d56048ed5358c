"""The reference for people: complete, served from this host alone, and the only HTML there is."""

from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest
from werkzeug.test import TestResponse

from cms.api.problem_types import PROBLEMS
from cms.settings import Settings
from tests.applications import serve
from tests.service import SECRET, Service

LOADING = {
    "script": ("src",),
    "link": ("href",),
    "img": ("src", "srcset"),
    "iframe": ("src", "srcdoc"),
    "source": ("src", "srcset"),
    "video": ("src", "poster"),
    "audio": ("src",),
    "object": ("data",),
    "embed": ("src",),
    "form": ("action",),
    "base": ("href",),
    "meta": ("http-equiv",),
}


@pytest.fixture(scope="module")
def service(sqlite_template: Path) -> Iterator[Service]:
    """One service for all of these: the reference is the same whatever the database."""
    running = serve(Settings(database_url=f"sqlite:///{sqlite_template}", secret_key=SECRET))
    yield running
    running.close()


class Page(HTMLParser):
    """What a page loads, and where its links lead."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.loads: list[str] = []
        self.links: list[str] = []
        self.inline_scripts = 0
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self.loads += [given[name] for name in LOADING.get(tag, ()) if name in given]
        self.inline_scripts += tag == "script" and "src" not in given
        if tag == "a" and "href" in given:
            self.links.append(given["href"])


def page_of(response: TestResponse) -> Page:
    """The page of an answer that is one."""
    assert response.status_code == 200, response.get_data(as_text=True)
    assert response.headers["Content-Type"] == "text/html; charset=utf-8"
    return Page(response.get_data(as_text=True))


def is_of_this_host(address: str) -> bool:
    return address.startswith("/") and not address.startswith("//")


def test_the_reference_loads_its_files_from_this_host(service: Service) -> None:
    page = page_of(service.get("/docs"))
    assert page.inline_scripts == 0
    assert len(page.loads) >= 3
    for address in page.loads:
        assert is_of_this_host(address), address
        answer = service.get(address)
        assert answer.status_code == 200, address
        kind = answer.headers["Content-Type"].split(";")[0]
        assert kind == {"css": "text/css", "js": "text/javascript", "png": "image/png"}[address.rsplit(".")[-1]]
        assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_the_reference_shows_the_document_of_this_service(service: Service) -> None:
    start = service.get("/docs/start.js").get_data(as_text=True)
    assert 'url: "/api/v1/openapi.json"' in start
    assert "validatorUrl: null" in start, "Swagger UI would send the document to a validator elsewhere."
    assert "http" not in start


def test_the_style_sheet_loads_nothing_from_elsewhere(service: Service) -> None:
    text = service.get("/docs/swagger-ui.css").get_data(as_text=True)
    assert "@import" not in text
    assert "url(http" not in text
    assert "url(//" not in text


def test_a_policy_forbids_everything_from_elsewhere(service: Service) -> None:
    for path in ("/docs", "/docs/problems/", "/docs/problems/not-found"):
        policy = service.get(path).headers["Content-Security-Policy"]
        directives = {name: values for name, *values in (each.split() for each in policy.split(";") if each.strip())}
        assert directives["default-src"] == ["'none'"], path
        sources = {value for values in directives.values() for value in values}
        assert sources <= {"'none'", "'self'", "'unsafe-inline'", "data:"}, path
        assert "'unsafe-inline'" not in directives["script-src"], path
        assert directives.get("frame-ancestors") == ["'none'"], f"{path} can be framed by any site"


@pytest.mark.parametrize("code", PROBLEMS)
def test_the_address_of_a_problem_describes_it(service: Service, code: str) -> None:
    response = service.get(f"/docs/problems/{code}")
    page = page_of(response)
    assert page.loads == []
    assert all(is_of_this_host(each) for each in page.links)
    text = response.get_data(as_text=True)
    assert PROBLEMS[code].title in text
    assert code in text
    assert str(PROBLEMS[code].status) in text


def test_the_list_of_problems_leads_to_each(service: Service) -> None:
    assert page_of(service.get("/docs/problems/")).links == [f"/docs/problems/{code}" for code in PROBLEMS]


def test_a_problem_names_an_address_that_answers(service: Service) -> None:
    named = service.get("/api/v1/articles/nothing").get_json()["type"]
    assert page_of(service.get(named.removeprefix("http://127.0.0.1:8000"))).loads == []


@pytest.mark.parametrize(
    "path",
    [
        "/swagger.json",
        "/swagger.yaml",
        "/swaggerui/swagger-ui.css",
        "/swaggerui/",
        "/docs/",
        "/docs/index.html",
        "/docs/problems/unknown",
        "/docs/..%2f..%2fetc%2fpasswd",
        "/docs/swagger-initializer.js",
        "/static/cms.css",
    ],
)
def test_what_a_library_would_serve_beside_is_not_there(service: Service, path: str) -> None:
    response = service.get(path)
    assert response.status_code == 404
    assert response.headers["Content-Type"] == "application/problem+json"
    assert response.get_json()["type"].endswith("/docs/problems/not-found")
