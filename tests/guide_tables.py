"""Writes the tables of the guides from the code: ``python -m tests.guide_tables``, which ``make openapi`` runs.

A region of a guide begins with ``<!-- made from the code: NAME -->`` and ends with ``<!-- end -->``.
``REGIONS[NAME]`` makes its text. A name that is a path, such as ``tests/workshops/model.py``, is a file to show.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import click

from cms.api.problem_types import FAULTS, PROBLEMS, WARNINGS
from cms.catalog import CONTENT_TYPES
from cms.cli import cli
from cms.content.editing.audit import ACTIONS
from cms.keys import ROLES, SCOPES
from cms.settings import Settings
from tests.benchmarks.report import growth_tables, read_json, summary_table
from tests.guides import GUIDES, ROOT, text_of

RESULTS = ROOT / "tests" / "benchmarks" / "results"
REGION = re.compile(r"(<!-- made from the code: (.+?) -->\n)(.*?)(<!-- end -->)", re.DOTALL)
METHODS = ("get", "post", "put", "patch", "delete")
FIRST = "articles"
"""The content type whose routes stand for those of all."""
FEW = 5
"""Choices that are written out in the table of commands."""


def main() -> None:
    """Write every region of every guide."""
    for guide in GUIDES:
        written = with_tables(text_of(guide))
        if written != text_of(guide):
            guide.write_text(written, encoding="utf-8")


def with_tables(text: str) -> str:
    """The text of a guide with its regions made anew."""
    return REGION.sub(lambda found: f"{found[1]}\n{_made(found[2])}\n\n{found[4]}", text)


def _made(name: str) -> str:
    return REGIONS[name]() if name in REGIONS else _code(ROOT / name)


def _code(path: Path) -> str:
    return f"```python\n{path.read_text(encoding='utf-8')}```"


def _table(headings: Sequence[str], rows: Iterator[Sequence[str]]) -> str:
    cells = [headings, ["---"] * len(headings), *rows]
    return "\n".join(f"| {' | '.join(each.replace('|', chr(92) + '|') for each in row)} |" for row in cells)


def _listed(words: Mapping[str, str], heading: str) -> str:
    return _table((heading, "meaning"), ((f"`{word}`", text) for word, text in words.items()))


def settings_table() -> str:
    """Every environment variable with its default."""

    def rows() -> Iterator[tuple[str, str, str]]:
        for each in Settings.__dataclass_fields__.values():
            yield f"`{each.metadata['variable']}`", _default(each.default), each.metadata["description"]

    return _table(("variable", "default", "meaning"), rows())


def _default(value: Any) -> str:
    text = ",".join(value) if isinstance(value, tuple) else str(int(value)) if isinstance(value, bool) else str(value)
    return f"`{text}`" if text else ""


def commands_table() -> str:
    """Every command with its options."""

    def rows() -> Iterator[tuple[str, str, str]]:
        for words, command in commands(cli, "cms"):
            options = (_option(each) for each in command.params if isinstance(each, click.Option))
            yield f"`{words}`", (command.help or "").strip(), " ".join(options)

    return _table(("command", "does", "options"), rows())


def commands(group: click.Group, words: str) -> Iterator[tuple[str, click.Command]]:
    """Every command below a group, with the words that call it; groups themselves are left out."""
    for name, command in sorted(group.commands.items()):
        if isinstance(command, click.Group):
            yield from commands(command, f"{words} {name}")
        else:
            arguments = [each.make_metavar(click.Context(command)) for each in _arguments(command)]
            yield " ".join([words, name, *arguments]), command


def _arguments(command: click.Command) -> list[click.Argument]:
    return [each for each in command.params if isinstance(each, click.Argument)]


def _option(option: click.Option) -> str:
    """An option as it is written, such as ``[--port 8000]``. Brackets mean that it is optional."""
    name = "/".join([*option.opts, *option.secondary_opts])
    value = "" if option.is_flag else f" {_value(option)}"
    return f"`{name}{value}`" if option.required else f"`[{name}{value}]`"


def _value(option: click.Option) -> str:
    """The value of an option: its default, its choices, or its name."""
    if isinstance(option.default, str | int) and not option.required:
        return str(option.default)
    if isinstance(option.type, click.Choice) and len(option.type.choices) <= FEW:
        return "|".join(map(str, option.type.choices))
    return option.opts[-1].lstrip("-").upper()


@cache
def _document() -> dict[str, Any]:
    document: dict[str, Any] = json.loads((ROOT / "openapi" / "v1.json").read_bytes())
    return document


def endpoints_table() -> str:
    """Every operation. Those that all content types have are listed once."""
    plurals = [each.type.plural for each in CONTENT_TYPES]
    paths = _document()["paths"]
    others = [each for each in plurals if each != FIRST]

    def rows() -> Iterator[tuple[str, str, str, str]]:
        for path, operations in paths.items():
            if _stands_for_another(path, others, paths):
                continue
            for method in METHODS:
                if operation := operations.get(method):
                    yield f"`{method.upper()}`", f"`{path}`", operation["summary"], _caller(operation)

    *same, last = (f"`{each}`" for each in others)
    said = (
        f"`{FIRST}` stands for every content type. The other types have the same routes: {', '.join(same)} and {last}."
    )
    return f"{said}\n\n{_table(('method', 'path', 'does', 'who'), rows())}"


def _stands_for_another(path: str, plurals: Sequence[str], paths: Mapping[str, Any]) -> bool:
    """True if the first content type has the same route, which stands for this one."""
    return any(f"/{each}" in path and path.replace(f"/{each}", f"/{FIRST}", 1) in paths for each in plurals)


def _caller(operation: Mapping[str, Any]) -> str:
    scope = operation.get("x-scope")
    return "anyone" if scope is None else "any key" if scope == "any" else f"`{scope}`"


def scopes_table() -> str:
    """Every scope, and which roles have it."""
    rows = (
        (f"`{scope}`", text, *("yes" if scope in scopes else "" for scopes in ROLES.values()))
        for scope, text in SCOPES.items()
    )
    return _table(("scope", "allows to", *(f"`{role}`" for role in ROLES)), rows)


def problems_table() -> str:
    """Every kind of problem."""
    rows = ((f"`{code}`", str(kind.status), kind.title, kind.advice) for code, kind in PROBLEMS.items())
    return _table(("code", "status", "title", "what to do"), rows)


def fields_tables() -> str:
    """The fields that an editor writes: those of every type, then those of each type."""
    schemas = {each.type.plural: _document()["components"]["schemas"][each.written.__name__] for each in CONTENT_TYPES}
    first, *others = schemas.values()
    shared = [name for name in first["properties"] if all(name in each["properties"] for each in others)]
    parts = [f"**Every type**\n\n{_fields(first, shared)}"]
    for plural, schema in schemas.items():
        own = [name for name in schema["properties"] if name not in shared]
        parts.append(f"**`{plural}`**\n\n{_fields(schema, own)}")
    return "\n\n".join(parts)


def _fields(schema: Mapping[str, Any], names: Sequence[str]) -> str:
    def rows() -> Iterator[tuple[str, str, str]]:
        for name in names:
            field = schema["properties"][name]
            needed = ", required" if name in schema.get("required", ()) else ""
            yield f"`{name}`", f"{_kind(field)}{needed}", field.get("description", "")

    return _table(("field", "kind", "meaning"), rows())


def _kind(field: Mapping[str, Any]) -> str:
    """The kind of a field in words, such as "text, at most 200 characters"."""
    types = [each for each in _types(field) if each != "null"]
    match types:
        case ["string"] if field.get("format") == "date-time":
            return "time"
        case ["string"]:
            return f"text, at most {field['maxLength']:,} characters"
        case ["array"]:
            return f"list, at most {field['maxItems']:,}"
        case ["boolean"]:
            return "yes or no"
        case ["integer"]:
            return "whole number"
        case ["object"]:
            return "object"
    return "rich text" if "string" in types else "object"


def _types(schema: Mapping[str, Any]) -> list[str]:
    """The JSON types that a schema allows, without following references."""
    if "type" in schema:
        return [schema["type"]] if isinstance(schema["type"], str) else list(schema["type"])
    choices = [*schema.get("anyOf", ()), *schema.get("oneOf", ())]
    return [each for choice in choices for each in _types(choice)]


def benchmark_summary() -> str:
    """The table of the stored run on 10,000 articles."""
    return summary_table(read_json(RESULTS / "10000.json"))


def benchmark_growth() -> str:
    """The table of the stored run on a million articles."""
    table, notes = growth_tables(read_json(RESULTS / "1000000.json"))
    return "\n\n".join([table.partition("\n\n")[2], *(f"- {each}" for each in notes.splitlines())])


REGIONS: Mapping[str, Callable[[], str]] = {
    "settings": settings_table,
    "commands": commands_table,
    "endpoints": endpoints_table,
    "scopes": scopes_table,
    "problems": problems_table,
    "errors": lambda: _listed(FAULTS, "code"),
    "warnings": lambda: _listed(WARNINGS, "code"),
    "events": lambda: _listed(ACTIONS, "action"),
    "content types": fields_tables,
    "benchmark summary": benchmark_summary,
    "benchmark growth": benchmark_growth,
}


if __name__ == "__main__":
    main()
