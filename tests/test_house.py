"""The house rules of ``cms/``: allowed imports, code that belongs in one place only, and documentation."""

import ast
import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from functools import cache
from graphlib import TopologicalSorter
from importlib.metadata import version
from pathlib import Path

import click
import grimp
import pytest

from cms.api.versions import VERSIONS
from cms.catalog import CONTENT_TYPES
from cms.cli import cli
from cms.version import VERSION
from tests.guides import PAPERS, README, ROOT, code_of, name_of, text_of

PACKAGE = ROOT / "cms"
FORBIDDEN_NAMES = {"utils", "util", "helpers", "helper", "common", "base", "misc", "core", "manager", "managers"}
RIDDLES = {
    *("heads", "moves", "freshness", "front", "store", "sealing", "names", "queries", "addresses"),
    *("few", "marks", "walk", "settle", "settled", "told", "telling"),
}
"""Words that named a module, class or function once and did not say what it is."""
HTTP = {"flask", "flask_restx", "flask_migrate", "flask_swagger_ui", "marshmallow", "werkzeug", "apispec"}
HTTP_BELONGS = {"app.py", "migrate.py", "cli.py"}


@cache
def modules() -> tuple[tuple[str, ast.Module], ...]:
    """Every module of the package with its path below ``cms/``."""
    paths = sorted(PACKAGE.rglob("*.py"))
    return tuple((path.relative_to(PACKAGE).as_posix(), ast.parse(path.read_text(encoding="utf-8"))) for path in paths)


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


def lint_imports(folder: Path) -> subprocess.CompletedProcess[str]:
    """Check the layers of the package in a folder, in a process of its own."""
    run = "import sys; from importlinter.cli import lint_imports; sys.exit(lint_imports(no_cache=True))"
    environment = os.environ | {"PYTHONPATH": str(folder)}
    return subprocess.run(
        [sys.executable, "-c", run], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )


def test_the_layers_of_imports_hold() -> None:
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    assert {each["type"] for each in contracts} >= {"layers", "forbidden"}
    done = lint_imports(ROOT)
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"{len(contracts)} kept, 0 broken" in done.stdout


INTRUDERS = {
    "a package that no rule names": ("intruder/__init__.py", "import flask\n\nimport cms.articles\n"),
    "a module at the top that no rule names": ("intruder.py", "import cms.clock\n"),
    "HTTP below the edge": ("content/published/intruder.py", "import flask\n"),
    "a way from what is published to drafts": ("content/published/intruder.py", "import cms.content.editing.model\n"),
    "a floor of content that no rule names": ("content/intruder.py", "import cms.clock\n"),
    "a part of the edge that no rule names": ("api/intruder.py", "import flask\n"),
    "a part of version 1 that no rule names": ("api/v1/intruder.py", "import flask\n"),
    "one content type that knows another": ("articles/intruder.py", "import cms.tags\n"),
    "an import that only type checking sees": (
        "content/published/intruder.py",
        "from typing import TYPE_CHECKING\n\nif TYPE_CHECKING:\n    import cms.content.editing.model\n",
    ),
}


@pytest.fixture(scope="module")
def copied_tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the package with its import rules, to which a test adds a forbidden module."""
    folder = tmp_path_factory.mktemp("tree")
    shutil.copytree(PACKAGE, folder / "cms", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", folder)
    return folder


@pytest.mark.parametrize(("path", "text"), INTRUDERS.values(), ids=INTRUDERS)
def test_an_intruder_is_found(copied_tree: Path, path: str, text: str) -> None:
    intruder = copied_tree / "cms" / path
    intruder.parent.mkdir(exist_ok=True)
    intruder.write_text(f'"""An intruder."""\n\n{text}')
    try:
        done = lint_imports(copied_tree)
    finally:
        intruder.unlink()
        if path.endswith("__init__.py"):
            shutil.rmtree(intruder.parent)
    assert done.returncode != 0, done.stdout
    assert "intruder" in done.stdout + done.stderr


def test_the_general_part_of_the_edge_has_no_word_of_the_product() -> None:
    allowed = ("cms.api.http", "cms.clock", "cms.errors", "cms.identifiers", "cms.wire")
    named = {
        f"{path}: {name}"
        for path, tree in modules()
        if path.startswith("api/http/")
        for name in imported(tree)
        if name.startswith("cms.") and not name.startswith(allowed)
    }
    assert named == set()


def test_without_an_intruder_the_copied_tree_passes(copied_tree: Path) -> None:
    done = lint_imports(copied_tree)
    assert done.returncode == 0, done.stdout + done.stderr


def test_no_modules_import_each_other_in_a_circle() -> None:
    graph = grimp.build_graph("cms", cache_dir=None)
    imports = {
        module: {
            other for other in graph.find_modules_directly_imported_by(module) if (module, other) != ("cms", "cms.app")
        }
        for module in graph.modules
    }
    TopologicalSorter(imports).prepare()  # Raises CycleError with the circle.


def test_delivery_loads_no_table_of_drafts() -> None:
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


def test_one_place_encodes_times_as_json() -> None:
    encoders = {
        path
        for path, tree in modules()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "orjson.dumps"
        if {each.arg for each in node.keywords} & {"default"}
    }
    assert encoders == {"wire.py"}


def test_one_place_reads_the_environment() -> None:
    readers = set()
    for path, tree in modules():
        for node in ast.walk(tree):
            named = isinstance(node, ast.Attribute) and ast.unparse(node) in ("os.environ", "os.getenv", "os.environb")
            if named and not _is_set(node, tree):
                readers.add(path)
    assert readers == {"settings.py"}


def _is_set(environment: ast.AST, tree: ast.Module) -> bool:
    """True if this use of the environment is ``os.environ[…] = …``: the server's processes inherit what is set."""
    return any(
        isinstance(node, ast.Subscript) and node.value is environment and isinstance(node.ctx, ast.Store)
        for node in ast.walk(tree)
    )


# What an exception of a library says about itself: words that change with its releases.
WORDS = {"args", "description", "messages", "msg", "problem", "reason"}


def test_no_words_of_a_library_are_passed_on() -> None:
    """Only what the handler of an exception of ours reads of it may depend on words."""
    parsed = list(modules())
    ours = {node.name for _, tree in parsed for node in ast.walk(tree) if isinstance(node, ast.ClassDef)}
    # Its messages are ours: cms/api/http/fields.py words them all.
    ours.add("ValidationError")
    quoting = [
        f"{path}:{node.lineno}"
        for path, tree in parsed
        for node in ast.walk(tree)
        if isinstance(node, ast.ExceptHandler) and node.name and not _caught(node) <= ours and _quotes(node)
    ]
    assert quoting == []


def _caught(handler: ast.ExceptHandler) -> set[str]:
    kinds = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    return {ast.unparse(each).rpartition(".")[2] for each in kinds if each is not None}


def _quotes(handler: ast.ExceptHandler) -> bool:
    """True if the code turns the exception into text or reads one of its texts."""
    for node in (each for statement in handler.body for each in ast.walk(statement)):
        if isinstance(node, ast.Attribute) and node.attr in WORDS:
            value: ast.AST = node.value
        elif isinstance(node, ast.FormattedValue):
            value = node.value
        elif isinstance(node, ast.Call) and ast.unparse(node.func) in ("str", "repr") and node.args:
            value = node.args[0]
        else:
            continue
        if isinstance(value, ast.Name) and value.id == handler.name:
            return True
    return False


@pytest.mark.parametrize("said", ["str(error)", "f'No: {error}'", "error.msg", "repr(error)", "' '.join(error.args)"])
def test_words_of_a_library_are_found_where_they_are_passed_on(said: str) -> None:
    (statement,) = ast.parse(f"try:\n    pass\nexcept json.JSONDecodeError as error:\n    raise Bad({said})").body
    assert isinstance(statement, ast.Try)
    (handler,) = statement.handlers
    assert _caught(handler) == {"JSONDecodeError"}
    assert _quotes(handler)


def test_names_are_the_words_of_the_product() -> None:
    parts = {part.removesuffix(".py") for path, _ in modules() for part in path.split("/")}
    assert parts & FORBIDDEN_NAMES == set()


def definitions(tree: ast.Module) -> Iterator[str]:
    """The names of all classes and functions of a module, without the underscores of private ones."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef | ast.FunctionDef):
            yield node.name.strip("_")


def test_names_explain_themselves() -> None:
    stems = {part.removesuffix(".py") for path, _ in modules() for part in path.split("/")}
    assert stems & RIDDLES == set()
    assert {name for _, tree in modules() for name in definitions(tree)} & RIDDLES == set()


def test_one_name_is_one_class() -> None:
    """The contract has its own names, in ``api/v1``: there ``Article`` is what is sent, in the tables what is kept."""
    classes = [
        (node.name, path)
        for path, tree in modules()
        if not path.startswith("api/v1/")
        for node in tree.body
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_")
    ]
    places: dict[str, list[str]] = {}
    for name, path in classes:
        places.setdefault(name, []).append(path)
    assert {name: paths for name, paths in places.items() if len(paths) > 1} == {}


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
    """Every node of a piece of code except the descriptions and examples of the OpenAPI document."""
    if isinstance(node, ast.keyword) and node.arg in DOCUMENTED:
        return
    if isinstance(node, ast.Assign) and any("EXAMPLE" in ast.unparse(each) for each in node.targets):
        return
    yield node
    for child in ast.iter_child_nodes(node):
        yield from undocumented(child)


def type_names(path: str, tree: ast.Module) -> Iterator[str]:
    """The places where a module names a content type: in a string that is one word or path, or within an identifier."""
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


def test_the_version_stands_in_a_module_that_hangs_on_nothing() -> None:
    tree = ast.parse((PACKAGE / "version.py").read_text(encoding="utf-8"))
    assert not any(imported(tree))
    assert version("open-headless-cms") == VERSION
    assert 'dynamic = ["version"]' in (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    written = [path for path, tree in modules() for each in ast.walk(tree) if is_text(each, VERSION)]
    assert written == ["version.py"]


def is_text(node: ast.AST, text: str) -> bool:
    """True if the node is this text as a literal."""
    return isinstance(node, ast.Constant) and node.value == text


def test_nothing_imports_the_package_itself() -> None:
    """``from cms import clock`` names a module of the package; any other name would be of ``cms/__init__.py``."""
    own = {path.removesuffix(".py").removesuffix("/__init__").replace("/", ".") for path, _ in modules()}
    importing = {
        path: wrong
        for path, tree in modules()
        if (wrong := [name for name in imported(tree) if _is_of_the_package(name) and name[4:] not in own])
    }
    assert importing == {}


def _is_of_the_package(name: str) -> bool:
    """True if an imported name is the package itself or something directly in it."""
    return name == "cms" or (name.startswith("cms.") and name.count(".") == 1)


def test_no_file_of_code_is_over_500_lines() -> None:
    lengths = {path: len((PACKAGE / path).read_text(encoding="utf-8").splitlines()) for path, _ in modules()}
    assert [path for path, lines in lengths.items() if lines > 500] == []


def test_the_address_of_a_version_stands_in_one_place() -> None:
    addresses = {each.prefix for each in VERSIONS}
    assert addresses
    naming = {path for path, _ in modules() if any(each in (PACKAGE / path).read_text() for each in addresses)}
    assert naming == {"api/versions.py"}


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


def papers_code() -> list[str]:
    """Every piece of code in the README and the guides."""
    return [code for paper in PAPERS for code in code_of(paper)]


@pytest.mark.parametrize("paper", PAPERS, ids=name_of)
def test_every_make_target_of_a_paper_exists(paper: Path) -> None:
    targets = set(re.findall(r"^([a-z-]+):.*## ", (ROOT / "Makefile").read_text(), flags=re.MULTILINE))
    named = {target for code in code_of(paper) for target in re.findall(r"^\$?\s*make ([a-z-]+)", code)}
    assert named or paper != README
    assert named - targets == set()


def test_every_command_of_the_papers_exists() -> None:
    calling = re.compile(r"(?:[A-Z_]+=\S+ )*(?:\S*/)?cms((?: [a-z][a-z-]*)+)")
    named = [match[1].split() for code in papers_code() if (match := calling.match(code))]
    assert len(named) > 10
    for words in named:
        command: click.Command = cli
        for word in words:
            if not isinstance(command, click.Group):
                break
            assert word in command.commands, f"`cms {' '.join(words)}` is no command."
            command = command.commands[word]


def papers_paths() -> set[str]:
    """The code in the papers that looks like a path of the repository, or like the name of a file in it."""
    folders = "cms|migrations|openapi|tests"
    paths = {each for code in papers_code() for each in re.findall(rf"(?<![\w/.])(?:{folders})/[\w./-]*", code)}
    files = {code for code in papers_code() if re.fullmatch(r"[\w.-]+\.(py|md|toml|json|lock|ini)", code)}
    return paths | files


def test_every_path_of_the_papers_exists() -> None:
    known = {path.name for path in (ROOT / "cms").rglob("*.*")} | {path.name for path in ROOT.iterdir()}
    missing = [each for each in papers_paths() if not (ROOT / each.rstrip(".")).exists() and each not in known]
    assert missing == []


def test_the_readme_is_short() -> None:
    assert len(text_of(README).splitlines()) <= 150


@pytest.mark.parametrize(
    "name",
    ["pyproject.toml", "README.md", "LICENSE", "Makefile", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md"],
)
def test_what_a_public_project_needs_is_there(name: str) -> None:
    assert (ROOT / name).is_file()
