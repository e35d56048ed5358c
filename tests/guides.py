"""Reads the papers of the project for tests: the README, the guides and the other Markdown files for newcomers."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "cms" / "docs"

README = ROOT / "README.md"
CONTRIBUTING = ROOT / "CONTRIBUTING.md"
GUIDES = sorted(FOLDER.rglob("*.md"))
PAPERS = [README, CONTRIBUTING, ROOT / "SECURITY.md", *GUIDES]

TUTORIAL = FOLDER / "tutorial.md"
EDITING = FOLDER / "editing.md"
DELIVERY = FOLDER / "delivery.md"
OPERATING = FOLDER / "operating.md"
REFERENCE = FOLDER / "reference.md"
BENCHMARKS = FOLDER / "benchmarks.md"

FENCED = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def name_of(paper: Path) -> str:
    """The path of a paper in the repository, as the messages of tests name it."""
    return paper.relative_to(ROOT).as_posix()


def text_of(paper: Path) -> str:
    """The text of a paper."""
    return paper.read_text(encoding="utf-8")


def blocks(paper: Path, language: str = "sh") -> list[str]:
    """The code blocks of one language, in their order."""
    return [code for named, code in FENCED.findall(text_of(paper)) if named == language]


def prose(paper: Path) -> str:
    """The text of a paper without its code blocks."""
    return FENCED.sub("", text_of(paper))


def code_of(paper: Path) -> list[str]:
    """Every piece of code in a paper: the lines of its code blocks, and the texts between backticks.

    Python blocks are left out: they are files of the repository, which other tests read.
    """
    shown = (code for language, code in FENCED.findall(text_of(paper)) if language != "python")
    lines = [line.strip() for code in shown for line in code.splitlines()]
    return lines + re.findall(r"`([^`\n]+)`", prose(paper))
