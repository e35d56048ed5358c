"""What API clients open says what the document says, and its requests work as they stand."""

import json
import re
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from cms.api.clients import bruno_files, http_file
from cms.api.clients.requests import readable, requests_of
from cms.api.clients.tutorial import STEPS, TITLE
from cms.app import create_app
from cms.cli import cli
from cms.settings import Settings
from tests.guides import TUTORIAL, blocks
from tests.service import SECRET, Service

JSONObject = dict[str, Any]

# Refused for what was sent, and not for how things stand.
REFUSED = {400, 401, 403, 405, 406, 413, 415, 422, 428, 500, 501}
# The operator has named nobody.
NOT_THERE = {"getSecurityContact"}


@dataclass(frozen=True)
class Sent:
    """A request of the file, its variables filled in."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: str | None


@cache
def document() -> JSONObject:
    app = create_app(Settings(database_url="sqlite:///never-opened.db", secret_key=SECRET))
    loaded: JSONObject = json.loads(json.dumps(app.extensions["cms"].document))
    return loaded


def sent(text: str, values: dict[str, str]) -> Iterator[Sent]:
    """The requests of an ``.http`` file, read by its rules: ``###`` divides, ``#`` begins a comment."""
    opening, *requests = re.split(r"(?m)^###.*\n", text)
    given = dict(re.findall(r"(?m)^@(\w+) = (.*)$", opening)) | values
    for block in requests:
        lines = [line for line in block.rstrip("\n").split("\n") if not line.startswith("#")]
        head, _, body = re.sub(r"{{(\w+)}}", lambda match: given[match[1]], "\n".join(lines)).partition("\n\n")
        first, *headers = head.split("\n")
        method, address = first.split(" ", 1)
        pairs = dict(line.split(": ", 1) for line in headers)
        yield Sent(method, address.removeprefix("http://127.0.0.1:8000"), pairs, body or None)


@pytest.fixture
def database_url(sqlite_template: Path, tmp_path: Path) -> str:
    """SQLite alone: what is sent says nothing of databases."""
    shutil.copy(sqlite_template, tmp_path / "cms.db")
    return f"sqlite:///{tmp_path / 'cms.db'}"


@pytest.fixture
def values(service: Service) -> dict[str, str]:
    """What an editor would write at the top of the file, of a site that has one of everything."""
    editor = service.admin
    types = ("articles", "faqs", "authors", "social-links", "tags")
    entries = {plural: editor.create_published(plural)["id"] for plural in types}
    timeline = editor.get(f"/api/v1/manage/articles/{entries['articles']}/publication").get_json()["data"]["timeline"]
    spare = editor.post("/api/v1/manage/keys", json={"name": "Spare", "scopes": ["content:preview"]}).get_json()
    events = editor.get("/api/v1/manage/events").get_json()["data"]
    others = {"publication": timeline[0]["id"], "keys": spare["data"]["id"], "events": events[0]["id"]}
    named = {**entries, **others}
    return {"key": str(editor.key)} | {f"{name.replace('-', '_')}_id": value for name, value in named.items()}


@pytest.mark.exhaustive
def test_every_request_of_the_http_file_works_as_it_stands(service: Service, values: dict[str, str]) -> None:
    requests = requests_of(document())
    every = list(sent(http_file(document()), values))
    assert len(every) == len(requests)
    # Reading first: what is written afterwards takes some of it away.
    together = sorted(zip(every, requests, strict=True), key=lambda pair: pair[1].method != "GET")
    for each, request in together:
        answer = service.request(each.method, each.path, data=each.body, headers=each.headers)
        told = f"{request.operation_id}: {answer.status_code} {answer.get_data(as_text=True)[:500]}"
        assert str(answer.status_code) in document()["paths"][request.path][request.method.lower()]["responses"], told
        assert answer.status_code not in REFUSED, told
        if request.method == "GET":
            assert answer.status_code == (404 if request.operation_id in NOT_THERE else 200), told


def test_no_line_of_a_body_can_be_taken_for_a_comment() -> None:
    bodies = [request.body for request in requests_of(document()) if request.body is not None]
    assert [body for body in bodies if re.search(r"(?m)^\s*(#|//)", body)] == []


def test_every_operation_has_a_request_in_the_collection() -> None:
    files = bruno_files(document())
    for request in requests_of(document()):
        text = files[f"{request.folder}/{request.name}.bru"]
        assert f"\n{request.method.lower()} {{\n  url: {{{{base_url}}}}/" in text
        for each in (*request.query, *request.headers):
            assert re.search(rf"(?m)^  ~?{re.escape(each.name)}:", text), each.name
            assert not each.description or f"| `{each.name}` | " in text


def test_names_of_files_are_safe_on_every_file_system() -> None:
    names = [path.split("/") for path in bruno_files(document())]
    assert all(re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9 .-]{0,60}[a-z]", part) for path in names for part in path)
    folded = ["/".join(path).casefold() for path in names]
    assert len(folded) == len(set(folded))


def test_the_contract_has_one_file_of_requests_beside_the_document(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert CliRunner().invoke(cli, ["openapi", "--check"]).exit_code == 1
    assert CliRunner().invoke(cli, ["openapi"]).exit_code == 0
    assert {path.name for path in (tmp_path / "openapi").iterdir()} == {"v1.json", "v1.http"}
    assert CliRunner().invoke(cli, ["openapi", "--check"]).exit_code == 0
    requests = tmp_path / "openapi" / "v1.http"
    assert requests.read_text(encoding="utf-8") == http_file(document())
    requests.write_text("")
    assert CliRunner().invoke(cli, ["openapi", "--check"]).exit_code == 1


def test_the_collection_is_written_to_a_new_folder(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "bruno"
    assert CliRunner().invoke(cli, ["bruno", str(folder)]).exit_code == 0
    written = {
        path.relative_to(folder).as_posix(): path.read_text(encoding="utf-8")
        for path in folder.rglob("*")
        if path.is_file()
    }
    assert written == bruno_files(document())
    refused = CliRunner().invoke(cli, ["bruno", str(folder)])
    assert refused.exit_code == 1
    assert "not empty" in refused.output


@pytest.mark.parametrize(
    ("operation_id", "name"),
    [
        ("createArticle", "Create article"),
        ("listManagedFAQs", "List managed FAQs"),
        ("getArticlesRSS", "Get articles RSS"),
        ("getLLMs", "Get LLMs"),
        ("createFAQPreviewToken", "Create FAQ preview token"),
        ("whoami", "Whoami"),
    ],
)
def test_operations_are_named_in_words(operation_id: str, name: str) -> None:
    assert readable(operation_id) == name


def test_the_walk_is_the_one_of_the_guide() -> None:
    commands = "".join(blocks(TUTORIAL))
    written = [json.loads(each) for each in re.findall(r"-d '({.*?})'", commands, re.DOTALL)]
    assert len(written) == 8
    walked = [step.body for step in STEPS if step.body is not None]
    assert walked[: len(written)] == written


def test_every_step_of_the_walk_is_an_operation_that_can_answer_so() -> None:
    answers = {
        operation["operationId"]: operation["responses"]
        for operations in document()["paths"].values()
        for operation in operations.values()
    }
    for step in STEPS:
        assert str(step.status) in answers[step.operation_id], step.name
    folder = [path for path in bruno_files(document()) if path.startswith(f"{TITLE}/")]
    assert len(folder) == len(STEPS) + 1


def test_a_key_is_asked_for_where_one_is_needed_and_stands_nowhere() -> None:
    files = bruno_files(document())
    for request in requests_of(document()):
        needed = "auth: none" if request.is_public else "auth: inherit"
        assert needed in files[f"{request.folder}/{request.name}.bru"]
    assert files["environments/Local.bru"].endswith("vars:secret [\n  key\n]\n")
    files["v1.http"] = http_file(document())
    assert [path for path, text in files.items() if re.search(r"cms_[0-9A-Za-z]{12}_", text)] == []
