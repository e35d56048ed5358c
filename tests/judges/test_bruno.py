"""The Bruno collection as Bruno reads it, and its walk as Bruno's command line takes it."""

import json
import re
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

from cms.api.clients.tutorial import STEPS, TITLE
from cms.cli import cli
from tests.judges.typescript import HERE, run, run_script
from tests.processes import new_key, serving, variables

pytestmark = [pytest.mark.process, pytest.mark.usefixtures("tools")]


@pytest.fixture
def collection(tmp_path: Path) -> Path:
    """The collection as the command builds it."""
    folder = tmp_path / "bruno"
    assert CliRunner().invoke(cli, ["bruno", str(folder)]).exit_code == 0
    return folder


def test_every_file_is_as_bruno_would_save_it(collection: Path) -> None:
    done = run_script(HERE / "bruno.mjs", str(collection))
    assert done.returncode == 0, done.stderr
    saved: dict[str, str] = json.loads(done.stdout)
    files = {str(path.relative_to(collection)): path.read_text(encoding="utf-8") for path in collection.rglob("*.bru")}
    assert saved.keys() == files.keys()
    # Bruno leaves spaces at the end of a line that has no value.
    assert [path for path, text in saved.items() if re.sub(r"(?m) +$", "", text) != files[path]] == []


def test_the_walk_passes_against_a_fresh_server(collection: Path, sqlite_url: str, tmp_path: Path) -> None:
    # The runner reads the whole collection before it begins; the other folders are read by the test above.
    for folder in collection.iterdir():
        if folder.is_dir() and folder.name not in (TITLE, "environments"):
            shutil.rmtree(folder)
    settings = variables(sqlite_url)
    key, report = new_key(sqlite_url), tmp_path / "report.json"
    with serving(folder=tmp_path, settings=settings) as server:
        environment = ("base_url", f"http://127.0.0.1:{server.port}"), ("key", key)
        given = [part for name, value in environment for part in ("--env-var", f"{name}={value}")]
        done = run("bru", "run", TITLE, "--env", "Local", *given, "--reporter-json", report, folder=collection)
    assert done.returncode == 0, done.stdout[-5000:] + done.stderr
    (iteration,) = json.loads(report.read_bytes())
    assert len(iteration["results"]) == len(STEPS)
    for result, step in zip(iteration["results"], STEPS, strict=True):
        passed = [each["description"] for each in result["testResults"] if each["status"] == "pass"]
        assert passed == [f"answers {step.status}", *step.claims], step.name
