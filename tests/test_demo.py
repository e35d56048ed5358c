"""The demonstration: a sample site that shows every state, and three commands that work when they are pasted."""

import json
import re
import shutil
import socket
import sqlite3
import subprocess
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from cms.app import create_app
from cms.settings import Settings
from tests.processes import PATIENCE, Client, Process, cms, comes_true, free_port
from tests.service import SECRET, Service

pytestmark = pytest.mark.process


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A folder with a demonstration that was made but not served, and the printed output."""
    folder = tmp_path_factory.mktemp("demo")
    ended = cms("demo", "--no-serve", "--port", str(free_port()), folder=folder, settings={})
    assert (ended.returncode, ended.stderr) == (0, "")
    return folder, ended.stdout


@pytest.fixture
def demo(made: tuple[Path, str]) -> Iterator[Service]:
    folder, _ = made
    service = Service(create_app(Settings(database_url=f"sqlite:///{folder}/var/demo.db", secret_key=SECRET)))
    yield service
    service.close()


def drafts(demo: Service, plural: str) -> list[dict[str, Any]]:
    answer = demo.viewer.get(f"/api/v1/manage/{plural}?limit=100").get_json()
    assert answer["page"]["next"] is None
    copies: list[dict[str, Any]] = answer["data"]
    return copies


def originals(demo: Service, plural: str) -> list[dict[str, Any]]:
    """The entries that are not translations."""
    return [each for each in drafts(demo, plural) if each["translation_of"] is None]


def test_the_sample_is_of_a_useful_size(demo: Service) -> None:
    articles = drafts(demo, "articles")
    assert len([each for each in articles if each["locale"] == "en"]) >= 8
    assert len(originals(demo, "authors")) == 3
    assert len(drafts(demo, "faqs")) >= 20
    assert drafts(demo, "tags")
    assert drafts(demo, "social-links")
    assert {each["locale"] for each in articles} == {"en", "de"}


def test_the_sample_shows_every_state_once(demo: Service) -> None:
    articles = drafts(demo, "articles")
    states = Counter(each["status"] for each in articles)
    assert (states["scheduled"], states["draft"]) == (1, 1)
    assert [each["status"] for each in articles if each["has_unpublished_changes"]] == ["published"]


def test_readers_see_what_is_published_and_no_more(demo: Service) -> None:
    for article in drafts(demo, "articles"):
        answer = demo.get(f"/api/v1/articles/{article['slug']}?locale={article['locale']}")
        assert answer.status_code == (200 if article["status"] == "published" else 404), article["slug"]


def test_the_sample_is_related(demo: Service) -> None:
    listed = demo.get("/api/v1/articles?limit=100&fields=authors,tags,faqs,related").get_json()["data"]
    for name in ("authors", "tags", "faqs", "related"):
        assert any(each[name] for each in listed), name
    articles = drafts(demo, "articles")
    assert [each for each in articles if each["locale"] == "de" and each["translation_of"]]


def test_the_site_is_ready_to_show(demo: Service) -> None:
    site = demo.get("/api/v1/site").get_json()["data"]
    assert site["name"]
    assert {each["code"] for each in site["locales"]} == {"en", "de"}


def test_a_second_one_replaces_the_first(tmp_path: Path) -> None:
    keys = []
    for _ in range(2):
        ended = cms("demo", "--no-serve", "--port", str(free_port()), folder=tmp_path, settings={})
        assert ended.returncode == 0, ended.stderr
        keys.append(printed_key(ended.stdout))
    service = Service(create_app(Settings(database_url=f"sqlite:///{tmp_path}/var/demo.db", secret_key=SECRET)))
    try:
        assert len(originals(service, "authors")) == 3
    finally:
        service.close()
    assert keys[0] != keys[1]


def test_one_that_is_still_served_is_not_replaced(tmp_path: Path) -> None:
    run = partial(cms, "demo", "--no-serve", folder=tmp_path, settings={})
    assert run().returncode == 0
    database = tmp_path / "var" / "demo.db"
    # As those who serve it have it open, between two requests.
    with closing(sqlite3.connect(database)) as connection:
        (before,) = connection.execute("SELECT count(*) FROM api_keys").fetchone()
        ended = run()
        assert (ended.returncode, ended.stdout) == (1, "")
        assert "another process is using var/demo.db" in ended.stderr
        assert connection.execute("SELECT count(*) FROM api_keys").fetchone() == (before,)
    assert run().returncode == 0


def test_it_is_made_although_a_server_uses_the_port_when_it_is_not_served(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = str(other.getsockname()[1])
        assert cms("demo", "--no-serve", "--port", port, folder=tmp_path, settings={}).returncode == 0


def test_a_port_that_is_taken_leaves_the_database_alone(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = str(other.getsockname()[1])
        ended = cms("demo", "--port", port, folder=tmp_path, settings={})
    assert ended.returncode != 0
    assert port in ended.stderr
    assert not (tmp_path / "var").exists()


def printed_key(output: str) -> str:
    found = re.search(r"\bcms_[0-9A-Za-z]{12}_[0-9A-Za-z]{49}\b", output)
    assert found is not None, output
    return found.group()


def printed_commands(output: str) -> list[str]:
    """Every printed curl command, including its continued lines."""
    return re.findall(r"^  (curl (?:.*\\\n)*.*)$", output, flags=re.MULTILINE)


def test_the_three_printed_commands_work_when_they_are_pasted(tmp_path: Path) -> None:
    port = free_port()
    demo = Process("demo", "--port", str(port), folder=tmp_path, settings={})
    try:
        assert comes_true(lambda: answers(port)), demo.output
        assert f"http://127.0.0.1:{port}" in demo.output
        page, newest, draft = [run(command) for command in printed_commands(demo.output)]
        assert page["data"]["slug"] == "save-a-book-with-a-loose-spine"
        assert page["data"]["seo"]["title"]
        assert page["data"]["faqs"]
        assert page["data"]["authors"][0]["social_links"]
        assert 1 <= len(newest["data"]) <= 3
        assert set(newest["data"][0]) == {"id", "title", "slug", "published_at"}
        assert draft["data"]["status"] == "draft"
        client = Client(port, printed_key(demo.output))
        client.get(f"/api/v1/manage/articles/{draft['data']['id']}").expect(200)
        assert demo.stop() == 0
        assert demo.members() == []
        assert "Traceback" not in demo.output
    finally:
        demo.clean_up()


def answers(port: int) -> bool:
    try:
        return Client(port).get("/readyz").status == 200
    except OSError:
        return False


def run(command: str) -> Any:
    """Paste a command into a shell. A short script replaces curl if it is not installed."""
    curl = "" if shutil.which("curl") else f"curl() {{ python3 - \"$@\" <<'END'\n{CURL}\nEND\n}}\n"
    ended = subprocess.run(
        ["bash", "-c", curl + command], capture_output=True, text=True, timeout=PATIENCE, check=False, cwd="/"
    )
    assert ended.returncode == 0, ended.stderr
    return json.loads(ended.stdout)


CURL = """
import argparse, urllib.request
parser = argparse.ArgumentParser()
parser.add_argument("-s", action="store_true")
parser.add_argument("-X")
parser.add_argument("-H", action="append", default=[])
parser.add_argument("-d")
parser.add_argument("url")
given = parser.parse_args()
headers = dict(each.split(": ", 1) for each in given.H)
body = given.d.encode() if given.d else None
request = urllib.request.Request(given.url, body, headers, method=given.X)
print(urllib.request.urlopen(request, timeout=300).read().decode())
"""
