"""An installed package is complete: it can migrate, and it has the sample site and the registry of platforms."""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.processes import PATIENCE, REPOSITORY, free_port
from tests.service import SECRET

pytestmark = pytest.mark.process


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the wheel's files and nothing of the checkout."""
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(build, cwd=REPOSITORY, check=True, capture_output=True, timeout=PATIENCE)
    (wheel,) = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder / "site")
    return folder / "site"


def run(installed: Path, folder: Path, *arguments: str) -> str:
    """A command of the installed package, away from the checkout."""
    environment = {"PYTHONPATH": str(installed), "CMS_SECRET_KEY": SECRET}
    done = subprocess.run(
        [sys.executable, *arguments], cwd=folder, env=environment, capture_output=True, text=True, timeout=PATIENCE
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_installed_package_is_the_one_that_runs(installed: Path, tmp_path: Path) -> None:
    assert run(installed, tmp_path, "-c", "import cms; print(cms.__file__)").startswith(str(installed))


def test_an_installed_cms_migrates_with_the_migrations_it_carries(installed: Path, tmp_path: Path) -> None:
    assert run(installed, tmp_path, "-m", "cms", "migrate") == "The database has the schema of this release.\n"
    assert run(installed, tmp_path, "-m", "cms", "key", "create", "--role", "admin", "--name", "Me").startswith("cms_")


def test_an_installed_cms_has_its_guides(installed: Path, tmp_path: Path) -> None:
    ask = (
        "from cms.app import create_app; from cms.settings import Settings; "
        "client = create_app(Settings(secret_key='x' * 32)).test_client(); "
        "print(*(client.get(f'/docs/guides/{name}', headers={'Host': 'localhost'}).status_code for name in NAMES))"
    )
    names = ("", "editing", "decisions/cursors", "guides.css")
    assert run(installed, tmp_path, "-c", ask.replace("NAMES", repr(names))).split() == ["200"] * len(names)


def test_an_installed_demo_finds_its_sample_site(installed: Path, tmp_path: Path) -> None:
    assert "16 articles" in run(installed, tmp_path, "-m", "cms", "demo", "--no-serve", "--port", str(free_port()))
