"""An OpenAPI 3.1 document as the detector reads it: references resolved, operations by method and address."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

JSONObject = dict[str, Any]

METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace", "query")
SCHEMAS = "#/components/schemas/"


class Document:
    """A document whose references are followed when they are met."""

    def __init__(self, content: JSONObject) -> None:
        self.content = content

    def resolved(self, node: Any) -> Any:
        """What a reference within the document leads to; anything else is returned as it is."""
        while isinstance(node, dict) and "$ref" in node:
            node = self.target(node["$ref"])
        return node

    def target(self, reference: str) -> Any:
        """The node at a fragment such as ``#/components/schemas/Article``."""
        if not reference.startswith("#/"):
            raise ValueError(f"The reference {reference} leads out of the document.")
        node: Any = self.content
        for step in reference.removeprefix("#/").split("/"):
            node = node[step.replace("~1", "/").replace("~0", "~")]
        return node

    def component(self, name: str) -> Any:
        """The schema of this name."""
        return self.content["components"]["schemas"][name]

    def operations(self) -> "dict[str, Operation]":
        """Every operation by its method and address, in which the names of path parameters do not count."""
        return {each.key: each for each in self._operations()}

    def webhooks(self) -> "dict[str, Operation]":
        """Every request that the service itself makes, by the webhook's name and its method."""
        found = {}
        for name, node in self.content.get("webhooks", {}).items():
            item = self.resolved(node)
            for method in METHODS:
                if method in item:
                    each = Operation(self, f"webhook {method.upper()}", name, item, item[method])
                    found[each.name] = each
        return found

    def _operations(self) -> "Iterator[Operation]":
        for path, node in self.content.get("paths", {}).items():
            item = self.resolved(node)
            for method in METHODS:
                if method in item:
                    yield Operation(self, method.upper(), path, item, item[method])


@dataclass(frozen=True)
class Operation:
    """One method of one path."""

    document: Document
    method: str
    path: str
    item: Mapping[str, Any]
    declared: Mapping[str, Any]

    @property
    def name(self) -> str:
        return f"{self.method} {self.path}"

    @property
    def key(self) -> str:
        return f"{self.method} {re.sub(r'{[^}]+}', '{}', self.path)}"

    def parameters(self) -> dict[tuple[str, str], JSONObject]:
        """The parameters of the path and of the operation, by place and name; a path parameter by its position."""
        positions = {name: str(index) for index, name in enumerate(re.findall(r"{([^}]+)}", self.path))}
        found: dict[tuple[str, str], JSONObject] = {}
        for node in (*self.item.get("parameters", ()), *self.declared.get("parameters", ())):
            parameter = self.document.resolved(node)
            place, name = parameter["in"], parameter["name"]
            key = positions.get(name, name) if place == "path" else name.lower() if place == "header" else name
            found[place, key] = parameter
        return found

    def security(self) -> list[Mapping[str, list[str]]]:
        """The alternatives of credentials; an empty one stands for none."""
        declared: list[Mapping[str, list[str]]] = self.declared.get(
            "security", self.document.content.get("security", [])
        )
        return declared or [{}]


def by_media_type(content: Mapping[str, Any]) -> dict[str, JSONObject]:
    """The entries of a ``content``, by media types in one spelling."""
    return {re.sub(r"\s+", "", name).lower(): media_type for name, media_type in content.items()}


def component_name(schema: Any) -> str | None:
    """The component that a schema refers to, if it says nothing beside that; ``None`` for any other schema."""
    if not isinstance(schema, dict) or not schema.get("$ref", "").startswith(SCHEMAS):
        return None
    beside = {name for name in schema if name not in ("$ref", "description", "summary", "title", "default", "example")}
    return None if beside else str(schema["$ref"].removeprefix(SCHEMAS))


def refers(schema: Any) -> bool:
    """True if there is a reference in a schema, so that it may mean another thing in another document."""
    if isinstance(schema, dict):
        return "$ref" in schema or any(refers(each) for each in schema.values())
    return isinstance(schema, list) and any(refers(each) for each in schema)


def step(name: str) -> str:
    """A name as a step of a JSON Pointer (RFC 6901)."""
    return name.replace("~", "~0").replace("/", "~1")
