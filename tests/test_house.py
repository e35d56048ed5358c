"""The house rules of ``cms/``: what may import what, what stands in one place only, and what each part says."""

import ast
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from cms.catalog import CONTENT_TYPES
from cms.cli import cli

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "cms"
FORBIDDEN_NAMES = {"utils", "util", "helpers", "helper", "common", "base", "misc", "core", "manager", "managers"}
HTTP = {"flask", "flask_restx", "flask_migrate", "flask_swagger_ui", "marshmallow", "werkzeug", "apispec"}
HTTP_BELONGS = {"app.py", "migrate.py", "cli.py"}


def modules() -> Iterator[tuple[str, ast.Module]]:
    """Every module of the package with its path below ``cms/``."""
    for path in sorted(PACKAGE.rglob("*.py")):
        yield path.relative_to(PACKAGE).as_posix(), ast.parse(path.read_text(encoding="utf-8"))


def attributes(tree: ast.Module) -> Iterator[str]:
    """Every dotted name that is read in a module, such as ``os.environ``."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            yield ast.unparse(node)


def imported(tree: ast.AST) -> Iterator[str]:
    """The full names that a piece of code imports."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (each.name for each in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from (f"{node.module}.{each.name}" for each in node.names)


def test_the_layers_of_imports_hold() -> None:
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    assert {each["type"] for each in contracts} >= {"layers", "forbidden"}
    run = "import sys; from importlinter.cli import lint_imports; sys.exit(lint_imports(no_cache=True))"
    done = subprocess.run([sys.executable, "-c", run], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"{len(contracts)} kept, 0 broken" in done.stdout


def test_delivery_loads_no_working_copy() -> None:
    """In a process of its own: whatever delivery imports, directly or not, is in ``sys.modules``."""
    delivery = (
        "cms.api.v1.delivery.entries, cms.api.v1.delivery.changes, cms.api.v1.delivery.redirects, cms.api.feeds.routes"
    )
    show = f"import sys, {delivery}; print(*sorted(each for each in sys.modules if each.startswith('cms')))"
    done = subprocess.run([sys.executable, "-c", show], cwd=ROOT, capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())
    assert "cms.content.published.rows" in loaded
    draft_modules = {each.type.model.__module__ for each in CONTENT_TYPES}
    assert len(draft_modules) == len(CONTENT_TYPES)
    working = {
        "cms.content.editing.model",
        "cms.content.editing.drafts",
        "cms.content.editing.actions",
        "cms.content.editing.timeline",
    }
    assert loaded & (working | draft_modules) == set()


def test_one_place_commits() -> None:
    calls = {
        path: [name for name in attributes(tree) if name.rsplit(".")[-1] in ("commit", "begin", "begin_nested")]
        for path, tree in modules()
    }
    assert [path for path, names in calls.items() if names] == ["db.py"]
    # The transaction of every write, and the end of a snapshot, which can hold none.
    assert sorted(name.rsplit(".")[-1] for name in calls["db.py"]) == ["begin", "commit"]


def test_one_place_reads_the_time() -> None:
    clocks = re.compile(
        r"(datetime\.(now|today|utcnow)|date\.today|time\.(time|time_ns|monotonic|localtime|gmtime)"
        r"|func\.(now|current_timestamp|localtimestamp|clock_timestamp))$"
    )
    readers = {path for path, tree in modules() if any(clocks.search(name) for name in attributes(tree))}
    assert readers == {"clock.py"}


def test_one_place_reads_the_environment() -> None:
    readers = set()
    for path, tree in modules():
        for node in ast.walk(tree):
            named = isinstance(node, ast.Attribute) and ast.unparse(node) in ("os.environ", "os.getenv", "os.environb")
            if named and not _is_set(node, tree):
                readers.add(path)
    assert readers == {"settings.py"}


def _is_set(environment: ast.AST, tree: ast.Module) -> bool:
    """Whether this naming of the environment is ``os.environ[…] = …``: the server's processes inherit what is set."""
    return any(
        isinstance(node, ast.Subscript) and node.value is environment and isinstance(node.ctx, ast.Store)
        for node in ast.walk(tree)
    )


def test_names_are_the_words_of_the_product() -> None:
    parts = {part.removesuffix(".py") for path, _ in modules() for part in path.split("/")}
    assert parts & FORBIDDEN_NAMES == set()


GENERAL = ("content/", "seo/", "api/feeds/", "api/v1/delivery/", "api/v1/preview/", "api/v1/management/")
"""What serves every content type, and so names none."""
TYPE_NAMES = frozenset(
    written
    for each in CONTENT_TYPES
    for name in (each.type.name, each.type.plural)
    for written in (name, name.replace("-", "_"))
)
# As identifiers these have meanings of their own: entity tags, tags of the document, whoever has written something.
AMBIGUOUS = {"tag", "tags", "author", "authors"}
# Schema.org and Open Graph have types and properties of these names.
VOCABULARY = {"article", "faq", *AMBIGUOUS}
DOCUMENTED = {"example", "description", "title"}


def undocumented(node: ast.AST) -> Iterator[ast.AST]:
    """Every node of a piece of code, but for what only the OpenAPI document shows: descriptions and examples."""
    if isinstance(node, ast.keyword) and node.arg in DOCUMENTED:
        return
    if isinstance(node, ast.Assign) and any("EXAMPLE" in ast.unparse(each) for each in node.targets):
        return
    yield node
    for child in ast.iter_child_nodes(node):
        yield from undocumented(child)


def type_names(path: str, tree: ast.Module) -> Iterator[str]:
    """Where a module names a content type: in a string that is one word or path, or within an identifier."""
    strings = TYPE_NAMES - (VOCABULARY if path.startswith("seo/") else set())
    for node in undocumented(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            parts = set(re.split(r"[^a-z_-]+", node.value)) if not re.search(r"\s", node.value) else set()
            found = set(strings & parts)
        else:
            named = [getattr(node, each, None) for each in ("id", "attr", "arg", "name")]
            words = [f"_{re.sub('(?<=[a-z])(?=[A-Z])', '_', each).lower()}_" for each in named if isinstance(each, str)]
            found = {name for name in strings - AMBIGUOUS for each in words if f"_{name}_" in each}
        if found:
            yield f"{path}:{getattr(node, 'lineno', 0)} {', '.join(sorted(found))}"


def test_what_serves_every_type_names_none() -> None:
    checked = [(path, tree) for path, tree in modules() if path.startswith(GENERAL)]
    assert {path.rpartition("/")[0] for path, _ in checked} >= {folder.rstrip("/") for folder in GENERAL}
    assert [each for path, tree in checked for each in type_names(path, tree)] == []


@pytest.mark.parametrize(
    "code",
    [
        'row.data["tags"]',
        'f"/feeds/articles.{ending}"',
        'needs = ("authors.social_links", "faqs")',
        "def own_social_links(): ...",
        "class ArticleFeed: ...",
        "query(faq=1)",
        "found.articles",
        'field(Line(), "author", description="Who signed it.")',
    ],
)
def test_a_name_of_a_type_is_found(code: str) -> None:
    assert list(type_names("content/code.py", ast.parse(code)))


@pytest.mark.parametrize(
    "code", ['field(example="article")', '"""An article has tags."""', "AN_EXAMPLE = 'tag'", "etag = tags[0]", "defaqs"]
)
def test_what_only_looks_like_a_name_of_a_type_is_none(code: str) -> None:
    assert list(type_names("content/code.py", ast.parse(code))) == []


def test_http_stops_at_the_edge() -> None:
    importing = {path for path, tree in modules() if any(name.split(".")[0] in HTTP for name in imported(tree))}
    assert {path for path in importing if not path.startswith("api/")} - HTTP_BELONGS <= {"__init__.py"}
    top_level = ast.parse((PACKAGE / "__init__.py").read_text()).body
    at_once = {name for node in top_level if isinstance(node, ast.Import | ast.ImportFrom) for name in imported(node)}
    assert not any(name.startswith(("flask", "cms.")) for name in at_once), "`import cms` must load nothing."


def test_every_module_says_what_it_is() -> None:
    assert [path for path, tree in modules() if not ast.get_docstring(tree)] == []


def test_every_public_function_says_what_it_does() -> None:
    silent = [
        f"{path}:{node.lineno} {node.name}"
        for path, tree in modules()
        for node in tree.body
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and not node.name.startswith("_")
        and not ast.get_docstring(node)
    ]
    assert silent == []


def readme_code() -> list[str]:
    """Every piece of code in the README: between backticks, and the lines of its blocks."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    blocks = re.findall(r"```[^\n]*\n(.*?)```", text, flags=re.DOTALL)
    rest = re.sub(r"```.*?```", "", text, flags=re.DOTALL)
    return [line.strip() for block in blocks for line in block.splitlines()] + re.findall(r"`([^`\n]+)`", rest)


def test_every_make_target_of_the_readme_exists() -> None:
    targets = set(re.findall(r"^([a-z]+):.*## ", (ROOT / "Makefile").read_text(), flags=re.MULTILINE))
    named = {target for code in readme_code() for target in re.findall(r"^\$?\s*make ([a-z]+)\b", code)}
    assert named, "The README names no make target."
    assert named - targets == set()


def test_every_command_of_the_readme_exists() -> None:
    named = [
        match[1].split() for code in readme_code() if (match := re.match(r"(?:\S*/)?cms((?: [a-z][a-z-]*)+)", code))
    ]
    assert named, "The README names no command."
    for words in named:
        command: click.Command = cli
        for word in words:
            if not isinstance(command, click.Group):
                break
            assert word in command.commands, f"`cms {' '.join(words)}` is no command."
            command = command.commands[word]


def readme_paths() -> set[str]:
    """What the README names of this tree: links, and code that looks like a path below a folder of the repository."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    # Links in commands are content that an editor writes.
    text = re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL)
    links = {each for each in re.findall(r"\]\(([^)#\s]+)[^)]*\)", text) if "://" not in each}
    folders = "cms|migrations|openapi|tests"
    code = {each for code in readme_code() for each in re.findall(rf"(?<![\w/.])(?:{folders})/[\w./-]*", code)}
    files = {code for code in readme_code() if re.fullmatch(r"[\w.-]+\.(py|md|toml|json|lock|ini)", code)}
    return links | code | files


def test_every_path_of_the_readme_exists() -> None:
    known = {path.name for path in (ROOT / "cms").rglob("*.*")} | {path.name for path in ROOT.iterdir()}
    missing = [each for each in readme_paths() if not (ROOT / each.rstrip(".")).exists() and each not in known]
    assert missing == []


@pytest.mark.parametrize("name", ["pyproject.toml", "README.md", "LICENSE", "Makefile"])
def test_what_a_public_project_needs_is_there(name: str) -> None:
    assert (ROOT / name).is_file()
