"""Every setting, command, code, event and header has a line in a guide; tables made from the code are up to date."""

import ast
import re
from collections.abc import Iterator
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import pytest
from werkzeug.test import TestResponse

from cms.api.problem_types import FAULTS, PROBLEMS, WARNINGS
from cms.app import create_app
from cms.cli import cli
from cms.content.editing.audit import ACTIONS
from cms.keys import ROLES, SCOPES
from cms.settings import Settings
from tests.guide_tables import REGION, REGIONS, commands, with_tables
from tests.guides import GUIDES, OPERATING, REFERENCE, ROOT, name_of, text_of
from tests.service import SECRET, Service

HEADER = re.compile(r"[A-Z][a-z]+(-[A-Z][A-Za-z]*)+|X-[A-Za-z-]+|CDN-[A-Za-z-]+|WWW-[A-Za-z-]+")

OF_DEPRECATION = {"Deprecation", "Sunset"}
"""What only answers of something deprecated have; nothing is deprecated today."""


@pytest.mark.parametrize("guide", GUIDES, ids=name_of)
def test_what_a_guide_takes_from_the_code_is_what_the_code_says(guide: Path) -> None:
    assert with_tables(text_of(guide)) == text_of(guide), "run: make openapi"


def test_every_table_that_is_made_stands_in_one_guide() -> None:
    named = [found[2] for guide in GUIDES for found in REGION.finditer(text_of(guide))]
    assert sorted(each for each in named if each in REGIONS) == sorted(REGIONS)
    assert all((ROOT / each).is_file() for each in named if each not in REGIONS)
    markers = sum(text_of(guide).count(marker) for guide in GUIDES for marker in ("<!-- made", "<!-- end"))
    assert markers == 2 * len(named)


def rows(guide: Path, heading: str) -> dict[str, list[str]]:
    """The rows of the tables below a heading, by the code in their first cell; the other cells in their order."""
    text = text_of(guide)
    level = len(heading.split()[0])
    chapter = re.split(rf"(?m)^#{{1,{level}}} ", text.split(f"\n{heading}\n", 1)[1])[0]
    found = {}
    for line in re.findall(r"(?m)^\| (`.+) \|$", chapter):
        first, *others = re.split(r" (?<!\\)\| ?", line)
        found[first.strip("` ")] = [each.strip() for each in others]
    return found


def assert_described(documented: dict[str, list[str]], words: set[str]) -> None:
    assert set(documented) == words
    assert [word for word, cells in documented.items() if not any(re.search(r"\w{2}", each) for each in cells)] == []


def test_every_setting_has_a_line() -> None:
    assert_described(rows(OPERATING, "## Settings"), {each.metadata["variable"] for each in fields(Settings)})


def test_every_command_has_a_line() -> None:
    assert_described(rows(OPERATING, "## Commands"), {words for words, _ in commands(cli, "cms")})


def test_every_scope_has_a_line_and_every_role_a_column() -> None:
    assert_described(rows(REFERENCE, "## Scopes and roles"), set(SCOPES))
    assert [role for role in ROLES if f"| `{role}` |" not in text_of(REFERENCE)] == []


def test_every_code_has_a_line() -> None:
    assert_described(rows(REFERENCE, "## Problems"), {*PROBLEMS, *FAULTS, *WARNINGS})


def test_every_event_action_has_a_line() -> None:
    assert_described(rows(REFERENCE, "## Events"), set(ACTIONS))


def operations(document: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for path in document["paths"].values():
        yield from path.values()


def test_every_header_of_the_document_has_a_line(sqlite_template: Path) -> None:
    app = create_app(Settings(database_url=f"sqlite:///{sqlite_template}", secret_key=SECRET))
    document = app.extensions["cms"].document
    answers = [answer for each in operations(document) for answer in each["responses"].values()]
    sent = {name for answer in answers for name in answer.get("headers", ())}
    asked = {each["name"] for one in operations(document) for each in one["parameters"] if each["in"] == "header"}
    assert sent >= {"ETag", "Location", "X-Request-Id"}
    assert asked >= {"If-Match", "Idempotency-Key"}
    assert sent - set(rows(REFERENCE, "## Response headers")) == set()
    assert asked - set(rows(REFERENCE, "## Request headers")) == set()


def test_every_header_that_the_code_names_has_a_line() -> None:
    """Whatever looks like the name of a header in the code of the edge."""
    never_sent = {"Content-Location", "Content-Range"}
    named = set()
    for path in [ROOT / "cms" / "app.py", *(ROOT / "cms" / "api").rglob("*.py")]:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and HEADER.fullmatch(node.value):
                named.add(node.value)
    assert named >= {"Cache-Tag", "If-Match", "X-Request-Id"}
    known = {*rows(REFERENCE, "## Response headers"), *rows(REFERENCE, "## Request headers")}
    assert named - known - never_sent == set()


def test_every_header_that_is_sent_has_a_line_and_every_line_is_sent(sqlite_url: str, tmp_path: Path) -> None:
    settings = Settings(database_url=sqlite_url, secret_key=SECRET)
    # Server-Timing is sent in development alone, and Retry-After where the database is away.
    services = [
        Service(create_app(each))
        for each in (
            settings,
            replace(settings, development=True),
            replace(settings, database_url=f"sqlite:///{tmp_path}/nowhere/cms.db"),
        )
    ]
    running, in_development, without_database = services
    seen = [*tour(running), in_development.get("/readyz"), without_database.get("/readyz")]
    for each in services:
        each.close()
    assert [response.status_code for response in seen][-2:] == [200, 503]
    sent = {name for response in seen for name, _ in response.headers}
    assert sent | OF_DEPRECATION == set(rows(REFERENCE, "## Response headers"))
    assert sent & OF_DEPRECATION == set()


def tour(service: Service) -> Iterator[TestResponse]:
    """Answers of every kind, by the special feature of their headers."""
    editor, once = service.editor, {"Idempotency-Key": "once"}
    article = editor.create_published("articles", slug="first", body="A text of some length. " * 100)
    yield service.get("/api/v1/articles/first", headers={"Accept-Encoding": "br"})
    editor.change("articles", article, slug="second")
    editor.publish("articles", article)
    editor.create_published("articles")
    yield service.get("/api/v1/articles/first")
    yield service.get("/api/v1/articles?limit=1")
    yield service.request("OPTIONS", "/api/v1/articles")
    yield service.request("OPTIONS", f"/api/v1/manage/articles/{article['id']}")
    yield service.get("/api/v1/manage/articles")
    yield editor.post("/api/v1/manage/tags", json={"name": "Repeated"}, headers=once)
    yield editor.post("/api/v1/manage/tags", json={"name": "Repeated"}, headers=once)
    yield editor.post("/api/v1/manage/tags", data="name", content_type="text/plain")
    yield editor.post("/api/v1/manage/tags", json={}, headers={"Content-Encoding": "gzip"})
    yield editor.patch(f"/api/v1/manage/articles/{article['id']}", data="x", content_type="text/plain", if_match="*")
    yield service.request("DELETE", "/api/v1/articles")
    yield editor.get("/api/v1/preview/articles")
    yield service.get("/docs")
