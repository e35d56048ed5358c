"""What linters of other people say of the committed document."""

import json
import re

import pytest

from tests.judges.typescript import DOCUMENT, HERE, LOCK, run

pytestmark = pytest.mark.process


@pytest.mark.usefixtures("tools")
def test_redocly_finds_nothing() -> None:
    done = run("redocly", "lint", "--extends", "recommended-strict", DOCUMENT)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Your API description is valid" in done.stderr
    assert "warning" not in done.stderr


@pytest.mark.usefixtures("tools")
def test_spectral_finds_nothing() -> None:
    done = run("spectral", "lint", "--ruleset", HERE / "spectral.yaml", "--fail-severity", "hint", DOCUMENT)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "No results" in done.stdout


def test_the_lock_file_names_no_registry_but_the_public_one() -> None:
    lock = json.loads(LOCK.read_bytes())
    packages = {name: each for name, each in lock["packages"].items() if name}
    assert packages
    addresses = [each["resolved"] for each in packages.values() if "resolved" in each]
    assert [each for each in addresses if not each.startswith("https://registry.npmjs.org/")] == []
    assert [name for name, each in packages.items() if not each.get("integrity", "").startswith("sha512-")] == []


def test_the_tools_are_named_by_exact_versions_or_by_one_major() -> None:
    wanted = json.loads((HERE / "package.json").read_bytes())["devDependencies"]
    assert [name for name, version in wanted.items() if not re.fullmatch(r"\d+\.\d+\.\d+|\^\d+(\.\d+)?", version)] == []
