"""The TypeScript types of the contract are those of the document, and enough to write a frontend with."""

import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pytest

from cms.demo.run import FLAGSHIP
from tests.guides import DELIVERY, blocks
from tests.judges.sample import serving_sample
from tests.judges.typescript import HERE, MODULES, TYPES, run, run_script, write_types

CLIENT = HERE / "client"

pytestmark = [pytest.mark.process, pytest.mark.usefixtures("tools")]


def test_the_committed_types_are_those_of_the_committed_document(tmp_path: Path) -> None:
    write_types(tmp_path / "v1.d.ts")
    assert (tmp_path / "v1.d.ts").read_bytes() == TYPES.read_bytes(), "run: make openapi"


@pytest.fixture(scope="module")
def script(worker_name: str) -> Iterator[Path]:
    """The client, compiled where the packages that it imports are found."""
    folder = MODULES / f".client-{worker_name}"
    done = run("tsc", "--project", CLIENT, "--outDir", folder)
    assert done.returncode == 0, done.stdout
    yield folder / "page.js"
    shutil.rmtree(folder)


# What is written, what a mistaken developer would write, and the compiler's code for it with the word that is wrong.
MISTAKES = {
    "site.data?.data.name": ("site.data?.data.nom", "TS2339: .*'nom'"),
    'sort: "title"': ('sort: "colour"', 'TS2322: .*"colour"'),
    "{ data, page }": ("{ data, pages }", "TS2339: .*'pages'"),
    "article.title,": ("article.hero_image.url,", "TS18047: .*'article.hero_image'"),
}


def test_the_types_find_the_mistakes_of_a_client(tmp_path: Path) -> None:
    source = (CLIENT / "page.ts").read_text(encoding="utf-8").replace("../../../openapi/v1.js", "./v1.js")
    for right, (wrong, _) in MISTAKES.items():
        assert right in source
        source = source.replace(right, wrong)
    done = _compiled(tmp_path, source)
    assert done.returncode != 0
    assert [complaint for _, complaint in MISTAKES.values() if not re.search(complaint, done.stdout)] == [], done.stdout


def test_what_a_guide_shows_in_typescript_compiles(tmp_path: Path) -> None:
    (shown,) = blocks(DELIVERY, "ts")
    done = _compiled(tmp_path, shown)
    assert done.returncode == 0, done.stdout


def _compiled(folder: Path, source: str) -> CompletedProcess[str]:
    """What the compiler says to a client in a folder of its own, with the types beside it."""
    settings = json.loads((CLIENT / "tsconfig.json").read_bytes())["compilerOptions"]
    (folder / "page.ts").write_text(source, encoding="utf-8")
    (folder / "v1.d.ts").write_bytes(TYPES.read_bytes())
    (folder / "package.json").write_text('{"type": "module"}')
    (folder / "node_modules").symlink_to(MODULES)
    (folder / "tsconfig.json").write_text(json.dumps({"compilerOptions": settings, "files": ["page.ts"]}))
    return run("tsc", "--project", folder, "--noEmit")


def test_a_client_gets_the_sample_page_whole(script: Path, database_url: str, tmp_path: Path) -> None:
    with serving_sample(database_url, tmp_path) as server:
        done = run_script(script, f"http://127.0.0.1:{server.port}", FLAGSHIP, "repair")
    assert done.returncode == 0, done.stderr
    seen: dict[str, Any] = json.loads(done.stdout)
    assert seen.pop("html") > seen.pop("text") > 2000
    assert seen.pop("headings")[:2] == ["What has actually happened", "First, decide whether it is yours to mend"]
    assert seen.pop("questions")[0] == "Which glue should I use on a loose spine?"
    assert seen.pop("searchTitle").endswith(" | Harbour & Reed")
    # The list is of one article a page, by title.
    assert len(seen["listed"]) > 1
    assert FLAGSHIP in seen.pop("listed")
    found = seen.pop("found")
    assert "How to save a book with a loose spine" in found["titles"]
    assert (found["marked"], found["suggestion"]) == (True, None)
    assert seen == {
        "title": "How to save a book with a loose spine",
        "authors": ["Orla Wrenmoor"],
        "links": 3,
        "next": "page-order-without-a-headache",
        "site": "Harbour & Reed",
        "locales": ["en", "de"],
        "suggested": "spine",
        "again": 304,
        "missing": {"status": 404, "title": "Not found"},
    }
