"""Reaching into a copy of the real document, for the edits of the tests."""

import json
import re
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any, NamedTuple

from tests.contract.documents import METHODS, JSONObject
from tests.contract.releases import CURRENT, ROOT

Edit = Callable[[JSONObject], None]


class Case(NamedTuple):
    """An edit, and what has to be found because of it."""

    edit: Edit
    rule: str
    reach: str
    """The operation that it reaches, or the component all of whose operations it reaches; ``*`` for every one."""

    @property
    def name(self) -> str:
        return self.edit.__name__


@cache
def _text() -> bytes:
    return (ROOT / CURRENT).read_bytes()


def document() -> JSONObject:
    """A fresh copy of the document of this tree."""
    loaded: JSONObject = json.loads(_text())
    return loaded


def edited(edit: Edit) -> JSONObject:
    """A copy to which something was done."""
    copy = document()
    edit(copy)
    return copy


def operation(of: JSONObject, name: str) -> JSONObject:
    """An operation by a name such as ``GET /api/v1/articles``."""
    method, path = name.split(" ")
    found: JSONObject = of["paths"][path][method.lower()]
    return found


def schema(of: JSONObject, name: str) -> JSONObject:
    """A component's schema."""
    found: JSONObject = of["components"]["schemas"][name]
    return found


def member(of: JSONObject, name: str, *steps: str) -> JSONObject:
    """The schema of a member of a component, and of a member of that; ``*`` is that of the items."""
    found = schema(of, name)
    for step in steps:
        found = found["items"] if step == "*" else found["properties"][step]
    return found


def parameter(of: JSONObject, name: str, parameter_name: str) -> JSONObject:
    """A parameter of an operation."""
    parameters = operation(of, name)["parameters"]
    found: JSONObject
    (found,) = (each for each in parameters if each["name"] == parameter_name)
    return found


def answer(of: JSONObject, name: str, status: int) -> JSONObject:
    """An answer of an operation."""
    found: JSONObject = operation(of, name)["responses"][str(status)]
    return found


def replace_everywhere(node: Any, old: str, new: str) -> None:
    """Replace a text wherever it is a value, or a part of the document's structure leads to it."""
    if isinstance(node, dict):
        for key, value in node.items():
            if value == old:
                node[key] = new
            else:
                replace_everywhere(value, old, new)
    elif isinstance(node, list):
        for each in node:
            replace_everywhere(each, old, new)


def operations(of: JSONObject) -> Iterator[tuple[str, JSONObject]]:
    """Every operation with its name."""
    for path, item in of["paths"].items():
        for method in METHODS:
            if method in item:
                yield f"{method.upper()} {path}", item[method]


def reaching(of: JSONObject, component: str, rule: str) -> tuple[str, ...]:
    """The operations that lead to a component by references, in the direction that the rule is about.

    It is found by the texts of the references alone, so that it tells nothing of how the detector walks.
    """

    def leads(text: str, seen: set[str]) -> bool:
        for kind, name in set(re.findall(r'"#/components/(schemas|responses)/([^"]+)"', text)):
            if name == component:
                return True
            if name not in seen:
                seen.add(name)
                if leads(json.dumps(of["components"][kind][name]), seen):
                    return True
        return False

    names = ("parameters", "requestBody") if rule.startswith("request") else ("responses",)
    found = [name for name, each in operations(of) if leads(json.dumps([each.get(part) for part in names]), set())]
    return tuple(sorted(found))
